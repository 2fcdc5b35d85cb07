# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The inventory of a hub: read with one kubectl per kind of object, or from the cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.fleet import cluster_profiles, hub_objects, hub_versions, placements
from kubectl_mc.fleet.cluster_profiles import AccessProvider, ClusterProfile, Condition
from kubectl_mc.fleet.placements import ClusterDecision
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import cache, event_loop, kubectl_process, pipe_files, service_account
from kubectl_mc.processes.cache import CacheEntry
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.standard_streams import Phase
from kubectl_mc.processes.targets import Target
from kubectl_mc.type_hints import Any, Literal


class InventoryQuery(NamedTuple):
    """What a command asks of the hub.

    context: the hub's kubeconfig context; None for the current one
    namespaces: the hub's namespaces that are read, each with a process of its own; none for all
    selector: a label selector, which the hub evaluates in a listing of its own: all ClusterProfiles are read as well
    clustersets: "" for none; "optional" if a cached answer of a hub that refused them will do, too, "required" if only
        where each profile says its ClusterSet itself
    placement: [NAMESPACE/]NAME of a PlacementDecision; None for none
    """

    context: str | None = None
    namespaces: tuple[str, ...] = ()
    selector: str | None = None
    clustersets: Literal["", "optional", "required"] = ""
    placement: str | None = None


class Inventory(NamedTuple):
    """What the hub says about its clusters.

    clustersets: namespace -> ClusterSet; None if they were not asked for, or if the user may not read them
    placement_decision: what the placement has chosen, in its order; None if not asked for
    by_selector: the (namespace, name) of the profiles that the selector has chosen; None without one
    age: seconds since the hub was asked
    stale_reason: why the hub could not be asked again; "" if the inventory is fresh
    """

    profiles: tuple[ClusterProfile, ...]
    clustersets: Mapping[str, str] | None = None
    placement_decision: tuple[ClusterDecision, ...] | None = None
    by_selector: tuple[tuple[str, str], ...] | None = None
    age: float = 0.0
    stale_reason: str = ""

    def clusterset(self, profile: ClusterProfile) -> str | None:
        """Return the ClusterSet of a profile: "" if it is in none, None if that is not known."""
        said = profile.clustersets(self.clustersets or {})
        # The cluster of a context has no namespace, and is in no ClusterSet.
        unknown = self.clustersets is None and profile.namespace
        return next(iter(said.values()), None if unknown else "")


def get_inventory(
    environment: Environment, query: InventoryQuery, hub_target: Callable[[], Target], refresh: bool = False
) -> Inventory:
    """Return the inventory, from the cache if it is fresh there, else from the hub.

    If the hub cannot be reached, a cached inventory of any age is returned, with its `stale_reason`.
    hub_target: makes the target for the hub; it is called only if the hub is asked
    refresh: whether the hub is asked in any case, as with --refresh
    Raises UserError if the hub refuses to answer, or if it cannot be reached and nothing is cached.
    """
    directory, kubeconfigs = cache.cache_directory(environment.kube_directory), environment.kubeconfig_files
    if any(map(pipe_files.is_pipe, kubeconfigs)):  # no later command has this kubeconfig
        return ask_hub(environment, query, hub_target(), {})[0]
    hub_files = service_account.hub_files(query.context, environment)
    keys, file_states = _cache_keys(query, kubeconfigs), cache.file_states([*kubeconfigs, *hub_files])
    entries = {part: entry for part, key in keys.items() if (entry := cache.read_entry(directory, key))}
    cached = _from_cache(entries, query) if len(entries) == len(keys) else None
    refresh = refresh or environment.options.refresh
    fresh = not refresh and all(entry.is_fresh(file_states) for entry in entries.values())
    if cached and cached.profiles and fresh:  # a hub without ClusterProfiles is asked again: it will soon have some
        return cached
    versions_key = cache.cache_key((*_hub(query, kubeconfigs), "versions"))
    before = _served_versions(cache.read_entry(directory, versions_key), query, file_states)
    try:
        inventory, versions = ask_hub(environment, query, hub_target(), before)
    except messages.HubUnreached as error:
        # Without a named context, another kubeconfig may mean another hub; so may another service account.
        names_hub = query.context and not hub_files
        same_hub = names_hub or all(entry.file_states == file_states for entry in entries.values())
        if not (cached and same_hub):
            raise
        return cached._replace(stale_reason=error.reason)
    values = {**inventory._asdict(), "profiles": [profile._asdict() for profile in inventory.profiles]}
    for part, key in keys.items():
        cache.write_entry(directory, key, values[part], file_states)
    versions = {**before, **versions}
    if versions != before and {*before.values(), *versions.values()} != {hub_versions.VERSIONS[0]}:
        cache.write_entry(directory, versions_key, versions, file_states)
    return inventory


