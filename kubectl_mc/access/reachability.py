# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Checking how clusters are reached: one request shows whether a server answers, and as whom it knows the user."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.messages import Kind
from kubectl_mc.messages.progress_texts import PhaseKind
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import silence
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Result, UnaskedResult, collect_results
from kubectl_mc.processes.kubectl_process import target_command
from kubectl_mc.processes.standard_streams import Phase
from kubectl_mc.processes.targets import Target


class Check(NamedTuple):
    """How a cluster is reached.

    answers: whether its server answers: "yes", "no" or "<unknown>"
    user: the user's name on the cluster; "" if it is not known
    problem: why the user cannot use the cluster; "" if there is no problem
    """

    answers: str
    user: str = ""
    problem: str = ""


class Reached(NamedTuple):
    """The check of a cluster, and the seconds that its kubectl took."""

    check: Check
    seconds: float


INTERRUPTED = Reached(Check("<unknown>", "", "interrupted"), 0.0)


def check_targets(
    targets: Sequence[Target],
    environment: Environment,
    interrupts: list[KeyboardInterrupt] | None = None,
    on_check: Callable[[str, Reached], None] = lambda cluster, reached: None,
) -> dict[str, Reached]:
    """Check all targets at the same time, and return the checks by cluster.

    interrupts: after Ctrl-C, gets the exception, and INTERRUPTED is returned for the rest; None: it is raised
    on_check: is called with each check as it is made
    """
    flag = ["--kubeconfig", environment.kubeconfig_flag] if environment.kubeconfig_flag else []
    line = grammar.parse_line([*flag, "auth", "whoami", "-o", "json"])
    asked = [target for target in targets if not target.problem]
    commands = [target_command(environment, target, line) for target in asked]
    parallel, patience = environment.options.max_parallel or max(1, len(commands)), environment.hub_patience
    checks: dict[str, Reached] = {}
    seconds: dict[int, float] = {}
    ended: list[tuple[Target, Result, float]] = []
    stops: list[BaseException] = []

    def add(cluster: str, reached: Reached) -> None:
        checks[cluster] = reached
        on_check(cluster, reached)

    def judge(index: int, result: Result) -> Result:
        took = seconds.get(index, 0.0)
        ended.append((asked[index], result, took))
        add(result.cluster, Reached(judge_check(result, patience), took))
        return result

    for target in targets:
        if target.problem:
            add(target.cluster, Reached(Check("<unknown>", "", target.problem), 0.0))
    kind: PhaseKind = "checks" if interrupts is None else "answers"
    phase = Phase(kind, environment.streams, [command.cluster for command in commands], patience)
    collect_results(commands, parallel, patience, interrupts=stops, on_end=seconds.__setitem__, phase=phase, keep=judge)
    for stop in stops:
        if interrupts is None or not isinstance(stop, KeyboardInterrupt):
            raise stop
        interrupts.append(stop)
    silence.note(environment, ended)
    for target in targets:
        if target.cluster not in checks:
            add(target.cluster, INTERRUPTED)
    return checks


# Causes that are known before a server is asked.
_NOT_ASKED: tuple[Kind, ...] = ("login", "kubeconfig", "no-context")


def judge_check(result: Result, patience: float) -> Check:
    """Return the check that the result of `kubectl auth whoami -o json` gives. patience: the seconds it could take."""
    if isinstance(result, UnaskedResult):
        return Check("<unknown>", "", result.stderr.decode("utf-8", "replace"))
    if result.timed_out:
        return Check("no", "", f"timed out after {patience:g}s")
    if result.status:
        cause = messages.find_cause(result.stderr.decode("utf-8", "replace"), result.status)
        if cause.absent:  # Before 1.28 there is no SelfSubjectReview: the server answers, but does not name the user.
            return Check("yes")
        answers = "yes" if cause.kind in messages.OF_SERVER else "<unknown>" if cause.kind in _NOT_ASKED else "no"
        return Check(answers, "", cause.reason)
    try:
        user = str(json.loads(result.stdout)["status"]["userInfo"]["username"])
    except (ValueError, KeyError, TypeError):
        return Check("yes")
    return Check("yes", user, "not logged in" if user == "system:anonymous" else "")
