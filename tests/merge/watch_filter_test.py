# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge.watch_filter import WatchFilter
from kubectl_mc.merge.watches import EventColumn, WatchedTable
from tests.environments import request
from tests.merge.watches_test import OTHER_UID, UID

HEADER = "NAME   STATUS      RESTARTS"


def row(name: str, status: str, restarts: str = "0") -> str:
    return f"{name:<7}{status:<12}{restarts}"


def table(*conditions: str, **fields: object) -> WatchedTable:
    return WatchedTable(headers=False, row_filter=WatchFilter(conditions), **fields)  # type: ignore[arg-type]


def names(text: str, place: int = 0) -> list[str]:
    """Return the name in each line, with a mark behind it if the line has one. place: of the column NAME"""
    return [line.split()[place] + "!" * line.endswith("   (no longer matches)") for line in text.splitlines()]


def test_a_row_that_stops_matching_is_shown_once_more_and_marked() -> None:
    watched = table("STATUS!=Running")
    assert names(watched.feed("c1", [HEADER, row("a", "Running"), row("b", "Pending")])) == ["b"]
    assert names(watched.feed("c2", [HEADER, row("b", "Running")])) == []
    shown = watched.feed("c1", [row("b", "Running", "1")])
    assert shown == "b      c1        Running     1   (no longer matches)\n"
    assert names(watched.feed("c1", [row("b", "Running"), row("a", "Error"), row("b", "Error")])) == ["a", "b"]


def test_each_change_of_a_row_that_matches_is_shown() -> None:
    watched = table("RESTARTS>3", "CLUSTER=c1")
    assert names(watched.feed("c2", [HEADER, row("a", "Running", "9")])) == []
    rows = [row("a", "Error", "4 (1s ago)"), row("a", "Running", "4 (2s ago)"), row("a", "Running", "<none>")]
    assert names(watched.feed("c1", [HEADER, *rows])) == ["a", "a", "a!"]


@pytest.mark.parametrize("events", ["hidden", "shown"])
def test_a_deletion_is_shown_of_what_was_shown(events: EventColumn) -> None:
    def lines(event: str, *rows: str) -> list[str]:
        return [f"{event:<11}{text}" for text in rows]

    watched, place = table("STATUS=Pending", events=events), int(events == "shown")
    added = lines("ADDED", row("a", "Pending"), row("b", "Pending"), row("c", "Error"))
    assert names(watched.feed("c1", [*lines("EVENT", HEADER), *added]), place) == ["a", "b"]
    deleted = lines("DELETED", row("a", "Pending"), row("b", "Error"), row("c", "Error"))
    assert names(watched.feed("c1", deleted), place) == ["a", "b!"]
    assert watched.feed("c1", lines("ADDED", row("b", "Error"))) == ""


def test_after_a_break_only_what_has_changed_is_shown() -> None:
    """An age may have passed a limit without any change: then a row begins to match, or no longer does."""
    times = iter(range(0, 1000, 60))
    watched = table("AGE>=1h", clock=lambda: float(next(times)))
    header = "NAME   AGE"
    assert names(watched.feed("c1", [header, "a      59m", "b      2h", "c      1h", "d      3h"])) == ["b", "c", "d"]
    watched.restart("c1")
    assert names(watched.feed("c1", [header, "a      63m", "b      2h", "c      5s"])) == ["a", "c!"]
    assert watched.has_unseen("c1")
    assert names(watched.listed("c1", [header, "a      1h"])) == ["d"]


def test_what_is_gone_after_a_break_is_shown_only_if_it_matched() -> None:
    watched = table("STATUS=Pending", clock=lambda: 0.0)
    watched.feed("c1", [HEADER, row("a", "Pending"), row("b", "Running")])
    watched.restart("c1")
    assert names(watched.listed("c1", [HEADER])) == ["a"]


def test_custom_columns_are_told_by_their_objects() -> None:
    watched = table("S=Pending", columns="S:.a")
    lines = [f"{UID}   Pending   {UID}", f"{OTHER_UID}   Running   {OTHER_UID}"]
    assert watched.feed("c1", ["-   -   -", *lines]).split() == ["c1", "Pending"]
    assert watched.feed("c1", [f"{UID}   Running   {UID}"]).split() == ["c1", "Running", "(no", "longer", "matches)"]


