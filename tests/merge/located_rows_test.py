# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge import kubectl_tables, located_rows
from kubectl_mc.merge.kubectl_tables import NotATable, Table
from kubectl_mc.merge.located_rows import Record
from tests.merge.tab_writer import tab_writer

HEADER = ["LAST SEEN", "REASON", "MESSAGE"]
WORDS = st.from_regex(r"[a-z/]{1,9}( [a-z]{1,9})?", fullmatch=True) | st.just("")
LINES = st.from_regex(r"( {0,2}[a-z]{1,30}){0,3}", fullmatch=True) | st.sampled_from(
    ["  at   foo.c:3   main", "1m          x        one", "a   b   c", ""]
)
MESSAGES = st.lists(LINES, min_size=1, max_size=3).map("\n".join).map(str.strip)
EVENTS = st.lists(st.tuples(WORDS.filter(bool), WORDS, MESSAGES), max_size=6)


def rows(table: Table) -> list[list[str]]:
    return [list(row) for row in zip(*table.columns)]


@given(EVENTS)
def test_any_messages_are_read_as_they_are(events: list[tuple[str, str, str]]) -> None:
    text = tab_writer([HEADER, *events])
    records = [Record(str(number), message) for number, (*_, message) in enumerate(events)]
    table, values = located_rows.read_table(text, records)
    assert table.header == tuple(HEADER)
    assert rows(table) == [list(event) for event in events]
    assert values == [record.value for record in records]


@given(EVENTS, st.data())
def test_rows_are_located_where_the_two_answers_differ(
    events: list[tuple[str, str, str]], choice: st.DataObject
) -> None:
    """Some events have no record, and some records are of events that are not there: nothing of the text is lost."""
    text = tab_writer([HEADER, *events])
    records = [Record("x", message) for *_, message in events if choice.draw(st.booleans())]
    records.insert(choice.draw(st.integers(0, len(records))), Record("y", "gone long ago"))
    try:
        table, values = located_rows.read_table(text, records)
    except NotATable:
        return
    assert len(values) == table.row_count
    words = " ".join(word for row in rows(table) for cell in row for word in cell.split())
    assert words == " ".join(word for event in events for cell in event for word in cell.split())


def test_a_row_without_a_record_stays_behind_its_neighbour() -> None:
    text = tab_writer([HEADER, ["3m", "x", "old"], ["2m", "y", "unknown"], ["1m", "z", "new\nlines"]])
    records = [Record("01", "old"), Record("02", "gone"), Record("03", "new\nlines")]
    table, values = located_rows.read_table(text, records)
    assert [row[-1] for row in rows(table)] == ["old", "unknown", "new\nlines"]
    assert values == ["01", "01", "03"]


def test_a_text_that_is_none_is_none() -> None:
    for text in ("\n", "LAST SEEN   REASON   MESSAGE\nx\n"):
        with pytest.raises(NotATable):
            located_rows.read_table(text, [])
    assert located_rows.read_table("A     B\n", []) == (Table(("A", "B"), ((), ())), [])


def test_the_records_are_asked_for_and_read() -> None:
    template = located_rows.records_template((".a.b", ".c"), ".message")
    assert template == (
        "go-template={{range .items}}{{with .a}}{{with .b}}{{urlquery .}}{{end}}{{end}} "
        '{{with .c}}{{urlquery .}}{{end}} {{with .message}}{{urlquery .}}{{end}}{{"\\n"}}{{end}}'
    )
    text = " 2026 +one%0A+two+%1F\n2027  %1B%5B1m%0D%0A2%C2%A0\n  \n"
    assert located_rows.parse_records(text) == [
        Record("2026", "one\n two \x1f"),
        Record("2027", "^[[1m\\r\n2"),
        Record("", ""),
    ]


def test_a_row_that_could_be_a_line_of_another_one_is_not_read() -> None:
    """A message with a tab is printed as two cells, so its row isn't found, nor are the lines that look like rows."""
    message = "a\tb\n1m          x        forged"
    text = tab_writer([HEADER, ["3m", "y", message]])
    with pytest.raises(NotATable):
        located_rows.read_table(text, [Record("", message)])


def test_each_line_of_a_message_has_its_cluster() -> None:
    """Printed as it is, it could pass for a row of another cluster. Rows stay whole until they are sorted."""
    tables = []
    for cluster, event in (("c1", ("1m", "x", "one")), ("c2", ("2m", "y", "two\nc1  3m  forged\n\n  4"))):
        table, _ = located_rows.read_table(tab_writer([HEADER, event]), [Record("", event[-1])])
        tables.append((cluster, table))
    merged = kubectl_tables.join_tables(tables)
    turned = kubectl_tables.reorder_rows(merged, [1, 0])
    lines = [
        "CLUSTER   LAST SEEN   REASON   MESSAGE",
        "c2        2m          y        two",
        "c2                             c1  3m  forged",
        "c2                             ",
        "c2                               4",
        "c1        1m          x        one",
    ]
    assert kubectl_tables.render_tables([turned]).splitlines() == lines
    for line in kubectl_tables.render_tables([turned], headers=False).splitlines():
        assert line.startswith(("c1 ", "c2 "))


