"""`kubectl mc undo RUN`: roll back the workloads that a run gave a new revision, through the same gate."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from kubectl_mc import messages
from kubectl_mc.access.cluster_access import reach_clusters
from kubectl_mc.access.logins import hub_target
from kubectl_mc.changes import earlier_run, record, redaction, rollouts
from kubectl_mc.changes.record import Run
from kubectl_mc.command_line import grammar, invocation, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.invocation import Invocation
from kubectl_mc.command_line.options import Options, names_targets
from kubectl_mc.fleet.choice import choose
from kubectl_mc.merge import object_changes
from kubectl_mc.processes import programs
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.requests import Request

HELP = """\
Take back the rollouts of a change: `kubectl rollout undo` for the workloads that it changed, through the same gate.

  kubectl mc undo RUN [--yes] [--clusters=NAME,…]

      --clusters=NAME,…  only these of the run's; one that is protected has to be named exactly
      --dry-run=server   only say what would be rolled back
"""

_CHOOSING = ("hub-context", "hub-namespace", "contexts", "clusterprofile-provider-file")  # taken over from the run


def run(line: CommandLine, environment: Environment) -> int:
    """The exit status is that of `rollout undo`. Raises UserError."""
    words, options = grammar.operands(line), environment.options
    if len(words) != 1 or names_targets(options._replace(clusters=())):
        raise messages.which_run("undo")
    earlier_run.refuse_flags(line, ("namespace",))  # each workload has its own
    path = record.record_path(environment.home)
    found, runs = record.find_run(path, words[0]), record.read_runs(path)
    recorded = invocation.parse_invocation([str(word) for word in found.start["argv"]])
    groups = revised(found) if verbs.find_row(recorded.kubectl).revises else {}
    if not groups:
        raise messages.nothing_to_undo(found.id)
    names = list(dict.fromkeys(cluster for clusters in groups.values() for cluster in clusters))
    wanted = earlier_run.narrowed_names(found, names, options.clusters)
    ours = [(name, value) for name, value in recorded.options.given if name in _CHOOSING]
    ours += [(name, value) for name, value in options.given if name != "clusters"]
    theirs = _flags(found, recorded.kubectl, line)
    if grammar.value(theirs, "kubeconfig"):
        earlier_run.enter_directory(found)
    _check(found, (recorded.options, options), _undoing((), theirs, wanted, ours), environment)
    since = runs[[each.id for each in runs].index(found.id) + 1 :]  # ids of one second are in no order
    later = [each.id for each in since if _workloads(each) & _workloads(found)]
    if later:
        environment.streams.say([messages.changed_since(later)])
    lost = sorted({resource for _, resource, namespace in _workloads(found) if not namespace})
    if lost:
        environment.streams.say([messages.not_rolled_back(lost)])
    chosen = {group: [name for name in clusters if name in wanted] for group, clusters in groups.items()}
    return max(
        _run(_undoing(group, theirs, clusters, ours), environment) for group, clusters in chosen.items() if clusters
    )


def _flags(found: Run, recorded: CommandLine, typed: CommandLine) -> CommandLine:
    """kubectl's flags by which the run reached its clusters, and those typed now in their place."""
    again = {name for token in typed.tokens for name, _ in token.flags}
    kept = rollouts.related_line(grammar.without(recorded, again), (), "").tokens
    secret = [name for token in kept for name, value in token.flags if redaction.GONE in (value or "")]
    if secret:
        raise messages.flag_has_secret("kubectl mc undo", found.id, secret)
    return recorded._replace(tokens=(*kept, *typed.tokens))


def _undoing(
    group: Sequence[str], flags: CommandLine, clusters: Sequence[str], ours: Sequence[tuple[str, str | None]]
) -> Invocation:
    """`rollout undo` of a group's workloads (its first word is their namespace) on the clusters."""
    where, *workloads = group or ("",)
    dry_run = grammar.join_tokens([token for token in flags.tokens if "dry-run" in dict(token.flags)])
    words = grammar.join_tokens(rollouts.related_line(flags, ["rollout", "undo", *workloads, *dry_run], where).tokens)
    typed = [f"--{name}" if value is None else f"--{name}={value}" for name, value in ours]
    chosen = [f"--clusters={','.join(clusters)}", "--all-clusters"]  # whatever the mapping file's defaults say
    return invocation.parse_invocation([*words, *chosen, *typed])


def _check(found: Run, given: Sequence[Options], asking: Invocation, environment: Environment) -> None:
    """Are all the clusters still those of the run? Ahead of the first rollback. Raises UserError."""
    environment, line = programs.with_kubectl(environment.for_invocation(asking)), asking.kubectl
    choice = choose(environment, partial(hub_target, None))
    targets = reach_clusters(choice, line)
    request = Request(choice.environment, verbs.find_row(line), line)
    earlier_run.check_clusters(request, found, given, choice.clusters, targets, same_namespace=False)


def _run(invocation: Invocation, environment: Environment) -> int:
    """Run `rollout undo`, as if it had been typed; the exit status."""
    from kubectl_mc.commands import kubectl

    return kubectl.run(invocation.kubectl, environment.for_invocation(invocation))


def _workloads(run: Run) -> set[tuple[str, str, str]]:
    """(cluster, workload, namespace) of all that the run has changed."""
    return {
        (place.cluster, each.resource, each.namespace)
        for place in run.places()
        for each in object_changes.workloads(place.objects)
    }


def revised(found: Run) -> dict[tuple[str, ...], list[str]]:
    """(namespace, workload, …) -> the clusters where the run has given just these another revision.

    What it created has no revision to go back to; where it isn't known in which namespace a workload is, it stays.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for place in found.places():
        changed = [each for each in object_changes.workloads(place.objects) if each.result != "created"]
        for namespace in dict.fromkeys(each.namespace for each in changed if each.namespace):
            names = tuple(each.resource for each in changed if each.namespace == namespace)
            groups.setdefault((namespace, *names), []).append(place.cluster)
    return groups
