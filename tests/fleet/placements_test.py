# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What a placement has chosen: by which names, from which slices, of which revision."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.fleet import placements
from kubectl_mc.fleet.placements import ClusterDecision
from kubectl_mc.messages import UserError
from tests.hostile import hostile

LABELS = {
    "key": placements.DECISION_KEY,
    "index": placements.DECISION_INDEX,
    "revision": placements.DECISION_REVISION,
    "workload": placements.PLACEMENT_KEY,
}


def decision(name: str, *chosen: str, namespace: str = "fleet", written: str = "", **labels: str | None) -> object:
    """A slice that has chosen these profiles. labels: by the names in LABELS; None for one that it lacks"""
    given_labels = {LABELS[label]: value for label, value in labels.items() if value is not None}
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": given_labels or None, "resourceVersion": written},
        "decisions": [{"clusterProfileRef": {"name": profile}} for profile in chosen],
    }


def decided(placement: str, *slices: object) -> list[str]:
    return [chosen.name for chosen in placements.parse_decision(slices, placement)]


def refused(placement: str, *slices: object) -> str:
    with pytest.raises(UserError) as raised:
        decided(placement, *slices)
    return str(raised.value)


@pytest.mark.parametrize(
    ("placement", "namespace", "scope"),
    [
        ("canary", None, ["-A"]),
        ("canary", "fleet", ["-n", "fleet"]),
        ("argocd/canary", None, ["-n", "argocd"]),
        ("argocd/canary", "fleet", ["-n", "argocd"]),
    ],
)
def test_placements_are_listed_where_they_may_be(placement: str, namespace: str | None, scope: list[str]) -> None:
    words = placements.placements_words(placement, namespace, "v1alpha1")
    assert words == ["get", "placementdecisions.v1alpha1.multicluster.x-k8s.io", *scope, "-o", "json"]


@pytest.mark.parametrize(
    ("indexes", "order"),
    [
        ({"x": "1", "y": "2", "z": "0"}, "z x y"),
        ({f"s{number}": str(11 - number) for number in range(12)}, " ".join(f"s{11 - n}" for n in range(12))),
        ({"p-2": None, "p-10": None, "p": None}, "p p-2 p-10"),
    ],
)
def test_the_slices_of_a_decision_are_in_the_order_of_their_index(indexes: dict[str, str | None], order: str) -> None:
    slices = [decision(name, name, key="roll", index=index) for name, index in indexes.items()]
    assert decided("fleet/roll", *slices) == order.split()


@pytest.mark.parametrize(
    "indexes",
    [
        {"a": "0", "b": "2"},
        {"b": "0", "a": "0"},
        {"a": None, "b": "7"},
        {"a": "0", "b": None, "c": "1"},
        {"a": "-1", "b": "0", "c": "x", "d": "²"},
        {"a": "9" * 5000, "b": "8" * 5000},
    ],
)
def test_slices_that_are_missing_by_their_index_are_not_passed_over(indexes: dict[str, str | None]) -> None:
    slices = [decision(name, name, key="roll", index=index) for name, index in indexes.items()]
    assert refused("fleet/roll", *slices).startswith("placement 'fleet/roll' isn't whole")


def test_a_cluster_is_chosen_once_with_the_first_reason() -> None:
    slices = [
        {
            "metadata": {"name": f"p-{index}", "namespace": "fleet", "labels": {placements.DECISION_KEY: "p"}},
            "schedulerName": "kueue",
            "decisions": [
                {"clusterProfileRef": {"name": "c1"}, "reason": f"near {index}"},
                {"clusterProfileRef": {"name": "c1", "namespace": "other"}},
            ],
        }
        for index in (1, 0)
    ]
    assert placements.parse_decision(slices, "p") == (
        ClusterDecision("fleet", "c1", "near 0", "kueue"),
        ClusterDecision("other", "c1", "", "kueue"),
    )


# Slices of four decisions; their cluster says where it is from.
KEYED = (
    decision("roll-a", "a", key="roll", index="0", workload="shop"),
    decision("roll-b", "b", key="roll", index="1", workload="shop"),
)
ALONE = (decision("one", "o", workload="cart"),)
NAMED = (decision("app-1", "y"), decision("app-0", "x"), decision("app-10", "z"), decision("app-x", "w"))
STEPS = (decision("step-1", "s1"), decision("step-2", "s2"))
ALL = (*KEYED, *ALONE, *NAMED[:2], *STEPS)


@pytest.mark.parametrize(
    ("placement", "chosen"),
    [
        ("roll", "a b"),
        ("roll-b", "a b"),
        ("fleet/roll-b", "a b"),
        ("one", "o"),
        ("shop", "a b"),
        ("fleet/shop", "a b"),
        ("cart", "o"),
        ("app", "x y"),
        ("app-1", "y"),
        ("step-1", "s1"),
    ],
)
def test_a_placement_is_named_by_its_key_a_slice_the_base_of_its_slices_or_its_workload(
    placement: str, chosen: str
) -> None:
    assert decided(placement, *ALL) == chosen.split()


