"""TODO."""

from __future__ import annotations


def natural_key(name: str) -> list[tuple[str, int, str]]:
    """A sort key by which c2 comes before c10: text and number in turn, a number by its length, then its digits."""
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
    """What sorts as int(digits) does, without a limit to their number; none come before 0."""
    significant = digits.lstrip("0")
    return len(significant) if digits else -1, significant
