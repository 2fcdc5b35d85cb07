"""The way of one kubectl command: hub, selection, access, dispatch, merge. The only place that joins them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from kubectl_mc import access, cache, dispatch, errors, grammar, hub, kubeconfig, mapping, selection
from kubectl_mc.cache import Inventory
from kubectl_mc.cli import Invocation, Options
from kubectl_mc.dispatch import Command
from kubectl_mc.errors import UserError
from kubectl_mc.grammar import CommandLine
from kubectl_mc.hub import ClusterProfile
from kubectl_mc.kubeconfig import Kubeconfig


def run(invocation: Invocation, environment: Mapping[str, str], stdin: TextIO, stdout: TextIO, stderr: TextIO) -> int:
    """Run kubectl's command line on the fleet, show the answer, return the exit status. Raises UserError."""
    options, line = invocation.options, invocation.kubectl
    if not line.path:
        raise errors.no_verb()
    kubectl = find_kubectl(environment)
    targets = find_targets(kubectl, options, line, environment, stderr)
    asked = grammar.without(line, ("no-headers",))  # the headers say where the columns start
    commands = [access.command(kubectl, target, asked, environment) for target in targets]
    parallel = options.max_parallel or default_parallel()
    keys = _sort_keys_commands(kubectl, targets, line, environment)
    results = dispatch.collect([*commands, *keys], parallel, options.cluster_timeout, _stdin_path(line, stdin))

    from kubectl_mc import answer, report

    results, sort_keys = results[: len(commands)], results[len(commands) :]
    told = report.report(results, options.cluster_timeout, verbose=options.verbose)
    stderr.write("".join(f"{text}\n" for text in told.lines))
    stderr.flush()
    text = answer.merge(results, sort_keys, line)
    stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    stdout.buffer.flush()
    return 1 if told.failed else 0


def find_kubectl(environment: Mapping[str, str]) -> str:
    """The user's kubectl: the first on PATH, else the one that pip put beside this Python (the extra `kubectl`)."""
    import sys

    folders = [*environment.get("PATH", os.defpath).split(os.pathsep), os.path.dirname(sys.executable)]
    for folder in folders:
        candidate = f"{folder or '.'}/kubectl"
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return candidate
    raise errors.no_kubectl()


def default_parallel() -> int:
    """kubectls at a time: enough to hide the waiting for far clusters, few enough for the memory they take."""
    return max(8, min(32, 4 * (os.cpu_count() or 1)))


def find_targets(
    kubectl: str, options: Options, line: CommandLine, environment: Mapping[str, str], stderr: TextIO
) -> list[access.Target]:
    """The clusters that the options choose from the hub's, with the way to each."""
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
        stderr.write(errors.stale_inventory(options.hub_context, inventory.age) + "\n")
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
    (result,) = dispatch.collect([Command("hub", argv, environment)], 1, options.cluster_timeout)
    if result.timed_out:
        raise errors.hub_timed_out(context, options.cluster_timeout)
    if result.status:
        text = result.stderr.decode("utf-8", "replace")
        raise errors.hub_failed(context, errors.cause(text, result.status), text)
    try:
        return hub.parse_list(result.stdout)
    except ValueError:
        raise errors.hub_garbage(context) from None


def _contexts(kubectl: str, options: Options, environment: Mapping[str, str]) -> Mapping[str, Kubeconfig]:
    """The user's kubeconfig, one per context; none if kubectl can't flatten it (a file that it names is missing)."""
    import json

    view = Command("kubeconfig", (kubectl, *kubeconfig.VIEW), environment)
    (result,) = dispatch.collect([view], 1, options.cluster_timeout)
    return kubeconfig.split(json.loads(result.stdout)) if result.status == 0 else {}


def _sort_keys_commands(
    kubectl: str, targets: Sequence[access.Target], line: CommandLine, environment: Mapping[str, str]
) -> list[Command]:
    """The commands that print the sort keys; none where there is nothing to sort across clusters."""
    expression = grammar.value(line, "sort-by")
    if not expression or line.verb != "get" or len(targets) < 2:
        return []
    from kubectl_mc.merge import sort

    asking = sort.keys_command(line, expression)
    return [access.command(kubectl, target, asking, environment) for target in targets]


def _stdin_path(line: CommandLine, stdin: TextIO) -> str | None:
    """Where each kubectl finds what was given to us on stdin (`-f -`): it is read once. None if no one asks for it."""
    if "-" not in grammar.values(line, "filename"):
        return None
    import tempfile

    copy = tempfile.NamedTemporaryFile(prefix="kubectl-mc-")  # noqa: SIM115 - lives as long as the process
    copy.write(stdin.buffer.read())
    copy.flush()
    _KEPT.append(copy)
    return copy.name


_KEPT: list[object] = []  # files that exist until the process ends
