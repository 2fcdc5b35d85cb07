# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import verb_rows
from kubectl_mc.merge.kubectl_tables import MAX_CELL, MAX_LINE, PADDING
from kubectl_mc.merge.object_lists import ANNOTATION
from kubectl_mc.merge.watched_documents import WatchedDocuments
from kubectl_mc.merge.watches import WatchedTable
from tests.merge.object_lists_test import OBJECTS, Render, annotated, forms

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
        (',"metadata":{"annotations":null}', ',"metadata":{"annotations":{' + OURS + "}}"),
        (
            ',"metadata":{"annotations":{"a":"{\\"","kubectl-mc.k8s.io/cluster":"c9\\n","z":""}}',
            ',"metadata":{"annotations":{"a":"{\\"",' + OURS + ',"z":""}}',
        ),
        (
            ',"metadata":{"annotations":[["]"],{"a":1}],"name":"x"}',
            ',"metadata":{"annotations":{' + OURS + '},"name":"x"}',
        ),
        (
            ',"metadata":{"annotations":{"kubectl-mc.k8s.io/cluster":{"a":{}},"z":""}}',
            ',"metadata":{"annotations":{' + OURS + ',"z":""}}',
        ),
        (',"metadata":[{"annotations":{}}]', ',"metadata":{"annotations":{' + OURS + "}}"),
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


@pytest.mark.parametrize("name", ["CLUSTER", "Cluster"])
def test_a_column_of_that_name_stands_behind_ours(name: str) -> None:
    text = f"{name}   NAME   AGE\nc9        a      1m\n"
    assert watched(WatchedTable(headers=True), text).splitlines() == [
        f"CLUSTER   {name}   NAME   AGE",
        "c1        c9        a      1m",
    ]
    is_kept = "a".__eq__
    assert watched(WatchedTable(headers=False, is_kept=is_kept), text) == "c1        c9        a      1m\n"


@given(st.lists(st.text(st.sampled_from("ab1 \n"), max_size=60), min_size=1, max_size=4), st.booleans())
def test_each_line_has_its_cluster_whatever_was_printed(texts: list[str], named: bool) -> None:
    """A line that brings a new column comes with a header line; columns get wider with time."""
    table = WatchedTable(headers=True, columns="A:.a,NAME:.b,B:.c" if named else "")
    table.feed("c1", ["NAME   AGE   NOTE", "a      1m    x"])
    for number, text in enumerate(texts, start=2):
        for line in text.split("\n"):
            shown = [row for row in table.feed(f"c{number}", [line]).split("\n")[:-1] if "CLUSTER" not in row]
            start = sum(width for name, width in table._widths.items() if name in (("A", 0), ("NAME", 0)))
            assert all(row[start:].split(" ")[0] == f"c{number}" for row in shown)


def test_two_columns_of_one_name_are_two() -> None:
    assert watched(WatchedTable(headers=True), "NAME   AGE   NAME\na      1m    x\n") == (
        "NAME   CLUSTER   AGE   NAME\na      c1        1m    x\n"
    )


def test_the_columns_are_called_what_they_are_to_be_called() -> None:
    text = "-     -     -     -     -\nu1    a     u1    1m    u1\n"
    assert (
        watched(WatchedTable(headers=False, columns=":.a,:.b"), text, text)
        == "c1        a     1m\nc2        a     1m\n"
    )


def test_custom_columns_of_several_lines_are_shown_when_their_row_is_whole() -> None:
    table = WatchedTable(headers=True, columns="NAME:.a,CONF:.b")
    assert table.feed("c1", ["-   -   -   -   -", "u1    web    u1    server {", "  x   y", ""]) == ""
    assert table.feed("c1", ["}   u1", "u2    db    u2    <none>   u2"]).splitlines() == [
        "NAME   CLUSTER   CONF",
        "web    c1        server {",
        "       c1          x   y",
        "       c1        ",
        "       c1        }",
        "db     c1        <none>",
    ]


UID, OTHER_UID = "1b0d7d9c-0000-4000-8000-000000000001", "1b0d7d9c-0000-4000-8000-000000000002"


def test_a_row_that_does_not_end_holds_no_other_up() -> None:
    """A cell holds the uid as a column would."""
    table = WatchedTable(headers=False, columns="A:.a")
    odd, plain = f"{UID}   see   {UID}   x   {UID}", f"{OTHER_UID}   b   {OTHER_UID}"
    assert table.feed("c1", ["-   -   -", odd]) == ""
    assert [line.split()[-2:] for line in table.feed("c1", [plain]).splitlines()] == [["x", UID], ["c1", "b"]]
    assert table.feed("c1", [odd, "more"]) == ""
    assert [line.split()[-1] for line in table.end("c1").splitlines()] == [UID, "more"]
    assert table.end("c1") == table.end("c9") == ""


def test_a_column_of_the_uid_is_a_mark() -> None:
    table = WatchedTable(headers=False, columns="U:.metadata.uid,A:.a,V:{metadata.uid}")
    assert table.feed("c1", ["-   -   -", f"{UID}   a   {UID}"]).split() == ["c1", UID, "a", UID]


