# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge import answers, table_flags
from kubectl_mc.merge.counts import RowCounts
from kubectl_mc.merge.kubectl_tables import Table
from kubectl_mc.processes.event_loop import Result
from tests.environments import request
from tests.merge.answers_test import merged_with_notes
from tests.merge.row_filter_test import SEVERAL, pods
from tests.merge.tab_writer import tab_writer

TEXTS = [
    pods("a,Running,0", "b,Error,4 (5m ago)", "c,Running,4 (3d ago)", "d,,4"),
    pods("a,Pending,0", "b,Error,0", "c,Running,0", "e,Running,0"),
]


def counted(flags: str, *texts: str) -> list[list[str]]:
    text, notes = merged_with_notes(f"get pods {flags}", *(texts or TEXTS))
    assert notes == []
    return [line.split() for line in text.splitlines()]


@pytest.mark.parametrize(
    ("flags", "rows"),
    [
        ("--count-by STATUS", ["STATUS COUNT", "Running 4", "Error 2", "<none> 1", "Pending 1"]),
        (
            "--count-by cluster,Status",
            [
                *("CLUSTER STATUS COUNT", "c1 Running 2", "c1 <none> 1", "c1 Error 1"),
                *("c2 Running 2", "c2 Error 1", "c2 Pending 1"),
            ],
        ),
        ("--count-by STATUS,STATUS --where NAME=a --no-headers", ["Pending 1", "Running 1"]),
        ("--count-by RESTARTS", ["RESTARTS COUNT", "0 5", "4 3"]),
        ("--count-by CLUSTER --where STATUS=Pending", ["CLUSTER COUNT", "c2 1"]),
        (
            "--count-by STATUS --count-by CLUSTER --where RESTARTS>0",
            ["STATUS CLUSTER COUNT", "<none> c1 1", "Error c1 1", "Running c1 1"],
        ),
    ],
)  # fmt: skip
def test_rows_with_the_same_values_are_counted(flags: str, rows: list[str]) -> None:
    """In the natural order of the values; by counts where only the last column differs."""
    assert [" ".join(row) for row in counted(flags)] == rows


def test_a_value_has_one_line() -> None:
    counts = RowCounts([Table(("CLUSTER", "NOTE"), (["c1", "c1"], ["a\nb   7", "c"]))], ["NOTE"])
    assert counts.table(headers=True) == "NOTE       COUNT\na\\nb   7   1\nc          1\n"
    assert json.loads(counts.document("json"))["counts"][0]["columns"] == {"NOTE": "a\nb   7"}


def test_clusters_are_in_natural_order() -> None:
    rows = counted("--count-by CLUSTER,STATUS", *[pods("a,Running,0")] * 11)
    assert [row[0] for row in rows[1:]] == [f"c{number}" for number in range(1, 12)]


def test_a_type_without_the_column_has_no_value_there() -> None:
    text, _ = merged_with_notes("get deploy,svc --count-by TYPE", SEVERAL)
    assert [line.split() for line in text.splitlines()] == [
        ["TYPE", "COUNT"], ["<none>", "1"], ["ClusterIP", "1"], ["LoadBalancer", "1"],
    ]  # fmt: skip


def test_counts_of_a_verb_without_output_forms() -> None:
    usage = tab_writer([["NAME", "CPU(cores)", "MEMORY(bytes)", ""], ["a", "5m", "1Mi", ""], ["b", "5m", "2Mi", ""]])
    text, _ = merged_with_notes("top pods --count-by 'CPU(cores)' -o json", usage, usage)
    assert json.loads(text)["counts"] == [{"columns": {"CPU(cores)": "5m"}, "count": 4}]


@pytest.mark.parametrize(("form", "load"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_counts_as_a_document(form: str, load: object) -> None:
    text, _ = merged_with_notes(f"get pods --count-by CLUSTER,STATUS --where STATUS=Running -o {form}", *TEXTS)
    assert callable(load)
    assert load(text) == {
        "apiVersion": "kubectl-mc.k8s.io/v1alpha1",
        "kind": "RowCounts",
        "counts": [
            {"columns": {"CLUSTER": "c1", "STATUS": "Running"}, "count": 2},
            {"columns": {"CLUSTER": "c2", "STATUS": "Running"}, "count": 2},
        ],
    }


@pytest.mark.parametrize(("status", "counts"), [(0, []), (1, None)])
def test_a_document_says_that_there_are_no_rows_if_a_cluster_has_answered(status: int, counts: object) -> None:
    made = table_flags.applied(request("get pods --count-by STATUS -o json"))
    text = answers.merge_answers([Result("c1", b"", b"No resources found", status)], (), made)
    assert (json.loads(text)["counts"] if text else None) == counts


CELLS = st.sampled_from(["Running", "Error", "", "3 (5m ago)", "3"])


@given(st.lists(st.tuples(st.sampled_from(["c1", "c2", "c10"]), CELLS, CELLS), max_size=30))
def test_each_row_is_counted_once(rows: list[tuple[str, str, str]]) -> None:
    columns = tuple(zip(*rows)) or ((), (), ())
    counts = RowCounts([Table(("CLUSTER", "STATUS", "X"), columns)], ["CLUSTER", "STATUS", "X"])
    document = json.loads(counts.document("json"))
    assert sum(entry["count"] for entry in document["counts"]) == len(rows)
    assert len(counts.table(headers=False).splitlines()) == len(document["counts"])