@pytest.mark.parametrize(
    ("placement", "slices", "chosen"),
    [
        # Its own name is more exact than that of its workload.
        ("roll", (decision("other", "x", workload="roll"), *KEYED), "a b"),
        # Slices without a key that are numbered by label and name alike are one decision, whichever is named.
        ("s-1", (decision("s-0", "a", index="0"), decision("s-1", "b", index="1")), "a b"),
        ("s-1", (decision("s-0", "a", index="0"), decision("s-1", "b", index="0")), "b"),
        # One workload, slices without a key.
        ("w", (decision("s-1", "b", workload="w"), decision("s-0", "a", workload="w")), "a b"),
        ("w", (decision("s-1", "b"), decision("s-0", "a", workload="w")), "a"),
        ("w", (decision("s-7", "b", workload="w"),), "b"),
        # An empty decision is one.
        ("none", (decision("none"),), ""),
        # In the order of their names' numbers, or their labels'.
        ("s", tuple(decision(f"s-{number}", str(number)) for number in (10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)),
         "0 1 2 3 4 5 6 7 8 9 10"),
        ("s", (decision("s-0", "a", index="1"), decision("s-1", "b", index="0")), "b a"),
    ],
)  # fmt: skip
def test_which_slices_belong_together(placement: str, slices: tuple[object, ...], chosen: str) -> None:
    assert decided(placement, *slices) == chosen.split()


@pytest.mark.parametrize(
    ("placement", "problem"),
    [
        ("nope", "no PlacementDecision 'nope'. The hub has: fleet/roll, other/roll"),
        ("roll", "placement 'roll' exists more than once: say which of fleet/roll, other/roll"),
        ("third/roll", "no PlacementDecision 'third/roll' in namespace third."),
        ("fleet/", "no PlacementDecision 'fleet/' in namespace fleet."),
    ],
)
def test_a_placement_that_is_not_one_is_said(placement: str, problem: str) -> None:
    slices = (decision("a", key="roll"), decision("b", key="roll", namespace="other"))
    assert refused(placement, *slices).startswith(problem)


@pytest.mark.parametrize(
    ("placement", "namespaces", "slices", "problem"),
    [
        ("roll", (), (), "no PlacementDecision 'roll'. The hub has none"),
        (
            "roll",
            ("kueue",),
            (),
            "no PlacementDecision 'roll' in namespace kueue, as --inventory says where to look. There is none. "
            "For one in another namespace: --placement=NAMESPACE/NAME",
        ),
        (
            "roll",
            ("fleet", "kueue"),
            (decision("a"),),
            "no PlacementDecision 'roll' in namespaces fleet, kueue, as --inventory says where to look. "
            "There are: fleet/a. For one in another namespace: --placement=NAMESPACE/NAME",
        ),
        ("other/roll", ("fleet",), (), "no PlacementDecision 'other/roll' in namespace other. There is none"),
        ("other/roll", (), (decision("a", namespace="other"),),
         "no PlacementDecision 'other/roll' in namespace other. There are: other/a"),
    ],
)  # fmt: skip
def test_it_is_said_where_a_placement_was_looked_for(
    placement: str, namespaces: tuple[str, ...], slices: tuple[object, ...], problem: str
) -> None:
    with pytest.raises(UserError) as caught:
        placements.parse_decision(slices, placement, namespaces)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("placement", "slices", "names"),
    [
        # One workload with two decisions, here and in another namespace.
        ("w", (decision("a", key="x", workload="w"), decision("b", key="y", workload="w")), "fleet/x, fleet/y"),
        ("w", (decision("a", workload="w"), decision("b", workload="w", namespace="other")), "fleet/a, other/b"),
        ("w", (decision("w"), decision("b", workload="w", namespace="other")), "fleet/w, other/b"),
        ("w", (decision("s-1", workload="w"), decision("s-2", workload="w")), "fleet/s-1, fleet/s-2"),
        ("s", (decision("s-0"), decision("s-0", namespace="other")), "fleet/s, other/s"),
    ],
)
def test_what_may_be_several_placements_is_asked_for(placement: str, slices: tuple[object, ...], names: str) -> None:
    problem = f"placement '{placement}' exists more than once: say which of {names}"
    assert refused(placement, *slices) == problem
    for name in names.split(", "):
        assert decided(name, *slices) == []


FULL = tuple(f"c{number}" for number in range(100))


def revision(name: str, **slices: tuple[str, ...]) -> list[object]:
    """The slices of a revision: by `iINDEX`, what they have chosen."""
    return [
        decision(f"{name}-{index}", *chosen, key="roll", index=index[1:], revision=name, written="1")
        for index, chosen in slices.items()
    ]


A, B, C = ("a",), ("b",), ("c",)


