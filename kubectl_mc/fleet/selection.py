"""The selection flags: which clusters of the fleet they choose, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubectl_mc import messages
from kubectl_mc.command_line.options import HUB_FLAGS, Options
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster, named_clusters
from kubectl_mc.fleet.inventory import Inventory


def _knows_none(name: str) -> bool:
    return False


def select_clusters(
    inventory: Inventory, options: Options, is_known: Callable[[str], bool] = _knows_none
) -> list[Cluster]:
    """Return the clusters that all selection flags choose, in natural order or in the order of the --placement.

    The hub has evaluated --cluster-selector already.
    is_known: whether the user's own files have a name for that of a cluster; it is only called if the hub has none
    Raises UserError for a name that means no cluster or several, a ClusterSet that no cluster is in, and if no cluster
    is left.
    """
    clusters = named_clusters(inventory.profiles)
    candidates = _by_name(clusters, options, is_known)
    if options.clusterset is not None:
        _check_clusterset(clusters, inventory, options)
    if inventory.placement_decision is not None:
        order = {chosen.reference: index for index, chosen in enumerate(inventory.placement_decision)}
        candidates = [cluster for cluster in candidates if _reference(cluster.profile) in order]
        candidates.sort(key=lambda cluster: order[_reference(cluster.profile)])
    selected = [cluster for cluster in candidates if _is_selected(cluster, options, inventory)]
    if not selected:
        raise messages.no_cluster_left([cluster.name for cluster in clusters])
    return selected


def selection_notes(
    inventory: Inventory,
    options: Options,
    selected: Sequence[Cluster],
    is_known: Callable[[str], bool] = _knows_none,
) -> list[str]:
    """Return what the user has to know of a selection in which more than the clusters' names counts.

    selected: what select_clusters has returned for the same inventory and options
    """
    notes = []
    for pattern in options.clusters:
        names = [cluster.name for cluster in selected if _has_other_name(cluster, pattern)]
        if names and not any(_matches(cluster, pattern) for cluster in selected):
            notes.append(messages.chosen_by_other_name(pattern, names))
    if options.clusterset is None:
        return notes
    in_any_set = select_clusters(inventory, options._replace(clusterset=None), is_known)
    if unknown := [cluster.name for cluster in in_any_set if inventory.clusterset(cluster.profile) is None]:
        notes.append(messages.unknown_clustersets(unknown))
    said = [(cluster.name, cluster.profile.clustersets(inventory.clustersets or {})) for cluster in in_any_set]
    pattern = options.clusterset
    if disagreeing := [
        (name, clustersets)
        for name, clustersets in said
        if len({*clustersets.values()}) > 1 and any(_glob(text, pattern) for text in clustersets.values())
    ]:
        notes.append(messages.clustersets_disagree(disagreeing))
    return notes


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
    named = {_reference(cluster.profile) for cluster in _by_name(clusters, options)}
    candidates = [cluster for cluster in clusters if any(_matches(cluster, pattern) for pattern in options.contexts)]
    selected = [cluster for cluster in candidates if _reference(cluster.profile) in named]
    if not selected:
        raise messages.no_cluster_left([cluster.name for cluster in candidates])
    return selected


def _by_name(
    clusters: Sequence[Cluster], options: Options, is_known: Callable[[str], bool] = _knows_none
) -> list[Cluster]:
    """Return the clusters that --clusters chooses and --exclude leaves.

    Raises UserError if a --clusters pattern, or a name without wildcards in a typed --exclude, means no cluster, and if
    an id or a display name is that of several.
    Names in --exclude are not checked if the hub returned only some of its clusters: it may have those as well.
    """
    # A name that the hub doesn't return must not come to mean another cluster: with --cluster-selector it returns a
    # part of them, and what the user has mapped or approved may be gone.
    included = {
        pattern: _meant(clusters, pattern, is_known if not options.cluster_selector else lambda _: True)
        for pattern in options.clusters
    }
    excluded = {pattern: _meant(clusters, pattern, _knows_none) for pattern in options.exclude}
    typed = [name for flag, value in options.typed if flag == "exclude" for name in (value or "").split(",")]
    partial = options.cluster_selector or options.inventory
    checked = [] if partial else [name for name in typed if name and not _has_wildcard(name)]
    unmatched = [pattern for pattern, meant in included.items() if not meant]
    unmatched += [name for name in checked if not excluded.get(name)]
    if unmatched:
        names = [cluster.name for cluster in clusters]
        raise messages.unknown_cluster(unmatched[0], names, options.inventory, options.cluster_selector)
    chosen = {_reference(cluster.profile) for meant in included.values() for cluster in meant}
    left_out = {_reference(cluster.profile) for meant in excluded.values() for cluster in meant}
    return [
        cluster
        for cluster in clusters
        if (not options.clusters or _reference(cluster.profile) in chosen)
        and _reference(cluster.profile) not in left_out
    ]


def _meant(clusters: Sequence[Cluster], pattern: str, is_name: Callable[[str], bool]) -> list[Cluster]:
    """Return the clusters whose name a pattern matches; without any, the one with exactly that id or display name.

    A hub chooses ids and display names freely, so they never count where a name does, nor if they are not unique.
    is_name: whether a text that no cluster has for its name may be a name all the same
    Raises UserError for an id or a display name of several clusters; profiles of one member cluster are one.
    """
    named = [cluster for cluster in clusters if _matches(cluster, pattern)]
    if named or _has_wildcard(pattern):
        return named
    others = [cluster for cluster in clusters if _has_other_name(cluster, pattern)]
    if not others or is_name(pattern):
        return []
    if len({cluster.profile.member_id or cluster.name for cluster in others}) > 1:
        raise messages.ambiguous_cluster(pattern, [cluster.name for cluster in others])
    return others


def _has_other_name(cluster: Cluster, text: str) -> bool:
    """Return whether a text is the id or the display name of a cluster."""
    return text in (*cluster.profile.cluster_ids, cluster.profile.display_name)


def _has_wildcard(pattern: str) -> bool:
    return any(letter in pattern for letter in "*?[")


def _check_clusterset(clusters: Sequence[Cluster], inventory: Inventory, options: Options) -> None:
    """Raise UserError if no cluster is in a ClusterSet that --clusterset names."""
    clustersets = {cluster.name: inventory.clusterset(cluster.profile) for cluster in clusters}
    present = sorted({*filter(None, clustersets.values())})
    pattern = options.clusterset or ""
    if not any(_glob(clusterset, pattern) for clusterset in present):
        unknown = [name for name, clusterset in clustersets.items() if clusterset is None]
        raise messages.no_clusterset(pattern, present, unknown, options.inventory, options.cluster_selector)


def _is_selected(cluster: Cluster, options: Options, inventory: Inventory) -> bool:
    """Return whether every flag about what the hub says of the cluster chooses it."""
    profile = cluster.profile
    clusterset = inventory.clusterset(profile) or ""
    return (
        (options.clusterset is None or (clusterset != "" and _glob(clusterset, options.clusterset)))
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
