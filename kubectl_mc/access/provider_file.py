"""The user's provider file (KEP-5339): the programs that log in to clusters that no context of the user reaches.

It also holds the checks of values that become part of a command line, whether from this file or from a hub.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc import messages

# The versions that kubectl accepts. Every credential plugin speaks v1beta1.
API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
INTERACTIVE_MODES = ("Never", "IfAvailable", "Always")
ARGS_POLICIES = ("Ignore", "Append")
ENVS_POLICIES = ("Ignore", "AppendIfNotExists", "Replace")


class Provider(NamedTuple):
    """A provider of the user's file. exec: the `exec` entry of a kubeconfig, with every field."""

    name: str
    exec: Mapping[str, Any]
    args_policy: str = "Ignore"
    envs_policy: str = "Ignore"


class RefusedError(Exception):
    """A value cannot be used; the text says why. It is caught where the file or the profile is known."""


def read_providers(path: str) -> tuple[Provider, ...]:
    """Read the providers of a file, in its order. Raises UserError."""
    try:
        with open(path, encoding="utf-8") as file:
            content = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise messages.provider_file(path, f"can't be read: {getattr(error, 'strerror', None) or error}") from None
    return parse_providers(content, path)


def parse_providers(content: str, path: str) -> tuple[Provider, ...]:
    """Parse {"providers": [{name, execConfig, profileSourcedCLIArgsPolicy, profileSourcedEnvVarsPolicy}]}.

    The format is that of cluster-inventory-api (pkg/access/config.go), which ignores other keys. A relative command is
    resolved against the folder of the file, as in a kubeconfig. Raises UserError.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise messages.provider_file(path, f"not JSON: {error}") from None
    entries = document.get("providers") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise messages.provider_file(path, "no list of providers")
    folder = os.path.dirname(os.path.abspath(path))
    try:
        return tuple(_parse_provider(entry, folder) for entry in entries)
    except RefusedError as refused:
        raise messages.provider_file(path, str(refused)) from None


def _parse_provider(entry: Any, folder: str) -> Provider:
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not name:
        raise RefusedError("a provider has no name")
    try:
        config = entry.get("execConfig")
        if not isinstance(config, dict):
            raise RefusedError("execConfig is missing")
        args_policy = _one_of(entry, "profileSourcedCLIArgsPolicy", ARGS_POLICIES, ARGS_POLICIES[0])
        envs_policy = _one_of(entry, "profileSourcedEnvVarsPolicy", ENVS_POLICIES, ENVS_POLICIES[0])
        return Provider(name, _parse_exec_config(config, folder), args_policy, envs_policy)
    except RefusedError as refused:
        raise RefusedError(f"provider {name}: {refused}") from None


def _parse_exec_config(config: Mapping[str, Any], folder: str) -> dict[str, Any]:
    command = text_field(config, "command")
    if not command:
        raise RefusedError("execConfig.command is missing")
    if os.sep in command:
        command = os.path.normpath(os.path.join(folder, command))
    variables = config.get("env") or []
    if not isinstance(variables, list) or not all(isinstance(variable, dict) for variable in variables):
        raise RefusedError("execConfig.env is not a list of {name, value}")
    entry = {
        "apiVersion": _one_of(config, "apiVersion", API_VERSIONS, None),
        "command": command,
        "args": text_list(config.get("args") or [], "execConfig.args"),
        "env": [
            {"name": text_field(variable, "name"), "value": text_field(variable, "value")} for variable in variables
        ],
        "provideClusterInfo": config.get("provideClusterInfo") is True,
        # v1 has no default; this is kubectl's default for v1beta1.
        "interactiveMode": _one_of(config, "interactiveMode", INTERACTIVE_MODES, "IfAvailable"),
    }
    hint = text_field(config, "installHint")
    return {**entry, "installHint": hint} if hint else entry


def _one_of(fields: Mapping[str, Any], key: str, values: Sequence[str], default: str | None) -> str:
    value = fields.get(key) or default
    if value not in values:
        raise RefusedError(f"{key} is not one of {', '.join(values)}")
    return str(value)


def text_field(fields: Mapping[str, Any], key: str) -> str:
    """Return the text in a field; "" if there is none. Raises RefusedError for what no command line can hold."""
    value = fields.get(key)
    return "" if value is None else clean_text(value, key)


def text_list(value: Any, name: str) -> list[str]:
    """Return a list of texts that a command line can hold. Raises RefusedError, which calls it `name`, for others."""
    if not isinstance(value, list):
        raise RefusedError(f"{name} is not a list of strings")
    return [clean_text(item, name) for item in value]


def clean_text(value: Any, name: str) -> str:
    """Return a text that a command line can hold: no NUL, no surrogates. Raises RefusedError for any other value."""
    if not isinstance(value, str):
        raise RefusedError(f"{name} is not a string")
    if re.search("[\0\ud800-\udfff]", value):
        raise RefusedError(f"{name} holds what no command line can")
    return value