@pytest.mark.parametrize(
    ("slices", "chosen"),
    [
        ([*revision("7", i0=A, i1=B)], "a b"),
        ([*revision("7", i0=A, i1=B), *revision("8", i0=C)], "c"),
        ([*revision("9", i0=A), *revision("10", i0=B)], "b"),
        # Half-written: a slice is missing, or the last one is full and others may follow.
        ([*revision("7", i0=A, i1=B), *revision("8", i1=C)], "a b"),
        ([*revision("7", i0=A, i1=B), *revision("8", i0=FULL)], "a b"),
        ([*revision("6", i0=C), *revision("7", i0=A, i1=B), *revision("8", i0=FULL, i2=C)], "a b"),
        # Written in place: of the older one, slices are gone.
        ([*revision("7", i1=B), *revision("8", i0=C)], "c"),
        # All there is, though full.
        ([*revision("7", i0=FULL)], " ".join(FULL)),
        ([*revision("7", i0=FULL, i1=C)], f"{' '.join(FULL)} c"),
        # Without the label: older than one with it, whatever the index.
        ([decision("x", "x", key="roll", index="3"), *revision("7", i0=A)], "a"),
    ],
)
def test_only_the_newest_whole_revision_counts(slices: list[object], chosen: str) -> None:
    for order in (slices, slices[::-1]):
        assert decided("roll", *order) == chosen.split()


@pytest.mark.parametrize(
    "slices",
    [
        revision("7", i1=A),
        revision("7", i0=A, i2=B),
        [*revision("7", i0=A), *revision("7", i0=B)],
        [*revision("7", i1=A), *revision("8", i0=FULL)],
        revision("7", i01=A),
        revision("7", i0=A, ix=B),
        [*revision("7", i0=A), *revision("8", i1=B)],
        [*revision("7", i0=A, i1=B), *revision("8", i2=C)],
        [decision("x", "x", key="roll", index="3"), *revision("7", i1=A)],
    ],
)
def test_a_placement_that_is_not_whole_is_said(slices: list[object]) -> None:
    assert refused("roll", *slices).startswith("placement 'fleet/roll' isn't whole: slices of it are missing")


def test_slices_that_only_their_names_join_have_no_gap() -> None:
    assert decided("app", *NAMED[:2], NAMED[3]) == ["x", "y"]
    assert refused("app", *NAMED).startswith("placement 'fleet/app' isn't whole")
    assert refused("step", *STEPS).startswith("no PlacementDecision 'step'. The hub has: fleet/step-1, fleet/step-2")


def written(**slices: tuple[str, str]) -> list[object]:
    """Slices without an index: by name, the revision, and the resourceVersion of the last write."""
    return [
        decision(name, name, key="roll", revision=label, written=version) for name, (label, version) in slices.items()
    ]


@pytest.mark.parametrize(
    ("slices", "chosen"),
    [
        (written(a=("9f3c", "12"), b=("02ab", "7")), "a"),
        (written(a=("9f3c", "9"), b=("02ab", "10")), "b"),
        (written(a=("9f3c", "9"), b=("02ab", "10"), c=("9f3c", "11")), "a c"),
        (written(a=("3", "9"), b=("2", "10")), "a"),
        (written(a=("3", "9"), b=("x", "10")), "b"),
        (written(a=("3" * 5000, "9"), b=("2" * 5000, "10")), "a"),
    ],
)
def test_the_newest_revision_is_the_largest_number_or_the_last_one_written(slices: list[object], chosen: str) -> None:
    assert decided("roll", *slices) == chosen.split()


SLICE: Mapping[str, Any] = {
    **dict(decision("a-0", "c1", key="roll", index="0", revision="1", workload="w", written="5").items()),  # type: ignore[attr-defined]
    "schedulerName": "x",
}


@given(st.lists(hostile(SLICE, 6), max_size=3), st.sampled_from(["roll", "w", "a-0", "a"]))
def test_decisions_with_wrong_types_are_at_worst_said(items: list[object], placement: str) -> None:
    with contextlib.suppress(UserError):
        for chosen in placements.parse_decision(items, placement):
            assert all(isinstance(text, str) for text in chosen)


_TEXTS = st.sampled_from(["", "0", "1", "a", "w", "a-0", "a-1", "²", "-1"])


@given(st.lists(st.builds(decision, _TEXTS, _TEXTS, **dict.fromkeys(LABELS, _TEXTS)), max_size=5), _TEXTS)
def test_slices_of_different_revisions_are_never_mixed(slices: list[Any], placement: str) -> None:
    for number, item in enumerate(slices):
        item["decisions"][0]["clusterProfileRef"]["name"] = str(number)
    with contextlib.suppress(UserError):
        chosen = [slices[int(name)]["metadata"]["labels"] or {} for name in decided(placement, *slices)]
        assert len({labels.get(placements.DECISION_REVISION, "") for labels in chosen}) <= 1
