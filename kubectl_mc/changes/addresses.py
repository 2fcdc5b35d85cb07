"""The server, user and namespace with which a cluster is reached, read from its kubeconfig."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.requests import Request
from kubectl_mc.processes.targets import Target


def addresses_of(request: Request, targets: Mapping[str, Target], clusters: Sequence[str]) -> list[dict[str, str]]:
    """Return {cluster, context, server, user, namespace} for each cluster; "" for what is not known.

    targets: of the clusters that can be reached, by name; namespace: the context's, which kubectl uses without -n
    """
    view = None if all(target.kubeconfig.content for target in targets.values()) else _view(request)
    addresses = []
    for cluster in clusters:
        context = server = user = namespace = ""
        if target := targets.get(cluster):
            context = target.context
            server, user, namespace = _read_context(target.kubeconfig.content or view or {}, context)
            user = _effective_user(request.line, user)
        addresses.append(
            {"cluster": cluster, "context": context, "server": server, "user": user, "namespace": namespace}
        )
    return addresses


def moves(before: Sequence[Mapping[str, str]], now: Sequence[Mapping[str, str]], field: str) -> list[str]:
    """Return a line for each cluster whose "server" or "namespace" differs: "c3: the server was … and is …"."""
    earlier = {address["cluster"]: address.get(field) for address in before}
    return [
        f"{address['cluster']}: the {field} was {earlier[address['cluster']]} and is {address[field]}"
        for address in now
        if earlier.get(address["cluster"]) and address[field] and earlier[address["cluster"]] != address[field]
    ]


def _effective_user(line: CommandLine, user: str) -> str:
    """Return who sends the requests: flags such as --user, --token and --as override the context's user."""
    name = grammar.value(line, "user") or grammar.value(line, "username") or user
    credentials = [f"--{flag}" for flag in ("token", "client-certificate") if grammar.value(line, flag)]
    impersonated = grammar.value(line, "as")
    return " ".join(filter(None, (", ".join(credentials) or name, f"as {impersonated}" if impersonated else "")))


def _view(request: Request) -> Mapping[str, Any]:
    """Return the user's kubeconfig without its secrets, merged by kubectl; {} if it can't be read."""
    command = kubectl_process.config_command(request.environment, "view", "-o", "json")
    (result,) = event_loop.collect_results([command], 1, 30.0)
    try:
        config = json.loads(result.stdout)
    except ValueError:
        return {}
    return config if isinstance(config, dict) else {}


def _read_context(config: Mapping[str, Any], name: str) -> tuple[str, str, str]:
    """Return (server, user, namespace) of a context, or of the current one in a kubeconfig made for one cluster."""
    contexts = {entry.get("name"): entry.get("context") or {} for entry in config.get("contexts") or ()}
    context = contexts.get(name) or contexts.get(config.get("current-context"))
    if context is None:
        return "", "", ""
    clusters = {entry.get("name"): entry.get("cluster") or {} for entry in config.get("clusters") or ()}
    server = clusters.get(context.get("cluster"), {}).get("server")
    return str(server or ""), str(context.get("user") or ""), str(context.get("namespace") or "default")
