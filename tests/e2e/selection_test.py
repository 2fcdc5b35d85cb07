# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Choosing clusters on a real hub, the inventory as a table, and how long it is kept."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import MEMBERS, Shell, needs
from tests.e2e.dialogue import with_fzf


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (["--cluster-selector=tier=canary"], ["c1"]),
        (["--cluster-selector", "region in (region-1,region-3),tier!=canary"], ["c3"]),
        (["--cluster-selector=tier=prod", "--exclude=c1,c2"], ["c3"]),
        (["--clusterset=prod"], ["c1", "c2", "c3"]),
        (["--property=location=eu-*"], ["c1"]),
        (["--cluster-manager=fixtures", "--exclude=c2"], ["c1", "c3"]),
        (["--placement=canary"], ["c1"]),
        (["--placement", "fleet/all", "--clusters=c2,c3"], ["c2", "c3"]),
        (["--healthy"], ["c1", "c2", "c3"]),
        (["--hub-namespace=fleet", "--clusterset=prod", "--placement=canary"], ["c1"]),
        (["--contexts=c?", "--exclude=c2"], ["c1", "c3"]),
        (["--clusters=c{1,2},/3$/,!c2"], ["c1", "c3"]),
    ],
)
def test_the_same_flags_choose_for_a_command_and_for_its_preview(
    each_hub: Shell, flags: list[str], names: list[str]
) -> None:
    assert each_hub.mc("clusters", "-o", "name", *flags).stdout.split() == names
    done = each_hub.mc("get", "nodes", *flags)
    assert (done.status, done.stderr, [row[1] for row in done.rows[1:]]) == (0, "", names)


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--placement=nope"], "no PlacementDecision 'nope'. The hub has: fleet/all, fleet/canary"),
        (["--clusterset=dev"], "no cluster is in ClusterSet 'dev'. ClusterSets: prod"),
        (["--clusterset=p?"], "no cluster is in ClusterSet 'p?'. ClusterSets: prod"),
        (
            ["--healthy", "--clusters=c*", "--exclude=c1", "--property=location=mars"],
            "Error: no cluster is left: --clusters='c*' chooses 3 of 3, --exclude=c1 leaves 2, --property=location=mars"
            " leaves 0. What the hub says of each: kubectl mc clusters -o wide\n",
        ),
        (["--clusters=c"], "no cluster is named 'c'; 'c*' matches 3 clusters. Known clusters: c1, c2, c3"),
        (["--cluster-selector=tier=none"], "no cluster has labels tier=none (--cluster-selector)"),
        (["--cluster-selector=tier in ("], "kubectl said:"),
        (["--contexts=c?", "--healthy"], "without a hub"),
        (["--pick"], "--pick asks on the terminal, and there is none"),
    ],
)
def test_a_choice_that_cannot_be_made_is_said(members: Shell, flags: list[str], problem: str) -> None:
    done = members.mc("get", "nodes", *flags)
    assert (done.status, done.stdout) == (1, "")
    assert problem in done.stderr


def test_clusters_is_a_table_of_the_inventory(members: Shell) -> None:
    done = members.mc("clusters")
    assert done.rows[0] == ["NAME", "HEALTH", "VERSION", "CLUSTERSET", "ACCESS", "CONTEXT"]
    assert done.rows[1] == ["c1", "healthy", "v1.36.2", "prod", "mapping", "c1"]
    assert [row[0] for row in done.rows[1:]] == list(MEMBERS)
    assert [row[0] for row in members.mc("clusters", "c{1,3},c2", "!c1").rows[1:]] == ["c2", "c3"]
    wide = members.mc("clusters", "-o", "wide").stdout
    assert re.search(r"location=eu-west,node-count=1 \(\d+ (minutes|hours) ago\)", wide)


