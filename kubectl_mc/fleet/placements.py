"""TODO."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc.fleet import hub_objects

DECISION_KEY = "multicluster.x-k8s.io/decision-key"  # what the slices of one decision share, KEP-5313
DECISION_INDEX = "multicluster.x-k8s.io/decision-index"  # a slice's place among them, from 0


def placements_words(placement: str, namespace: str | None) -> list[str]:
    """kubectl's arguments that list the PlacementDecisions of a placement; namespace: where, if it doesn't say that."""
    space = placement.rpartition("/")[0] or namespace
    return ["get", "placementdecisions.multicluster.x-k8s.io", *(["-n", space] if space else ["-A"]), "-o", "json"]


def parse_decision(listed: Sequence[Any], placement: str) -> tuple[tuple[str, str], ...]:
    """The (namespace, name) of the profiles of a placement, all its slices in their order; without one, by their names.

    placement: [NAMESPACE/]NAME of a slice, or of the decision key that slices share
    Raises UserError if there is none, or if several namespaces have one.
    """
    from kubectl_mc import messages

    space, _, name = placement.rpartition("/")
    slices = [_slice(hub_objects.mapping_of(item)) for item in listed]
    found = {
        each.decision for each in slices if name in (each.decision[1], each.name) and space in ("", each.namespace)
    }
    if len(found) != 1:
        known = sorted({"/".join(each.decision) for each in slices})
        raise messages.no_placement(placement, sorted("/".join(decision) for decision in found), known)
    chosen = sorted((each for each in slices if each.decision in found), key=lambda each: each.place)
    references = [
        (hub_objects.text_of(reference.get("namespace")) or each.namespace, hub_objects.text_of(reference.get("name")))
        for each in chosen
        for reference in each.references
    ]
    return tuple(dict.fromkeys(references))


class _DecisionSlice(NamedTuple):
    """A PlacementDecision; one without a key is a decision of its own.

    decision: its (namespace, decision key)
    place: sorts the slices of a decision
    """

    namespace: str
    name: str
    decision: tuple[str, str]
    place: tuple[object, ...]
    references: Sequence[Mapping[str, Any]]


def _slice(item: Mapping[str, Any]) -> _DecisionSlice:
    from kubectl_mc.messages.natural_order import natural_key

    metadata = hub_objects.mapping_of(item.get("metadata"))
    name, namespace = hub_objects.text_of(metadata.get("name")), hub_objects.text_of(metadata.get("namespace"))
    labels = hub_objects.mapping_of(metadata.get("labels"))
    index = hub_objects.text_of(labels.get(DECISION_INDEX))
    numbered = index.isascii() and index.isdecimal()
    return _DecisionSlice(
        namespace,
        name,
        (namespace, hub_objects.text_of(labels.get(DECISION_KEY)) or name),
        (not numbered, natural_key(index if numbered else ""), natural_key(name)),
        [
            hub_objects.mapping_of(each.get("clusterProfileRef"))
            for each in hub_objects.mappings_of(item.get("decisions"))
        ],
    )
