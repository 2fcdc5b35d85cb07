# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What ClusterProfiles say of their clusters (ids, display names, ClusterSets, conditions): chosen by, and shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import Done, Shell

SET, SET_LABEL = "clusterset.k8s.io", "multicluster.x-k8s.io/clusterset"
ID = "cluster.clusterset.k8s.io"


@pytest.fixture
def user(changing: Shell, tmp_path: Path) -> Iterator[Shell]:
    """A user with a home of their own, whose hub a test may change."""
    kube = tmp_path / ".kube"
    kube.mkdir()
    (kube / "config").write_text(changing.fleet.kubeconfig.read_text())
    yield changing._replace(environment={**changing.environment, "HOME": str(tmp_path), "KUBECONFIG": ""})
    changing.fleet.reset("hub")


def mapping(user: Shell, text: str) -> None:
    """Give the user this mapping file."""
    (Path(user.environment["HOME"]) / ".kube" / "kubectl-mc-clusters.yaml").write_text(f"hubContext: hub\n{text}\n")


def patch(user: Shell, name: str, fields: dict[str, Any], *words: str) -> None:
    """Merge fields into a ClusterProfile."""
    target = ("--context=hub", "patch", "clusterprofile", name, "-n", "fleet", "--type=merge")
    done = user.kubectl(*target, *words, "-p", json.dumps(fields))
    assert done.status == 0, done.stderr


def properties(user: Shell, name: str, values: dict[str, str]) -> None:
    listed = [{"name": key, "value": value} for key, value in values.items()]
    patch(user, name, {"status": {"properties": listed}}, "--subresource=status")


def labels(user: Shell, name: str, values: dict[str, str | None]) -> None:
    patch(user, name, {"metadata": {"labels": values}})


def unlabel_namespace(user: Shell) -> None:
    assert user.kubectl("--context=hub", "label", "namespace", "fleet", f"{SET_LABEL}-").status == 0


def shown(done: Done) -> list[str]:
    return [row[1] for row in done.rows[1:]]


# --- ClusterSets -------------------------------------------------------------------------------------------


def test_a_clusterset_is_the_same_wherever_the_hub_says_it(user: Shell) -> None:
    mapping(user, "")
    unlabel_namespace(user)
    labels(user, "c1", {SET_LABEL: "blue"})
    labels(user, "c2", {SET_LABEL: None})
    labels(user, "c3", {SET_LABEL: None})
    properties(user, "c2", {SET: "blue"})
    assert shown(user.mc("get", "nodes", "--clusterset=blue")) == ["c1", "c2"]
    assert [row[3] for row in user.mc("clusters").rows[1:]] == ["blue", "blue", "<none>"]
    failed = user.mc("get", "nodes", "--clusterset=prod")
    assert (failed.status, failed.stderr) == (1, "Error: no cluster is in ClusterSet 'prod'. ClusterSets: blue\n")


def test_the_namespace_counts_where_a_member_says_something_else_of_itself(user: Shell) -> None:
    mapping(user, "")
    labels(user, "c2", {SET_LABEL: None})
    properties(user, "c2", {SET: "blue"})
    done = user.mc("get", "nodes", "--clusterset=prod")
    note = "Note: the hub says several ClusterSets, of which the first counts: c2 (namespace: prod, property: blue)\n"
    assert (shown(done), done.stderr) == (["c1", "c2", "c3"], note)
    assert user.mc("get", "nodes", "--clusterset=blue").stderr.startswith("Error: no cluster is in ClusterSet 'blue'")
    assert "prod (property: blue)" in user.mc("clusters").stdout
    (item,) = json.loads(user.mc("clusters", "-o", "json", "--clusters=c2").stdout)["items"]
    assert (item["clusterSet"], item["clusterSets"]) == ("prod", {"namespace": "prod", "property": "blue"})


