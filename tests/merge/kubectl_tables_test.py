# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge import kubectl_tables
from kubectl_mc.merge.kubectl_tables import MAX_CELL, MAX_COLUMNS, MAX_LINE, PADDING, Table
from tests.merge.tab_writer import tab_writer
from tests.recordings import recording

TABLES = [
    "api-resources", "can-i-list", "events", "get-all", "get-custom-columns", "get-events", "get-mixed-notfound",
    "get-nodes-wide", "get-pods", "get-pods-A", "get-pods-L", "get-pods-labels", "get-pods-wide", "get-pv",
    "get-two-named", "get-two-types", "get-widgets-wide", "whoami",
]  # fmt: skip


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
        ("deployment.apps", 0): ["c1", "c2"],
        ("service", 0): ["c1", "c2"],
    }


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_table_without_prefix_belongs_to_the_one_like_it(order: tuple[int, int]) -> None:
    """kubectl writes no `deployment.apps/` where it has objects of one type only."""
    several = kubectl_tables.parse_tables(recording("get-two-types").stdout)
    single = kubectl_tables.parse_tables(recording("get-mixed-notfound").stdout)
    answers = [("several", several), ("single", single)]
    groups = kubectl_tables.group_by_type([answers[index] for index in order])
    assert {name: {cluster for cluster, _ in members} for name, members in groups.items()} == {
        ("deployment.apps", 0): {"several", "single"},
        ("service", 0): {"several"},
    }


def test_a_slash_in_one_name_makes_no_group() -> None:
    parsed = one("NAME    AGE\na/b     1m\nc       2m\n")
    assert list(kubectl_tables.group_by_type([("c1", [parsed])])) == [("", 0)]


def test_two_versions_of_a_type_are_two_tables() -> None:
    first, second = one("NAME     SIZE\nx/a      1\n"), one("NAME     WIDTH\nx/a      2\n")
    groups = kubectl_tables.group_by_type([("c1", [first, second]), ("c2", [first, second])])
    assert groups == {("x", number): [("c1", table), ("c2", table)] for number, table in enumerate((first, second))}


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


def test_a_header_of_two_lines_needs_no_rows() -> None:
    """custom-columns takes any text for a header."""
    empty = kubectl_tables.join_tables([("c1", Table(("NAME", "A\nB"), ((), ())))])
    assert kubectl_tables.render_tables([empty]) == "NAME   CLUSTER   A\nB\n"


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


@pytest.mark.parametrize(
    ("sequences", "merged"),
    [
        (["abd", "abcd"], "abcd"),
        (["bd", "abcd"], "abcd"),
        (["a", "a", "b", "c"], "abc"),
        (["ab", "ac"], "abc"),
        (["ab", "ba"], "ab"),
        ([], ""),
    ],
)
def test_sequences_are_merged(sequences: list[str], merged: str) -> None:
    assert kubectl_tables.merged_sequence(sequences) == [*merged]


@given(st.lists(st.lists(st.sampled_from("abcdef"), unique=True)), st.permutations("abcdef"))
def test_what_is_of_one_order_is_merged_into_it_if_the_first_has_all(parts: list[list[str]], order: list[str]) -> None:
    ordered = [sorted(part, key=order.index) for part in parts]
    assert kubectl_tables.merged_sequence([order, *ordered]) == order
    assert sorted(kubectl_tables.merged_sequence(parts)) == sorted({item for part in parts for item in part})
