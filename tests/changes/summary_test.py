# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.changes import summary
from kubectl_mc.changes.record import Outcome
from kubectl_mc.merge.object_changes import ObjectChange

DONE, LEFT = Outcome("c1", "changed"), Outcome("c2", "failed", "forbidden")


def test_a_run_that_is_done_is_one_line() -> None:
    assert summary.summary_lines("R", [DONE, Outcome("c2", "changed")], whole=True) == [
        "Run R: changed in 2 clusters: c1, c2"
    ]


@pytest.mark.parametrize(
    ("whole", "last"),
    [
        (True, "To go on with the rest: kubectl mc resume R"),
        (
            False,
            "To go on with the rest, give the command again, as not all of it is recorded: "
            "kubectl mc resume R -- COMMAND…",
        ),
    ],
)
def test_what_is_left_can_be_gone_on_with(whole: bool, last: str) -> None:
    assert summary.summary_lines("R", [DONE, LEFT], whole) == [
        "Run R:",
        "  changed in 1 cluster: c1",
        "  failed in 1 cluster: c2 (forbidden)",
        last,
    ]


def test_a_failure_that_may_have_changed_something_is_told_apart() -> None:
    unsure = Outcome("c1", "failed", "timed out after 2s", unsure=True)
    assert summary.summary_lines("R", [unsure, LEFT], whole=True)[1:-1] == [
        "  failed in 1 cluster: c2 (forbidden)",
        "  failed, but perhaps changed in 1 cluster: c1 (timed out after 2s)",
    ]


WAITING = Outcome("c3", "not started")
ROLLED_BACK = DONE._replace(rolled_out=False)
IN_PART = LEFT._replace(objects=(ObjectChange("configmap/a", "configured"), ObjectChange("configmap/b", "unchanged")))


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([DONE, Outcome("c2", "unchanged")], 0),
        ([DONE, LEFT], 3),
        ([DONE, Outcome("c2", "refused", "forbidden")], 3),
        ([DONE, WAITING], 3),
        ([DONE, ROLLED_BACK], 3),
        ([LEFT, WAITING], 1),
        ([Outcome("c1", "unchanged"), LEFT], 1),
        ([LEFT._replace(objects=IN_PART.objects[1:]), WAITING], 1),
        # What isn't known is no "nothing was changed".
        ([IN_PART, WAITING], 3),
        ([LEFT._replace(unsure=True), WAITING], 3),
        ([Outcome("c1", "unknown", "no more files"), WAITING], 3),
        # A resumption has seen that the run had made the change.
        ([Outcome("c1", "unchanged", done_before=True), LEFT], 3),
    ],
)
def test_the_status_says_whether_the_run_is_complete_and_whether_anything_was_changed(
    outcomes: list[Outcome], status: int
) -> None:
    assert summary.exit_status(outcomes) == status


def test_what_is_changed_but_not_recorded_is_not_all_well() -> None:
    assert summary.exit_status([DONE], failed=True) == 3
    assert summary.exit_status([Outcome("c1", "unchanged")], failed=True) == 1


def test_a_cluster_without_a_context_leads_to_the_set_up() -> None:
    lines = summary.summary_lines("R", [DONE, Outcome("c2", "refused", "no context")], whole=True)
    assert lines[-2:] == [
        "To map c2 to a context of yours: kubectl mc setup",
        "To go on with the rest: kubectl mc resume R",
    ]
