# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Texts with colours: without these they are as they were, and each colour ends where it belongs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge import folding, kubectl_tables, lines
from kubectl_mc.merge.kubectl_tables import Table
from kubectl_mc.merge.watches import WatchedTable
from kubectl_mc.messages import own_tables, painted_notices, painted_texts, painting
from kubectl_mc.messages.terminal_text import COLOUR, TerminalFilter
from kubectl_mc.processes.requests import Look

# What a text is made of that our colours are about, or that could break them.
PIECES = (
    "Running", "CrashLoopBackOff", "1/2", "0", "True", "error", "Error:", "Warning:", "CLUSTER: c2", "[c1, c2] ",
    "[c1] ", "Name:", "  ", "   ", "\t", "\n", "- ", '"key": ', "1.5", "null", "deployment.apps/cart ", "configured",
    'pod "web" ', "deleted", "2 of 3 clusters answered", "diff -u a b\n", "@@", "+", "NAME", "ä", "漢", "\udc80", "",
)  # fmt: skip
PLAIN = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
WITH_COLOURS = st.lists(st.sampled_from((*PIECES, "\x1b[31m", "\x1b[0m", "\x1b")), max_size=14).map("".join)

PAINTERS: tuple[Callable[[str], str], ...] = (
    painted_texts.painted_text,
    painted_texts.painted_document,
    painted_notices.painted_notices,
    lambda text: "\n".join(map(painted_notices.painted_line, text.split("\n"))),
    lambda text: "\n".join(map(painting.painted_header, text.split("\n"))),
    lambda text: "\n".join(painting.painted_cell("STATUS", cell) for cell in text.split("\n")),
    lambda text: folded_text(text, colours=True),
    lambda text: lines.prefixed([("c1", text)], colours=True),
    lambda text: lines.tabbed([("c1", text)], colours=True),
)


def folded_text(text: str, colours: bool) -> str:
    chosen = folding.Chosen(["c1", "c2", "c3"], ["c1", "c2", "c3"], Look(True, colours))
    return folding.folded_texts([(("c1", ""), text), (("c2", ""), text), (("c3", ""), "x")], chosen)


# A line in which each colour is of some text, and ends: nothing is left for the next line.
LINE = re.compile(r"(?:[^\x1b]|\x1b\[\d+m[^\x1b]+\x1b\[0m)*")


def is_painted_right(text: str) -> bool:
    return all(map(LINE.fullmatch, text.split("\n")))


@pytest.mark.parametrize("paint", PAINTERS)
@given(PLAIN)
def test_without_its_colours_a_text_is_as_it_was(paint: Callable[[str], str], text: str) -> None:
    painted = paint(text)
    assert is_painted_right(painted)
    # The last ones are put together differently: they are compared with what they are without colours.
    plain = {
        PAINTERS[-3]: lambda: folded_text(text, colours=False),
        PAINTERS[-2]: lambda: lines.prefixed([("c1", text)]),
        PAINTERS[-1]: lambda: lines.tabbed([("c1", text)]),
    }.get(paint, lambda: text)()
    assert COLOUR.sub("", painted) == plain


@pytest.mark.parametrize("paint", PAINTERS[:-3])
@given(WITH_COLOURS)
def test_a_text_with_colours_of_its_own_loses_nothing(paint: Callable[[str], str], text: str) -> None:
    assert COLOUR.sub("", paint(text)) == COLOUR.sub("", text)


BEGINNINGS = (
    "[",
    "[a, ",
    "  ",
    "- ",
    "A ",
    "A   ",
    "a/",
    'pod "',
    '"',
    "Error",
    "+",
    "2 of 3 clusters answered",
    " a: ",
    "x\t",
)


@pytest.mark.parametrize("paint", PAINTERS)
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_long_line_is_read_in_one_pass(paint: Callable[[str], str], beginning: str) -> None:
    """What a cluster writes must not take for ever: in more than one pass, each of these would take seconds."""
    for filling in ("a", " ", "A", "1", ", a", "- ", "\\"):
        paint(beginning + filling * 100_000 + "!")


# --- Tables ----------------------------------------------------------------------------------------------------------

