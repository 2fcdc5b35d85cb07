from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.fleet import cluster_profiles, hub_objects, placements
from kubectl_mc.fleet.cluster_profiles import AccessProvider, ClusterProfile, Condition
from kubectl_mc.messages import UserError
from tests.hostile import JSON, hostile

# A ClusterProfile with every field that the CRD has (fixtures/data/clusterprofiles.yaml).
FULL: dict[str, Any] = {
    "apiVersion": "multicluster.x-k8s.io/v1alpha1",
    "kind": "ClusterProfile",
    "metadata": {
        "name": "prod-eu",
        "namespace": "fleet",
        "labels": {"x-k8s.io/cluster-manager": "ocm", "env": "prod"},
        "resourceVersion": "12",
        "creationTimestamp": "2026-11-20T10:00:00Z",
    },
    "spec": {"displayName": "Production, Europe", "clusterManager": {"name": "ocm"}},
    "status": {
        "version": {"kubernetes": "v1.36.2"},
        "conditions": [
            {"type": "ControlPlaneHealthy", "status": "True", "reason": "Ok", "message": "", "lastTransitionTime": ""},
            {
                "type": "Joined",
                "status": "False",
                "reason": "No",
                "message": "not yet",
                "lastTransitionTime": "2026-11-23T04:30:14Z",
            },
        ],
        "properties": [{"name": "location", "value": "eu", "lastObservedTime": "2026-11-23T04:30:14Z"}],
        "accessProviders": [
            {"name": "kubeconfig", "cluster": {"server": "https://new.example", "certificate-authority-data": "Q0E="}}
        ],
        "credentialProviders": [
            {"name": "kubeconfig", "cluster": {"server": "https://old.example"}},
            {"name": "google", "cluster": {"server": "https://google.example"}},
        ],
    },
}


def parse(*items: object) -> list[ClusterProfile]:
    return cluster_profiles.parse_profiles(
        hub_objects.list_items(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}).encode())
    )


def changed(path: str, value: object) -> dict[str, Any]:
    """FULL with another value at `a.b.c`."""
    copy = json.loads(json.dumps(FULL))
    *parents, last = path.split(".")
    fields = copy
    for parent in parents:
        fields = fields[parent]
    fields[last] = value
    return dict(copy)


def test_every_field_of_the_crd_is_read() -> None:
    assert parse(FULL) == [
        ClusterProfile(
            name="prod-eu",
            namespace="fleet",
            display_name="Production, Europe",
            cluster_manager="ocm",
            labels={"x-k8s.io/cluster-manager": "ocm", "env": "prod"},
            version="v1.36.2",
            conditions=(
                Condition("ControlPlaneHealthy", "True", "Ok"),
                Condition("Joined", "False", "No", "not yet", "2026-11-23T04:30:14Z"),
            ),
            properties={"location": "eu"},
            access_providers=(
                AccessProvider("kubeconfig", {"server": "https://new.example", "certificate-authority-data": "Q0E="}),
                AccessProvider("google", {"server": "https://google.example"}),
            ),
            created="2026-11-20T10:00:00Z",
            observed={"location": "2026-11-23T04:30:14Z"},
        )
    ]


def test_what_is_required_is_enough() -> None:
    item = {
        "apiVersion": cluster_profiles.API_VERSION,
        "metadata": {"name": "a", "namespace": "b"},
        "spec": {"clusterManager": {}},
    }
    assert parse(item) == [ClusterProfile("a", "b")]


@pytest.mark.parametrize(
    ("status", "value"), [("True", True), ("False", False), ("Unknown", None), (True, None), ("", None)]
)
def test_a_condition_is_true_false_or_unknown(status: object, value: bool | None) -> None:
    (profile,) = parse(changed("status.conditions", [{"type": "Joined", "status": status}]))
    assert (profile.joined, profile.healthy) == (value, None)


