"""Exec credential plugins as kubeconfigs name them: which program, with what, and which two are the same."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc.access import exec_credentials
from kubectl_mc.access.provider_file import API_VERSIONS, INTERACTIVE_MODES

# Plugins that are told of the cluster (provideClusterInfo) and of KUBERNETES_EXEC_INFO read the apiVersion only:
# program -> the arguments it must begin with. By their sources: cloud-provider-gcp cmd/gke-gcloud-auth-plugin; aws-cli
# customizations/eks/get_token.py; int128/kubelogin pkg/credentialplugin/reader; Azure/kubelogin execCredentialWriter.
IGNORE_CLUSTER: Mapping[str, tuple[str, ...]] = {
    "gke-gcloud-auth-plugin": (),
    "aws": ("eks", "get-token"),
    "kubelogin": ("get-token",),
    "kubectl-oidc_login": ("get-token",),
    "kubectl": ("oidc-login", "get-token"),
}

# With one of these client-go doesn't run the plugin, or refuses the user as a whole.
_OTHER_LOGINS = (
    "auth-provider", "client-certificate", "client-certificate-data", "client-key", "client-key-data", "password",
    "token", "tokenFile", "username",
)  # fmt: skip


class CredentialPlugin(NamedTuple):
    """What makes two runs of a plugin the same. command: an absolute path, "" if there is no such program."""

    typed: str
    command: str
    args: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    api_version: str
    mode: str
    cluster: str  # spec.cluster as JSON, "" if it isn't told

    def __repr__(self) -> str:
        return f"Plugin({self.typed!r})"  # arguments and variables may hold a client's secret


def find_plugin(kubeconfig: Mapping[str, Any], environment: Mapping[str, str]) -> CredentialPlugin | None:
    """The plugin of a kubeconfig's context; None if it has none, or one that is kubectl's to judge."""
    login, cluster = current_entry(kubeconfig, "user"), current_entry(kubeconfig, "cluster")
    config = login.get("exec")
    if not isinstance(config, dict) or any(login.get(field) for field in _OTHER_LOGINS):
        return None
    command, args, variables = config.get("command"), config.get("args") or [], config.get("env") or []
    version = config.get("apiVersion")
    # v1beta1 has a default, v1 must say it (client-go tools/clientcmd/api/v1/defaults.go).
    mode = config.get("interactiveMode") or ("IfAvailable" if version == API_VERSIONS[1] else None)
    try:
        env = tuple((str(each["name"]), str(each.get("value") or "")) for each in variables)
        words = (command, *args)
    except (TypeError, KeyError, AttributeError):
        return None
    understood = all(isinstance(word, str) for word in words) and bool(command)
    if not understood or version not in API_VERSIONS or mode not in INTERACTIVE_MODES:
        return None
    if os.sep in str(command) and not os.path.isabs(str(command)):
        return None  # relative to the folder of the kubeconfig that it came from
    told = ""
    if config.get("provideClusterInfo") and not _ignores_cluster(str(command), args):
        if cluster.get("certificate-authority"):
            return None  # client-go would tell the file's content
        told = json.dumps(exec_credentials.cluster_info(cluster), sort_keys=True)
    found = _resolved(str(command), environment)
    return CredentialPlugin(str(command), found, tuple(args), env, str(version), str(mode), told)


def current_entry(kubeconfig: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The user or the cluster of the current context; {} if there is none."""
    current = kubeconfig.get("current-context")
    contexts = [each.get("context") or {} for each in kubeconfig.get("contexts") or () if each.get("name") == current]
    name = contexts[0].get(kind) if contexts else None
    found = [each.get(kind) or {} for each in kubeconfig.get(f"{kind}s") or () if each.get("name") == name]
    return found[0] if found and isinstance(found[0], dict) else {}


def with_login(kubeconfig: Mapping[str, Any], login: Mapping[str, Any]) -> dict[str, Any]:
    """The kubeconfig with another user in place of its current context's."""
    before = current_entry(kubeconfig, "user")
    users = [{**each, "user": login} if each.get("user") is before else each for each in kubeconfig["users"]]
    return {**kubeconfig, "users": users}


def _ignores_cluster(command: str, args: Sequence[str]) -> bool:
    begins = IGNORE_CLUSTER.get(os.path.basename(command))
    return begins is not None and tuple(args[: len(begins)]) == begins


def _resolved(command: str, environment: Mapping[str, str]) -> str:
    """The program, as Go's exec.LookPath finds it: by the user's PATH, not by the entry's; "" if it doesn't.

    One that PATH finds in the current folder isn't run (Go 1.19, exec.ErrDot).
    """
    if os.sep in command:
        return command if _runs(command) else ""
    for folder in environment.get("PATH", "").split(os.pathsep):
        candidate = os.path.join(folder or ".", command)
        if _runs(candidate):
            return candidate if os.path.isabs(candidate) else ""
    return ""


def _runs(path: str) -> bool:
    try:
        return os.access(path, os.X_OK) and not os.path.isdir(path)
    except ValueError:  # a NUL in it
        return False
