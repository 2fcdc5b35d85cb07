# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.messages.name_folding import fold_names

NAMES = st.lists(
    st.from_regex(r"[a-z][a-z0-9-]{0,3}[0-9]{0,2}", fullmatch=True) | st.integers(0, 30).map(lambda n: f"c{n}"),
    unique=True,
    max_size=30,
)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["dev"], "dev"),
        (["c1"], "c1"),
        (["c1", "c2", "c3"], "c1, c2, c3"),
        (["c1", "c2", "c3", "c10"], "c[1-3,10]"),
        (["c1", "dev", "c2", "c3", "c4"], "c[1-4], dev"),
        (["c01", "c1"], "c01, c1"),
        (["eu-1", "eu-2", "eu-3", "eu-4", "us-1"], "eu-[1-4], us-1"),
        (["1", "2", "3", "5"], "[1-3,5]"),
    ],
)
def test_names_that_differ_in_a_number_stand_together(names: list[str], text: str) -> None:
    assert fold_names(names) == text


def unfold(text: str) -> list[str]:
    names: list[str] = []
    for part in re.findall(r"[^,\[ ]+(?:\[[^\]]*\])?|\[[^\]]*\]", text):
        stem, bracket, spans = part.rstrip("]").partition("[")
        ends = [span.split("-") for span in spans.split(",")] if bracket else []
        names += [f"{stem}{n}" for first, *last in ends for n in range(int(first), int((last or [first])[0]) + 1)]
        names += [] if bracket else [stem]
    return names


@given(NAMES)
def test_every_name_can_be_read_out_again(names: list[str]) -> None:
    assert sorted(unfold(fold_names(names))) == sorted(names)
