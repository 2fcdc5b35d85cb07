# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Adding a kubeconfig that a cloud's CLI has printed to the user's own kubeconfig, as one context.

kubectl writes it. Keys and certificates reach kubectl through stdin, never as an argument.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import collect_results
from kubectl_mc.processes.kubectl_process import config_command
from kubectl_mc.processes.memory_files import held_file
from kubectl_mc.type_hints import Any


class ClientCertificate(NamedTuple):
    """A server's URL, its certificate authority, and a client certificate with its key; all but the URL in PEM."""

    server: str
    authority: bytes
    certificate: bytes
    key: bytes


def parse_printed(printed: bytes, field: str) -> ClientCertificate:
    """Parse the login out of `{field: a kubeconfig in YAML}`. Raises ValueError for anything else."""
    import yaml

    try:
        config = yaml.safe_load(str(json.loads(printed)[field]))
        (context,) = [entry["context"] for entry in config["contexts"] if entry["name"] == config["current-context"]]
        cluster, user = _entry(config, context, "cluster"), _entry(config, context, "user")
        values = (cluster["certificate-authority-data"], user["client-certificate-data"], user["client-key-data"])
        return ClientCertificate(str(cluster["server"]), *(base64.b64decode(value, validate=True) for value in values))
    except (ValueError, KeyError, TypeError, RecursionError, yaml.YAMLError):
        raise ValueError("no kubeconfig with a client certificate") from None


def _entry(config: Mapping[str, Any], context: Mapping[str, str], kind: str) -> Any:
    """Return the cluster or the user of a context."""
    (content,) = [entry[kind] for entry in config[f"{kind}s"] if entry["name"] == context[kind]]
    return content


def add_context(login: ClientCertificate, name: str, environment: Environment) -> str:
    """Add the login to the user's kubeconfig as cluster, user and context `name`; return "" or the line of an error."""
    server = f"--server={login.server}"
    steps = [
        (("set-cluster", name, server, "--certificate-authority=/dev/stdin", "--embed-certs=true"), login.authority),
        (("set-credentials", name, "--client-certificate=/dev/stdin", "--embed-certs=true"), login.certificate),
        (("set-credentials", name, "--client-key=/dev/stdin", "--embed-certs=true"), login.key),
        (("set-context", name, f"--cluster={name}", f"--user={name}"), b""),
    ]
    for words, content in steps:
        command = config_command(environment, *words)
        with held_file(content) as path:
            (result,) = collect_results([command], 1, environment.hub_patience, stdin=path)
        if result.status != 0:
            lines = result.stderr.decode("utf-8", "replace").strip().splitlines()
            return (lines or ["kubectl config failed"])[-1]
    return ""
