from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge import kubectl_tables
from kubectl_mc.merge.kubectl_tables import MAX_CELL, MAX_COLUMNS, MAX_LINE, PADDING, Table
from tests.recordings import recording

TABLES = [
    "api-resources", "can-i-list", "events", "get-all", "get-custom-columns", "get-events", "get-mixed-notfound",
    "get-nodes-wide", "get-pods", "get-pods-A", "get-pods-L", "get-pods-labels", "get-pods-wide", "get-pv",
    "get-two-named", "get-two-types", "get-widgets-wide", "whoami",
]  # fmt: skip


def tab_writer(rows: list[list[str]]) -> str:
    """Go's tabwriter as kubectl sets it up: a column is as wide as its widest cell plus 3, and 6 at least."""
    widths = [max(6, max(len(cell) for cell in column) + 3) for column in zip(*rows)]
    lines = [
        "".join(cell + " " * (width - len(cell)) for cell, width in zip(row[:-1], widths)) + row[-1] for row in rows
    ]
    return "".join(line + "\n" for line in lines)


def one(text: str) -> Table:
    (parsed,) = kubectl_tables.parse_tables(text)
    return parsed


def rows(parsed: Table) -> list[list[str]]:
    return [list(row) for row in zip(*parsed.columns)]


def joined(*texts: str) -> Table:
    return kubectl_tables.join_tables([(f"c{number}", one(text)) for number, text in enumerate(texts, start=1)])


@pytest.mark.parametrize("name", TABLES)
def test_a_recorded_table_is_rendered_to_the_very_bytes(name: str) -> None:
    text = recording(name).stdout
    assert kubectl_tables.render_tables(kubectl_tables.parse_tables(text)) == text


@pytest.mark.parametrize("name", ["get-pods"])
def test_the_oracle_is_kubectls_tab_writer(name: str) -> None:
    text = recording(name).stdout
    assert tab_writer([line.split() for line in text.splitlines()]) == text


def test_without_headers_a_table_is_kubectls_own_without_headers() -> None:
    parsed = kubectl_tables.parse_tables(recording("get-pods-wide").stdout)
    narrow = [Table(parsed[0].header[:5], parsed[0].columns[:5])]
    assert kubectl_tables.render_tables(narrow, headers=False) == recording("get-pods-noheaders").stdout


def test_cells_with_two_spaces_and_empty_cells_are_read() -> None:
    parsed = one(recording("get-widgets-wide").stdout)
    assert dict(zip(parsed.header, rows(parsed)[0])) == {
        "NAME": "w1", "SIZE": "1", "PHASE": "", "NOTE": "has  two spaces", "AGE": "2m2s",
    }  # fmt: skip


def test_headers_with_spaces_are_one_column_each() -> None:
    assert one(recording("can-i-list").stdout).header == ("Resources", "Non-Resource URLs", "Resource Names", "Verbs")


# A cell: any text without characters that end a cell or a line. A space at a cell's end would look like padding.
CELLS = st.text(st.characters(exclude_characters="\n\r\t\f\v\x1b", exclude_categories=["Cs"]), max_size=12).map(
    lambda text: text.rstrip(" ")
)
HEADERS = st.from_regex(r"[A-Za-z(é世\u00a0]{1,8}( [A-Z)]{1,5})?", fullmatch=True)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """A header and rows; a lone column has no empty cells, because a blank line ends a table."""
    header = draw(st.lists(HEADERS, min_size=1, max_size=5))
    cells = CELLS if len(header) > 1 else CELLS.filter(bool)
    row = st.lists(cells, min_size=len(header), max_size=len(header))
    return [header, *draw(st.lists(row, max_size=5))]


@given(tables())
def test_any_cells_survive_kubectls_tab_writer(written: list[list[str]]) -> None:
    header, *body = written
    text = tab_writer(written)
    parsed = one(text)
    assert parsed.header == tuple(header)
    assert rows(parsed) == body
    assert kubectl_tables.render_tables([parsed]) == text


@given(st.lists(tables(), min_size=1, max_size=3))
def test_joining_loses_no_cell(written: list[list[list[str]]]) -> None:
    texts = [tab_writer(table) for table in written]
    merged = joined(*texts)
    clusters = merged.columns[merged.header.index("CLUSTER")]
    assert list(clusters) == [f"c{n}" for n, (_, *body) in enumerate(written, start=1) for _ in body]
    assert all(len(column) == merged.row_count for column in merged.columns)
    cells = sorted(cell for row in rows(merged) for cell in row if cell)
    assert cells == sorted([cell for _, *body in written for row in body for cell in row if cell] + list(clusters))


