# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A terminal's screen, as far as what we write there needs it: one that wraps its lines anew when it is resized."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

_TOKENS = re.compile(r"\x1b\[(?P<parameters>[0-9;]*)(?P<command>[A-Za-z])|(?P<character>.)", re.DOTALL)


class Screen:
    """The lines of a terminal; one that is longer than a row goes on in the next row."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._lines: list[list[tuple[str, str]]] = [[]]  # of cells: style (of SGR), character
        self._style = ""
        self._line = self._cell = 0  # of the cursor

    def write(self, text: str) -> None:
        """Do what a terminal does with the text. Raises AssertionError for what none of ours may hold."""
        for token in _TOKENS.finditer(text):
            if token["command"] == "J" and not token["parameters"]:
                del self._lines[self._line][self._cell :], self._lines[self._line + 1 :]
            elif token["command"] is None:
                self._put(token["character"])
            else:
                assert token["command"] == "m", token[0]
                self._style = "" if token["parameters"] == "0" else token["parameters"]

    def _put(self, character: str) -> None:
        if character == "\r":
            self._cell -= self._cell % self.columns
        elif character == "\n":
            self._line, self._cell = self._line + 1, self._cell % self.columns
            if self._line == len(self._lines):
                self._lines.append([])
        elif character == "\t":
            self._cell += 8 - self._cell % 8
        else:
            assert character.isprintable(), repr(character)
            line = self._lines[self._line]
            line += [("", " ")] * (self._cell - len(line))
            if unicodedata.combining(character):
                return
            width = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            line[self._cell : self._cell + width] = [(self._style, character), *[(self._style, "")] * (width - 1)]
            self._cell += width

    @property
    def text(self) -> str:
        """What is to be read there."""
        return "\n".join("".join(character for _, character in line).rstrip() for line in self._lines).rstrip("\n")

    @property
    def coloured(self) -> str:
        """The same with SGR around what has a style."""
        lines = ("".join(_runs(line)).rstrip() for line in self._lines)
        return "\n".join(lines).rstrip("\n")


def _runs(line: Iterable[tuple[str, str]]) -> Iterator[str]:
    for style, cells in groupby(line, itemgetter(0)):
        text = "".join(character for _, character in cells)
        yield f"\x1b[{style}m{text}\x1b[0m" if style else text
