"""The fleet of a command: the user's kubectl, the hub's inventory, the chosen clusters, and the way to each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from kubectl_mc import access, dispatch, errors, grammar, inventory, kubeconfig, mapping, selection
from kubectl_mc.access import Target
from kubectl_mc.cli import Options, with_defaults
from kubectl_mc.dispatch import Command
from kubectl_mc.grammar import CommandLine
from kubectl_mc.hub import ClusterProfile
from kubectl_mc.inventory import Inventory, Question, Way
from kubectl_mc.kubeconfig import Kubeconfig
from kubectl_mc.mapping import ClusterMapping
from kubectl_mc.selection import Cluster


def find_kubectl(environment: Mapping[str, str]) -> str:
    """The user's kubectl: the first on PATH, else the one that pip put beside this Python (the extra `kubectl`)."""
    import sys

    folders = [*environment.get("PATH", os.defpath).split(os.pathsep), os.path.dirname(sys.executable)]
    for folder in folders:
        candidate = f"{folder or '.'}/kubectl"
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return candidate
    raise errors.no_kubectl()


def may_be_plugin(name: str, environment: Mapping[str, str]) -> bool:
    """Could kubectl know a command that isn't its own: a plugin on PATH (kubectl-NAME…), or an alias in a kuberc file?"""
    if environment.get("KUBERC") or os.path.exists(os.path.join(kubeconfig.home(environment), ".kube", "kuberc")):
        return True
    start = "kubectl-" + name.replace("-", "_")
    for folder in environment.get("PATH", os.defpath).split(os.pathsep):
        with suppress(OSError):
            if any(file == start or file.startswith(f"{start}-") for file in os.listdir(folder or ".")):
                return True
    return False


class Chosen(NamedTuple):
    """The clusters that a command is for, and what choosing them has found out.

    options: the user's, with the mapping file's defaults where the user said nothing
    known: what is known of every context of the user's kubeconfig before it is split
    """

    options: Options
    clusters: tuple[Cluster, ...]
    mapping: ClusterMapping
    inventory: Inventory
    known: Kubeconfig


def choose(
    kubectl: str,
    options: Options,
    line: CommandLine,
    environment: Mapping[str, str],
    say: Callable[[list[str]], None],
    clustersets: bool = False,
) -> Chosen:
    """The clusters that the options choose: of the hub's, or of the user's contexts. Warnings go to `say`.

    clustersets: the inventory is to say of which ClusterSets the clusters are
    """
    paths = kubeconfig.files(environment, grammar.value(line, "kubeconfig"))
    if not any(os.path.exists(path) for path in paths):
        raise errors.no_kubeconfig()
    home = kubeconfig.home(environment)
    mapped = mapping.read(os.path.join(home, ".kube"))
    options = with_defaults(options, mapped.defaults)
    known = Kubeconfig(None, kubeconfig.may_start_programs(paths))
    lean = access.lean_environment(environment, known.starts_programs)
    way = Way(kubectl, grammar.value(line, "kubeconfig"), lean, _patience(options))
    if options.contexts:
        found = Inventory(tuple(ClusterProfile(name, "") for name in context_names(way)))
        clusters, mapped = selection.by_contexts(found.profiles, options), ClusterMapping()
    else:
        question = Question(
            options.hub_context or mapped.hub_context,
            options.hub_namespace,
            options.cluster_selector,
            clustersets=clustersets or options.clusterset is not None,
            placement=options.placement,
        )
        found = inventory.find(inventory.directory(home), question, way, paths, options.refresh)
        if found.outdated:
            say([errors.stale_inventory(question.context, found.age)])
        if not found.profiles:
            raise errors.no_profiles(question.context, options.hub_namespace, options.cluster_selector)
        clusters = selection.select(found, options)
    if options.pick:
        from kubectl_mc import pick

        clusters = pick.pick(clusters, environment)
    return Chosen(options, tuple(clusters), mapped, found, known)


def reach(kubectl: str, line: CommandLine, environment: Mapping[str, str], chosen: Chosen) -> list[Target]:
    """The way to each of the chosen clusters."""
    targets = access.targets(chosen.clusters, chosen.mapping, chosen.known)
    paths = kubeconfig.files(environment, grammar.value(line, "kubeconfig"))
    if not access.worth_splitting(kubeconfig.size(paths), len(targets), line):
        return targets
    lean = access.lean_environment(environment, chosen.known.starts_programs)
    return access.split(targets, _contexts(Way(kubectl, None, lean, _patience(chosen.options))))


def context_names(way: Way) -> list[str]:
    """The names of the contexts of the user's kubeconfig."""
    where = ["--kubeconfig", way.kubeconfig] if way.kubeconfig else []
    asking = Command("contexts", (way.kubectl, *where, "config", "get-contexts", "-o", "name"), way.environment)
    (result,) = dispatch.collect([asking], 1, way.patience)
    if result.status:
        raise errors.bad_kubeconfig(result.stderr.decode("utf-8", "replace"))
    return result.stdout.decode("utf-8", "replace").splitlines()


def _patience(options: Options) -> float:
    """Seconds that the hub has."""
    return 30.0 if options.cluster_timeout is None else options.cluster_timeout


def _contexts(way: Way) -> Mapping[str, Kubeconfig]:
    """The user's kubeconfig, one per context; none if kubectl can't flatten it (a file that it names is missing)."""
    import json

    view = Command("kubeconfig", (way.kubectl, *kubeconfig.VIEW), way.environment)
    (result,) = dispatch.collect([view], 1, way.patience)
    return kubeconfig.split(json.loads(result.stdout)) if result.status == 0 else {}
