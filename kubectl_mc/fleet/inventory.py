"""The inventory of a hub: read with one kubectl per kind of object, or from the cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.fleet import cluster_profiles, hub_objects, placements
from kubectl_mc.fleet.cluster_profiles import AccessProvider, ClusterProfile, Condition
from kubectl_mc.messages import HubUnreached
from kubectl_mc.processes import cache, event_loop, kubectl_process, pipe_files
from kubectl_mc.processes.cache import CacheEntry
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.targets import Target


class InventoryQuery(NamedTuple):
    """What a command asks of the hub.

    context: the hub's kubeconfig context; None for the current one
    namespace: the hub's namespace that is read; None for all
    selector: a label selector for ClusterProfiles, which the hub evaluates
    clustersets: "" for none; "optional" if a cached answer of a hub that refused them will do, too, "required" if only
        where each profile says its ClusterSet itself
    placement: [NAMESPACE/]NAME of a PlacementDecision; None for none
    """

    context: str | None = None
    namespace: str | None = None
    selector: str | None = None
    clustersets: Literal["", "optional", "required"] = ""
    placement: str | None = None


class Inventory(NamedTuple):
    """What the hub says about its clusters.

    clustersets: namespace -> ClusterSet; None if they were not asked for, or if the user may not read them
    placement_decision: the (namespace, name) of the placement's profiles, in its order; None if not asked for
    age: seconds since the hub was asked
    stale_reason: why the hub could not be asked again; "" if the inventory is fresh
    """

    profiles: tuple[ClusterProfile, ...]
    clustersets: Mapping[str, str] | None = None
    placement_decision: tuple[tuple[str, str], ...] | None = None
    age: float = 0.0
    stale_reason: str = ""

    def clusterset(self, profile: ClusterProfile) -> str | None:
        """Return the ClusterSet of a profile: "" if it is in none, None if that is not known."""
        said = profile.clustersets(self.clustersets or {})
        # The cluster of a context has no namespace, and is in no ClusterSet.
        unknown = self.clustersets is None and profile.namespace
        return next(iter(said.values()), None if unknown else "")


def get_inventory(environment: Environment, query: InventoryQuery, hub_target: Callable[[], Target]) -> Inventory:
    """Return the inventory, from the cache if it is fresh there, else from the hub.

    If the hub cannot be reached, a cached inventory of any age is returned, with its `stale_reason`.
    hub_target: makes the target for the hub; it is called only if the hub is asked
    Raises UserError if the hub refuses to answer, or if it cannot be reached and nothing is cached.
    """
    directory, kubeconfigs = cache.cache_directory(environment.kube_directory), environment.kubeconfig_files
    if any(map(pipe_files.is_pipe, kubeconfigs)):  # no later command has this kubeconfig
        return ask_hub(environment, query, hub_target())
    keys, file_states = _cache_keys(query, kubeconfigs), cache.file_states(kubeconfigs)
    entries = {part: entry for part, key in keys.items() if (entry := cache.read_entry(directory, key))}
    cached = _from_cache(entries, query) if len(entries) == len(keys) else None
    fresh = not environment.options.refresh and all(entry.is_fresh(file_states) for entry in entries.values())
    if cached and cached.profiles and fresh:  # a hub without ClusterProfiles is asked again: it will soon have some
        return cached
    try:
        inventory = ask_hub(environment, query, hub_target())
    except HubUnreached as error:
        # Without a named context, another kubeconfig may mean another hub.
        same_hub = query.context or all(entry.file_states == file_states for entry in entries.values())
        if not (cached and same_hub):
            raise
        return cached._replace(stale_reason=error.reason)
    values = {**inventory._asdict(), "profiles": [profile._asdict() for profile in inventory.profiles]}
    for part, key in keys.items():
        cache.write_entry(directory, key, values[part], file_states)
    return inventory


def _cache_keys(query: InventoryQuery, kubeconfigs: Sequence[str]) -> dict[str, str]:
    """Return a cache key for each field of the inventory that is asked for, so that queries can share entries."""
    hub_and_scope = (query.context, *map(os.path.abspath, kubeconfigs)), query.namespace
    keys = {"profiles": cache.cache_key((*hub_and_scope, "profiles", query.selector))}
    if query.clustersets:
        keys["clustersets"] = cache.cache_key((*hub_and_scope, "clustersets"))
    if query.placement:
        keys["placement_decision"] = cache.cache_key((*hub_and_scope, "placement_decision", query.placement))
    return keys


def ask_hub(environment: Environment, query: InventoryQuery, hub: Target) -> Inventory:
    """Ask the hub, with one process for each kind of object, at the same time. Raises UserError with the hub's name."""
    listings = {"profiles": cluster_profiles.profiles_words(query.namespace, query.selector)}
    if query.clustersets:
        listings["clustersets"] = cluster_profiles.clustersets_words(query.namespace)
    if query.placement:
        listings["placement_decision"] = placements.placements_words(query.placement, query.namespace)
    own = ["--kubeconfig", environment.kubeconfig_flag] if environment.kubeconfig_flag else []
    commands = [
        kubectl_process.target_command(environment, hub._replace(cluster=part), grammar.parse_line([*own, *words]))
        for part, words in listings.items()
    ]
    patience = environment.hub_patience
    results = event_loop.collect_results(commands, len(commands), patience)
    items = {
        result.cluster: _items(result, query.context, patience)
        for result in results
        if not _clustersets_refused(result)
    }
    return Inventory(
        tuple(cluster_profiles.parse_profiles(items["profiles"])),
        cluster_profiles.parse_clustersets(items["clustersets"]) if "clustersets" in items else None,
        placements.parse_decision(items["placement_decision"], query.placement) if query.placement else None,
    )


def _clustersets_refused(result: Result) -> bool:
    """Return whether this is the result for the namespaces' ClusterSets, and the user has no right to read them."""
    if result.cluster != "clustersets" or not result.status:
        return False
    return messages.find_cause(result.stderr.decode("utf-8", "replace"), 1).kind in ("forbidden", "no-such-type")


def _items(result: Result, context: str | None, patience: float) -> list[Any]:
    """Return the objects that kubectl listed. Raises UserError if it failed."""
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


def _from_cache(entries: Mapping[str, CacheEntry], query: InventoryQuery) -> Inventory | None:
    """Return the cached inventory; None if it cannot be read, or if a required ClusterSet is not known in it."""
    clustersets, decision = (
        entries[part].value if part in entries else None for part in ("clustersets", "placement_decision")
    )
    try:
        profiles = tuple(
            ClusterProfile(
                **{
                    **fields,
                    "access_providers": tuple(AccessProvider(*item) for item in fields["access_providers"]),
                    "conditions": tuple(Condition(*item) for item in fields["conditions"]),
                }
            )
            for fields in entries["profiles"].value
        )
        inventory = Inventory(
            profiles,
            None if clustersets is None else dict(clustersets),
            None if decision is None else tuple((namespace, name) for namespace, name in decision),
            max(entry.age for entry in entries.values()),
        )
    except (KeyError, TypeError, ValueError):
        return None
    required = query.clustersets == "required"
    return None if required and any(inventory.clusterset(profile) is None for profile in profiles) else inventory
