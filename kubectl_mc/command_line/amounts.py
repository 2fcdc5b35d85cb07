# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Amounts as kubectl and API servers write them: quantities (`3`, `250m`, `5Gi`), percentages and ages (`3d4h`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from kubectl_mc.type_hints import Literal

Kind = Literal["quantity", "percentage", "age"]

# How long something is there, as kubectl and API servers write it (apimachinery, util/duration: HumanDuration).
# A number that is longer than any age's can't be calculated with.
DURATION = r"(?=\d)(?:\d{1,9}y)?(?:\d{1,9}d)?(?:\d{1,9}h)?(?:\d{1,9}m)?(?:\d{1,9}s)?"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "y": 31_536_000}

# No amount is longer. What a cluster prints may be of any length.
_MAX_LENGTH = 50

_SUFFIXES = {
    **{suffix: Decimal(10) ** power for suffix, power in
       (("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18))},
    **{suffix: Decimal(2) ** power for suffix, power in
       (("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60))},
}  # fmt: skip


def quantity(text: str) -> Decimal | None:
    """Return a number or a resource.Quantity (`100m`, `5Gi`, `1e3`) as a number; None for any other text."""
    match = re.fullmatch(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([numkMGTPE]|[KMGTPE]i|)|[eE]([+-]?\d{1,3}))", text)
    if not match:
        return None
    number, suffix, exponent = match.groups()
    return Decimal(number) * (Decimal(10) ** int(exponent) if exponent else _SUFFIXES[suffix])


def percentage(text: str) -> Decimal | None:
    """Return the number of `80%`; None for any other text."""
    return Decimal(text[:-1]) if re.fullmatch(r"[+-]?\d+(?:\.\d+)?%", text) else None


def seconds(text: str) -> Decimal | None:
    """Return the seconds of an age such as `5m` or `3d4h`; None for any other text, such as a number without a unit."""
    if not re.fullmatch(DURATION, text):
        return None
    return Decimal(sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([ydhms])", text)))


_READERS: Mapping[Kind, Callable[[str], Decimal | None]] = {
    "quantity": quantity,
    "percentage": percentage,
    "age": seconds,
}


def amounts(text: str) -> dict[Kind, Decimal]:
    """Return what a text is as an amount: `5m` is five thousandths, or five minutes. {} for what is none."""
    if len(text) > _MAX_LENGTH:
        return {}
    return {kind: amount for kind, read in _READERS.items() if (amount := read(text)) is not None}
