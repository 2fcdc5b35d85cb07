# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import grammar
from kubectl_mc.merge import kubectl_tables, object_lists, sorting
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.reads import name_filter
from tests.environments import request
from tests.merge.tab_writer import tab_writer
from tests.recordings import recording


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("get pods a*", "get pods"),
        ("get -n x pods,svc a* b? -o wide", "get -n x pods,svc -o wide"),
        ("get pods a* -A -w", "get pods -A -w"),
        ("get pods a* -o json", "get pods -o json"),
        ("get pods a* b", None),
        ("get pods a* b -A", "get pods -A"),
        ("get pods/a*", "get pods"),
        ("get pods/a* pods/?b -n x -o yaml", "get pods -n x -o yaml"),
        ("get pods/a* pods/b", None),
        ("get pods/a* svc/a*", None),
        ("get events a*", None),
        ("get pods,ev a*", None),
        ("get pods a* -o jsonpath={.x}", None),
        ("get pods a* --fold", "get pods"),
        ("get pods a* --fold --no-headers", "get pods --no-headers"),
        ("get pods a", None),
        ("describe pods a*", None),
        ("logs a*", None),
    ],
)
def test_all_objects_are_asked_for_where_their_names_can_be_told(text: str, asked: str | None) -> None:
    made = request(text)
    assert (name_filter.name_filter(made) is not None) == (asked is not None)
    if asked:
        assert grammar.typed_words(name_filter.without_names(made.line)) == asked.split()


def test_a_name_matches_with_or_without_its_type() -> None:
    keep = name_filter.name_filter(request("get pods a* ?b"))
    assert keep
    assert [name for name in ("a", "pod/ab", "xb", "deployment.apps/xb", "b", "b/a", "pod/xa") if keep(name)] == [
        "a", "pod/ab", "xb", "deployment.apps/xb", "b/a",
    ]  # fmt: skip


def web(name: str) -> bool:
    return name.rpartition("/")[2].startswith("web")


def begins(name: str) -> bool:
    return name.rpartition("/")[2][0] in "cw"


@pytest.mark.parametrize("name", ["get-pods", "get-pods-A", "get-pods-wide", "get-all", "get-two-types"])
def test_rows_are_kept_to_the_letter(name: str) -> None:
    text, column = recording(name).stdout, int(name.endswith("-A"))
    kept = [
        line for line in kubectl_tables.only_rows(text, begins).splitlines() if line and not line.startswith("NAME")
    ]
    assert kept == [line for line in text.splitlines() if line and begins(line.split()[column])]
    assert kept
    assert kubectl_tables.only_rows(text, lambda name: True) == text
    assert kubectl_tables.only_rows(text, lambda name: False) == ""


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_objects_are_kept_to_the_letter(form: str) -> None:
    text = recording(f"get-{form}").stdout
    names = [item["metadata"]["name"] for item in yaml.safe_load(text).get("items", [])]
    assert names
    assert object_lists.only_objects(text, form, lambda name: True) == text
    assert object_lists.only_objects(text, form, lambda name: False) == ""
    for name in names:
        kept = yaml.safe_load(object_lists.only_objects(text, form, name.__eq__))
        assert [item["metadata"]["name"] for item in kept["items"]] == [name]


@pytest.mark.parametrize(
    "name", ["x", "123", "1e3", "no", "a.b-c", "a ", "a\tb", "v\x7fa", "a\u2028b", "a\x85b", "it's", "'a", "\xa0", "a,"]
)
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_the_name_of_a_lone_object_whatever_it_looks_like(form: str, name: str) -> None:
    made = {
        "apiVersion": "v1",
        "data": {"name": "other"},
        "kind": "ConfigMap",
        "metadata": {"labels": {"name": "another"}, "name": name, "namespace": "shop"},
    }
    text = f"{json.dumps(made, indent=4)}\n" if form == "json" else yaml.safe_dump(made)
    assert object_lists.only_objects(text, form, name.__eq__) == text
    assert object_lists.only_objects(text, form, "other".__eq__) == ""


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_what_is_no_object_stays_as_kubectl_gave_it(form: str) -> None:
    made = request(f"get pods web* -o {form}")
    keep, result = name_filter.name_filter(made), Result("c1", b"something else\n", b"", 0)
    assert keep
    assert name_filter.filtered_result(result, keep, made) == result


def test_a_name_is_kept_whole_whatever_is_in_it() -> None:
    names = ["web\u2028a", "web\x85b", "web\x0cc", "web\rd", "web\ne", "web ", "web\n\nf"]
    other = ["db\nweb", "x\u2028web"]
    lines = {name: f"clusterrole.rbac.authorization.k8s.io/{name}\n" for name in (*names, *other)}
    made = request("get clusterroles web* -o name")
    keep = name_filter.name_filter(made)
    assert keep
    filtered = name_filter.filtered_result(Result("c1", "".join(lines.values()).encode(), b"", 0), keep, made)
    assert filtered
    assert filtered.stdout.decode() == "".join(lines[name] for name in names)