def test_a_line_without_all_columns_moves_none() -> None:
    """A message that starts as a row does."""
    table = WatchedTable(headers=False, row_start="[0-9]+m ")
    shown = table.feed("c1", ["AGE   TYPE   MESSAGE", "1m    a      x", "2m   y" + "z" * 30, "3m    b      last"])
    assert [line.split()[1:] for line in shown.splitlines()][-1] == ["3m", "b", "last"]
    assert shown.splitlines()[0].index("a") == shown.splitlines()[-1].index("b")


def test_what_has_no_marks_is_shown_as_it_is() -> None:
    table = WatchedTable(headers=False, columns="NAME:.a,CONF:.b")
    assert table.feed("c1", ["-   -   -   -   -", "no row"]) == "       c1        no row\n"


def test_a_message_goes_on_below_its_row() -> None:
    text = "OBJECT   MESSAGE\npod/a    one\n  two   and   a half\npod/b    three\n"
    assert watched(WatchedTable(headers=True, row_start="pod/"), text).splitlines() == [
        "CLUSTER   OBJECT   MESSAGE",
        "c1        pod/a    one",
        "c1                   two   and   a half",
        "c1        pod/b    three",
    ]


@pytest.mark.parametrize(
    ("line", "is_row"),
    [
        ("5s          Normal   Started   Pod/a   x", True),
        ("3m5s (x12 over 3h16m)   Warning   BackOff   Pod/a   x", True),
        ("<unknown>   Normal   Started   Pod/a   x", True),
        ("<invalid>   Normal   Started   Pod/a   x", True),
        ("shop        9m8s (x2 over <unknown>)   Warning   Boom   Pod/a   x", True),
        ("kube-system   5s   Normal   Started   Pod/a   x", True),
        ("  at   foo.c:3   main", False),
        ("done", False),
        ("", False),
        ("5s", False),
        ("5s   no   OBJECT", False),
    ],
)
def test_a_row_of_events_starts_with_its_age(line: str, is_row: bool) -> None:
    assert bool(re.match(verb_rows.TABLE["events"].output.row_start, line)) is is_row


@forms
@pytest.mark.parametrize("wrapped", [False, True])
@given(items=st.lists(OBJECTS, max_size=3))
def test_every_document_is_its_original_with_our_annotation(
    wrapped: bool, form: str, render: Render, load: object, items: list[dict[str, Any]]
) -> None:
    """Whatever the object had been annotated with; `--output-watch-events` wraps it in an event."""
    originals = [{"object": item, "type": "ADDED"} if wrapped else item for item in items]
    if form == "json" and wrapped:
        lines = [json.dumps(event, separators=(",", ":"), ensure_ascii=False) for event in originals]
    else:
        lines = [line for item in originals for line in watched_lines(form, render(item), wrapped)]
    documents = WatchedDocuments("c1", form)
    shown = documents.feed(lines) + documents.end()
    if form == "json":
        decoder, read, position = json.JSONDecoder(), [], 0
        while position < len(shown):
            value, end = decoder.raw_decode(shown, position)
            read.append(value)
            position = end + 1
    else:
        read = list(yaml.load_all(shown, Loader=yaml.CSafeLoader))
    expected = [annotated(item, "c1") for item in items]
    assert read == ([{"object": item, "type": "ADDED"} for item in expected] if wrapped else expected)


def watched_lines(form: str, text: str, wrapped: bool) -> list[str]:
    """What kubectl prints of an object in a watch, by lines: in KYAML an event starts with its type."""
    lines = text.splitlines() if form == "json" else text.split("\n")[:-1]
    if form == "kyaml" and wrapped:
        *lines, last, end = lines
        lines[2:2] = [last]
        return [*lines, end]
    return lines if form != "yaml" else ["---", *lines]


def test_an_object_may_be_nested_deeper_than_python_goes() -> None:
    deep = "[" * 50_000 + "]" * 50_000
    documents = WatchedDocuments("c1", "json", is_kept=lambda name: name == "x")
    inside = f',"metadata":{{"annotations":{{"{ANNOTATION}":"c9"}},"name":"x"}},"spec":{deep}'
    assert documents.feed([event(inside)]) == event(inside.replace("c9", "c1")) + "\n"


def test_what_only_looks_like_an_event_is_shown_as_it_is() -> None:
    for line in ("{a: b}", "{}", '{"object":1}', '{:"}'):
        assert WatchedDocuments("c1", "json").feed([line]) == f"{line}\n"


def test_nothing_to_show_before_the_first_line() -> None:
    assert WatchedTable(headers=True).feed("c1", []) == ""


