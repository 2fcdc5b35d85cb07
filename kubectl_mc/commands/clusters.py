# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc clusters`: the clusters of the fleet as a table, and with --check how each of them is reached.

The command takes all flags that choose clusters, so it shows beforehand which clusters another command would run on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import repeat

from kubectl_mc import messages
from kubectl_mc.access import reachability
from kubectl_mc.access.cluster_access import choose_clusters, clusters_by_unapproved_context, reach_clusters
from kubectl_mc.access.logins import logins_for
from kubectl_mc.access.reachability import Reached
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import with_names
from kubectl_mc.fleet.choice import Choice, context_names
from kubectl_mc.fleet.cluster_profiles import ClusterProfile, Condition
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.mapping import ClusterMapping, read_mapping
from kubectl_mc.fleet.placements import ClusterDecision
from kubectl_mc.messages.own_tables import cell_text, render_document, render_table
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.requests import make_request
from kubectl_mc.processes.targets import Target
from kubectl_mc.type_hints import Any

HELP = """\
Show the clusters of the hub: what the hub says of each, and how it would be reached. With the same flags that choose
clusters for a command, it shows which ones that command would be run on.

  kubectl mc clusters [NAME…] [--check] [-o wide|json|yaml|name] [flags that choose clusters]

NAME is what --clusters takes. With --check, the table's rows are in the order in which the clusters answer.
ACCESS says what reaches a cluster: a context, by mapping or (context) by its own name, or its ClusterProfile, by
provider NAME or properties. PROTECTED is there if a change needs the exact names of some.

Examples:
  kubectl mc clusters --healthy
  kubectl mc clusters --check 'prod-{eu,us}' '!*-old'
  kubectl mc clusters --placement=rollout -o name

      --check           reach every cluster as you; exit status 3 if some can't be reached, 1 if none can
  -o, --output=FORM     wide, json, yaml or name
      --no-headers      the table without its first line
"""

_CHECK_PATIENCE = 10.0  # seconds that a cluster has with --check by default


class ClusterRow(NamedTuple):
    """What is shown of a cluster.

    clusterset: None if it is not known; clustersets: where it is said -> ClusterSet
    reached: None without --check
    approved: whether the way to it is the user's own, or approved
    protected: whether the mapping file wants its exact name to be typed for a change, be it for another context's sake
    decision: that the --placement has chosen it; None without one
    """

    cluster: Cluster
    clusterset: str | None
    clustersets: Mapping[str, str]
    target: Target
    approved: bool
    protected: bool
    reached: Reached | None = None
    decision: ClusterDecision | None = None


def run(line: CommandLine, environment: Environment) -> int:
    """Show the clusters. The exit status says whether --check could reach all, some (3) or none. Raises UserError."""
    form = grammar.value(line, "output") or ""
    environment = environment._replace(options=with_names(environment.options, grammar.operands(line)))
    logins, stdout = logins_for(line, environment.streams), environment.streams.stdout
    behind = environment.reports_on_terminal
    choice = choose_clusters(environment, logins, clustersets=form != "name", notice_behind=behind)
    check = grammar.is_set(line, "check")
    targets = reach_clusters(choice, line, logins if check else None, waits=False)
    environment = choice.environment.with_default_timeout(_CHECK_PATIENCE)
    rows = _rows(choice, targets, line)
    if groups := _same_ways([row.target for row in rows]):
        environment.streams.say([messages.same_ways(groups)])
    headers, colours = not grammar.is_set(line, "no-headers"), environment.has_colours(stdout)
    table = _Table(rows, form == "wide", check, headers, colours)
    is_table = form in ("", "wide")
    if is_table:
        stdout.write(table.start())

    def show(cluster: str, reached: Reached) -> None:
        if is_table:
            stdout.write(table.checked_row(cluster, reached))

    interrupts: list[KeyboardInterrupt] = []
    checks = reachability.check_targets(targets, environment, interrupts, show) if check else {}
    problems = [(cluster.name, checks[cluster.name].check.problem) for cluster in choice.clusters if check]
    if form == "name":
        stdout.write("".join(f"{messages.visible(cluster.name)}\n" for cluster in choice.clusters))
        unreachable = [(name, messages.problem_cause(problem)) for name, problem in problems if problem]
        environment.streams.say([messages.failed_clusters("reach", unreachable)] if unreachable else [])
    elif not is_table:
        items = [_document(row._replace(reached=checks.get(row.cluster.name))) for row in rows]
        stdout.write(render_document("ClusterList", {"items": items}, form))
    stdout.flush()
    environment.streams.say([*messages.context_advice(problems), *filter(None, [choice.notice])])
    if interrupts:
        return 130
    failed = [bool(problem) for _, problem in problems]
    return messages.fleet_status(done=not all(failed), failed=any(failed))


