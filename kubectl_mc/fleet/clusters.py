# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The clusters of a fleet and their names."""

from __future__ import annotations

from collections.abc import Container, Iterable

from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.messages.natural_order import natural_key
from kubectl_mc.named_tuples import NamedTuple


class Cluster(NamedTuple):
    """A member of the fleet; `name` is shown and typed, and is unique in the fleet.

    is_only: whether all profiles of this name are of the same member cluster
    siblings: the profiles of the same member cluster, this one among them, chosen or not; none if nothing tells
    tie: why a change doesn't act on it, as its profile isn't the only oldest of the same member cluster; "" if it does
    """

    name: str
    profile: ClusterProfile
    is_only: bool = False
    siblings: tuple[ClusterProfile, ...] = ()
    tie: str = ""

    @property
    def default_context(self) -> str:
        """The context that reaches the cluster if none is mapped to it; with --contexts, the context itself."""
        return self.profile.name if self.is_only or not self.profile.namespace else self.name

    def is_named(self, names: Container[str]) -> bool:
        """Return whether the cluster's name, or the NAMESPACE/NAME of its profile, is among the names."""
        return self.name in names or f"{self.profile.namespace}/{self.profile.name}" in names


def _reference(profile: ClusterProfile) -> tuple[str, str]:
    return profile.namespace, profile.name


def named_clusters(profiles: Iterable[ClusterProfile]) -> list[Cluster]:
    """Return the clusters in natural order, named after their profiles: NAMESPACE/NAME if two have the same name."""
    same_name: dict[str, list[ClusterProfile]] = {}
    same_member: dict[str, list[ClusterProfile]] = {}
    for profile in profiles:
        same_name.setdefault(profile.name, []).append(profile)
        same_member.setdefault(profile.member_id, []).append(profile)
    # One tuple for all of a member: a hub may have ten thousand profiles of one cluster.
    siblings = {member: tuple(sorted(group, key=_reference)) for member, group in same_member.items() if member}
    clusters = []
    for name, group in same_name.items():
        ids = {profile.member_id for profile in group}
        is_only = len(group) == 1 or (len(ids) == 1 and "" not in ids)
        for profile in group:
            shown = name if len(group) == 1 else f"{profile.namespace}/{name}"
            clusters.append(Cluster(shown, profile, is_only, siblings.get(profile.member_id, ())))
    return sorted(clusters, key=lambda cluster: natural_key(cluster.name))
