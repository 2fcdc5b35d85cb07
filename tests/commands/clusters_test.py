# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc clusters`: what the hub says of a cluster, in cells and in JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access import reachability
from kubectl_mc.access.reachability import Check, Reached
from kubectl_mc.commands import clusters
from kubectl_mc.commands.clusters import ClusterRow
from kubectl_mc.fleet.cluster_profiles import ClusterProfile, Condition
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.placements import ClusterDecision
from kubectl_mc.processes.targets import Kubeconfig, Target

NOW = 1795662000.0  # 2026-11-26T03:00:00Z
AN_HOUR_AGO, DAYS_AGO = "2026-11-26T02:00:00Z", "2026-11-23T03:00:00+00:00"
WIDE = ["INVENTORY", "MEMBER-ID", "CONDITIONS", "LABELS", "PROPERTIES"]


def row(profile: ClusterProfile, clustersets: dict[str, str] | None = None) -> ClusterRow:
    """The row of a cluster; clustersets: where its ClusterSet is said -> which; None if that is not known"""
    target = Target(profile.name, profile.name, Kubeconfig(None, starts_programs=False), "mapping")
    clusterset = None if clustersets is None else next(iter(clustersets.values()), "")
    return ClusterRow(Cluster(profile.name, profile), clusterset, clustersets or {}, target, True, protected=True)


def table(*rows: ClusterRow, wide: bool = True) -> list[str]:
    return clusters._Table(rows, wide, check=False, headers=True, colours=False).start().split("\n")


def cells(profile: ClusterProfile, clustersets: dict[str, str] | None = None) -> list[str]:
    return list(clusters._cells(row(profile, clustersets), True, True, NOW))


def test_of_contexts_there_are_no_columns_of_a_hub() -> None:
    rows = [row(ClusterProfile(name, "")) for name in ("c1", "c2")]
    assert [line.split() for line in table(*rows, wide=False)[:2]] == [
        ["NAME", "ACCESS", "CONTEXT", "PROTECTED"], ["c1", "mapping", "c1", "yes"],
    ]  # fmt: skip
    assert "HEALTH" in table(*rows)[0]
    assert "HEALTH" in table(row(ClusterProfile("c1", "fleet")), *rows, wide=False)[0]


@pytest.mark.parametrize(
    ("condition", "health", "text"),
    [
        (None, "unknown", "<none>"),
        (("True", "Ready", "All is well.", AN_HOUR_AGO), "healthy", "=True for 60 minutes (Ready)"),
        (("False", "Down", "No answer.", DAYS_AGO), "unhealthy (Down)", "=False for 3 days (Down: No answer.)"),
        (("Unknown", "Silent", "", ""), "unknown (Silent)", "=Unknown (Silent)"),
        (("False", "", "", "yesterday"), "unhealthy", "=False"),
        (("False", "", "x" * 101, "2026-11-26T04:00:00Z"), "unhealthy", f"=False for 0 seconds ({'x' * 100}…)"),
        (("", "", "", "2026-11-26T02:00:00"), "unknown", "="),
    ],
)
def test_why_a_cluster_is_unhealthy(condition: tuple[str, str, str, str] | None, health: str, text: str) -> None:
    name = "ControlPlaneHealthy"
    profile = ClusterProfile("c1", "fleet", conditions=(Condition(name, *condition),) if condition else ())
    shown = cells(profile)
    assert (shown[1], shown[11]) == (health, text if condition is None else name + text)


def test_a_condition_that_only_its_manager_knows_has_its_message() -> None:
    conditions = (Condition("Joined", "True", "Done", "Hello."), Condition("Drifted", "True", "Edited", "By hand."))
    profile = ClusterProfile("c1", "fleet", conditions=conditions)
    assert cells(profile)[11] == "Joined=True (Done), Drifted=True (Edited: By hand.)"


@pytest.mark.parametrize(
    ("observed", "text"),
    [
        ({}, "a=1,b=2,c=3"),
        ({"a": AN_HOUR_AGO, "b": AN_HOUR_AGO, "c": AN_HOUR_AGO}, "a=1,b=2,c=3 (60 minutes ago)"),
        ({"a": AN_HOUR_AGO, "c": DAYS_AGO, "other": AN_HOUR_AGO}, "a=1 (60 minutes ago); b=2; c=3 (3 days ago)"),
    ],
)
def test_when_properties_were_observed(observed: dict[str, str], text: str) -> None:
    properties = {"c": "3", "a": "1", "b": "2"}
    assert cells(ClusterProfile("c1", "fleet", properties=properties, observed=observed))[13] == text