def test_rows_that_tell_no_object_stand_for_themselves() -> None:
    watched = table("TYPE=Warning", row_start="[0-9]+[smh] ")
    header = "LAST SEEN   TYPE      MESSAGE"
    normal, warning = ["5s          Normal    all is", "   well"], ["5s          Warning   back", "   off"]
    shown = watched.feed("c1", [header, *normal, *warning, *normal]).splitlines()
    assert [line.split() for line in shown] == [["c1", "5s", "Warning", "back"], ["c1", "off"]]


def test_a_namespace_of_several_is_a_column() -> None:
    watched = table("NAMESPACE=web")
    assert watched.feed("c1", [HEADER, row("a", "Running")], namespace="shop") == ""
    assert watched.feed("c1", [HEADER, row("a", "Running")], "other", namespace="web").split()[:3] == ["web", "a", "c1"]


ASKED = request("get pods -w --where X=1")


def test_what_no_table_has_is_a_mistake_when_all_have_come() -> None:
    rows = WatchFilter(["X=1", "STATUS=b"])
    for source in (("c1", "c1"), ("c2", "c2")):
        rows.add(source)
    rows.judge(("c1", "c1"), None, ("NAME", "STATUS"), ["a", "b"], True)
    assert rows.problem(ASKED) is None
    there = "There are: NAME, STATUS"
    assert rows.take_notes() == [f"--where: no column 'X' in c1, whose rows don't match. {there}"]
    rows.judge(("c2", "c2"), None, ("NAME", "STATUS"), ["a", "b"], True)
    assert str(rows.problem(ASKED)) == (
        "--where: no table has a column 'X'. There are: NAME, CLUSTER, STATUS. With -o wide there are more"
    )


def test_a_column_that_one_cluster_has_is_none() -> None:
    rows = WatchFilter(["X>1"])
    rows.judge(("c1", "c1"), None, ("NAME",), ["a"], True)
    rows.judge(("c2", "c2"), None, ("NAME", "X"), ["a", "<none>"], True)
    assert rows.problem(ASKED) is None
    assert rows.take_notes() == [
        "--where: no column 'X' in c1, whose rows don't match. There are: NAME",
        "--where 'X>1': rows that have nothing to compare don't match",
    ]
    rows.judge(("c2", "c2"), None, ("NAME", "X"), ["b", "<none>"], True)
    assert rows.take_notes() == []


def test_a_table_that_lacks_a_column_again_and_again_is_named_once() -> None:
    rows = WatchFilter(["X=1"])
    for header in (("NAME",), ("NAME", "AGE")) * 3:
        rows.judge(("c1", "c1"), None, header, ["a"] * len(header), True)
    assert len(rows.take_notes()) == 1
    rows.judge(("c1", "c1"), None, ("NAME",), ["a"], True)
    assert rows.take_notes() == []


NAMES = st.sampled_from("abc")
STATUSES = st.sampled_from(["Running", "Pending", "Error"])
CHANGES = st.one_of(
    st.tuples(st.just("put"), NAMES, STATUSES),
    st.tuples(st.just("delete"), NAMES, st.just("")),
    # What happens during a break: some objects change, and some go.
    st.tuples(st.just("break"), st.dictionaries(NAMES, STATUSES), st.sets(NAMES)),
)


@given(st.lists(CHANGES, max_size=20))
def test_the_last_line_of_each_object_tells_whether_it_matches(changes: list[tuple[str, object, object]]) -> None:
    watched = table("STATUS!=Running", events="hidden", clock=lambda: 0.0)
    objects: dict[str, str] = {}
    shown: list[str] = []

    def feed(event: str, *names: str) -> None:
        lines = [f"{event:<11}{row(name, objects[name])}" for name in names]
        shown.extend(watched.feed("c1", lines).splitlines())

    watched.feed("c1", [f"EVENT      {HEADER}"])
    for change, what, how in changes:
        if isinstance(what, dict):
            assert isinstance(how, set)
            objects = {name: status for name, status in {**objects, **what}.items() if name not in how}
            watched.restart("c1")
            watched.feed("c1", [f"EVENT      {HEADER}"])
            feed("ADDED", *objects)
            listing = [HEADER, *(row(name, status) for name, status in objects.items())]
            shown += watched.listed("c1", listing).splitlines()
        elif change == "put":
            objects[str(what)] = str(how)
            feed("MODIFIED", str(what))
        elif what in objects:
            feed("DELETED", str(what))
            del objects[str(what)]
        shown = [line for line in shown if line.split()[0] in objects]  # what is gone is known to be
        last = {line.split()[0]: line for line in shown}
        for name, status in objects.items():
            if status != "Running":
                assert last[name].split()[2] == status
            assert name not in last or last[name].endswith("   (no longer matches)") == (status == "Running")
