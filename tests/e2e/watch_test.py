# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Watches on the fleet whose connections break: they are taken up again, and show what has changed meanwhile."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import MEMBERS, Shell, needs

pytestmark = needs("faults")

DOWN = r"^\[c1\] the watch broke \(connection refused\); it is tried again until it succeeds\n"
ENDED = r"^\[c1\] the watch ended; taken up again\n"


def config_map(name: str, **values: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}, "data": values}


@pytest.fixture
def shop(changing: Shell) -> Shell:
    """The fleet, in which c1 has config maps that go, change and stay."""
    for name in ("gone", "changed", "kept"):
        changing.fleet.put("c1", config_map(name))
    return changing


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_a_restart_of_an_api_server_with_changes_in_the_gap(shop: Shell) -> None:
    """Two types, each a kubectl of its own. What is as it was isn't repeated, and the cluster is named once."""
    fleet = shop.fleet
    with shop.running("get", "cm,svc", "-n", "shop", "-w", "--output-watch-events") as watch:
        for cluster in MEMBERS:
            watch.until(rf"^ADDED +settings +{cluster} ")
            watch.until(rf"^ADDED +cart-lb +{cluster} ")
        fleet.until_watched("c1", "configmaps")
        fleet.until_watched("c1", "services")
        before = watch.stdout
        fleet.set_fault("c1", "refuse")
        watch.until(DOWN, "stderr")
        fleet.remove_object("c1", "configmaps", "shop", "gone")
        fleet.put("c1", config_map("changed", key="value"))
        fleet.put("c1", config_map("new"))
        fleet.set_fault("c1", None)
        watch.until("^DELETED +gone +c1 ")
        watch.until(r"^\[c1\] the watch goes on\n", "stderr")
        watch.interrupt()
        assert watch.end() == 130
    news = [row[:4] for row in rows(watch.stdout[len(before) :]) if row and row[0] != "EVENT"]
    shown = [["ADDED", "changed", "c1", "1"], ["ADDED", "new", "c1", "0"], ["DELETED", "gone", "c1", "0"]]
    assert sorted(news) == shown
    assert len(watch.stderr.splitlines()) == 2
    tables = [table.splitlines() for table in before.split("\n\n")]
    assert all(table[0].startswith("EVENT ") for table in tables)
    assert {row.split()[1] for table in tables if "TYPE" in table[0] for row in table[1:]} == {"cart", "cart-lb"}


@pytest.mark.parametrize("expired", [False, True])
def test_a_watch_that_ends_goes_on(shop: Shell, expired: bool) -> None:
    with shop.running("get", "cm", "-n", "shop", "-w", "--clusters=c1,c2") as watch:
        for cluster in ("c1", "c2"):
            watch.until(rf"^settings +{cluster} ")
        shop.fleet.until_watched("c1", "configmaps")
        before = watch.stdout
        shop.fleet.end_watches("c1", "configmaps", expired=expired)
        watch.until(ENDED, "stderr")
        shop.fleet.until_watched("c1", "configmaps")
        shop.fleet.put("c1", config_map("new"))
        watch.until(r"^new +c1 .*\n")
    assert [row[0] for row in rows(watch.stdout[len(before) :])] == ["new"]


def test_changes_after_a_break_are_shown_though_their_rows_are_as_before(shop: Shell) -> None:
    """Rows by which no object is known: three before the break, three behind it, and none for the list."""
    with shop.running("get", "cm", "-n", "shop", "-w", "-o", "name", "--clusters=c1") as watch:
        watch.until("^c1\tconfigmap/settings\n")
        for part, count in enumerate((3, 6)):
            shop.fleet.until_watched("c1", "configmaps")
            for number in range(3):
                shop.fleet.put("c1", config_map("changed", number=f"{part} {number}"))
            watch.until(rf"(?s)(configmap/changed\n.*){{{count + 1}}}")
            if part == 0:
                shop.fleet.end_watches("c1", "configmaps")
                watch.until(ENDED, "stderr")
    assert watch.stdout.count("configmap/changed\n") == 7
    assert watch.stdout.count("configmap/kept\n") == 1


def test_events_that_were_shown_are_not_repeated(shop: Shell) -> None:
    event = {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "happened", "namespace": "shop"}, "type": "Normal",
        "reason": "Happened", "message": "something happened", "count": 1,
        "involvedObject": {"kind": "ConfigMap", "name": "settings", "namespace": "shop", "apiVersion": "v1"},
        "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    with shop.running("events", "-n", "shop", "-w", "--clusters=c1") as watch:
        watch.until("^c1 .*import")
        shop.fleet.until_watched("c1", "events")
        shop.fleet.end_watches("c1", "events", "reset")
        watch.until(ENDED, "stderr")
        shop.fleet.until_watched("c1", "events")
        shop.fleet.put("c1", event)
        watch.until(r"Happened .*\n")
    shown = [re.sub(r"\b\d+[smh]\S*", "", line) for line in watch.stdout.splitlines()]
    assert len(shown) == len(set(shown))
    assert watch.stdout.count("LAST SEEN") == 1


