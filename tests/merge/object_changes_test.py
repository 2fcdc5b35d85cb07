# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json

import pytest

from kubectl_mc.merge import object_changes
from kubectl_mc.merge.object_changes import ObjectChange


@pytest.mark.parametrize(
    ("line", "change"),
    [
        ("configmap/new created", ObjectChange("configmap/new", "created")),
        ("configmap/new created (server dry run)", ObjectChange("configmap/new", "created")),
        ("configmap/new created (dry run)", ObjectChange("configmap/new", "created")),
        ("deployment.apps/cart image updated", ObjectChange("deployment.apps/cart", "image updated")),
        ("node/c1-node already cordoned", ObjectChange("node/c1-node", "already cordoned")),
        ("deployment.apps/cart", ObjectChange("deployment.apps/cart", "")),
        ('pod "solo" deleted from shop namespace', ObjectChange("pod/solo", "deleted", "shop")),
        ('pod "solo" deleted (server dry run)', ObjectChange("pod/solo", "deleted")),
        ('pod "solo" force deleted from shop namespace', ObjectChange("pod/solo", "force deleted", "shop")),
        ('crd.example.com "a.b" deleted', ObjectChange("crd.example.com/a.b", "deleted")),
        ("evicting pod shop/solo (server dry run)", ObjectChange("pod/solo", "evicting", "shop")),
    ],
)
def test_a_line_tells_of_an_object(line: str, change: ObjectChange) -> None:
    assert object_changes.parse_changes(f"{line}\n") == [change]


@pytest.mark.parametrize(
    "line",
    ["", "eyJhbGciOiJ.eyJpc3MiO.c2lnbmF0dXJl", "PASSWORD=a/b c", "hello there", "\tmissing rules added:", "/etc x"],
)
def test_other_lines_tell_nothing(line: str) -> None:
    assert object_changes.parse_changes(line) == []


@pytest.mark.parametrize(
    ("results", "silent", "unchanged"),
    [
        (["unchanged"], False, True),
        (["patched (no change)", "already cordoned", "not labeled"], False, True),
        (["unchanged", "configured"], True, False),
        (["scaled"], True, False),
        ([], True, True),
        ([], False, False),
    ],
)
def test_nothing_was_done_if_kubectl_says_so_of_each_object(results: list[str], silent: bool, unchanged: bool) -> None:
    assert object_changes.are_unchanged([ObjectChange("a/b", result) for result in results], silent) is unchanged


INPUT = b"""
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: a}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: b}}
- {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: c}}
---
{apiVersion: example.com/v1, kind: Deployment, metadata: {name: other}}
---
null
"""


def test_the_input_says_where_a_workload_is() -> None:
    declared = object_changes.declared_workloads(INPUT)
    assert [(workload.resource, workload.namespace) for workload in declared] == [
        ("deployment.apps/web", "a"),
        ("deployment.apps/web", "b"),
        ("statefulset.apps/db", ""),
    ]


@pytest.mark.parametrize("between", ["\n", "", " \n\n"])
def test_objects_in_json_may_stand_one_after_another(between: str) -> None:
    """As kubectl reads them, though that is no YAML."""
    objects = [{"kind": "Namespace", "metadata": {"name": name}} for name in ("a", "b")]
    content = between.join(["", *map(json.dumps, objects), ""]).encode()
    assert object_changes.declared_objects(content) == tuple(objects)
    first = between.count("\n") + 1
    assert [line for line, _ in object_changes.json_values(content)] == [first, 2 * first - 1]
    assert object_changes.json_values(content + b"x") == []


WEB_IN_TWO = [ObjectChange("deployment.apps/web", "", "a"), ObjectChange("deployment.apps/web", "", "b")]


