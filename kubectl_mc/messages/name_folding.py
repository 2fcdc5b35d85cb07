# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Folding of many names into a short line: c1, c2, c3 and c10 become c[1-3,10]."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kubectl_mc.messages.words import visible

_NUMBERED = re.compile(r"(.*?)(0|[1-9][0-9]*)", re.ASCII | re.DOTALL)
_FEW = 3  # names are not folded


def fold_names(names: Iterable[str]) -> str:
    """Return the names in order, with those that differ only in a number at the end folded: `c[1-3,10], dev`.

    A number with leading zeros is not folded, so that the text stands for these names only.
    """
    groups: dict[str, list[int] | None] = {}
    for name in names:
        match = _NUMBERED.fullmatch(name)
        if match and not match[1][-1:].isdigit():
            numbers = groups.setdefault(f"{match[1]}\0", [])
            if numbers is not None:
                numbers.append(int(match[2]))
        else:
            groups[name] = None
    return ", ".join(visible(_text(stem, numbers)) for stem, numbers in groups.items())


def _text(stem: str, numbers: Sequence[int] | None) -> str:
    if numbers is None:
        return stem
    spans = _spans(sorted(set(numbers)))
    stem = stem.rstrip("\0")
    if len(numbers) <= _FEW:
        return ", ".join(f"{stem}{number}" for first, last in spans for number in range(first, last + 1))
    whole = ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
    return f"{stem}[{whole}]"


def _spans(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return the spans of consecutive numbers, as (first, last)."""
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return spans