def test_access_providers_count_before_the_deprecated_credential_providers() -> None:
    assert [provider.cluster["server"] for provider in parse(FULL)[0].access_providers] == [
        "https://new.example",
        "https://google.example",
    ]
    (old,) = parse(changed("status.accessProviders", None))
    assert [provider.name for provider in old.access_providers] == ["kubeconfig", "google"]


@pytest.mark.parametrize(
    "item",
    [
        {**FULL, "apiVersion": "v1"},
        {**FULL, "apiVersion": "cluster.x-k8s.io/v1beta1"},
        {**FULL, "metadata": {}},
        {**FULL, "metadata": None},
        changed("metadata.name", 7),
        changed("metadata.name", ""),
        None, [], "x", 7,
    ],
)  # fmt: skip
def test_what_is_no_named_cluster_profile_is_left_out(item: object) -> None:
    assert parse(item, changed("metadata.name", "other")) == parse(changed("metadata.name", "other"))


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "\x1b[2J", "a b", "\u202ea", "a,b", "a/b", "-a", "A*"])
@pytest.mark.parametrize("field", ["name", "namespace"])
def test_a_name_that_no_object_can_have_is_no_cluster(field: str, name: str) -> None:
    assert parse(changed(f"metadata.{field}", name)) == []


@pytest.mark.parametrize("name", ["a", "prod-eu", "prod.eu.1", "1", "a" * 253])
def test_a_name_that_kubernetes_allows_is_kept(name: str) -> None:
    assert [profile.name for profile in parse(changed("metadata.name", name))] == [name]


