# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""An object as lines that look like YAML, and the differences of two objects as a unified diff. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from kubectl_mc.type_hints import Any

# What YAML reads as the text that it looks like.
_PLAIN = re.compile(r"[A-Za-z_/][\w./@+=()-]*(?:[ :][\w./@+=()-]+)*", re.ASCII)
_OTHER_TYPES = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")

_CONTEXT = 3  # lines around a difference
_MOST_LINES = 2000  # that are compared line by line; more are shown as replaced


def object_lines(value: Any) -> list[str]:
    """Return the lines of a JSON value, with sorted keys; control characters stand as escapes."""
    return [*_lines(value, "")]


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name in sorted(value):
            yield from _entry(f"{indent}{_scalar(name)}:", value[name], indent)
    elif isinstance(value, list) and value:
        for item in value:
            if isinstance(item, (dict, list)) and item:
                first, *rest = _lines(item, f"{indent}  ")
                yield f"{indent}- {first[len(indent) + 2 :]}"
                yield from rest
            else:
                yield from _entry(f"{indent}-", item, indent)
    else:
        yield f"{indent}{_scalar(value)}"


def _entry(start: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, (dict, list)) and value:
        yield start
        yield from _lines(value, indent if isinstance(value, list) else f"{indent}  ")
    elif isinstance(value, str) and "\n" in value and _is_block(value):
        yield f"{start} |{'' if value.endswith(chr(10)) else '-'}"
        yield from (f"{indent}  {line}" for line in value.removesuffix("\n").split("\n"))
    else:
        yield f"{start} {_scalar(value)}"


def _is_block(text: str) -> bool:
    lines = text.removesuffix("\n").split("\n")
    return text[0] not in " \n\t" and not text.endswith("\n\n") and all(map(_is_shown, lines))


def _is_shown(line: str) -> bool:
    return line.replace("\t", "").isprintable() and not line.endswith((" ", "\t"))


def _scalar(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _OTHER_TYPES:
        return value
    return json.dumps(value, ensure_ascii=not value.isprintable())


class _Hunk:
    """Lines of a diff around some differences.

    first: their places in both texts, from 0; counts: of their lines; place: what the first difference is below
    """

    def __init__(self, before: int, after: int, place: str) -> None:
        self.first, self.place = (before, after), place
        self.lines: list[str] = []
        self.counts = [0, 0]

    def add(self, mark: str, lines: Sequence[str]) -> None:
        self.lines += [f"{mark}{line}" for line in lines]
        self.counts[0] += len(lines) * (mark != "+")
        self.counts[1] += len(lines) * (mark != "-")


def diff_lines(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Return the lines of a unified diff, without its two headings. Behind `@@` stands where in the object it is."""
    hunks: list[_Hunk] = []
    for tag, start, end, other_start, other_end in _operations(before, after):
        if tag == "equal":
            continue
        leading = min(_CONTEXT, start)
        hunk = hunks[-1] if hunks else None
        reached = hunk.first[0] + hunk.counts[0] if hunk else 0
        if hunk is None or start - reached > 2 * _CONTEXT:
            if hunk:
                hunk.add(" ", before[reached : reached + _CONTEXT])
            place = _place(before, start) if start < end else _place(after, other_start)
            hunk = _Hunk(start - leading, other_start - leading, place)
            hunks.append(hunk)
            reached = start - leading
        hunk.add(" ", before[reached:start])
        hunk.add("-", before[start:end])
        hunk.add("+", after[other_start:other_end])
    if hunks:
        reached = hunks[-1].first[0] + hunks[-1].counts[0]
        hunks[-1].add(" ", before[reached : reached + _CONTEXT])
    return [line for hunk in hunks for line in (_heading(hunk), *hunk.lines)]


def _operations(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """Return the operations of difflib that make the one text of the other.

    What both begin and end with needs no search, whose time grows with the square of the lines.
    """
    shorter = min(len(before), len(after))
    start = next((index for index in range(shorter) if before[index] != after[index]), shorter)
    rest = shorter - start
    tail = next((index for index in range(rest) if before[-1 - index] != after[-1 - index]), rest)
    own, others = before[start : len(before) - tail], after[start : len(after) - tail]
    if not own and not others:
        return []
    if len(own) + len(others) > _MOST_LINES or not own or not others:
        return [("replace", start, start + len(own), start, start + len(others))]
    matcher = SequenceMatcher(None, own, others)
    return [
        (tag, one + start, two + start, three + start, four + start)
        for tag, one, two, three, four in matcher.get_opcodes()
    ]


def _heading(hunk: _Hunk) -> str:
    ranges = [
        f"{first + (count > 0)}" + (f",{count}" if count != 1 else "") for first, count in zip(hunk.first, hunk.counts)
    ]
    return f"@@ -{ranges[0]} +{ranges[1]} @@{f' {hunk.place}' if hunk.place else ''}"


def _place(lines: Sequence[str], index: int) -> str:
    """Return the keys that the line is below: `spec.template.spec.containers`.

    The items of a list are indented as much as its key.
    """
    keys: list[str] = []
    indent, is_item = _indent(lines[index]), lines[index].lstrip(" ").startswith("- ")
    for line in reversed(lines[:index]):
        own_indent, is_own_item = _indent(line), line.lstrip(" ").startswith("- ")
        if own_indent > indent or (own_indent == indent and (is_own_item or not is_item)):
            continue
        match = _KEY.match(line)
        if match and (match.start(1) < indent or (match.start(1) == indent and is_item)):
            keys.append(match[1])
        indent, is_item = own_indent, is_own_item
        if not indent and not is_item:
            break
    return ".".join(reversed(keys))


_KEY = re.compile(r"[- ]*([\w./-]+):(?: \|-?)?$")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
