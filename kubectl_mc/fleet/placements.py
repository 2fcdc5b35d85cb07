"""PlacementDecisions (multicluster.x-k8s.io, KEP-5313): which ClusterProfiles a placement has chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc.fleet import hub_versions
from kubectl_mc.fleet.hub_objects import object_of, objects_of, text_of

DECISION_KEY = "multicluster.x-k8s.io/decision-key"  # label that the slices of one decision share

DECISION_INDEX = "multicluster.x-k8s.io/decision-index"  # label with the number of a slice, from 0


def placements_words(placement: str, namespace: str | None, version: str = hub_versions.VERSIONS[0]) -> list[str]:
    """Return kubectl's arguments that list the PlacementDecisions in the placement's namespace, or in `namespace`."""
    namespace = placement.rpartition("/")[0] or namespace
    scope = ["-n", namespace] if namespace else ["-A"]
    return ["get", hub_versions.resource("placementdecisions", version), *scope, "-o", "json"]


def parse_decision(items: Sequence[Any], placement: str) -> tuple[tuple[str, str], ...]:
    """Return the (namespace, name) of the profiles that a placement has chosen, in the order of its slices.

    placement: [NAMESPACE/]NAME of a slice, or of the decision key that slices share
    Raises UserError if there is no such placement, or if there are several in different namespaces.
    """
    from kubectl_mc import messages

    namespace, _, name = placement.rpartition("/")
    slices = [_slice(object_of(item)) for item in items]
    decisions = {
        part.decision for part in slices if name in (part.decision[1], part.name) and namespace in ("", part.namespace)
    }
    if len(decisions) != 1:
        all_decisions = sorted({"/".join(part.decision) for part in slices})
        raise messages.no_placement(placement, sorted(map("/".join, decisions)), all_decisions)
    references = [
        (text_of(reference.get("namespace")) or part.namespace, text_of(reference.get("name")))
        for part in sorted(slices, key=lambda part: part.order)
        if part.decision in decisions
        for reference in part.references
    ]
    return tuple(dict.fromkeys(references))


class _DecisionSlice(NamedTuple):
    """A PlacementDecision. One without a decision key is a decision of its own.

    decision: its (namespace, decision key)
    order: the sort key of the slice within its decision: by index, without one by name
    references: the clusterProfileRef of each chosen profile
    """

    namespace: str
    name: str
    decision: tuple[str, str]
    order: tuple[object, ...]
    references: Sequence[Mapping[str, Any]]


def _slice(item: Mapping[str, Any]) -> _DecisionSlice:
    from kubectl_mc.messages.natural_order import natural_key

    metadata = object_of(item.get("metadata"))
    name, namespace = text_of(metadata.get("name")), text_of(metadata.get("namespace"))
    labels = object_of(metadata.get("labels"))
    index = text_of(labels.get(DECISION_INDEX))
    is_number = index.isascii() and index.isdecimal()
    return _DecisionSlice(
        namespace,
        name,
        (namespace, text_of(labels.get(DECISION_KEY)) or name),
        (not is_number, natural_key(index if is_number else ""), natural_key(name)),
        [object_of(fields.get("clusterProfileRef")) for fields in objects_of(item.get("decisions"))],
    )
