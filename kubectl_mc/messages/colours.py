# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Colours on the terminal: whether there are any, and how a text gets one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from zlib import crc32

# Foreground colours of names that are legible on black and on white: cyan, green, magenta, yellow, blue; plain and
# bright. Red is for what is wrong.
_COLOURS = (36, 32, 35, 33, 34, 96, 92, 95, 93, 94)

BOLD, RED, GREEN, YELLOW, MAGENTA, CYAN = 1, 31, 32, 33, 35, 36


def wants_colour(on_terminal: bool, variables: Mapping[str, str], choice: str = "auto") -> bool:
    """Return whether a text gets colours.

    on_terminal: it is written to a terminal
    choice: the value of --color: "auto", "always" or "never"
    --color decides ahead of the variables, and these ahead of the terminal: NO_COLOR (https://no-color.org), then
    CLICOLOR_FORCE and CLICOLOR (https://bixense.com/clicolors).
    """
    if choice != "auto":
        return choice == "always"
    if variables.get("NO_COLOR"):
        return False
    if variables.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return on_terminal and variables.get("CLICOLOR") != "0" and variables.get("TERM") != "dumb"


def coloured(text: str, name: str) -> str:
    """Return the text in the colour of the name, which is always the same."""
    return painted(text, _COLOURS[crc32(name.encode("utf-8", "surrogatepass")) % len(_COLOURS)])


def painted(text: str, colour: int) -> str:
    """Return the text in a colour of this module, or in bold; "" stays as it is."""
    return f"\x1b[{colour}m{text}\x1b[0m" if text else text


# As git has them: the files in bold, where they differ in cyan, what is there only before in red, only after in green.
_DIFF_COLOURS = (
    ("diff ", BOLD),
    ("--- ", BOLD),
    ("+++ ", BOLD),
    ("@@", CYAN),
    ("-", RED),
    ("+", GREEN),
)


def painted_diff(text: str) -> str:
    """Return a unified diff with its lines in their colours. A line that has colours of its own stays as it is."""
    return re.sub("(?m)^(?:diff |@@|[-+])[^\x1b\r\n]*$", _painted_diff_line, text)


def _painted_diff_line(match: re.Match[str]) -> str:
    line = match[0]
    return painted(line, next(colour for start, colour in _DIFF_COLOURS if line.startswith(start)))