CELLS = st.sampled_from(
    ("", "Running", "1/2", "CLUSTER", "error", "c1", "3 (5m ago)", "ä漢", "\x1b[31mred", "x\ny", "n" * 1500, "a   b")
)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A table as the clusters' tables are merged."""
    header = tuple(draw(st.lists(st.sampled_from(("NAME", "STATUS", "READY", "AGE", "")), min_size=1, max_size=4)))
    count = draw(st.integers(0, 4))
    columns = [draw(st.lists(CELLS, min_size=count, max_size=count)) for _ in header]
    return kubectl_tables.join_tables(
        [("c1", Table(header, tuple(columns))), ("prod-eu", Table(header, tuple(columns)))]
    )


@given(st.lists(tables(), min_size=1, max_size=2), st.booleans())
def test_a_table_keeps_its_width(written: list[Table], headers: bool) -> None:
    plain = kubectl_tables.render_tables(written, headers)
    painted = kubectl_tables.render_tables(written, headers, colours=True)
    assert COLOUR.sub("", painted) == COLOUR.sub("", plain)


@given(
    st.lists(st.sampled_from(("Running", "Error", "1/2", "x" * 30, "\x1b[1mx")), min_size=1, max_size=8), st.booleans()
)
def test_a_watch_keeps_its_width(statuses: list[str], headers: bool) -> None:
    watches = [WatchedTable(headers, colours=colours) for colours in (False, True)]
    for number, status in enumerate(statuses):
        cluster, added = f"c{number % 2}", f"web-{number}   {status:<10}   5m"
        rows = ["NAME    STATUS       AGE", added] if number < 2 else [added]
        plain, painted = (watch.feed(cluster, rows) for watch in watches)
        assert COLOUR.sub("", painted) == COLOUR.sub("", plain)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4))
def test_a_table_of_ours_keeps_its_width(rows: list[tuple[str, str, str]]) -> None:
    header = ("NAME", "HEALTH", "REACHABLE")
    painted = own_tables.render_table(header, rows, colours=True, clusters="NAME")
    assert COLOUR.sub("", painted) == own_tables.render_table(header, rows)
    assert is_painted_right(painted)


def test_what_has_which_colour_in_a_table() -> None:
    table = Table(("NAME", "CLUSTER", "READY", "STATUS"), (["error"], ["c1"], ["0/1"], ["Init:Error"]))
    assert kubectl_tables.render_tables([table], colours=True) == (
        "\x1b[1mNAME    CLUSTER   READY   STATUS\x1b[0m\n"
        "error   \x1b[95mc1\x1b[0m        \x1b[33m0/1\x1b[0m     \x1b[31mInit:Error\x1b[0m\n"
    )


def test_a_cell_with_colours_of_its_own_keeps_them() -> None:
    table = Table(("NAME", "STATUS"), (["a"], ["\x1b[32mError"]))
    assert kubectl_tables.render_tables([table], colours=True).splitlines()[1] == "a      \x1b[32mError"


