"""`kubectl mc undo RUN`: roll back the workloads that a run gave a new revision, through the same gate."""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_mc import cli, errors, grammar, verbs
from kubectl_mc.cli import Options
from kubectl_mc.grammar import CommandLine
from kubectl_mc.streams import Streams
from kubectl_mc.writes import audit, objects
from kubectl_mc.writes.audit import Run

HELP = """\
Take back the rollouts of a change: `kubectl rollout undo` for the workloads that it changed, through the same gate.

  kubectl mc undo RUN [--yes]
"""


_CHOOSING = ("hub-context", "hub-namespace", "contexts", "clusterprofile-provider-file")  # taken over from the run


def run(line: CommandLine, options: Options, environment: Mapping[str, str], streams: Streams) -> int:
    """The exit status is that of `rollout undo`. Raises UserError."""
    from kubectl_mc import run as command

    words = grammar.operands(line)
    if len(words) != 1 or cli.names_targets(options):
        raise errors.which_run("undo")
    record = audit.path(environment)
    found, runs = audit.find(record, words[0]), audit.runs(record)
    recorded = cli.parse([str(word) for word in found.start["argv"]])
    groups = revised(found) if verbs.find(recorded.kubectl).revises else {}
    if not groups:
        raise errors.nothing_to_undo(found.id)
    later = [each.id for each in runs if each.id > found.id and _workloads(each) & _workloads(found)]
    if later:
        streams.say([errors.changed_since(later)])
    flags = [*((name, value) for name, value in recorded.options.given if name in _CHOOSING), *options.given]
    statuses = []
    for (namespace, *workloads), clusters in groups.items():
        typed = [f"--{name}" if value is None else f"--{name}={value}" for name, value in flags]
        where = [f"--namespace={namespace}"] if namespace else []
        argv = ["rollout", "undo", *workloads, *where, f"--clusters={','.join(clusters)}", *typed]
        statuses.append(command.run(cli.parse(argv), environment, streams))
    return max(statuses)


def _workloads(run: Run) -> set[tuple[str, str, str]]:
    """(cluster, workload, namespace) of all that the run has changed."""
    return {
        (place.cluster, each.resource, each.namespace)
        for place in run.places()
        for each in objects.workloads(place.objects)
    }


def revised(found: Run) -> dict[tuple[str, ...], list[str]]:
    """(namespace, workload, …) -> the clusters where the run has given just these another revision.

    What it created has no revision to go back to.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for place in found.places():
        changed = [each for each in objects.workloads(place.objects) if each.result != "created"]
        for namespace in dict.fromkeys(each.namespace for each in changed):
            names = tuple(each.resource for each in changed if each.namespace == namespace)
            groups.setdefault((namespace, *names), []).append(place.cluster)
    return groups
