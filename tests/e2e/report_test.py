# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The report for programs (--report): what it says, and where it is written."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from kubectl_mc.messages import Kind, UserError
from kubectl_mc.processes.report_file import ReportFile
from tests.e2e.changing import LABEL, runs
from tests.e2e.conftest import MC, MEMBERS, Shell
from tests.e2e.verbs_test import Place

OLD = '{"kind": "CommandReport"}'

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "null": (type(None),),
}  # fmt: skip


def violations(value: Any, schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """What is wrong with a value by a JSON schema, of which the parts are known that ours has."""
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not any(isinstance(value, TYPES[kind]) for kind in kinds):
        yield f"{path}: {value!r} is no {kinds}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is not in the list"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{path}: {value!r} is too small"
    if isinstance(value, dict):
        if set(value) != set(schema["required"]) or set(value) != set(schema["properties"]):
            yield f"{path}: {sorted(value)}"
        for name, part in value.items():
            yield from violations(part, schema["properties"].get(name, {"type": list(TYPES)}), f"{path}.{name}")
    if isinstance(value, list):
        for item in value:
            yield from violations(item, schema["items"], f"{path}[]")


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    assert list(violations(document, SCHEMA)) == []
    return document


def states(document: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    return {cluster["name"]: (cluster["state"], cluster["reason"]) for cluster in document["clusters"]}


def test_the_schema_has_each_kind_of_cause() -> None:
    reasons = SCHEMA["properties"]["clusters"]["items"]["properties"]["reason"]["enum"]
    assert reasons == ["", *get_args(Kind), "not-rolled-out"]


@pytest.mark.parametrize(
    "words",
    [
        "get pod solo -n shop",
        "logs solo -n shop --tail=1",
        "wait pod/solo -n shop --for=jsonpath={.status.phase}=Running",
    ],
)
def test_a_read_says_what_came_of_each_cluster(members: Shell, tmp_path: Path, words: str) -> None:
    with members.fault("c2", "refuse"):
        done = members.mc(*words.split(), f"--report={tmp_path}/r.json")
    document = read(tmp_path / "r.json")
    absent = ("failed" if words.startswith("wait") else "absent", "not-found")
    assert states(document) == {"c1": ("answered", ""), "c2": ("failed", "refused"), "c3": absent}
    assert (document["exitStatus"], document["command"]) == (done.status, words.split())
    assert (document["selected"], document["answered"] + document["failed"]) == (3, 3)
    first, second, _ = document["clusters"]
    assert (first["namespace"], first["context"], first["exitStatus"]) == ("fleet", "c1", 0)
    assert (second["message"], second["exitStatus"], second["seconds"] > 0) == ("connection refused", 1, True)


def test_secrets_are_not_in_it(members: Shell, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    members.mc("get", "nodes", "--token=hunter2", f"--report={path}")
    members_said = path.read_text()
    assert "hunter2" not in members_said
    assert read(path)["command"] == ["get", "nodes", "--token=<redacted>"]


def test_a_change_says_what_its_summary_says(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    with place.shell.fault("c2", "refuse"):
        refused = place.mc(LABEL, "--all-clusters", "--yes", f"--report={path}")
        document = read(path)
        assert (refused.status, document["exitStatus"], document["runs"]) == (1, 1, [])
        assert states(document) == {"c1": ("not started", ""), "c2": ("refused", "refused"), "c3": ("not started", "")}
        assert document["error"].startswith("1 cluster of 3 refuses:")
        done = place.mc(LABEL, "--all-clusters", "--yes", "--continue-on-preflight-error", f"--report={path}")
    document = read(path)
    assert (done.status, document["exitStatus"], document["runs"]) == (3, 3, [runs(place)[0].id])
    assert states(document) == {"c1": ("changed", ""), "c2": ("refused", "refused"), "c3": ("changed", "")}
    assert place.mc("resume last --yes", f"--report={path}").status == 0
    assert states(read(path)) == dict.fromkeys(MEMBERS, ("changed", ""))


def test_a_command_that_is_refused_says_why(members: Shell, tmp_path: Path) -> None:
    done = members.mc("delete", "pod", "x", f"--report={tmp_path}/r.json")
    document = read(tmp_path / "r.json")
    assert (document["exitStatus"], document["clusters"]) == (done.status, [])
    assert document["error"].startswith("Use --all-clusters to delete")


@pytest.mark.parametrize("target", ["/dev/stderr", "/dev/fd/2"])
def test_it_can_go_to_a_descriptor(members: Shell, tmp_path: Path, target: str) -> None:
    """What is in the file behind it stays."""
    path = tmp_path / "log"
    path.write_text("before\n")
    with open(path, "ab") as log:
        subprocess.run(
            [*MC, "get", "nodes"], env={**members.environment, "KUBECTL_MC_REPORT": target}, stderr=log, check=True,
            stdout=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
    before, _, text = path.read_text().partition("\n")
    assert (before, json.loads(text)["answered"]) == ("before", 3)


def test_a_file_that_cannot_be_opened_is_an_error_ahead_of_everything(place: Place) -> None:
    done = place.mc(LABEL, "--all-clusters", "--yes", "--report=/nope/r.json")
    text = "Error: --report (or KUBECTL_MC_REPORT): /nope/r.json can't be written: No such file or directory\n"
    assert (done.status, done.stderr, runs(place)) == (1, f"{text}So nothing was changed\n", [])
    assert place.mc("get nodes --report=/nope/r.json").stderr == text
    assert place.mc("diff -f DIR/web.yaml --report=/nope/r.json").status == 2  # 1 says that something differs


def test_a_dash_is_no_file(members: Shell) -> None:
    with pytest.raises(UserError, match=r"^--report .*: - can't be written: it means stdout, which has the answer\. "):
        ReportFile("-")
    refused = members.mc("get", "nodes", "--report=-")
    assert (refused.status, refused.stdout, Path("-").exists()) == (1, "", False)


def test_a_file_of_something_else_is_never_overwritten(place: Place, members: Shell, tmp_path: Path) -> None:
    kubeconfig, empty = tmp_path / "kubeconfig", tmp_path / "empty"
    kubeconfig.write_text("apiVersion: v1\nkind: Config\n")
    empty.touch()  # as mktemp makes it
    text = "kubeconfig can't be written: it is there already, and is no report. Name another file, or delete it\n"
    for words in ("get nodes", "get nodes --max-parallel=x", f"{LABEL} --all-clusters --yes"):
        assert text in place.mc(words, f"--report={kubeconfig}").stderr
    assert text in members.mc("get", "nodes", env={"KUBECTL_MC_REPORT": str(kubeconfig)}).stderr
    assert (kubeconfig.read_text(), runs(place)) == ("apiVersion: v1\nkind: Config\n", [])
    for _ in range(2):
        assert place.mc("get nodes", f"--report={empty}").status == 0
        assert read(empty)["answered"] == 3


def test_a_named_pipe_needs_a_reader(place: Place, tmp_path: Path) -> None:
    """Without one, opening it would wait for ever."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    done = place.mc(LABEL, "--all-clusters", "--yes", f"--report={path}")
    assert (done.status, runs(place)) == (1, [])
    assert done.stderr.endswith("/pipe can't be written: no process reads this pipe\nSo nothing was changed\n")
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE, text=True) as reader:
        assert place.mc("get nodes", f"--report={path}").status == 0
        assert json.loads(reader.communicate()[0])["answered"] == 3


@pytest.mark.parametrize(
    ("words", "command", "error"),
    [
        ("get pods --max-parallel=x", ["get", "pods"], "--max-parallel"),
        ("get pods --context=a --token=hunter2", ["get", "pods", "--context=a", "--token=<redacted>"], "--context"),
        ("get pods -n", [], "-n"),
        ("--all-clusters", [], "no kubectl command"),
        ("clusters --nope", ["clusters", "--nope"], "--report"),
    ],
)
@pytest.mark.parametrize("by_variable", [False, True])
def test_a_command_line_that_is_wrong_replaces_the_report_of_an_earlier_one(
    members: Shell, tmp_path: Path, words: str, command: list[str], error: str, by_variable: bool
) -> None:
    path = tmp_path / "r.json"
    path.write_text(OLD)
    if by_variable:
        done = members.mc(*words.split(), env={"KUBECTL_MC_REPORT": str(path)})
    else:
        done = members.mc(f"--report={path}", *words.split())
    assert done.status == 1
    if by_variable and words.startswith("clusters"):  # which takes no report
        assert path.read_text() == OLD
        return
    document = read(path)
    assert (document["exitStatus"], document["command"], document["clusters"]) == (1, command, [])
    assert error in document["error"]
    assert "hunter2" not in path.read_text()


def test_what_resume_says_of_the_run_and_its_clusters_is_whole(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    assert place.mc("resume nope", f"--report={path}").status == 1
    assert f"Error: {read(path)['error']}\n" in place.mc("resume nope").stderr
    with place.shell.fault("c2", "refuse"):
        assert place.mc(LABEL, "--all-clusters", "--yes", "--continue-on-preflight-error").status == 3
    with place.shell.fault("c2", "500"):
        assert place.mc("resume last --yes", f"--report={path}").status == 1
    (entry,) = (cluster for cluster in read(path)["clusters"] if cluster["name"] == "c2")
    assert entry["message"] == "server error: Internal error occurred: simulated failure"
    place.mc(f"resume last --report={path} -- label cm x --token=hunter2")
    assert "'label' would count for nothing" in read(path)["error"]
    assert "hunter2" not in path.read_text()


def test_a_refusal_by_the_dry_run_says_how_it_ended(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    with place.shell.fault("c2", "refuse"):
        for more in ((), ("--continue-on-preflight-error",)):
            place.mc(LABEL, "--all-clusters", "--yes", f"--report={path}", *more)
            changed, refused, _ = read(path)["clusters"]
            assert (refused["state"], refused["exitStatus"], refused["seconds"] > 0) == ("refused", 1, True)
            assert bool(changed["seconds"]) == (changed["state"] == "changed")


def test_what_the_server_says_of_its_error_is_kept(members: Shell, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    words = "server error: Internal error occurred: simulated failure"
    with members.fault("c2", "500"), members.fault("c3", "500"):
        done = members.mc("get", "nodes", f"--report={path}")
    assert done.stderr.startswith(f"Error: Failed to query 2 clusters: c2, c3 ({words})\n")
    assert [cluster["message"] for cluster in read(path)["clusters"]] == ["", words, words]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_report_that_cannot_be_written_at_the_end_is_said(members: Shell) -> None:
    done = members.mc("get", "nodes", "--report=/dev/full")
    assert (done.status, len(done.rows)) == (3, 4)
    assert done.stderr.endswith("/dev/full can't be written: No space left on device\n")


def test_it_is_for_commands_on_clusters(fresh_home: Callable[..., Shell], members: Shell, tmp_path: Path) -> None:
    done = members.mc("clusters", f"--report={tmp_path}/x")
    assert done.stderr == "Error: --report is for kubectl's verbs, compare, resume and undo, and not for clusters\n"
    assert done.stderr == f"Error: {read(tmp_path / 'x')['error']}\n"
    user = fresh_home(mapping="hubContext: hub\ndefaults: {report: x}\n")
    assert "report is for one command" in user.mc("get", "nodes").stderr


def test_what_a_cluster_quotes_of_an_input_or_a_secret_is_left_out(place: Place, tmp_path: Path) -> None:
    path, folder = tmp_path / "r.json", place.folder
    (folder / "secret.yaml").write_text("---\n{apiVersion: v1, kind: Secret, metadata: {name: new}, hunter2: a}")
    for words in ("apply -f DIR/secret.yaml --yes", "apply -f DIR/secret.yaml --dry-run=server"):
        done = place.mc(words, "--all-clusters", f"--report={path}")
        assert (done.status, "hunter2" in done.stderr) == (1, True)
        assert {state for state, _ in states(read(path)).values()} <= {"failed", "refused"}
        assert "hunter2" not in path.read_text()
    words = "create secret generic creds -n shop --from-literal=password=hunter2 --yes --all-clusters"
    assert place.mc(words, f"--report={path}").status == 1
    assert "hunter2" not in path.read_text()