def test_objects_as_documents_are_compared_and_deletions_are_events(shop: Shell) -> None:
    words = ("get", "cm", "-n", "shop", "-w", "-o", "json", "--output-watch-events", "--clusters=c1")
    with shop.running(*words) as watch:
        watch.until('"name":"settings"')
        shop.fleet.until_watched("c1", "configmaps")
        before = watch.stdout
        shop.fleet.set_fault("c1", "refuse")
        shop.fleet.remove_object("c1", "configmaps", "shop", "gone")
        shop.fleet.set_fault("c1", None)
        watch.until(r'^\{"type":"DELETED".*\n')
    (line,) = watch.stdout[len(before) :].splitlines()
    metadata = json.loads(line)["object"]["metadata"]
    assert (metadata["name"], metadata["annotations"]) == ("gone", {"kubectl-mc.k8s.io/cluster": "c1"})


def test_one_object_that_goes_and_comes_again(shop: Shell) -> None:
    fleet = shop.fleet
    with shop.running("get", "cm", "gone", "-n", "shop", "-w", "--clusters=c1") as watch:
        watch.until("^gone .*\n")
        fleet.until_watched("c1", "configmaps")
        fleet.set_fault("c1", "refuse")
        fleet.remove_object("c1", "configmaps", "shop", "gone")
        fleet.set_fault("c1", None)
        watch.until("(gone .*\n){2}")
        fleet.put("c1", config_map("gone", key="value"))
        watch.until("(gone .*\n){3}")
    assert [row[:3] for row in rows(watch.stdout)[1:]] == [["gone", "c1", number] for number in ("0", "0", "1")]


def test_the_old_way(shop: Shell) -> None:
    with shop.running("get", "cm", "-n", "shop", "-w", "--no-reconnect") as watch:
        for cluster in MEMBERS:
            watch.until(rf"^settings +{cluster} ")
            shop.fleet.until_watched(cluster, "configmaps")
        shop.fleet.end_watches("c1", "configmaps")
        watch.until(r"^\[c1\] ended\n", "stderr")
        for cluster in ("c2", "c3"):
            shop.fleet.end_watches(cluster, "configmaps")
        assert watch.end() == 0


def test_a_token_that_expires_is_renewed(shop: Shell, tmp_path: Path) -> None:
    """The server refuses the token of the first run of a plugin, which has said nothing of its end."""
    plugin = tmp_path / "login"
    plugin.write_text(
        f"""#!/bin/sh
echo run >> {tmp_path}/runs
echo '{{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
"status": {{"token": "admin~'$(wc -l < {tmp_path}/runs)'"}}}}'
"""
    )
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    config = yaml.safe_load(shop.fleet.kubeconfig.read_text())
    entry = {
        "apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "interactiveMode": "Never",
    }  # fmt: skip
    config["users"].append({"name": "renewed", "user": {"exec": entry}})
    (context,) = (each for each in config["contexts"] if each["name"] == "c1")
    context["context"]["user"] = "renewed"
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    environment = {"KUBECONFIG": str(tmp_path / "config")}
    with shop.running("get", "cm", "-n", "shop", "-w", "--clusters=c1,c2", env=environment) as watch:
        watch.until("^settings +c1 ")
        shop.fleet.until_watched("c1", "configmaps")
        shop.fleet.expire_tokens("c1", "admin~1")
        shop.fleet.end_watches("c1", "configmaps")
        watch.until(r"^\[c1\] the watch broke \(unauthorized\); it is tried again until it succeeds\n", "stderr")
        watch.until(r"^\[c1\] the watch goes on\n", "stderr")
    assert (tmp_path / "runs").read_text() == "run\n" * 2


def test_what_no_cluster_has_is_said_while_others_go_on(shop: Shell) -> None:
    said = 'Error from server (NotFound): configmaps "nope" not found (in all 3 clusters)\n'
    with shop.running("get", "cm", "nope", "settings", "-n", "shop", "-w") as watch:
        watch.until(re.escape(said), "stderr")
        for cluster in MEMBERS:
            watch.until(rf"^settings +{cluster} ")
        watch.interrupt()
        assert watch.end() == 130
    assert watch.stderr == said
    done = shop.mc("get", "cm,svc", "nope", "-n", "shop", "-w")
    assert sorted(done.stderr.splitlines()) == [said[:-1], said[:-1].replace("configmaps", "services")]


def test_a_type_that_no_cluster_has_is_said_once(shop: Shell) -> None:
    done = shop.mc("get", "cm,widgetss", "-n", "shop", "-w", "--cluster-timeout=2s", "--clusters=c1,c2")
    assert len([line for line in done.stderr.splitlines() if "widgetss" in line]) == 1
    assert "timed out after 2s" in done.stderr
