# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json

import pytest

from kubectl_mc import messages
from kubectl_mc.changes import input_kinds, preflight
from kubectl_mc.merge.object_changes import ObjectChange
from kubectl_mc.processes.event_loop import Result
from tests.environments import request

NAMES = {"plural": "gadgets", "kind": "Gadget"}
VERSIONS = [{"name": "v1", "served": True}, {"name": "v2", "served": False}]
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "gadgets.example.org"},
    "spec": {"group": "example.org", "names": NAMES, "versions": VERSIONS},
}
GADGET = {"apiVersion": "example.org/v1", "kind": "Gadget", "metadata": {"name": "g1", "namespace": "shop"}}
OTHER = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new"}}


def content(*documents: object) -> bytes:
    return "\n---\n".join(map(json.dumps, documents)).encode()


BOTH = content(CRD, OTHER, GADGET)
AWAITED = ObjectChange("gadget.example.org/g1", messages.AWAITS_KIND, "shop")


@pytest.mark.parametrize(
    ("documents", "defined"),
    [
        ([CRD, GADGET], True),
        ([GADGET, CRD], True),
        ([{"kind": "List", "items": [GADGET, {"kind": "List", "items": [CRD]}]}], True),
        ([CRD], False),
        ([GADGET], False),
        ([CRD, {**GADGET, "apiVersion": "example.org/v2"}], False),  # which the CRD doesn't serve
        ([CRD, {**GADGET, "apiVersion": "example.com/v1"}], False),
        ([CRD, {**GADGET, "kind": "Gizmo"}], False),
        ([{**CRD, "spec": None}, {**CRD, "spec": {"versions": 3}}, GADGET, 3, None], False),
    ],
)
def test_the_kinds_that_an_input_defines(documents: list[object], defined: bool) -> None:
    kinds = input_kinds.defined_kinds(content(*documents))
    expected = [("gadgets.example.org", "example.org/v1", "Gadget", (AWAITED,))] if defined else []
    assert list(kinds) == expected


MADE = b"customresourcedefinition.apiextensions.k8s.io/gadgets.example.org created\nconfigmap/new created\n"
MAPPING = (
    b'resource mapping not found for name: "g1" namespace: "shop" from "STDIN": '
    b'no matches for kind "Gadget" in version "example.org/v1"\nensure CRDs are installed first'
)
STALE = b"the server could not find the requested resource (post gadgets.example.org)\n"
FORBIDDEN = b'Error from server (Forbidden): pods "a" is forbidden: User "ann" cannot create it\n'
NAMESPACE = b'Error from server (NotFound): error when creating "STDIN": namespaces "new" not found\n'
PARSING = b"error parsing STDIN: error converting YAML to JSON: yaml: line 4: did not find expected key"


@pytest.mark.parametrize(
    ("stdout", "stderr", "refusal"),
    [
        (MADE, b"error: " + MAPPING + b"\n", ""),
        (MADE, MAPPING + b"\n" + MAPPING + b"\n", ""),
        (MADE, b"[" + MAPPING + b", " + MAPPING + b"]\n", ""),
        (MADE, b'unable to recognize no matches for kind "Gadget" in version "example.org/v1"\n' * 2, ""),
        (MADE, b'error: unable to recognize "STDIN": no matches for kind "Gadget" in version "example.org/v1"\n', ""),
        (MADE, b'Error from server (NotFound): error when creating "STDIN": ' + STALE, ""),
        (MADE, b"Error from server (NotFound): " + STALE, ""),
        (MADE + b"namespace/new created\n", b"error: " + MAPPING + b"\n" + NAMESPACE, ""),
        (MADE, b"error: " + MAPPING + b"\n" + FORBIDDEN, "forbidden"),
        (MADE, b"error: " + MAPPING + b"\n" + NAMESPACE, "not found"),
        (MADE, b"[" + PARSING + b", " + MAPPING + b"]\n", f"[{PARSING.decode()}, ]"),
        (b"configmap/new created\n", b"error: " + MAPPING + b"\n", "no such resource type"),  # the CRD is refused
        (MADE, (b"error: " + MAPPING + b"\n").replace(b"Gadget", b"Gizmo"), "no such resource type"),
        (MADE, (b"error: " + MAPPING + b"\n").replace(b"org/v1", b"org/v2"), "no such resource type"),
        (MADE, b"Error from server (NotFound): " + STALE.replace(b"org", b"com"), "no such resource type"),
    ],
)
def test_what_the_input_defines_is_no_refusal_and_anything_else_is(stdout: bytes, stderr: bytes, refusal: str) -> None:
    result = Result("c1", stdout, stderr, 1)
    for line in ("apply -f x", "replace -f x"):
        finding = preflight.judge_finding(result, request(line), BOTH)
        assert (finding.refusal, finding.unchanged) == (refusal, False)
        assert (AWAITED in finding.objects) is (b"Gadget" in stderr + b"Gadget" * (b"gadgets." in stderr)) or refusal
    unchanged = result._replace(stdout=stdout.replace(b"created", b"unchanged"))
    assert not preflight.judge_finding(unchanged, request("apply -f x"), BOTH).unchanged


@pytest.mark.parametrize(
    ("line", "status", "timed_out"),
    [
        ("create -f x", 1, False),  # a second time, it would fail with what the first has made
        ("label -f x a=b", 1, False),
        ("replace --force -f x", 1, False),  # a second time, it would delete the CRD again
        ("apply -f x", -9, False),
        ("apply -f x", None, False),
        ("apply -f x", 1, True),
        ("apply -f x", 0, False),
    ],
)
def test_what_is_not_done_twice(line: str, status: int | None, timed_out: bool) -> None:
    result = Result("c1", MADE, MAPPING, status, timed_out)
    assert input_kinds.awaited_kinds(result, request(line), BOTH) == ()
    assert input_kinds.awaited_kinds(Result("c1", MADE, MAPPING, 1), request("apply -f x"), None) == ()


def test_two_runs_are_one_result() -> None:
    first = Result("c1", MADE, b"Warning: old\nWarning: both\nerror: " + MAPPING + b"\n" + FORBIDDEN, 1)
    stdout = MADE.replace(b"created", b"unchanged").replace(b"\nconfig", b"\ngadget.example.org/g1 created\nconfig")
    second = Result("c1", stdout, b"Warning: both\n", 0)
    joined = input_kinds.joined_result(first, second, request("apply -f x"))
    expected = MADE.replace(b"\nconfig", b"\ngadget.example.org/g1 created\nconfig")
    assert joined == Result("c1", expected, b"Warning: old\nWarning: both\n", 0)
    ended = Result("c1", b"", b"", None)  # what the first run has done is still said
    assert input_kinds.joined_result(first, ended, request("apply -f x")).stdout == MADE
    assert input_kinds.joined_result(first, ended, request("apply -f x -o yaml")).stdout == MADE
    assert input_kinds.joined_result(first, second, request("apply -f x -o name")).stdout == stdout
