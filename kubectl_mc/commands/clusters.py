"""`kubectl mc clusters`: the clusters of the fleet as a table, and with --check how each of them is reached.

The command takes all flags that choose clusters, so it shows beforehand which clusters another command would run on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from kubectl_mc import messages
from kubectl_mc.access import reachability
from kubectl_mc.access.cluster_access import choose_clusters, clusters_by_unapproved_context, reach_clusters
from kubectl_mc.access.logins import logins_for
from kubectl_mc.access.reachability import Reached
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.fleet.choice import context_names
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.inventory import Inventory
from kubectl_mc.fleet.placements import ClusterDecision
from kubectl_mc.messages.own_tables import render_document, render_table
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

_CHECK_PATIENCE = 10.0  # seconds that a cluster has with --check by default


class ClusterRow(NamedTuple):
    """What is shown of a cluster.

    clusterset: None if it is not known; reached: None without --check
    approved: whether it is changed without its exact name being typed
    decision: that the --placement has chosen it; None without one
    """

    cluster: Cluster
    clusterset: str | None
    target: Target
    approved: bool
    reached: Reached | None
    decision: ClusterDecision | None = None


def run(line: CommandLine, environment: Environment) -> int:
    """Show the clusters. The exit status is 1 if --check could not reach one of them. Raises UserError."""
    form = grammar.value(line, "output") or ""
    if form not in ("", "wide", "json", "yaml", "name"):
        raise messages.bad_flag_value("output", form, "one of wide, json, yaml, name")
    logins, stdout = logins_for(line, environment.streams), environment.streams.stdout
    choice = choose_clusters(environment, logins, clustersets=form != "name")
    check = grammar.is_set(line, "check")
    targets = reach_clusters(choice, line, logins if check else None)
    environment = choice.environment.with_default_timeout(_CHECK_PATIENCE)
    checks = reachability.check_targets(targets, environment) if check else {}
    if form == "name":
        stdout.write("".join(f"{messages.visible(cluster.name)}\n" for cluster in choice.clusters))
    else:
        contexts = {*context_names(environment), ""}
        # reach_clusters names a context for every cluster.
        targets = [
            target if target.context in contexts else target._replace(source="", context="") for target in targets
        ]
        if groups := _same_ways(targets):
            environment.streams.say([messages.same_ways(groups)])
        unapproved = clusters_by_unapproved_context(choice, targets)
        decisions = {decision.reference: decision for decision in choice.inventory.placement_decision or ()}
        rows = [
            ClusterRow(
                cluster,
                _clusterset(cluster, choice.inventory),
                target,
                bool(target.source) and not target.problem and cluster.name not in unapproved,
                checks.get(cluster.name),
                decisions.get((cluster.profile.namespace, cluster.profile.name)),
            )
            for cluster, target in zip(choice.clusters, targets)
        ]
        if form in ("json", "yaml"):
            stdout.write(render_document("ClusterList", {"items": [_document(row) for row in rows]}, form))
        else:
            stdout.write(_table(rows, form == "wide", headers=not grammar.is_set(line, "no-headers")))
    return 1 if any(reached.check.problem for reached in checks.values()) else 0


def _same_ways(targets: Sequence[Target]) -> list[list[str]]:
    """Return the groups of clusters that are reached by one context, or by the same offer of their ClusterProfiles."""
    groups: dict[str, list[str]] = {}
    for target in targets:
        if target.context or target.kubeconfig.content:
            way = target.context or json.dumps(target.kubeconfig.content, sort_keys=True, default=str)
            groups.setdefault(way, []).append(target.cluster)
    return [names for names in groups.values() if len(names) > 1]


def _clusterset(cluster: Cluster, inventory: Inventory) -> str | None:
    """Return the ClusterSet of a cluster: "" if it is in none, None if that is not known."""
    namespace = cluster.profile.namespace
    if inventory.clustersets is None:
        return None if namespace else ""  # The cluster of a context has no namespace, and is in no ClusterSet.
    return inventory.clustersets.get(namespace, "")


def _table(rows: Sequence[ClusterRow], wide: bool, headers: bool) -> str:
    names = ["NAME", "HEALTH", "VERSION", "CLUSTERSET", "MANAGER", "ACCESS", "CONTEXT"]
    names += ["DISPLAY-NAME", "NAMESPACE", "LABELS", "PROPERTIES"] if wide else []
    names += ["PLACEMENT-REASON", "SCHEDULER"] if wide and any(row.decision for row in rows) else []
    names += ["REACHABLE", "USER", "LATENCY"] if any(row.reached for row in rows) else []
    return render_table(names if headers else (), [list(_cells(row, wide)) for row in rows])


_HEALTH = {True: "healthy", False: "unhealthy", None: "unknown"}


def _cells(row: ClusterRow, wide: bool) -> Iterator[str]:
    profile = row.cluster.profile
    yield row.cluster.name
    yield _HEALTH[profile.healthy]
    yield profile.version or "<none>"
    yield "<unknown>" if row.clusterset is None else row.clusterset or "<none>"
    unapproved = row.target.source == "context" and not row.approved
    access = f"{row.target.source} (not approved)" if unapproved else row.target.source
    for text in (profile.cluster_manager, access, row.target.context):
        yield text or "<none>"
    if wide:
        yield profile.display_name or "<none>"
        yield profile.namespace or "<none>"
        for pairs in (profile.labels, profile.properties):
            yield ",".join(f"{name}={value}" for name, value in sorted(pairs.items())) or "<none>"
        if row.decision:
            yield row.decision.reason or "<none>"
            yield row.decision.scheduler or "<none>"
    if row.reached:
        check = row.reached.check
        yield f"no ({check.problem})" if check.problem else "yes"
        yield check.user or "<unknown>"
        yield f"{1000 * row.reached.seconds:.0f}ms"


def _document(row: ClusterRow) -> dict[str, Any]:
    """Return the JSON of a cluster."""
    profile = row.cluster.profile
    document: dict[str, Any] = {
        "name": row.cluster.name,
        "namespace": profile.namespace,
        "displayName": profile.display_name,
        "health": _HEALTH[profile.healthy],
        "joined": profile.joined,
        "version": profile.version,
        "clusterSet": row.clusterset,
        "clusterManager": profile.cluster_manager,
        "labels": dict(profile.labels),
        "properties": dict(profile.properties),
        "access": row.target.source,
        "approved": row.approved,
        "context": row.target.context,
    }
    if row.decision:
        document["placement"] = {"reason": row.decision.reason, "schedulerName": row.decision.scheduler}
    if row.reached:
        check = row.reached.check
        document["reachable"] = not check.problem
        document["problem"] = check.problem
        document["user"] = check.user
        document["latencySeconds"] = round(row.reached.seconds, 3)
    return document
