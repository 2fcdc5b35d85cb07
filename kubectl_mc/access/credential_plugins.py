"""The credential plugins that kubeconfigs name: which program runs with which arguments, and which two are the same."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc.access import exec_credentials
from kubectl_mc.access.provider_file import API_VERSIONS, INTERACTIVE_MODES


class CredentialPlugin(NamedTuple):
    """What decides whether two runs of a credential plugin are the same.

    command: as the kubeconfig has it
    path: the program's absolute path; "" if there is no such program
    cluster_info: spec.cluster as JSON; "" if the plugin gets none
    install_hint: what the kubeconfig says about a program that is missing
    """

    command: str
    path: str
    args: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    api_version: str
    interactive_mode: str
    cluster_info: str
    install_hint: str = ""

    def __repr__(self) -> str:
        return f"CredentialPlugin({self.command!r})"  # arguments and variables may hold the secret of a client


# With one of these fields client-go does not run the plugin, or refuses the user as a whole.
_OTHER_LOGINS = (
    "auth-provider", "client-certificate", "client-certificate-data", "client-key", "client-key-data", "password",
    "token", "tokenFile", "username",
)  # fmt: skip


def find_credential_plugin(kubeconfig: Mapping[str, Any], environment: Mapping[str, str]) -> CredentialPlugin | None:
    """Return the credential plugin of a kubeconfig's context; None for no plugin or one that only kubectl can judge."""
    login, cluster = current_entry(kubeconfig, "user"), current_entry(kubeconfig, "cluster")
    config = login.get("exec")
    if not isinstance(config, dict) or any(login.get(field) for field in _OTHER_LOGINS):
        return None
    command, args, variables = config.get("command"), config.get("args") or [], config.get("env") or []
    version = config.get("apiVersion")
    # The field has a default in v1beta1 and is required in v1 (client-go tools/clientcmd/api/v1/defaults.go).
    mode = config.get("interactiveMode") or ("IfAvailable" if version == API_VERSIONS[1] else None)
    try:
        env = tuple((str(variable["name"]), str(variable.get("value") or "")) for variable in variables)
        words = (command, *args)
    except (TypeError, KeyError, AttributeError):
        return None
    if not command or not all(isinstance(word, str) for word in words):
        return None
    if version not in API_VERSIONS or mode not in INTERACTIVE_MODES:
        return None
    if os.sep in command and not os.path.isabs(command):
        return None  # relative to the folder of the kubeconfig file, which is not known here
    cluster_info = ""
    if config.get("provideClusterInfo") and not _ignores_cluster(command, args):
        if cluster.get("certificate-authority"):
            return None  # client-go would pass the content of the file
        cluster_info = json.dumps(exec_credentials.cluster_info(cluster), sort_keys=True)
    path = _program_path(command, environment)
    return CredentialPlugin(command, path, tuple(args), env, str(version), str(mode), cluster_info)


def current_entry(kubeconfig: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """Return the "user" or the "cluster" of the current context; {} if there is none."""
    current = kubeconfig.get("current-context")
    contexts = [
        entry.get("context") or {} for entry in kubeconfig.get("contexts") or () if entry.get("name") == current
    ]
    name = contexts[0].get(kind) if contexts else None
    entries = [entry.get(kind) or {} for entry in kubeconfig.get(f"{kind}s") or () if entry.get("name") == name]
    return entries[0] if entries and isinstance(entries[0], dict) else {}


def with_login(kubeconfig: Mapping[str, Any], login: Mapping[str, Any]) -> dict[str, Any]:
    """Return the kubeconfig with another user in place of the current context's."""
    current = current_entry(kubeconfig, "user")
    users = [{**entry, "user": login} if entry.get("user") is current else entry for entry in kubeconfig["users"]]
    return {**kubeconfig, "users": users}


# Credential plugins that get the cluster (provideClusterInfo) and read nothing but the apiVersion of
# KUBERNETES_EXEC_INFO: program -> its first arguments. According to their sources: cloud-provider-gcp
# cmd/gke-gcloud-auth-plugin; aws-cli customizations/eks/get_token.py; int128/kubelogin pkg/credentialplugin/reader;
# Azure/kubelogin execCredentialWriter.
_IGNORE_CLUSTER: Mapping[str, tuple[str, ...]] = {
    "gke-gcloud-auth-plugin": (),
    "aws": ("eks", "get-token"),
    "kubelogin": ("get-token",),
    "kubectl-oidc_login": ("get-token",),
    "kubectl": ("oidc-login", "get-token"),
}


def _ignores_cluster(command: str, args: Sequence[str]) -> bool:
    first_args = _IGNORE_CLUSTER.get(os.path.basename(command))
    return first_args is not None and tuple(args[: len(first_args)]) == first_args


def _program_path(command: str, environment: Mapping[str, str]) -> str:
    """Return the program's path as Go's exec.LookPath does, by the user's PATH, not the entry's; "" if there is none.

    A program that PATH finds in the current folder does not run (Go 1.19, exec.ErrDot).
    """
    if os.sep in command:
        return command if _is_executable(command) else ""
    for folder in environment.get("PATH", "").split(os.pathsep):
        candidate = os.path.join(folder or ".", command)
        if _is_executable(candidate):
            return candidate if os.path.isabs(candidate) else ""
    return ""


def _is_executable(path: str) -> bool:
    try:
        return os.access(path, os.X_OK) and not os.path.isdir(path)
    except ValueError:  # the path has a NUL
        return False
