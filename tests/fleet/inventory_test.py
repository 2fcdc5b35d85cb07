# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kubectl_mc.command_line.options import Options
from kubectl_mc.fleet import inventory
from kubectl_mc.fleet.inventory import Inventory, InventoryQuery
from kubectl_mc.fleet.placements import ClusterDecision
from kubectl_mc.messages import UserError
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.targets import Kubeconfig, Target
from tests.environments import environment

REFUSED = "The connection to the server h was refused - did you specify the right host or port?"
FORBIDDEN = 'Error from server (Forbidden): namespaces is forbidden: User "joe" cannot list resource "namespaces"'

OWN = Kubeconfig(None, starts_programs=True)

NAMED, CURRENT = InventoryQuery("hub"), InventoryQuery()


def listing(kind: str, *items: dict[str, Any]) -> str:
    return json.dumps({"kind": "List", "items": [{"kind": kind, **item} for item in items]})


def profiles(*names: str, namespace: str = "fleet") -> str:
    version = {"apiVersion": "multicluster.x-k8s.io/v1alpha1"}
    items = ({**version, "metadata": {"name": name, "namespace": namespace}} for name in names)
    return listing("ClusterProfile", *items)


NAMESPACES = listing(
    "Namespace", {"metadata": {"name": "fleet", "labels": {"multicluster.x-k8s.io/clusterset": "prod"}}}
)
DECISIONS = listing(
    "PlacementDecision",
    {
        "metadata": {"name": "p", "namespace": "fleet"},
        "schedulerName": "us",
        "decisions": [{"clusterProfileRef": {"name": "b"}, "reason": "near"}],
    },
)
CHOSEN = ClusterDecision("fleet", "b", "near", "us")


class Hub(NamedTuple):
    """A kubectl that says what the files in a folder say, or fails with what is in `KIND.error`."""

    folder: Path

    def says(self, **answers: str) -> None:
        """By kind (profiles, namespaces, decisions), what is answered."""
        for kind, text in answers.items():
            (self.folder / kind).write_text(text)
            (self.folder / f"{kind}.error").unlink(missing_ok=True)

    def fails(self, text: str, *kinds: str) -> None:
        for kind in kinds or ("profiles", "namespaces", "decisions"):
            (self.folder / f"{kind}.error").write_text(text)

    def find(self, query: InventoryQuery = NAMED, refresh: bool = False) -> Inventory:
        return inventory.get_inventory(
            self.environment(refresh), query, lambda: Target("hub", query.context or "", OWN)
        )

    def environment(self, refresh: bool = False, kubeconfig: str | None = None) -> Environment:
        """Of a user whose home is the folder. kubeconfig: the value of KUBECONFIG, by default a file in the folder"""
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        variables["KUBECONFIG"] = kubeconfig or str(self.folder / "config")
        return environment(variables, Options(refresh=refresh, cluster_timeout=20.0), str(self.folder / "kubectl"))

    @property
    def cache(self) -> Path:
        return self.folder / ".kube" / "cache" / "kubectl-mc"

    def asked(self) -> Sequence[str]:
        """The command lines since the last look."""
        record = self.folder / "asked"
        lines = record.read_text().splitlines() if record.exists() else []
        record.unlink(missing_ok=True)
        return sorted(lines)


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(
        f"""#!/bin/sh
        echo "$@" >> {tmp_path}/asked
        case $* in *clusterprofiles*) kind=profiles ;; *decisions*) kind=decisions ;; *) kind=namespaces ;; esac
        if [ -e {tmp_path}/$kind.error ]; then cat {tmp_path}/$kind.error >&2; exit 1; fi
        case $* in *--namespace=kueue*) [ -e {tmp_path}/$kind-kueue ] && kind=$kind-kueue ;; esac
        case $* in *--selector=*) [ -e {tmp_path}/$kind-by_selector ] && kind=$kind-by_selector ;; esac
        cat {tmp_path}/$kind
        """
    )
    kubectl.chmod(0o755)
    (tmp_path / "config").write_text("kind: Config")
    made = Hub(tmp_path)
    made.says(profiles=profiles("a", "b"), namespaces=NAMESPACES, decisions=DECISIONS)
    return made


def names(inventory: Inventory) -> list[str]:
    return [profile.name for profile in inventory.profiles]


def test_commands_that_ask_for_more_share_the_clusters_with_those_that_don_t(hub: Hub) -> None:
    """`clusters --refresh` shows what the next `get` runs on."""
    assert names(hub.find()) == ["a", "b"]
    hub.says(profiles=profiles("c"))
    table = hub.find(NAMED._replace(clustersets="optional"), refresh=True)
    assert (names(table), table.clustersets) == (["c"], {"fleet": "prod"})
    hub.asked()
    assert names(hub.find()) == ["c"]
    hub.find(NAMED._replace(placement="p"))
    assert len(hub.asked()) == 2
    everything = hub.find(NAMED._replace(placement="p", clustersets="required"))
    assert (everything.placement_decision, everything.clustersets) == ((CHOSEN,), {"fleet": "prod"})
    assert hub.asked() == []