def test_the_merged_table_is_laid_out_as_kubectls() -> None:
    text = recording("get-pods-A").stdout
    merged = joined(text, text)
    assert kubectl_tables.render_tables([merged]) == tab_writer([list(merged.header), *rows(merged)])


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("get-pods", ("NAME", "CLUSTER", "READY")),
        ("get-pods-A", ("NAMESPACE", "NAME", "CLUSTER", "READY")),
        ("get-events", ("CLUSTER", "LAST SEEN")),
        ("get-custom-columns", ("CLUSTER", "N", "I")),
        ("api-resources", ("NAME", "CLUSTER", "SHORTNAMES")),
    ],
)
def test_cluster_stands_behind_name_or_in_front(name: str, start: tuple[str, ...]) -> None:
    assert joined(recording(name).stdout).header[: len(start)] == start


@pytest.mark.parametrize(
    ("headers", "union"),
    [
        (["NAME   AGE", "NAME   AGE"], ("NAME", "CLUSTER", "AGE")),
        (["NAME   AGE", "NAME   SIZE   AGE"], ("NAME", "CLUSTER", "SIZE", "AGE")),
        (["NAME   SIZE   AGE", "NAME   AGE"], ("NAME", "CLUSTER", "SIZE", "AGE")),
        (["NAME   A   B", "NAME   C   B   D"], ("NAME", "CLUSTER", "C", "A", "B", "D")),
        (["A   A   B", "A   B"], ("CLUSTER", "A", "A", "B")),
        (["NAME   CLUSTER   AGE"], ("NAME", "CLUSTER", "CLUSTER", "AGE")),
        (["NAME   AGE", "Cluster   NAME   AGE"], ("CLUSTER", "Cluster", "NAME", "AGE")),
        (["NAMESPACE   CLUSTER   NAME"], ("NAMESPACE", "CLUSTER", "CLUSTER", "NAME")),
    ],
)
def test_the_columns_of_all_clusters_are_kept_in_their_order(headers: list[str], union: tuple[str, ...]) -> None:
    assert joined(*(header + "\n" for header in headers)).header == union


def test_a_column_that_a_cluster_lacks_is_empty_there() -> None:
    merged = joined("NAME   AGE\na      1m\n", "NAME   SIZE   AGE\nb      5      2m\n")
    assert rows(merged) == [["a", "c1", "", "1m"], ["b", "c2", "5", "2m"]]


def test_a_header_without_rows_is_a_table() -> None:
    merged = joined("NAME   AGE\n", "NAME   AGE\nb      2m\n")
    assert kubectl_tables.render_tables([merged]) == "NAME   CLUSTER   AGE\nb      c2        2m\n"
    assert kubectl_tables.render_tables([joined("NAME   AGE\n")], headers=False) == ""


def test_each_type_of_several_tables_is_a_group() -> None:
    parsed = kubectl_tables.parse_tables(recording("get-two-types").stdout)
    groups = kubectl_tables.group_by_type([("c1", parsed), ("c2", parsed)])
    assert {name: [cluster for cluster, _ in members] for name, members in groups.items()} == {
        "deployment.apps": ["c1", "c2"],
        "service": ["c1", "c2"],
    }


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_table_without_prefix_belongs_to_the_one_like_it(order: tuple[int, int]) -> None:
    """kubectl writes no `deployment.apps/` where it has objects of one type only."""
    several = kubectl_tables.parse_tables(recording("get-two-types").stdout)
    single = kubectl_tables.parse_tables(recording("get-mixed-notfound").stdout)
    answers = [("several", several), ("single", single)]
    groups = kubectl_tables.group_by_type([answers[index] for index in order])
    assert {name: {cluster for cluster, _ in members} for name, members in groups.items()} == {
        "deployment.apps": {"several", "single"},
        "service": {"several"},
    }


def test_a_slash_in_one_name_makes_no_group() -> None:
    parsed = one("NAME    AGE\na/b     1m\nc       2m\n")
    assert list(kubectl_tables.group_by_type([("c1", [parsed])])) == [""]


def test_tables_without_headers_have_no_blank_line_between_them() -> None:
    parsed = kubectl_tables.parse_tables(recording("get-two-types").stdout)
    assert "\n\n" in kubectl_tables.render_tables(parsed)
    assert len(kubectl_tables.render_tables(parsed, headers=False).splitlines()) == 3


@pytest.mark.parametrize("text", ["NAME   AGE\nshort\n", "   \n", "a b c   d\nx\n"])
def test_what_ends_before_its_last_column_is_no_table(text: str) -> None:
    with pytest.raises(kubectl_tables.NotATable):
        kubectl_tables.parse_tables(text)


def test_nothing_is_no_table_at_all() -> None:
    assert kubectl_tables.parse_tables("") == []