def _served_versions(entry: CacheEntry | None, query: InventoryQuery, file_states: list[Any]) -> dict[str, str]:
    """Return by part of the inventory the version that the hub served when it was asked; {} if that isn't known."""
    # Another hub may be asked than then, and a hub may have changed: what is known says only what is asked for first.
    same_hub = entry and (query.context or entry.file_states == file_states)
    if not entry or not same_hub or not 0 <= entry.age < hub_versions.MAX_AGE or not isinstance(entry.value, dict):
        return {}
    return {part: version for part, version in entry.value.items() if version in hub_versions.VERSIONS}


def _hub(query: InventoryQuery, kubeconfigs: Sequence[str]) -> tuple[str | None, ...]:
    return (query.context, *map(os.path.abspath, kubeconfigs))


def _cache_keys(query: InventoryQuery, kubeconfigs: Sequence[str]) -> dict[str, str]:
    """Return a cache key for each field of the inventory that is asked for, so that queries can share entries."""
    hub_and_scope = _hub(query, kubeconfigs), query.namespaces
    keys = {"profiles": cache.cache_key((*hub_and_scope, "profiles"))}
    if query.clustersets:
        keys["clustersets"] = cache.cache_key((*hub_and_scope, "clustersets"))
    if query.placement:
        keys["placement_decision"] = cache.cache_key((*hub_and_scope, "placement_decision", query.placement))
    if query.selector:
        keys["by_selector"] = cache.cache_key((*hub_and_scope, "by_selector", query.selector))
    return keys


class _Listing(NamedTuple):
    """A part of the inventory, and kubectl's words that list it: for each version that the hub may serve, in order.

    namespace: the one that is read; None for all
    """

    part: str
    words: Sequence[Sequence[str]]
    namespace: str | None


def ask_hub(
    environment: Environment, query: InventoryQuery, hub: Target, served: Mapping[str, str]
) -> tuple[Inventory, dict[str, str]]:
    """Ask the hub, with one process for each kind of object and namespace, at the same time.

    A hub of an older version is asked once more.

    served: by part of the inventory, the version that the hub served before
    Returns also the version by part to ask for first next time. Raises UserError with the hub's name.
    """
    versions = {
        part: hub_versions.versions_to_try(served.get(part) or served.get("profiles"))
        for part in ("profiles", *(["placement_decision"] if query.placement else []))
    }
    items: dict[str, list[Any]] = {}
    next_versions: dict[str, str] = {}
    clustersets_refused = False
    for listing, (result, index) in _first_served(environment, hub, _listings(query, versions)):
        if _clustersets_refused(result):
            clustersets_refused = True  # and so not known, even if those of other inventories are
        else:
            items.setdefault(listing.part, []).extend(_items(result, listing, query, hub, environment.hub_patience))
        if listing.part in versions:
            next_versions[listing.part] = hub_versions.next_version(versions[listing.part][index], result.stderr)
    inventory = Inventory(
        tuple(cluster_profiles.parse_profiles(items["profiles"])),
        cluster_profiles.parse_clustersets(items["clustersets"])
        if query.clustersets and not clustersets_refused
        else None,
        placements.parse_decision(items["placement_decision"], query.placement, query.namespaces)
        if query.placement
        else None,
        tuple(profile.reference for profile in cluster_profiles.parse_profiles(items["by_selector"]))
        if query.selector
        else None,
    )
    return inventory, next_versions


