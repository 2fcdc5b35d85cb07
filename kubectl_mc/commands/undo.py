# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc undo RUN`: rolls back the workloads that a run gave a new revision, through the same gate."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from kubectl_mc import PROGRAM, messages
from kubectl_mc.changes import earlier_run, redaction, rollouts
from kubectl_mc.changes.record import Run
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.invocation import Invocation, parse_invocation
from kubectl_mc.command_line.options import hub_flags_again
from kubectl_mc.commands import kubectl
from kubectl_mc.merge import object_changes
from kubectl_mc.messages import UserError
from kubectl_mc.processes.environment import Environment

HELP = """\
Take back the rollouts of a change: `kubectl rollout undo` for the workloads that it changed, through the same gate.

  kubectl mc undo RUN [--yes] [--clusters=NAME,…]

      --clusters=NAME,…  only these of the run's; one that is protected has to be named exactly
      --clusterprofile-provider-file=FILE  how to log in to clusters that no context reaches, instead of the run's
      --dry-run=server   only say what would be rolled back
"""

_UNDO = ("rollout", "undo")  # the path of kubectl's verb

# Our flags that are taken over from the run.
_KEPT_FLAGS = ("hub-context", "inventory", "contexts", "clusterprofile-provider-file")


@messages.unchanged_on_error()
def run(line: CommandLine, environment: Environment) -> int:
    """Roll the workloads back and return the exit status of `rollout undo`. Raises UserError."""
    environment = environment.for_change()
    options, streams = environment.options, environment.streams
    # Of a run that goes on, only a part would be rolled back. Each workload has its own namespace.
    _, earlier, runs = earlier_run.open_run(line, environment, refused=("namespace",))
    recorded = earlier_run.recorded_invocation(earlier)
    if grammar.operands(line) == ["last"] and recorded.kubectl.path == _UNDO:
        raise messages.last_is_rollback(earlier.id)
    groups = _revised_workloads(earlier) if verbs.find_row(recorded.kubectl).as_change.revises else {}
    if not groups:
        raise messages.nothing_to_undo(earlier.id)
    names = list(dict.fromkeys(cluster for clusters in groups.values() for cluster in clusters))
    wanted = earlier_run.narrowed_names(earlier, names, options.clusters, bool(recorded.options.contexts))
    unclear = sorted(_unclear(earlier) - {*names})
    if unclear and not options.clusters:
        streams.say([messages.not_rolled_back_as_unclear(earlier.id, unclear)])
    # The record is in order; the ids of runs that began in the same second are not.
    since = runs.runs[[run.id for run in runs.runs].index(earlier.id) + 1 :]
    rolled_back, taken_back = _rolled_back(earlier, since)
    left_out = {**rolled_back, **taken_back}
    groups = _revised_workloads(earlier, left_out)
    rollbacks = [_clusters_by_run(ids, wanted) for ids in (rolled_back, taken_back)]
    wanted = [name for name in wanted if any(name in clusters for clusters in groups.values())]
    if not wanted:
        raise messages.rolled_back(earlier.id, *rollbacks)
    streams.say(messages.rolled_back_before(*rollbacks))
    typed = [(name, value) for name, value in options.typed if name != "clusters"]
    # A flag that is typed now replaces that of the run, also one that may be repeated.
    kept = set(_KEPT_FLAGS) - set(dict(typed))
    again = [(name, value) for name, value in recorded.options.typed if name in kept]
    own_flags = [*hub_flags_again(recorded.options), *again, *typed]
    flags = _kubectl_flags(earlier, recorded.kubectl, line)
    if grammar.value(flags, "kubeconfig"):
        earlier_run.enter_directory(earlier)
    # Before the first rollback, the clusters have to be those of the run.
    asking = _undo_invocation((), flags, wanted, own_flags)
    reached, _ = earlier_run.reach_clusters_of_run(
        earlier, asking, environment, recorded.options, logins=None, same_namespace=False
    )
    # Each group of workloads has a run of its own. A cluster that the run changed under two names is in one of them.
    tied = {cluster.name: cluster.tie for cluster in reached.clusters if cluster.tie}
    ties = list(dict.fromkeys(tied.values()))
    if len(tied) == len(reached.clusters):
        raise UserError("; ".join(ties))
    streams.say([f"Error: {tie}" for tie in ties])
    wanted = [cluster.name for cluster in reached.clusters if not cluster.tie]
    streams.say(_notes(_workloads(earlier) - left_out.keys(), since))
    undoings = [
        _undo_invocation(group, flags, chosen, own_flags)
        for group, clusters in groups.items()
        if (chosen := [name for name in clusters if name in wanted])
    ]
    return _common_status([*_roll_back(undoings, environment), *([1] if tied else [])])


