# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Waiting for the rollouts of the workloads that a wave has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.changes.change import Change
from kubectl_mc.command_line import flag_tables, grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge.object_changes import ObjectChange
from kubectl_mc.messages.progress_texts import PhaseKind
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.standard_streams import Phase

_GRACE = 10.0  # seconds that a kubectl has beyond its own --timeout

# kubectl's error for the strategy OnDelete, under which pods are replaced only when somebody deletes them.
_NOTHING_TO_SEE = "rollout status is only available for"


def wait_for_rollouts(
    change: Change, workloads: Mapping[str, Sequence[ObjectChange]], timeout: float
) -> dict[str, str]:
    """Wait for the rollouts on each cluster. Raises KeyboardInterrupt.

    timeout: in seconds, for each workload. Returns for each cluster why a rollout isn't complete, "" if all are.
    """
    watched = [(cluster, workload) for cluster, changed in workloads.items() for workload in changed]
    commands = []
    for cluster, workload in watched:
        words = ["rollout", "status", workload.resource, f"--timeout={timeout:g}s"]
        commands.append(change.command(cluster, related_line(change.typed, words, workload.namespace)))
    results = run_waiting(change, "rollouts", commands, timeout)
    reasons = dict.fromkeys(workloads, "")
    for (cluster, workload), result in zip(watched, results):
        stderr = result.stderr.decode("utf-8", "replace")
        if result.status and not reasons[cluster] and _NOTHING_TO_SEE not in stderr:
            cause = messages.find_cause(stderr, result.status).reason
            reasons[cluster] = f"{workload.resource} is not rolled out: {cause}"
    return reasons


def run_waiting(change: Change, kind: PhaseKind, commands: Sequence[Command], timeout: float) -> list[Result]:
    """Run kubectls that wait for objects, and return their results. Raises KeyboardInterrupt.

    kind: of the phase; timeout: the seconds of their --timeout
    """
    phase = Phase(kind, change.streams, [command.cluster for command in commands], timeout)
    parallel = change.request.parallel(len(commands))
    return event_loop.collect_results(commands, parallel, timeout + _GRACE, phase=phase, at_once=True)


def related_line(line: CommandLine, words: Sequence[str], namespace: str) -> CommandLine:
    """Return another command for the same clusters and user: with the flags of `line` that every command has.

    namespace: takes the place of the line's; "" for none
    """
    common = flag_tables.flag_table("").flags
    kept = [
        flag
        for token in line.tokens
        if all(name in common and name != "namespace" for name, _ in token.flags)
        for flag in token.flags
    ]
    flags = ["--namespace", namespace] if namespace else []
    return grammar.with_flags(grammar.parse_line([*words, *flags]), *kept)
