# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The user's policy for credential plugins, which a kuberc holds (KEP-3104): which of them may run.

The rules are client-go's of 1.35 to 1.37 (plugin/pkg/client/auth/exec/exec.go: ValidatePluginPolicy,
updateCommandAndCheckAllowlistLocked) and hold with any kubectl, also one that doesn't know such a policy.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from kubectl_mc.access.credential_plugins import CredentialPlugin, clean_path, program_path
from kubectl_mc.messages import visible
from kubectl_mc.type_hints import Any

_ALLOWS_ALL, _DENIES_ALL, _ALLOWLIST = ("", "AllowAll"), "DenyAll", "Allowlist"


def denial(policy: Mapping[str, Any], plugin: CredentialPlugin, variables: Mapping[str, str]) -> str:
    """Return why the policy forbids a credential plugin, fit to be shown; "" if it may run.

    What can't be judged, as an entry with a field of a newer kubectl, allows nothing.

    policy: the fields credentialPluginPolicy and credentialPluginAllowlist, as they stand in the kuberc
    variables: the user's environment variables
    """
    kind, entries = policy.get("credentialPluginPolicy") or "", policy.get("credentialPluginAllowlist")
    if kind not in (*_ALLOWS_ALL, _DENIES_ALL, _ALLOWLIST):
        return f"the kuberc's credential plugin policy {_quoted(kind)} is unknown"
    if kind != _ALLOWLIST and entries is not None:
        return f"the kuberc's credential plugin policy is {_quoted(kind)}, but it has an allowlist"
    if kind in _ALLOWS_ALL:
        return ""
    if kind == _DENIES_ALL:
        return f"plugin {_quoted(plugin.command)} not allowed: the kuberc's credential plugin policy is {_quoted(kind)}"
    if not entries:
        return f"the kuberc's credential plugin policy is {_quoted(kind)}, but its allowlist is empty"
    return _entries_problem(entries) or _allowlist_denial(entries, plugin, variables)


# The field of an entry is `name` in kubectl 1.35, and `command` since 1.36, which reads both (kubectl
# pkg/config/v1beta1/conversion.go). Each further field narrows an entry (client-go clientcmd/api, AllowlistEntry).
_FIELDS = {"name", "command"}


def _entries_problem(entries: Sequence[Mapping[str, str]]) -> str:
    """Return why kubectl can't use an allowlist; "" if it can."""
    for number, entry in enumerate(entries, start=1):
        where, commands = f"entry {number} of the kuberc's credential plugin allowlist", _commands(entry)
        if not commands:
            return f"{where} is empty"
        if len(commands) > 1:
            return f"{where} has a name and another command"
        if commands != {clean_path(command) for command in commands}:
            return f"{where} is not the shortest form of a path"
    return ""


def _commands(entry: Mapping[str, str]) -> set[str]:
    return {entry[field] for field in _FIELDS if entry.get(field)}


def _allowlist_denial(
    entries: Sequence[Mapping[str, str]], plugin: CredentialPlugin, variables: Mapping[str, str]
) -> str:
    """Return why an allowlist that kubectl can use forbids a plugin; "" if it may run."""
    allowed = {command for entry in entries if set(entry) <= _FIELDS for command in _commands(entry)}
    own, path = clean_path(plugin.command), plugin.path
    if {own, path or own} & allowed:
        return ""
    if not path:
        return f"plugin {_quoted(own)} is not found, so the kuberc's credential plugin allowlist forbids it"
    namesakes = [command for command in allowed if os.path.basename(command) == os.path.basename(path)]
    if path in [program_path(command, variables) for command in namesakes]:
        return ""
    why = "" if all(set(entry) <= _FIELDS for entry in entries) else ", which has fields that are unknown here"
    return f"plugin path {_quoted(path)} is not permitted by the kuberc's credential plugin allowlist{why}"


def _quoted(text: object) -> str:
    return f'"{visible(str(text))}"'
