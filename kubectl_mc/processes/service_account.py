# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The service account of the pod that this process runs in: kubectl's way to the pod's own cluster.

The rules are client-go's: clientcmd/client_config.go (DeferredLoadingClientConfig, inClusterClientConfig) and
rest/config.go (InClusterConfig). kubectl goes this way where its kubeconfig names no server at all. Only a hub is
reached like this. A member never is: kubectl would take the pod's own cluster for a member whose entry is missing.
"""

from __future__ import annotations

import os
import re

from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.targets import Kubeconfig

IN_CLUSTER = "in-cluster"  # as a hub's context: the pod's own cluster, unless the kubeconfig has a context of that name


def is_available(environment: Environment) -> bool:
    """Return whether there is a service account (inClusterClientConfig.Possible)."""
    host, port = _host_and_port(environment)
    return bool(host and port) and os.path.isfile(_token_path(environment))


def missing_token(environment: Environment) -> str:
    """Return the path of the token of the pod's service account if this is a pod without it; else ""."""
    host, _ = _host_and_port(environment)
    path = _token_path(environment)
    return path if host and not os.path.isfile(path) else ""


def _token_path(environment: Environment) -> str:
    return os.path.join(environment.service_account, "token")


def _host_and_port(environment: Environment) -> tuple[str, str]:
    host, port = (environment.variables.get(f"KUBERNETES_SERVICE_{part}", "") for part in ("HOST", "PORT"))
    return host, port


def hub_context(named: str | None, environment: Environment) -> str | None:
    """Return the context of the hub: the named one, else IN_CLUSTER where kubectl would take the service account.

    None stands for the current context of the kubeconfig. Where a kubeconfig has to be read to know whether there is
    one, it is left to kubectl.
    """
    if named or not is_available(environment) or any(map(_may_name_a_context, environment.kubeconfig_files)):
        return named or None
    return IN_CLUSTER


_CURRENT_CONTEXT = rb"current-context[\"']?\s*:\s*([^\s,}#]*)"


def _may_name_a_context(path: str) -> bool:
    """Return whether a kubeconfig may have a current context, or one that is called IN_CLUSTER.

    The words are searched for, as reading YAML is slow. "Maybe" is a safe answer.
    """
    if not os.path.isfile(path):  # a pipe is not to be opened
        return os.path.exists(path)
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError:
        return True
    if IN_CLUSTER.encode() in text:
        return True
    names = re.findall(_CURRENT_CONTEXT, text)
    return len(names) < text.count(b"current-context") or bool({*names} - {b"", b'""', b"''", b"null", b"~"})


def in_cluster_kubeconfig(environment: Environment) -> Kubeconfig:
    """Return a kubeconfig for the pod's own cluster. It names the files of the service account and holds no credential.

    kubectl reads the token from its file again, as the kubelet renews it.
    """
    host, port = _host_and_port(environment)
    authority = os.path.join(environment.service_account, "ca.crt")
    cluster = {"server": f"https://{f'[{host}]' if ':' in host else host}:{port}"}
    if os.path.isfile(authority):  # else, as in client-go, the authorities that this machine trusts
        cluster["certificate-authority"] = authority
    context = {"cluster": IN_CLUSTER, "user": IN_CLUSTER, "namespace": _namespace(environment)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": IN_CLUSTER,
        "contexts": [{"name": IN_CLUSTER, "context": context}],
        "clusters": [{"name": IN_CLUSTER, "cluster": cluster}],
        "users": [{"name": IN_CLUSTER, "user": {"tokenFile": _token_path(environment)}}],
    }
    return Kubeconfig(content, starts_programs=False)


def _namespace(environment: Environment) -> str:
    from kubectl_mc.processes import regular_files

    try:
        path = os.path.join(environment.service_account, "namespace")
        with open(path, encoding="utf-8", opener=regular_files.opener) as file:
            namespace = file.read().strip()
    except (OSError, UnicodeDecodeError):
        namespace = ""
    return environment.variables.get("POD_NAMESPACE") or namespace or "default"


def hub_files(context: str | None, environment: Environment) -> list[str]:
    """Return the files that tell the pod's own cluster from another one, if the hub's context may stand for it.

    Clusters have the same address for their pods, and a volume may outlive a pod or be used on several clusters.
    """
    return [os.path.join(environment.service_account, "ca.crt")] if context == IN_CLUSTER else []
