from __future__ import annotations

import json

import pytest

from kubectl_mc.merge.watches import WatchedDocuments, WatchedTable

OBJECT = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}, indent=4).split("\n")


@pytest.mark.parametrize("cut", range(1, len(OBJECT)))
def test_a_part_of_a_json_document_is_never_shown(cut: int) -> None:
    """Ctrl-C can come after any line."""
    documents = WatchedDocuments("c1", "json")
    whole = documents.feed([*OBJECT, *OBJECT[:cut]]) + documents.end()
    assert json.loads(whole)["metadata"]["annotations"] == {"kubectl-mc.k8s.io/cluster": "c1"}


def test_the_rest_of_a_document_comes_with_later_lines() -> None:
    documents = WatchedDocuments("c1", "json")
    assert documents.feed(OBJECT[:3]) == ""
    assert json.loads(documents.feed(OBJECT[3:]))["kind"] == "ConfigMap"


def event(inside: str) -> str:
    return '{"type":"ADDED","object":{"data":{"metadata":"{}"},"kind":"ConfigMap"' + inside + "}}"


OURS = '"kubectl-mc.k8s.io/cluster":"c1"'


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        (',"metadata":{"name":"x"}', ',"metadata":{"annotations":{' + OURS + '},"name":"x"}'),
        (',"metadata":{}', ',"metadata":{"annotations":{' + OURS + "}}"),
        (
            ',"metadata":{"a":[{"annotations":1}],"annotations":{"a":"b"},"n":1.0}',
            ',"metadata":{"a":[{"annotations":1}],"annotations":{' + OURS + ',"a":"b"},"n":1.0}',
        ),
        ("", ""),
    ],
)
def test_an_event_of_a_watch_is_a_document_of_one_line(inside: str, shown: str) -> None:
    documents = WatchedDocuments("c1", "json")
    assert documents.feed([event(inside)]) == f"{event(shown)}\n"
    assert json.loads(documents.feed(OBJECT))["kind"] == "ConfigMap"
    assert documents.end() == ""


def test_an_event_of_a_watch_in_yaml() -> None:
    lines = ["object:", "  kind: ConfigMap", "  metadata:", "    name: x", "type: ADDED"]
    shown = [*lines[:3], "    annotations:", '      kubectl-mc.k8s.io/cluster: "c1"', *lines[3:]]
    documents = WatchedDocuments("c1", "yaml")
    assert documents.feed(["---", *lines, "---"]).splitlines() == ["---", *shown]


def test_two_kubectls_of_one_cluster_have_a_header_each() -> None:
    table = WatchedTable(headers=True)
    lines = table.feed("c1", ["NAME   AGE", "a      1m"], "a") + table.feed("c1", ["NAME     AGE", "bbbbb    1m"], "b")
    assert lines.splitlines() == ["NAME   CLUSTER   AGE", "a      c1        1m", "bbbbb   c1        1m"]


def watched(table: WatchedTable, *texts: str) -> str:
    return "".join(table.feed(f"c{number}", text.splitlines()) for number, text in enumerate(texts, start=1))


def test_a_column_of_kubectls_may_be_called_cluster() -> None:
    text = "NAME   CLUSTER   AGE\na      east      1m\n"
    assert watched(WatchedTable(headers=True), text, text).splitlines() == [
        "NAME   CLUSTER   CLUSTER   AGE",
        "a      c1        east      1m",
        "a      c2        east      1m",
    ]


def test_two_columns_of_one_name_are_two() -> None:
    assert watched(WatchedTable(headers=True), "NAME   AGE   NAME\na      1m    x\n") == (
        "NAME   CLUSTER   AGE   NAME\na      c1        1m    x\n"
    )


def test_the_columns_are_called_what_they_are_to_be_called() -> None:
    text = "-     -\na     1m\n"
    assert (
        watched(WatchedTable(headers=False, names=("", "")), text, text) == "c1        a     1m\nc2        a     1m\n"
    )


def test_a_message_goes_on_below_its_row() -> None:
    text = "OBJECT   MESSAGE\npod/a    one\ntwo and a half\npod/b    three\n"
    assert watched(WatchedTable(headers=True), text).splitlines() == [
        "CLUSTER   OBJECT   MESSAGE",
        "c1        pod/a    one",
        "two and a half",
        "c1        pod/b    three",
    ]
