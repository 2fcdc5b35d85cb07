# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Which rows are as they were before a break."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge import last_rows
from kubectl_mc.merge.last_rows import LastRows, is_same
from tests.merge.ages import human_duration

WEEK = 604_800


@given(st.integers(0, 500 * WEEK), st.floats(0, WEEK), st.integers(0, 40))
def test_an_age_that_has_grown_with_the_time_is_no_change(age: int, elapsed: float, restarts: int) -> None:
    before, after = human_duration(age), human_duration(age + elapsed)
    assert is_same(["web", before], ["web", after], elapsed)
    assert is_same([f"{restarts} ({before} ago)"], [f"{restarts} ({after} ago)"], elapsed)
    assert is_same([f"{before} (x3 over {before})"], [f"{after} (x3 over {after})"], elapsed)
    assert is_same([f"<invalid> (x3 over {before})"], [f"<invalid> (x3 over {after})"], elapsed)


@pytest.mark.parametrize(
    ("before", "after", "elapsed"),
    [
        (["web", "5m"], ["web", "10s"], 60),  # made again
        (["web", "10s"], ["web", "5m"], 60),
        (["30s"], ["60s"], 600),  # no age, but a setting
        (["1/1", "5m"], ["0/1", "6m"], 60),
        (["5m"], ["<unknown>"], 60),
        (["5m"], ["5 m"], 0),
        (["1 (5m ago)"], ["2 (6m ago)"], 60),
        (["1 (5m ago)"], ["2 (3s ago)"], 60),
        (["1"], ["2"], 1),
        (["5m (x3 over 9m)"], ["6m (x4 over 10m)"], 60),
        (["in 5m"], ["in 6m"], 60),
        (["a", "1m"], ["a"], 0),
        (["", "1m"], ["1m", ""], 0),
    ],
)
def test_another_change_is_one(before: list[str], after: list[str], elapsed: float) -> None:
    assert not is_same(before, after, elapsed)
    assert is_same(before, before, elapsed)


def test_rows_without_a_key_are_counted() -> None:
    rows = LastRows()
    assert [rows.add(None, ("59s", "pulled"), 0.0) for _ in range(2)] == [True, True]
    rows.restart()
    added = [rows.add(None, (age, "pulled"), 10.0) for age in ("69s", "69s", "69s", "1s")]
    assert added == [False, False, True, True]


def test_changes_behind_the_further_list_are_shown_however_often_such_a_row_was() -> None:
    """Three times the same object, which the list has once."""
    rows = LastRows(has_ages=False)
    assert [rows.add(None, ("cm/a",), second) for second in (0.0, 5.0, 6.0)] == [True, True, True]
    rows.restart()
    assert [rows.add(None, (text,), 10.0) for text in ("cm/a", "cm/b", "cm/a")] == [False, True, True]
    assert [rows.add(None, ("cm/a",), second) for second in (11.0, 11.1)] == [True, True]
    rows.restart()
    assert [rows.add(None, ("cm/a",), second) for second in (20.0, 20.0, 21.0, 22.0)] == [False, False, True, True]
    rows.restart()
    assert [rows.add(None, ("cm/b",), second) for second in (30.0, 31.0)] == [True, True]  # the list has it not
    rows.restart()
    assert rows.add(None, ("cm/a",), 40.0)


def test_rows_that_are_unique_are_as_before_once() -> None:
    rows = LastRows(is_unique=True)
    for _ in range(2):
        assert all(rows.add(None, ("cm/a",), 0.0) for _ in range(3))
        rows.restart()
        assert not rows.add(None, ("cm/a",), 0.0)


def test_a_list_that_is_long_on_its_way_is_one_list() -> None:
    rows = LastRows(has_ages=False)
    names = [(f"cm/{number}",) for number in range(20)]
    assert all(rows.add(None, name, 0.0) for name in names)
    rows.restart()
    assert not any(rows.add(None, name, 100.0 + index * 0.3) for index, name in enumerate(names))


def test_what_an_empty_list_lacks_is_shown_when_it_comes_back() -> None:
    rows = LastRows()
    assert rows.add(None, ("Pod/a", "Killing"), 0.0)
    rows.restart()
    rows.end_list()
    assert rows.add(None, ("Pod/a", "Killing"), 9.0)


def test_a_line_that_looks_like_an_age_is_a_text() -> None:
    rows = LastRows(has_ages=False)
    assert rows.add(None, ("5m",), 0.0)
    rows.restart()
    assert rows.add(None, ("6m",), 60.0)


def test_only_the_first_row_after_a_break_is_compared() -> None:
    rows = LastRows()
    assert rows.add(("", "a"), ("a", "1"), 0.0)
    rows.restart()
    assert [rows.add(("", "a"), ("a", "1"), 0.0) for _ in range(2)] == [False, True]


def test_what_has_not_come_again_is_gone_unless_a_list_has_it() -> None:
    rows = LastRows()
    for name in "abcd":
        rows.add(("", name), (name,), 0.0)
    rows.delete(("", "d"))
    rows.restart()
    rows.add(("", "a"), ("a",), 0.0)
    assert rows.has_unseen
    assert rows.take_deleted([("", "b")]) == [("c",)]
    assert rows.has_unseen
    assert rows.take_deleted([]) == [("b",)]
    assert not rows.has_unseen


def test_a_seed_gives_way_to_what_is_known() -> None:
    rows = LastRows()
    rows.add(("", "a"), ("a", "new"), 0.0)
    rows.seed(("", "a"), ("a", "old"), 0.0)
    rows.seed(("", "b"), ("b", "old"), 0.0)
    rows.restart()
    assert [rows.add(("", name), (name, text), 0.0) for name, text in (("a", "new"), ("b", "old"))] == [False, False]


def test_what_is_remembered_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster whose watch breaks all the time doesn't make it grow either."""
    monkeypatch.setattr(last_rows, "MAX_LOOSE_ROWS", 3)
    monkeypatch.setattr(last_rows, "MAX_OBJECTS", 2)
    rows = LastRows()
    for number in range(10):
        rows.restart()
        rows.add(None, (f"row {number}",), 0.0)
        rows.add(("", "a"), ("a", str(number)), 0.0)
        rows.add(("", f"b{number}"), ("b",), 0.0)
    assert sum(map(len, rows._loose.values())) == 3
    assert len(rows._by_key) == 2
    rows.restart()
    assert [rows.add(None, (f"row {number}",), 0.0) for number in (9, 8, 7, 0)] == [False, False, False, True]


@pytest.mark.parametrize("digits", [10, 400, 5000])
@pytest.mark.parametrize("form", ["{}s", "1d{}h", "3 ({}m ago)", "{}s (x3 over {}s)"])
def test_a_number_that_is_longer_than_any_age_is_compared_as_a_text(digits: int, form: str) -> None:
    cell = form.format("9" * digits, "9" * digits)
    assert is_same([cell], [cell], 60.0)
    assert not is_same([cell], [cell.replace("99", "98")], 60.0)
