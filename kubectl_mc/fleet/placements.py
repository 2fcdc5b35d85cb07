# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""PlacementDecisions (multicluster.x-k8s.io, KEP-5313): which ClusterProfiles a placement has chosen, and why. Pure.

A decision is one PlacementDecision, or several, its slices. Slices of one decision share the label decision-key, or
without it the BASE of their names, BASE-0, BASE-1 … A scheduler that replaces its decision may write slice after slice:
those of one revision share the label decision-revision, and only the newest whole revision counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from kubectl_mc.fleet import hub_versions
from kubectl_mc.fleet.hub_objects import object_of, objects_of, text_of
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any

# Labels of a PlacementDecision.
DECISION_KEY = "multicluster.x-k8s.io/decision-key"  # that the slices of one decision share
DECISION_INDEX = "multicluster.x-k8s.io/decision-index"  # the number of a slice, from 0
DECISION_REVISION = "multicluster.x-k8s.io/decision-revision"  # that the slices written together share
PLACEMENT_KEY = "multicluster.x-k8s.io/placement-key"  # of the workload that the decision is for

_FULL = 100  # clusters; the most that a slice holds (CRD)

_SLICE_NAME = r"(.+)-(0|[1-9]\d*)"


class ClusterDecision(NamedTuple):
    """That a placement has chosen a cluster, by the namespace and name of its ClusterProfile."""

    namespace: str
    name: str
    reason: str = ""
    scheduler: str = ""

    @property
    def reference(self) -> tuple[str, str]:
        """The (namespace, name) of the ClusterProfile."""
        return self.namespace, self.name


def placements_words(placement: str, namespace: str | None, version: str = hub_versions.VERSIONS[0]) -> list[str]:
    """Return kubectl's arguments that list the PlacementDecisions in the placement's namespace, or in `namespace`."""
    namespace = placement.rpartition("/")[0] or namespace
    scope = ["-n", namespace] if namespace else ["-A"]
    return ["get", hub_versions.resource("placementdecisions", version), *scope, "-o", "json"]


def parse_decision(items: Sequence[Any], placement: str, namespaces: Sequence[str] = ()) -> tuple[ClusterDecision, ...]:
    """Return what a placement has chosen, each profile once, in the order of its slices.

    placement: [NAMESPACE/]NAME of a decision (its decision key, the name of a slice, or the BASE of slices without a
    key), or if the namespace has none of that name, the placement key of one
    namespaces: those that are read for a placement without a namespace; none for all
    Raises UserError if there is no such placement, if there are several, or if no revision of it is whole.
    """
    from kubectl_mc import messages

    namespace, _, name = placement.rpartition("/")
    slices = [_slice(object_of(item)) for item in items]
    named: _Decisions = {}
    for parts in _by(slices, lambda part: (part.namespace, "")).values():
        if namespace in ("", parts[0].namespace):
            named |= _decisions_of(name, parts)
    if len(named) != 1:
        all_decisions = sorted({"/".join(part.decision) for part in slices})
        raise messages.no_placement(placement, sorted(map("/".join, named)), all_decisions, namespaces)
    ((decision, parts),) = named.items()
    whole = _newest_whole_revision(parts)
    if whole is None:
        raise messages.no_whole_placement(*decision)
    decisions: dict[tuple[str, str], ClusterDecision] = {}
    for part in sorted(whole, key=lambda part: part.order):
        for chosen in part.chosen:
            decisions.setdefault(chosen.reference, chosen)
    return tuple(decisions.values())


class _Slice(NamedTuple):
    """A PlacementDecision, with its labels; "" for those that it lacks.

    written: its resourceVersion, which is a number that grows with each write (KEP-5504)
    """

    namespace: str
    name: str
    key: str
    index_label: str
    revision: str
    placement_key: str
    written: str
    chosen: Sequence[ClusterDecision]

    @property
    def decision(self) -> tuple[str, str]:
        """The (namespace, name) of its decision.

        A slice without a key is a decision of its own, unless it is numbered by its label and its name alike.
        """
        base, number = self.base_and_number
        return self.namespace, self.key or (base if base and self.index_label == number else self.name)

    @property
    def base_and_number(self) -> tuple[str, str]:
        """The parts of its name `BASE-NUMBER` if it has no key, or else two empty texts."""
        match = re.fullmatch(_SLICE_NAME, self.name)
        return ("", "") if self.key or not match else (match[1], match[2])

    @property
    def order(self) -> tuple[object, ...]:
        """The sort key of the slice in a whole decision: by index; if no slice of it has one, by name."""
        from kubectl_mc.messages.natural_order import natural_key

        return natural_key(self.index_label), natural_key(self.name)