# --- Other texts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("Name:   web", "<36>Name:<0>   web"),
        ("Status:  Running", "<36>Status:<0>  <32>Running<0>"),
        ("    Ready:  False", "    <36>Ready:<0>  <31>False<0>"),
        ("  Ready   True", "  Ready   <32>True<0>"),
        ("  MemoryPressure   True   Mon", "  MemoryPressure   <31>True<0>   Mon"),
        ("  Warning  BackOff  5m   x  it is Running", "  <31>Warning<0>  <31>BackOff<0>  5m   x  it is Running"),
        ("NAME   READY   AGE", "<1>NAME   READY   AGE<0>"),
        ("  apiVersion\t<string>", "  <36>apiVersion<0>\t<string>"),
        ("it says: Error", "it says: Error"),
        ("diff -u a\n-x", "<1>diff -u a<0>\n<31>-x<0>"),
        ("> CLUSTER: c2", "> CLUSTER: c2"),
    ],
)  # fmt: skip
def test_a_text_for_people(plain: str, shown: str) -> None:
    assert painted_texts.painted_text(plain) == re.sub(r"<(\d+)>", "\x1b[\\1m", shown)


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("Error: no", "<31>Error:<0> no"),
        ("error: no", "<31>error:<0> no"),
        ('Error from server (NotFound): pods "x"', '<31>Error from server (NotFound):<0> pods "x"'),
        ("Warning: old", "<33>Warning:<0> old"),
        ("[c1] error: no", "[<95>c1<0>] <31>error:<0> no"),
        ("[c1, c2] ended", "[<95>c1<0>, <32>c2<0>] ended"),
        ("2 of 3 clusters answered\n  timed out   1   c3\nError: x",
         "<1>2 of 3 clusters answered<0>\n  <31>timed out<0>   1   c3\n<31>Error:<0> x"),
        ("1 of 3 clusters answered\n  timed out   1   c3\n      try again\n  forbidden   1   c2",
         "<1>1 of 3 clusters answered<0>\n  <31>timed out<0>   1   c3\n      try again\n  <31>forbidden<0>   1   c2"),
        ("Run 1: failed in 1 cluster: c1", "Run 1: <31>failed<0> in 1 cluster: c1"),
        ("an Error: x", "an Error: x"),
    ],
)  # fmt: skip
def test_notices(plain: str, shown: str) -> None:
    assert painted_notices.painted_notices(plain) == re.sub(r"<(\d+)>", "\x1b[\\1m", shown)


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("deployment.apps/cart configured", "deployment.apps/cart <33>configured<0>"),
        ("configmap/a created (dry run)", "configmap/a <32>created<0> (dry run)"),
        ("configmap/a unchanged", "configmap/a unchanged"),
        ('pod "web" force deleted from shop namespace', 'pod "web" force <31>deleted<0> from shop namespace'),
        ("it was deleted", "it was deleted"),
    ],
)
def test_what_a_change_says(plain: str, shown: str) -> None:
    assert painted_notices.painted_line(plain) == re.sub(r"<(\d+)>", "\x1b[\\1m", shown)


@pytest.mark.parametrize(
    ("heading", "shown"),
    [
        ("CLUSTER: c1", "<1>CLUSTER:<0> <95>c1<0>"),
        ("CLUSTER: c1, c2", "<1>CLUSTER:<0> <95>c1<0>, <32>c2<0>"),
        ("CLUSTERS (2): c1, c2", "<1>CLUSTERS (2):<0> <95>c1<0>, <32>c2<0>"),
        ("CLUSTER: c1   NAMESPACE: shop", "<1>CLUSTER:<0> <95>c1<0>   NAMESPACE: shop"),
    ],
)
def test_headings(heading: str, shown: str) -> None:
    assert painting.painted_heading(heading) == re.sub(r"<(\d+)>", "\x1b[\\1m", shown)


DOCUMENT = {"kind": "Pod", "spec": {"replicas": 2, "paused": False, "args": ["a: 1", "b"], "text": "x: 1\ny\n"}}


def test_documents() -> None:
    text = painted_texts.painted_document(json.dumps(DOCUMENT, indent=4))
    assert '    \x1b[36m"kind"\x1b[0m: "Pod",\n' in text
    assert '        \x1b[36m"replicas"\x1b[0m: \x1b[35m2\x1b[0m,\n' in text
    assert '            "a: 1",\n' in text
    text = painted_texts.painted_document(yaml.safe_dump(DOCUMENT))
    assert "\x1b[36mkind:\x1b[0m Pod\n" in text
    assert "  \x1b[36mpaused:\x1b[0m \x1b[35mfalse\x1b[0m\n" in text


# --- The filter of the terminal --------------------------------------------------------------------------------------


@given(st.one_of(PLAIN, WITH_COLOURS).map(painted_texts.painted_text))
def test_what_the_filter_passes_at_once_it_would_pass_piece_by_piece(text: str) -> None:
    written, pieces = text.encode("utf-8", "surrogateescape"), TerminalFilter()
    by_pieces = b"".join(pieces.feed(bytes([byte])) for byte in written) + pieces.feed(b"", is_end=True)
    assert TerminalFilter().feed(written, is_end=True) == by_pieces
