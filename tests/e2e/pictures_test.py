# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""README's picture is what the program prints."""

from __future__ import annotations

from tests.pictures import PICTURE, draw, lasting
from tests.terminal_picture import picture, read

ANEW = "run `make pictures`, and look at what it draws"


def test_nobody_has_edited_the_picture() -> None:
    """Nor has what draws it changed since."""
    svg = PICTURE.read_text()
    assert picture(*read(svg)) == svg, ANEW


def test_the_picture_is_what_the_program_prints() -> None:
    assert lasting(PICTURE.read_text()) == lasting(draw()), ANEW