def test_rows_can_be_put_in_another_order() -> None:
    merged = kubectl_tables.reorder_rows(one("NAME   AGE\na      1m\nb      2m\n"), [1, 0])
    assert rows(merged) == [["b", "2m"], ["a", "1m"]]


def test_a_percent_sign_is_a_percent_sign() -> None:
    text = "NAME   USE\na%s    25%\n"
    assert kubectl_tables.render_tables(kubectl_tables.parse_tables(text)) == text


def test_a_row_may_end_before_its_last_columns() -> None:
    """kubectl prints the usage of a node in percent only where it knows what the node has."""
    text = (
        "NAME      CPU(cores)   CPU(%)   MEMORY(bytes)   \nc1-node   22m          37Mi     \nc2-node   1m           \n"
    )
    assert rows(one(text)) == [["c1-node", "22m", "37Mi", "", ""], ["c2-node", "1m", "", "", ""]]


# What `kubectl events` prints: words, and messages of several lines.
WORDS = st.from_regex(r"[a-z/]{1,9}( [a-z]{1,9})?", fullmatch=True)
LINES = st.from_regex(r"( {0,2}[a-z]{1,30}){0,3}", fullmatch=True)


@st.composite
def events(draw: st.DrawFn) -> list[list[str]]:
    """A header and rows whose last cells may have several lines; the first may be long, and blank lines may follow."""
    width = draw(st.integers(2, 4))
    message = st.lists(LINES, min_size=1, max_size=3).map("\n".join).map(lambda text: text.lstrip(" "))
    row = st.tuples(*[WORDS] * (width - 1), message).map(list)
    return [draw(st.lists(HEADERS, min_size=width, max_size=width)), *draw(st.lists(row, max_size=5))]


def remembering_tab_writer(written: list[list[str]]) -> str:
    """As `tab_writer`, for cells with newlines: after one, columns start anew, but never get narrower."""
    text, block, widths = "", list[list[str]](), [0] * (len(written[0]) - 1)
    for row in written:
        block.append([*row[:-1], row[-1].partition("\n")[0]])
        if "\n" in row[-1] or row is written[-1]:
            widths = [
                max(6, width, *(len(cells[column]) + 3 for cells in block)) for column, width in enumerate(widths)
            ]
            text += "".join(
                "".join(cell.ljust(width) for cell, width in zip(cells, widths)) + cells[-1] + "\n" for cells in block
            )
            text += "".join(f"{line}\n" for line in row[-1].split("\n")[1:])
            block = []
    return text


@given(events())
def test_cells_of_several_lines_survive_kubectls_tab_writer(written: list[list[str]]) -> None:
    header, *body = written
    (parsed,) = kubectl_tables.parse_tables(remembering_tab_writer(written), several=False)
    assert parsed.header == tuple(header)
    assert rows(parsed) == body


def test_each_line_of_a_message_has_its_cluster() -> None:
    """Printed as it is, it could pass for a row of another cluster. Rows stay whole until they are sorted."""
    header = "LAST SEEN   REASON   MESSAGE\n"
    texts = (header + "1m          x        one\n", header + "2m          y        two\nc1  3m  forged\n\n  4\n")
    parsed = [table for text in texts for table in kubectl_tables.parse_tables(text, several=False)]
    merged = kubectl_tables.join_tables(list(zip(("c1", "c2"), parsed)))
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


def test_a_header_of_two_lines_needs_no_rows() -> None:
    """custom-columns takes any text for a header."""
    empty = kubectl_tables.join_tables([("c1", Table(("NAME", "A\nB"), ((), ())))])
    assert kubectl_tables.render_tables([empty]) == "NAME   CLUSTER   A\nB\n"


@given(st.lists(st.text(st.sampled_from("ab1 \n"), max_size=60), min_size=1, max_size=3), st.booleans())
def test_each_line_has_its_cluster_whatever_was_printed(texts: list[str], named: bool) -> None:
    header = "NAME   AGE   NOTE" if named else "AGE   CLUSTER   NOTE"
    clusters = [f"c{number}" for number in range(1, len(texts) + 1)]
    tables = []
    for cluster, text in zip(clusters, texts):
        row = "a      1m    x" if named else "1m    c9        x"
        (table,) = kubectl_tables.parse_tables(f"{header}\n{row}\n{text}", several=False)
        tables.append((cluster, table))
    first, *lines = kubectl_tables.render_tables([kubectl_tables.join_tables(tables)]).split("\n")[:-1]
    start = first.index("CLUSTER")
    expected = [
        cluster for cluster, text in zip(clusters, texts) for _ in f"row\n{text}".removesuffix("\n").split("\n")
    ]
    assert [line[start : start + len("CLUSTER")].rstrip(" ") for line in lines] == expected


