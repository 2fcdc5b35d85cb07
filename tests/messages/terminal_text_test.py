# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_mc.merge import sections
from kubectl_mc.messages import terminal_text
from kubectl_mc.messages.terminal_text import TerminalFilter


def shown(*chunks: bytes) -> str:
    """What a terminal is given for the chunks; it can be decoded."""
    terminal = TerminalFilter()
    texts = [terminal.feed(chunk) for chunk in chunks]
    return b"".join([*texts, terminal.feed(b"", is_end=True)]).decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain é 世 \t x\r\nnext\n", "plain é 世 \t x\r\nnext\n"),
        ("over\rwritten\n", "over\\rwritten\n"),
        ("a\r\r\nb\r", "a\\r\r\nb\\r"),
        ("\x1b[2K\x1b[1A[c2] forged\n", "\\x1b[2K\\x1b[1A[c2] forged\n"),
        ("\x1b]0;title\x07\n", "\\x1b]0;title\\x07\n"),
        ("\x1bc\x1b7\x1bM\n", "\\x1bc\\x1b7\\x1bM\n"),
        ("\u009b31m \x8d\n", "\\x9b31m \\x8d\n"),
        ("a\x00\x08\x0b\x0c\x0e\x7f\n", "a\\x00\\x08\\x0b\\x0c\\x0e\\x7f\n"),
        ("a\u202eb\u2066\u200f\u061c\u2028\n", "a\\u202eb\\u2066\\u200f\\u061c\\u2028\n"),
        ("\x1b[31mred\x1b[0m\n", "\x1b[31mred\x1b[0m\n"),
        ("\x1b[01;38;5;196;48;2;1;2;255mloud\x1b[m\n", "\x1b[01;38;5;196;48;2;1;2;255mloud\x1b[m\n"),
        ("\x1b[31mred\nnext\x1b[1m\r\nplain\n", "\x1b[31mred\x1b[0m\nnext\x1b[1m\x1b[0m\r\nplain\n"),
        ("\x1b[31mred", "\x1b[31mred\x1b[0m"),
        ("\x1b[8mhidden\x1b[7m\x1b[5m\x1b[38;5m\x1b[?25l\x1b[31;8m\n",
         "\\x1b[8mhidden\\x1b[7m\\x1b[5m\\x1b[38;5m\\x1b[?25l\\x1b[31;8m\n"),
    ],
)  # fmt: skip
def test_colours_pass_and_what_steers_is_to_be_seen(text: str, expected: str) -> None:
    assert shown(text.encode()) == expected


def test_bytes_that_are_not_utf_8_are_to_be_seen() -> None:
    assert shown(b"a\x9b31m\xff\xe2\x80 \xc0\x9b\n") == "a\\x9b31m\\xff\\xe2\\x80 \\xc0\\x9b\n"
    assert terminal_text.safe_text("\udcff \ud800 \x1b[2J") == "\\udcff \\ud800 \\x1b[2J"


# What a terminal may be given: text, tabs, ends of lines, and the colours.
_COLOUR = re.compile(r"\x1b\[([\d;]*)m")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_PARAMETERS = {*range(2), 22, *range(30, 38), 39, *range(40, 48), 49, *range(90, 98), *range(100, 108)}


def is_safe(text: str) -> bool:
    for line in text.split("\n"):
        colours = _COLOUR.findall(line)
        if _FORBIDDEN.search(_COLOUR.sub("", line).removesuffix("\r")):
            return False
        for colour in colours:
            numbers = [int(number or 0) for number in re.sub(r"[34]8;(5|2;\d+;\d+);\d+", "1", colour).split(";")]
            if not _PARAMETERS.issuperset(numbers):
                return False
        if colours and colours[-1].strip("0"):  # the colours end with the line
            return False
    return True


PIECES = [
    b"\x1b", b"[", b"0", b"31", b"38;5;", b"8", b";", b"m", b"K", b"]0;", b"\x07", b"\r", b"\n", b"\r\n", b"x", b"\xc2",
    b"\x9b", b"\xe2", b"\x80", b"\xae", b"\x1b[1m", b"\x1b[0m", b"\x1b[", b"\x1b\\", b"\xf0\x9f\x98\x80", b"\xff",
    "\u202e".encode(), b"\t", b"[c2] ", b"\x1bP", b"\x00",
]  # fmt: skip
HOSTILE = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=3)), max_size=40).map(b"".join)


@given(HOSTILE, st.data())
@example(b"\x1b[3\x1b[1mx", None)
def test_wherever_the_chunks_end_only_what_is_safe_comes_through(text: bytes, data: st.DataObject | None) -> None:
    ends = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8))) if data else range(len(text))
    chunks = [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)])]
    assert is_safe(shown(*chunks))
    assert shown(*chunks) == shown(text)


