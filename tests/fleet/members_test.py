# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.fleet import members
from kubectl_mc.fleet.cluster_profiles import MEMBER_ID_LABEL, ClusterProfile
from kubectl_mc.fleet.clusters import Cluster, named_clusters

OLD, NEW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def profile(path: str, member_id: str | None = "id", created: str = OLD) -> ClusterProfile:
    """Of `namespace/name`."""
    namespace, _, name = path.partition("/")
    labels = {} if member_id is None else {MEMBER_ID_LABEL: member_id}
    return ClusterProfile(name, namespace, labels=labels, created=created)


def acted_on(profiles: Sequence[ClusterProfile], for_change: bool) -> list[str]:
    """The NAMESPACE/NAME of the profiles by which their clusters are asked or changed."""
    clusters = named_clusters(profiles)
    chosen = members.once_each(clusters, members.find_duplicates(clusters), for_change)
    return [f"{cluster.profile.namespace}/{cluster.profile.name}" for cluster in chosen if not cluster.tie]


@pytest.mark.parametrize(
    ("profiles", "changed", "asked"),
    [
        ([profile("a/x")], ["a/x"], ["a/x"]),
        ([profile("a/x", created=NEW), profile("b/x")], ["b/x"], ["b/x"]),
        ([profile("a/x"), profile("b/y", created=NEW), profile("a/z", "other")], ["a/x", "a/z"], ["a/x", "a/z"]),
        ([profile("a/x"), profile("b/x")], [], ["a/x"]),
        ([profile("a/x"), profile("b/x"), profile("c/x", created=NEW)], [], ["a/x"]),
        ([profile("a/x"), profile("b/x", created=NEW), profile("c/x", created=NEW)], ["a/x"], ["a/x"]),
        # In one inventory.
        ([profile("a/x", created=NEW), profile("a/y")], ["a/y"], ["a/y"]),
        # Not correlated.
        ([profile("a/x", None), profile("b/y", None)], ["a/x", "b/y"], ["a/x", "b/y"]),
        ([profile("a/x", ""), profile("b/y", "")], ["a/x", "b/y"], ["a/x", "b/y"]),
        # A hub that gives no time, or none of an API server.
        ([profile("a/x", created=""), profile("b/x", created=NEW)], [], ["b/x"]),
        ([profile("a/x", created="2025"), profile("b/x", created=NEW)], [], ["b/x"]),
        ([profile("a/x", created="2026-01-01T00:00:00+09:00"), profile("b/x", created=NEW)], [], ["b/x"]),
        ([profile("b/x", created=""), profile("a/x", created="")], [], ["a/x"]),
    ],
)
def test_of_several_profiles_the_oldest_counts(
    profiles: Sequence[ClusterProfile], changed: list[str], asked: list[str]
) -> None:
    for ordered in (profiles, profiles[::-1]):
        assert acted_on(ordered, for_change=True) == changed
        assert acted_on(ordered, for_change=False) == asked


def test_a_cluster_with_one_profile_has_no_duplicates() -> None:
    clusters = named_clusters([profile("a/x"), profile("a/y", "other"), profile("a/z", None)])
    assert members.find_duplicates(clusters) == []


def test_a_tie_names_the_profiles_of_which_none_counts() -> None:
    clusters = named_clusters([profile("a/x"), profile("b/x"), profile("a/y", None)])
    chosen = members.once_each(clusters, members.find_duplicates(clusters), for_change=True)
    assert [(cluster.name, bool(cluster.tie)) for cluster in chosen] == [("a/x", True), ("b/x", True), ("y", False)]
    assert chosen[0].tie == chosen[1].tie
    assert chosen[0].tie.startswith("a/x, b/x are the same cluster by their inventory-member-id")


def test_the_profiles_of_a_member_are_told_even_if_they_are_not_chosen() -> None:
    old, new, other = profile("a/x"), profile("b/y", created=NEW), profile("b/z", None)
    clusters = {cluster.name: cluster for cluster in named_clusters([old, new, other])}
    assert [clusters[name].siblings for name in ("x", "y", "z")] == [(old, new), (old, new), ()]


