"""Which server a cluster is, as whom it is reached and where in it, as far as the kubeconfig tells."""

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
    """{cluster, context, server, user, namespace} of each, as the kubeconfig has them; "" for what isn't known.

    targets: the way to each cluster that can be reached; namespace: the context's, where kubectl looks without -n
    """
    view = None if all(target.kubeconfig.content for target in targets.values()) else _view(request)
    found = []
    for cluster in clusters:
        if cluster not in targets:
            found.append({"cluster": cluster, "context": "", "server": "", "user": "", "namespace": ""})
            continue
        target = targets[cluster]
        server, user, namespace = _read(target.kubeconfig.content or view or {}, target.context)
        found.append(
            {
                "cluster": cluster,
                "context": target.context,
                "server": server,
                "user": _asking(request.line, user),
                "namespace": namespace,
            }
        )
    return found


def moves(before: Sequence[Mapping[str, str]], now: Sequence[Mapping[str, str]], by: str) -> list[str]:
    """Where a name stands for something else by now: "c3: the server was … and is …". by: "server" or "namespace"."""
    was = {each["cluster"]: each.get(by) for each in before}
    return [
        f"{each['cluster']}: the {by} was {was[each['cluster']]} and is {each[by]}"
        for each in now
        if was.get(each["cluster"]) and each[by] and was[each["cluster"]] != each[by]
    ]


def _asking(line: CommandLine, user: str) -> str:
    """As whom the cluster is asked: the flags that say so come before the context's user."""
    name = grammar.value(line, "user") or grammar.value(line, "username") or user
    by_flag = [f"--{flag}" for flag in ("token", "client-certificate") if grammar.value(line, flag)]
    acting = grammar.value(line, "as")
    return " ".join(filter(None, (", ".join(by_flag) or name, f"as {acting}" if acting else "")))


def _view(request: Request) -> Mapping[str, Any]:
    """The user's kubeconfig without its secrets, merged as kubectl does it."""
    viewing = kubectl_process.config_command(request.environment, "view", "-o", "json")
    (result,) = event_loop.collect_results([viewing], 1, 30.0)
    try:
        found = json.loads(result.stdout)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _read(config: Mapping[str, Any], context: str) -> tuple[str, str, str]:
    """(server, user, namespace) of a context; of a kubeconfig made for one cluster, those of its current one."""
    contexts = {each.get("name"): each.get("context") or {} for each in config.get("contexts") or ()}
    entry = contexts.get(context) or contexts.get(config.get("current-context"))
    if entry is None:
        return "", "", ""
    servers = {each.get("name"): each.get("cluster") or {} for each in config.get("clusters") or ()}
    server = servers.get(entry.get("cluster"), {}).get("server")
    return str(server or ""), str(entry.get("user") or ""), str(entry.get("namespace") or "default")
