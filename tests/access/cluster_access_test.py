# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access import approvals, cluster_access
from kubectl_mc.access.approvals import ProfileKey
from kubectl_mc.command_line.options import Options
from kubectl_mc.fleet.choice import Choice
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster, named_clusters
from kubectl_mc.fleet.inventory import Inventory
from kubectl_mc.fleet.mapping import ClusterMapping, MappingEntry
from kubectl_mc.messages import UserError
from kubectl_mc.processes.targets import Kubeconfig, Target
from tests.environments import environment

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


NAMES = st.sampled_from(["a", "b", "c"])
KEYS = st.builds(
    ProfileKey, st.sampled_from(["", "hub", "other"]), NAMES.map("fleet/{}".format), st.sampled_from(["", "a", "b"])
)


@given(st.sets(KEYS), st.sets(NAMES), st.sampled_from([None, "hub"]), st.booleans(), st.sets(NAMES))
def test_a_context_that_only_has_the_name_is_for_changes_once_it_is_approved_or_named(
    keys: set[ProfileKey], mapped: set[str], hub: str | None, by_contexts: bool, typed: set[str]
) -> None:
    offers = {key: approvals.context_offer(key.context) for key in keys}
    entries = tuple(MappingEntry(name, "mine") for name in sorted(mapped))
    clusters = tuple(named_clusters(ClusterProfile(name, "fleet") for name in "abc"))
    options = Options(contexts=("*",) if by_contexts else (), hub_context=hub)
    with TemporaryDirectory() as home:
        approvals.update_approvals(approvals.approvals_path(home), lambda before: approvals.approve(before, offers))
        user = environment({"HOME": home}, options)
        choice = Choice(user, clusters, ClusterMapping(None, entries), Inventory(()), OWN)
        targets = cluster_access.context_targets(clusters, choice.mapping, OWN)
        unapproved = cluster_access.clusters_by_unapproved_context(choice, targets)
        assert unapproved == [
            name
            for name in "abc"
            if not by_contexts and name not in mapped and ProfileKey(hub or "", f"fleet/{name}", name) not in keys
        ]
        if not set(unapproved) - typed:
            flags = [("clusters", ",".join(sorted(typed))), ("exclude", "a")]
            cluster_access.refuse_unapproved_contexts(choice, flags)  # asks no kubectl, for there is nothing to refuse


def test_only_clusters_whose_context_is_there_and_not_approved_are_refused(tmp_path: Path) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text("#!/bin/sh\nprintf 'approved\\nunapproved\\nother\\n'\n")
    kubectl.chmod(0o755)
    offers = {ProfileKey("", "fleet/approved", "approved"): approvals.context_offer("approved")}
    path = approvals.approvals_path(str(tmp_path))
    approvals.update_approvals(path, lambda before: approvals.approve(before, offers))
    names = ("approved", "unapproved", "without-context", "named")
    clusters = tuple(named_clusters(ClusterProfile(name, "fleet") for name in names))
    user = environment({"HOME": str(tmp_path)})._replace(kubectl=str(kubectl))
    choice = Choice(user, clusters, ClusterMapping(), Inventory(()), OWN)
    with pytest.raises(UserError) as raised:
        cluster_access.refuse_unapproved_contexts(choice, [("clusters", "named"), ("all-clusters", None)])
    assert "that the hub gives the cluster: unapproved. " in str(raised.value)


@pytest.mark.parametrize(
    ("size", "count", "worth"), [(1_000_000, 100, True), (10_000, 3, False), (0, 100, False), (1_000_000, 1, False)]
)
def test_a_large_kubeconfig_is_split_for_many_clusters(size: int, count: int, worth: bool) -> None:
    assert cluster_access.worth_splitting(size, count) is worth


def test_without_memory_files_nothing_is_split_to_be_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    assert not cluster_access.worth_splitting(1_000_000, 100)


def test_a_context_that_was_not_split_keeps_the_user_s_own() -> None:
    split = {"a": Kubeconfig({"kind": "Config"}, True)}
    targets = cluster_access.with_split_kubeconfigs([Target("c1", "a", OWN), Target("c2", "b", OWN)], split)
    assert targets == [Target("c1", "a", split["a"]), Target("c2", "b", OWN)]
