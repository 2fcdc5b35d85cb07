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


CLUSTERSET = "multicluster.x-k8s.io/clusterset"  # a namespace's label, KEP-1645 and KEP-4322
DECISION_KEY = "multicluster.x-k8s.io/decision-key"  # what the slices of one decision share, KEP-5313


def list_command(namespace: str | None, selector: str | None = None) -> list[str]:
    """kubectl's arguments that list the ClusterProfiles of a hub."""
    where = ["-n", namespace] if namespace else ["-A"]
    return ["get", RESOURCE, *where, *(["-l", selector] if selector else []), "-o", "json"]


def clustersets_command(namespace: str | None) -> list[str]:
    """kubectl's arguments that give the namespaces of ClusterSets, or the one namespace, which may be all one may see."""
    return ["get", "namespaces", *([namespace] if namespace else ["-l", CLUSTERSET]), "-o", "json"]


def placements_command(placement: str, namespace: str | None) -> list[str]:
    """kubectl's arguments that list the PlacementDecisions among which a placement is; namespace: where, if not said."""
    space = placement.rpartition("/")[0] or namespace
    return ["get", "placementdecisions.multicluster.x-k8s.io", *(["-n", space] if space else ["-A"]), "-o", "json"]


def items(text: bytes) -> list[Any]:
    """The items of a List in JSON; an object by itself is one. Raises ValueError if it is neither."""
    import json

    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("nested without end") from None
    document = document if isinstance(document, dict) else {}
    found = document.get("items", [document] if "metadata" in document else None)
    if not isinstance(found, list):
        raise ValueError("no items")
    return found


def profiles(listed: Sequence[Any]) -> list[ClusterProfile]:
    """The ClusterProfiles among the objects of a List."""
    found = [_profile(item) for item in map(_mapping, listed) if item.get("apiVersion") == API_VERSION]
    return [each for each in found if _NAME.fullmatch(each.name) and _NAME.fullmatch(each.namespace or "default")]


def clustersets(listed: Sequence[Any]) -> dict[str, str]:
    """Namespace -> ClusterSet, from the namespaces that belong to one."""
    metadata = [_mapping(_mapping(item).get("metadata")) for item in listed]
    return {_text(each.get("name")): _text(_mapping(each.get("labels")).get(CLUSTERSET)) for each in metadata}


def decided(listed: Sequence[Any], placement: str) -> tuple[tuple[str, str], ...]:
    """The (namespace, name) of the profiles of a placement, all its slices in the order of their names.

    placement: [NAMESPACE/]NAME of a slice, or of the decision key that slices share
    Raises UserError if there is none, or if several namespaces have one.
    """
    from kubectl_mc import errors
    from kubectl_mc.selection import natural

    space, _, name = placement.rpartition("/")
    slices = [_mapping(item) for item in listed]
    keys = {_slice(each)[:2] for each in slices if name in _slice(each)[1:] and space in ("", _slice(each)[0])}
    if len(keys) != 1:
        known = sorted({"/".join(_slice(each)[:2]) for each in slices})
        raise errors.no_placement(placement, sorted("/".join(key) for key in keys), known)
    chosen = sorted((each for each in slices if _slice(each)[:2] in keys), key=lambda each: natural(_slice(each)[2]))
    references = [
        (_slice(each)[0], _mapping(decision.get("clusterProfileRef")))
        for each in chosen
        for decision in _mappings(each.get("decisions"))
    ]
    found = ((_text(each.get("namespace")) or where, _text(each.get("name"))) for where, each in references)
    return tuple(dict.fromkeys(found))


def _slice(item: Mapping[str, Any]) -> tuple[str, str, str]:
    """(namespace, decision key, name) of a PlacementDecision; one without a key is a decision of its own."""
    metadata = _mapping(item.get("metadata"))
    name = _text(metadata.get("name"))
    return _text(metadata.get("namespace")), _text(_mapping(metadata.get("labels")).get(DECISION_KEY)) or name, name


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
