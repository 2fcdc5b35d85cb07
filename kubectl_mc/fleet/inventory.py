"""The inventory of a hub: what is asked of it, in how many processes, and what is kept of the answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.fleet import cache, cluster_profiles, hub_objects, placements
from kubectl_mc.fleet.cache import CacheEntry
from kubectl_mc.fleet.cluster_profiles import AccessProvider, ClusterProfile
from kubectl_mc.messages import HubUnreached
from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.targets import Target


class InventoryQuery(NamedTuple):
    """What is asked of a hub. context None: the current one.

    selector: a label selector on ClusterProfiles, which the hub evaluates
    clustersets: the namespaces' ClusterSets: "" not asked, "wanted" if one may know them, "needed"
    placement: [NAMESPACE/]NAME of a PlacementDecision that is wanted
    """

    context: str | None = None
    namespace: str | None = None
    selector: str | None = None
    clustersets: str = ""
    placement: str | None = None


class Inventory(NamedTuple):
    """What a hub said, `age` seconds ago; outdated: why it couldn't be asked again, "" where that wasn't tried.

    clustersets: namespace -> ClusterSet; None if not asked, or not known
    decided: the (namespace, name) of the profiles of a placement, in its order; None if not asked
    """

    profiles: tuple[ClusterProfile, ...]
    clustersets: Mapping[str, str] | None = None
    decided: tuple[tuple[str, str], ...] | None = None
    age: float = 0.0
    outdated: str = ""


def get_inventory(environment: Environment, query: InventoryQuery, hub_target: Callable[[], Target]) -> Inventory:
    """The inventory, from the cache while it is fresh, else from the hub; an old one if the hub cannot be reached.

    hub_target: gives what reaches the hub; called only if the hub is asked
    Raises UserError where there is no inventory at all, and where the hub answered with a refusal.
    """
    directory, kubeconfigs = cache.cache_directory(environment.kube_directory), environment.kubeconfig_files
    keys, rests_on = _keys(query, kubeconfigs), cache.file_states(kubeconfigs)
    kept = {part: entry for part, key in keys.items() if (entry := cache.read_entry(directory, key))}
    known = _restored(kept, query) if len(kept) == len(keys) else None
    refresh = environment.options.refresh
    # A hub without clusters is asked again: it is about to get some.
    if known and known.profiles and not refresh and all(entry.fresh(rests_on) for entry in kept.values()):
        return known
    try:
        asked = ask_hub(environment, query, hub_target())
    except HubUnreached as unreached:
        # Without a named context, another kubeconfig may mean another hub.
        same_hub = query.context or all(entry.rests_on == rests_on for entry in kept.values())
        if not (known and same_hub):
            raise
        return known._replace(outdated=unreached.reason)
    for part, value in _plain(asked).items():
        if part in keys:
            cache.write_entry(directory, keys[part], value, rests_on)
    return asked


def _keys(query: InventoryQuery, kubeconfigs: Sequence[str]) -> dict[str, str]:
    """The key under which each part of the answer is kept: commands that ask for different parts share the others."""
    hub_and_scope = (query.context, *map(os.path.abspath, kubeconfigs)), query.namespace
    keys = {"profiles": cache.cache_key((*hub_and_scope, "profiles", query.selector))}
    if query.clustersets:
        keys["clustersets"] = cache.cache_key((*hub_and_scope, "clustersets"))
    if query.placement:
        keys["decided"] = cache.cache_key((*hub_and_scope, "decided", query.placement))
    return keys


def ask_hub(environment: Environment, query: InventoryQuery, hub: Target) -> Inventory:
    """Ask the hub: one process for each kind of object, side by side. Raises UserError with the hub's name."""
    listings = {"profiles": cluster_profiles.profiles_words(query.namespace, query.selector)}
    if query.clustersets:
        listings["clustersets"] = cluster_profiles.clustersets_words(query.namespace)
    if query.placement:
        listings["decided"] = placements.placements_words(query.placement, query.namespace)
    own = ["--kubeconfig", environment.kubeconfig_flag] if environment.kubeconfig_flag else []
    commands = [
        kubectl_process.target_command(environment, hub._replace(cluster=part), grammar.parse_line([*own, *words]))
        for part, words in listings.items()
    ]
    patience = environment.hub_patience
    results = event_loop.collect_results(commands, len(commands), patience)
    answered = [result for result in results if not (query.clustersets == "wanted" and _is_withheld(result))]
    answers = {result.cluster: _items(result, query.context, patience) for result in answered}
    return Inventory(
        tuple(cluster_profiles.parse_profiles(answers["profiles"])),
        cluster_profiles.parse_clustersets(answers["clustersets"]) if "clustersets" in answers else None,
        placements.parse_decision(answers["decided"], query.placement) if query.placement else None,
    )


def _is_withheld(result: Result) -> bool:
    """Are these the ClusterSets, which the user may not know?"""
    text = result.stderr.decode("utf-8", "replace")
    return (
        result.cluster == "clustersets" and bool(result.status) and messages.find_cause(text, 1).reason == "forbidden"
    )


def _items(result: Result, context: str | None, patience: float) -> list[Any]:
    """The objects in a listing."""
    if result.timed_out:
        raise messages.hub_timed_out(context, patience)
    if result.status is None:
        raise KeyboardInterrupt
    if result.status:
        text = result.stderr.decode("utf-8", "replace")
        raise messages.hub_failed(context, messages.find_cause(text, result.status), text, result.cluster)
    try:
        return hub_objects.list_items(result.stdout)
    except ValueError:
        raise messages.hub_garbage(context) from None


def _plain(inventory: Inventory) -> dict[str, Any]:
    """As JSON keeps it."""
    return {
        "profiles": [profile._asdict() for profile in inventory.profiles],
        "clustersets": inventory.clustersets,
        "decided": inventory.decided,
    }


def _restored(kept: Mapping[str, CacheEntry], query: InventoryQuery) -> Inventory | None:
    """None if what is kept can't be read, or isn't enough."""
    clustersets, decided = (kept[part].value if part in kept else None for part in ("clustersets", "decided"))
    if query.clustersets == "needed" and clustersets is None:
        return None
    try:
        profiles = tuple(
            ClusterProfile(
                **{**fields, "access_providers": tuple(AccessProvider(*each) for each in fields["access_providers"])}
            )
            for fields in kept["profiles"].value
        )
        return Inventory(
            profiles,
            None if clustersets is None else dict(clustersets),
            None if decided is None else tuple((space, name) for space, name in decided),
            max(found.age for found in kept.values()),
        )
    except (KeyError, TypeError, ValueError):
        return None
