# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Running a cloud's own CLI for clusters without a context, one at a time because all write the same kubeconfig."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping

from kubectl_mc import messages
from kubectl_mc.access.cloud_clis import Cloud, CloudCommand
from kubectl_mc.access.printed_kubeconfig import add_context, parse_printed
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Result, collect_results
from kubectl_mc.processes.kubectl_process import config_command
from kubectl_mc.type_hints import Any

PATIENCE = 120.0  # seconds that a CLI may take by default: it asks its cloud, and may be slow to start


class MadeContext(NamedTuple):
    """The context that a cluster's command made, or the problem in a few words."""

    context: str = ""
    problem: str = ""


def view_without_secrets(environment: Environment) -> Mapping[str, Any]:
    """Return the user's kubeconfig as kubectl merges it, without secrets. Raises UserError if kubectl can't read it."""
    command = config_command(environment, "view", "-o", "json")
    (result,) = collect_results([command], 1, environment.hub_patience)
    try:
        document = json.loads(result.stdout) if result.status == 0 else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise messages.bad_kubeconfig(result.stderr.decode("utf-8", "replace"))
    return document


def is_missing(cloud: Cloud, variables: Mapping[str, str]) -> bool:
    """Return whether the cloud's CLI is not on the user's PATH."""
    return not shutil.which(cloud.command, path=variables.get("PATH", ""))


def make_contexts(
    cloud: Cloud, plans: Mapping[str, CloudCommand], environment: Environment, patience: float
) -> dict[str, MadeContext]:
    """Run the command of each cluster in `plans`, and return by cluster which context it made.

    A CLI makes its context the current one, which may be the hub's. The previous one is set again, also after Ctrl-C.
    """
    current = str(view_without_secrets(environment).get("current-context") or "")
    variables = dict(environment.variables)
    if environment.kubeconfig_flag:
        variables["KUBECONFIG"] = environment.kubeconfig_flag
    made = {}
    try:
        for cluster, plan in plans.items():
            command = Command(cluster, plan.argv, variables)
            made[cluster] = _make_context(cloud, command, plan.context, environment, patience)
    finally:
        if view_without_secrets(environment).get("current-context", "") != current:
            words = ["use-context", current] if current else ["unset", "current-context"]
            collect_results([config_command(environment, *words)], 1, environment.hub_patience)
    return made


def _make_context(
    cloud: Cloud, command: Command, expected: str, environment: Environment, patience: float
) -> MadeContext:
    """Run a command of the cloud's CLI, and return the context that it made. expected: the name that it should have"""
    before = view_without_secrets(environment)
    try:
        (result,) = collect_results([command], 1, patience)
    except OSError as error:
        return MadeContext(problem=f"{cloud.command}: {error.strerror}")
    if result.status != 0:
        return MadeContext(problem=_failure(cloud, result, patience))
    if cloud.printed:
        if expected in (*_names(before, "clusters"), *_names(before, "users")):
            return MadeContext(problem=f"the kubeconfig has a cluster or user {expected} already")
        try:
            login = parse_printed(result.stdout, cloud.printed)
        except ValueError as error:
            return MadeContext(problem=f"{cloud.command} printed {error}")
        problem = add_context(login, expected, environment)
        return MadeContext(problem=problem) if problem else MadeContext(expected)
    names = _names(view_without_secrets(environment), "contexts")
    if expected in names:
        return MadeContext(expected)
    new = [name for name in names if name not in _names(before, "contexts")]
    if len(new) == 1:
        return MadeContext(new[0])
    return MadeContext(problem=f"{cloud.command} has made no context that could be identified")


def _names(view: Mapping[str, Any], kind: str) -> list[str]:
    return [str(entry.get("name")) for entry in view.get(kind) or () if isinstance(entry, dict)]


_LOGGED_OUT = re.compile(
    r"expired|log ?in|logged|credential|reauth|token|unauthenticated|InvalidAccessKey", re.IGNORECASE
)


def _failure(cloud: Cloud, result: Result, patience: float) -> str:
    """Return why a CLI failed: the line about the error, else its last one, and how to log in if that may help."""
    if result.timed_out:
        return f"{cloud.command}: timed out after {patience:g}s"
    lines = [line.strip() for line in result.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    line = next((line for line in lines if re.search(cloud.error, line)), (lines or [""])[-1])
    if not line:
        return f"{cloud.command} ended with status {result.status}"
    hint = f" (log in: {cloud.login})" if _LOGGED_OUT.search(line) and cloud.login not in line else ""
    return f"{cloud.command}: {line}{hint}"