def test_a_message_goes_with_its_row() -> None:
    """A name filter leaves out a row and the lines that continue it, also where these come later."""
    table = WatchedTable(headers=True, is_kept=lambda name: name == "b", row_start="[ab] ")
    shown = table.feed("c1", ["NAME   MESSAGE", "a      one", "two"]) + table.feed("c1", ["three", "b      four", "5"])
    assert (shown + table.feed("c1", ["six"])).splitlines() == [
        "NAME   CLUSTER   MESSAGE",
        "b      c1        four",
        "       c1        5",
        "       c1        six",
    ]


def test_a_line_that_ends_in_the_midst_moves_no_column() -> None:
    """A message that happens to hold padding: rows after it are read as before."""
    text = "AGE   OBJECT   MESSAGE\n1m    pod/a    one\nand   {}\n2m    pod/b    two\n".format("x" * 60)
    assert watched(WatchedTable(headers=False), text).splitlines()[-1].split() == ["c1", "2m", "pod/b", "two"]


@pytest.mark.parametrize("length", [MAX_CELL, MAX_CELL + 1, 1_000_000])
def test_a_cell_makes_only_so_much_room_in_other_rows(length: int) -> None:
    table = WatchedTable(headers=True)
    shown = table.feed("c1", ["NAME   AGE", f"{'x' * length}   1m"]) + table.feed("c2", ["NAME   AGE", "a      2m"])
    header, *rows, short = shown.splitlines()
    assert [row.split() for row in rows] == (
        [["x" * length, "c1", "1m"]] if length <= MAX_CELL else [["c1", "1m"], ["c1", "x" * length]]
    )
    assert {row.index("c1") for row in rows} == {header.index("CLUSTER")}
    assert len(short) <= MAX_CELL + PADDING + len("c2        2m")


def test_many_columns_make_only_so_much_room_in_other_rows() -> None:
    table = WatchedTable(headers=True)
    names = "   ".join(f"{number:0900}" for number in range(100))
    table.feed("c1", [f"NAME   AGE   {names}"])
    assert len(table.feed("c2", ["NAME   AGE", "a      2m"]).splitlines()[-1]) < MAX_LINE + 103 * (PADDING + 6)
    table.feed("c3", ["   ".join(map(str, range(1000)))])
    assert len(table.feed("c2", ["a      2m"]).splitlines()[-1]) < MAX_LINE + 104 * (PADDING + 6)


TWO_TYPES = """\
EVENT      NAME       DATA    AGE
ADDED      settings   2       1m
EVENT      NAME       READY   AGE
ADDED      NAME       EVENT   2m
MODIFIED   EVENT      1/1     3m
"""


def test_a_further_header_is_no_row_and_a_row_is_no_header() -> None:
    assert watched(WatchedTable(headers=True, events="hidden"), TWO_TYPES, TWO_TYPES).splitlines() == [
        "NAME       CLUSTER   DATA    AGE",
        "settings   c1        2       1m",
        "NAME       CLUSTER   DATA    AGE   READY",
        "NAME       c1                2m    EVENT",
        "EVENT      c1                3m    1/1",
        "settings   c2        2       1m    ",
        "NAME       c2                2m    EVENT",
        "EVENT      c2                3m    1/1",
    ]


def test_a_further_header_may_come_later() -> None:
    lines = TWO_TYPES.splitlines()
    for cut in range(len(lines)):
        table = WatchedTable(headers=True, events="hidden")
        printed = table.feed("c1", lines[:cut]) + table.feed("c1", lines[cut:])
        assert printed == watched(WatchedTable(headers=True, events="hidden"), TWO_TYPES)


def test_events_are_shown_if_they_are_asked_for() -> None:
    printed = watched(WatchedTable(headers=True, events="shown"), TWO_TYPES).splitlines()
    assert [line.split()[0] for line in printed] == ["EVENT", "ADDED", "EVENT", "ADDED", "MODIFIED"]
    assert [line.split()[2] for line in printed] == ["CLUSTER", "c1", "CLUSTER", "c1", "c1"]


def test_what_has_no_event_is_shown_whole() -> None:
    """A wrapper named kubectl may talk on stdout."""
    printed = watched(WatchedTable(headers=True, events="hidden"), "Welcome to this kubectl\n" + TWO_TYPES)
    assert "Welcome to this kubectl" in printed


def test_rows_of_several_namespaces_have_the_column_that_kubectl_has_for_all() -> None:
    table = WatchedTable(headers=True)
    assert table.feed("c1", ["NAME   AGE", "x      1m"], "c1 a", "a") == (
        "NAMESPACE   NAME   CLUSTER   AGE\na           x      c1        1m\n"
    )
    assert table.feed("c1", ["NAME   AGE", "x      2m"], "c1 b", "b") == "b           x      c1        2m\n"
    assert table.feed("c1", ["x      3m"], "c1 a", "a") == "a           x      c1        3m\n"
    assert table.end("c1", "c1 a") == ""
    events = WatchedTable(headers=True, events="shown")
    assert events.feed("c1", ["EVENT      NAME", "ADDED      x"], "c1 a", "a") == (
        "EVENT      NAMESPACE   NAME   CLUSTER\nADDED      a           x      c1\n"
    )
