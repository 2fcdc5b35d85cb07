"""The clusters of a fleet and their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.messages.natural_order import natural_key


class Cluster(NamedTuple):
    """A member of the fleet; `name` is shown and typed, and is unique in the fleet."""

    name: str
    profile: ClusterProfile

    @property
    def default_context(self) -> str:
        """The context that reaches the cluster if none is mapped to it; with --contexts, the context itself."""
        return self.name if self.profile.namespace else self.profile.name


def named_clusters(profiles: Iterable[ClusterProfile]) -> list[Cluster]:
    """Return the clusters in natural order, named after their profiles: NAMESPACE/NAME if two have the same name."""
    profiles = list(profiles)
    counts = Counter(profile.name for profile in profiles)
    clusters = [
        Cluster(profile.name if counts[profile.name] == 1 else f"{profile.namespace}/{profile.name}", profile)
        for profile in profiles
    ]
    return sorted(clusters, key=lambda cluster: natural_key(cluster.name))
