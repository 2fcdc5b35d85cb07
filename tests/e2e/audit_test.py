# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The record of changes: what `kubectl mc audit` shows of it, no secrets in it, and that it can't be kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kubectl_mc.changes import record
from kubectl_mc.changes import record as record_module
from tests.e2e.changing import LABEL, TARGETS, labelled, runs, targeted
from tests.e2e.conftest import MC, Done
from tests.e2e.verbs_test import Place


def test_audit_shows_runs_and_a_run(place: Place) -> None:
    assert place.mc("audit") == Done(0, "", "No changes have been made from here yet\n")
    place.mc(targeted(LABEL, "--yes"))
    (run,) = runs(place)
    (row,) = place.mc("audit list").rows[1:]
    assert row[0] == run.id
    assert " ".join(row[2:]) == "Label configmap 'settings' in 2 clusters 2 changed"
    shown = place.mc("audit show last")
    assert f"Command:    kubectl mc {LABEL} --clusters=c1,c3 --yes\n" in shown.stdout
    assert [line.split()[0] for line in shown.stdout.splitlines()[-2:]] == list(TARGETS)
    listed = json.loads(place.mc("audit list -o json").stdout)
    assert [item["run"] for item in listed["items"]] == [run.id]
    document = json.loads(place.mc(f"audit show {run.id[:-2]} -o json").stdout)
    assert [each["state"] for each in document["clusters"]] == ["changed", "changed"]
    assert "run: " in place.mc(f"audit show {run.id} -o yaml").stdout


def test_audit_names_the_file_where_nothing_else_is_known(place: Place) -> None:
    assert place.mc(targeted("edit -f DIR/settings.yaml -n shop --yes")).status == 0
    assert runs(place)[0].start["what"] == f"Edit '{place.folder}/settings.yaml' in 2 clusters"


def test_no_secret_is_kept_of_a_command_or_of_what_a_program_says(place: Place) -> None:
    (place.folder / "kubectl-danger").write_text("#!/bin/sh\necho error: bad token hunter2 >&2; exit 3\n")
    (place.folder / "kubectl-danger").chmod(0o755)
    place.mc(targeted("danger login bob PASSWORD=hunter2 --my-token hunter2", "--yes"))
    place.mc(targeted("set env deploy/cart -n shop PASSWORD=hunter2", "--yes"))
    place.mc(targeted("run z --image=i PASSWORD=hunter2", "--yes"))
    assert "hunter2" not in Path(record.record_path(place.shell.environment["HOME"])).read_text()
    assert [run.start["what"] for run in runs(place)] == [
        "Run danger 'login' in 2 clusters",
        "Set the environment of deployment 'cart' in 2 clusters",
        "Run pod 'z' in 2 clusters",
    ]
    assert {each.reason for each in runs(place)[0].outcomes()} == {"exit status 3"}
    told = ["danger", "login", "<redacted>", "<redacted>", "--my-token", "<redacted>"]
    assert runs(place)[0].start["argv"][: len(told)] == told


# --- The record can't be kept ------------------------------------------------------------------------------------


def test_without_a_record_nothing_is_changed(place: Place) -> None:
    Path(record.record_path(place.shell.environment["HOME"])).parent.mkdir(exist_ok=True)
    Path(record.record_path(place.shell.environment["HOME"])).symlink_to("/dev/full")
    done = place.mc(targeted(LABEL, "--yes"))
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: no change without a record of it")
    assert labelled(place) == []


LIMITED = "import os, resource, sys; n = int(sys.argv[1]); resource.setrlimit(resource.RLIMIT_FSIZE, (n, n));"
LIMITED += " os.execvp(sys.argv[2], sys.argv[2:])"
ROOM = 1 << 20  # what kubectl itself writes is smaller


@pytest.mark.parametrize("whole", range(6))
def test_a_disk_that_is_full_after_some_lines(place: Place, whole: int) -> None:
    """Whatever was changed is in the record as begun, and nothing begins that isn't."""
    command = targeted(LABEL, "--overwrite --max-parallel=1 --yes")
    record = Path(record_module.record_path(place.shell.environment["HOME"]))
    place.mc(command)  # the lines' sizes
    sizes = [len(line) for line in record.read_bytes().splitlines(keepends=True)]
    assert len(sizes) == 6
    place.everywhere("label cm settings -n shop a-")
    record.write_bytes(b" " * (ROOM - 1) + b"\n")
    limit = ROOM + sum(sizes[:whole]) + 20  # and the beginning of one line more
    words = [sys.executable, "-c", LIMITED, str(limit), *MC, *place.words(command)]
    done = subprocess.run(
        words, env=place.shell.environment, capture_output=True, text=True, check=False, start_new_session=True
    )
    assert done.returncode == (1 if whole < 2 else 3)
    said = [
        "no change without a record of it",
        "c1 is not begun without a record of it",
        "how the change ended in c1 isn't recorded",
        "c3 is not begun without a record of it",
        "how the change ended in c3 isn't recorded",
        "the end of the run isn't recorded",
    ]
    assert f"Error: {said[whole]}" in done.stderr
    begun = [event["cluster"] for run in runs(place) for event in run.events if event["event"] == "begin"]
    assert labelled(place) == begun == [["c1"], ["c1", "c3"]][whole > 3] * (whole > 1)
