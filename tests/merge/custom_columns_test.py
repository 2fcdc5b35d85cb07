# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge import custom_columns
from kubectl_mc.merge.kubectl_tables import NotATable, Table
from tests.merge.tab_writer import tab_writer


@pytest.mark.parametrize(
    ("spec", "headers", "marked"),
    [
        ("N:.metadata.name", ("N",), "-:.metadata.uid,-:.metadata.name,-:.metadata.uid"),
        ("MY  NAME:.a,:b", ("MY  NAME", ""), "-:.metadata.uid,-:.a,-:.metadata.uid,-:b,-:.metadata.uid"),
        ("A:.m[?(@.x:y)]", ("A",), "-:.metadata.uid,-:.m[?(@.x:y)],-:.metadata.uid"),
        ("U:.metadata.uid,V:{metadata.uid},N:.a", ("U", "V", "N"), "-:.metadata.uid,-:.a,-:.metadata.uid"),
        ("U:metadata.uid", ("U",), "-:.metadata.uid"),
        ("N", ("N",), "N"),
        ("N:", ("N",), "N:"),
        ("N:.a,", ("N", ""), "N:.a,"),
    ],
)
def test_each_column_stands_between_marks(spec: str, headers: tuple[str, ...], marked: str) -> None:
    assert custom_columns.column_headers(spec) == headers
    assert custom_columns.marked_spec(spec) == marked


@pytest.mark.parametrize(
    ("template", "spec"),
    [
        ("NAME  AGE\n.metadata.name   .x\n", "NAME:.metadata.name,AGE:.x"),
        ("NAME\n.a\nignored", "NAME:.a"),
        ("NAME AGE\n.a\n", None),
        ("NAME\n", None),
        ("", None),
        ("NAME\n['a','b']\n", None),
    ],
)
def test_a_template_is_a_spec(template: str, spec: str | None) -> None:
    assert custom_columns.inline_spec(template) == spec


UIDS = ("1b0d7d9c-1", "1b0d7d9c-2", "short", "a-longer-uid-than-the-others")


def printed(uids: list[str], rows: list[list[str]]) -> str:
    """What kubectl prints for the marked spec."""
    marked = [[uid, *(part for cell in row for part in (cell, uid))] for uid, row in zip(uids, rows)]
    return tab_writer([["-"] * (2 * len(rows[0]) + 1), *marked]) if rows else "-     -     -\n"


CELLS = st.lists(
    st.sampled_from(["", "a", "b c", "   x", "x   y", "long text with words", " ", "short", "é世"]), max_size=4
)


@st.composite
def rows(draw: st.DrawFn) -> list[list[str]]:
    """Rows of cells of several lines, which don't end with blanks."""
    cell = CELLS.map("\n".join).map(lambda text: text.rstrip(" "))
    width = draw(st.integers(1, 4))
    return draw(st.lists(st.lists(cell, min_size=width, max_size=width), min_size=1, max_size=4))


@given(rows())
def test_any_cells_are_read_as_they_are(written: list[list[str]]) -> None:
    uids = [f"{number}b0d7d9c-{'x' * number}" for number in range(len(written))]
    headers = tuple(f"H{number}" for number in range(len(written[0])))
    table = custom_columns.read_table(printed(uids, written), ",".join(f"{header}:.x" for header in headers))
    assert table.header == headers
    assert [list(row) for row in zip(*table.columns)] == written


@given(rows(), st.data())
def test_objects_without_uids_are_read_exactly_or_not_at_all(written: list[list[str]], choice: st.DataObject) -> None:
    uids = [choice.draw(st.sampled_from(("<none>", "<none>", "u1", "short"))) for _ in written]
    spec = ",".join(f"{number}:.x" for number in range(len(written[0])))
    try:
        table = custom_columns.read_table(printed(uids, written), spec)
    except NotATable:
        return
    assert [list(row) for row in zip(*table.columns)] == written


def test_what_is_no_answer_to_a_marked_spec_is_not_read() -> None:
    for text in ("NAME   AGE\na      b\n", "-     -\na     b\n", "-   -   -\nu   a\n", ""):
        with pytest.raises(NotATable):
            custom_columns.read_table(text, "N:.x")
    assert custom_columns.read_table("-     -     -\n", "N:.x") == Table(("N",), ((),))


def test_columns_of_the_uid_are_filled_by_the_marks() -> None:
    table = custom_columns.read_table(printed(["u1", "u2"], [["a"], ["b\nc"]]), "U:.metadata.uid,A:.a,V:metadata.uid")
    assert table == Table(("U", "A", "V"), (("u1", "u2"), ("a", "b\nc"), ("u1", "u2")))
    assert custom_columns.read_table("-\nu1\n", "U:.metadata.uid") == Table(("U",), (("u1",),))
