# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.command_line import grammar
from kubectl_mc.commands.compare import _Answer, _renaming
from kubectl_mc.merge.comparable_objects import ObjectKey
from kubectl_mc.merge.comparison import ComparedObject, Group
from kubectl_mc.merge.owned_fields import MISSING


def alike(number: int, *not_compared: str) -> ComparedObject:
    group = Group(("c1", "c2"), {"a": 1})
    return ComparedObject(ObjectKey("", "ConfigMap", "shop", f"cm{number}"), (group,), group, not_compared)


def answer(*objects: ComparedObject, form: str = "", verbose: bool = False) -> str:
    own = _Answer(form, (), "all 2 clusters", coloured=False, verbose=verbose)
    for each in objects:
        own.add(each)
    return own.text()


def test_many_objects_that_are_alike_are_counted() -> None:
    many = [alike(number) for number in range(11)]
    assert answer(*many) == "11 objects are alike in all 2 clusters\n"
    assert answer(*many[1:]).count("\n") == 10
    assert answer(*many, verbose=True).count("\n") == 11
    assert answer(*many, form="name") == ""


def test_what_is_not_compared_is_always_said() -> None:
    many = [alike(number) for number in range(11)]
    lines = answer(*many, alike(12, ".spec.replicas")).splitlines()
    assert lines == [
        "configmap/cm12 -n shop: alike in all 2 clusters",
        "  not compared, as a subresource sets it: .spec.replicas",
        "11 other objects are alike in all 2 clusters",
    ]


def test_what_differs_comes_first() -> None:
    groups = Group(("c1",), {"a": 1}), Group(("c2",), MISSING)
    differing = ComparedObject(ObjectKey("", "ConfigMap", "shop", "z"), groups, groups[0])
    assert answer(alike(1), differing) == (
        "configmap/z -n shop\n  CLUSTER: c1\n  CLUSTER: c2 (absent)\n\nconfigmap/cm1 -n shop: alike in all 2 clusters\n"
    )
    assert answer(alike(1), differing, form="name") == "configmap/z -n shop\n"


@pytest.mark.parametrize(
    ("words", "namespace"),
    [("deploy", ""), ("deploy -n shop", "shop"), ("deploy -A", "shop"), ("deploy -n s,t", "shop")],
)
def test_without_a_typed_namespace_contexts_may_have_different_ones(words: str, namespace: str) -> None:
    renamed = _renaming(grammar.parse_line(["get", *words.split()]), None)
    assert renamed(ObjectKey("apps", "Deployment", "shop", "web")).namespace == namespace


def test_what_a_file_puts_into_a_namespace_stays_there() -> None:
    here, there = ObjectKey("", "ConfigMap", "", "a"), ObjectKey("", "ConfigMap", "shop", "b")
    renamed = _renaming(grammar.parse_line(["get"]), {here: {}, there: {}})
    assert renamed(here._replace(namespace="default")) == here
    assert renamed(there) == there
