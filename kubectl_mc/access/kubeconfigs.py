# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The user's kubeconfig as kubectl merges it, and a minimal kubeconfig for each of its contexts.

Every kubectl parses its whole kubeconfig, so the cost grows with the square of the number of contexts. One
`kubectl config view` merges the user's files by kubectl's own rules. Each cluster then gets only its own context.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress

from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.targets import Kubeconfig
from kubectl_mc.type_hints import Any


def view_with_credentials(environment: Environment) -> Mapping[str, Any] | None:
    """Return the user's whole kubeconfig with its credentials; None if kubectl cannot read it.

    Its relative paths are made absolute, unless the file of their entry can't be found.
    """
    # `--flatten` fails as a whole if one of the named files cannot be read. Without it, the files stay names.
    for flags in (("--raw", "--flatten"), ("--raw",)):
        (kubeconfig,) = _views([environment], flags)
        if kubeconfig is not None:
            if _has_relative(kubeconfig):
                kubeconfig = with_absolute_paths(kubeconfig, _folders(environment, kubeconfig))
            return kubeconfig
    return None


def own_namespaces(environment: Environment) -> dict[str, str]:
    """Return the namespace of each context of the user's kubeconfig, and under "" that of the current one."""
    (view,) = _views([environment], ())
    return context_namespaces(view or {})


def context_namespaces(kubeconfig: Mapping[str, Any]) -> dict[str, str]:
    """Return the namespace of each context of a kubeconfig, and under "" that of the current one.

    kubectl takes `default` where a context has none (client-go, clientcmd client_config.go: Namespace).
    """
    namespaces = {
        str(entry.get("name")): str((entry.get("context") or {}).get("namespace") or "default")
        for entry in kubeconfig.get("contexts") or ()
    }
    return {**namespaces, "": namespaces.get(str(kubeconfig.get("current-context")), "default")}


def _views(environments: Sequence[Environment], flags: Sequence[str]) -> list[Mapping[str, Any] | None]:
    """Return what `kubectl config view` shows in each environment; None where it fails."""
    viewings = [
        kubectl_process.config_command(environment, "view", *flags, "-o", "json") for environment in environments
    ]
    views: list[Mapping[str, Any] | None] = []
    for result in event_loop.collect_results(viewings, len(viewings), environments[0].hub_patience):
        kubeconfig = None
        with suppress(ValueError):
            kubeconfig = json.loads(result.stdout) if result.status == 0 else None
        views.append(kubeconfig if isinstance(kubeconfig, dict) else None)
    return views


# The lists of a kubeconfig whose entries name files, with the name of an entry's content and its fields that hold paths
# (clientcmd loader.go, GetClusterFileReferences and GetAuthInfoFileReferences).
_FILES = {
    "clusters": ("cluster", ("certificate-authority",)),
    "users": ("user", ("client-certificate", "client-key", "tokenFile")),
}

Folders = dict[tuple[str, str], str]  # the list of an entry and its name -> the folder of the file that it came from


def _folders(environment: Environment, kubeconfig: Mapping[str, Any]) -> Folders:
    """Return the folder of each cluster's and each user's file; {} if one of the files can't be read.

    Of the entries of one name, that of the first file counts (clientcmd loader.go, Load).
    kubeconfig: what kubectl makes of the user's files
    """
    files = [path for path in dict.fromkeys(environment.kubeconfig_files) if os.path.exists(path)]
    views: Sequence[Mapping[str, Any] | None] = [kubeconfig]
    if len(files) > 1:
        views = _views([environment._replace(kubeconfig_flag=path) for path in files], ("--raw",))
    folders: Folders = {}
    for path, view in zip(files, views):
        if view is None:
            return {}
        folder = _absolute(os.path.dirname(environment.typed_paths.get(path, path)), environment.variables)
        for kind in _FILES:
            for entry in view.get(kind) or ():
                folders.setdefault((kind, entry["name"]), folder)
    return folders


def _absolute(folder: str, variables: Mapping[str, str]) -> str:
    """Return a folder's absolute path as Go's filepath.Abs does: below PWD, if that is the current folder."""
    current = variables.get("PWD", "")
    try:
        is_here = os.path.isabs(current) and os.path.samefile(current, os.curdir)
    except (OSError, ValueError):
        is_here = False
    return os.path.normpath(os.path.join(current if is_here else os.getcwd(), folder))


def _has_relative(kubeconfig: Mapping[str, Any]) -> bool:
    entries = [(kind, entry.get(field)) for kind, (field, _) in _FILES.items() for entry in kubeconfig.get(kind) or ()]
    return any(_relative_paths(kind, content or {}) for kind, content in entries)


def _relative_paths(kind: str, content: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a cluster or a user that hold a relative path, with the path; "command" is that of exec."""
    paths = {field: content.get(field) for field in _FILES[kind][1]}
    exec_entry = content.get("exec")
    command = exec_entry.get("command") if isinstance(exec_entry, dict) else None
    if command and os.sep in command:  # client-go searches a bare name in PATH
        paths["command"] = command
    return {field: path for field, path in paths.items() if path and not os.path.isabs(path)}


def with_absolute_paths(kubeconfig: Mapping[str, Any], folders: Folders) -> dict[str, Any]:
    """Return the kubeconfig with the paths that kubectl takes its relative ones for (loader.go, ResolveLocalPaths).

    These are certificates, keys, token files, and the commands of credential plugins. Paths of entries without a folder
    stay as they are.
    """
    lists = {}
    for kind, (field, _) in _FILES.items():
        entries = []
        for entry in kubeconfig.get(kind) or ():
            folder, content = folders.get((kind, entry["name"])), entry.get(field) or {}
            paths = _relative_paths(kind, content)
            if folder and paths:
                absolute = {name: os.path.normpath(os.path.join(folder, path)) for name, path in paths.items()}
                command = absolute.pop("command", None)
                content = {**content, **absolute}
                if command:
                    content["exec"] = {**content["exec"], "command": command}
                entry = {**entry, field: content}
            entries.append(entry)
        lists[kind] = entries
    return {**kubeconfig, **lists}


def split_contexts(view: Mapping[str, Any], cluster_flag: str = "", user_flag: str = "") -> dict[str, Kubeconfig]:
    """Split a kubeconfig from `view_with_credentials` into one per context, by the context's name.

    cluster_flag, user_flag: the values of --cluster and --user, which name other entries than the contexts do
    A legacy auth-provider writes its tokens back to the file, and a path that is still relative is resolved against the
    folder of its file. Such contexts keep the user's own files.
    """
    clusters, users = (
        {entry["name"]: entry for entry in view.get(kind) or () if isinstance(entry, dict) and "name" in entry}
        for kind in ("clusters", "users")
    )
    kubeconfigs = {}
    for entry in view.get("contexts") or ():
        context = {**(entry.get("context") or {})}
        context |= {kind: name for kind, name in (("cluster", cluster_flag), ("user", user_flag)) if name}
        cluster, user = clusters.get(context.get("cluster")), users.get(context.get("user"))
        login = (user or {}).get("user") or {}
        minimal = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": entry["name"],
            "contexts": [{**entry, "context": context}],
            "clusters": [cluster] if cluster else [],
            "users": [user] if user else [],
        }
        starts_programs = "exec" in login or "auth-provider" in login
        movable = "auth-provider" not in login and not _has_relative(minimal)
        kubeconfigs[entry["name"]] = Kubeconfig(minimal if movable else None, starts_programs)
    return kubeconfigs
