"""The hub's inventory: ClusterProfiles (multicluster.x-k8s.io/v1alpha1, KEP-4322) as values.

What a hub says is not trusted: fields of another type than the CRD has count as not given, and what has a name that
no Kubernetes object can have is left out, so that a name needs no care wherever it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

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
DECISION_KEY = "multicluster.x-k8s.io/decision-key"  # what the slices of one decision share, KEP-5313
DECISION_INDEX = "multicluster.x-k8s.io/decision-index"  # a slice's place among them, from 0


def list_command(namespace: str | None, selector: str | None = None) -> list[str]:
    """kubectl's arguments that list the ClusterProfiles of a hub."""
    where = ["-n", namespace] if namespace else ["-A"]
    return ["get", RESOURCE, *where, *(["-l", selector] if selector else []), "-o", "json"]


def clustersets_command(namespace: str | None) -> list[str]:
    """kubectl's arguments that give the namespaces of ClusterSets, or only `namespace`: it may be all one may see."""
    return ["get", "namespaces", *([namespace] if namespace else ["-l", CLUSTERSET]), "-o", "json"]


def placements_command(placement: str, namespace: str | None) -> list[str]:
    """kubectl's arguments that list the PlacementDecisions of a placement; namespace: where, if it doesn't say that."""
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
    """The (namespace, name) of the profiles of a placement, all its slices in their order; without one, by their names.

    placement: [NAMESPACE/]NAME of a slice, or of the decision key that slices share
    Raises UserError if there is none, or if several namespaces have one.
    """
    from kubectl_mc import errors

    space, _, name = placement.rpartition("/")
    slices = [_slice(_mapping(item)) for item in listed]
    found = {
        each.decision for each in slices if name in (each.decision[1], each.name) and space in ("", each.namespace)
    }
    if len(found) != 1:
        known = sorted({"/".join(each.decision) for each in slices})
        raise errors.no_placement(placement, sorted("/".join(decision) for decision in found), known)
    chosen = sorted((each for each in slices if each.decision in found), key=lambda each: each.place)
    references = [
        (_text(reference.get("namespace")) or each.namespace, _text(reference.get("name")))
        for each in chosen
        for reference in each.references
    ]
    return tuple(dict.fromkeys(references))


class _Slice(NamedTuple):
    """A PlacementDecision; one without a key is a decision of its own.

    decision: its (namespace, decision key)
    place: sorts the slices of a decision
    """

    namespace: str
    name: str
    decision: tuple[str, str]
    place: tuple[object, ...]
    references: Sequence[Mapping[str, Any]]


def _slice(item: Mapping[str, Any]) -> _Slice:
    from kubectl_mc.selection import natural

    metadata = _mapping(item.get("metadata"))
    name, namespace = _text(metadata.get("name")), _text(metadata.get("namespace"))
    labels = _mapping(metadata.get("labels"))
    index = _text(labels.get(DECISION_INDEX))
    numbered = index.isascii() and index.isdecimal()
    return _Slice(
        namespace,
        name,
        (namespace, _text(labels.get(DECISION_KEY)) or name),
        (not numbered, natural(index if numbered else ""), natural(name)),
        [_mapping(each.get("clusterProfileRef")) for each in _mappings(item.get("decisions"))],
    )


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
