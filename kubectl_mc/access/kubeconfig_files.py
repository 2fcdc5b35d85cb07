# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Kubeconfigs without a credential in them, for systems where kubeconfigs have to be files (`processes.memory_files`).

The environment of each kubectl holds the credential instead, and an exec entry prints it from there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from kubectl_mc.access import exec_credentials
from kubectl_mc.access.credential_plugins import current_entry, with_login
from kubectl_mc.access.provider_file import API_VERSIONS
from kubectl_mc.processes.kuberc_file import PRINTER
from kubectl_mc.processes.targets import Kubeconfig, Target

VARIABLE = "KUBECTL_MC_CREDENTIAL"


def targets_in_files(split: Sequence[Target], logged_in: Sequence[Target], own: Kubeconfig) -> list[Target]:
    """Return the targets with kubeconfigs that may be written to a file.

    split: the targets with the kubeconfigs of their contexts or of their ClusterProfiles
    logged_in: the same targets after the login that they share
    own: the user's kubeconfig, for a context that shares no login
    """
    return [_in_file(after, after.kubeconfig is not before.kubeconfig, own) for before, after in zip(split, logged_in)]


def _in_file(target: Target, shares_login: bool, own: Kubeconfig) -> Target:
    content = target.kubeconfig.content
    if content is None or target.login:
        return target
    proxy_has_password = "@" in str(current_entry(content, "cluster").get("proxy-url") or "")
    if shares_login and not proxy_has_password:
        kubeconfig = _with_credential_in_environment(content)
        return target._replace(kubeconfig=kubeconfig._replace(exec_entry=target.kubeconfig.exec_entry))
    # A target without a context is reached by its ClusterProfile, whose kubeconfig never holds a credential.
    return target._replace(kubeconfig=own) if target.context else target


def _with_credential_in_environment(content: Mapping[str, object]) -> Kubeconfig:
    """Move the credential of a shared login from the kubeconfig to a variable."""
    login, status = exec_credentials.split_credential(current_entry(content, "user"))
    version = API_VERSIONS[0]
    exec_entry = {
        "apiVersion": version,
        "command": PRINTER,
        "args": ["-c", f'printf %s "${VARIABLE}"'],
        "interactiveMode": "Never",
    }
    credential = json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status})
    kubeconfig = with_login(content, {**login, "exec": exec_entry})
    return Kubeconfig(kubeconfig, starts_programs=False, variables=((VARIABLE, credential),))
