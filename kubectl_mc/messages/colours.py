"""Colours on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

# Foreground colours that are legible on black and on white: cyan, green, magenta, yellow, blue, red; plain and bright.
_COLOURS = (36, 32, 35, 33, 34, 31, 96, 92, 95, 93, 94, 91)


def wants_colour(on_terminal: bool, variables: Mapping[str, str]) -> bool:
    """Return whether a text gets colours: on a terminal it does, unless NO_COLOR (https://no-color.org) is set."""
    return on_terminal and not variables.get("NO_COLOR") and variables.get("TERM") != "dumb"


def coloured(text: str, name: str) -> str:
    """Return the text in the colour of the name, which is always the same."""
    return f"\x1b[{_COLOURS[crc32(name.encode()) % len(_COLOURS)]}m{text}\x1b[0m"
