"""`kubectl mc clusters`: the inventory as a table, and with --check what it is like to reach each cluster.

It takes every selection flag, so it shows beforehand what a command would be run on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc import access, dispatch, errors, fleet, grammar, tables
from kubectl_mc.access import Target
from kubectl_mc.cli import Options
from kubectl_mc.dispatch import Chunk, Exit
from kubectl_mc.grammar import CommandLine
from kubectl_mc.selection import Cluster
from kubectl_mc.streams import Streams

HEALTH = {True: "healthy", False: "unhealthy", None: "unknown"}

# One cheap request that says whether the server answers, and as whom: SelfSubjectReview.
WHOAMI = grammar.parse(["auth", "whoami", "-o", "json"])


class Check(NamedTuple):
    """What --check found out: user is "" if it isn't known; seconds are the whole kubectl's; problem "" for none."""

    user: str
    seconds: float
    problem: str


class Row(NamedTuple):
    """What is shown of a cluster."""

    cluster: Cluster
    clusterset: str
    way: str
    context: str
    check: Check | None


def run(line: CommandLine, options: Options, environment: Mapping[str, str], streams: Streams) -> int:
    """Show the clusters; exit status 1 if --check could not reach one. Raises UserError."""
    form = grammar.value(line, "output") or ""
    if form not in ("", "wide", "json", "yaml", "name"):
        raise errors.bad_flag_value("output", form, "one of wide, json, yaml, name")
    kubectl = fleet.find_kubectl(environment)
    chosen = fleet.choose(kubectl, options, line, environment, streams.say, clustersets=form != "name")
    targets = fleet.reach(kubectl, line, environment, chosen)
    checks = _check(kubectl, targets, chosen.options, environment) if grammar.is_set(line, "check") else {}
    headers = not grammar.is_set(line, "no-headers")
    rows = [
        Row(
            cluster,
            (chosen.inventory.clustersets or {}).get(cluster.profile.namespace, ""),
            target.way,
            target.context,
            checks.get(cluster.name),
        )
        for cluster, target in zip(chosen.clusters, targets)
    ]
    streams.stdout.write(_FORMS[form](rows) if form in _FORMS else _table(rows, form == "wide", headers))
    return 1 if any(check.problem for check in checks.values()) else 0


def _check(
    kubectl: str, targets: Sequence[Target], options: Options, environment: Mapping[str, str]
) -> dict[str, Check]:
    """Reach every cluster as the user."""
    commands = [access.command(kubectl, target, WHOAMI, environment) for target in targets if not target.problem]
    found = {target.cluster: Check("", 0.0, target.problem) for target in targets if target.problem}
    started: dict[str, float] = {}
    written: dict[tuple[str, str], bytes] = {}
    patience = 10.0 if options.cluster_timeout is None else options.cluster_timeout

    def begun(place: int) -> None:
        started[commands[place].cluster] = time.monotonic()

    parallel = options.max_parallel or dispatch.default_parallel()
    for event in dispatch.run(commands, parallel, patience, begun=begun):
        if isinstance(event, Chunk):
            key = (event.cluster, event.stream)
            written[key] = written.get(key, b"") + event.text
            continue
        took = time.monotonic() - started[event.cluster]
        stdout, stderr = (written.get((event.cluster, stream), b"") for stream in ("stdout", "stderr"))
        found[event.cluster] = _judged(event, stdout, stderr.decode("utf-8", "replace"), took, patience)
    return found


def _judged(ended: Exit, stdout: bytes, stderr: str, took: float, patience: float) -> Check:
    if ended.timed_out:
        return Check("", took, f"timed out after {patience:g}s")
    if ended.status:
        why = errors.cause(stderr, ended.status)
        # Before 1.28 an API server has no SelfSubjectReview v1: it answered, but can't say who asks.
        return Check("", took, "" if why.absent else why.reason)
    try:
        user = json.loads(stdout)["status"]["userInfo"]["username"]
    except (ValueError, KeyError, TypeError):
        user = ""
    return Check(str(user), took, "")


def _table(rows: Sequence[Row], wide: bool, headers: bool) -> str:
    names = ["NAME", "HEALTH", "VERSION", "CLUSTERSET", "MANAGER", "ACCESS", "CONTEXT"]
    names += ["DISPLAY-NAME", "NAMESPACE", "LABELS", "PROPERTIES"] if wide else []
    names += ["REACHABLE", "USER", "LATENCY"] if any(row.check for row in rows) else []
    cells = [[*_cells(row), *(_wide(row) if wide else ()), *_checked(row)] for row in rows]
    return tables.render(names if headers else (), cells)


def _cells(row: Row) -> Iterable[str]:
    profile = row.cluster.profile
    yield row.cluster.name
    yield HEALTH[profile.healthy]
    yield from (text or "<none>" for text in (profile.version, row.clusterset, profile.manager, row.way, row.context))


def _wide(row: Row) -> Iterable[str]:
    profile = row.cluster.profile
    yield profile.display_name or "<none>"
    yield profile.namespace or "<none>"
    for pairs in (profile.labels, profile.properties):
        yield ",".join(f"{name}={value}" for name, value in sorted(pairs.items())) or "<none>"


def _checked(row: Row) -> Iterable[str]:
    if row.check:
        yield f"no ({row.check.problem})" if row.check.problem else "yes"
        yield row.check.user or "<unknown>"
        yield f"{1000 * row.check.seconds:.0f}ms"


def _document(row: Row) -> dict[str, Any]:
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
        "access": row.way,
        "context": row.context,
    }
    if row.check:
        document["reachable"] = not row.check.problem
        document["problem"] = row.check.problem
        document["user"] = row.check.user
        document["latencySeconds"] = round(row.check.seconds, 3)
    return document


def _listed(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "apiVersion": "kubectl-mc.k8s.io/v1alpha1",
        "kind": "ClusterList",
        "items": [_document(row) for row in rows],
    }


def _yaml(rows: Sequence[Row]) -> str:
    import yaml

    return str(yaml.safe_dump(_listed(rows), sort_keys=False, allow_unicode=True))


_FORMS: Mapping[str, Callable[[Sequence[Row]], str]] = {
    "json": lambda rows: json.dumps(_listed(rows), indent=4) + "\n",
    "yaml": _yaml,
    "name": lambda rows: "".join(f"{errors.visible(row.cluster.name)}\n" for row in rows),
}