_Decisions = dict[tuple[str, str], list[_Slice]]  # (namespace, name) -> its slices


def _decisions_of(name: str, slices: Sequence[_Slice]) -> _Decisions:
    """Return the decisions in one namespace that a name means: their own name, or else their placement key."""
    decisions = _by(slices, lambda part: part.decision)
    bases = {
        base: [part._replace(index_label=part.index_label or part.base_and_number[1]) for part in parts]
        for base, parts in _by(slices, lambda part: (part.namespace, part.base_and_number[0])).items()
        if any(part.base_and_number[1] == "0" for part in parts)
    }
    by_workload: _Decisions = {}
    for part in slices:
        if not name or part.placement_key != name:
            continue
        base = part.namespace, part.base_and_number[0]
        if base in bases:
            labelled = [other for other in bases[base] if other.placement_key == name]
            by_workload[base if len(labelled) > 1 else part.decision] = labelled
        else:
            by_workload[part.decision] = decisions[part.decision]
    candidates = (
        {decision: parts for decision, parts in decisions.items() if decision[1] == name},
        {decision: parts for decision, parts in decisions.items() if any(part.name == name for part in parts)},
        {base: parts for base, parts in bases.items() if base[1] == name},
        by_workload,
    )
    return next(filter(None, candidates), {})


def _by(slices: Iterable[_Slice], name: Callable[[_Slice], tuple[str, str]]) -> _Decisions:
    groups: _Decisions = {}
    for part in slices:
        groups.setdefault(name(part), []).append(part)
    return groups


def _newest_whole_revision(slices: Sequence[_Slice]) -> Sequence[_Slice] | None:
    """Return the slices of the newest revision that is whole; None if there is none.

    KEP-5313 leaves the values of decision-revision open. If all are numbers, the largest is the newest, or else the one
    of which a slice was written last. Slices without the label are older than those with it.
    """
    from kubectl_mc.messages.natural_order import natural_key

    revisions: dict[str, list[_Slice]] = {}
    for part in slices:
        revisions.setdefault(part.revision, []).append(part)
    are_numbers = all(revision.isascii() and revision.isdecimal() for revision in revisions if revision)

    def age(revision: str) -> tuple[object, ...]:
        written = max(natural_key(part.written) for part in revisions[revision])
        return bool(revision), natural_key(revision) if are_numbers else written, written

    newest_first = sorted(revisions, key=age, reverse=True)
    is_only_one = len(revisions) == 1
    newer_indexes: set[str] = set()
    for name in newest_first:
        indexes = {part.index_label for part in revisions[name]}
        # What is left of a revision may look whole, if a newer one is being written over the end of it. Where both have
        # a slice of one index, each has slices of its own.
        is_intact = not newer_indexes or not newer_indexes.isdisjoint(indexes)
        if is_intact and _is_whole(revisions[name], is_only_one):
            return revisions[name]
        newer_indexes |= indexes
    return None


def _is_whole(slices: Sequence[_Slice], is_only_revision: bool) -> bool:
    """Return whether no slice of a revision is missing, as far as that can be told.

    The indexes of slices count from 0. How many there are to be is said nowhere: while there are slices of another
    revision, one whose slices are all full may have more of them soon.
    """
    if not is_only_revision and all(len(part.chosen) >= _FULL for part in slices):
        return False
    indexes = [part.index_label for part in slices if part.index_label]
    return not indexes or sorted(indexes) == sorted(map(str, range(len(slices))))


def _slice(item: Mapping[str, Any]) -> _Slice:
    metadata = object_of(item.get("metadata"))
    labels = object_of(metadata.get("labels"))
    namespace, scheduler = text_of(metadata.get("namespace")), text_of(item.get("schedulerName"))
    return _Slice(
        namespace=namespace,
        name=text_of(metadata.get("name")),
        key=text_of(labels.get(DECISION_KEY)),
        index_label=text_of(labels.get(DECISION_INDEX)),
        revision=text_of(labels.get(DECISION_REVISION)),
        placement_key=text_of(labels.get(PLACEMENT_KEY)),
        written=text_of(metadata.get("resourceVersion")),
        chosen=[_chosen(fields, namespace, scheduler) for fields in objects_of(item.get("decisions"))],
    )


def _chosen(fields: Mapping[str, Any], namespace: str, scheduler: str) -> ClusterDecision:
    reference = object_of(fields.get("clusterProfileRef"))
    return ClusterDecision(
        text_of(reference.get("namespace")) or namespace,
        text_of(reference.get("name")),
        text_of(fields.get("reason")),
        scheduler,
    )
