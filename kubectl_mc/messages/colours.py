"""TODO."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO
from zlib import crc32

# Foreground colours that can be read on black and on white: cyan, green, magenta, yellow, blue, red; plain and bright.
_COLOURS = (36, 32, 35, 33, 34, 31, 96, 92, 95, 93, 94, 91)


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Only a terminal gets colours, and not if NO_COLOR (https://no-color.org) is set."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def coloured(text: str, name: str) -> str:
    """`text` in the colour of the name, which is the same every time."""
    return f"\x1b[{_COLOURS[crc32(name.encode()) % len(_COLOURS)]}m{text}\x1b[0m"
