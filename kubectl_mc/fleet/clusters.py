"""TODO."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.messages import natural_order


class Cluster(NamedTuple):
    """A member of the fleet: `name` is what is shown and typed, unique in the fleet."""

    name: str
    profile: ClusterProfile

    @property
    def own_context(self) -> str:
        """The context that reaches it if none is mapped; a context of the user's, taken for a cluster, is itself."""
        return self.name if self.profile.namespace else self.profile.name


def named_clusters(profiles: Iterable[ClusterProfile]) -> list[Cluster]:
    """The clusters in natural order, by the profile's name, or namespace/name where two have the same name."""
    profiles = list(profiles)
    names = Counter(profile.name for profile in profiles)
    clusters = [
        Cluster(profile.name if names[profile.name] == 1 else f"{profile.namespace}/{profile.name}", profile)
        for profile in profiles
    ]
    return sorted(clusters, key=lambda cluster: natural_order.natural_key(cluster.name))
