"""The inventory of a hub: what is asked of it, in how many processes, and what is kept of the answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc import cache, dispatch, errors, hub
from kubectl_mc.cache import Kept
from kubectl_mc.dispatch import Command, Result
from kubectl_mc.errors import HubUnreached
from kubectl_mc.hub import AccessProvider, ClusterProfile


class Question(NamedTuple):
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


class Way(NamedTuple):
    """How a hub is asked: the kubectl, its --kubeconfig if one was given, its environment, and seconds to wait.

    content: a kubeconfig with the hub's context in it, in place of the user's; None for that
    """

    kubectl: str
    kubeconfig: str | None
    environment: Mapping[str, str]
    patience: float
    content: bytes | None = None

    def __repr__(self) -> str:
        """Without the content: there may be a credential in it."""
        return f"Way({self.kubectl!r}, {self.kubeconfig!r})"


def find(
    directory: str,
    question: Question,
    way: Way,
    kubeconfigs: Sequence[str],
    refresh: bool,
    log_in: Callable[[Way], Way] = lambda way: way,
) -> Inventory:
    """From the cache while it is fresh; else asked for; an old one if the hub can't be reached.

    directory: where inventories are kept; kubeconfigs: the files that say where the hub is
    log_in: called before the hub is asked, if it is
    Raises UserError where there is neither, and where the hub answered, but with a refusal.
    """
    keys, rests_on = _keys(question, kubeconfigs), cache.states(kubeconfigs)
    kept = {part: found for part, key in keys.items() if (found := cache.read(directory, key))}
    known = _restored(kept, question) if len(kept) == len(keys) else None
    # A hub without clusters is asked again: it is about to get some.
    if known and known.profiles and not refresh and all(each.fresh(rests_on) for each in kept.values()):
        return known
    try:
        asked = ask(question, log_in(way))
    except HubUnreached as unreached:
        # What is the current context's is another hub's, perhaps, since the kubeconfig is another.
        same_hub = question.context or all(each.rests_on == rests_on for each in kept.values())
        if not (known and same_hub):
            raise
        return known._replace(outdated=unreached.reason)
    for part, value in _plain(asked).items():
        if part in keys:
            cache.write(directory, keys[part], value, rests_on)
    return asked


def _keys(question: Question, kubeconfigs: Sequence[str]) -> dict[str, str]:
    """The key under which each part of the answer is kept: commands that ask for different parts share the others."""
    hub_and_scope = (question.context, *map(os.path.abspath, kubeconfigs)), question.namespace
    keys = {"profiles": cache.key((*hub_and_scope, "profiles", question.selector))}
    if question.clustersets:
        keys["clustersets"] = cache.key((*hub_and_scope, "clustersets"))
    if question.placement:
        keys["decided"] = cache.key((*hub_and_scope, "decided", question.placement))
    return keys


def ask(question: Question, way: Way) -> Inventory:
    """Ask the hub: one process for each kind of object, side by side. Raises UserError with the hub's name."""
    listings = {"profiles": hub.list_command(question.namespace, question.selector)}
    if question.clustersets:
        listings["clustersets"] = hub.clustersets_command(question.namespace)
    if question.placement:
        listings["decided"] = hub.placements_command(question.placement, question.namespace)
    start = [way.kubectl, *(["--kubeconfig", way.kubeconfig] if way.kubeconfig else [])]
    start += ["--context", question.context] if question.context else []
    commands = [
        Command(name, (*start, *arguments), way.environment, way.content) for name, arguments in listings.items()
    ]
    results = dispatch.collect(commands, len(commands), way.patience)
    known = [result for result in results if not (question.clustersets == "wanted" and _is_withheld(result))]
    answers = {result.cluster: _items(result, question.context, way.patience) for result in known}
    return Inventory(
        tuple(hub.profiles(answers["profiles"])),
        hub.clustersets(answers["clustersets"]) if "clustersets" in answers else None,
        hub.decided(answers["decided"], question.placement) if question.placement else None,
    )


def _is_withheld(result: Result) -> bool:
    """Are these the ClusterSets, which the user may not know?"""
    text = result.stderr.decode("utf-8", "replace")
    return result.cluster == "clustersets" and bool(result.status) and errors.cause(text, 1).reason == "forbidden"


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


def _restored(kept: Mapping[str, Kept], question: Question) -> Inventory | None:
    """None if what is kept can't be read, or isn't enough."""
    clustersets, decided = (kept[part].value if part in kept else None for part in ("clustersets", "decided"))
    if question.clustersets == "needed" and clustersets is None:
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


def directory(home: str) -> str:
    """Where inventories are kept."""
    return cache.directory(os.path.join(home, ".kube"))