def _rows(choice: Choice, targets: Sequence[Target], line: CommandLine) -> list[ClusterRow]:
    """Return what is shown of the clusters, without the checks."""
    mapping = read_mapping(choice.environment)  # it protects contexts chosen by --contexts, too
    contexts = {*context_names(choice.environment), ""}
    if not choice.options.contexts:  # else no name of a ClusterProfile is known
        profiles = [profile.reference for profile in choice.inventory.profiles]
        if idle := mapping.idle_protections(profiles, contexts):
            choice.environment.streams.say([messages.protects_nothing(idle)])
    # reach_clusters names a context for every cluster.
    ways = [target if target.context in contexts else target._replace(source="", context="") for target in targets]
    unapproved = clusters_by_unapproved_context(choice, ways)
    protected = _protected(choice, mapping, targets, line)
    decisions = {decision.reference: decision for decision in choice.inventory.placement_decision or ()}
    return [
        ClusterRow(
            cluster,
            choice.inventory.clusterset(cluster.profile),
            cluster.profile.clustersets(choice.inventory.clustersets or {}),
            way,
            bool(way.source) and not way.problem and cluster.name not in unapproved,
            cluster.name in protected,
            decision=decisions.get((cluster.profile.namespace, cluster.profile.name)),
        )
        for cluster, way in zip(choice.clusters, ways)
    ]


def _protected(choice: Choice, mapping: ClusterMapping, targets: Sequence[Target], line: CommandLine) -> Container[str]:
    """Return the names of the clusters that a change has to name exactly, as the gate decides it."""
    if not mapping.protects_some:
        return ()
    from kubectl_mc.changes import addresses, protection

    request = make_request(choice.environment, line, targets)
    places = addresses.read_addresses(request, targets)
    return protection.protecting_contexts(request, mapping, list(zip(choice.clusters, places)))


def _offered_way(kubeconfig: Mapping[str, Any]) -> str:
    """Return what a kubeconfig of a ClusterProfile's offer says, without its name, which is the profile's."""
    entries = [entry.get(kind) for kind in ("cluster", "user") for entry in kubeconfig.get(f"{kind}s") or ()]
    return json.dumps(entries, sort_keys=True, default=str)


def _same_ways(targets: Sequence[Target]) -> list[list[str]]:
    """Return the groups of clusters that are reached by one context, or by the same offer of their ClusterProfiles."""
    groups: dict[str, list[str]] = {}
    for target in targets:
        if target.context or target.kubeconfig.content:
            way = target.context or _offered_way(target.kubeconfig.content or {})
            groups.setdefault(way, []).append(target.cluster)
    return [names for names in groups.values() if len(names) > 1]


_HUB_COLUMNS = ("HEALTH", "VERSION", "CLUSTERSET", "MANAGER")  # what only a hub says
_CHECK_COLUMNS = ("LATENCY", "USER", "REACHABLE")


class _Table:
    """The table of the clusters. Those of a check follow one by one, each as wide as what is known before it."""

    def __init__(self, rows: Sequence[ClusterRow], wide: bool, check: bool, headers: bool, colours: bool) -> None:
        """check, headers: whether the check of each cluster, and the names of the columns, are part of it"""
        names = ["NAME", "HEALTH", "VERSION", "CLUSTERSET", "ACCESS", "CONTEXT"]
        has_protection = wide or any(row.protected for row in rows)
        names += ["PROTECTED"] if has_protection else []
        names += (
            ["MANAGER", "DISPLAY-NAME", "INVENTORY", "MEMBER-ID", "CONDITIONS", "LABELS", "PROPERTIES"] if wide else []
        )
        names += ["PLACEMENT-REASON", "SCHEDULER"] if wide and any(row.decision for row in rows) else []
        now = time.time()
        cells = [list(_cells(row, wide, has_protection, now)) for row in rows]
        if not wide and not any(row.cluster.profile.namespace for row in rows):  # contexts, without a hub
            kept = [index for index, name in enumerate(names) if name not in _HUB_COLUMNS]
            names, *cells = ([line[index] for index in kept] for line in (names, *cells))
        plain = render_table(names if headers else (), cells).splitlines()
        self._width = max(map(len, plain), default=0)
        shown = render_table(names if headers else (), cells, colours, "NAME").splitlines()
        padding = (" " * (self._width - len(line)) for line in plain) if check else repeat("")
        self._lines = list(map(str.__add__, shown, padding))
        self._by_cluster = dict(zip((row.cluster.name for row in rows), self._lines[headers:]))
        self._has_headers, self._check, self._colours = headers, check, colours
        self._user_width = len("<unknown>")

    def start(self) -> str:
        """Return all of the table that is known before the check."""
        if not self._check:
            return "".join(f"{line}\n" for line in self._lines)
        return self._line(self._lines[0], *_CHECK_COLUMNS, is_header=True) if self._has_headers else ""

    def checked_row(self, cluster: str, reached: Reached) -> str:
        """Return the row of a cluster with its check."""
        check = reached.check
        is_interrupted = reached == reachability.INTERRUPTED
        answer = "<unknown>" if is_interrupted else "no" if check.problem else "yes"
        latency = "<none>" if is_interrupted else f"{1000 * reached.seconds:.0f}ms"
        user = cell_text(check.user or "<unknown>")
        return self._line(
            self._by_cluster[cluster], latency, user, cell_text(messages.with_reason(answer, check.problem))
        )

    def _line(self, before: str, latency: str, user: str, reachable: str, is_header: bool = False) -> str:
        # What may be long is behind what is not, as the width of a column has to be known with its first row.
        self._user_width = max(self._user_width, len(user))
        cells = [f"{latency:<7}", f"{user:<{self._user_width}}", reachable]
        if self._colours:
            from kubectl_mc.messages.painting import painted_cell, painted_header

            cells = list(map(painted_header, cells) if is_header else map(painted_cell, _CHECK_COLUMNS, cells))
        return f"{'   '.join((before, *cells))}\n"


