# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import grammar
from kubectl_mc.merge import sorting
from kubectl_mc.merge.sorting import SortKey


@pytest.mark.parametrize(
    "ordered",
    [
        ["9", "10", "100"],
        ["", "100m", "1", "1Ki", "5Mi", "1Gi"],
        ["0", "0", "1"],
        ["", "", "0"],
        ["", "node-10", "node-2"],
        ["", "Failed", "Running"],
        ["2026-11-23T04:30:14Z", "2026-11-23T04:31:00Z", "2027-01-01T00:00:00Z"],
        ["", "1", "2", "a"],
    ],
)
def test_missing_first_quantities_by_size_texts_by_bytes(ordered: list[str]) -> None:
    backwards = [[value] for value in ordered[::-1]]
    assert [backwards[index][0] for index in sorting.merged_order(backwards)] == ordered


def test_texts_are_merged_as_the_kubectls_have_sorted_them() -> None:
    assert sorting.merged_order([["v1", "v10", "v2"], ["v11", "v3"]]) == [0, 1, 3, 2, 4]
    assert sorting.merged_order([["v1", "v2", "v10"], ["v3", "v11"]]) == [0, 1, 3, 2, 4]


VALUES = st.sampled_from(["a", "b", "1", "1000m", "1k", "", "c2", "c10", "-"])


@given(st.lists(st.lists(VALUES, max_size=6), max_size=4), st.booleans())
def test_each_sequence_keeps_its_order_and_sorted_ones_are_merged(sequences: list[list[str]], descending: bool) -> None:
    order = sorting.merged_order(sequences, descending)
    assert sorted(order) == list(range(sum(map(len, sequences))))
    start = 0
    for sequence in sequences:
        rows = range(start, start + len(sequence))
        assert [index for index in order if index in rows] == list(rows)
        start += len(sequence)


@given(st.lists(st.lists(st.integers(0, 99), max_size=6), max_size=4), st.booleans())
def test_sorted_sequences_become_a_sorted_one(sequences: list[list[int]], descending: bool) -> None:
    texts = [[f"{amount}m" for amount in sorted(sequence, reverse=descending)] for sequence in sequences]
    values = [text for sequence in texts for text in sequence]
    merged = [int(values[index][:-1]) for index in sorting.merged_order(texts, descending)]
    assert merged == sorted(merged, reverse=descending)


@pytest.mark.parametrize("expression", ["metadata.name", ".metadata.name", "{.metadata.name}", "{metadata.name}"])
@pytest.mark.parametrize("flag", [["--sort-by={}"], ["--sort-by", "{}"]])
def test_the_keys_are_asked_for_by_a_jsonpath(expression: str, flag: list[str]) -> None:
    sort_by = [word.replace("{}", expression, 1) for word in flag]
    argv = ["get", *sort_by, "-o", "wide", "pods", "-n", "shop"]
    line = grammar.parse_line(argv)
    assert grammar.value(line, "sort-by") == expression
    record = '{.kind}{"\\x1f"}{.metadata.name}{"\\x1f"}{.metadata.name}{"\\x1e"}'
    jsonpath = f"--output=jsonpath={{range .items[*]}}{record}{{end}}{record}"
    words = grammar.canonical_words(sorting.keys_command(line, expression))
    assert words == grammar.canonical_words(grammar.parse_line(["get", "pods", *sort_by, "-n", "shop", jsonpath]))


@pytest.mark.parametrize(
    "looks",
    [
        *(["-ojson"], ["-o=wide", "--no-headers"], ["--show-labels"], ["-L", "app,tier"], ["--show-kind=true"]),
        *(["-oyaml"], ["--allow-missing-template-keys=false"]),
    ],
)
def test_flags_that_say_only_how_it_looks_are_left_out(looks: list[str]) -> None:
    line = grammar.parse_line(["get", *looks, "pods", "--sort-by=.spec", "-A", "--", "x"])
    words = grammar.typed_words(sorting.keys_command(line, ".spec"))
    assert words[:4] == ["get", "pods", "--sort-by=.spec", "-A"]
    assert [word.partition("=")[0] for word in words[4:]] == ["--output", "--", "x"]


def test_a_flag_grouped_with_one_left_out_stays() -> None:
    line = grammar.parse_line(["get", "pods", "-Aowide"])
    assert grammar.typed_words(sorting.keys_command(line, ".spec"))[2] == "--all-namespaces"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", []),
        ("Pod\x1f1\x1ePod\x1f2\x1eList\x1f\x1e", [SortKey("pod", "1"), SortKey("pod", "2")]),
        ("Pod\x1f7\x1e", [SortKey("pod", "7")]),
        ("List\x1f\x1e", []),
        ("Pod\x1fa\nb\x1eList\x1f\x1e", [SortKey("pod", "a\nb")]),
        ("Pod\x1f\x1eList\x1f\x1e", [SortKey("pod", "")]),
    ],
)
def test_the_keys_are_read(text: str, keys: list[SortKey]) -> None:
    assert sorting.parse_keys(text) == keys


KEYS = [SortKey("pod", "1"), SortKey("deployment", "2"), SortKey("deployment", "3")]


@pytest.mark.parametrize(
    ("group", "count", "values"),
    [
        ("", 3, ["1", "2", "3"]),
        ("deployment.apps", 2, ["2", "3"]),
        ("pod", 1, ["1"]),
        ("service", 2, ["", ""]),
        ("deployment.apps", 3, ["2", "3", "3"]),
        ("deployment.apps", 1, ["2"]),
    ],
)
def test_each_type_s_rows_get_their_keys(group: str, count: int, values: list[str]) -> None:
    assert sorting.values_of_type(KEYS, group, count) == values


def test_a_lone_cluster_without_keys_keeps_its_rows() -> None:
    assert sorting.values_of_type([], "", 2) == ["", ""]


@pytest.mark.parametrize("value", ["a\x1fb", "a\x1fb\x1fc", "a\x1eb", "\x1e", "\x1f", "a\x1eb\x1fc\x1fd"])
def test_a_value_may_have_a_separator_in_it(value: str) -> None:
    keys = sorting.parse_keys(f"Pod\x1f{value}\x1fweb\x1eList\x1f\x1f\x1e")
    assert keys[-1].name == "web" or "\x1e" in value