@pytest.mark.parametrize(
    ("lines", "namespace", "declared", "namespaces"),
    [
        ([("deployment.apps/web", "configured")], "shop", None, ["shop"]),
        ([("deployment.apps/web", "configured")], "", None, [""]),
        ([("deployment.apps/web", "configured")], "shop", [ObjectChange("deployment.apps/web", "", "a")], ["a"]),
        ([("deployment.apps/web", "configured")], "shop", [ObjectChange("deployment.apps/web", "")], ["shop"]),
        ([("deployment.apps/web", "configured")], "shop", [], [""]),
        ([("deployment.apps/web", "configured"), ("deployment.apps/web", "unchanged")], "", WEB_IN_TWO, ["a", "b"]),
        ([("deployment.apps/web", "image updated")], "shop", WEB_IN_TWO, [""]),
        ([("deployment.apps/web", "configured")], "shop", [*WEB_IN_TWO[:1] * 2], ["a"]),
        ([("configmap/web", "created")], "shop", None, [""]),
    ],
)
def test_a_workload_is_where_the_input_or_the_command_says(
    lines: list[tuple[str, str]], namespace: str, declared: list[ObjectChange] | None, namespaces: list[str]
) -> None:
    changes = [ObjectChange(resource, result) for resource, result in lines]
    completed = object_changes.with_namespaces(changes, namespace, declared)
    assert [change.namespace for change in completed] == namespaces


@pytest.mark.parametrize(
    "content", [b"a: [", b"\xff\xfe\x00", b"[1, 2]", b"text", b"", b"{metadata: 1, kind: List, items: 3}"]
)
def test_an_input_that_declares_nothing(content: bytes) -> None:
    assert object_changes.declared_workloads(content) == ()


def test_workloads_are_what_has_a_rollout_and_is_still_there() -> None:
    changes = [
        ObjectChange("deployment.apps/web", "configured", "a"),
        ObjectChange("deployment.apps/web", "configured", "a"),
        ObjectChange("deployment.apps/same", "unchanged"),
        ObjectChange("statefulset.apps/old", "deleted"),
        ObjectChange("statefulset.apps/older", "pruned"),
        ObjectChange("daemonset.apps/agent", ""),
        ObjectChange("configmap/web", "created"),
    ]
    assert [change.resource for change in object_changes.workloads(changes)] == [
        "deployment.apps/web",
        "daemonset.apps/agent",
    ]


@pytest.mark.parametrize(
    "line", ["deployment.apps/a\x00 restarted", "deployment.apps/a\x1b[2J scaled", "pod/a\u202e created"]
)
def test_a_line_that_can_t_be_shown_names_no_object(line: str) -> None:
    assert object_changes.parse_changes(f"{line}\npod/b created\n") == [ObjectChange("pod/b", "created")]


DRY_RUNS = [
    ((("c1", "a/x created (dry run)\n"), ("c2", "a/x unchanged (dry run)\n")), "c1 a/x created|c2 a/x unchanged"),
    (
        (("c1", 'a "x" deleted from n1 namespace (dry run)\na "x" deleted from n2 namespace (dry run)\n'),),
        "c1 n1 a/x deleted|c1 n2 a/x deleted",
    ),
    (
        (("c1", "node/n cordoned (dry run)\nevicting pod n1/x (dry run)\n"), ("c2", "evicting pod n2/x (dry run)\n")),
        "c1 <none> node/n cordoned|c1 n1 pod/x evicting|c2 n2 pod/x evicting",
    ),
    ((("c1", 'a "x" deleted from n1 namespace\n'), ("c2", 'a "x" deleted from n1 namespace\n')), None),
]


@pytest.mark.parametrize(("outputs", "rows"), DRY_RUNS)
def test_a_dry_run_is_a_table_of_its_objects(outputs: tuple[tuple[str, str], ...], rows: str | None) -> None:
    table = object_changes.dry_run_table(outputs)
    expected = "c1 a/x deleted|c2 a/x deleted" if rows is None else rows
    assert table
    assert "|".join(map(" ".join, zip(*table.columns))) == expected
    namespace = ["NAMESPACE"] if len(expected.split("|")[0].split()) > 3 else []
    assert [*table.header] == ["CLUSTER", *namespace, "RESOURCE", "RESULT"]


@pytest.mark.parametrize(
    "text",
    [
        "clusterrole.x/a reconciled (dry run)\n\tmissing rules added:\n\t\t{Verbs:[get]}\n",
        "deployment.apps/cart Pod Template:\n  Labels:\tapp=cart\n (dry run)\n",
        "a/x labeled (dry run)\na/x labeled (dry run)\n",  # in two namespaces, which kubectl doesn't say
    ],
)
def test_a_dry_run_that_no_table_can_hold_is_none(text: str) -> None:
    assert object_changes.dry_run_table([("c1", text), ("c2", "a/x created\n")]) is None


def test_a_dry_run_of_nothing_is_empty() -> None:
    table = object_changes.dry_run_table([])
    assert table
    assert table.row_count == 0
