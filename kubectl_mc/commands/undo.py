"""`kubectl mc undo RUN`: roll back the workloads that a run gave a new revision, through the same gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_mc import cli, errors, fleet, grammar, programs, verbs
from kubectl_mc.cli import Invocation, Options
from kubectl_mc.grammar import CommandLine
from kubectl_mc.request import Request
from kubectl_mc.streams import Streams
from kubectl_mc.writes import audit, earlier, objects, redact, rollout
from kubectl_mc.writes.audit import Run

HELP = """\
Take back the rollouts of a change: `kubectl rollout undo` for the workloads that it changed, through the same gate.

  kubectl mc undo RUN [--yes] [--clusters=NAME,…]

      --clusters=NAME,…  only these of the run's; one that is protected has to be named exactly
      --dry-run=server   only say what would be rolled back
"""


_CHOOSING = ("hub-context", "hub-namespace", "contexts", "clusterprofile-provider-file")  # taken over from the run


def run(line: CommandLine, options: Options, environment: Mapping[str, str], streams: Streams) -> int:
    """The exit status is that of `rollout undo`. Raises UserError."""
    from kubectl_mc import run as command

    words = grammar.operands(line)
    if len(words) != 1 or cli.names_targets(options._replace(clusters=())):
        raise errors.which_run("undo")
    earlier.refuse_flags(line, ("namespace",))  # each workload has its own
    record = audit.path(environment)
    found, runs = audit.find(record, words[0]), audit.runs(record)
    recorded = cli.parse([str(word) for word in found.start["argv"]])
    groups = revised(found) if verbs.find(recorded.kubectl).revises else {}
    if not groups:
        raise errors.nothing_to_undo(found.id)
    names = list(dict.fromkeys(cluster for clusters in groups.values() for cluster in clusters))
    wanted = earlier.narrowed(found, names, options.clusters)
    ours = [(name, value) for name, value in recorded.options.given if name in _CHOOSING]
    ours += [(name, value) for name, value in options.given if name != "clusters"]
    theirs = _flags(found, recorded.kubectl, line)
    if grammar.value(theirs, "kubeconfig"):
        earlier.enter(found)
    _check(found, (recorded.options, options), _undoing((), theirs, wanted, ours), environment, streams)
    since = runs[[each.id for each in runs].index(found.id) + 1 :]  # ids of one second are in no order
    later = [each.id for each in since if _workloads(each) & _workloads(found)]
    if later:
        streams.say([errors.changed_since(later)])
    lost = sorted({resource for _, resource, namespace in _workloads(found) if not namespace})
    if lost:
        streams.say([errors.not_rolled_back(lost)])
    chosen = {group: [name for name in clusters if name in wanted] for group, clusters in groups.items()}
    return max(
        command.run(_undoing(group, theirs, clusters, ours), environment, streams)
        for group, clusters in chosen.items()
        if clusters
    )


def _flags(found: Run, recorded: CommandLine, typed: CommandLine) -> CommandLine:
    """kubectl's flags by which the run reached its clusters, and those typed now in their place."""
    again = {name for token in typed.tokens for name, _ in token.flags}
    kept = rollout.about(grammar.without(recorded, again), (), "").tokens
    secret = [name for token in kept for name, value in token.flags if redact.GONE in (value or "")]
    if secret:
        raise errors.flag_has_secret("kubectl mc undo", found.id, secret)
    return recorded._replace(tokens=(*kept, *typed.tokens))


def _undoing(
    group: Sequence[str], flags: CommandLine, clusters: Sequence[str], ours: Sequence[tuple[str, str | None]]
) -> Invocation:
    """`rollout undo` of a group's workloads (its first word is their namespace) on the clusters."""
    where, *workloads = group or ("",)
    dry_run = grammar.join([token for token in flags.tokens if "dry-run" in dict(token.flags)])
    words = grammar.join(rollout.about(flags, ["rollout", "undo", *workloads, *dry_run], where).tokens)
    typed = [f"--{name}" if value is None else f"--{name}={value}" for name, value in ours]
    chosen = [f"--clusters={','.join(clusters)}", "--all-clusters"]  # whatever the mapping file's defaults say
    return cli.parse([*words, *chosen, *typed])


def _check(
    found: Run, given: Sequence[Options], asking: Invocation, environment: Mapping[str, str], streams: Streams
) -> None:
    """Are all the clusters still those of the run? Ahead of the first rollback. Raises UserError."""
    kubectl, line = programs.find_kubectl(environment), asking.kubectl
    chosen = fleet.choose(kubectl, asking.options, line, environment, streams.say)
    targets = fleet.reach(kubectl, line, environment, chosen)
    request = Request(kubectl, verbs.find(line), line, chosen.options, environment)
    earlier.check(request, found, given, chosen.clusters, targets, same_namespace=False)


def _workloads(run: Run) -> set[tuple[str, str, str]]:
    """(cluster, workload, namespace) of all that the run has changed."""
    return {
        (place.cluster, each.resource, each.namespace)
        for place in run.places()
        for each in objects.workloads(place.objects)
    }


def revised(found: Run) -> dict[tuple[str, ...], list[str]]:
    """(namespace, workload, …) -> the clusters where the run has given just these another revision.

    What it created has no revision to go back to; where it isn't known in which namespace a workload is, it stays.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for place in found.places():
        changed = [each for each in objects.workloads(place.objects) if each.result != "created"]
        for namespace in dict.fromkeys(each.namespace for each in changed if each.namespace):
            names = tuple(each.resource for each in changed if each.namespace == namespace)
            groups.setdefault((namespace, *names), []).append(place.cluster)
    return groups
