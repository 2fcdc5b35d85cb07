"""The user's provider file (KEP-5339): which program logs in where a ClusterProfile has no context of the user's.

Also what a value that becomes part of a command line has to be, for this file and for what hubs say.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc import messages

# What kubectl accepts; v1beta1 is the one that every plugin speaks.
API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
INTERACTIVE_MODES = ("Never", "IfAvailable", "Always")
ARGS_POLICIES = ("Ignore", "Append")
ENVS_POLICIES = ("Ignore", "AppendIfNotExists", "Replace")


class Provider(NamedTuple):
    """A way to log in, of the user's own provider file. exec: as a kubeconfig's `exec` has it."""

    name: str
    exec: Mapping[str, Any]
    args_policy: str = "Ignore"
    envs_policy: str = "Ignore"


class RefusedError(Exception):
    """A value that is not taken over; its text says why. Caught by whoever knows where it came from."""


def read_providers(path: str) -> tuple[Provider, ...]:
    """The providers of a file, in its order. Raises UserError."""
    try:
        with open(path, encoding="utf-8") as file:
            content = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise messages.provider_file(path, f"can't be read: {getattr(error, 'strerror', None) or error}") from None
    return parse_providers(content, path)


def parse_providers(content: str, path: str) -> tuple[Provider, ...]:
    """{"providers": [{name, execConfig, profileSourcedCLIArgsPolicy, profileSourcedEnvVarsPolicy}]} as a value.

    The form is cluster-inventory-api's (pkg/access/config.go), where keys that aren't known count for nothing. A
    relative command is resolved against the file's folder, as a kubeconfig's is. Raises UserError.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise messages.provider_file(path, f"not JSON: {error}") from None
    listed = document.get("providers") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise messages.provider_file(path, "no list of providers")
    folder = os.path.dirname(os.path.abspath(path))
    try:
        return tuple(_provider(each, folder) for each in listed)
    except RefusedError as refused:
        raise messages.provider_file(path, str(refused)) from None


def _provider(given: Any, folder: str) -> Provider:
    name = given.get("name") if isinstance(given, dict) else None
    if not isinstance(name, str) or not name:
        raise RefusedError("a provider has no name")
    try:
        config = given.get("execConfig")
        if not isinstance(config, dict):
            raise RefusedError("execConfig is missing")
        args_policy = _one_of(given, "profileSourcedCLIArgsPolicy", ARGS_POLICIES, ARGS_POLICIES[0])
        envs_policy = _one_of(given, "profileSourcedEnvVarsPolicy", ENVS_POLICIES, ENVS_POLICIES[0])
        return Provider(name, _own_exec(config, folder), args_policy, envs_policy)
    except RefusedError as refused:
        raise RefusedError(f"provider {name}: {refused}") from None


def _own_exec(config: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """The user's execConfig as a kubeconfig's `exec`, every field there."""
    command = text_field(config, "command")
    if not command:
        raise RefusedError("execConfig.command is missing")
    if os.sep in command:
        command = os.path.normpath(os.path.join(folder, command))
    variables = config.get("env") or []
    if not isinstance(variables, list) or not all(isinstance(each, dict) for each in variables):
        raise RefusedError("execConfig.env is no list of {name, value}")
    entry = {
        "apiVersion": _one_of(config, "apiVersion", API_VERSIONS, None),
        "command": command,
        "args": text_list(config.get("args") or [], "execConfig.args"),
        "env": [{"name": text_field(each, "name"), "value": text_field(each, "value")} for each in variables],
        "provideClusterInfo": config.get("provideClusterInfo") is True,
        # v1 has no default; kubectl's for v1beta1 is this one.
        "interactiveMode": _one_of(config, "interactiveMode", INTERACTIVE_MODES, "IfAvailable"),
    }
    hint = text_field(config, "installHint")
    return {**entry, "installHint": hint} if hint else entry


def _one_of(fields: Mapping[str, Any], key: str, values: Sequence[str], default: str | None) -> str:
    given = fields.get(key) or default
    if given not in values:
        raise RefusedError(f"{key} is none of {', '.join(values)}")
    return str(given)


def text_field(fields: Mapping[str, Any], key: str) -> str:
    """A field that is text; "" if it isn't there."""
    value = fields.get(key)
    return "" if value is None else clean_text(value, key)


def text_list(value: Any, what: str) -> list[str]:
    if not isinstance(value, list):
        raise RefusedError(f"{what} is no list of texts")
    return [clean_text(each, what) for each in value]


def clean_text(value: Any, what: str) -> str:
    """A text that a process can get: without NUL, and not half a character."""
    if not isinstance(value, str):
        raise RefusedError(f"{what} is no text")
    if re.search("[\0\ud800-\udfff]", value):
        raise RefusedError(f"{what} holds what no command line can")
    return value
