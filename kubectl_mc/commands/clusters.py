"""`kubectl mc clusters`: the inventory as a table, and with --check what it is like to reach each cluster.

It takes every selection flag, so it shows beforehand what a command would be run on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from kubectl_mc import messages
from kubectl_mc.access import reachability
from kubectl_mc.access.cluster_access import reach_clusters
from kubectl_mc.access.logins import hub_target, logins_for
from kubectl_mc.access.reachability import Reached
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.fleet.choice import choose, context_names
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.inventory import Inventory
from kubectl_mc.messages import own_tables
from kubectl_mc.processes import programs
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.targets import Target

HELP = """\
Show the clusters of the hub: what the hub says of each, and how it would be reached. With the same flags that choose
clusters for a command, it shows which ones that command would be run on.

  kubectl mc clusters [--check] [-o wide|json|yaml|name] [flags that choose clusters]

Examples:
  kubectl mc clusters --healthy
  kubectl mc clusters --check --clusters='prod-*'
  kubectl mc clusters --placement=rollout -o name

      --check           reach every cluster as you; exit status 1 if one can't be reached
  -o, --output=FORM     wide, json, yaml or name
      --no-headers      the table without its first line
"""

CHECK_PATIENCE = 10.0  # seconds that a cluster has with --check, by default

HEALTH = {True: "healthy", False: "unhealthy", None: "unknown"}


class ClusterRow(NamedTuple):
    """What is shown of a cluster; clusterset: None if it isn't known."""

    cluster: Cluster
    clusterset: str | None
    source: str
    context: str
    reached: Reached | None


def run(line: CommandLine, environment: Environment) -> int:
    """Show the clusters; exit status 1 if --check could not reach one. Raises UserError."""
    form = grammar.value(line, "output") or ""
    if form not in ("", "wide", "json", "yaml", "name"):
        raise messages.bad_flag_value("output", form, "one of wide, json, yaml, name")
    environment = programs.with_kubectl(environment)
    logins = logins_for(line, environment.streams)
    choice = choose(environment, partial(hub_target, logins), clustersets=form != "name")
    check = grammar.is_set(line, "check")
    targets = reach_clusters(choice, line, logins if check else None)
    asking = choice.environment.with_default_timeout(CHECK_PATIENCE)
    checks = reachability.check_targets(targets, asking) if check else {}
    shown = targets if form == "name" else _existing(targets, context_names(asking))
    headers = not grammar.is_set(line, "no-headers")
    rows = [
        ClusterRow(
            cluster,
            _clusterset(cluster, choice.inventory),
            target.source,
            target.context,
            checks.get(cluster.name),
        )
        for cluster, target in zip(choice.clusters, shown)
    ]
    environment.streams.stdout.write(_FORMS[form](rows) if form in _FORMS else _table(rows, form == "wide", headers))
    return 1 if any(reached.check.problem for reached in checks.values()) else 0


def _existing(targets: Sequence[Target], contexts: Collection[str]) -> list[Target]:
    """The targets, without way and context where that is none of these."""
    known = {*contexts, ""}
    return [target if target.context in known else target._replace(source="", context="") for target in targets]


def _clusterset(cluster: Cluster, inventory: Inventory) -> str | None:
    namespace = cluster.profile.namespace
    if inventory.clustersets is None:
        return None if namespace else ""  # a context's cluster belongs to none
    return inventory.clustersets.get(namespace, "")


def _table(rows: Sequence[ClusterRow], wide: bool, headers: bool) -> str:
    names = ["NAME", "HEALTH", "VERSION", "CLUSTERSET", "MANAGER", "ACCESS", "CONTEXT"]
    names += ["DISPLAY-NAME", "NAMESPACE", "LABELS", "PROPERTIES"] if wide else []
    names += ["REACHABLE", "USER", "LATENCY"] if any(row.reached for row in rows) else []
    cells = [[*_cells(row), *(_wide(row) if wide else ()), *_checked(row)] for row in rows]
    return own_tables.render_table(names if headers else (), cells)


def _cells(row: ClusterRow) -> Iterable[str]:
    profile = row.cluster.profile
    yield row.cluster.name
    yield HEALTH[profile.healthy]
    clusterset = "<unknown>" if row.clusterset is None else row.clusterset
    yield from (text or "<none>" for text in (profile.version, clusterset, profile.manager, row.source, row.context))


def _wide(row: ClusterRow) -> Iterable[str]:
    profile = row.cluster.profile
    yield profile.display_name or "<none>"
    yield profile.namespace or "<none>"
    for pairs in (profile.labels, profile.properties):
        yield ",".join(f"{name}={value}" for name, value in sorted(pairs.items())) or "<none>"


def _checked(row: ClusterRow) -> Iterable[str]:
    if row.reached:
        check = row.reached.check
        yield f"no ({check.problem})" if check.problem else "yes"
        yield check.user or "<unknown>"
        yield f"{1000 * row.reached.seconds:.0f}ms"


def _document(row: ClusterRow) -> dict[str, Any]:
    profile = row.cluster.profile
    document: dict[str, Any] = {
        "name": row.cluster.name,
        "namespace": profile.namespace,
        "displayName": profile.display_name,
        "health": HEALTH[profile.healthy],
        "joined": profile.joined,
        "version": profile.version,
        "clusterSet": row.clusterset,
        "clusterManager": profile.manager,
        "labels": dict(profile.labels),
        "properties": dict(profile.properties),
        "access": row.source,
        "context": row.context,
    }
    if row.reached:
        check = row.reached.check
        document["reachable"] = not check.problem
        document["problem"] = check.problem
        document["user"] = check.user
        document["latencySeconds"] = round(row.reached.seconds, 3)
    return document


def _listed(rows: Sequence[ClusterRow]) -> dict[str, Any]:
    return {
        "apiVersion": "kubectl-mc.k8s.io/v1alpha1",
        "kind": "ClusterList",
        "items": [_document(row) for row in rows],
    }


def _yaml(rows: Sequence[ClusterRow]) -> str:
    import yaml

    return str(yaml.safe_dump(_listed(rows), sort_keys=False))


_FORMS: Mapping[str, Callable[[Sequence[ClusterRow]], str]] = {
    "json": lambda rows: json.dumps(_listed(rows), indent=4) + "\n",
    "yaml": _yaml,
    "name": lambda rows: "".join(f"{messages.visible(row.cluster.name)}\n" for row in rows),
}