def _listings(query: InventoryQuery, versions: Mapping[str, Sequence[str]]) -> list[_Listing]:
    """Return what is asked of the hub. versions: by part, in the order in which they are asked for"""
    listings: list[_Listing] = []
    for namespace in query.namespaces or (None,):
        for part, selector in (("profiles", None), *([("by_selector", query.selector)] if query.selector else [])):
            words = [cluster_profiles.profiles_words(namespace, selector, version) for version in versions["profiles"]]
            listings.append(_Listing(part, words, namespace))
        if query.clustersets:
            listings.append(_Listing("clustersets", [cluster_profiles.clustersets_words(namespace)], namespace))
        if query.placement:  # its words are the same for all namespaces if it names its own
            words = [
                placements.placements_words(query.placement, namespace, version)
                for version in versions["placement_decision"]
            ]
            listing = _Listing("placement_decision", words, query.placement.rpartition("/")[0] or namespace)
            listings += [listing] if listing not in listings else []
    return listings


def _first_served(
    environment: Environment, hub: Target, listings: Sequence[_Listing]
) -> list[tuple[_Listing, tuple[Result, int]]]:
    """Run for each listing the first of its command lines whose resource type the hub serves, or else the last.

    Returns with each listing the result, and the index of its command line.
    """
    own = ["--kubeconfig", environment.kubeconfig_flag] if environment.kubeconfig_flag else []
    answers: dict[int, tuple[Result, int]] = {}
    indexes = dict.fromkeys(range(len(listings)), 0)
    while indexes:
        commands = [
            kubectl_process.target_command(
                environment,
                hub._replace(cluster=listings[number].part),
                grammar.parse_line([*own, *listings[number].words[index]]),
            )
            for number, index in indexes.items()
        ]
        patience = environment.hub_patience
        phase = Phase("hub", environment.streams, ["the hub"] * len(commands), patience)
        results = event_loop.collect_results(commands, len(commands), patience, phase=phase)
        latest = {number: (result, index) for (number, index), result in zip(indexes.items(), results)}
        answers |= latest
        indexes = {
            number: index + 1
            for number, (result, index) in latest.items()
            if _failure(result) == "no-such-type" and index + 1 < len(listings[number].words)
        }
    return [(listing, answers[number]) for number, listing in enumerate(listings)]


def _failure(result: Result) -> str:
    """Return the kind of the cause why a kubectl failed; "" if it didn't fail by itself."""
    if not result.status:
        return ""
    return messages.find_cause(result.stderr.decode("utf-8", "replace"), result.status).kind


def _clustersets_refused(result: Result) -> bool:
    """Return whether this is the result for the namespaces' ClusterSets, and the user can't read them.

    A namespace that isn't there has no ClusterProfiles, which is said of these.
    """
    return result.cluster == "clustersets" and _failure(result) in ("forbidden", "no-such-type", "not-found")


def _items(result: Result, listing: _Listing, query: InventoryQuery, hub: Target, patience: float) -> list[Any]:
    """Return the objects that kubectl listed. Raises UserError if it failed."""
    context = query.context
    if result.timed_out:
        raise messages.hub_timed_out(context, patience)
    if result.status is None:
        raise KeyboardInterrupt
    if result.status:
        text = result.stderr.decode("utf-8", "replace")
        cause = messages.find_cause(text, result.status)
        in_pod = context == service_account.IN_CLUSTER and not hub.context
        raise messages.hub_failed(context, cause, text, listing.part, listing.namespace, in_pod)
    try:
        return hub_objects.list_items(result.stdout)
    except ValueError:
        raise messages.hub_garbage(context) from None


def _from_cache(entries: Mapping[str, CacheEntry], query: InventoryQuery) -> Inventory | None:
    """Return the cached inventory; None if it cannot be read, or if a required ClusterSet is not known in it."""
    clustersets, decision, by_selector = (
        entries[part].value if part in entries else None
        for part in ("clustersets", "placement_decision", "by_selector")
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
            None if decision is None else tuple(ClusterDecision(*item) for item in decision),
            None if by_selector is None else tuple((namespace, name) for namespace, name in by_selector),
            max(entry.age for entry in entries.values()),
        )
    except (KeyError, TypeError, ValueError):
        return None
    required = query.clustersets == "required"
    return None if required and any(inventory.clusterset(profile) is None for profile in profiles) else inventory
