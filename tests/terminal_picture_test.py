# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A picture has the lines that it was made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.terminal_picture import Scene, picture, read

TEXTS = st.text(" ab<&>\"'é[").map("x{}.".format)
LINES = st.lists(st.tuples(st.sampled_from(("", "1", "31", "96")), TEXTS), max_size=3).map(
    lambda runs: "".join(f"\x1b[{style}m{text}\x1b[0m" if style else text for style, text in runs)
)
SCENES = st.builds(
    Scene, TEXTS, TEXTS.map("a \\\n  {}".format), st.lists(LINES, max_size=4).map(lambda lines: [*lines, "", "  end"])
)


@given(TEXTS, st.lists(st.lists(SCENES, min_size=1, max_size=2), min_size=1, max_size=2))
def test_a_picture_is_read_as_it_was_drawn(title: str, rows: list[list[Scene]]) -> None:
    svg = picture(title, rows)
    assert picture(*read(svg)) == svg
    assert [[scene[:2] for scene in row] for row in read(svg)[1]] == [[scene[:2] for scene in row] for row in rows]


@pytest.mark.parametrize("text", ["", "<svg", "<svg/>", '<svg xmlns="http://www.w3.org/2000/svg"><title/><g/></svg>'])
def test_other_files_are_no_pictures(text: str) -> None:
    with pytest.raises(ValueError, match="no picture of ours"):
        read(text)
