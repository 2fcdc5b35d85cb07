# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The values of the flags that name clusters: where they end in a list, and sets of them, `prod-{eu,us}`. Pure.

A set is what it is to bash's brace expansion, without its sequences (`{1..3}`), quotes and backslashes: alternatives
between braces, with a comma at least; other braces stand for themselves. `/…/` is a regular expression: a whole value.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

MOST = 1000  # names that a value with sets may stand for

# An alternative of a value, and where each part of it that is one of a set begins in the value.
Alternative = tuple[str, tuple[int, ...]]


def split_list(text: str) -> list[str]:
    """Return the values of a list. Commas within sets and regular expressions are theirs.

    A regular expression ends at the first `/`, other than `\\/`, that is followed by a comma or by nothing.
    """
    values, start = [], 0
    while start <= len(text):
        end = _regex_end(text, start) or _end(text, start, len(text))
        values.append(text[start:end])
        start = end + 1
    return values


def regular_expression(value: str) -> str | None:
    """Return the regular expression that a value is, without its slashes; None if it is none."""
    return value[1:-1] if value.startswith("/") and _regex_end(value, 0) == len(value) else None


def alternatives(value: str) -> list[Alternative]:
    """Return what a value stands for, in the order of bash's brace expansion: [(value, ())] if it has no sets.

    At most MOST + 1 of them are returned; none is empty. Raises RecursionError for too many sets.
    """
    if regular_expression(value) is not None:
        return [(value, ())]
    expanded = (alternative for alternative in _expanded(value, 0) if alternative[0])
    return list(islice(expanded, MOST + 1)) or [(value, ())]


def _regex_end(text: str, start: int) -> int:
    """Return where the regular expression ends that begins here, perhaps behind a `!`; 0 for none."""
    first = start + text.startswith("!", start)
    if not text.startswith("/", first):
        return 0
    at = first + 1
    while at < len(text):
        if text[at] == "/" and at > first + 1 and (at + 1 == len(text) or text[at + 1] == ","):
            return at + 1
        at += 2 if text[at] == "\\" else 1
    return 0


def _end(text: str, start: int, stop: int) -> int:
    """Return where the first comma is that is in no set, or stop."""
    at = start
    while at < stop and text[at] != ",":
        at = (_set_end(text, at, stop) or at) + 1
    return at


def _set_end(text: str, start: int, stop: int) -> int:
    """Return where the closing brace is of the set that begins here; 0 if none does."""
    if text[start] != "{":
        return 0
    depth, has_comma = 0, False
    for at in range(start, stop):
        if text[at] == "{":
            depth += 1
        elif text[at] == "," and depth == 1:
            has_comma = True
        elif text[at] == "}" and depth == 1 and has_comma:
            return at
        elif text[at] == "}" and depth > 1:
            depth -= 1
    return 0


def _expanded(text: str, offset: int) -> Iterator[Alternative]:
    """Yield the alternatives of a part of a value that begins at an offset of it."""
    ends = ((at, end) for at in range(len(text)) if (end := _set_end(text, at, len(text))))
    first, last = next(ends, (len(text), 0))
    if not last:
        yield text, ()
        return
    start = first + 1
    while start <= last:
        end = _end(text, start, last)
        for part, inner in _expanded(text[start:end], offset + start):
            for rest, others in _expanded(text[last + 1 :], offset + last + 1):
                yield text[:first] + part + rest, (offset + start, *inner, *others)
        start = end + 1
