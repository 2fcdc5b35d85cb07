"""The hub's inventory: ClusterProfiles (multicluster.x-k8s.io/v1alpha1, KEP-4322) as values.

What a hub says is not trusted: fields of another type than the CRD has count as not given, and what has a name that
no Kubernetes object can have is left out, so that a name needs no care wherever it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc.fleet import hub_objects

# With its version: without, kubectl takes the one that the server prefers, which may be another some day.
RESOURCE = "clusterprofiles.v1alpha1.multicluster.x-k8s.io"
API_VERSION = "multicluster.x-k8s.io/v1alpha1"

_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-.a-z0-9]*[a-z0-9])?")  # RFC 1123, as the API server checks it


class AccessProvider(NamedTuple):
    """A way to reach a cluster: `cluster` is a client.authentication.k8s.io Cluster, as the profile has it."""

    name: str
    cluster: Mapping[str, Any]


class ClusterProfile(NamedTuple):
    """A ClusterProfile. Conditions are True, False, or None for Unknown and absent."""

    name: str
    namespace: str
    display_name: str = ""
    manager: str = ""
    labels: Mapping[str, str] = {}
    version: str = ""
    healthy: bool | None = None
    joined: bool | None = None
    properties: Mapping[str, str] = {}
    access_providers: tuple[AccessProvider, ...] = ()


CLUSTERSET = "multicluster.x-k8s.io/clusterset"  # a namespace's label, KEP-1645 and KEP-4322


def profiles_words(namespace: str | None, selector: str | None = None) -> list[str]:
    """kubectl's arguments that list the ClusterProfiles of a hub."""
    where = ["-n", namespace] if namespace else ["-A"]
    return ["get", RESOURCE, *where, *(["-l", selector] if selector else []), "-o", "json"]


def clustersets_words(namespace: str | None) -> list[str]:
    """kubectl's arguments that give the namespaces of ClusterSets, or only `namespace`: it may be all one may see."""
    return ["get", "namespaces", *([namespace] if namespace else ["-l", CLUSTERSET]), "-o", "json"]


def parse_profiles(listed: Sequence[Any]) -> list[ClusterProfile]:
    """The ClusterProfiles among the objects of a List."""
    found = [_profile(item) for item in map(hub_objects.mapping_of, listed) if item.get("apiVersion") == API_VERSION]
    return [each for each in found if _NAME.fullmatch(each.name) and _NAME.fullmatch(each.namespace or "default")]


def parse_clustersets(listed: Sequence[Any]) -> dict[str, str]:
    """Namespace -> ClusterSet, from the namespaces that belong to one."""
    metadata = [hub_objects.mapping_of(hub_objects.mapping_of(item).get("metadata")) for item in listed]
    return {
        hub_objects.text_of(each.get("name")): hub_objects.text_of(
            hub_objects.mapping_of(each.get("labels")).get(CLUSTERSET)
        )
        for each in metadata
    }


def _profile(item: Mapping[str, Any]) -> ClusterProfile:
    metadata, spec, status = (hub_objects.mapping_of(item.get(part)) for part in ("metadata", "spec", "status"))
    conditions = {
        hub_objects.text_of(condition.get("type")): {"True": True, "False": False}.get(
            hub_objects.text_of(condition.get("status"))
        )
        for condition in hub_objects.mappings_of(status.get("conditions"))
    }
    return ClusterProfile(
        name=hub_objects.text_of(metadata.get("name")),
        namespace=hub_objects.text_of(metadata.get("namespace")),
        display_name=hub_objects.text_of(spec.get("displayName")),
        manager=hub_objects.text_of(hub_objects.mapping_of(spec.get("clusterManager")).get("name")),
        labels={
            key: hub_objects.text_of(value) for key, value in hub_objects.mapping_of(metadata.get("labels")).items()
        },
        version=hub_objects.text_of(hub_objects.mapping_of(status.get("version")).get("kubernetes")),
        healthy=conditions.get("ControlPlaneHealthy"),
        joined=conditions.get("Joined"),
        properties={
            hub_objects.text_of(each.get("name")): hub_objects.text_of(each.get("value"))
            for each in hub_objects.mappings_of(status.get("properties"))
        },
        access_providers=_access_providers(status),
    )


def _access_providers(status: Mapping[str, Any]) -> tuple[AccessProvider, ...]:
    """accessProviders, then those of the deprecated credentialProviders whose name isn't among them (CRD text)."""
    found: dict[str, AccessProvider] = {}
    for field in ("accessProviders", "credentialProviders"):
        for each in hub_objects.mappings_of(status.get(field)):
            name = hub_objects.text_of(each.get("name"))
            found.setdefault(name, AccessProvider(name, hub_objects.mapping_of(each.get("cluster"))))
    return tuple(found.values())