@pytest.mark.parametrize(
    ("paths", "in_one"), [("a/x b/x", False), ("a/x a/y", True), ("a/x b/x b/y", True), ("a/x b/y c/z", False)]
)
def test_whether_an_inventory_has_duplicates_of_its_own(paths: str, in_one: bool) -> None:
    (duplicates,) = members.find_duplicates(named_clusters(profile(path) for path in paths.split()))
    assert duplicates.in_one_inventory is in_one


@pytest.mark.parametrize(
    ("profiles", "contexts"),
    [
        ([profile("a/x")], ["x"]),
        ([profile("a/x"), profile("b/x")], ["x", "x"]),
        ([profile("a/x"), profile("b/x", "other")], ["a/x", "b/x"]),
        ([profile("a/x", None), profile("b/x", None)], ["a/x", "b/x"]),
        ([profile("a/x", ""), profile("b/x", "")], ["a/x", "b/x"]),
        ([profile("a/x"), profile("b/x", None)], ["a/x", "b/x"]),
    ],
)
def test_a_context_has_the_name_of_one_cluster_only(profiles: list[ClusterProfile], contexts: list[str]) -> None:
    assert [cluster.default_context for cluster in named_clusters(profiles)] == contexts


CREATED = st.sampled_from([OLD, NEW, "2026-01-03T00:00:00Z", "", "junk"])
PROFILES = st.lists(
    st.builds(
        profile,
        st.sampled_from([f"{namespace}/{name}" for namespace in "abc" for name in "xyz"]),
        st.sampled_from([None, "", "1", "2", "3"]),
        CREATED,
    ),
    unique_by=lambda item: (item.namespace, item.name),
)


def chosen(profiles: Sequence[ClusterProfile], for_change: bool) -> list[Cluster]:
    clusters = named_clusters(profiles)
    return members.once_each(clusters, members.find_duplicates(clusters), for_change)


@given(PROFILES, st.booleans())
def test_no_member_is_acted_on_twice(profiles: list[ClusterProfile], for_change: bool) -> None:
    ids = [cluster.profile.member_id for cluster in chosen(profiles, for_change) if not cluster.tie]
    assert all(count == 1 for member_id, count in Counter(ids).items() if member_id)


@given(PROFILES, st.booleans(), st.randoms())
def test_the_order_of_the_hub_s_list_does_not_matter(
    profiles: list[ClusterProfile], for_change: bool, random: object
) -> None:
    shuffled = list(profiles)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    before, after = (
        {cluster.name: cluster for cluster in chosen(ordered, for_change)} for ordered in (profiles, shuffled)
    )
    assert after == before


@given(PROFILES)
def test_every_member_is_asked_and_a_change_acts_on_the_same_profiles_or_on_none(
    profiles: list[ClusterProfile],
) -> None:
    asked, changed = chosen(profiles, for_change=False), chosen(profiles, for_change=True)
    assert {item.member_id for item in profiles} == {cluster.profile.member_id for cluster in asked}
    assert all(cluster in asked for cluster in changed if not cluster.tie)
    assert len([item for item in profiles if not item.member_id]) == len(
        [cluster for cluster in changed if not cluster.profile.member_id]
    )


@given(PROFILES)
def test_a_change_acts_on_the_oldest_only(profiles: list[ClusterProfile]) -> None:
    for cluster in chosen(profiles, for_change=True):
        same = [item for item in profiles if item.member_id and item.member_id == cluster.profile.member_id]
        others = [item.created for item in same if item != cluster.profile]
        if not cluster.tie:
            assert all(cluster.profile.created < created for created in others)


@given(PROFILES, st.sets(st.sampled_from("abc")))
def test_a_profile_that_is_not_selected_does_not_matter(profiles: list[ClusterProfile], namespaces: set[str]) -> None:
    """What is done with the selected ones is what would be done if there were no others."""
    clusters = [cluster for cluster in named_clusters(profiles) if cluster.profile.namespace in namespaces]
    left = members.once_each(clusters, members.find_duplicates(clusters), for_change=True)
    alone = chosen([item for item in profiles if item.namespace in namespaces], for_change=True)
    assert {(cluster.profile.namespace, cluster.profile.name, bool(cluster.tie)) for cluster in left} == {
        (cluster.profile.namespace, cluster.profile.name, bool(cluster.tie)) for cluster in alone
    }
