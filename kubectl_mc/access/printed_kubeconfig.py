"""A kubeconfig that a cloud's CLI has printed, taken over into the user's own as one context.

kubectl writes it, by its own rules; keys and certificates reach it through stdin, never as an argument.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Command
from kubectl_mc.processes.memory_files import held_file


class ClientCertificate(NamedTuple):
    """A server and a client certificate for it; all but the server in PEM."""

    server: str
    authority: bytes
    certificate: bytes
    key: bytes


def parse_printed(printed: bytes, field: str) -> ClientCertificate:
    """The login in `{field: a kubeconfig in YAML}`. Raises ValueError for anything else."""
    import yaml

    try:
        config = yaml.safe_load(str(json.loads(printed)[field]))
        (context,) = [each["context"] for each in config["contexts"] if each["name"] == config["current-context"]]
        cluster, user = _entry(config, context, "cluster"), _entry(config, context, "user")
        return ClientCertificate(
            str(cluster["server"]),
            *(
                base64.b64decode(entry[f"{name}-data"], validate=True)
                for entry, name in (
                    (cluster, "certificate-authority"),
                    (user, "client-certificate"),
                    (user, "client-key"),
                )
            ),
        )
    except (ValueError, KeyError, TypeError, RecursionError, yaml.YAMLError):
        raise ValueError("no kubeconfig with a client certificate") from None


def _entry(config: Mapping[str, Any], context: Mapping[str, str], kind: str) -> Mapping[str, Any]:
    (found,) = [each[kind] for each in config[f"{kind}s"] if each["name"] == context[kind]]
    return found  # type: ignore[no-any-return]


def add_context(login: ClientCertificate, name: str, environment: Environment) -> str:
    """Write it to the user's kubeconfig as cluster, user and context `name`; "" or the line that says why not."""
    steps = [
        (("set-cluster", name, f"--server={login.server}", "--certificate-authority=/dev/stdin"), login.authority),
        (("set-credentials", name, "--client-certificate=/dev/stdin"), login.certificate),
        (("set-credentials", name, "--client-key=/dev/stdin"), login.key),
    ]
    for words, given in steps:
        problem = _run(kubectl_process.config_command(environment, *words, "--embed-certs=true"), given, environment)
        if problem:
            return problem
    last = kubectl_process.config_command(environment, "set-context", name, f"--cluster={name}", f"--user={name}")
    return _run(last, b"", environment)


def _run(command: Command, given: bytes, environment: Environment) -> str:
    with held_file(given) as path:
        (result,) = event_loop.collect_results([command], 1, environment.hub_patience, stdin=path)
    if result.status == 0:
        return ""
    return (result.stderr.decode("utf-8", "replace").strip().splitlines() or ["kubectl config failed"])[-1]
