"""Reaching clusters as their users: one request says whether a server answers, and to whom."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Chunk, Result
from kubectl_mc.processes.targets import Target

# One cheap request: a SelfSubjectReview.
WORDS = ("auth", "whoami", "-o", "json")

ANONYMOUS = "system:anonymous"

# Causes that a server's own answer tells, and causes that tell nothing of the server.
_ANSWERED = ("unauthorized", "forbidden", "server error", "too many requests")
_NOT_ASKED = ("login failed", "bad kubeconfig", "no context")


class Check(NamedTuple):
    """What reaching a cluster was like; user is "" if it isn't known, problem "" for none."""

    answers: str
    user: str = ""
    problem: str = ""


class Reached(NamedTuple):
    """What was found out of a cluster, and how many seconds the whole kubectl took."""

    check: Check
    seconds: float


def check_targets(targets: Sequence[Target], environment: Environment) -> dict[str, Reached]:
    """Reach each target, side by side; by its cluster, what it was like."""
    asking = grammar.parse_line(
        [*(["--kubeconfig", environment.kubeconfig_flag] if environment.kubeconfig_flag else []), *WORDS]
    )
    commands = [kubectl_process.target_command(environment, each, asking) for each in targets if not each.problem]
    found = {each.cluster: Reached(Check("<unknown>", "", each.problem), 0.0) for each in targets if each.problem}
    parallel, patience = environment.options.max_parallel or event_loop.default_parallel(), environment.hub_patience
    started: dict[int, float] = {}
    written: dict[tuple[int, str], bytes] = {}

    def begun(place: int) -> None:
        started[place] = time.monotonic()

    for event in event_loop.run_commands(commands, parallel, patience, begun=begun):
        if isinstance(event, Chunk):
            key = (event.place, event.stream)
            written[key] = written.get(key, b"") + event.text
            continue
        stdout, stderr = (written.get((event.place, stream), b"") for stream in ("stdout", "stderr"))
        answer = Result(event.cluster, stdout, stderr, event.status, event.timed_out)
        found[event.cluster] = Reached(judge_check(answer, patience), time.monotonic() - started[event.place])
    return found


def judge_check(result: Result, patience: float) -> Check:
    """What the answer to WORDS tells."""
    if result.timed_out:
        return Check("no", "", f"timed out after {patience:g}s")
    if result.status:
        why = messages.find_cause(result.stderr.decode("utf-8", "replace"), result.status)
        if why.absent:  # before 1.28 there is no SelfSubjectReview: the server answered, but can't say who asks
            return Check("yes")
        answers = "yes" if why.reason in _ANSWERED else "<unknown>" if why.reason in _NOT_ASKED else "no"
        return Check(answers, "", why.reason)
    try:
        user = str(json.loads(result.stdout)["status"]["userInfo"]["username"])
    except (ValueError, KeyError, TypeError):
        return Check("yes")
    return Check("yes", user, "not logged in" if user == ANONYMOUS else "")
