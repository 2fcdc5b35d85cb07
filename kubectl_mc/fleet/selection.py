"""The selection flags: which clusters of the fleet they choose, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubectl_mc import messages
from kubectl_mc.command_line.options import HUB_FLAGS, Options
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster, named_clusters
from kubectl_mc.fleet.inventory import Inventory
from kubectl_mc.fleet.name_globs import has_wildcard, matches, matches_profile


def _knows_none(name: str) -> bool:
    return False


def select_clusters(
    inventory: Inventory, options: Options, is_known: Callable[[str], bool] = _knows_none
) -> list[Cluster]:
    """Return the clusters that all selection flags choose, in natural order or in the order of the --placement.

    is_known: whether a text is a name in the user's own files; it is called for ids and display names only
    Raises UserError for a name that means no cluster or several, labels or a ClusterSet of no cluster, and if no
    cluster is left.
    """
    clusters = named_clusters(inventory.profiles)
    candidates = _by_name(clusters, options, is_known)
    if options.clusterset is not None:
        _check_clusterset(clusters, inventory, options)
    if inventory.by_selector is not None:
        by_selector = {*inventory.by_selector}
        if not by_selector:
            raise messages.no_cluster_with_labels(options.cluster_selector or "", options.inventory)
        candidates = [cluster for cluster in candidates if cluster.profile.reference in by_selector]
    if inventory.placement_decision is not None:
        order = {chosen.reference: index for index, chosen in enumerate(inventory.placement_decision)}
        candidates = [cluster for cluster in candidates if cluster.profile.reference in order]
        candidates.sort(key=lambda cluster: order[cluster.profile.reference])
    selected = [cluster for cluster in candidates if _is_selected(cluster, options, inventory)]
    if not selected:
        raise messages.no_cluster_left([cluster.name for cluster in clusters])
    return selected


def idle_exclusions(inventory: Inventory, options: Options) -> list[str]:
    """Return the globs of a typed --exclude that match no cluster: they may be mistyped."""
    clusters = named_clusters(inventory.profiles)
    typed = [name for flag, value in options.typed if flag == "exclude" for name in (value or "").split(",")]
    return [name for name in typed if has_wildcard(name) and not any(_is_named(cluster, name) for cluster in clusters)]


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
        if names and not any(_is_named(cluster, pattern) for cluster in selected):
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
        if len({*clustersets.values()}) > 1 and any(matches(text, pattern) for text in clustersets.values())
    ]:
        notes.append(messages.clustersets_disagree(disagreeing))
    return notes


def placement_notes(inventory: Inventory, options: Options) -> list[str]:
    """Return what the user has to know of what a placement chose and is not among the profiles that were read."""
    read = {profile.reference for profile in inventory.profiles}
    chosen = [decision.reference for decision in inventory.placement_decision or ()]
    unread = [reference for reference in chosen if options.inventory and reference[0] not in options.inventory]
    missing = [reference for reference in chosen if reference not in {*read, *unread}]
    placement, notes = options.placement or "", []
    if missing:
        notes.append(messages.chosen_without_profile(placement, ["/".join(reference) for reference in missing]))
    if unread:
        notes.append(messages.chosen_elsewhere(placement, ["/".join(reference) for reference in unread]))
    return notes


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
        if not any(_is_named(cluster, pattern) for cluster in clusters):
            raise messages.unknown_context(pattern, [cluster.name for cluster in clusters])
    named = {cluster.profile.reference for cluster in _by_name(clusters, options)}
    candidates = [cluster for cluster in clusters if any(_is_named(cluster, pattern) for pattern in options.contexts)]
    selected = [cluster for cluster in candidates if cluster.profile.reference in named]
    if not selected:
        raise messages.no_cluster_left([cluster.name for cluster in candidates])
    return selected


def _by_name(
    clusters: Sequence[Cluster], options: Options, is_known: Callable[[str], bool] = _knows_none
) -> list[Cluster]:
    """Return the clusters that --clusters chooses and --exclude leaves.

    Raises UserError if a --clusters pattern, or a name without wildcards in a typed --exclude, means no cluster, and if
    an id or a display name is that of several.
    """

    def is_name(text: str) -> bool:
        return "/" in text or is_known(text)

    included = {pattern: _meant(clusters, pattern, is_name) for pattern in options.clusters}
    excluded = {pattern: _meant(clusters, pattern, _knows_none) for pattern in options.exclude}
    typed = [name for flag, value in options.typed if flag == "exclude" for name in (value or "").split(",")]
    checked = [name for name in typed if name and not has_wildcard(name)]
    unmatched = [pattern for pattern, meant in included.items() if not meant]
    # To leave out too much does no harm, but what was typed may mean a cluster that isn't there.
    unmatched += [name for name in checked if not _meant(clusters, name, is_name)]
    if unmatched:
        names = [cluster.name for cluster in clusters]
        raise messages.unknown_cluster(unmatched[0], names, options.inventory)
    chosen = {cluster.profile.reference for meant in included.values() for cluster in meant}
    left_out = {cluster.profile.reference for meant in excluded.values() for cluster in meant}
    return [
        cluster
        for cluster in clusters
        if (not options.clusters or cluster.profile.reference in chosen) and cluster.profile.reference not in left_out
    ]


def _meant(clusters: Sequence[Cluster], pattern: str, is_name: Callable[[str], bool]) -> list[Cluster]:
    """Return the clusters whose name a pattern matches; without any, the one with exactly that id or display name.

    A hub chooses ids and display names freely, so they never count where a name does, nor if they are not unique.
    is_name: whether a text that no cluster has for its name is a name all the same
    Raises UserError for an id or a display name of several clusters; profiles of one member cluster are one.
    """
    named = [cluster for cluster in clusters if _is_named(cluster, pattern)]
    if named or has_wildcard(pattern):
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


def _check_clusterset(clusters: Sequence[Cluster], inventory: Inventory, options: Options) -> None:
    """Raise UserError if no cluster is in a ClusterSet that --clusterset names."""
    clustersets = {cluster.name: inventory.clusterset(cluster.profile) for cluster in clusters}
    present = sorted({*filter(None, clustersets.values())})
    pattern = options.clusterset or ""
    if not any(matches(clusterset, pattern) for clusterset in present):
        unknown = [name for name, clusterset in clustersets.items() if clusterset is None]
        raise messages.no_clusterset(pattern, present, unknown, options.inventory)


def _is_selected(cluster: Cluster, options: Options, inventory: Inventory) -> bool:
    """Return whether every flag about what the hub says of the cluster chooses it."""
    profile = cluster.profile
    clusterset = inventory.clusterset(profile) or ""
    return (
        (options.clusterset is None or (clusterset != "" and matches(clusterset, options.clusterset)))
        and (options.cluster_manager is None or matches(profile.cluster_manager, options.cluster_manager))
        and all(_has_property(profile, condition) for condition in options.property)
        and (not options.healthy or (profile.healthy is True and profile.joined is not False))
    )


def _has_property(profile: ClusterProfile, condition: str) -> bool:
    """Return whether a profile meets a condition: `NAME=GLOB`, or `NAME` for a property with any value."""
    name, equals, pattern = condition.partition("=")
    return name in profile.properties and (not equals or matches(profile.properties[name], pattern))


def _is_named(cluster: Cluster, pattern: str) -> bool:
    """Return whether a shell glob matches the cluster's profile, or the name of a context as it is shown."""
    profile = cluster.profile
    is_context = not profile.namespace
    return matches_profile(*profile.reference, pattern) or (is_context and matches(cluster.name, pattern))