@pytest.mark.parametrize(
    "text",
    [
        b"", b"null", b"[]", b"7", b"{}", b'{"items": null}', b'{"items": {}}', b"No resources found", b"\xff",
        b'{"kind": "Status"}', b'{"items": [', b'{"items": ' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_list_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any ValueError, json's own too
        cluster_profiles.parse_profiles(hub_objects.list_items(text))


def test_an_empty_list_has_no_profiles() -> None:
    assert parse() == []


SAID = {"namespace": "n", "label": "l", "property": "p"}


@pytest.mark.parametrize("places", [(), ("namespace",), ("label",), ("property",), ("label", "property"), tuple(SAID)])
def test_a_clusterset_is_said_in_three_places(places: tuple[str, ...]) -> None:
    profile = ClusterProfile(
        "c1",
        "fleet",
        labels={cluster_profiles.CLUSTERSET_LABEL: "l"} if "label" in places else {},
        properties={cluster_profiles.CLUSTERSET_PROPERTY: "p"} if "property" in places else {},
    )
    assert list(profile.clustersets({"fleet": "n"} if "namespace" in places else {"other": "n"}).items()) == [
        (place, SAID[place]) for place in places
    ]


@pytest.mark.parametrize(
    ("status", "reason"), [("True", ""), ("False", "Down"), ("Unknown", "Down"), ("", "Down"), (None, "")]
)
def test_why_a_cluster_is_not_healthy(status: str | None, reason: str) -> None:
    healthy = () if status is None else (Condition("ControlPlaneHealthy", status, "Down"),)
    assert (
        ClusterProfile("c1", "fleet", conditions=(Condition("Joined", "False", "X"), *healthy)).health_reason == reason
    )


def strings(values: Mapping[str, str]) -> bool:
    return all(isinstance(text, str) for pair in values.items() for text in pair)


@given(st.lists(hostile(FULL, 10), max_size=3))
def test_wrong_types_anywhere_count_as_not_given(items: list[object]) -> None:
    for profile in parse(*items):
        assert profile.name
        assert all(
            isinstance(getattr(profile, field), str) for field in ("name", "namespace", "cluster_manager", "version")
        )
        assert strings(profile.labels)
        assert strings(profile.properties)
        assert {profile.healthy, profile.joined} <= {True, False, None}
        assert all(isinstance(name, str) and isinstance(cluster, dict) for name, cluster in profile.access_providers)


@given(st.one_of(st.binary(), JSON.map(lambda value: json.dumps(value).encode())))
def test_garbage_is_at_worst_a_value_error(text: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(cluster_profiles.parse_profiles(hub_objects.list_items(text)), list)


@pytest.mark.parametrize(
    ("namespace", "selector", "argv"),
    [
        (None, None, "get clusterprofiles.v1alpha1.multicluster.x-k8s.io -A -o json"),
        (None, "a=b", "get clusterprofiles.v1alpha1.multicluster.x-k8s.io -A -l a=b -o json"),
        ("fleet", None, "get clusterprofiles.v1alpha1.multicluster.x-k8s.io -n fleet -o json"),
    ],
)
def test_the_profiles_are_asked_for(namespace: str | None, selector: str | None, argv: str) -> None:
    assert cluster_profiles.profiles_words(namespace, selector) == argv.split()


def decision(name: str, *chosen: str, key: str = "", index: str | None = None, namespace: str = "fleet") -> object:
    labels = {placements.DECISION_KEY: key, **({} if index is None else {placements.DECISION_INDEX: index})}
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": labels if key else None},
        "decisions": [{"clusterProfileRef": {"name": profile}} for profile in chosen],
    }


def decided(placement: str, *slices: object) -> list[str]:
    return [name for _, name in placements.parse_decision(slices, placement)]


@pytest.mark.parametrize(
    ("indexes", "order"),
    [
        ({"x": "2", "y": "10", "z": "0"}, "z x y"),
        ({"p-2": None, "p-10": None, "p": None}, "p p-2 p-10"),
        ({"b": "1", "a": "1"}, "a b"),
        ({"a": None, "b": "7"}, "b a"),
        ({"a": "-1", "b": "0", "c": "x", "d": "²"}, "b a c d"),
        ({"a": "9" * 5000, "b": "8" * 5000}, "b a"),
    ],
)
def test_the_slices_of_a_decision_are_in_the_order_of_their_index(indexes: dict[str, str | None], order: str) -> None:
    slices = [decision(name, name, key="roll", index=index) for name, index in indexes.items()]
    assert decided("fleet/roll", *slices) == order.split()


def test_a_slice_may_be_named_and_one_without_a_key_is_a_decision_of_its_own() -> None:
    slices = (decision("roll-a", "c1", key="roll"), decision("roll-b", "c2", "c1", key="roll"), decision("one", "c3"))
    assert decided("roll-b", *slices) == ["c1", "c2"]
    assert decided("one", *slices) == ["c3"]


@pytest.mark.parametrize(
    ("placement", "problem"),
    [
        ("nope", "no PlacementDecision 'nope'. The hub has: fleet/roll, other/roll"),
        ("roll", "placement 'roll' exists more than once: say which of fleet/roll, other/roll"),
        ("third/roll", "no PlacementDecision 'third/roll'."),
    ],
)
def test_a_placement_that_is_not_one_is_said(placement: str, problem: str) -> None:
    slices = (decision("a", key="roll"), decision("b", key="roll", namespace="other"))
    with pytest.raises(UserError) as raised:
        decided(placement, *slices)
    assert str(raised.value).startswith(problem)


@given(st.lists(hostile(decision("a", "c1", key="roll", index="0"), 6), max_size=3))
def test_decisions_with_wrong_types_are_at_worst_said(items: list[object]) -> None:
    with contextlib.suppress(UserError):
        assert all(
            isinstance(text, str) for reference in placements.parse_decision(items, "roll") for text in reference
        )


def test_a_profile_that_is_listed_twice_is_one_cluster() -> None:
    item = {"apiVersion": "multicluster.x-k8s.io/v1alpha1", "metadata": {"name": "c1", "namespace": "fleet"}}
    other = {**item, "metadata": {"name": "c1", "namespace": "other"}}
    listed = cluster_profiles.parse_profiles([item, other, item])
    assert [(profile.namespace, profile.name) for profile in listed] == [("fleet", "c1"), ("other", "c1")]
