# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""--where and --count-by on the fleet: what is shown of kubectl's tables, and of its watches."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest

from tests.e2e.conftest import Shell, needs

pytestmark = needs("faults")


def pod(name: str, reason: str = "", restarts: int = 0) -> dict[str, Any]:
    state = {"waiting": {"reason": reason}} if reason else {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    container = {"name": "app", "ready": not reason, "restartCount": restarts, "state": state}
    if restarts:
        container["lastState"] = {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T00:00:00Z"}}
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"containers": [{"name": "app", "image": "x"}], "nodeName": "node-1"},
        "status": {"phase": "Running", "containerStatuses": [container]},
    }  # fmt: skip


@pytest.fixture
def shop(changing: Shell) -> Shell:
    """The fleet, in which a pod fails on c1 and c2, on c2 more often, and another one waits on c2."""
    changing.fleet.put("c1", pod("broken", "CrashLoopBackOff", 2))
    changing.fleet.put("c2", pod("broken", "CrashLoopBackOff", 7))
    changing.fleet.put("c2", pod("waiting", "ContainerCreating"))
    return changing


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (["--where=STATUS!=Running"], [("broken", "c1"), ("broken", "c2"), ("waiting", "c2")]),
        (["--where", "status != Running", "--where", "RESTARTS>3", "-o", "wide"], [("broken", "c2")]),
        (["--where=READY=0/1", "--where=CLUSTER!~1", "--no-headers"], [("broken", "c2"), ("waiting", "c2")]),
    ],
)
def test_rows_are_those_of_the_whole_table(shop: Shell, flags: list[str], names: list[tuple[str, str]]) -> None:
    """Nothing of a row is changed but its padding."""
    kinds = [flag for flag in flags if flag in ("-o", "wide", "--no-headers")]
    whole = [[*row[:2], *row[2:5]] for row in shop.mc("get", "pods", "-n", "shop", *kinds).rows]
    done = shop.mc("get", "pods", "-n", "shop", *flags)
    assert (done.status, done.stderr) == (0, "")
    rows = [row[:5] for row in done.rows]
    assert all(row in whole for row in rows)
    assert [(row[0], row[1]) for row in rows if row[0] != "NAME"] == names


def test_a_fleet_at_a_glance(shop: Shell) -> None:
    done = shop.mc("get", "pods", "-n", "shop", "--count-by=CLUSTER,STATUS")
    rows = shop.mc("get", "pods", "-n", "shop").rows[1:]
    counts = Counter((row[1], row[3]) for row in rows)
    assert done.rows[0] == ["CLUSTER", "STATUS", "COUNT"]
    assert {(cluster, status): int(count) for cluster, status, count in done.rows[1:]} == counts
    assert [row[:2] for row in done.rows[1:4]] == [["c1", "Running"], ["c1", "CrashLoopBackOff"], ["c2", "Running"]]
    # A column of the wide table, as the table isn't shown.
    done = shop.mc("get", "pods", "-n", "shop", "--count-by=NODE", "--where=NAME=broken", "-o", "json")
    assert json.loads(done.stdout)["counts"] == [{"columns": {"NODE": "node-1"}, "count": 2}]


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("get deploy,svc -n shop --where TYPE=LoadBalancer", "service/cart-lb"),
        ("events -n shop --where TYPE=Normal --where LAST&SEEN>=0s", "c"),
        ("top pods -n shop --where CPU(cores)>1m --where NAME~^cart --clusters=c1", "cart-"),
        ("api-resources --where NAME=configmaps", "configmaps"),
        ("auth can-i --list --where RESOURCES=*.*", "c1"),
        ("get pods -A --where NAMESPACE=shop --where NAME~^import", "shop"),
        ("get cm -n shop,default --where NAMESPACE=shop", "shop"),
        ("get pods -n shop -o custom-columns=IT:.metadata.name,KIND:.kind --where it~^import --where KIND=Pod", "c1"),
    ],
)
def test_everything_that_is_a_table(shop: Shell, line: str, first: str) -> None:
    done = shop.mc(*(word.replace("&", " ") for word in line.split()))
    assert (done.status, done.stderr) == (0, "")
    rows = [row for row in done.rows[1:] if row]
    assert rows
    assert rows[0][0].startswith(first)


