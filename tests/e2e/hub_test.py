# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What a hub says, and what it doesn't say any more: when an older answer of it may stand in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures.fleet import fleet
from tests.e2e.conftest import HUBS, MEMBERS, Shell, needs, shell


@pytest.fixture(scope="module", params=HUBS, ids="+".join)
def own_members(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A fleet for each kind of hub."""
    with fleet(MEMBERS, tmp_path_factory.mktemp("own-fleet"), hub_versions=request.param) as running:
        yield shell(running)


@pytest.fixture(scope="module")
def members(own_members: Shell) -> Shell:
    """The same fleets."""
    return own_members


@pytest.fixture
def user(changing: Shell, tmp_path: Path) -> Iterator[Shell]:
    """A user with a home of their own, whose hub a test may change."""
    kube = tmp_path / ".kube"
    kube.mkdir()
    (kube / "config").write_text(changing.fleet.kubeconfig.read_text())
    (kube / "kubectl-mc-clusters.yaml").write_text("hubContext: hub\n")
    yield changing._replace(environment={**changing.environment, "HOME": str(tmp_path), "KUBECONFIG": ""})
    changing.fleet.reset("hub")


@pytest.mark.parametrize("fault", ["unauthorized", "forbidden", "garbage"])
def test_a_hub_that_refuses_has_been_reached(fresh_home: Callable[..., Shell], fault: str) -> None:
    user = fresh_home(mapping="hubContext: hub\n")
    assert user.mc("get", "nodes").status == 0
    with user.fault("hub", fault):
        done = user.mc("get", "nodes", "--refresh")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")


@pytest.mark.parametrize(("fault", "why"), [("refuse", "connection refused"), ("500", "server error")])
def test_why_a_hub_could_not_be_asked_is_said(fresh_home: Callable[..., Shell], fault: str, why: str) -> None:
    user = fresh_home(mapping="hubContext: hub\n")
    assert user.mc("get", "nodes").status == 0
    with user.fault("hub", fault):
        done = user.mc("get", "nodes", "--refresh")
    assert (done.status, len(done.rows)) == (0, 4)
    assert done.stderr.startswith(f"Warning: hub context 'hub' can't be asked ({why}); using its clusters as they were")


def test_a_cluster_that_has_joined_meanwhile_is_known_by_its_name(user: Shell) -> None:
    user.fleet.remove_object("hub", "clusterprofiles", "fleet", "c3")
    assert len(user.mc("get", "nodes").rows) == 3
    user.fleet.reset("hub")
    assert len(user.mc("get", "nodes").rows) == 3  # what the hub says is kept for five minutes
    assert user.mc("get", "nodes", "--clusters=c3").status == 0
    assert len(user.mc("get", "nodes").rows) == 4
    assert "no cluster matches 'c4'" in user.mc("get", "nodes", "--clusters=c4").stderr


def test_a_change_does_not_rest_on_a_placement_that_is_gone(user: Shell) -> None:
    assert user.mc("get", "nodes", "--placement=canary").status == 0
    user.kubectl("--context=hub", "delete", "placementdecision", "canary", "-n", "fleet")
    done = user.mc("label", "ns", "default", "x=y", "--placement=canary", "--refresh", "--yes")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: no PlacementDecision 'canary'")
    assert "x=y" not in user.kubectl("--context=c1", "get", "ns", "default", "--show-labels").stdout


def label(user: Shell, *labels: str) -> None:
    """Let the decision `all` have these labels of the standard's."""
    prefixed = [f"multicluster.x-k8s.io/{text}" for text in labels]
    done = user.kubectl("--context=hub", "label", "--overwrite", "placementdecision", "all", "-n", "fleet", *prefixed)
    assert done.status == 0, done.stderr


def test_a_workload_s_placement_says_why_and_by_whom_and_counts_when_it_is_whole(user: Shell) -> None:
    label(user, "placement-key=shop", "decision-revision=7", "decision-index=0")
    wide = user.mc("clusters", "--placement=shop", "-o", "wide", "--clusters=c1")
    assert (wide.status, wide.stderr, wide.rows[0][-2:]) == (0, "", ["PLACEMENT-REASON", "SCHEDULER"])
    assert wide.rows[1][-2:] == ["Selected", "fixtures"]
    items = json.loads(user.mc("clusters", "--placement=fleet/shop", "-o", "json").stdout)["items"]
    assert [item["placement"] for item in items] == [{"reason": "Selected", "schedulerName": "fixtures"}] * len(MEMBERS)
    assert "placement" not in json.loads(user.mc("clusters", "-o", "json").stdout)["items"][0]
    label(user, "decision-index=1")
    done = user.mc("label", "ns", "default", "x=y", "--placement=shop", "--refresh", "--yes")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: placement 'fleet/all' isn't whole: slices of it are missing")


def test_a_profile_that_a_placement_chose_but_the_hub_lacks_is_noted(user: Shell) -> None:
    user.kubectl("--context=hub", "delete", "clusterprofile", "c2", "-n", "fleet")
    done = user.mc("get", "nodes", "--placement=all")
    assert (done.status, [row[1] for row in done.rows[1:]]) == (0, ["c1", "c3"])
    assert done.stderr == "Note: the hub has no ClusterProfile of what placement 'all' chose: fleet/c2\n"
    assert user.mc("get", "nodes", "--placement=all", "--cluster-selector=tier=canary").stderr == done.stderr


def test_a_change_rests_on_what_the_hub_says_now(user: Shell) -> None:
    (Path(user.environment["HOME"]) / ".kube" / "kubectl-mc-clusters.yaml").write_text(
        "hubContext: hub\nclusters: [{name: c1, context: c1}, {name: c2, context: c2}, {name: c3, context: c3}]\n"
    )
    change = ("label", "ns", "default", "x=y", "--overwrite", "--cluster-selector=tier", "--yes")
    assert len(user.mc("get", "nodes", "--cluster-selector=tier").rows) == 4
    user.kubectl("--context=hub", "delete", "clusterprofile", "c2", "-n", "fleet")
    user.kubectl("--context=hub", "label", "clusterprofile", "c3", "-n", "fleet", "tier-")
    for dry_run in (["--dry-run=server"], []):
        done = user.mc(*change, *dry_run)
        assert (done.status, re.findall(r"\bc\d\b", done.stdout)) == (0, ["c1"])
    # What it has said last stands in while it can't be reached.
    with user.fault("hub", "refuse"):
        done = user.mc(*change)
    assert (done.status, re.findall(r"\bc\d\b", done.stdout)) == (0, ["c1"])
    assert "Warning: hub context 'hub' can't be asked (connection refused); using its clusters as they" in done.stderr


@needs("controllers")
def test_undo_and_resume_go_where_the_run_went_whatever_the_defaults_leave_out(user: Shell) -> None:
    mapping = Path(user.environment["HOME"]) / ".kube" / "kubectl-mc-clusters.yaml"
    entries = ", ".join(f"{{name: {name}, context: {name}}}" for name in ("c1", "c2", "c3"))
    mapping.write_text(f"hubContext: hub\ndefaults: {{exclude: [c3]}}\nclusters: [{entries}]\n")
    restart = ("rollout", "restart", "deploy/cart", "-n", "shop", "--all-clusters", "--yes")
    with user.fault("c3", "refuse"):
        assert "c3 (connection refused)" in user.mc(*restart, "--continue-on-preflight-error").stderr
    resumed = user.mc("resume", "last", "--yes")
    assert (resumed.status, "c3" in resumed.stdout + resumed.stderr) == (0, True)
    assert user.mc("set", "image", "deploy/cart", "-n", "shop", "app=new", "--all-clusters", "--yes").status == 0
    undone = user.mc("undo", "last", "--yes")
    assert (undone.status, [line.split()[0] for line in undone.stdout.splitlines()]) == (0, ["[c1]", "[c2]", "[c3]"])
