"""The hub's inventory: ClusterProfiles (multicluster.x-k8s.io/v1alpha1, KEP-4322) as values.

What a hub says is not trusted: fields of another type than the CRD has count as not given, and what has a name that
no Kubernetes object can have is left out, so that a name needs no care wherever it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

RESOURCE = "clusterprofiles.multicluster.x-k8s.io"
API_VERSION = "multicluster.x-k8s.io/v1alpha1"

_NAME = re.compile(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?")  # RFC 1123, as the API server checks it


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


def list_command(context: str | None, namespace: str | None) -> list[str]:
    """kubectl's arguments that list the ClusterProfiles of a hub; context None is the current one."""
    chosen = ["--context", context] if context else []
    where = ["-n", namespace] if namespace else ["-A"]
    return [*chosen, "get", RESOURCE, *where, "-o", "json"]


def parse_list(text: bytes) -> list[ClusterProfile]:
    """The profiles in `kubectl get clusterprofiles -o json`. Raises ValueError if it is no list of objects."""
    import json

    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise ValueError("no items")
    profiles = [_profile(item) for item in items if _mapping(item).get("apiVersion") == API_VERSION]
    return [each for each in profiles if _NAME.fullmatch(each.name) and _NAME.fullmatch(each.namespace or "default")]


def _profile(item: Mapping[str, Any]) -> ClusterProfile:
    metadata, spec, status = (_mapping(item.get(part)) for part in ("metadata", "spec", "status"))
    conditions = {
        _text(condition.get("type")): {"True": True, "False": False}.get(_text(condition.get("status")))
        for condition in _mappings(status.get("conditions"))
    }
    return ClusterProfile(
        name=_text(metadata.get("name")),
        namespace=_text(metadata.get("namespace")),
        display_name=_text(spec.get("displayName")),
        manager=_text(_mapping(spec.get("clusterManager")).get("name")),
        labels={key: _text(value) for key, value in _mapping(metadata.get("labels")).items()},
        version=_text(_mapping(status.get("version")).get("kubernetes")),
        healthy=conditions.get("ControlPlaneHealthy"),
        joined=conditions.get("Joined"),
        properties={_text(each.get("name")): _text(each.get("value")) for each in _mappings(status.get("properties"))},
        access_providers=_access_providers(status),
    )


def _access_providers(status: Mapping[str, Any]) -> tuple[AccessProvider, ...]:
    """accessProviders, then those of the deprecated credentialProviders whose name isn't among them (CRD text)."""
    found: dict[str, AccessProvider] = {}
    for field in ("accessProviders", "credentialProviders"):
        for each in _mappings(status.get(field)):
            name = _text(each.get("name"))
            found.setdefault(name, AccessProvider(name, _mapping(each.get("cluster"))))
    return tuple(found.values())


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: object) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