@pytest.mark.parametrize(
    "other",
    [InventoryQuery("other"), NAMED._replace(namespaces=("x",)), InventoryQuery()],
)
def test_another_question_has_another_answer(hub: Hub, other: InventoryQuery) -> None:
    hub.find()
    hub.says(profiles=profiles("c"))
    assert names(hub.find(other)) == ["c"]
    assert names(hub.find()) == ["a", "b"]


def test_a_hub_that_has_no_clusters_any_more_leaves_none(hub: Hub) -> None:
    hub.find()
    hub.says(profiles=profiles())
    assert names(hub.find(refresh=True)) == []
    hub.fails(REFUSED)
    assert (names(hub.find()), hub.find().stale_reason) == ([], "connection refused")
    hub.says(profiles=profiles("new"))
    assert names(hub.find()) == ["new"]  # a hub that had none is asked again


def test_another_kubeconfig_has_the_hub_asked_but_leaves_what_it_said(hub: Hub) -> None:
    hub.find()
    (hub.folder / "config").write_text("kind: Config  # with another namespace")
    hub.asked()
    hub.find()
    assert len(hub.asked()) == 1
    (hub.folder / "config").write_text("kind: Config")
    hub.fails(REFUSED)
    answer = hub.find()
    assert (names(answer), answer.stale_reason) == (["a", "b"], "connection refused")
    assert len(os.listdir(hub.cache)) == 1