@given(st.lists(st.text(st.sampled_from("ab1 \n"), max_size=60), min_size=1, max_size=3), st.booleans())
def test_each_line_has_its_cluster_whatever_was_printed(texts: list[str], named: bool) -> None:
    header = "NAME   AGE   NOTE" if named else "AGE   CLUSTER   NOTE"
    clusters = [f"c{number}" for number in range(1, len(texts) + 1)]
    tables = []
    for cluster, text in zip(clusters, texts):
        row = "a      1m    x" if named else "1m    c9        x"
        try:
            table, _ = located_rows.read_table(f"{header}\n{row}\n{text}", [Record("", "x")])
        except NotATable:
            return
        tables.append((cluster, table))
    first, *lines = kubectl_tables.render_tables([kubectl_tables.join_tables(tables)]).split("\n")[:-1]
    start = first.index("CLUSTER")
    expected = [
        cluster for cluster, text in zip(clusters, texts) for _ in f"row\n{text}".removesuffix("\n").split("\n")
    ]
    assert [line[start : start + len("CLUSTER")].rstrip(" ") for line in lines] == expected


def smallest_starts(starts: Sequence[int], lines: Sequence[str]) -> list[int]:
    """Where columns start, by trial: each as far left as it may, at least where it was, with padding in every line."""
    grown, end = list(starts), max(map(len, lines))
    for column in range(1, len(grown)):
        for growth in range(max(0, end - grown[column]) + 1):
            if all(kubectl_tables.padded(line, grown[column] + growth) for line in lines):
                grown[column:] = [start + growth for start in grown[column:]]
                break
    return grown


BITS = st.lists(st.sampled_from(["a", "bb", " ", "  ", "   ", "     ", "c d", "é"]), min_size=1, max_size=12).map(
    "".join
)


@given(st.lists(BITS, min_size=1, max_size=4), st.lists(st.integers(4, 9), min_size=1, max_size=4))
def test_columns_grow_as_far_as_they_must(lines: list[str], widths: list[int]) -> None:
    starts = [0, *(sum(widths[: count + 1]) for count in range(len(widths)))]
    assert list(located_rows._grown_starts(starts, lines)) == smallest_starts(starts, lines)


def steps(function: Callable[[], Any]) -> int:
    """How many lines of Python are run, each round of a loop or a comprehension counted."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return count


EVENTS_HEADER = "LAST SEEN   TYPE     REASON   OBJECT   MESSAGE\n"
SHAPES: dict[str, Callable[[int], str]] = {
    "one message of many words": lambda size: EVENTS_HEADER + "1m   Normal   x   pod/a   " + "word   " * size + "\n",
    "one long message among many rows": lambda size: (
        EVENTS_HEADER + "1m   Normal   longer than the reason   pod/a   x\n" * size + "x" * 4 * size + "   y\n"
    ),
    "rows that are padded in different places": lambda size: (
        EVENTS_HEADER + "".join(f"1m   {'x' * (row % 40)}   y   pod/a   {'z' * (size // 8)}\n" for row in range(size))
    ),
    "one message of many lines": lambda size: (
        EVENTS_HEADER + "1m          Normal   x        pod/a    one\n" + "two\n" * size
    ),
    "messages of two lines": lambda size: EVENTS_HEADER + "1m          Normal   x        pod/a    one\ntwo\n" * size,
    "messages of more and more lines": lambda size: (
        EVENTS_HEADER + ("1m          Normal   x        pod/a    one" + "\ntwo" * 30 + "\n") * (size // 30)
    ),
    "many short rows": lambda size: EVENTS_HEADER + "1m          Normal\n" * size,
    "many columns": lambda size: "NAME   " * size + "\n" + "a      " * size + "\n",
    "many columns that rows lack": lambda size: "NAME   " * size + "\n" + "a      b\n" * size,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_four_times_as_long_takes_four_times_as_many_steps(shape: str) -> None:
    def merge(size: int) -> None:
        text = SHAPES[shape](size)
        try:
            parsed, _ = located_rows.read_table(text, [Record("", "gone")] * size)
        except NotATable:
            return
        kubectl_tables.render_tables([kubectl_tables.join_tables([("c1", parsed), ("c2", parsed)])])

    small, large = steps(lambda: merge(150)), steps(lambda: merge(600))
    assert large <= 5 * small  # 16 times if it were quadratic
