from __future__ import annotations

import os

import pytest

from kubectl_mc.access import cluster_access
from kubectl_mc.command_line import grammar
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster, named_clusters
from kubectl_mc.fleet.mapping import ClusterMapping, MappingEntry
from kubectl_mc.processes.targets import Kubeconfig, Target

OWN = Kubeconfig(None, starts_programs=False)
PLUGINS = Kubeconfig(None, starts_programs=True)


def test_a_cluster_is_reached_by_its_mapped_context_else_by_one_of_its_name() -> None:
    profiles = [ClusterProfile("a", "fleet"), ClusterProfile("b", "fleet"), ClusterProfile("b", "other")]
    clusters = named_clusters(profiles)
    mapping = ClusterMapping(None, (MappingEntry("b", "general"), MappingEntry("b", "special", "other")))
    assert cluster_access.context_targets(clusters, mapping, PLUGINS) == [
        Target("a", "a", PLUGINS, "context"),
        Target("fleet/b", "general", PLUGINS, "mapping"),
        Target("other/b", "special", PLUGINS, "mapping"),
    ]


def test_two_profiles_of_one_name_don_t_share_the_context_of_that_name() -> None:
    clusters = named_clusters([ClusterProfile("eu", "fleet"), ClusterProfile("eu", "other")])
    targets = cluster_access.context_targets(clusters, ClusterMapping(), PLUGINS)
    assert [target.context for target in targets] == ["fleet/eu", "other/eu"]


def test_a_context_taken_for_a_cluster_is_reached_by_itself() -> None:
    (target,) = cluster_access.context_targets([Cluster("shown", ClusterProfile("raw", ""))], ClusterMapping(), PLUGINS)
    assert (target.cluster, target.context) == ("shown", "raw")


@pytest.mark.parametrize(
    ("size", "count", "worth"), [(1_000_000, 100, True), (10_000, 3, False), (0, 100, False), (1_000_000, 1, False)]
)
def test_a_large_kubeconfig_is_split_for_many_clusters(size: int, count: int, worth: bool) -> None:
    assert cluster_access.worth_splitting(size, count) is worth


@pytest.mark.parametrize(
    ("text", "can"),
    [("get pods", True), ("get pods --kubeconfig=x", True), ("--user x get pods", False), ("get --username=x", True)],
)
def test_where_another_user_entry_is_named_kubectl_reads_the_users_own(text: str, can: bool) -> None:
    assert cluster_access.can_split(grammar.parse_line(text.split())) is can


def test_without_memory_files_nothing_is_split_to_be_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    assert not cluster_access.worth_splitting(1_000_000, 100)


def test_a_context_that_was_not_split_keeps_the_user_s_own() -> None:
    split = {"a": Kubeconfig({"kind": "Config"}, True)}
    targets = cluster_access.with_split_kubeconfigs([Target("c1", "a", OWN), Target("c2", "b", OWN)], split)
    assert targets == [Target("c1", "a", split["a"]), Target("c2", "b", OWN)]
