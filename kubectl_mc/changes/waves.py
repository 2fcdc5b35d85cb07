"""The order of a change: which clusters first, how many at once, how many may fail. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from kubectl_mc import messages

_PART = re.compile(r"(\d{1,6})(%?)")


def plan_waves(
    clusters: Sequence[str], spec: str | None, canary: str | None, unhealthy: Collection[str] = ()
) -> list[tuple[str, ...]]:
    """The waves, each a tuple of clusters; every cluster is in exactly one, and none is empty.

    The canary is a wave by itself, ahead of all. Otherwise the order is the given one, unhealthy clusters last.
    Raises UserError for a spec that is none, and for a canary that is no target.
    """
    if canary is not None and canary not in clusters:
        raise messages.unknown_canary(canary, clusters)
    rest = sorted((cluster for cluster in clusters if cluster != canary), key=lambda cluster: cluster in unhealthy)
    first = [(canary,)] if canary is not None else []
    bounds = [0, *wave_ends(spec or "100%", len(rest))]
    return [*first, *(tuple(rest[start:end]) for start, end in pairwise(bounds))]


def wave_ends(spec: str, total: int) -> list[int]:
    """How many of `total` clusters have had their turn after each wave: of `1,10%,50%,100%` of 100: [1, 10, 50, 100].

    The parts count from the start and are rounded up; each wave has at least one cluster more than the one before, so
    in a small fleet some parts fall together. What the last part leaves is a last wave. Raises UserError, also for
    numbers or percentages that become smaller.
    """
    found: list[int] = []
    last = {"": 0, "%": 0}
    for word in spec.split(","):
        match = _PART.fullmatch(word.strip())
        number = int(match[1]) if match else 0
        if not match or not number or (match[2] and number > 100) or number < last[match[2]]:
            raise messages.bad_waves(spec)
        last[match[2]] = number
        count = -(-total * number // 100) if match[2] else number
        before = found[-1] if found else 0
        if before < total:
            found.append(min(total, max(count, before + 1)))
    return found if not total or found[-1] == total else [*found, total]


def tolerated_failures(spec: str | None, total: int) -> int:
    """How many of `total` clusters may fail and others are still started; rounded down. Raises UserError."""
    match = _PART.fullmatch(spec or "0")
    if not match or (match[2] and int(match[1]) > 100):
        raise messages.bad_flag_value("max-failures", spec or "", "a number of clusters, or a percentage such as 10%")
    return total * int(match[1]) // 100 if match[2] else int(match[1])
