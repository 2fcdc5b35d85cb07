"""Which clusters a command is for: names, order, and the selection flags. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kubectl_mc import messages
from kubectl_mc.command_line.options import HUB_FLAGS, Options
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster, named_clusters

if TYPE_CHECKING:
    from kubectl_mc.fleet.inventory import Inventory


def select_clusters(inventory: Inventory, options: Options) -> list[Cluster]:
    """The clusters that every selection flag agrees on; in the order of --placement if that is one, else natural.

    (--cluster-selector has been evaluated by the hub.) Raises UserError for a --clusters pattern that matches nothing,
    so that a typo doesn't go unseen, and if no cluster is left.
    """
    clusters = named_clusters(inventory.profiles)
    if inventory.decided is not None:
        place = {reference: index for index, reference in enumerate(inventory.decided)}
        chosen = [cluster for cluster in clusters if _reference(cluster) in place]
        clusters_in_order = sorted(chosen, key=lambda cluster: place[_reference(cluster)])
    else:
        clusters_in_order = clusters
    _no_typo(clusters, options)
    kept = [cluster for cluster in clusters_in_order if _agreed(cluster, options, inventory.clustersets or {})]
    if not kept:
        raise messages.no_cluster_left([cluster.name for cluster in clusters])
    return kept


def _shown(context: str) -> str:
    """A context's name as it is safe wherever a cluster's is shown: unlike a ClusterProfile's, it may be any text."""
    return messages.visible(context).replace("\t", "\\t")


def unknown_references(inventory: Inventory) -> list[str]:
    """What a placement has chosen, `namespace/name`, and the hub has no ClusterProfile of."""
    known = {(profile.namespace, profile.name) for profile in inventory.profiles}
    return ["/".join(reference) for reference in inventory.decided or () if reference not in known]


def clusters_of_contexts(contexts: Sequence[ClusterProfile], options: Options) -> list[Cluster]:
    """The contexts that match a pattern of --contexts, as clusters; --clusters and --exclude narrow them.

    Raises UserError with flags that only a hub can answer, for a pattern that matches nothing, and if none is left.
    """
    if any(getattr(options, name.replace("-", "_")) for name in HUB_FLAGS):
        raise messages.contexts_without_hub()
    known = [cluster._replace(name=_shown(cluster.name)) for cluster in named_clusters(contexts)]
    for pattern in options.contexts:
        if not any(_matches(cluster, pattern) for cluster in known):
            raise messages.unknown_context(pattern, [cluster.name for cluster in known])
    _no_typo(known, options)
    clusters = [cluster for cluster in known if any(_matches(cluster, pattern) for pattern in options.contexts)]
    kept = [cluster for cluster in clusters if _agreed(cluster, options, {})]
    if not kept:
        raise messages.no_cluster_left([cluster.name for cluster in clusters])
    return kept


def _no_typo(known: Sequence[Cluster], options: Options) -> None:
    """A pattern of --clusters, and a plain name that was typed for --exclude, has to mean something.

    What a hub was only asked for a part of, may well have the cluster that is to be left out.
    """
    typed = [name for flag, value in options.given if flag == "exclude" for name in (value or "").split(",")]
    plain = [name for name in typed if name and not any(letter in name for letter in "*?[")]
    partly = bool(options.cluster_selector or options.hub_namespace)
    for pattern in (*options.clusters, *([] if partly else plain)):
        if not any(_matches(cluster, pattern) for cluster in known):
            names = [cluster.name for cluster in known]
            raise messages.unknown_cluster(pattern, names, options.hub_namespace, options.cluster_selector)


def _agreed(cluster: Cluster, options: Options, clustersets: Mapping[str, str]) -> bool:
    """Do all flags, each by itself, choose this cluster?"""
    profile = cluster.profile
    return (
        (not options.clusters or any(_matches(cluster, pattern) for pattern in options.clusters))
        and not any(_matches(cluster, pattern) for pattern in options.exclude)
        and (options.clusterset is None or _glob(clustersets.get(profile.namespace, ""), options.clusterset))
        and (options.cluster_manager is None or _glob(profile.manager, options.cluster_manager))
        and all(_has_property(profile, wanted) for wanted in options.property)
        and (not options.healthy or (profile.healthy is True and profile.joined is not False))
    )


def _reference(cluster: Cluster) -> tuple[str, str]:
    return cluster.profile.namespace, cluster.profile.name


def _has_property(profile: ClusterProfile, wanted: str) -> bool:
    """`name=glob`, or `name` for any value."""
    name, equals, pattern = wanted.partition("=")
    return name in profile.properties and (not equals or _glob(profile.properties[name], pattern))


def _matches(cluster: Cluster, pattern: str) -> bool:
    """Shell globs; `*` also matches a `/`, and a pattern without one is for the profile's own name too."""
    names = (cluster.name, cluster.profile.name, "/".join(_reference(cluster)))
    return any(_glob(name, pattern) for name in names)


def _glob(text: str, pattern: str) -> bool:
    from fnmatch import fnmatchcase

    return text == pattern or fnmatchcase(text, pattern)
