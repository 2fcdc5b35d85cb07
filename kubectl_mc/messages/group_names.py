# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Names of a group of clusters as globs, where these fit the group alone: `dev-*, prod-ap-1`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence

from kubectl_mc.messages import visible
from kubectl_mc.messages.name_folding import fold_names

_LEAST = 3  # names that a glob stands for; fewer are told one by one

# A glob ends behind one of these, so that it stands for names that belong together: `dev-*`, not `de*`.
_STEM = re.compile(r".*?[-._/]")


def group_heading(names: Iterable[str], others: Collection[str], is_lone: bool = False) -> str:
    """Return what stands above the part of an answer that a group shares: `CLUSTERS (37): dev-*, prod-*`.

    others: the clusters outside the group, whatever has become of them
    is_lone: the group is of one cluster, as every other one is: `CLUSTER: prod-eu`
    """
    names = list(names)
    if is_lone and len(names) == 1:
        return f"CLUSTER: {visible(names[0])}"
    return f"CLUSTERS ({len(names)}): {group_names(names, others)}"


def group_names(names: Iterable[str], others: Collection[str]) -> str:
    """Return the names, with a glob such as `--clusters` takes for those that begin alike, if it fits no other name.

    names: in the order in which they are shown; a glob stands where the first of its names would
    What is left is folded as in `fold_names`.
    others: the clusters outside the group; a glob fits none of them, nor one of the names that is told for itself
    """
    names, foreign = list(names), sorted({*others})
    ordered = sorted(names)
    parts: dict[str, None] = {}
    for name in names:
        stems = [match.end() for match in _STEM.finditer(name)]
        globs = (name[:end] for end in stems if _may_stand(name[:end], ordered, foreign))
        stem = next(globs, None)
        parts[name if stem is None else f"{stem}*"] = None
    return fold_names(parts)


def _may_stand(stem: str, names: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether a glob of a stem stands for several of the sorted names and for none of the others."""
    is_plain = not any(letter in stem for letter in "*?[{") and not stem.startswith(("!", "/"))
    return is_plain and _count(stem, names) >= _LEAST and not _count(stem, others)


def _count(stem: str, names: Sequence[str]) -> int:
    first = bisect_left(names, stem)
    last = bisect_left(names, f"{stem}\U0010ffff", lo=first)
    return last - first
