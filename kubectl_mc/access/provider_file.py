# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The user's provider file (KEP-5339): the programs that log in to clusters that no context of the user reaches."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.access.checked_values import RefusedError, clean_text
from kubectl_mc.access.server_urls import ServerTemplate, parse_name_template, parse_server_template
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import regular_files
from kubectl_mc.type_hints import Any

# The versions that kubectl accepts. Every credential plugin speaks v1beta1.
API_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
INTERACTIVE_MODES = ("Never", "IfAvailable", "Always")
PEM_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"  # the only form of an authority that client-go takes


class Provider(NamedTuple):
    """A provider of the user's file.

    exec: the `exec` entry of a kubeconfig, with every field; {} if there is a problem
    args_policy, envs_policy: as they are in the file, so one may be unknown
    server, server_name: the user's templates instead of the published server and TLS server name; None and "" without
    authority_path: the file of certificate authorities instead of the published ones; "" without
    authority: the content of that file
    problem: why the provider cannot be used; "" if it can. It matters only where a profile offers the provider.
    """

    name: str
    exec: Mapping[str, Any]
    args_policy: str = "Ignore"
    envs_policy: str = "Ignore"
    server: ServerTemplate | None = None
    server_name: str = ""
    authority_path: str = ""
    authority: bytes = b""
    problem: str = ""


def read_providers(path: str) -> tuple[Provider, ...]:
    """Read the providers of a file, in its order. Raises UserError."""
    try:
        with open(path, encoding="utf-8") as file:
            content = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise messages.provider_file(path, f"can't be read: {getattr(error, 'strerror', None) or error}") from None
    return tuple(_with_authority(provider) for provider in parse_providers(content, path))


def _with_authority(provider: Provider) -> Provider:
    """Return a provider with the certificate authority in the file that it names, or with the problem of that file."""
    if not provider.authority_path:
        return provider
    try:
        with open(provider.authority_path, "rb", opener=regular_files.opener) as file:
            content = file.read()
    except OSError as error:
        return provider._replace(problem=f"{provider.authority_path} can't be read: {error.strerror}")
    if PEM_CERTIFICATE not in content:
        return provider._replace(problem=f"{provider.authority_path} holds no certificate in PEM")
    return provider._replace(authority=content)


def parse_providers(content: str, path: str) -> tuple[Provider, ...]:
    """Parse {"providers": [{name, execConfig, profileSourcedCLIArgsPolicy, profileSourcedEnvVarsPolicy}]}.

    The format is that of cluster-inventory-api (pkg/access/config.go): other keys are ignored, keys may be in another
    case, null is no value, and of what is wrong in a provider only its types matter before a profile offers it. Our own
    keys of a provider are `server`, `tls-server-name` and `certificate-authority`, as in a kubeconfig. Relative paths,
    that of the command included, are resolved against the folder of the file. Raises UserError.
    """
    try:
        document = json.loads(content, object_pairs_hook=_fold_keys)
    except (ValueError, RecursionError) as error:
        raise messages.provider_file(path, f"not JSON: {error}") from None
    folder = os.path.dirname(os.path.abspath(path))
    try:
        if not isinstance(document, dict | None):
            raise RefusedError("not an object")
        entries = _list(document or {}, "providers", "the file")
        return tuple(_parse_provider(entry, folder) for entry in entries)
    except RefusedError as refused:
        raise messages.provider_file(path, str(refused)) from None


def _fold_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object with its keys in lower case: Go's encoding/json reads them in any case."""
    return {key.lower(): value for key, value in pairs}


def _parse_provider(entry: Any, folder: str) -> Provider:
    """Return a provider. folder: that of the file, for relative paths. Raises RefusedError for a wrong entry."""
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not name:
        raise RefusedError("a provider has no name")
    try:
        config = entry.get("execconfig")
        if not isinstance(config, dict | None):
            raise RefusedError("execConfig is not an object")
        entry_of_exec = _parse_exec_config(config or {}, folder)
        problem = _exec_problem(entry_of_exec) if config else "execConfig is missing"
        server, authority = _text(entry, "server"), _text(entry, "certificate-authority")
        return Provider(
            name,
            {} if problem else entry_of_exec,
            _text(entry, "profileSourcedCLIArgsPolicy") or "Ignore",
            _text(entry, "profileSourcedEnvVarsPolicy") or "Ignore",
            parse_server_template(server) if server else None,
            parse_name_template(_text(entry, "tls-server-name")),
            os.path.normpath(os.path.join(folder, authority)) if authority else "",
            problem=problem,
        )
    except RefusedError as refused:
        raise RefusedError(f"provider {name}: {refused}") from None


def _parse_exec_config(config: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """Return the `exec` entry of a kubeconfig with every field. Raises RefusedError for a field of another type."""
    command = _text(config, "command")
    if os.sep in command:
        command = os.path.normpath(os.path.join(folder, command))
    arguments, variables = _list(config, "args", "execConfig"), _list(config, "env", "execConfig")
    if not all(isinstance(variable, dict) for variable in variables):
        raise RefusedError("execConfig.env is not a list of {name, value}")
    cluster_info = config.get("provideclusterinfo")
    if not isinstance(cluster_info, bool | None):
        raise RefusedError("execConfig.provideClusterInfo is not a boolean")
    entry = {
        "apiVersion": _text(config, "apiVersion"),
        "command": command,
        "args": ["" if argument is None else clean_text(argument, "execConfig.args") for argument in arguments],
        "env": [{"name": _text(variable, "name"), "value": _text(variable, "value")} for variable in variables],
        "provideClusterInfo": cluster_info is True,
        # v1 has no default; this is kubectl's default for v1beta1.
        "interactiveMode": _text(config, "interactiveMode") or "IfAvailable",
    }
    hint = _text(config, "installHint")
    return {**entry, "installHint": hint} if hint else entry


def _exec_problem(entry: Mapping[str, Any]) -> str:
    """Return why kubectl would not run an `exec` entry; "" if it would."""
    if not entry["command"]:
        return "execConfig.command is missing"
    for field, values in (("apiVersion", API_VERSIONS), ("interactiveMode", INTERACTIVE_MODES)):
        if entry[field] not in values:
            return f"{field} is not one of {', '.join(values)}"
    return ""


def _text(fields: Mapping[str, Any], key: str) -> str:
    """Return the text in a field of the file; "" if there is none. Raises RefusedError."""
    value = fields.get(key.lower())
    return "" if value is None else clean_text(value, key)


def _list(fields: Mapping[str, Any], key: str, where: str) -> list[Any]:
    """Return the list in a field of the file; [] if there is none. Raises RefusedError."""
    value = fields.get(key.lower())
    if not isinstance(value, list | None):
        raise RefusedError(f"{key} of {where} is not a list")
    return value or []