def test_keys_are_kept_with_their_rows() -> None:
    keys = "Pod\x1f1\x1fweb\x1ePod\x1f2\x1fdb\x1eList\x1f\x1f\x1e"
    assert [key.value for key in sorting.parse_keys(sorting.only_keys(keys, web))] == ["1"]
    assert sorting.parse_keys(sorting.only_keys(keys, lambda name: False)) == []


@pytest.mark.parametrize(
    ("text", "result", "status", "stderr"),
    [
        ("get pods web*", Result("c1", b"NAME   AGE\nweb    1m\n", b"", 0), 0, ""),
        ("get pods web*", Result("c1", b"NAME   AGE\ndb     1m\n", b"", 0), 1, 'names matching "web*" not found'),
        ("get pods web*", Result("c1", b"", b"No resources found", 0), 1, 'names matching "web*" not found'),
        ("get pods web* --ignore-not-found", Result("c1", b"NAME\ndb\n", b"", 0), 0, ""),
        ("get cs web*", Result("c1", b"NAME\ndb\n", b"Warning: old\n", 0), 1, "Warning: old\nerror: names matching"),
        ("get pods web* --sort-by=.x", Result("c1", b"", b"No resources found", 0), 1, "not found, or no object has"),
        ("get pods web*", Result("c1", b"", b"Unable to connect", 1), 1, "Unable to connect"),
        ("get pods web*", Result("c1", b"", b"", None), None, ""),
    ],
)
def test_what_does_not_match_is_not_there(text: str, result: Result, status: int | None, stderr: str) -> None:
    made = request(text)
    keep = name_filter.name_filter(made)
    assert keep
    filtered = name_filter.filtered_result(result, keep, made)
    assert filtered
    kept = result.stdout if b"\nweb" in result.stdout else b""
    assert (filtered.status, filtered.stdout) == (status, kept)
    assert stderr in filtered.stderr.decode()


@pytest.mark.parametrize(
    ("patterns", "row", "is_told"),
    [
        ("web-*", ["web-1", "1m"], True),
        ("*", ["web...", "1m"], True),
        ("web?", ["web", "1m"], False),  # "web "
        ("web??", ["web", "1m"], False),
        ("web??????????????", ["web", "1m"], True),
        ("*b", ["web", "1m"], False),
        ("*-1", ["web", "1m"], True),
        ("*eb*", ["web", "1m"], True),
        ("?eb* *x", ["web", "1m"], True),
        ("[vw]*", ["web", "1m"], True),
        ("*eb*", ["w...", "1m"], False),
        ("w.*", ["w...", "1m"], False),
        ("*eb*", ["w^[eb", "1m"], False),
        ("*longest-name", ["the-longest-name", "1m"], True),
        ("web*", ["web", "tab", "1m"], False),
        ("web*", ["web", "", "1m"], False),
        ("web*", ["web"], False),
    ],
)
def test_what_a_table_tells_of_names(patterns: str, row: list[str], is_told: bool) -> None:
    made = request(f"get things {patterns}")
    keep = name_filter.name_filter(made)
    assert keep
    text = tab_writer([["NAME", "AGE"], ["the-longest-name", "1m"], row])
    result = name_filter.filtered_result(Result("c1", text.encode(), b"", 0), keep, made)
    assert (result is not None) == is_told


@pytest.mark.parametrize(
    "text", ["AGE   TEXT\n1m    web\n", "NAME   COL\nUMN    AGE\nweb    v     1m\n", "NAME   COL\nUMN\nweb    v\n"]
)
def test_a_table_without_names_tells_none(text: str) -> None:
    made = request("get things web*")
    keep = name_filter.name_filter(made)
    assert keep
    for plain_names in (True, False):
        assert name_filter.filtered_result(Result("c1", text.encode(), b"", 0), keep, made, plain_names) is None
    for ended in (Result("c1", text.encode(), b"", -15, timed_out=True), Result("c1", text.encode(), b"", None)):
        assert name_filter.filtered_result(ended, keep, made) == ended._replace(stdout=b"")


@given(st.text("ab .\t^[\x1b\n", min_size=1, max_size=6), st.text("ab *?.^", min_size=1, max_size=5))
def test_a_certain_cell_is_kept_like_its_name(name: str, pattern: str) -> None:
    """As kubectl prints a name: cut at a line break, with its escapes told, and padded."""
    keep = name_filter.NameFilter((pattern,))
    first, line_break, _ = name.partition("\n")
    cell = (first.replace("\x1b", "^[") + "..." * bool(line_break)).partition("\t")[0].rstrip(" ")
    if "\t" not in name and keep.is_certain(cell, 8):
        assert keep(cell) == keep(name)