def _notes(workloads: set[tuple[str, str, str]], since: Sequence[Run]) -> list[str]:
    """Return what the user has to know of workloads: later runs have changed some, or some can't be rolled back.

    since: the runs after that of the workloads
    """
    clusters = {cluster for cluster, _, _ in workloads}
    later = [run.id for run in filter(_may_revise, since) if _workloads(run) & workloads or _unclear(run) & clusters]
    without_namespace = sorted({resource for _, resource, namespace in workloads if not namespace})
    return [
        *([messages.changed_since(later)] if later else []),
        *([messages.not_rolled_back(without_namespace)] if without_namespace else []),
    ]


def _roll_back(undoings: Sequence[Invocation], environment: Environment) -> list[int]:
    """Run the rollbacks one after another, up to one that can't be run, and return their exit statuses.

    Raises UserError if the first one can't be run.
    """
    statuses: list[int] = []
    for undoing in undoings:
        try:
            with messages.stops_as_errors():
                statuses.append(kubectl.run_resolved(undoing.kubectl, environment.for_invocation(undoing)))
        except UserError as error:
            if not statuses:
                raise
            environment.streams.say([f"Error: {error}"])  # the groups before have been rolled back
            return [*statuses, error.status]
    return statuses


def _common_status(statuses: Sequence[int]) -> int:
    """Return the exit status for several groups: as if they were clusters, unless a signal has ended one."""
    if len(statuses) == 1 or max(statuses) > _SIGNALLED:
        return max(statuses)
    done = any(status in (0, messages.PARTIAL) for status in statuses)
    return messages.fleet_status(done, failed=any(statuses))


_SIGNALLED = 128  # a shell's status of what a signal has ended is higher


def _kubectl_flags(earlier: Run, recorded: CommandLine, typed: CommandLine) -> CommandLine:
    """Return kubectl's flags by which the run reached its clusters, replaced or followed by those typed now."""
    typed_names = {name for token in typed.tokens for name, _ in token.flags}
    kept = rollouts.related_line(grammar.without(recorded, typed_names), (), "").tokens
    secret = [name for token in kept for name, value in token.flags if redaction.REDACTED in (value or "")]
    if secret:
        raise messages.flag_has_secret(f"{PROGRAM} undo", earlier.id, secret)
    return recorded._replace(tokens=(*kept, *typed.tokens))


def _undo_invocation(
    group: Sequence[str], flags: CommandLine, clusters: Sequence[str], own_flags: Sequence[tuple[str, str | None]]
) -> Invocation:
    """Return the invocation of `rollout undo` on the clusters. group: a namespace and its workloads; () for none."""
    namespace, *workloads = group or ("",)
    dry_run = grammar.join_tokens([token for token in flags.tokens if "dry-run" in dict(token.flags)])
    line = rollouts.related_line(flags, [*_UNDO, *workloads, *dry_run], namespace)
    typed = [f"--{name}" if value is None else f"--{name}={value}" for name, value in own_flags]
    chosen = [f"--clusters={','.join(clusters)}", "--all-clusters"]  # whatever the mapping file's defaults say
    return parse_invocation([*grammar.typed_words(line), *chosen, *typed])


def _workloads(run: Run) -> set[tuple[str, str, str]]:
    """Return (cluster, workload, namespace) of all workloads that the run has changed."""
    return {
        (outcome.cluster, workload.resource, workload.namespace)
        for outcome in run.outcomes()
        for workload in object_changes.workloads(outcome.objects)
    }


