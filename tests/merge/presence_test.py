# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.merge.presence import lacks_all
from kubectl_mc.merge.report import make_report
from kubectl_mc.processes.event_loop import Result
from tests.environments import request

MISSING = 'Error from server (NotFound): pods "{}" not found\n'
NO_TYPE = 'error: the server doesn\'t have a resource type "widgets"\n'
NO_KIND = (
    'error: resource mapping not found for name: "g1" namespace: "" from "x": no matches for kind "Gadget" in version '
    '"v1"\nensure CRDs are installed first\n'
)
NO_NAMESPACE = 'Error from server (NotFound): namespaces "shop" not found\n'


@pytest.mark.parametrize(
    ("text", "stderr", "all_of_it"),
    [
        ("wait pod/a", MISSING.format("a"), True),
        ("wait pod/a pod/b", MISSING.format("b"), False),
        ("wait pod a b", MISSING.format("b"), False),
        ("wait pod a b", MISSING.format("b") * 2, False),
        ("wait pod a b", MISSING.format("a") + MISSING.format("b"), True),
        ("wait po,pods a", MISSING.format("a"), False),
        ("wait widgets -l a", "error: no matching resources found\n", True),
        ("wait pods,widgets --all", "error: no matching resources found\n", True),
        ("wait pods,widgets --all", NO_TYPE, False),
        ("wait widgets/a widgets/b", NO_TYPE, True),
        ("wait widgets/a pods/b", NO_TYPE, False),
        ("rollout status deploy/a deploy/b", MISSING.format("b"), False),
        ("wait", MISSING.format("b"), False),
    ],
)
def test_what_is_asked_for_by_words(text: str, stderr: str, all_of_it: bool) -> None:
    assert lacks_all(stderr, request(text).line, None) == all_of_it


POD = "{apiVersion: v1, kind: Pod, metadata: {name: %s, namespace: shop}}"
LIST = "{kind: List, items: [%s]}"
GADGET = "{apiVersion: v1, kind: Gadget, metadata: {name: %s}}"


@pytest.mark.parametrize(
    ("documents", "stderr", "all_of_it"),
    [
        ([GADGET % "g1"], NO_KIND, True),
        ([GADGET % "g1", GADGET % "g2"], NO_KIND, True),
        ([GADGET % "g1", POD % "a"], NO_KIND, False),
        ([POD % "a", POD % "b"], NO_NAMESPACE, True),
        ([POD % "a", GADGET % "b"], NO_NAMESPACE, False),
        ([LIST % POD % "a"], NO_NAMESPACE, True),
        ([LIST % f"{POD % 'a'}, {GADGET % 'b'}"], NO_NAMESPACE, False),
        (["{"], NO_NAMESPACE, False),
        ([], NO_NAMESPACE, False),
    ],
)
def test_what_is_asked_for_by_a_file(documents: list[str], stderr: str, all_of_it: bool) -> None:
    content = "\n---\n".join(documents).encode()
    assert lacks_all(stderr, request("diff -f x").line, content) == all_of_it


def test_a_cluster_that_lacks_a_part_has_failed() -> None:
    """`diff` has compared nothing there, so that a difference would be hidden."""
    asked = request("diff -f x --if-present")._replace(content=f"{POD % 'a'}\n---\n{GADGET % 'g1'}".encode())
    report = make_report([Result("c1", b"", b"", 0), Result("c2", b"", NO_KIND.encode(), 1)], asked)
    assert report.lines == ("Error: Failed to query 1 cluster: c2 (lacks a part: no such resource type)",)
    assert report.status == 3