def test_a_relative_path_is_another_kubeconfig_in_another_folder(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    (hub.folder / "elsewhere").mkdir()
    monkeypatch.chdir(hub.folder)
    inventory.get_inventory(hub.environment(kubeconfig="config"), NAMED, lambda: Target("hub", "hub", OWN))
    hub.fails(REFUSED)
    monkeypatch.chdir(hub.folder / "elsewhere")
    with pytest.raises(UserError, match="connection refused"):
        inventory.get_inventory(hub.environment(kubeconfig="config"), NAMED, lambda: Target("hub", "hub", OWN))


def test_another_kubeconfig_s_current_context_may_be_another_hub(hub: Hub) -> None:
    hub.find(CURRENT)
    hub.fails(REFUSED)
    assert names(hub.find(CURRENT, refresh=True)) == ["a", "b"]
    (hub.folder / "config").write_text("kind: Config  # with another current-context")
    with pytest.raises(UserError, match="connection refused"):
        hub.find(CURRENT)


def test_who_may_not_see_namespaces_sees_clusters(hub: Hub) -> None:
    hub.fails(FORBIDDEN, "namespaces")
    wanted = NAMED._replace(clustersets="optional")
    assert hub.find(wanted).clustersets is None
    hub.asked()
    assert names(hub.find(wanted)) == ["a", "b"]
    assert hub.asked() == []  # that it isn't known is kept, too
    required = NAMED._replace(clustersets="required")
    assert hub.find(required).clustersets is None
    assert hub.asked() != []  # the right may have been given since
    hub.says(namespaces=NAMESPACES)
    assert hub.find(required).clustersets == {"fleet": "prod"}


def test_no_namespace_is_asked_for_again_where_each_profile_says_its_clusterset(hub: Hub) -> None:
    items = json.loads(profiles("a", "b"))["items"]
    for item in items:
        item["metadata"]["labels"] = {"multicluster.x-k8s.io/clusterset": "own"}
    hub.says(profiles=listing("ClusterProfile", *items))
    hub.fails(FORBIDDEN, "namespaces")
    required = NAMED._replace(clustersets="required")
    for asked in (2, 0):
        answer = hub.find(required)
        assert [answer.clusterset(profile) for profile in answer.profiles] == ["own", "own"]
        assert len(hub.asked()) == asked


def test_where_a_namespace_is_named_nothing_is_asked_outside_it(hub: Hub) -> None:
    hub.says(namespaces=json.dumps(json.loads(NAMESPACES)["items"][0]))
    answer = hub.find(NAMED._replace(namespaces=("fleet",), clustersets="required", placement="p"))
    assert (answer.clustersets, answer.placement_decision) == ({"fleet": "prod"}, (CHOSEN,))
    assert hub.asked() == [
        "get --context=hub --namespace=fleet --output=json clusterprofiles.v1alpha2.multicluster.x-k8s.io",
        "get --context=hub --namespace=fleet --output=json placementdecisions.v1alpha2.multicluster.x-k8s.io",
        "get --context=hub --output=json namespaces fleet",
    ]
    hub.find(NAMED._replace(placement="fleet/p"))
    assert (
        hub.asked()[1]
        == "get --context=hub --namespace=fleet --output=json placementdecisions.v1alpha2.multicluster.x-k8s.io"
    )


@pytest.mark.parametrize("problem", [FORBIDDEN, "error: exec plugin: x", "error: something", ""])
def test_a_refusal_is_an_answer(hub: Hub, problem: str) -> None:
    hub.find()
    hub.fails(problem)
    with pytest.raises(UserError):
        hub.find(refresh=True)


def test_each_of_several_inventories_is_read_by_itself(hub: Hub) -> None:
    (hub.folder / "profiles-kueue").write_text(profiles("a", namespace="kueue"))
    both = NAMED._replace(namespaces=("fleet", "kueue"), clustersets="optional", placement="p")
    for _ in ("the hub is asked", "its answer is kept"):
        found = [(profile.namespace, profile.name) for profile in hub.find(both).profiles]
        assert found == [("fleet", "a"), ("fleet", "b"), ("kueue", "a")]
    asked = hub.asked()
    assert [line for line in asked if "-n" in line or "--namespace" in line or "namespaces" in line] == asked
    assert len(asked) == 6
    # A placement that says its namespace is asked for once.
    hub.find(both._replace(placement="fleet/p"))
    assert len([line for line in hub.asked() if "placementdecisions" in line]) == 1
    hub.fails(FORBIDDEN, "profiles")
    with pytest.raises(UserError, match="forbidden"):
        hub.find(both, refresh=True)


def test_a_selector_chooses_of_all_profiles_which_are_kept_for_every_selector(hub: Hub) -> None:
    """What a name means, and which inventories there are, must not depend on the labels that are asked for."""
    assert hub.find().by_selector is None
    hub.asked()
    (hub.folder / "profiles-by_selector").write_text(profiles("b"))
    eu = NAMED._replace(selector="region in (eu)")
    for _ in ("the hub is asked", "its answer is kept"):
        answer = hub.find(eu)
        assert (names(answer), answer.by_selector) == (["a", "b"], (("fleet", "b"),))
    assert hub.asked() == [
        "get --context=hub --all-namespaces=true --output=json clusterprofiles.v1alpha2.multicluster.x-k8s.io",
        "get --context=hub --all-namespaces=true --selector=region in (eu) --output=json "
        "clusterprofiles.v1alpha2.multicluster.x-k8s.io",
    ]
    assert hub.find().by_selector is None
    assert hub.asked() == []
    (hub.folder / "profiles-by_selector").write_text(profiles())
    assert hub.find(NAMED._replace(selector="region=us")).by_selector == ()
    assert hub.find(eu).by_selector == (("fleet", "b"),)
    hub.asked()
    both = eu._replace(namespaces=("fleet", "kueue"))
    (hub.folder / "profiles-kueue").write_text(profiles("a", namespace="kueue"))
    assert names(hub.find(both)) == ["a", "b", "a"]
    assert len(hub.asked()) == 4
    hub.fails(REFUSED)
    assert hub.find(eu, refresh=True).by_selector == (("fleet", "b"),)
    with pytest.raises(UserError, match="connection refused"):
        hub.find(NAMED._replace(selector="region=ap"))


def test_who_needs_what_the_hub_says_now_asks_it_in_any_case(hub: Hub) -> None:
    hub.find()
    hub.says(profiles=profiles("new"))
    fresh = inventory.get_inventory(hub.environment(), NAMED, lambda: Target("hub", "hub", OWN), refresh=True)
    assert (names(fresh), names(hub.find())) == (["new"], ["new"])


@pytest.mark.parametrize("value", ["{}", "[1]", '[{"name": "a"}]', "null", '"text"', "7"])
@pytest.mark.parametrize("part", ["profiles", "clustersets", "placement_decision", "by_selector"])
def test_what_is_damaged_is_asked_for_again(hub: Hub, part: str, value: str) -> None:
    everything = NAMED._replace(clustersets="required", placement="p", selector="x")
    before = hub.find(everything)
    for path in hub.cache.iterdir():
        kept = json.loads(path.read_text())
        if f'"{part}"' in kept["key"]:
            path.write_text(json.dumps({**kept, "value": json.loads(value)}))
    assert hub.find(everything)._replace(age=0.0).profiles == before.profiles


def test_an_inventory_by_a_kubeconfig_from_a_pipe_is_not_kept(hub: Hub) -> None:
    hub.find()
    kept = sorted(hub.cache.iterdir())
    hub.asked()
    read, write = os.pipe()
    try:
        user = hub.environment(kubeconfig=f"/dev/fd/{read}")
        for _ in range(2):
            inventory.get_inventory(user, NAMED, lambda: Target("hub", "fleet", OWN))
            assert len(hub.asked()) == 1
    finally:
        os.close(read)
        os.close(write)
    assert sorted(hub.cache.iterdir()) == kept


def test_another_pod_may_be_on_another_hub(hub: Hub) -> None:
    account = hub.folder / "account"
    account.mkdir()
    (account / "ca.crt").write_text("one")
    query = InventoryQuery("in-cluster")
    user = hub.environment()._replace(service_account=str(account))

    def find() -> Inventory:
        return inventory.get_inventory(user, query, lambda: Target("hub", "", OWN))

    assert (names(find()), len(hub.asked())) == (["a", "b"], 1)
    assert (names(find()), len(hub.asked())) == (["a", "b"], 0)
    (account / "ca.crt").write_text("another")
    assert (names(find()), len(hub.asked())) == (["a", "b"], 1)
    (account / "ca.crt").write_text("a third one")
    hub.fails(REFUSED)
    with pytest.raises(UserError):
        find()
