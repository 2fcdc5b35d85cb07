# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Member clusters: which of several ClusterProfiles of the same cluster a command acts on. Pure.

KEP-4322: the label inventory-member-id has the same value on all ClusterProfiles of one member cluster. Of those that a
consumer has selected, it acts on the oldest only, and on none if several are the oldest. A profile without the label
isn't correlated with others. Profiles that aren't selected don't count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubectl_mc import messages
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.messages.natural_order import natural_key
from kubectl_mc.named_tuples import NamedTuple


class Duplicates(NamedTuple):
    """Chosen clusters that are the same member cluster.

    kept: the one that a command is for; of equally old ones, the first by namespace and name
    others: the rest of them, which are left out
    tied: whether several are the oldest, or it isn't known, so that a change acts on none
    """

    kept: Cluster
    others: tuple[Cluster, ...]
    tied: bool

    @property
    def in_one_inventory(self) -> bool:
        """Whether two of them are in the same inventory, where each cluster should have one profile."""
        namespaces = [cluster.profile.namespace for cluster in (self.kept, *self.others)]
        return len(set(namespaces)) < len(namespaces)


def find_duplicates(clusters: Sequence[Cluster]) -> list[Duplicates]:
    """Return the groups of clusters with the same member id, in the order of the ones that are kept."""
    groups: dict[str, list[Cluster]] = {}
    for cluster in clusters:
        if cluster.profile.member_id:
            groups.setdefault(cluster.profile.member_id, []).append(cluster)
    duplicates = [as_duplicates(group) for group in groups.values() if len(group) > 1]
    order = {cluster.name: index for index, cluster in enumerate(clusters)}
    return sorted(duplicates, key=lambda group: order[group.kept.name])


# A metav1.Time, as an API server writes it. Such texts are in the order of time.
_TIMESTAMP = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"


def as_duplicates(clusters: Sequence[Cluster]) -> Duplicates:
    """Return clusters that are the same one, whatever tells that, by the age of their profiles."""
    kept, *others = sorted(clusters, key=_age)
    is_known = all(re.fullmatch(_TIMESTAMP, cluster.profile.created) for cluster in clusters)
    tied = not is_known or any(cluster.profile.created == kept.profile.created for cluster in others)
    return Duplicates(kept, tuple(others), tied)


def _age(cluster: Cluster) -> tuple[object, ...]:
    """Return the sort key of a cluster: the oldest first, those of unknown age last; equally old ones by name."""
    profile = cluster.profile
    is_known = bool(re.fullmatch(_TIMESTAMP, profile.created))
    names = natural_key(profile.namespace), natural_key(profile.name)
    return not is_known, profile.created if is_known else "", *names


def once_each(clusters: Sequence[Cluster], duplicates: Sequence[Duplicates], for_change: bool) -> list[Cluster]:
    """Return the clusters in their order, each member cluster once.

    duplicates: those among the clusters
    for_change: where several profiles are the oldest, all of them stay, with their `tie`, and are not to be changed
    """
    replaced: dict[str, Cluster | None] = {}
    for group in duplicates:
        names = [cluster.name for cluster in (group.kept, *group.others)]
        if for_change and group.tied:
            tie = messages.tied_profiles(names)
            replaced |= {cluster.name: cluster._replace(tie=tie) for cluster in (group.kept, *group.others)}
        else:
            replaced |= dict.fromkeys(names[1:])
    kept = [replaced.get(cluster.name, cluster) for cluster in clusters]
    return [cluster for cluster in kept if cluster]
