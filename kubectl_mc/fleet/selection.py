# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The selection flags: which clusters of the fleet they choose, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from functools import cache, partial

from kubectl_mc import messages
from kubectl_mc.command_line.options import HUB_FLAGS, Options, exact_names, flags_set, typed_names
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster, named_clusters
from kubectl_mc.fleet.inventory import Inventory
from kubectl_mc.fleet.name_globs import (
    alternatives,
    choose_by_patterns,
    has_wildcard,
    idle_alternatives,
    is_exclusion,
    matches,
    names_profile,
)
from kubectl_mc.named_tuples import NamedTuple


class _Filter(NamedTuple):
    """A flag that chooses clusters, with its value, None for a switch; and whether it chooses a cluster."""

    flag: str
    value: str | None
    chooses: Callable[[Cluster], bool]


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
    filters = [*_name_filters(clusters, options, is_known), *_hub_filters(clusters, inventory, options)]
    selected = _filtered(clusters, filters, options)
    if inventory.placement_decision is not None:
        order = {chosen.reference: index for index, chosen in enumerate(inventory.placement_decision)}
        selected.sort(key=lambda cluster: order[cluster.profile.reference])
    return selected


def _filtered(clusters: Sequence[Cluster], filters: Sequence[_Filter], options: Options) -> list[Cluster]:
    """Return the clusters that all filters choose. Raises UserError that says how many each of them leaves, if none."""
    left, steps = list(clusters), []
    typed = {name for name, _ in options.typed}
    for flag, value, chooses in filters:
        left = [cluster for cluster in left if chooses(cluster)]
        steps.append((flag, value, flag in typed, len(left)))
        if not left:
            raise messages.no_cluster_left(len(clusters), steps)
    return left


def check_exclusions(inventory: Inventory, options: Options) -> None:
    """Raise UserError for what is typed to be left out of a change and is no cluster: it may be mistyped."""
    clusters = named_clusters(inventory.profiles)
    for pattern in (*_typed_exclusions(options), *filter(is_exclusion, typed_names(options.typed, "contexts"))):
        for text in idle_alternatives(pattern, partial(_named, clusters)):
            raise messages.excludes_nothing(text, [cluster.name for cluster in clusters])


def _typed_exclusions(options: Options) -> list[str]:
    """Return the patterns that are typed for --exclude, and those with a `!` for --clusters."""
    names = filter(is_exclusion, typed_names(options.typed, "clusters"))
    return [*filter(None, typed_names(options.typed, "exclude")), *names]


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
    for pattern in (text for value in options.clusters if not is_exclusion(value) for text in alternatives(value)):
        names = [cluster.name for cluster in selected if _has_other_name(cluster, pattern)]
        if names and not any(_is_named(cluster, pattern) for cluster in selected):
            notes.append(messages.chosen_by_other_name(pattern, names))
    if defaulted := _left_out_by_defaults(inventory, options, selected, is_known):
        notes.append(messages.left_out_by_defaults(defaulted))
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


def _left_out_by_defaults(
    inventory: Inventory, options: Options, selected: Sequence[Cluster], is_known: Callable[[str], bool]
) -> list[str]:
    """Return the clusters that are named exactly, and that none of the typed flags leaves out, but another one does."""
    clusters = named_clusters(inventory.profiles)
    if not (left_out := _named_and_left_out(clusters, options, selected)):
        return []
    filters = [*_name_filters(clusters, options, is_known), *_hub_filters(clusters, inventory, options)]
    return _left_by_typed(left_out, filters, options)


def _named_and_left_out(clusters: Sequence[Cluster], options: Options, selected: Sequence[Cluster]) -> list[Cluster]:
    names = exact_names(options.typed)
    return [cluster for cluster in clusters if cluster.is_named(names) and cluster not in selected]


def _left_by_typed(clusters: Sequence[Cluster], filters: Sequence[_Filter], options: Options) -> list[str]:
    """Return the names of the clusters that the filters of the typed flags choose."""
    typed = {name for name, _ in options.typed}
    stated = [chooses for flag, _, chooses in filters if flag in typed]
    return [cluster.name for cluster in clusters if all(chooses(cluster) for chooses in stated)]


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
    if flags_set(options, HUB_FLAGS):
        raise messages.contexts_without_hub()
    clusters, filters = _of_contexts(contexts, options)
    return _filtered(clusters, filters, options)


