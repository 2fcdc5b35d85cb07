"""The user's kubeconfig as kubectl merges it, and a minimal kubeconfig for each of its contexts.

A kubectl parses its whole kubeconfig, so a fleet of N contexts costs N². `kubectl config view` merges the
user's files by kubectl's own rules, once; each cluster then gets only its own context, in memory.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.targets import Kubeconfig

VIEW = ("view", "--raw", "--flatten", "-o", "json")

# The same with the files that it names left as they are; `--flatten` fails as a whole if one of them can't be read.
UNREAD_VIEW = ("view", "--raw", "-o", "json")

_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def view_with_credentials(environment: Environment) -> Mapping[str, Any] | None:
    """The user's kubeconfig as a whole, with its credentials; None if kubectl cannot read it."""
    for words in (VIEW, UNREAD_VIEW):
        viewing = kubectl_process.config_command(environment, *words)
        (result,) = event_loop.collect_results([viewing], 1, environment.hub_patience)
        if result.status == 0:
            kubeconfig: Mapping[str, Any] = json.loads(result.stdout)
            return kubeconfig
    return None


def split_contexts(view: Mapping[str, Any]) -> dict[str, Kubeconfig]:
    """From a kubeconfig as VIEW or UNREAD_VIEW shows it, one per context, by context name.

    A legacy auth-provider writes its tokens back to the file, and a relative path (an exec command, a certificate) is
    resolved against the folder of the file it came from: such contexts keep the user's own file.
    """
    clusters, users = (
        {entry["name"]: entry for entry in view.get(kind) or () if isinstance(entry, dict) and "name" in entry}
        for kind in ("clusters", "users")
    )
    split_up = {}
    for entry in view.get("contexts") or ():
        context = entry.get("context") or {}
        cluster, user = clusters.get(context.get("cluster")), users.get(context.get("user"))
        login = (user or {}).get("user") or {}
        minimal = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": entry["name"],
            "contexts": [entry],
            "clusters": [cluster] if cluster else [],
            "users": [user] if user else [],
        }
        paths = [(side or {}).get(field) for side in ((cluster or {}).get("cluster"), login) for field in _FILES]
        relative = _relative_command(login.get("exec")) or any(path and not os.path.isabs(path) for path in paths)
        whole = "auth-provider" not in login and not relative
        split_up[entry["name"]] = Kubeconfig(minimal if whole else None, "exec" in login or "auth-provider" in login)
    return split_up


def _relative_command(exec_entry: Any) -> bool:
    """client-go resolves a command with a path separator that isn't absolute; a bare name is searched in PATH."""
    command = exec_entry.get("command", "") if isinstance(exec_entry, dict) else ""
    return os.sep in command and not os.path.isabs(command)