def _unclear(run: Run) -> set[str]:
    """Return the clusters of which nobody knows whether the run has changed them."""
    return {outcome.cluster for outcome in run.outcomes() if outcome.may_be_done}


def _rolled_back(
    run: Run, since: Sequence[Run]
) -> tuple[dict[tuple[str, str, str], str], dict[tuple[str, str, str], str]]:
    """Return two dicts, (cluster, workload, namespace) -> the id of the last rollback, of what isn't to be rolled back.

    The first has what is, or may be, rolled back already. The second has what was changed otherwise since, and that is
    rolled back: a `rollout undo` after another one brings out again what that has taken back. So of the later runs, the
    rollbacks ahead of any other change count for the first, those after the last one for the second, if they are odd.
    """
    # workload -> the ids of the rollbacks ahead of the first other change, and after each of them
    rollbacks: dict[tuple[str, str, str], list[list[str]]] = {workload: [[]] for workload in sorted(_workloads(run))}
    for later in filter(_may_revise, since):
        for workload in (_workloads(later) | _begun_rollbacks(later)) & rollbacks.keys():
            if _rollback_line(later):
                rollbacks[workload][-1].append(later.id)
            else:
                rollbacks[workload].append([])
    rolled_back = {workload: ids[0][-1] for workload, ids in rollbacks.items() if len(ids[0]) % 2}
    taken_back = {workload: ids[-1][-1] for workload, ids in rollbacks.items() if len(ids[-1]) % 2}
    return rolled_back, {workload: last for workload, last in taken_back.items() if workload not in rolled_back}


def _clusters_by_run(ids: Mapping[tuple[str, str, str], str], wanted: Container[str]) -> dict[str, list[str]]:
    """Return the id of a run -> the wanted clusters where it is the rollback. ids: as of `_rolled_back`"""
    by_run: dict[str, list[str]] = {}
    for cluster, run_id in dict.fromkeys((cluster, run_id) for (cluster, _, _), run_id in ids.items()):
        if cluster in wanted:
            by_run.setdefault(run_id, []).append(cluster)
    return by_run


def _begun_rollbacks(run: Run) -> set[tuple[str, str, str]]:
    """Return (cluster, workload, namespace) of what `rollout undo` was for where it isn't known how it ended."""
    clusters = _unclear(run)
    line = _rollback_line(run) if clusters else None
    if not line:
        return set()
    namespace = grammar.value(line, "namespace") or ""
    return {(cluster, workload, namespace) for cluster in clusters for workload in grammar.operands(line)}


def _rollback_line(run: Run) -> CommandLine | None:
    """Return the command line of a run of `rollout undo`; None for other runs, and where it can't be read."""
    line = _recorded_line(run)
    return line if line and line.path == _UNDO else None


def _may_revise(run: Run) -> bool:
    """Return whether a run may have given workloads a new revision: no `scale`, `label` or `rollout pause` does."""
    line = _recorded_line(run)
    return line is None or verbs.find_row(line).as_change.revises


def _recorded_line(run: Run) -> CommandLine | None:
    try:
        return earlier_run.recorded_invocation(run).kubectl
    except UserError:
        return None


def _revised_workloads(run: Run, without: Container[tuple[str, str, str]] = ()) -> dict[tuple[str, ...], list[str]]:
    """Return (namespace, workload, …) -> the clusters where the run gave exactly these workloads a new revision.

    A workload that the run created has no earlier revision. One whose namespace is not known is left out, and so are
    those of `without`: (cluster, workload, namespace).
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for outcome in run.outcomes():
        revised = [change for change in object_changes.workloads(outcome.objects) if change.result != "created"]
        revised = [change for change in revised if (outcome.cluster, change.resource, change.namespace) not in without]
        for namespace in dict.fromkeys(change.namespace for change in revised if change.namespace):
            names = tuple(change.resource for change in revised if change.namespace == namespace)
            groups.setdefault((namespace, *names), []).append(outcome.cluster)
    return groups
