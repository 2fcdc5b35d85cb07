# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import unicodedata
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.messages.progress_texts import Awaited, PhaseKind, cells, interruption, progress_line

TWO = Awaited(38, 40, ("prod-ap-17", "prod-eu-2"), 12.7, 30.0)
MANY = Awaited(0, 40, [f"c{number}" for number in range(1, 41)], 1.0, 0.0)
PRODS = ("prod-1", "prod-2", "prod-3")
LOGINS = Awaited(0, 9, PRODS, 4.0, 0.0, dict.fromkeys(PRODS, "kubelogin"))


@pytest.mark.parametrize(
    ("kind", "awaited", "width", "line"),
    [
        (
            "answers",
            TWO,
            120,
            "38/40 answered; waiting for prod-ap-17, prod-eu-2 (12s of 30s) · Ctrl-C shows what is there",
        ),
        ("answers", TWO, 80, "38/40 answered; waiting for prod-ap-17, prod-eu-2 (12s of 30s) · Ctrl-C to see"),
        ("answers", TWO, 79, "38/40 answered; waiting for prod-ap-17, prod-eu-2 (12s of 30s)"),
        ("answers", TWO, 62, "38/40 answered; waiting for prod-ap-17 and 1 more (12s of ..."),
        ("answers", TWO, 30, "38/40 answered; waiting fo..."),
        ("answers", TWO, 3, "38"),
        ("answers", TWO, 1, ""),
        (
            "answers",
            TWO._replace(done=39, names=["c7"]),
            80,
            "39/40 answered; waiting for c7 (12s of 30s) · Ctrl-C shows what is there",
        ),
        ("answers", MANY, 80, "0/40 answered; waiting for c1, c2, c3, c4, c5, c6, c7, c8, c9 and 31 more (1s)"),
        ("answers", MANY, 60, "0/40 answered; waiting for c1, c2, c3, c4 and 36 more (1s)"),
        ("lines", TWO, 120, "38/40 answered; waiting for prod-ap-17, prod-eu-2 (12s of 30s)"),
        ("hub", Awaited(0, 1, ["the hub"], 3.0, 30.0), 80, "Waiting for the hub (3s of 30s)"),
        ("logins", Awaited(1, 2, ["c7"], 4.0, 300.0), 80, "Waiting for the login to c7 (4s of 300s)"),
        (
            "answers", Awaited(0, 4, ["c7", "c9", "b1", "b2"], 4.0, 300.0, {"c9": "x", "b1": "a\tb", "b2": "x"}), 100,
            "0/4 answered; waiting for c7, login with x to c9, b2, login with a\\tb to b1 (4s of 300s)",
        ),
        ("answers", LOGINS, 75, "0/9 answered; waiting for login to prod-1, prod-2, prod-3 (4s)"),
        ("answers", LOGINS, 60, "0/9 answered; waiting for login to prod-1 and 2 more (4s)"),
        ("preflight", Awaited(12, 13, ["c7"], 4.0, 30.0), 80, "Checking the change: 12/13; waiting for c7 (4s of 30s)"),
        ("lines", Awaited(1, 2, ["a\x1b[2J\tb"], None, 30.0), 60, r"1/2 answered; waiting for a\x1b[2J\tb"),
        # Each of these letters takes two cells.
        ("lines", Awaited(1, 2, ["東京" * 20], 1.0, 30.0), 40, "1/2 answered; waiting for 東京東京東..."),
        ("lines", Awaited(1, 2, ["e\u0301" * 3], 1.0, 0.0), 35, "1/2 answered; waiting for e\u0301e\u0301e\u0301 (1s)"),
    ],
)  # fmt: skip
def test_the_line(kind: PhaseKind, awaited: Awaited, width: int, line: str) -> None:
    assert progress_line(kind, awaited, width) == line


def test_the_title_of_a_wave() -> None:
    line = progress_line("wave", Awaited(1, 3, ["c2", "c3"], 5.0, 30.0), 80, "Wave 2/3: ")
    assert line == "Wave 2/3: 1/3 done; waiting for c2, c3 (5s of 30s)"


KINDS: tuple[PhaseKind, ...] = get_args(PhaseKind)
awaiteds = st.builds(
    Awaited,
    st.integers(0, 99),
    st.integers(1, 99),
    st.lists(st.text(max_size=20), min_size=1, max_size=20),
    st.none() | st.floats(0, 1e4),
    st.sampled_from([0.0, 30.0, 0.5]),
)


@given(st.sampled_from(KINDS), awaiteds, st.integers(1, 200))
def test_it_is_never_as_wide_as_the_terminal_and_nothing_in_it_moves_the_cursor(
    kind: PhaseKind, awaited: Awaited, width: int
) -> None:
    line = progress_line(kind, awaited, width)
    assert cells(line) <= width - 1
    categories = {unicodedata.category(character) for character in line}
    assert not categories & {"Cc", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("hub", "waiting for c7, c9"),
        ("logins", "waiting for the login to c7, c9"),
        ("preflight", "the change was checked, waiting for c7, c9"),
        ("answers", ""),
    ],
)
def test_what_ctrl_c_interrupts(kind: PhaseKind, text: str) -> None:
    assert interruption(kind, Awaited(1, 3, ["c7", "c9"], 5.0, 30.0)) == text