@needs("kubelet")
def test_a_context_s_name_can_not_steer_the_terminal(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home()
    for context, new in (("c1", "evil\x1b[31m\u2028"), ("c2", "evil2")):
        user.kubectl("config", "rename-context", context, new)
    for arguments in (["get", "nodes"], ["get", "nodes", "-o", "name"], ["logs", "solo", "-n", "shop", "--tail=1"]):
        done = user.mc(*arguments, "--contexts=evil*", "--verbose")
        assert (done.status, "\x1b" in done.stdout + done.stderr) == (0, False)
        assert "evil\\x1b[31m\\u2028" in done.stdout
    user.kubectl("config", "set-cluster", "c1", "--server=https://127.0.0.1:1")
    failed = user.mc("get", "nodes", "--contexts=evil*")
    assert "Failed to query 1 cluster: evil\\x1b[31m\\u2028 (connection refused)" in failed.stderr


def test_a_way_that_does_not_exist_is_not_shown(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\nclusters: [{name: c1, context: gone}, {name: c2, context: c1}]\n")
    user.kubectl("config", "delete-context", "c3")
    ways = [row[4:] for row in user.mc("clusters").rows[1:]]
    assert ways == [["<none>", "<none>"], ["mapping", "c1"], ["<none>", "<none>"]]
    items = json.loads(user.mc("clusters", "-o", "json").stdout)["items"]
    assert [(item["access"], item["context"]) for item in items] == [("", ""), ("mapping", "c1"), ("", "")]


@pytest.mark.parametrize(("form", "load"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_clusters_for_programs(
    members: Shell, form: str, load: Callable[[str], dict[str, list[dict[str, object]]]]
) -> None:
    items = load(members.mc("clusters", "-o", form).stdout)["items"]
    assert [(item["name"], item["health"], item["clusterSet"]) for item in items] == [
        (name, "healthy", "prod") for name in MEMBERS
    ]


def test_check_reaches_every_cluster_as_the_user(members: Shell) -> None:
    with members.fault("c2", "refuse"):
        done = members.mc("clusters", "--check", "-o", "json")
        names = members.mc("clusters", "--check", "-o", "name")
    assert names == (3, "c1\nc2\nc3\n", "Error: Failed to reach 1 cluster: c2 (connection refused)\n")
    items = {item["name"]: item for item in json.loads(done.stdout)["items"]}
    assert done.status == 3
    assert items["c1"]["reachable"] is True
    assert items["c1"]["user"] in ("admin", "")  # an API server before 1.28 can't say
    assert (items["c2"]["reachable"], items["c2"]["problem"]) == (False, "connection refused")
    assert items["c1"]["latencySeconds"] > 0
    assert members.mc("clusters", "--check", "--clusters=c1").status == 0


def cached(user: Shell) -> Path:
    return Path(user.environment["HOME"]) / ".kube" / "cache" / "kubectl-mc"


def inventory(user: Shell) -> Path:
    """The file in which the ClusterProfiles are kept."""
    (kept,) = (file for file in cached(user).iterdir() if "access_providers" in file.read_text())
    return kept


def test_the_inventory_is_kept_for_its_owner_only(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\n")
    assert user.mc("get", "nodes").status == 0
    assert inventory(user) in (kept := list(cached(user).iterdir()))
    assert {stat.S_IMODE(file.stat().st_mode) for file in kept} == {0o600}
    assert stat.S_IMODE(cached(user).stat().st_mode) == 0o700
    user.fleet.clear_requests("hub")
    user.mc("get", "nodes")
    assert user.fleet.requests("hub") == []
    user.mc("get", "nodes", "--refresh")
    assert user.fleet.requests("hub")


def test_an_inventory_older_than_five_minutes_is_asked_for_again(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\n")
    user.mc("get", "nodes")
    kept = inventory(user)
    aged = {**json.loads(kept.read_text()), "time": json.loads(kept.read_text())["time"] - 301}
    kept.write_text(json.dumps(aged))
    user.fleet.clear_requests("hub")
    user.mc("get", "nodes")
    assert user.fleet.requests("hub")
    kept.write_text(json.dumps({**aged, "time": aged["time"] - 7200}))
    with user.fault("hub", "refuse"):
        done = user.mc("get", "nodes")
    assert "using its clusters as they were 2 hours ago" in done.stderr
    assert len(done.rows) == 4


@pytest.mark.parametrize("content", ["", "[]", '{"key": 1}', "\0"])
def test_a_broken_cache_is_no_error(fresh_home: Callable[..., Shell], content: str) -> None:
    user = fresh_home(mapping="hubContext: hub\n")
    user.mc("get", "nodes")
    for file in cached(user).iterdir():
        file.write_text(content)
    assert user.mc("get", "nodes").status == 0


def test_a_cache_that_cannot_be_written_is_no_error(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\n")
    (Path(user.environment["HOME"]) / ".kube" / "cache").write_text("a file, not a folder")
    done = user.mc("get", "nodes")
    assert (done.status, done.stderr) == (0, "")


def test_defaults_of_the_mapping_file_hold_where_nothing_is_typed(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\ndefaults: {exclude: [c2], cluster-timeout: 20s, fold: true}\n")
    assert user.mc("clusters", "-o", "name").stdout.split() == ["c1", "c3"]
    assert user.mc("clusters", "-o", "name", "--exclude=c1").stdout.split() == ["c2", "c3"]


def test_what_is_typed_stands_against_defaults_that_contradict_it(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\ndefaults: {clusters: ['!c[2-9]'], exclude: ['{c2,}'], healthy: true}\n")
    assert user.mc("clusters", "-o", "name").stdout.split() == ["c1"]
    assert user.mc("clusters", "-o", "name", "--all-clusters").stdout.split() == list(MEMBERS)
    assert user.mc("clusters", "-o", "name", "--contexts=c*").stdout.split() == ["c1", "c3"]
    user = fresh_home(mapping="hubContext: hub\ndefaults: {contexts: [c1]}\n")
    assert user.mc("clusters", "-o", "name", "--placement=all").stdout.split() == list(MEMBERS)
    assert user.mc("setup", "--yes").stderr.startswith("Error: setup maps a hub's clusters")
    assert "CONTEXT" in user.mc("setup", "--check", "--hub-context=hub").stdout


def test_a_default_is_no_explicit_target(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\ndefaults: {clusters: c1}\n")
    done = user.mc("scale", "deploy/cart", "-n", "shop", "--replicas=2")
    assert done.stderr == (
        "Error: Use --all-clusters to scale in all clusters, or --clusters to specify targets\nSo nothing was changed\n"
    )


@pytest.mark.parametrize("defaults", ["{nope: 1}", "[1]", "{cluster-timeout: soon}"])
def test_bad_defaults_are_said(fresh_home: Callable[..., Shell], defaults: str) -> None:
    done = fresh_home(mapping=f"hubContext: hub\ndefaults: {defaults}\n").mc("get", "nodes")
    assert done.status == 1
    assert done.stderr.startswith("Error: ")


def test_pick_with_fzf(members: Shell, tmp_path: Path) -> None:
    user = with_fzf(
        members, tmp_path, f"printf '%s\\n' \"$@\" > {tmp_path}/flags; tee {tmp_path}/lines | grep -E '\tc[13] '"
    )
    done = user.mc("get", "nodes", "--pick")
    assert [row[1] for row in done.rows[1:]] == ["c1", "c3"]
    flags = (tmp_path / "flags").read_text().splitlines()
    assert {"--multi", "--layout=reverse", "NAME   HEALTH    VERSION"} <= {*flags}
    lines = re.sub(r"v1\S+", "v1.36.2", (tmp_path / "lines").read_text()).splitlines()
    assert lines == [f"{index}\t{name}     healthy   v1.36.2" for index, name in enumerate(MEMBERS)]
    left = with_fzf(members, tmp_path, "exit 130").mc("get", "nodes", "--pick")
    assert (left.status, left.stderr) == (1, "Error: no cluster was picked, so nothing was done\n")
    failed = with_fzf(members, tmp_path, "echo unknown option >&2; exit 2").mc("get", "nodes", "--pick")
    assert failed.stderr.startswith("unknown option\nError: --pick asks on the terminal, and there is none")