def test_without_rights_to_namespaces_the_profiles_say_their_clustersets(user: Shell) -> None:
    """The user on the hub is joe, who may list ClusterProfiles and nothing else."""
    mapping(user, "")
    for words in (
        ("create", "clusterrole", "profiles", "--verb=get,list", "--resource=clusterprofiles.multicluster.x-k8s.io"),
        ("create", "clusterrolebinding", "profiles", "--clusterrole=profiles", "--user=joe"),
    ):
        assert user.kubectl("--context=hub", *words).status == 0
    path = Path(user.environment["HOME"]) / ".kube" / "config"
    config = yaml.safe_load(path.read_text())
    config["users"].append({"name": "joe", "user": {"token": "admin", "as": "joe"}})
    next(entry for entry in config["contexts"] if entry["name"] == "hub")["context"]["user"] = "joe"
    path.write_text(yaml.safe_dump(config))
    assert user.kubectl("--context=hub", "get", "namespaces").status == 1
    assert user.mc("get", "nodes", "--clusterset=prod").stderr == ""  # each profile has the label

    admin = user._replace(environment={**user.environment, "HOME": str(user.fleet.home)})
    labels(admin, "c3", {SET_LABEL: None})
    done = user.mc("get", "nodes", "--clusterset=prod", "--refresh")
    assert (done.status, shown(done)) == (0, ["c1", "c2"])
    assert done.stderr == (
        "Note: left out, as you may not list the hub's namespaces and so their ClusterSet is not known: c3\n"
    )
    failed = user.mc("get", "nodes", "--clusterset=blue")
    assert (failed.status, failed.stderr) == (
        1,
        "Error: no cluster is in ClusterSet 'blue'. ClusterSets: prod. That of c3 is not known, as you may not list "
        "the hub's namespaces; with rights in one namespace only, name it with --inventory\n",
    )
    assert [row[3] for row in user.mc("clusters").rows[1:]] == ["prod", "prod", "<unknown>"]


# --- Ids and display names -------------------------------------------------------------------------------


def test_an_id_or_a_display_name_chooses_for_a_command_and_for_its_preview(user: Shell) -> None:
    mapping(user, "")
    properties(user, "c2", {ID: "eu-7"})
    for flags, names in (
        (["--clusters=Cluster c1,eu-7"], ["c1", "c2"]),
        (["--exclude=Cluster c1,eu-7"], ["c3"]),
    ):
        assert user.mc("clusters", "-o", "name", *flags).stdout.split() == names
        assert shown(user.mc("get", "nodes", *flags)) == names
    assert user.mc("get", "nodes", "--clusters=eu-7").stderr == "Note: 'eu-7' is the id or display name of c2\n"


def test_a_name_never_means_what_a_hub_calls_so(user: Shell) -> None:
    mapping(user, "")
    patch(user, "c2", {"spec": {"displayName": "c1"}})
    patch(user, "c3", {"spec": {"displayName": "Cluster c1"}})
    assert shown(user.mc("get", "nodes", "--clusters=c1")) == ["c1"]
    assert shown(user.mc("get", "nodes", "--exclude=c1")) == ["c2", "c3"]
    for verb in (["get", "nodes"], ["label", "ns", "default", "x=y", "--yes"]):
        done = user.mc(*verb, "--clusters=Cluster c1")
        problem = "Error: 'Cluster c1' is the id or display name of several clusters: say which of c1, c3\n"
        assert (done.status, done.stdout) == (1, "")
        assert done.stderr.startswith(problem)


def test_a_display_name_is_not_the_exact_name_that_a_change_may_need(user: Shell) -> None:
    change = ("label", "ns", "default", "x=y", "--yes", "--clusters=Cluster c1")
    mapping(user, "clusters: [{name: c1, context: c1}]\nprotected: [c1]")
    done = user.mc(*change)
    assert done.status == 1
    assert "To change a protected cluster, name it exactly: --clusters=c1" in done.stderr
    mapping(user, "")
    done = user.mc(*change)
    assert done.status == 1
    assert "kubectl mc trust approve c1" in done.stderr
    assert "x=y" not in user.kubectl("--context=c1", "get", "ns", "default", "--show-labels").stdout


