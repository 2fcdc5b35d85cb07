# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Highlights: what patterns match in a line, in a colour of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubectl_mc.messages.terminal_text import COLOUR

_HIGHLIGHT, _RESET = "\x1b[1;31m", "\x1b[0m"
_RESETS = ("\x1b[m", _RESET)
_COLOURS = re.compile(f"({COLOUR.pattern})")


def plain_lines(text: bytes) -> list[str]:
    """Return what is read of lines, to which patterns are applied: without colours, and carriage returns at their ends.

    Bytes that are not UTF-8 are kept as lone surrogates (PEP 383).
    """
    plain = text.decode("utf-8", "surrogateescape")
    if "\x1b" in plain:
        plain = COLOUR.sub("", plain)
    if "\r" in plain:
        plain = plain.replace("\r\n", "\n").removesuffix("\r")
    return plain.split("\n")


def highlighted(line: bytes, patterns: Sequence[re.Pattern[str]]) -> bytes:
    """Return the line with what the patterns match in its plain text highlighted; behind it, its own colour goes on."""
    (plain,) = plain_lines(line)
    matched = bytearray(len(plain))  # of each character: whether it is highlighted
    for pattern in patterns:
        for match in pattern.finditer(plain):
            matched[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    if not any(matched):
        return line
    text, shown, own, position = line.decode("utf-8", "surrogateescape"), [], "", 0
    for index, part in enumerate(_COLOURS.split(text)):
        if index % 2:
            own = "" if part in _RESETS else own + part
            shown.append(part)
            continue
        # The line's carriage return is no part of the plain text.
        for run in re.finditer(b"\1+|\0+", matched[position : position + len(part)].ljust(len(part), b"\0")):
            piece = part[run.start() : run.end()]
            shown.append(f"{_HIGHLIGHT}{piece}{_RESET}{own}" if run[0][0] else piece)
        position += len(part)
    return "".join(shown).encode("utf-8", "surrogateescape")