def test_no_word_of_a_message_is_cut_in_two() -> None:
    """A line with padding of its own is not a row."""
    text = (
        HEADER
        + "1m          Normal   x        pod/a    one\n"
        + "word   word   word   word\n"
        + "2m          Normal   y        b        z\n"
    )
    (parsed,) = kubectl_tables.parse_tables(text, several=False)
    assert rows(parsed) == [
        ["1m", "Normal", "x", "pod/a", "one\nword   word   word   word"],
        ["2m", "Normal", "y", "b", "z"],
    ]


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
    assert list(kubectl_tables._grown_starts(starts, lines)) == smallest_starts(starts, lines)


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


HEADER = "LAST SEEN   TYPE     REASON   OBJECT   MESSAGE\n"
SHAPES: dict[str, Callable[[int], str]] = {
    "one message of many words": lambda size: HEADER + "1m   Normal   x   pod/a   " + "word   " * size + "\n",
    "one long message among many rows": lambda size: (
        HEADER + "1m   Normal   longer than the reason   pod/a   x\n" * size + "x" * 4 * size + "   y\n"
    ),
    "rows that are padded in different places": lambda size: (
        HEADER + "".join(f"1m   {'x' * (row % 40)}   y   pod/a   {'z' * (size // 8)}\n" for row in range(size))
    ),
    "one message of many lines": lambda size: HEADER + "1m          Normal   x        pod/a    one\n" + "two\n" * size,
    "messages of two lines": lambda size: HEADER + "1m          Normal   x        pod/a    one\ntwo\n" * size,
    "messages of more and more lines": lambda size: (
        HEADER + ("1m          Normal   x        pod/a    one" + "\ntwo" * 30 + "\n") * (size // 30)
    ),
    "many short rows": lambda size: HEADER + "1m          Normal\n" * size,
    "many columns": lambda size: "NAME   " * size + "\n" + "a      " * size + "\n",
    "many columns that rows lack": lambda size: "NAME   " * size + "\n" + "a      b\n" * size,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_four_times_as_long_takes_four_times_as_many_steps(shape: str) -> None:
    def merge(size: int) -> None:
        text = SHAPES[shape](size)
        try:
            (parsed,) = kubectl_tables.parse_tables(text, several=False)
        except kubectl_tables.NotATable:
            return
        kubectl_tables.render_tables([kubectl_tables.join_tables([("c1", parsed), ("c2", parsed)])])

    small, large = steps(lambda: merge(150)), steps(lambda: merge(600))
    assert large <= 5 * small  # 16 times if it were quadratic


@pytest.mark.parametrize("length", [MAX_CELL, MAX_CELL + 1, 1_000_000])
def test_a_cell_makes_only_so_much_room_in_other_rows(length: int) -> None:
    table = Table(("NAME", "AGE"), (["x" * length, "a"], ["1m", "2m"]))
    header, long, short = kubectl_tables.render_tables([table]).splitlines()
    assert long == f"{'x' * length}   1m"
    assert header.index("AGE") == short.index("2m") == (length + PADDING if length <= MAX_CELL else 7)


def test_no_cell_is_long_enough_to_move_another_one_into_the_cluster_column() -> None:
    name = "a".ljust(MAX_CELL) + "c1"
    tables = [("c1", Table(("NAME", "AGE"), (["a"], ["1m"]))), ("c2", Table(("NAME", "AGE"), ([name], ["2m"])))]
    _, first, second = kubectl_tables.render_tables([kubectl_tables.join_tables(tables)]).splitlines()
    assert (first.split(), second.split()) == (["c1", "a", "1m"], ["c2", "a", "c1", "2m"])


def test_many_columns_make_only_so_much_room_in_other_rows() -> None:
    names = [f"{number:0900}" for number in range(MAX_COLUMNS)]
    table = Table(("NAME", *names), (["a"], *([""] for _ in names)))
    row = kubectl_tables.render_tables([table]).splitlines()[1]
    assert len(row) <= MAX_LINE + (MAX_COLUMNS + 1) * (PADDING + 6)


def test_what_has_too_many_columns_is_no_table() -> None:
    """One cluster's header must not make the rows of the others longer and longer."""
    header = "   ".join(map(str, range(MAX_COLUMNS + 1)))
    with pytest.raises(kubectl_tables.NotATable):
        kubectl_tables.parse_tables(f"{header}\n")
    halves = ["   ".join(f"{half}{number}" for number in range(MAX_COLUMNS // 2 + 1)) + "\n" for half in "ab"]
    with pytest.raises(kubectl_tables.NotATable):
        joined(*halves)
