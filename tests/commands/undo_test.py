# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from typing import Any

import pytest

from kubectl_mc.changes.record import Run
from kubectl_mc.commands import undo


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([0], 0),
        ([7], 7),  # of one cluster, kubectl's own
        ([0, 0], 0),
        ([1, 1], 1),
        ([0, 1], 3),
        ([3, 0], 3),
        ([1, 3], 3),
        ([0, 130], 130),
        ([1, 143], 143),
    ],
)
def test_the_status_of_several_groups_says_whether_anything_was_rolled_back(statuses: list[int], status: int) -> None:
    assert undo._common_status(statuses) == status


CART = ("c1", "deployment.apps/cart", "shop")
LABEL = ("label", "deploy/cart", "a=b", "--namespace", "shop", "--clusters=c1")
UNDO = ("rollout", "undo", "deployment.apps/cart", "--namespace", "shop", "--clusters=c1")
IMAGE = ("set", "image", "deploy/cart", "app=new", "--namespace", "shop", "--clusters=c1")


def run(number: int, argv: tuple[str, ...], *, known: bool = True, **fields: Any) -> Run:
    """A run on c1. known: its end is recorded"""
    start = {"event": "start", "argv": list(argv), "waves": [["c1"]], "targets": []}
    objects = [{"resource": CART[1], "result": "changed", "namespace": CART[2]}]
    end = {"event": "cluster", "cluster": "c1", "state": "changed", "objects": objects, **fields}
    return Run(f"r{number}", start, (start, {"event": "begin", "cluster": "c1"}, *([end] if known else [])))


FIRST = run(0, IMAGE)
NO_CHANGE: dict[str, Any] = {"state": "failed", "objects": []}


@pytest.mark.parametrize(
    ("later", "by"),
    [
        ([], ""),
        ([run(1, UNDO)], "r1"),
        ([run(1, UNDO, known=False)], "r1"),  # it may be rolled back, and a second time would bring it out again
        ([run(1, UNDO, **NO_CHANGE, unsure=True)], "r1"),
        ([run(1, UNDO, **NO_CHANGE)], ""),
        ([run(1, ("rollout", "undo", "deploy/cart", "-n", "shop", "--all-clusters"))], "r1"),
        ([run(1, UNDO), run(2, UNDO)], ""),  # the second takes the first one back
        ([run(1, UNDO), run(2, UNDO), run(3, UNDO)], "r3"),
        ([run(1, UNDO), run(2, IMAGE)], "r1"),
        ([run(1, UNDO), run(2, IMAGE), run(3, UNDO)], "r1"),
        ([run(1, IMAGE), run(2, UNDO)], ""),  # that takes r1 back
        ([run(1, LABEL), run(2, UNDO)], "r2"),  # a label is no revision
        ([run(1, ("rollout", "undo", "--no-such=x", "deploy/cart"))], "r1"),
        ([run(1, ("--max-parallel=many", *UNDO)), run(2, UNDO)], ""),  # a line that somebody has edited
    ],
)
def test_a_workload_that_is_rolled_back_is_known_from_the_record(later: list[Run], by: str) -> None:
    assert undo._rolled_back(FIRST, later)[0] == ({CART: by} if by else {})


@pytest.mark.parametrize(
    ("later", "by"),
    [
        ([run(1, IMAGE)], ""),
        ([run(1, IMAGE), run(2, UNDO)], "r2"),  # the revision before is that of r1
        ([run(1, IMAGE), run(2, LABEL), run(3, UNDO)], "r3"),
        ([run(1, IMAGE), run(2, UNDO, known=False)], "r2"),
        ([run(1, IMAGE), run(2, UNDO, **NO_CHANGE)], ""),
        ([run(1, IMAGE), run(2, UNDO), run(3, UNDO)], ""),  # r1 is there again
        ([run(1, IMAGE), run(2, UNDO), run(3, IMAGE)], ""),
        ([run(1, IMAGE), run(2, UNDO), run(3, IMAGE), run(4, UNDO)], "r4"),
        ([run(1, UNDO), run(2, UNDO), run(3, IMAGE), run(4, UNDO)], "r4"),
        ([run(1, UNDO), run(2, IMAGE), run(3, UNDO)], ""),  # the first run is rolled back
        ([run(1, LABEL), run(2, UNDO)], ""),
    ],
)
def test_what_another_rollback_has_taken_back_is_not_brought_out_again(later: list[Run], by: str) -> None:
    assert undo._rolled_back(FIRST, later)[1] == ({CART: by} if by else {})


@pytest.mark.parametrize(
    ("later", "warned"),
    [
        (run(1, IMAGE), True),
        (run(1, UNDO), True),
        (run(1, IMAGE, known=False), True),  # nobody knows what became of it
        (run(1, IMAGE, **NO_CHANGE, unsure=True), True),
        (run(1, IMAGE, **NO_CHANGE), False),
        (run(1, LABEL), False),
        (run(1, LABEL, known=False), False),
    ],
)
def test_undo_warns_of_what_may_have_changed_a_workload_since(later: Run, warned: bool) -> None:
    notes = undo._notes({CART}, [later])
    assert [note.endswith("changed the same workloads since, or may have: r1") for note in notes] == [True] * warned
    assert undo._notes({("c2", *CART[1:])}, [later]) == []
