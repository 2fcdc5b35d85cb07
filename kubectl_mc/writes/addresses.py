"""Which server a cluster is, and as whom it is reached, as far as the kubeconfig tells."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kubectl_mc import access, dispatch, grammar
from kubectl_mc.dispatch import Command
from kubectl_mc.writes.work import Work


def of(work: Work, clusters: Sequence[str]) -> list[dict[str, str]]:
    """{cluster, context, server, user} of each; server and user are the kubeconfig's, "" if not known."""
    view = None if all(job.target.kubeconfig.content for job in work.jobs.values()) else _view(work)
    found = []
    for cluster in clusters:
        if cluster not in work.jobs:
            found.append({"cluster": cluster, "context": "", "server": "", "user": ""})
            continue
        target = work.jobs[cluster].target
        server, user = _read(target.kubeconfig.content or view or {}, target.context)
        found.append({"cluster": cluster, "context": target.context, "server": server, "user": user})
    return found


def _view(work: Work) -> Mapping[str, Any]:
    """The user's kubeconfig without its secrets, merged as kubectl does it."""
    request, path = work.request, grammar.value(work.typed, "kubeconfig")
    where = ["--kubeconfig", path] if path else []
    argv = (request.kubectl, *where, "config", "view", "-o", "json")
    (result,) = dispatch.collect([Command("", argv, access.lean_environment(request.environment, False))], 1, 30.0)
    try:
        found = json.loads(result.stdout)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _read(config: Mapping[str, Any], context: str) -> tuple[str, str]:
    """(server, user) of a context; of a kubeconfig made for one cluster, those of its current one."""
    contexts = {each.get("name"): each.get("context") or {} for each in config.get("contexts") or ()}
    entry = contexts.get(context) or contexts.get(config.get("current-context")) or {}
    servers = {each.get("name"): each.get("cluster") or {} for each in config.get("clusters") or ()}
    return str(servers.get(entry.get("cluster"), {}).get("server") or ""), str(entry.get("user") or "")
