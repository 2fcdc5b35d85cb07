# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access.context_patterns import (
    PatternMatch,
    carried_over,
    field_values,
    has_field,
    likely_patterns,
    match_pattern,
    patterns_of,
    unknown_field,
)
from kubectl_mc.fleet.cluster_profiles import MEMBER_ID_LABEL, ClusterProfile
from kubectl_mc.fleet.clusters import Cluster, named_clusters


def clusters(*names: str) -> list[Cluster]:
    return named_clusters(ClusterProfile(name, "fleet") for name in names)


@pytest.mark.parametrize(
    ("pattern", "contexts", "missing"),
    [
        ("admin@{name}", {"a": "admin@a", "b": "admin@b"}, {"c": "admin@c"}),
        ("{namespace}/{name}", {}, {"a": "fleet/a", "b": "fleet/b", "c": "fleet/c"}),
        ("gke_p_eu_{name}", {"c": "gke_p_eu_c"}, {"a": "gke_p_eu_a", "b": "gke_p_eu_b"}),
        ("{name}-{name}", {"a": "a-a"}, {"b": "b-b", "c": "c-c"}),
        ("{id}", {}, {"a": "", "b": "", "c": ""}),
    ],
)
def test_what_a_pattern_gives(pattern: str, contexts: dict[str, str], missing: dict[str, str]) -> None:
    names = ["admin@a", "admin@b", "gke_p_eu_c", "a-a", ""]
    assert match_pattern(pattern, clusters("a", "b", "c"), names, {}) == PatternMatch(contexts, missing, {})


def test_a_context_is_not_given_to_two_clusters() -> None:
    a, b, c = clusters("a", "b", "c")
    same = match_pattern("all-{namespace}", [a, b], ["all-fleet"], {})
    assert same == PatternMatch({}, {}, {"all-fleet": ("a", "b")})
    taken = match_pattern("admin@{name}", [a, b], ["admin@a", "admin@b"], {"admin@b": [c]})
    assert taken == PatternMatch({"a": "admin@a"}, {}, {"admin@b": ("b", "c")})


def test_profiles_of_one_member_cluster_have_one_context() -> None:
    profiles = [ClusterProfile("a", namespace, labels={MEMBER_ID_LABEL: "m"}) for namespace in ("n1", "n2")]
    match = match_pattern("admin@{name}", named_clusters(profiles), ["admin@a"], {})
    assert match.contexts == {"n1/a": "admin@a", "n2/a": "admin@a"}


def test_a_value_of_the_hub_is_no_pattern() -> None:
    profile = ClusterProfile("a", "fleet", "{name}", properties={"cluster.clusterset.k8s.io": "{display}"})
    match = match_pattern("{id}@{display}", named_clusters([profile]), ["a@a", "{display}@{name}"], {})
    assert match.contexts == {"a": "{display}@{name}"}


@pytest.mark.parametrize(
    ("pattern", "unknown"),
    [
        ("admin@{name}", None),
        ("{namespace}_{id}_{display}", None),
        ("{nmae}", "{nmae}"),
        ("{}", "{}"),
        ("{name", "{name"),
        ("name}", "}"),
        ("{{name}}", "{"),
        ("{name!r}", "{name!r}"),
        ("{name.__class__}", "{name.__class__}"),
    ],
)
def test_the_fields(pattern: str, unknown: str | None) -> None:
    assert unknown_field(pattern) == unknown


def test_a_pattern_has_a_field() -> None:
    assert (has_field("prod"), has_field("prod-{name}")) == (False, True)


@pytest.mark.parametrize(
    ("context", "others", "pattern", "count"),
    [
        ("prod-eu-admin", ["prod-us-admin", "dev-admin", "prod-ap"], "{name}-admin", 2),
        ("gke_prod-eu_x_prod-eu", ["gke_prod-eu_x_prod-us"], "gke_prod-eu_x_{name}", 1),
        ("prod-eu@prod-eu", ["prod-us@prod-us", "dev@dev", "prod-eu@dev"], "{name}@{name}", 2),
        ("Prod EU", ["Prod US"], "Prod {display}", None),
        ("prod-eu-admin", ["elsewhere"], None, None),
        ("other", ["prod-us"], None, None),
        ("{prod-eu}", ["{prod-us}"], None, None),
    ],
)
def test_what_an_answer_carries_over(context: str, others: list[str], pattern: str | None, count: int | None) -> None:
    chosen, *rest = (cluster for name in ("prod-eu", "prod-us", "dev") for cluster in clusters(name))
    carried = carried_over(context, chosen, rest, [context, *others], {})
    if count is None:
        assert carried is None
    else:
        assert carried
        assert (carried[0], len(carried[1].contexts)) == (pattern, count)


def test_patterns_that_fit_the_most_are_named() -> None:
    names = ["a-admin", "b-admin", "c-admin", "kind-a", "kind-b", "d"]
    likely = likely_patterns(clusters("a", "b", "c", "d"), names, {})
    assert likely == [("{name}-admin", 3), ("kind-{name}", 2)]


def test_a_pattern_that_gives_one_cluster_a_context_is_not_named() -> None:
    (other,) = clusters("x")
    assert likely_patterns(clusters("a", "b"), ["a-admin", "b-admin"], {}) == [("{name}-admin", 2)]
    assert likely_patterns(clusters("a", "b"), ["a-admin", "b-admin"], {"b-admin": [other]}) == []


TEXTS = st.text("ab{}name-@", max_size=6)
NAMES = st.lists(st.text("ab-", min_size=1, max_size=3), max_size=6, unique=True)
PATTERNS = st.lists(st.sampled_from(["{name}", "{namespace}", "{id}", "{display}", "a", "-", "@"]), max_size=4)


@st.composite
def fleets(draw: st.DrawFn) -> list[Cluster]:
    profiles = [
        ClusterProfile(name, namespace, draw(TEXTS), properties={"cluster.clusterset.k8s.io": draw(TEXTS)})
        for namespace in ("a", "b")
        for name in draw(NAMES)
    ]
    return named_clusters(profiles)


@given(fleets(), PATTERNS.map("".join), st.sets(TEXTS, max_size=12), st.data())
def test_a_pattern_gives_only_contexts_that_exist_each_to_one_cluster(
    fleet: Sequence[Cluster], pattern: str, contexts: set[str], data: st.DataObject
) -> None:
    names = {*contexts, *(cluster.profile.name for cluster in fleet[::2])}
    holder = Cluster("holder", ClusterProfile("holder", "c"))
    taken = {name: [holder] for name in data.draw(st.sets(st.sampled_from(sorted(names))))} if names else {}
    match = match_pattern(pattern, fleet, names, taken)
    given_contexts = list(match.contexts.values())
    assert {*given_contexts} <= names - {*taken}
    assert len(given_contexts) == len({*given_contexts})
    shared = {name for group in match.shared.values() for name in group} - {"holder"}
    assert [*match.contexts, *match.missing, *shared] == list(dict.fromkeys([*match.contexts, *match.missing, *shared]))
    assert {*match.contexts, *match.missing, *shared} == {cluster.name for cluster in fleet}


@given(fleets().filter(bool), st.text("ab{}name-@", max_size=3), st.text("ab{}name-@", max_size=3))
def test_what_is_carried_over_gives_the_answer_itself(fleet: Sequence[Cluster], before: str, after: str) -> None:
    cluster = fleet[0]
    context = before + cluster.profile.name + after
    for pattern in patterns_of(context, field_values(cluster)):
        assert unknown_field(pattern) is None
        assert match_pattern(pattern, [cluster], [context], {}).contexts == {cluster.name: context}
