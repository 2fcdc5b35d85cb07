"""The selection flags: which clusters of the fleet they choose, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.command_line.options import HUB_FLAGS, Options
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster, named_clusters
from kubectl_mc.fleet.inventory import Inventory


def select_clusters(inventory: Inventory, options: Options) -> list[Cluster]:
    """Return the clusters that all selection flags choose, in natural order or in the order of the --placement.

    The hub has evaluated --cluster-selector already.
    Raises UserError for a pattern that matches no cluster, and if no cluster is left.
    """
    clusters = candidates = named_clusters(inventory.profiles)
    _check_patterns(clusters, options)
    if inventory.placement_decision is not None:
        order = {chosen.reference: index for index, chosen in enumerate(inventory.placement_decision)}
        candidates = [cluster for cluster in clusters if _reference(cluster.profile) in order]
        candidates.sort(key=lambda cluster: order[_reference(cluster.profile)])
    selected = [cluster for cluster in candidates if _is_selected(cluster, options, inventory.clustersets or {})]
    if not selected:
        raise messages.no_cluster_left([cluster.name for cluster in clusters])
    return selected


def unknown_references(inventory: Inventory) -> list[str]:
    """Return the NAMESPACE/NAME of the placement's profiles that are not among those of the hub."""
    references = {_reference(profile) for profile in inventory.profiles}
    chosen = [decision.reference for decision in inventory.placement_decision or ()]
    return ["/".join(reference) for reference in chosen if reference not in references]


def clusters_of_contexts(contexts: Sequence[ClusterProfile], options: Options) -> list[Cluster]:
    """Return the contexts that match --contexts as clusters, narrowed by --clusters and --exclude.

    Raises UserError for flags that need a hub, for a pattern that matches no context, and if no cluster is left.
    """
    if any(getattr(options, name.replace("-", "_")) for name in HUB_FLAGS):
        raise messages.contexts_without_hub()
    # The name of a context, unlike that of a ClusterProfile, may contain any character.
    clusters = [
        cluster._replace(name=messages.visible(cluster.name).replace("\t", "\\t"))
        for cluster in named_clusters(contexts)
    ]
    for pattern in options.contexts:
        if not any(_matches(cluster, pattern) for cluster in clusters):
            raise messages.unknown_context(pattern, [cluster.name for cluster in clusters])
    _check_patterns(clusters, options)
    candidates = [cluster for cluster in clusters if any(_matches(cluster, pattern) for pattern in options.contexts)]
    selected = [cluster for cluster in candidates if _is_selected(cluster, options, {})]
    if not selected:
        raise messages.no_cluster_left([cluster.name for cluster in candidates])
    return selected


def _check_patterns(clusters: Sequence[Cluster], options: Options) -> None:
    """Raise UserError if a --clusters pattern, or a name without wildcards in a typed --exclude, matches no cluster.

    Names in --exclude are not checked if the hub returned only some of its clusters: it may have those as well.
    """
    excluded = [name for flag, value in options.typed if flag == "exclude" for name in (value or "").split(",")]
    names = [name for name in excluded if name and not any(letter in name for letter in "*?[")]
    partial = options.cluster_selector or options.inventory
    for pattern in (*options.clusters, *([] if partial else names)):
        if not any(_matches(cluster, pattern) for cluster in clusters):
            cluster_names = [cluster.name for cluster in clusters]
            raise messages.unknown_cluster(pattern, cluster_names, options.inventory, options.cluster_selector)


def _is_selected(cluster: Cluster, options: Options, clustersets: Mapping[str, str]) -> bool:
    """Return whether every flag chooses the cluster; clustersets: namespace -> ClusterSet."""
    profile = cluster.profile
    return (
        (not options.clusters or any(_matches(cluster, pattern) for pattern in options.clusters))
        and not any(_matches(cluster, pattern) for pattern in options.exclude)
        and (options.clusterset is None or _glob(clustersets.get(profile.namespace, ""), options.clusterset))
        and (options.cluster_manager is None or _glob(profile.cluster_manager, options.cluster_manager))
        and all(_has_property(profile, condition) for condition in options.property)
        and (not options.healthy or (profile.healthy is True and profile.joined is not False))
    )


def _reference(profile: ClusterProfile) -> tuple[str, str]:
    return profile.namespace, profile.name


def _has_property(profile: ClusterProfile, condition: str) -> bool:
    """Return whether a profile meets a condition: `NAME=GLOB`, or `NAME` for a property with any value."""
    name, equals, pattern = condition.partition("=")
    return name in profile.properties and (not equals or _glob(profile.properties[name], pattern))


def _matches(cluster: Cluster, pattern: str) -> bool:
    """Return whether a shell glob matches the cluster's name, or its profile's NAME or NAMESPACE/NAME.

    `*` matches a `/` as well.
    """
    names = (cluster.name, cluster.profile.name, "/".join(_reference(cluster.profile)))
    return any(_glob(name, pattern) for name in names)


def _glob(text: str, pattern: str) -> bool:
    from fnmatch import fnmatchcase

    return text == pattern or fnmatchcase(text, pattern)
