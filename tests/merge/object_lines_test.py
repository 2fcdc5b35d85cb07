# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge.object_lines import diff_lines, object_lines

VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=8),
        st.sampled_from(["on", "1.25", "a: b", "- x", "nginx:1.25", "a\nb\n", "a\n\nb", "x\ty\nz", " a\nb", "a #b"]),
    ),
    lambda inner: st.one_of(
        st.dictionaries(st.text(alphabet="ab./ :\n", max_size=3), inner, max_size=3), st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ({"b": 1, "a": [{"c": "x", "b": []}, "z"]}, ["a:", "- b: []", "  c: x", "- z", "b: 1"]),
        ({"a": {"b": {}}}, ["a:", "  b: {}"]),
        ({"a": [[1, 2], []]}, ["a:", "- - 1", "  - 2", "- []"]),
        ({"a": "x\ny\n"}, ["a: |", "  x", "  y"]),
        ({"a": "x\ny"}, ["a: |-", "  x", "  y"]),
        ({"a": "true", "b": True, "c": "1"}, ['a: "true"', "b: true", 'c: "1"']),
        ({"a": "\x1b[2J"}, ['a: "\\u001b[2J"']),
        ({"a": "grün"}, ['a: "grün"']),
    ],
)
def test_the_lines_of_a_value(value: Any, lines: list[str]) -> None:
    assert object_lines(value) == lines


@given(VALUES)
def test_the_lines_are_yaml_of_the_value(value: Any) -> None:
    text = "".join(f"{line}\n" for line in object_lines({"a": value}))
    assert all(line.replace("\t", "").isprintable() for line in text.splitlines())
    if not re.search(r"\\u[dD][89a-fA-F]", text):  # YAML joins no surrogates
        assert yaml.safe_load(text) == {"a": value}


def applied(before: list[str], diff: list[str]) -> list[str]:
    """The text that a diff makes of another one."""
    after, position = list[str](), 0
    for line in diff:
        if match := re.match(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line):
            start = int(match[1]) - (match[2] != "0")
            assert start >= position
            after += before[position:start]
            position = start
            assert len(after) == int(match[3]) - (match[4] != "0")
        elif line[0] == "+":
            after.append(line[1:])
        else:
            assert before[position] == line[1:]
            position += 1
            after += [line[1:]] if line[0] == " " else []
    return after + before[position:]


LINES = st.lists(st.sampled_from(["a", "b", "  c:", "  - d", "    e: 1"]), max_size=40)


@given(LINES, LINES)
def test_a_diff_makes_one_text_of_the_other(before: list[str], after: list[str]) -> None:
    diff = diff_lines(before, after)
    assert applied(before, diff) == after
    assert bool(diff) == (before != after)


def test_a_diff_says_where_it_is() -> None:
    before = object_lines({"spec": {"containers": [{"image": "a", "name": "x"}], **{f"k{n}": n for n in range(9)}}})
    after = [line.replace("k7: 7", "k7: 8") for line in before]
    assert diff_lines(before, after)[0] == "@@ -9,5 +9,5 @@ spec"


@pytest.mark.parametrize("rest", [{}, {"type": "x"}])
def test_added_lines_are_told_by_what_they_are_in(rest: dict[str, str]) -> None:
    before = object_lines({"spec": {"a": 1}, **rest})
    after = object_lines({"spec": {"a": 1, "b": {"c": 1}}, **rest})
    assert diff_lines(before, after)[0].endswith("@@ spec")
    assert diff_lines(after, before)[0].endswith("@@ spec")


def test_a_list_is_told_by_its_key() -> None:
    pod = {"containers": [{"env": [{"name": f"E{n}", "value": "x"} for n in range(5)], "image": "a", "name": "x"}]}
    before = object_lines({"spec": {"template": pod}})
    places = [diff_lines(before, [*before[:n], "x", *before[n + 1 :]])[0].rpartition("@@")[2] for n in (7, 13)]
    assert places == [" spec.template.containers.env", " spec.template.containers.env"]


def test_long_texts_are_replaced_rather_than_searched_through() -> None:
    before, after = [f"{n}" for n in range(5000)], [f"{-n}" for n in range(1, 5000)]
    assert len(diff_lines(before, after)) == 9999 + 1
