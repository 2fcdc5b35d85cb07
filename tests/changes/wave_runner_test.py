# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.changes.change import Change
from kubectl_mc.changes.change_input import ChangeInput
from kubectl_mc.changes.record import Outcome, RunLog
from kubectl_mc.changes.wave_runner import judge_outcome
from kubectl_mc.merge.object_changes import ObjectChange
from kubectl_mc.processes.event_loop import Result
from tests.environments import request

REHEARSED = (ObjectChange("configmap/a", "created", "shop"),)


def judged(line: str, result: Result, before: tuple[ObjectChange, ...] = ()) -> Outcome:
    made = request(line)
    change = Change(made, made.line, ChangeInput(made.line), {}, {}, RunLog(-1, "run", ""), ())
    return judge_outcome(change, result, 1.5, Outcome("c1", "running", objects=before))


@pytest.mark.parametrize(
    ("line", "stdout", "before", "state", "objects"),
    [
        ("apply -f a", "configmap/a configured\n", REHEARSED, "changed", ["configmap/a configured "]),
        ("apply -f a", "configmap/a unchanged\n", REHEARSED, "unchanged", ["configmap/a unchanged "]),
        ("apply -f a", "", (), "unchanged", []),
        ("exec web -- true", "", (), "changed", []),
        ("apply -f a -o json", "{}\n", (), "changed", []),
        # Of workloads the namespace is needed, as their rollouts are waited for.
        ("apply -f a -n shop", "deployment.apps/a created\n", (), "changed", ["deployment.apps/a created shop"]),
        (
            "apply -f a",
            "configmap/a unchanged\nsecret/b created\n",
            (),
            "changed",
            ["configmap/a unchanged ", "secret/b created "],
        ),
        # A document, and the lines of -o name, don't say what was done; the dry run has.
        ("apply -f a -n shop -o json", "{}\n", REHEARSED, "changed", ["configmap/a created shop"]),
        ("apply -f a -n shop -o name", "configmap/a\n", REHEARSED, "changed", ["configmap/a created shop"]),
        ("hello --all-clusters", "configmap/a configured\n", REHEARSED, "changed", []),
    ],
)
def test_what_a_kubectl_prints_is_what_was_changed(
    line: str, stdout: str, before: tuple[ObjectChange, ...], state: str, objects: list[str]
) -> None:
    outcome = judged(line, Result("c1", stdout.encode(), b"", 0), before)
    assert (outcome.cluster, outcome.state, outcome.seconds) == ("c1", state, 1.5)
    assert [f"{change.resource} {change.result} {change.namespace}" for change in outcome.objects] == objects
    assert not outcome.may_be_done


@pytest.mark.parametrize(
    ("stderr", "status", "timed_out", "is_unsure"),
    [
        ('Error from server (Forbidden): configmaps "a" is forbidden: no', 1, False, False),
        ("The connection to the server c1:6443 was refused - did you specify the right host or port?", 1, False, False),
        ("error: unexpected EOF", 1, False, True),
        ("Error from server (InternalError): an error", 1, False, True),
        ("", -9, False, True),
        ("", None, True, True),
    ],
)
def test_a_failure_that_may_come_after_the_change_is_unsure(
    stderr: str, status: int | None, timed_out: bool, is_unsure: bool
) -> None:
    outcome = judged("apply -f a", Result("c1", b"", stderr.encode(), status, timed_out))
    assert (outcome.state, outcome.may_be_done) == ("failed", is_unsure)
    assert outcome.reason


def test_what_a_program_says_is_not_quoted() -> None:
    failed = Result("c1", b"", b"password: hunter2\ncommand terminated with exit code 3\n", 3)
    assert judged("exec web -- login", failed).reason == "exit status 3"