@pytest.mark.parametrize(
    ("clustersets", "text"),
    [
        (None, "<unknown>"),
        ({}, "<none>"),
        ({"namespace": "prod", "label": "prod"}, "prod"),
        ({"namespace": "prod", "label": "dev", "property": "prod"}, "prod (label: dev)"),
        ({"label": "prod", "property": "dev"}, "prod (property: dev)"),
    ],
)
def test_a_clusterset_is_shown_with_what_else_is_said(clustersets: dict[str, str] | None, text: str) -> None:
    profile = ClusterProfile("c1", "fleet")
    assert cells(profile, clustersets)[3] == text
    document = clusters._document(row(profile, clustersets))
    assert document["clusterSets"] == (clustersets or {})


TEXTS = st.text(max_size=5)


@given(
    st.lists(st.builds(Condition, st.sampled_from(["ControlPlaneHealthy", "X"]), *[TEXTS] * 4), max_size=3),
    st.dictionaries(TEXTS, TEXTS, max_size=3),
    st.dictionaries(TEXTS, TEXTS | st.datetimes().map(lambda time: f"{time.isoformat()}Z"), max_size=3),
)
def test_whatever_a_hub_says_is_a_line_and_a_document(
    conditions: list[Condition], properties: dict[str, str], observed: dict[str, str]
) -> None:
    profile = ClusterProfile("c1", "fleet", conditions=tuple(conditions), properties=properties, observed=observed)
    assert len(table(row(profile, {}))) == 3
    document = json.loads(json.dumps(clusters._document(row(profile, {}))))
    assert [condition["message"] for condition in document["conditions"]] == [each.message for each in conditions]
    assert (document["properties"], document["lastObservedTimes"]) == (properties, observed)


def test_the_fields_are_documented() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "clusters.md").read_text()
    table = re.findall(r"^\| (`.*?) \|", text.partition("## The JSON")[2], re.MULTILINE)
    fields = re.findall(r"`(\w+)`", " ".join(table))
    reached = Reached(Check("yes", "admin"), 0.1)
    whole = row(ClusterProfile("c1", "fleet"))._replace(reached=reached, decision=ClusterDecision("fleet", "c1"))
    document = clusters._document(whole)
    assert sorted(fields) == sorted(document)


def test_the_columns_have_their_cells() -> None:
    profile = ClusterProfile("c1", "fleet", labels={"multicluster.x-k8s.io/inventory-member-id": "m-1", "a": "b"})
    header, line, _ = table(row(profile, {}))
    columns = header.split()
    assert columns[-5:] == WIDE
    assert line.split()[-5:] == [
        "fleet",
        "m-1",
        "<none>",
        "a=b,multicluster.x-k8s.io/inventory-member-id=m-1",
        "<none>",
    ]


def test_the_column_protected_is_there_if_a_cluster_is_protected() -> None:
    protected = row(ClusterProfile("prod", "fleet"), {})
    plain = row(ClusterProfile("dev", "fleet"), {})._replace(protected=False)
    assert [line.split()[6:] for line in table(plain, protected, wide=False)[:3]] == [["PROTECTED"], ["no"], ["yes"]]
    assert table(plain, wide=False)[0].split()[-1] == "CONTEXT"
    assert "MANAGER" not in table(plain, wide=False)[0]
    assert "PROTECTED" in table(plain)[0]
    assert [clusters._document(each)["protected"] for each in (plain, protected)] == [False, True]


def test_rows_of_a_check_stand_below_each_other_whatever_follows() -> None:
    rows = [row(ClusterProfile(name, "fleet"), {}) for name in ("a", "production")]
    table = clusters._Table(rows, wide=False, check=True, headers=True, colours=False)
    checks = [
        table.checked_row("production", Reached(Check("yes", "admin"), 0.1234)),
        table.checked_row("a", Reached(Check("no", "", "\x1b[31mconnection\trefused"), 12.0)),
    ]
    start = len("production   unknown   <none>    <none>       mapping   production   yes         ")
    assert [line[start:] for line in (table.start(), *checks)] == [
        "LATENCY   USER        REACHABLE\n",
        "123ms     admin       yes\n",
        "12000ms   <unknown>   no (\\x1b[31mconnection\\trefused)\n",
    ]
    interrupted = table.checked_row("a", reachability.INTERRUPTED)
    assert interrupted.startswith("a            unknown ")
    assert interrupted.endswith(" <none>    <unknown>   <unknown> (interrupted)\n")
