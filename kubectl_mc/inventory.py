"""The inventory of a hub: what is asked of it, in how many processes, and what is kept of the answers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc import cache, dispatch, errors, hub
from kubectl_mc.dispatch import Command, Result
from kubectl_mc.errors import HubUnreached
from kubectl_mc.hub import AccessProvider, ClusterProfile


class Question(NamedTuple):
    """What is asked of a hub. context None: the current one.

    selector: a label selector on ClusterProfiles, which the hub evaluates
    clustersets: the namespaces' ClusterSets are wanted
    placement: [NAMESPACE/]NAME of a PlacementDecision that is wanted
    """

    context: str | None = None
    namespace: str | None = None
    selector: str | None = None
    clustersets: bool = False
    placement: str | None = None


class Inventory(NamedTuple):
    """What a hub said, `age` seconds ago; outdated: why it couldn't be asked again, "" where that wasn't tried.

    clustersets: namespace -> ClusterSet; None if not asked
    decided: the (namespace, name) of the profiles of a placement, in its order; None if not asked
    """

    profiles: tuple[ClusterProfile, ...]
    clustersets: Mapping[str, str] | None = None
    decided: tuple[tuple[str, str], ...] | None = None
    age: float = 0.0
    outdated: str = ""


class Way(NamedTuple):
    """How a hub is asked: the kubectl, its --kubeconfig if one was given, its environment, and seconds to wait."""

    kubectl: str
    kubeconfig: str | None
    environment: Mapping[str, str]
    patience: float


def find(directory: str, question: Question, way: Way, kubeconfigs: Sequence[str], refresh: bool) -> Inventory:
    """From the cache while it is fresh; else asked for; an old one if the hub can't be reached.

    directory: where inventories are kept; kubeconfigs: the files that say where the hub is
    Raises UserError where there is neither, and where the hub answered, but with a refusal.
    """
    key = cache.key([*question, way.kubeconfig], kubeconfigs)
    kept = cache.read(directory, key)
    known = _restored(kept.value)._replace(age=kept.age) if kept else None
    if kept and known and kept.fresh and not refresh:
        return known
    try:
        asked = ask(question, way)
    except HubUnreached as unreached:
        if not known:
            raise
        return known._replace(outdated=unreached.reason)
    if asked.profiles:
        cache.write(directory, key, _plain(asked))
    return asked


def ask(question: Question, way: Way) -> Inventory:
    """Ask the hub: one process for each kind of object, side by side. Raises UserError with the hub's name."""
    listings = {"profiles": hub.list_command(question.namespace, question.selector)}
    if question.clustersets:
        listings["clustersets"] = hub.CLUSTERSETS_COMMAND
    if question.placement:
        listings["decided"] = hub.PLACEMENTS_COMMAND
    start = [way.kubectl, *(["--kubeconfig", way.kubeconfig] if way.kubeconfig else [])]
    start += ["--context", question.context] if question.context else []
    commands = [Command(name, (*start, *arguments), way.environment) for name, arguments in listings.items()]
    results = dispatch.collect(commands, len(commands), way.patience)
    answers = {result.cluster: _items(result, question.context, way.patience) for result in results}
    return Inventory(
        tuple(hub.profiles(answers["profiles"])),
        hub.clustersets(answers["clustersets"]) if question.clustersets else None,
        hub.decided(answers["decided"], question.placement) if question.placement else None,
    )


def _items(result: Result, context: str | None, patience: float) -> list[Any]:
    """The objects in a listing."""
    if result.timed_out:
        raise errors.hub_timed_out(context, patience)
    if result.status is None:
        raise KeyboardInterrupt
    if result.status:
        text = result.stderr.decode("utf-8", "replace")
        raise errors.hub_failed(context, errors.cause(text, result.status), text, result.cluster)
    try:
        return hub.items(result.stdout)
    except ValueError:
        raise errors.hub_garbage(context) from None


def _plain(inventory: Inventory) -> dict[str, Any]:
    """As JSON keeps it."""
    return {
        "profiles": [profile._asdict() for profile in inventory.profiles],
        "clustersets": inventory.clustersets,
        "decided": inventory.decided,
    }


def _restored(kept: Mapping[str, Any]) -> Inventory:
    profiles = tuple(
        ClusterProfile(
            **{**fields, "access_providers": tuple(AccessProvider(*each) for each in fields["access_providers"])}
        )
        for fields in kept["profiles"]
    )
    decided = kept["decided"]
    return Inventory(profiles, kept["clustersets"], decided and tuple((space, name) for space, name in decided))


def directory(home: str) -> str:
    """Where inventories are kept."""
    return os.path.join(home, ".kube", "cache", "kubectl-mc")
