"""Running a cloud's own CLI for clusters that have no context yet, one after another: they all write one file."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from typing import Any, NamedTuple

from kubectl_mc import messages
from kubectl_mc.access import printed_kubeconfig
from kubectl_mc.access.cloud_clis import Cloud, CloudCommand
from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Command, Result

PATIENCE = 120.0  # seconds that a CLI has: it asks its cloud, and may be slow to start
_LOGGED_OUT = re.compile(
    r"expired|log ?in|logged|credential|reauth|token|unauthenticated|InvalidAccessKey", re.IGNORECASE
)


class MadeContext(NamedTuple):
    """What became of a cluster's command: the context that appeared, or the problem in a few words."""

    context: str = ""
    problem: str = ""


def view_without_secrets(environment: Environment) -> Mapping[str, Any]:
    """The user's kubeconfig as kubectl merges it, without its secrets. Raises UserError if kubectl can't read it."""
    (result,) = event_loop.collect_results(
        [kubectl_process.config_command(environment, "view", "-o", "json")], 1, environment.hub_patience
    )
    try:
        document = json.loads(result.stdout) if result.status == 0 else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise messages.bad_kubeconfig(result.stderr.decode("utf-8", "replace"))
    return document


def is_missing(cloud: Cloud, variables: Mapping[str, str]) -> bool:
    """Is the cloud's CLI not on the user's PATH?"""
    return not shutil.which(cloud.command, path=variables.get("PATH", ""))


def make_contexts(
    cloud: Cloud, plans: Mapping[str, CloudCommand], environment: Environment, patience: float
) -> dict[str, MadeContext]:
    """Run each cluster's plan; by cluster, what became of it.

    The CLIs make their context the current one, which may be the hub's: the one before is put back, after Ctrl-C too.
    """
    before = view_without_secrets(environment)
    own = {
        **environment.variables,
        **({"KUBECONFIG": environment.kubeconfig_flag} if environment.kubeconfig_flag else {}),
    }
    made = {}
    try:
        for cluster, plan in plans.items():
            made[cluster] = _make(cloud, Command(cluster, plan.argv, own), plan.context, environment, patience)
    finally:
        _restore(str(before.get("current-context") or ""), environment)
    return made


def _make(cloud: Cloud, command: Command, expected: str, environment: Environment, patience: float) -> MadeContext:
    before = view_without_secrets(environment)
    try:
        (result,) = event_loop.collect_results([command], 1, patience)
    except OSError as error:
        return MadeContext(problem=f"{cloud.command}: {error.strerror}")
    if result.status != 0:
        return MadeContext(problem=_why(cloud, result, patience))
    if cloud.printed:
        return _take_over(cloud, result.stdout, expected, before, environment)
    names = _names(view_without_secrets(environment), "contexts")
    if expected in names:
        return MadeContext(expected)
    new = [name for name in names if name not in _names(before, "contexts")]
    return (
        MadeContext(new[0])
        if len(new) == 1
        else MadeContext(problem=f"{cloud.command} has made no context that could be told")
    )


def _take_over(
    cloud: Cloud, printed: bytes, name: str, before: Mapping[str, Any], environment: Environment
) -> MadeContext:
    if name in (*_names(before, "clusters"), *_names(before, "users")):
        return MadeContext(problem=f"the kubeconfig has a cluster or user {name} already")
    try:
        login = printed_kubeconfig.parse_printed(printed, cloud.printed)
    except ValueError as error:
        return MadeContext(problem=f"{cloud.command} printed {error}")
    problem = printed_kubeconfig.add_context(login, name, environment)
    return MadeContext(problem=problem) if problem else MadeContext(name)


def _names(document: Mapping[str, Any], kind: str) -> list[str]:
    return [str(each.get("name")) for each in document.get(kind) or () if isinstance(each, dict)]


def _restore(current: str, environment: Environment) -> None:
    if view_without_secrets(environment).get("current-context", "") != current:
        words = ["use-context", current] if current else ["unset", "current-context"]
        event_loop.collect_results([kubectl_process.config_command(environment, *words)], 1, environment.hub_patience)


def _why(cloud: Cloud, result: Result, patience: float) -> str:
    """Why a CLI failed: its line that says what is wrong, else its last one; and how to log in, if that is it."""
    if result.timed_out:
        return f"{cloud.command}: timed out after {patience:g}s"
    lines = [line.strip() for line in result.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    line = next((line for line in lines if re.search(cloud.error, line)), (lines or [""])[-1])
    if not line:
        return f"{cloud.command} ended with status {result.status}"
    hint = f" (log in: {cloud.login})" if _LOGGED_OUT.search(line) and cloud.login not in line else ""
    return f"{cloud.command}: {line}{hint}"