def context_notes(contexts: Sequence[ClusterProfile], options: Options, selected: Sequence[Cluster]) -> list[str]:
    """Return what the user has to know of what `clusters_of_contexts` has selected, as `selection_notes` does."""
    clusters, filters = _of_contexts(contexts, options)
    named = _left_by_typed(_named_and_left_out(clusters, options, selected), filters, options)
    return [messages.left_out_by_defaults(named)] if named else []


def _of_contexts(contexts: Sequence[ClusterProfile], options: Options) -> tuple[list[Cluster], list[_Filter]]:
    """Return the contexts as clusters, and the filters of the flags. Raises UserError where one means none."""
    # The name of a context, unlike that of a ClusterProfile, may contain any character.
    clusters = [
        cluster._replace(name=messages.visible(cluster.name).replace("\t", "\\t"))
        for cluster in named_clusters(contexts)
    ]
    names = {name for cluster in clusters for name in (cluster.name, cluster.profile.name)}
    meant = _meaning(clusters, _knows_none)
    for pattern in options.contexts:
        idle = idle_alternatives(pattern, meant, names)
        if idle and not (is_exclusion(pattern) and has_wildcard(idle[0])):
            shown = [cluster.name for cluster in clusters]
            raise messages.unknown_context(idle[0], shown, _wider(clusters, idle[0])[0])
    everything = {cluster.profile.reference for cluster in clusters}
    chosen = choose_by_patterns(options.contexts, everything, meant, names=names)
    by_context = _reference_filter("contexts", ",".join(options.contexts), chosen)
    return clusters, [by_context, *_name_filters(clusters, options, names=names)]


def _name_filters(
    clusters: Sequence[Cluster],
    options: Options,
    is_known: Callable[[str], bool] = _knows_none,
    names: Container[str] = (),
) -> list[_Filter]:
    """Return the filters of --clusters and --exclude.

    names: as of `alternatives`
    Raises UserError if something that --clusters chooses, or a name without wildcards that is typed to be left out,
    means no cluster, and if an id or a display name is that of several.
    """

    def is_name(text: str) -> bool:
        return "/" in text or is_known(text)

    meant, left_out = _meaning(clusters, is_name), _meaning(clusters, _knows_none)
    included = [pattern for pattern in options.clusters if pattern in names or not is_exclusion(pattern)]
    unmatched = [text for pattern in included for text in idle_alternatives(pattern, meant, names)]
    # To leave out too much does no harm, but what was typed may mean a cluster that isn't there.
    typed = [text for pattern in _typed_exclusions(options) for text in idle_alternatives(pattern, meant, names)]
    unmatched += [text for text in typed if not has_wildcard(text)]
    if unmatched:
        shown = [cluster.name for cluster in clusters]
        raise messages.unknown_cluster(unmatched[0], shown, options.inventory, _wider(clusters, unmatched[0]))
    everything = {cluster.profile.reference for cluster in clusters}
    filters = []
    if options.clusters:
        chosen = choose_by_patterns(options.clusters, everything, meant, left_out, names)
        filters.append(_reference_filter("clusters", ",".join(options.clusters), chosen))
    if options.exclude:
        excluded = choose_by_patterns(options.exclude, everything, left_out, names=names)
        filters.append(_reference_filter("exclude", ",".join(options.exclude), everything - excluded))
    return filters


def _wider(clusters: Sequence[Cluster], name: str) -> tuple[str, int]:
    """Return a glob that was perhaps meant with a name that no cluster has, and how many match it; ("", 0) for none."""
    globs = (f"{name}-*", f"{name}.*", f"{name}/*", f"{name}*", f"*-{name}", f"*.{name}", f"*{name}*")
    if name and not has_wildcard(name):
        for glob in globs:
            if matching := _named(clusters, glob):
                return glob, len(matching)
    return "", 0


def _meaning(
    clusters: Sequence[Cluster], is_name: Callable[[str], bool]
) -> Callable[[str], frozenset[tuple[str, str]]]:
    """Return a function that returns the references of the profiles that `_meant` returns for an alternative."""
    return cache(lambda text: frozenset(cluster.profile.reference for cluster in _meant(clusters, text, is_name)))


