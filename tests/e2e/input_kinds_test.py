# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A CRD and objects of its kind in one input: kubectl makes them in two runs, and a change in one."""

from __future__ import annotations

import json

import pytest

from tests.e2e.changing import TARGETS, everywhere, runs, states, targeted
from tests.e2e.verbs_test import Place

NAMES = {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"}
SCHEMA = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
VERSION = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}}
SPEC: dict[str, object] = {"group": "example.org", "scope": "Namespaced", "names": NAMES, "versions": [VERSION]}
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "gadgets.example.org"},
    "spec": SPEC,
}
GADGET = {"apiVersion": "example.org/v1", "kind": "Gadget", "metadata": {"name": "g1", "namespace": "shop"}}
OTHER = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new", "namespace": "shop"}}
MADE = [
    "customresourcedefinition.apiextensions.k8s.io/gadgets.example.org created",
    "gadget.example.org/g1 created",
    "configmap/new created",
]


def without_discovery(place: Place) -> Place:
    """A user whose kubectl hasn't kept the kinds that a cluster had in another test."""
    environment = {**place.shell.environment, "KUBECACHEDIR": str(place.folder / "cache")}
    return place._replace(shell=place.shell._replace(environment=environment))


@pytest.fixture
def place(place: Place) -> Place:
    return without_discovery(place)


def write(place: Place, **documents: object) -> None:
    """Write documents as JSON, each to a file of that name."""
    for name, document in documents.items():
        (place.folder / f"{name}.json").write_text(json.dumps(document))


def input_of(place: Place, form: str) -> str:
    """Write the CRD and what else there is in this form, and return the flags that name it."""
    if form == "files":
        write(place, crd=CRD, gadget=GADGET, other=OTHER)
        return "-f DIR/crd.json -f DIR/gadget.json -f DIR/other.json"
    if form == "list":
        write(place, all={"apiVersion": "v1", "kind": "List", "items": [CRD, GADGET, OTHER]})
        return "-f DIR/all.json"
    (place.folder / "all.yaml").write_text("".join(f"---\n{json.dumps(each)}\n" for each in (CRD, GADGET, OTHER)))
    if form == "kustomization":
        (place.folder / "kustomization.yaml").write_text("resources: [all.yaml]\n")
        return "-k DIR"
    return "-f DIR/all.yaml"


@pytest.mark.parametrize("form", ["file", "files", "list", "kustomization"])
def test_a_crd_and_its_objects_are_one_change(place: Place, form: str) -> None:
    done = place.mc(targeted(f"apply {input_of(place, form)} --yes"))
    assert done.status == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == sorted(f"[{name}] {line}" for name in TARGETS for line in MADE)
    assert done.stderr.splitlines()[0] == "Waiting for gadgets.example.org in c1, c3, to make the objects of that kind"
    (run,) = runs(place)
    assert states(run) == dict.fromkeys(TARGETS, "changed")
    for outcome in run.outcomes():
        assert sorted(f"{change.resource} {change.result}" for change in outcome.objects) == sorted(MADE)
        assert [event["event"] for event in run.events if event.get("cluster") == outcome.cluster] == [
            "begin",
            "cluster",
        ]
    again = place.mc(targeted(f"apply {input_of(place, form)} --yes"))
    assert (again.status, "Waiting" in again.stderr) == (0, False)
    assert states(runs(place)[1]) == dict.fromkeys(TARGETS, "unchanged")


@pytest.mark.parametrize("flag", ["--server-side", "-o name", "-o yaml"])
def test_both_runs_have_one_answer(place: Place, flag: str) -> None:
    done = place.mc(targeted(f"apply {input_of(place, 'file')} {flag} --yes"))
    assert done.status == 0, done.stderr
    assert "g1" in done.stdout
    assert states(runs(place)[0]) == dict.fromkeys(TARGETS, "changed")


def test_only_the_crd_of_the_same_input_counts(place: Place) -> None:
    write(place, gadget=GADGET, crd={**CRD, "spec": {**SPEC, "group": "example.net"}})
    for command in ("apply -f DIR/gadget.json", "apply -f DIR/gadget.json -f DIR/crd.json"):
        refused = place.mc(targeted(command, "--yes"))
        assert (refused.status, 'no matches for kind "Gadget"' in refused.stderr) == (1, True)
    assert (runs(place), set(everywhere(place, "get crd gadgets.example.org -o name").values())) == ([], {""})


def test_a_create_is_not_made_twice(place: Place) -> None:
    refused = place.mc(targeted(f"create {input_of(place, 'file')} --yes"))
    assert (refused.status, "no matches for kind" in refused.stderr, runs(place)) == (1, True, [])


def test_another_error_beside_it_still_counts(place: Place) -> None:
    bad = {**OTHER, "metadata": {"name": "no_name", "namespace": "shop"}}
    write(place, bad=bad)
    refused = place.mc(targeted(f"apply {input_of(place, 'file')} -f DIR/bad.json --yes"))
    assert (refused.status, "no_name" in refused.stderr, "no matches" in refused.stderr) == (1, True, False)
    assert runs(place) == []


def test_a_crd_that_is_not_established_is_said(place: Place) -> None:
    spec = {**SPEC, "names": {**NAMES, "plural": "gizmos", "singular": "gizmo"}}
    taken = {**CRD, "metadata": {"name": "gizmos.example.org"}, "spec": spec}
    write(place, taken=taken)
    place.everywhere("create -f DIR/taken.json")
    other = {**VERSION, "name": "v2"}
    gadgets = {**CRD, "spec": {**SPEC, "versions": [other]}}
    write(place, crd=gadgets, gadget={**GADGET, "apiVersion": "example.org/v2"})
    done = place.mc(targeted("apply -f DIR/crd.json -f DIR/gadget.json --cluster-timeout=2s --yes"))
    assert done.status == 3
    reason = "the objects of gadgets.example.org were not made, as it wasn't established after 2s (--cluster-timeout)"
    assert reason in done.stderr
    assert [each.state for each in runs(place)[0].outcomes()] == ["failed", "failed"]
