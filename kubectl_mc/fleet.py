"""The fleet of a command: the user's kubectl, the hub's inventory, the chosen clusters, and the way to each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from kubectl_mc import access, cache, dispatch, errors, grammar, hub, kubeconfig, mapping, selection
from kubectl_mc.cache import Inventory
from kubectl_mc.cli import Options
from kubectl_mc.dispatch import Command
from kubectl_mc.errors import UserError
from kubectl_mc.grammar import CommandLine
from kubectl_mc.hub import ClusterProfile
from kubectl_mc.kubeconfig import Kubeconfig


def find_kubectl(environment: Mapping[str, str]) -> str:
    """The user's kubectl: the first on PATH, else the one that pip put beside this Python (the extra `kubectl`)."""
    import sys

    folders = [*environment.get("PATH", os.defpath).split(os.pathsep), os.path.dirname(sys.executable)]
    for folder in folders:
        candidate = f"{folder or '.'}/kubectl"
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return candidate
    raise errors.no_kubectl()


def find_targets(
    kubectl: str, options: Options, line: CommandLine, environment: Mapping[str, str], say: Callable[[list[str]], None]
) -> list[access.Target]:
    """The clusters that the options choose from the hub's, with the way to each; warnings go to `say`."""
    paths = kubeconfig.files(environment, grammar.value(line, "kubeconfig"))
    if not any(os.path.exists(path) for path in paths):
        raise errors.no_kubeconfig()
    home = kubeconfig.home(environment)
    mapped = mapping.read(os.path.join(home, ".kube"))
    known = Kubeconfig(None, kubeconfig.may_start_programs(paths))
    lean = access.lean_environment(environment, known.starts_programs)
    options = options._replace(hub_context=options.hub_context or mapped.hub_context)

    def ask() -> Sequence[ClusterProfile]:
        return ask_hub(kubectl, options, grammar.value(line, "kubeconfig"), lean)

    query = cache.key(options.hub_context, options.hub_namespace, paths)
    inventory = find_inventory(os.path.join(home, ".kube", "cache", "kubectl-mc"), query, options, ask)
    if inventory.outdated:
        say([errors.stale_inventory(options.hub_context, inventory.age)])
    if not inventory.profiles:
        raise errors.no_profiles(options.hub_context, options.hub_namespace)
    clusters = selection.select(selection.fleet(inventory.profiles), options.clusters, options.exclude)
    targets = access.targets(clusters, mapped, known)
    if not access.worth_splitting(kubeconfig.size(paths), len(targets), line):
        return targets
    return access.split(targets, _contexts(kubectl, options, lean))


def find_inventory(
    directory: str, query: str, options: Options, ask: Callable[[], Sequence[ClusterProfile]]
) -> Inventory:
    """The hub's clusters: from the cache while it is fresh; else `ask`ed for; an old one if the hub can't be asked.

    Raises UserError where there is neither.
    """
    kept = cache.read(directory, query)
    if kept and kept.fresh and not options.refresh:
        return kept
    try:
        profiles = tuple(ask())
    except UserError:
        if not kept:
            raise
        return kept._replace(outdated=True)
    if profiles:
        cache.write(directory, query, profiles)
    return Inventory(profiles, 0.0)


def ask_hub(
    kubectl: str, options: Options, given_kubeconfig: str | None, environment: Mapping[str, str]
) -> list[ClusterProfile]:
    """The hub's ClusterProfiles. Raises UserError that names the hub and what to do."""
    context = options.hub_context
    where = ["--kubeconfig", given_kubeconfig] if given_kubeconfig else []
    argv = (kubectl, *where, *hub.list_command(context, options.hub_namespace))
    (result,) = dispatch.collect([Command("hub", argv, environment)], 1, _patience(options))
    if result.timed_out:
        raise errors.hub_timed_out(context, _patience(options))
    if result.status:
        text = result.stderr.decode("utf-8", "replace")
        raise errors.hub_failed(context, errors.cause(text, result.status), text)
    try:
        return hub.parse_list(result.stdout)
    except ValueError:
        raise errors.hub_garbage(context) from None


def _patience(options: Options) -> float:
    """Seconds that the hub has."""
    return 30.0 if options.cluster_timeout is None else options.cluster_timeout


def _contexts(kubectl: str, options: Options, environment: Mapping[str, str]) -> Mapping[str, Kubeconfig]:
    """The user's kubeconfig, one per context; none if kubectl can't flatten it (a file that it names is missing)."""
    import json

    view = Command("kubeconfig", (kubectl, *kubeconfig.VIEW), environment)
    (result,) = dispatch.collect([view], 1, _patience(options))
    return kubeconfig.split(json.loads(result.stdout)) if result.status == 0 else {}