def test_no_row_and_no_column(shop: Shell) -> None:
    done = shop.mc("get", "pods", "-n", "shop", "--where", "STATUS = Lost")
    assert done == (0, "", "No resources match --where 'STATUS = Lost'\n")
    with shop.fault("c3", "refuse"):
        done = shop.mc("get", "pods", "-n", "shop", "--where", "STATES=Lost")
    assert (done.status, done.stdout) == (1, "")
    failed, error = done.stderr.splitlines()
    assert failed == "Error: Failed to query 1 cluster: c3 (connection refused)"
    assert error.startswith(
        "Error: --where: no table has a column 'STATES'. Did you mean STATUS? There are: NAME, CLUSTER,"
    )


UNREADABLE = "its table can't be read exactly, so --where can't be applied to it"


def test_what_cannot_be_filtered_is_said(shop: Shell) -> None:
    """A tab in a value of c1; a value of c2 that is no number."""
    for cluster, value in (("c1", "a\tb"), ("c2", "many"), ("c3", "7")):
        metadata = {"name": "n", "namespace": "shop"}
        shop.fleet.put(cluster, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"n": value}})
    words = ("get", "cm", "n", "-n", "shop", "-o", "custom-columns=N:.data.n", "--where", "N>3")
    done = shop.mc(*words)
    assert (done.status, done.rows) == (3, [["CLUSTER", "N"], ["c3", "7"]])
    assert done.stderr.splitlines() == [
        "--where 'N>3': 1 row doesn't match, as it has nothing to compare",
        f"Error: Failed to query 1 cluster: c1 ({UNREADABLE})",
        "Showing results from 2/3 clusters:",
    ]
    done = shop.mc(*words, "--clusters=c1")
    assert done == (1, "", f"error: {UNREADABLE}\n")


def test_a_watch_marks_what_stops_matching(shop: Shell) -> None:
    fleet = shop.fleet
    with shop.running("get", "pods", "-n", "shop", "-w", "--where=STATUS!=Running", "--where=NAME!~^import") as watch:
        watch.until(r"^broken +c1 ")
        watch.until(r"^broken +c2 ")
        watch.until(r"^waiting +c2 ")
        fleet.until_watched("c2", "pods")
        fleet.put("c2", pod("waiting"))
        watch.until(r"^waiting +c2 +1/1 +Running +0 +\S+   \(no longer matches\)$")
        fleet.put("c2", pod("waiting", restarts=1))
        fleet.put("c2", pod("other", "ErrImagePull"))
        watch.until(r"^other +c2 +0/1 +ErrImagePull .*\n")
        before = watch.stdout
        # In a gap.
        fleet.set_fault("c2", "refuse")
        watch.until(r"^\[c2\] the watch broke", "stderr")
        fleet.put("c2", pod("broken", restarts=8))
        fleet.remove_object("c2", "pods", "shop", "other")
        fleet.set_fault("c2", None)
        watch.until(r"^other +c2 .*\n(.*\n)*other +c2 ")
        watch.until(r"^broken +c2 +1/1 .* \(no longer matches\)$")
    news = [line.split()[0] for line in watch.stdout[len(before) :].splitlines()]
    assert sorted(news) == ["broken", "other"]
    assert not re.search("import|cart", watch.stdout)


@pytest.mark.parametrize("shell_words", ["get widgets -n shop -w", "get pods,widgets -n shop -w"])
def test_a_cluster_without_the_type_has_no_column_either(shop: Shell, shell_words: str) -> None:
    done = shop.mc(*shell_words.split(), "--where=NOPE=a")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("Error: --where: no table has a column 'NOPE'. There are: NAME, ")


def test_a_watch_of_a_column_that_is_nowhere_ends(shop: Shell) -> None:
    done = shop.mc("get", "pods", "-n", "shop", "-w", "--where=NODE=a")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == (
        "Error: --where: no table has a column 'NODE'. There are: NAME, CLUSTER, READY, STATUS, RESTARTS, AGE. "
        "With -o wide there are more"
    )