def _cells(row: ClusterRow, wide: bool, has_protection: bool, now: float) -> Iterator[str]:
    """Yield the cells of a row. now: in seconds, for the times that have passed"""
    profile = row.cluster.profile
    yield row.cluster.name
    yield messages.with_reason(profile.health, profile.health_reason)
    yield profile.version or "<none>"
    yield "<unknown>" if row.clusterset is None else _clusterset(row) or "<none>"
    unapproved = row.target.source == "context" and not row.approved
    access = f"{row.target.source} (not approved)" if unapproved else row.target.source
    for text in (access, row.target.context):
        yield text or "<none>"
    if has_protection:
        yield "yes" if row.protected else "no"
    if wide:
        for text in (profile.cluster_manager, profile.display_name, profile.namespace, profile.member_id):
            yield text or "<none>"
        yield ", ".join(_condition(condition, now) for condition in profile.conditions) or "<none>"
        yield ",".join(f"{name}={value}" for name, value in sorted(profile.labels.items())) or "<none>"
        yield _properties(profile, now) or "<none>"
        if row.decision:
            yield row.decision.reason or "<none>"
            yield row.decision.scheduler or "<none>"


def _clusterset(row: ClusterRow) -> str:
    """Return the ClusterSet, and what is said elsewhere if that differs: `prod (property: dev)`."""
    others = [f"{place}: {text}" for place, text in row.clustersets.items() if text != row.clusterset]
    return messages.with_reason(row.clusterset or "", ", ".join(others))


_LONGEST = 100  # characters of a condition's message that the table shows; the JSON has all of them


def _condition(condition: Condition, now: float) -> str:
    """Return a condition with its reason, and its message unless it says that all is well."""
    well = condition.type in ("ControlPlaneHealthy", "Joined") and condition.status == "True"
    message = "" if well else messages.shortened(condition.message, _LONGEST)
    since = _seconds_since(condition.time, now)
    text = f"{condition.type}={condition.status}{'' if since is None else f' for {messages.rough_time(since)}'}"
    return messages.with_reason(text, ": ".join(filter(None, (condition.reason, message))))


def _properties(profile: ClusterProfile, now: float) -> str:
    """Return the properties, those that were observed at the same time together: `a=1,b=2 (5 minutes ago); c=3`."""
    groups: dict[str, list[str]] = {}
    for name, value in sorted(profile.properties.items()):
        since = _seconds_since(profile.observed.get(name, ""), now)
        observed = "" if since is None else f"{messages.rough_time(since)} ago"
        groups.setdefault(observed, []).append(f"{name}={value}")
    return "; ".join(messages.with_reason(",".join(pairs), observed) for observed, pairs in groups.items())


def _seconds_since(timestamp: str, now: float) -> float | None:
    """Return the seconds since a time in RFC 3339, at least 0; None if it is none."""
    try:
        parsed = datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
        return max(now - parsed.timestamp(), 0) if parsed.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _document(row: ClusterRow) -> dict[str, Any]:
    """Return the JSON of a cluster."""
    profile = row.cluster.profile
    document: dict[str, Any] = {
        "name": row.cluster.name,
        "namespace": profile.namespace,
        "inventory": profile.namespace,
        "memberId": profile.member_id,
        "displayName": profile.display_name,
        "creationTimestamp": profile.created,
        "health": profile.health,
        "healthReason": profile.health_reason,
        "joined": profile.joined,
        "conditions": [
            {
                "type": condition.type,
                "status": condition.status,
                "reason": condition.reason,
                "message": condition.message,
                "lastTransitionTime": condition.time,
            }
            for condition in profile.conditions
        ],
        "version": profile.version,
        "clusterSet": row.clusterset,
        "clusterSets": dict(row.clustersets),
        "clusterManager": profile.cluster_manager,
        "labels": dict(profile.labels),
        "properties": dict(profile.properties),
        "lastObservedTimes": dict(profile.observed),
        "access": row.target.source,
        "approved": row.approved,
        "protected": row.protected,
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
