"""ClusterProfiles (multicluster.x-k8s.io/v1alpha1, KEP-4322) as values.

The hub is not trusted. A field whose type differs from the CRD counts as absent. A profile whose name is not valid in
Kubernetes is left out, so that names can be shown anywhere without escaping.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc.fleet.hub_objects import object_of, objects_of, text_of

# The version is named, because kubectl otherwise takes the one that the server prefers, which may change.
RESOURCE = "clusterprofiles.v1alpha1.multicluster.x-k8s.io"
API_VERSION = "multicluster.x-k8s.io/v1alpha1"

_CLUSTERSET_LABEL = "multicluster.x-k8s.io/clusterset"  # on a namespace, KEP-1645 and KEP-4322
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-.a-z0-9]*[a-z0-9])?")  # RFC 1123, as the API server checks it


class AccessProvider(NamedTuple):
    """A way to reach a cluster; `cluster` is the profile's client.authentication.k8s.io Cluster."""

    name: str
    cluster: Mapping[str, Any]


class ClusterProfile(NamedTuple):
    """A ClusterProfile. The conditions `healthy` and `joined` are None if they are Unknown or absent."""

    name: str
    namespace: str
    display_name: str = ""
    cluster_manager: str = ""
    labels: Mapping[str, str] = {}
    version: str = ""
    healthy: bool | None = None
    joined: bool | None = None
    properties: Mapping[str, str] = {}
    access_providers: tuple[AccessProvider, ...] = ()


def profiles_words(namespace: str | None, selector: str | None = None) -> list[str]:
    """Return kubectl's arguments that list the ClusterProfiles; namespace None: in all namespaces."""
    scope = ["-n", namespace] if namespace else ["-A"]
    return ["get", RESOURCE, *scope, *(["-l", selector] if selector else []), "-o", "json"]


def clustersets_words(namespace: str | None) -> list[str]:
    """Return kubectl's arguments that list the namespaces of ClusterSets.

    With `namespace`, only that one is read, because the user may have no access to others.
    """
    return ["get", "namespaces", *([namespace] if namespace else ["-l", _CLUSTERSET_LABEL]), "-o", "json"]


def parse_profiles(items: Sequence[Any]) -> list[ClusterProfile]:
    """Return the ClusterProfiles among the items of a List, each once: a namespace and a name are one object."""
    profiles: dict[tuple[str, str], ClusterProfile] = {}
    for profile in [_profile(item) for item in map(object_of, items) if item.get("apiVersion") == API_VERSION]:
        if _NAME.fullmatch(profile.name) and _NAME.fullmatch(profile.namespace or "default"):
            profiles.setdefault((profile.namespace, profile.name), profile)
    return list(profiles.values())


def parse_clustersets(items: Sequence[Any]) -> dict[str, str]:
    """Return the ClusterSet of each namespace in a List; "" for a namespace without one."""
    metadata = [object_of(object_of(item).get("metadata")) for item in items]
    return {
        text_of(fields.get("name")): text_of(object_of(fields.get("labels")).get(_CLUSTERSET_LABEL))
        for fields in metadata
    }


def _profile(item: Mapping[str, Any]) -> ClusterProfile:
    metadata, spec, status = (object_of(item.get(field)) for field in ("metadata", "spec", "status"))
    conditions = {
        text_of(condition.get("type")): {"True": True, "False": False}.get(text_of(condition.get("status")))
        for condition in objects_of(status.get("conditions"))
    }
    return ClusterProfile(
        name=text_of(metadata.get("name")),
        namespace=text_of(metadata.get("namespace")),
        display_name=text_of(spec.get("displayName")),
        cluster_manager=text_of(object_of(spec.get("clusterManager")).get("name")),
        labels={key: text_of(value) for key, value in object_of(metadata.get("labels")).items()},
        version=text_of(object_of(status.get("version")).get("kubernetes")),
        healthy=conditions.get("ControlPlaneHealthy"),
        joined=conditions.get("Joined"),
        properties={
            text_of(fields.get("name")): text_of(fields.get("value")) for fields in objects_of(status.get("properties"))
        },
        access_providers=_access_providers(status),
    )


def _access_providers(status: Mapping[str, Any]) -> tuple[AccessProvider, ...]:
    """Return accessProviders, then those of the deprecated credentialProviders with other names (CRD text)."""
    providers: dict[str, AccessProvider] = {}
    for field in ("accessProviders", "credentialProviders"):
        for fields in objects_of(status.get(field)):
            name = text_of(fields.get("name"))
            providers.setdefault(name, AccessProvider(name, object_of(fields.get("cluster"))))
    return tuple(providers.values())
