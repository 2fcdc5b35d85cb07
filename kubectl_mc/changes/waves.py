# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The plan of a change: the waves in which clusters are changed, and how many of them may fail. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import accumulate, pairwise

from kubectl_mc import messages

_PART = re.compile(r"([0-9]{1,6})(%?)")


def plan_waves(
    clusters: Sequence[str], spec: str | None, canary: str | None, unhealthy: Collection[str] = ()
) -> list[tuple[str, ...]]:
    """Split the clusters into waves. Every cluster is in exactly one wave, and no wave is empty.

    The canary is the first wave. The other clusters keep their order, with the unhealthy ones last.
    Raises UserError for a wrong spec, and for a canary that is not among the clusters.
    """
    if canary is not None and canary not in clusters:
        raise messages.unknown_canary(canary, clusters)
    rest = sorted((cluster for cluster in clusters if cluster != canary), key=lambda cluster: cluster in unhealthy)
    first = [(canary,)] if canary is not None else []
    bounds = [0, *wave_ends(spec or "100%", len(rest))]
    return [*first, *(tuple(rest[start:end]) for start, end in pairwise(bounds))]


def refill_waves(waves: Sequence[Sequence[str]], clusters: Sequence[str]) -> list[tuple[str, ...]]:
    """Return waves of the same sizes with these clusters only, which are in their order; the last ones may be left out.

    If the only cluster of the first wave drops out, another one is the first: the rest isn't changed at once.
    """
    ends = accumulate(len(wave) for wave in waves)
    return [tuple(clusters[start:end]) for start, end in pairwise([0, *ends]) if start < len(clusters)]


def wave_ends(spec: str, total: int) -> list[int]:
    """Return how many of `total` clusters are done after each wave: [1, 10, 50, 100] for `1,10%,50%,100%` of 100.

    The parts of the spec count from the start and are rounded up. Each wave has at least one cluster, so in a small
    fleet some parts have no wave of their own. If the last part leaves clusters, they are one more wave. Raises
    UserError for a wrong spec, and for numbers or percentages that become smaller.
    """
    ends: list[int] = []
    last = {"": 0, "%": 0}
    for word in spec.split(","):
        match = _PART.fullmatch(word.strip())
        number = int(match[1]) if match else 0
        if not match or not number or (match[2] and number > 100) or number < last[match[2]]:
            raise messages.bad_waves(spec)
        last[match[2]] = number
        count = -(-total * number // 100) if match[2] else number
        before = ends[-1] if ends else 0
        if before < total:
            ends.append(min(total, max(count, before + 1)))
    return ends if not total or ends[-1] == total else [*ends, total]


def tolerated_failures(spec: str | None, total: int) -> int:
    """Return how many of `total` clusters may fail before no more are started, rounded down. Raises UserError."""
    match = _PART.fullmatch(spec or "0")
    if not match or (match[2] and int(match[1]) > 100):
        raise messages.bad_flag_value("max-failures", spec or "", "a number of clusters, or a percentage such as 10%")
    return total * int(match[1]) // 100 if match[2] else int(match[1])
