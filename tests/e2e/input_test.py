# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Changes whose input can be read once only: each cluster is given the same, and the terminal is asked."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from kubectl_mc.changes import record
from tests.e2e.changing import everywhere, runs, targeted
from tests.e2e.conftest import MC
from tests.e2e.running import Running
from tests.e2e.verbs_test import MANIFESTS, Place


def test_stdin_is_read_once_and_given_to_each(place: Place) -> None:
    done = place.shell.mc("apply", "-f", "-", "--clusters=c1,c3", "--yes", stdin=MANIFESTS["new.yaml"])
    assert sorted(done.stdout.splitlines()) == ["[c1] configmap/new created", "[c3] configmap/new created"]
    given = runs(place)[0].start["input"]
    assert given == {"digest": given["digest"], "sources": ["-"]}


def test_a_value_from_stdin_is_the_same_for_each(place: Place) -> None:
    command = "create secret generic new -n shop --from-file=password=/dev/stdin --clusters=c1,c3 --yes"
    assert place.shell.mc(*place.words(command), stdin="hunter2").status == 0
    values = everywhere(place, "get secret new -n shop -o jsonpath={.data}")
    expected = json.dumps({"password": base64.b64encode(b"hunter2").decode()}).replace(" ", "")
    assert values == {"c1": expected, "c2": "", "c3": expected}
    given = runs(place)[0].start["input"]
    assert (given["sources"], list(given["proof"]), given.get("digest")) == (["/dev/stdin"], ["salt", "scrypt"], None)
    assert (
        hashlib.sha256(b"hunter2").hexdigest()
        not in Path(record.record_path(place.shell.environment["HOME"])).read_text()
    )
    rehearsed = place.shell.mc(*place.words(f"{command} --dry-run=client -o jsonpath={{.data}}"), stdin="hunter2")
    assert rehearsed.stdout == f"c1\t{expected}\nc3\t{expected}\n"


def test_the_terminal_is_asked_where_stdin_is_the_input(place: Place) -> None:
    script = f'exec "$@" < {place.folder}/new.yaml'
    words = (*MC, "apply", "-f", "-", "--clusters=c1,c3")
    with Running(["sh", "-c", script, "sh", *words], place.shell.environment, terminal=True) as running:
        running.until(r"\[y/N\]: $")
        running.type("y\n")
        assert running.end() == 0
    assert [bool(text) for text in everywhere(place, "get cm new -n shop -o name").values()] == [True, False, True]


FOO = "---\n{apiVersion: v1, kind: ConfigMap, foo: bar, metadata: {name: NAME, namespace: shop}}\n"
BROKEN = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x2\n bad: [\n"
REFUSED = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "foo"'
CREATING = "Error from server (BadRequest): error when creating"


def write_inputs(place: Place) -> None:
    """one.yaml, three.yaml (wrong are documents 2 and 3), broken.yaml (document 2 is no YAML)."""
    new = MANIFESTS["new.yaml"]
    (place.folder / "one.yaml").write_text(FOO)
    (place.folder / "three.yaml").write_text(f"{new}\n{FOO}---\n# only a note\n{FOO}")
    (place.folder / "broken.yaml").write_text(f"{new}\n---\n{BROKEN}")


@pytest.mark.parametrize("how", ["--yes", "--dry-run=server"])
@pytest.mark.parametrize(
    ("flags", "files"),
    [
        ("-f DIR/one.yaml", ['"DIR/one.yaml"']),
        (
            "-f DIR/three.yaml",
            ['"DIR/three.yaml" (document 2, from line 4)', '"DIR/three.yaml" (document 3, from line 8)'],
        ),
        ("-f DIR/new.yaml,DIR/one.yaml", ['"DIR/one.yaml"']),
        ("-k DIR/built", ['"DIR/built"']),
    ],
)
def test_an_error_says_which_file_and_document_it_is_about(
    place: Place, flags: str, files: list[str], how: str
) -> None:
    write_inputs(place)
    (place.folder / "built").mkdir()
    (place.folder / "built" / "one.yaml").write_text(FOO)
    (place.folder / "built" / "kustomization.yaml").write_text("resources: [one.yaml]\n")
    refused = place.mc(targeted(f"apply {flags} {how}"))
    lines = [f"{CREATING} {file}: {REFUSED}".replace("DIR", str(place.folder)) for file in files]
    assert (refused.status, [line for line in refused.stderr.splitlines() if "from server" in line]) == (1, lines)


def test_a_broken_document_is_named_and_other_files_count_as_with_kubectl(place: Place) -> None:
    write_inputs(place)
    command = "apply -f DIR/broken.yaml -f DIR/one.yaml --validate=strict"
    refused = place.mc(targeted(command, "--yes"))
    assert refused.stderr.splitlines() == [
        *(
            line.replace("broken.yaml:", "broken.yaml (document 2, from line 4):").removeprefix("error: ")
            for line in place.kubectl("c1", f"{command} --dry-run=server").stderr.splitlines()
        ),
        "So nothing was changed",
    ]


def test_stdin_is_named_as_kubectl_names_it(place: Place) -> None:
    write_inputs(place)
    for name, where in (("one", ""), ("three", " (document 2, from line 4)")):
        stdin = (place.folder / f"{name}.yaml").read_text()
        refused = place.shell.mc("apply", "-f", "-", "--clusters=c1", "--yes", stdin=stdin)
        assert f'{CREATING} "STDIN"{where}: {REFUSED}' in refused.stderr


def test_reads_name_the_file_too(place: Place) -> None:
    (place.folder / "kindless.yaml").write_text("---\n{apiVersion: v1, metadata: {name: a}}")
    for command in ("get -f DIR/kindless.yaml", "wait -f DIR/kindless.yaml --for=delete"):
        assert f'unable to decode "{place.folder}/kindless.yaml": Object' in place.mc(command).stderr


def test_the_record_has_the_name_of_the_file_and_nothing_else_of_it(place: Place) -> None:
    write_inputs(place)
    done = place.mc(targeted("apply --force -f DIR/three.yaml --yes"))  # of which there is no dry run
    assert done.status == 3  # one of two documents was created
    reasons = {outcome.reason for outcome in runs(place)[0].outcomes() if outcome.reason}
    place_of_error = f'"{place.folder}/three.yaml" (document 3, from line 8)'  # of the last error
    assert reasons == {f"error when creating {place_of_error}: ConfigMap in version <redacted>"}
