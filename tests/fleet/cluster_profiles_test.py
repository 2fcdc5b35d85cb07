# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.fleet import cluster_profiles, hub_objects, hub_versions
from kubectl_mc.fleet.cluster_profiles import AccessProvider, ClusterProfile, Condition
from tests.hostile import JSON, hostile

# A ClusterProfile with every field that v1alpha1 has (fixtures/data/clusterprofiles.yaml).
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
        "apiVersion": hub_versions.API_VERSIONS[0],
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


def test_the_ids_are_those_of_the_property_s_two_names() -> None:
    names = ("cluster.clusterset.k8s.io", "clusterset.k8s.io/cluster-id", "cluster-id")
    (profile,) = parse(changed("status.properties", [{"name": name, "value": f"of {name}"} for name in names]))
    assert profile.cluster_ids == ("of cluster.clusterset.k8s.io", "of clusterset.k8s.io/cluster-id")


def test_access_providers_count_before_the_deprecated_credential_providers() -> None:
    assert [provider.cluster["server"] for provider in parse(FULL)[0].access_providers] == [
        "https://new.example",
        "https://google.example",
    ]
    (old,) = parse(changed("status.accessProviders", None))
    assert [provider.name for provider in old.access_providers] == ["kubeconfig", "google"]
    (new,) = parse({**FULL, "apiVersion": "multicluster.x-k8s.io/v1alpha2"})  # which has none of these
    assert [provider.cluster["server"] for provider in new.access_providers] == ["https://new.example"]


@pytest.mark.parametrize("version", hub_versions.VERSIONS)
def test_of_providers_with_one_name_the_first_counts_and_any_number_is_read(version: str) -> None:
    """v1alpha2 refuses both; a hub that isn't one needn't."""
    providers = [{"name": f"p{number}", "cluster": {"server": f"https://{number}"}} for number in range(100)]
    item = changed("status.accessProviders", [*providers, {"name": "p0", "cluster": {"server": "https://evil"}}])
    item["status"]["credentialProviders"] = []
    (profile,) = parse({**item, "apiVersion": f"multicluster.x-k8s.io/{version}"})
    assert [provider.cluster for provider in profile.access_providers] == [field["cluster"] for field in providers]


@pytest.mark.parametrize(
    "item",
    [
        {**FULL, "apiVersion": "v1"},
        {**FULL, "apiVersion": "cluster.x-k8s.io/v1beta1"},
        {**FULL, "apiVersion": "multicluster.x-k8s.io/v1beta1"},
        {**FULL, "apiVersion": ["multicluster.x-k8s.io/v1alpha2"]},
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
        (None, None, "get clusterprofiles.v1alpha2.multicluster.x-k8s.io -A -o json"),
        (None, "a=b", "get clusterprofiles.v1alpha2.multicluster.x-k8s.io -A -l a=b -o json"),
        ("fleet", None, "get clusterprofiles.v1alpha2.multicluster.x-k8s.io -n fleet -o json"),
    ],
)
def test_the_profiles_are_asked_for(namespace: str | None, selector: str | None, argv: str) -> None:
    assert cluster_profiles.profiles_words(namespace, selector) == argv.split()


def test_a_profile_that_is_listed_twice_is_one_cluster() -> None:
    item = {"apiVersion": "multicluster.x-k8s.io/v1alpha1", "metadata": {"name": "c1", "namespace": "fleet"}}
    other = {**item, "metadata": {"name": "c1", "namespace": "other"}}
    listed = cluster_profiles.parse_profiles([item, other, item])
    assert [(profile.namespace, profile.name) for profile in listed] == [("fleet", "c1"), ("other", "c1")]
