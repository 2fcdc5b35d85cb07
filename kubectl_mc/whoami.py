"""Reaching a context of the user's kubeconfig as its user: one request says whether the server answers, and to whom."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from kubectl_mc import dispatch, errors
from kubectl_mc.dispatch import Command, Result
from kubectl_mc.inventory import Way

# One cheap request: a SelfSubjectReview.
WORDS = ("auth", "whoami", "-o", "json")

ANONYMOUS = "system:anonymous"

# Causes that a server's own answer tells, and causes that tell nothing of the server.
_ANSWERED = ("unauthorized", "forbidden", "server error", "too many requests")
_NOT_ASKED = ("login failed", "bad kubeconfig", "no context")


class Check(NamedTuple):
    """What reaching a context was like; user is "" if it isn't known, problem "" for none."""

    answers: str
    user: str = ""
    problem: str = ""


def ask(contexts: Sequence[str], way: Way, parallel: int) -> dict[str, Check]:
    """Reach each context, side by side; by context, what it was like."""
    where = ["--kubeconfig", way.kubeconfig] if way.kubeconfig else []
    commands = [Command(name, (way.kubectl, *where, "--context", name, *WORDS), way.environment) for name in contexts]
    return {
        result.cluster: judged(result, way.patience) for result in dispatch.collect(commands, parallel, way.patience)
    }


def judged(result: Result, patience: float) -> Check:
    """What the answer to WORDS tells."""
    if result.timed_out:
        return Check("no", "", f"timed out after {patience:g}s")
    if result.status:
        why = errors.cause(result.stderr.decode("utf-8", "replace"), result.status)
        if why.absent:  # before 1.28 there is no SelfSubjectReview: the server answered, but can't say who asks
            return Check("yes")
        answers = "yes" if why.reason in _ANSWERED else "<unknown>" if why.reason in _NOT_ASKED else "no"
        return Check(answers, "", why.reason)
    try:
        user = str(json.loads(result.stdout)["status"]["userInfo"]["username"])
    except (ValueError, KeyError, TypeError):
        return Check("yes")
    return Check("yes", user, "not logged in" if user == ANONYMOUS else "")
