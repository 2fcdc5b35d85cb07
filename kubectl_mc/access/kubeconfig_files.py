"""Kubeconfigs without a credential in them, for where they can't be held in memory (`memory`) and files must do.

A credential is in the environment of its kubectl instead, and an exec entry prints it from there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from kubectl_mc.access import credential_plugins, exec_credentials
from kubectl_mc.access.provider_file import API_VERSIONS
from kubectl_mc.processes.targets import Kubeconfig, Target

VARIABLE = "KUBECTL_MC_CREDENTIAL"


def targets_in_files(split: Sequence[Target], logged_in: Sequence[Target], own: Kubeconfig) -> list[Target]:
    """The targets, fit for kubeconfigs in files.

    split: each with the kubeconfig of its context or of its ClusterProfile, where it has one
    logged_in: the same after the login that they share
    own: what is known of the user's kubeconfig, which is used for a context that shares none
    """
    return [_target(after, after.kubeconfig is not before.kubeconfig, own) for before, after in zip(split, logged_in)]


def _target(target: Target, shares: bool, own: Kubeconfig) -> Target:
    content = target.kubeconfig.content
    if content is None:
        return target
    if shares and not _has_password(content):
        return target._replace(kubeconfig=_apart(content))
    # What only its ClusterProfile reaches has a login by exec, for no credential comes from a hub.
    return target._replace(kubeconfig=own) if target.context else target


def _has_password(content: Mapping[str, object]) -> bool:
    """Is there one for the proxy?"""
    return "@" in str(credential_plugins.current_entry(content, "cluster").get("proxy-url") or "")


def _apart(content: Mapping[str, object]) -> Kubeconfig:
    """The kubeconfig, and apart from it the credential that a shared login has put into it."""
    login = credential_plugins.current_entry(content, "user")
    rest, status = exec_credentials.taken_out(login)
    version = API_VERSIONS[0]
    printing = {
        "apiVersion": version,
        "command": "/bin/sh",
        "args": ["-c", f'printf %s "${VARIABLE}"'],
        "interactiveMode": "Never",
    }
    credential = json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status})
    changed = credential_plugins.with_login(content, {**rest, "exec": printing})
    return Kubeconfig(changed, starts_programs=False, variables=((VARIABLE, credential),))
