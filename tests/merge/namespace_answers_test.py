# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Answers of several namespaces of a cluster (`-n a,b`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge import answers
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.reads.namespaces import in_servers_order
from tests.environments import request
from tests.merge.object_lists_test import FORMS, Render, listed
from tests.merge.tab_writer import tab_writer

CLUSTERS, NAMESPACES = ("c1", "c2"), ("a", "a-b", "ab", "b")  # in the order of their objects' keys: a-b is ahead of a
ROWS = st.lists(
    st.tuples(
        st.sampled_from(CLUSTERS), st.sampled_from(NAMESPACES), st.text("xyz-", min_size=1, max_size=9), st.text("01 ")
    ),
    unique_by=lambda row: row[:3],
).map(lambda rows: sorted(rows, key=lambda row: (row[0], f"{row[1]}/{row[2]}")))


def printed(header: list[str], rows: Iterable[Sequence[str]]) -> str:
    """What kubectl prints: nothing without rows."""
    cells = [list(row) for row in rows]
    return tab_writer([header, *cells]) if cells else ""


@given(ROWS, st.lists(st.sampled_from(NAMESPACES), min_size=1, unique=True), st.sampled_from(["", " --no-headers"]))
def test_the_table_of_several_namespaces_is_that_of_all_without_the_others(
    rows: list[tuple[str, str, str, str]], asked: list[str], flags: str
) -> None:
    rows = [(*row[:3], row[3].strip(" ") or "0") for row in rows]
    everywhere = [
        Result(cluster, printed(["NAMESPACE", "NAME", "AGE"], kept).encode(), b"", 0)
        for cluster in CLUSTERS
        for kept in [[row[1:] for row in rows if row[0] == cluster and row[1] in asked]]
    ]
    by_namespace = [
        Result(cluster, printed(["NAME", "AGE"], kept).encode(), b"", 0, namespace=namespace)
        for cluster in CLUSTERS
        for namespace in in_servers_order(asked)
        for kept in [[row[2:] for row in rows if row[:2] == (cluster, namespace)]]
    ]
    expected = answers.merge_answers(everywhere, (), request(f"get pods -A{flags}"))
    names = ",".join(asked)
    line = request(f"get pods -n {names},{flags}")
    assert answers.merge_answers(by_namespace, (), line) == expected


def of_namespaces(text: str, *outputs: tuple[str, str, str], keys: Sequence[str] = ()) -> str:
    """The answer to (cluster, namespace, what is printed)s."""
    results = [Result(cluster, stdout.encode(), b"", 0, namespace=name) for cluster, name, stdout in outputs]
    sort_keys = [result._replace(stdout=text.encode()) for result, text in zip(results, keys)]
    return answers.merge_answers(results, sort_keys, request(text))


def test_rows_of_several_namespaces_are_sorted_together() -> None:
    def keys(*values: int) -> str:
        return "".join(f"Pod\x1f{value}\x1fx\x1e" for value in values) + "List\x1f\x1f\x1e"

    outputs = (("c1", "a", "NAME\np1\np3\n"), ("c1", "b", "NAME\np2\np4\n"), ("c2", "a", "NAME\np0\np5\n"))
    sort_keys = (keys(1, 3), keys(2, 4), keys(0, 5))
    text = of_namespaces("get pods -n a,b --sort-by=.x --no-headers", *outputs, keys=sort_keys)
    assert [" ".join(line.split()) for line in text.splitlines()] == [
        "a p0 c2", "a p1 c1", "b p2 c1", "a p3 c1", "b p4 c1", "a p5 c2",
    ]  # fmt: skip
    names = [(cluster, name, stdout.removeprefix("NAME\n")) for cluster, name, stdout in outputs]
    text = of_namespaces("get pods -n a,b --sort-by=.x -o name", *names, keys=sort_keys)
    assert text == "c2\tp0\nc1\tp1\nc1\tp2\nc1\tp3\nc1\tp4\nc2\tp5\n"


def test_tables_of_what_has_no_namespace_have_no_such_column() -> None:
    pods, nodes = "NAME      AGE\npod/x     1m\n", "NAME      AGE\nnode/n    1m\n"
    text = of_namespaces("get pods,nodes -n a,b", ("c1", "a", pods), ("c1", "b", pods), ("c1", "", nodes))
    assert text == (
        "NAMESPACE   NAME    CLUSTER   AGE\na           pod/x   c1        1m\nb           pod/x   c1        1m\n\n"
        "NAME     CLUSTER   AGE\nnode/n   c1        1m\n"
    )


def test_columns_of_the_user_stay_alone() -> None:
    text = "-    -    -\nu1   x    u1\n"
    assert of_namespaces("get pods -n a,b -o custom-columns=N:.x", ("c1", "a", text), ("c1", "b", text)) == (
        "CLUSTER   N\nc1        x\nc1        x\n"
    )


def test_a_section_names_its_namespace() -> None:
    text = of_namespaces("describe pods -n a,b", ("c1", "a", "Name: x\n"), ("c1", "b", "Name: y\n"))
    assert text == "CLUSTER: c1   NAMESPACE: a\nName: x\n\nCLUSTER: c1   NAMESPACE: b\nName: y\n"


def test_the_objects_of_several_namespaces_are_one_list_even_of_one() -> None:
    item = '{\n    "apiVersion": "v1",\n    "kind": "Pod",\n    "metadata": {\n        "name": "x"\n    }\n}\n'
    merged = json.loads(of_namespaces("get pod x -n a,b* -o json", ("c1", "a", item)))
    assert (merged["kind"], len(merged["items"])) == ("List", 1)


def test_objects_of_a_type_stand_together_as_with_all_namespaces() -> None:
    outputs = (("c1", "a", "pod/x\ndeploy/x\n"), ("c1", "b", "pod/y\nsvc/y\ndeploy/y\n"), ("c2", "b", "svc/z\n"))
    text = of_namespaces("get all -n a,b -o name", *outputs)
    assert text == "c1\tpod/x\nc1\tpod/y\nc1\tsvc/y\nc1\tdeploy/x\nc1\tdeploy/y\nc2\tsvc/z\n"


@pytest.mark.parametrize(("form", "render", "load"), FORMS)
def test_items_of_a_kind_stand_together(form: str, render: Render, load: Callable[[str], Any]) -> None:
    def printed_list(*names: str) -> str:
        kinds = {"p": "Pod", "s": "Service", "d": "Deployment"}
        objects = [{"apiVersion": "v1", "kind": kinds[name[0]], "metadata": {"name": name}} for name in names]
        return render(listed(objects))

    texts = (printed_list("pa", "da"), printed_list("pb", "sb", "db"))
    text = of_namespaces(f"get all -n a,b -o {form}", ("c1", "a", texts[0]), ("c1", "b", texts[1]))
    assert [item["metadata"]["name"] for item in load(text)["items"]] == ["pa", "pb", "sb", "da", "db"]


def test_the_tables_of_what_has_no_namespace_keep_their_place() -> None:
    pods, nodes, services = (tab_writer([["NAME", "AGE"], [f"{kind}/x", "1m"]]) for kind in ("pod", "node", "svc"))
    text = of_namespaces(
        "get pods,nodes,svc -n a,b --no-headers",
        *(("c1", "a", pods), ("c1", "b", pods), ("c1", "", nodes), ("c1", "a", services), ("c1", "b", services)),
    )
    names = [next(word for word in line.split() if "/" in word) for line in text.splitlines()]
    assert names == ["pod/x", "pod/x", "node/x", "svc/x", "svc/x"]
