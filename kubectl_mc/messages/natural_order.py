# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The natural order of names: c2 comes before c10."""

from __future__ import annotations


def natural_key(name: str) -> list[tuple[str, int, str]]:
    """Return the sort key of a name: text and number in turn, a number as its length and its digits."""
    parts: list[tuple[str, int, str]] = []
    text = digits = ""
    for letter in name:
        if letter in "0123456789":
            digits += letter
            continue
        if digits:
            parts.append((text, *_number(digits)))
            text = digits = ""
        text += letter
    return [*parts, (text, *_number(digits))]


def _number(digits: str) -> tuple[int, str]:
    """Return a sort key in the order of int(digits), for any number of digits; no digits come before 0."""
    significant = digits.lstrip("0")
    return len(significant) if digits else -1, significant
