"""Which clusters a command is for: names, order, --clusters and --exclude. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kubectl_mc import errors
from kubectl_mc.hub import ClusterProfile


class Cluster(NamedTuple):
    """A member of the fleet: `name` is what is shown and typed, unique in the fleet."""

    name: str
    profile: ClusterProfile


def natural(name: str) -> list[tuple[str, int]]:
    """A sort key by which c2 comes before c10: text and number in turn."""
    parts: list[tuple[str, int]] = []
    text = digits = ""
    for letter in name:
        if letter in "0123456789":
            digits += letter
            continue
        if digits:
            parts.append((text, int(digits)))
            text = digits = ""
        text += letter
    return [*parts, (text, int(digits or -1))]


def fleet(profiles: Iterable[ClusterProfile]) -> list[Cluster]:
    """The clusters in natural order, by the profile's name, or namespace/name where two have the same name."""
    profiles = list(profiles)
    names = Counter(profile.name for profile in profiles)
    clusters = [
        Cluster(profile.name if names[profile.name] == 1 else f"{profile.namespace}/{profile.name}", profile)
        for profile in profiles
    ]
    return sorted(clusters, key=lambda cluster: natural(cluster.name))


def select(clusters: Sequence[Cluster], include: Sequence[str], exclude: Sequence[str]) -> list[Cluster]:
    """The clusters whose name, or namespace/name, matches a pattern of `include` (all if empty) and none of `exclude`.

    Raises UserError for an include pattern that matches nothing, so that a typo doesn't go unseen, and if none is left.
    """
    names = [cluster.name for cluster in clusters]
    for pattern in include:
        if not any(_matches(cluster, pattern) for cluster in clusters):
            raise errors.unknown_cluster(pattern, names)
    chosen = [
        cluster
        for cluster in clusters
        if (not include or any(_matches(cluster, pattern) for pattern in include))
        and not any(_matches(cluster, pattern) for pattern in exclude)
    ]
    if not chosen:
        raise errors.no_cluster_left(names)
    return chosen


def _matches(cluster: Cluster, pattern: str) -> bool:
    """Shell globs; `*` also matches a `/`, and a pattern without one is for the profile's own name too."""
    from fnmatch import fnmatchcase

    full = f"{cluster.profile.namespace}/{cluster.profile.name}"
    return any(fnmatchcase(name, pattern) for name in (cluster.name, cluster.profile.name, full))
