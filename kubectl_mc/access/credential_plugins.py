# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The credential plugins that kubeconfigs name: which program runs with which arguments, and which two are the same."""

from __future__ import annotations

import json
import os
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence

from kubectl_mc.access import exec_credentials
from kubectl_mc.access.provider_file import API_VERSIONS, INTERACTIVE_MODES
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import regular_files
from kubectl_mc.type_hints import Any


class CredentialPlugin(NamedTuple):
    """What decides whether two runs of a credential plugin are the same.

    command: as the kubeconfig has it
    path: the program's absolute path; "" if there is no such program
    cluster_info: spec.cluster as JSON; "" if the plugin gets none
    install_hint: what the kubeconfig says about a program that is missing; "" if it is there
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


# With one of these fields client-go runs no plugin. transport/config.go, HasTokenAuth (an empty tokenFile counts, too),
# HasBasicAuth (a password alone does not count) and HasCertAuth; a certificate without a key is refused (clientcmd
# validation.go), and so is an auth-provider beside exec.
_OTHER_LOGINS = (
    "auth-provider", "client-certificate", "client-certificate-data", "token", "tokenFile", "username",
)  # fmt: skip


def find_credential_plugin(kubeconfig: Mapping[str, Any], variables: Mapping[str, str]) -> CredentialPlugin | None:
    """Return the plugin that kubectl would run for a kubeconfig's context, whose paths are absolute.

    None where kubectl runs none: no exec entry, another login beside it, a server without TLS, or an entry that
    client-go refuses (clientcmd validation.go, exec.go newAuthenticator), so that its kubectl says why.

    variables: the user's environment variables
    """
    login, cluster = current_entry(kubeconfig, "user"), current_entry(kubeconfig, "cluster")
    config = login.get("exec")
    if not isinstance(config, dict) or any(login.get(field) for field in _OTHER_LOGINS):
        return None
    authority = _authority(cluster)
    if not _is_https(cluster.get("server")) or authority is None or not _is_proxy(cluster.get("proxy-url")):
        return None
    if not login.get("as") and any(login.get(field) for field in ("as-uid", "as-groups", "as-user-extra")):
        return None
    command, args, entries = config.get("command"), config.get("args") or [], config.get("env") or []
    version = config.get("apiVersion")
    # The field has a default in v1beta1 and is required in v1 (client-go tools/clientcmd/api/v1/defaults.go).
    mode = config.get("interactiveMode") or ("IfAvailable" if version == API_VERSIONS[1] else None)
    try:
        env = _variables_of([(entry["name"], entry.get("value") or "") for entry in entries])
        words = (command, *args)
    except (TypeError, KeyError, AttributeError):
        return None
    if not command or env is None or not all(isinstance(word, str) for word in words):
        return None
    if version not in API_VERSIONS or mode not in INTERACTIVE_MODES:
        return None
    if os.sep in command and not os.path.isabs(command):
        return None  # relative to a folder that is not known here: `kubeconfigs` makes it absolute
    cluster_info = ""
    if config.get("provideClusterInfo") and not _ignores_cluster(command, args):
        cluster_info = json.dumps(exec_credentials.cluster_info({**cluster, **authority}), sort_keys=True)
    path = program_path(command, variables)
    hint = "" if path else str(config.get("installHint") or "")
    return CredentialPlugin(command, path, tuple(args), env, str(version), str(mode), cluster_info, hint)


def _is_https(server: object) -> bool:
    """Return whether kubectl sends a login to the server (client_config.go, ClientConfig: IsConfigTransportTLS).

    A server without a scheme counts as http: its certificate authority isn't looked at then.
    """
    scheme, separator, rest = str(server).partition("://")
    return bool(separator) and scheme.lower() == "https" and bool(re.match("[^/?#]", rest))


def _is_proxy(url: object) -> bool:
    """Return whether client-go takes this proxy-url (clientcmd validation.go, parseProxyURL)."""
    return not url or str(url).partition(":")[0].lower() in ("http", "https", "socks5")


def _authority(cluster: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the content of the cluster's file certificate-authority, as its field in spec.cluster (rest/exec.go).

    {} without such a file. None where client-go refuses the cluster ahead of any plugin: for a file that can't be read
    or both fields (clientcmd validation.go), or for either with insecure-skip-tls-verify (transport.go, TLSConfigFor).
    """
    path, content = cluster.get("certificate-authority"), cluster.get("certificate-authority-data")
    if (path and content) or ((path or content) and cluster.get("insecure-skip-tls-verify")):
        return None
    if not path:
        return {}
    try:
        with open(str(path), "rb", opener=regular_files.opener) as file:
            return {"certificate-authority-data": b64encode(file.read()).decode()}
    except (OSError, ValueError):
        return None


def _variables_of(pairs: Sequence[tuple[object, object]]) -> tuple[tuple[str, str], ...] | None:
    """Return the variables of an entry as a process gets them: the last of a name counts (Go's os/exec, dedupEnv).

    Go joins a name and its value with "=", so the process splits a name that has one. None for a name or value that
    client-go refuses.
    """
    variables: dict[str, str] = {}
    for name, value in pairs:
        if not isinstance(name, str) or not isinstance(value, str) or not name:
            return None
        name, _, value = f"{name}={value}".partition("=")
        variables[name] = value
    return tuple(variables.items())


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


def clean_path(path: str) -> str:
    """Return the shortest form of a path, as Go's filepath.Clean does."""
    cleaned = os.path.normpath(path)
    return f"{os.sep}{cleaned.lstrip(os.sep)}" if cleaned.startswith(os.sep) else cleaned


def program_path(command: str, variables: Mapping[str, str]) -> str:
    """Return the program's path as client-go's exec.Command does, by the user's PATH, not the entry's; "" without one.

    client-go cleans the command first (exec.go, newAuthenticator). A program that PATH finds in the current folder does
    not run (Go 1.19, exec.ErrDot).
    """
    command = clean_path(command)
    if os.sep in command:
        return command if _is_executable(command) else ""
    for folder in variables.get("PATH", "").split(os.pathsep):
        candidate = clean_path(os.path.join(folder, command))
        if _is_executable(candidate):
            return candidate if os.path.isabs(candidate) else ""
    return ""


def _is_executable(path: str) -> bool:
    try:
        return os.access(path, os.X_OK) and not os.path.isdir(path)
    except ValueError:  # the path has a NUL
        return False
