# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.changes import waves
from kubectl_mc.messages import UserError

NAMES = st.lists(st.integers(0, 500), unique=True, min_size=1, max_size=60).map(
    lambda numbers: [f"c{number}" for number in numbers]
)
PARTS = st.one_of(st.integers(1, 200).map(str), st.integers(1, 100).map(lambda number: f"{number}%"))
SPECS = st.lists(PARTS, min_size=1, max_size=6).map(
    lambda parts: ",".join(sorted(parts, key=lambda part: int(part.rstrip("%"))))
)


@pytest.mark.parametrize(
    ("spec", "total", "ends"),
    [
        ("1,10%,50%,100%", 100, [1, 10, 50, 100]),
        ("1,10%,50%,100%", 10, [1, 2, 5, 10]),
        ("1,10%,50%,100%", 3, [1, 2, 3]),
        ("1,10%,50%,100%", 1, [1]),
        ("100%", 7, [7]),
        ("1", 7, [1, 7]),
        ("50%", 3, [2, 3]),
        ("10,20", 15, [10, 15]),
        ("5,20%", 9, [5, 6, 9]),
        (" 1 , 50% ", 4, [1, 2, 4]),
        ("1,50%", 0, []),
    ],
)
def test_parts_count_from_the_start_and_are_rounded_up(spec: str, total: int, ends: list[int]) -> None:
    assert waves.wave_ends(spec, total) == ends


@pytest.mark.parametrize(
    "spec", ["", "0", "0%", "101%", "-1", "1;2", "1,,2", "half", "1.5", "5,2", "50%,10%", "20%,5,10%", "²", "٣", "50 %"]
)
def test_a_spec_that_is_none_is_said(spec: str) -> None:
    with pytest.raises(UserError, match="invalid argument"):
        waves.wave_ends(spec, 10)


@given(NAMES, SPECS, st.data())
def test_every_cluster_has_its_turn_once_and_no_wave_is_empty(names: list[str], spec: str, data: st.DataObject) -> None:
    canary = data.draw(st.none() | st.sampled_from(names))
    unhealthy = data.draw(st.sets(st.sampled_from(names)))
    plan = waves.plan_waves(names, spec, canary, unhealthy)
    turns = [name for wave in plan for name in wave]
    assert sorted(turns) == sorted(names)
    assert all(plan)
    if canary:
        assert plan[0] == (canary,)
    rest = [name for name in turns if name != canary]
    assert rest == [name for name in rest if name not in unhealthy] + [name for name in rest if name in unhealthy]
    healthy = [name for name in names if name != canary and name not in unhealthy]
    assert rest[: len(healthy)] == healthy


def test_without_flags_there_is_one_wave() -> None:
    assert waves.plan_waves(["c1", "c2"], None, None) == [("c1", "c2")]
    assert waves.plan_waves(["c1", "c2"], None, "c2") == [("c2",), ("c1",)]
    assert waves.plan_waves(["c1"], None, "c1") == [("c1",)]


def test_the_canary_has_to_be_a_target() -> None:
    with pytest.raises(UserError, match="'c9' is not one of the chosen clusters: c1, c2"):
        waves.plan_waves(["c1", "c2"], None, "c9")


@pytest.mark.parametrize(
    ("spec", "total", "tolerated"), [(None, 10, 0), ("0", 10, 0), ("3", 10, 3), ("10%", 19, 1), ("100%", 4, 4)]
)
def test_how_many_may_fail(spec: str | None, total: int, tolerated: int) -> None:
    assert waves.tolerated_failures(spec, total) == tolerated


@pytest.mark.parametrize("spec", ["some", "-1", "101%", "1,2"])
def test_a_bad_number_of_failures_is_said(spec: str) -> None:
    with pytest.raises(UserError, match="--max-failures"):
        waves.tolerated_failures(spec, 10)


@given(NAMES, SPECS, st.data())
def test_clusters_that_drop_out_make_no_wave_larger(names: list[str], spec: str, data: st.DataObject) -> None:
    plan = waves.plan_waves(names, spec, None)
    left = [name for name in names if name not in data.draw(st.sets(st.sampled_from(names)))]
    refilled = waves.refill_waves(plan, left)
    assert [name for wave in refilled for name in wave] == left
    assert all(0 < len(wave) <= len(planned) for wave, planned in zip(refilled, plan))
    assert not left or len(refilled[0]) == min(len(plan[0]), len(left))