@pytest.mark.parametrize("knows", ["approved", "mapped"])
def test_a_name_that_the_user_knows_is_not_another_cluster_s_when_the_hub_loses_it(user: Shell, knows: str) -> None:
    mapping(user, "clusters: [{name: c3, context: c3}]")
    if knows == "approved":
        assert user.mc("trust", "approve", "c1", "--yes").status == 0
    else:
        mapping(user, "clusters: [{name: c3, context: c3}, {name: c1, context: c1}]")
    user.kubectl("--context=hub", "delete", "clusterprofile", "c1", "-n", "fleet")
    patch(user, "c3", {"spec": {"displayName": "c1"}})
    done = user.mc("label", "ns", "default", "x=y", "--clusters=c1", "--yes", "--refresh")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: no cluster matches 'c1'")


def test_a_run_does_not_go_on_where_another_cluster_has_taken_the_name(user: Shell) -> None:
    mapping(user, "clusters: [{name: c1, context: c1}, {name: c3, context: c3}]")
    with user.fault("c2", "refuse"):
        change = ("label", "ns", "default", "x=y", "--clusters=c1,c2,c3", "--yes")
        done = user.mc(*change, "--continue-on-preflight-error")
    assert "c2 (connection refused)" in done.stderr
    user.kubectl("--context=hub", "delete", "clusterprofile", "c2", "-n", "fleet")
    patch(user, "c3", {"spec": {"displayName": "c2"}})
    resumed = user.mc("resume", "last", "--yes", "--refresh")
    assert (resumed.status, resumed.stdout) == (1, "")
    assert resumed.stderr.endswith("So nothing was changed\n")
    assert "Error: no cluster matches 'c2'" in resumed.stderr


# --- Why a cluster is unhealthy ------------------------------------------------------------------------------------


def test_why_a_cluster_is_unhealthy_is_shown(user: Shell) -> None:
    mapping(user, "")
    since = "2026-11-23T04:00:00Z"
    message = "no heartbeat since 03:58 " + "x" * 100
    down = {"type": "ControlPlaneHealthy", "status": "False", "reason": "Silent", "message": message}
    status = {
        "conditions": [{**down, "lastTransitionTime": since}],
        "properties": [{"name": "location", "value": "eu", "lastObservedTime": since}],
    }
    patch(user, "c2", {"status": status}, "--subresource=status")
    labels(user, "c2", {"multicluster.x-k8s.io/inventory-member-id": "m-2"})
    assert user.mc("get", "nodes").stderr == "Note: the hub reports as unhealthy: c2 (Silent)\n"
    assert "c2     unhealthy (Silent)" in user.mc("clusters").stdout
    wide = user.mc("clusters", "-o", "wide", "--clusters=c2").stdout
    assert f"(Silent: {message[:100]}…)" in wide
    assert "fleet       m-2" in wide
    gone = {"type": "Joined", "status": "False", "reason": "Detached", "message": "", "lastTransitionTime": since}
    patch(user, "c3", {"status": {"conditions": [gone]}}, "--subresource=status")
    assert user.mc("get", "nodes", "--clusters=c3", "--refresh").stderr == (
        "Note: the hub reports as not joined: c3 (Detached)\n"
    )
    (item,) = json.loads(user.mc("clusters", "-o", "json", "--clusters=c2").stdout)["items"]
    assert item["conditions"] == [{**down, "lastTransitionTime": since}]
    assert (item["healthReason"], item["memberId"], item["inventory"]) == ("Silent", "m-2", "fleet")
    assert (item["properties"], item["lastObservedTimes"]) == ({"location": "eu"}, {"location": since})
