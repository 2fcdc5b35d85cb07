"""The user's kubeconfig as kubectl merges it, and a minimal kubeconfig for each of its contexts.

Every kubectl parses its whole kubeconfig, so the cost grows with the square of the number of contexts. One
`kubectl config view` merges the user's files by kubectl's own rules. Each cluster then gets only its own context.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.targets import Kubeconfig


def view_with_credentials(environment: Environment) -> Mapping[str, Any] | None:
    """Return the user's whole kubeconfig with its credentials; None if kubectl cannot read it."""
    # `--flatten` fails as a whole if one of the named files cannot be read. Without it, the files stay names.
    for flags in (("--raw", "--flatten"), ("--raw",)):
        viewing = kubectl_process.config_command(environment, "view", *flags, "-o", "json")
        (result,) = event_loop.collect_results([viewing], 1, environment.hub_patience)
        with suppress(ValueError):
            kubeconfig = json.loads(result.stdout) if result.status == 0 else None
            if isinstance(kubeconfig, dict):
                return kubeconfig
    return None


_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def split_contexts(view: Mapping[str, Any]) -> dict[str, Kubeconfig]:
    """Split a kubeconfig from `view_with_credentials` into one per context, by the context's name.

    A legacy auth-provider writes its tokens back to the file, and a relative path (an exec command, a certificate) is
    resolved against the folder of its file. Such contexts keep the user's own files.
    """
    clusters, users = (
        {entry["name"]: entry for entry in view.get(kind) or () if isinstance(entry, dict) and "name" in entry}
        for kind in ("clusters", "users")
    )
    kubeconfigs = {}
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
        paths = [(fields or {}).get(name) for fields in ((cluster or {}).get("cluster"), login) for name in _FILES]
        # client-go resolves a command with a path separator; it searches a bare name in PATH.
        exec_entry = login.get("exec")
        command = exec_entry.get("command", "") if isinstance(exec_entry, dict) else ""
        if os.sep in command:
            paths.append(command)
        movable = "auth-provider" not in login and all(os.path.isabs(path) for path in paths if path)
        kubeconfigs[entry["name"]] = Kubeconfig(
            minimal if movable else None, "exec" in login or "auth-provider" in login
        )
    return kubeconfigs
