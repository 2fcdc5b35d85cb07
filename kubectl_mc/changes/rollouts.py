"""The gate behind a wave: are the workloads that it changed rolled out?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.changes.change import Change
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge.object_changes import ObjectChange
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.requests import job_command

_GRACE = 10.0  # seconds that a kubectl has beyond the time it was given itself

# Of the strategy OnDelete, under which pods are replaced only when somebody deletes them.
_NOTHING_TO_SEE = "rollout status is only available for"


def wait_for_rollouts(work: Change, workloads: Mapping[str, Sequence[ObjectChange]], timeout: float) -> dict[str, str]:
    """Wait for the workloads of each cluster; why not, by cluster, "" where all are rolled out.

    timeout: in seconds, for each workload. Raises KeyboardInterrupt.
    """
    asked = [(cluster, change) for cluster, changes in workloads.items() for change in changes]
    commands = []
    for cluster, change in asked:
        words = ["rollout", "status", change.resource, f"--timeout={timeout:g}s"]
        line = related_line(work.typed, words, change.namespace)
        watching = work.request._replace(verb=verbs.find_row(line), line=line)
        commands.append(job_command(watching, work.jobs[cluster]._replace(line=line)))
    results = event_loop.collect_results(commands, work.request.parallel(len(commands)), timeout + _GRACE)
    found = dict.fromkeys(workloads, "")
    for (cluster, change), result in zip(asked, results):
        said = result.stderr.decode("utf-8", "replace")
        if result.status and not found[cluster] and _NOTHING_TO_SEE not in said:
            why = messages.find_cause(said, result.status).reason
            found[cluster] = f"{change.resource} is not rolled out: {why}"
    return found


def related_line(line: CommandLine, words: Sequence[str], namespace: str) -> CommandLine:
    """Another command for the same user of the same cluster: with the line's flags that every command has."""
    common = grammar.flag_table("").takes_value
    kept = [
        token
        for token in line.tokens
        if token.flags and not token.verbatim and all(name in common and name != "namespace" for name, _ in token.flags)
    ]
    where = ["--namespace", namespace] if namespace else []
    return grammar.parse_line([*words, *where, *grammar.join_tokens(kept)])