def _meant(clusters: Sequence[Cluster], pattern: str, is_name: Callable[[str], bool]) -> list[Cluster]:
    """Return the clusters whose name a pattern matches; without any, the one with exactly that id or display name.

    A name, which in a context may have any characters, means nothing but the cluster of this name.
    A hub chooses ids and display names freely, so they never count where a name does, nor if they are not unique.
    is_name: whether a text that no cluster has for its name is a name all the same
    Raises UserError for an id or a display name of several clusters; profiles of one member cluster are one.
    """
    exact = [cluster for cluster in clusters if pattern in (cluster.name, cluster.profile.name)]
    named = exact or _named(clusters, pattern)
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


def _hub_filters(clusters: Sequence[Cluster], inventory: Inventory, options: Options) -> list[_Filter]:
    """Return the filters of the flags about what the hub says of clusters. Raises UserError where one means none."""
    filters = []
    if options.clusterset is not None:
        _check_clusterset(clusters, inventory, options)
    if inventory.by_selector is not None:
        labelled = {*inventory.by_selector}
        if not labelled:
            is_typed = "cluster-selector" in dict(options.typed)
            raise messages.no_cluster_with_labels(options.cluster_selector or "", options.inventory, is_typed)
        filters.append(_reference_filter("cluster-selector", options.cluster_selector, labelled))
    if inventory.placement_decision is not None:
        decided = {decision.reference for decision in inventory.placement_decision}
        filters.append(_reference_filter("placement", options.placement, decided))
    if (clusterset := options.clusterset) is not None:
        filters.append(_Filter("clusterset", clusterset, lambda cluster: _is_in(inventory, cluster, clusterset)))
    if (manager := options.cluster_manager) is not None:
        filters.append(
            _Filter("cluster-manager", manager, lambda cluster: matches(cluster.profile.cluster_manager, manager))
        )
    filters += [_Filter("property", condition, partial(_has_property, condition)) for condition in options.property]
    return [*filters, _Filter("healthy", None, _is_healthy)] if options.healthy else filters


def _reference_filter(flag: str, value: str | None, references: Container[tuple[str, str]]) -> _Filter:
    return _Filter(flag, value, lambda cluster: cluster.profile.reference in references)


def _is_healthy(cluster: Cluster) -> bool:
    return cluster.profile.healthy is True and cluster.profile.joined is not False


def _is_in(inventory: Inventory, cluster: Cluster, pattern: str) -> bool:
    """Return whether a cluster is in a ClusterSet that a glob matches."""
    clusterset = inventory.clusterset(cluster.profile) or ""
    return clusterset != "" and matches(clusterset, pattern)


def _check_clusterset(clusters: Sequence[Cluster], inventory: Inventory, options: Options) -> None:
    """Raise UserError if no cluster is in a ClusterSet that --clusterset names."""
    clustersets = {cluster.name: inventory.clusterset(cluster.profile) for cluster in clusters}
    present = sorted({*filter(None, clustersets.values())})
    pattern = options.clusterset or ""
    if not any(matches(clusterset, pattern) for clusterset in present):
        unknown = [name for name, clusterset in clustersets.items() if clusterset is None]
        raise messages.no_clusterset(pattern, present, unknown, options.inventory)


def _has_property(condition: str, cluster: Cluster) -> bool:
    """Return whether a cluster meets a condition: `NAME=GLOB`, or `NAME` for a property with any value."""
    name, equals, pattern = condition.partition("=")
    properties = cluster.profile.properties
    return name in properties and (not equals or matches(properties[name], pattern))


def _named(clusters: Sequence[Cluster], pattern: str) -> list[Cluster]:
    return [cluster for cluster in clusters if _is_named(cluster, pattern)]


def _is_named(cluster: Cluster, pattern: str) -> bool:
    """Return whether a glob or a regular expression is for the cluster's profile, or for a context as it is shown."""
    profile = cluster.profile
    is_context = not profile.namespace
    return names_profile(*profile.reference, pattern) or (is_context and names_profile("", cluster.name, pattern))