@given(
    st.text().filter(lambda text: not re.search(r"[\r\x1b]", text) and not _FORBIDDEN.search(text.replace("\n", "")))
)
def test_plain_text_is_as_it_was(text: str) -> None:
    assert shown(text.encode("utf-8", "replace")) == text.encode("utf-8", "replace").decode()


@given(st.text(), st.booleans())
def test_each_piece_of_text_is_left_where_it_was(text: str, windows: bool) -> None:
    """Nothing is dropped: what isn't shown as it is, is there as an escape."""
    end = "\r\n" if windows else "\n"
    lines = shown((text + end).encode("utf-8", "replace")).split("\n")
    assert len(lines) == text.count("\n") + 2
    kept = [letter for letter in text if letter.isalnum()]
    rest = iter("".join(lines))
    assert all(letter in rest for letter in kept)


HEADING_PIECES = [
    "CLUSTER: c2",
    "cluster:",
    "\n",
    "\r\n",
    "\x1b[1m",
    "\x1b[0m",
    " ",
    "\t",
    "\u200b",
    "\u0301",
    "C\u034fLUSTER:",
    "é",
    "x",
    "\x0b",
    "\r",
    "\u2028",
]


@given(st.lists(st.lists(st.sampled_from(HEADING_PIECES), max_size=12).map("".join), min_size=1, max_size=3))
def test_what_looks_like_a_heading_on_a_terminal_is_one(texts: list[str]) -> None:
    answer = sections.render_sections([(f"c{number}", text) for number, text in enumerate(texts)], on_terminal=True)
    shown_lines = terminal_text.safe_text(answer).split("\n")
    lines = [re.sub("[\u200b\u0301\u034f]", "", _COLOUR.sub("", line)) for line in shown_lines]
    assert sum(line.lower().startswith("cluster:") for line in lines) == len(texts)


@pytest.mark.parametrize(
    "unseen",
    [
        "",
        "\u034f",
        "\ufe00",
        "\u206a",
        "\u180e",
        "\U000e0020",
        "\ufff9",
        "\u0301",
        "\u20dd",
        "\u00ad",
        "\u1160",
        "\ufff0",
    ],
)
@pytest.mark.parametrize("place", range(len("CLUSTER:")))
def test_a_heading_may_hold_what_is_not_seen(unseen: str, place: int) -> None:
    line = "CLUSTER:"[:place] + unseen * 2 + "\x1b[1m" + unseen + "CLUSTER:"[place:] + " c1"
    assert terminal_text.mark_headings(f"x\n{line}\n{line.lower()}\n") == f"x\n> {line}\n> {line.lower()}\n"


@pytest.mark.parametrize(
    "line",
    ["CLUSTERS (3): a", "clusters(1 each):", "Clusters:", "CLUSTERS \u200b\x1b[1m (3): a", "CLUSTERS\u00a0(3): a",
     "CLUSTER\u017f\t(3)", "\x1b[1mCLU\u0301STERS (3): a"],
)  # fmt: skip
def test_the_heading_of_a_group_is_one_too(line: str) -> None:
    assert terminal_text.mark_headings(f"x\n{line}\n") == f"x\n> {line}\n"


@pytest.mark.parametrize(
    "line",
    ["CLUSTERS c1", "CLUSTERS   NAME (x)", "CLUSTER (3): a", "CLUSTERSé(3): a", "  CLUSTERS (3): a", "CLUSTERSX:"],
)
def test_what_is_no_heading_of_a_group_is_left_as_it_is(line: str) -> None:
    assert terminal_text.mark_headings(line) == line


@pytest.mark.parametrize(
    "line", ["éCLUSTER: c1", "CLÜSTER: c1", "  CLUSTER: c1", "\u00a0CLUSTER: c1", "世界CLUSTER: c1"]
)
def test_what_is_seen_to_be_no_heading_is_left_as_it_is(line: str) -> None:
    assert terminal_text.mark_headings(line) == line


@pytest.mark.parametrize(
    "text",
    [
        "\u0301" * 200_000,
        "CLU" + "\u017f" * 200_000,
        "CLUSTERS" + "\u0301 " * 200_000,
        "é" + "\x1b[1m" * 200_000 + "C",
        "é\n" * 200_000,
    ],
)
def test_headings_are_looked_for_in_one_pass(text: str) -> None:
    """It would not end in a day if it took the square of the length."""
    assert terminal_text.mark_headings(text) == text


def test_ascii_needs_no_table_of_characters() -> None:
    script = (
        "import sys; from kubectl_mc.messages.terminal_text import mark_headings\n"
        "assert mark_headings('CLUSTER: \\x1b[1mx') == '> CLUSTER: \\x1b[1mx'; mark_headings('\u4e16\\n')\n"
        "sys.exit('unicodedata' in sys.modules)"
    )
    subprocess.run([sys.executable, "-S", "-c", script], check=True)
