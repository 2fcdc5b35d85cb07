# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge.field_paths import Step, WrongPath, parse_path, remove_fields

OBJECT = {
    "spec": {"replicas": 1, "list": [{"name": "a", "x": 1}, {"name": "b", "x": 2}]},
    "metadata": {"annotations": {"example.com/x": "1", "b": "2"}},
}


@pytest.mark.parametrize(
    ("path", "left"),
    [
        *((path, {"list": OBJECT["spec"]["list"]}) for path in (  # type: ignore[index]
            ".spec.replicas", "spec.replicas", "{.spec.replicas}", "{spec.replicas}", ".spec['replicas']",
            '{["spec"]["replicas"]}', "['spec'].replicas", "$.spec.replicas", "{$.spec.replicas}",
        )),
        (".spec.list", {"replicas": 1}),
        (".spec.*", None),
        (".spec.list[*].x", {"replicas": 1, "list": [{"name": "a"}, {"name": "b"}]}),
        (".spec.list[0].x", {"replicas": 1, "list": [{"name": "a"}, {"name": "b", "x": 2}]}),
        (".spec.list[-1]", {"replicas": 1, "list": [{"name": "a", "x": 1}]}),
        (".spec.list[*]", {"replicas": 1}),
        (".metadata.annotations.*", OBJECT["spec"]),
        ('.spec.list[?(@.name=="b")].x', {"replicas": 1, "list": [{"name": "a", "x": 1}, {"name": "b"}]}),
        (".spec.list[?(@.x==1)]", {"replicas": 1, "list": [{"name": "b", "x": 2}]}),
        *((path, OBJECT["spec"]) for path in (
            ".spec.other", ".other.x", ".spec.replicas.x", ".spec.list.x", ".spec.list[7]", ".spec[0]", ".kind[*]",
            ".spec.list[?(@.x==true)]", ".spec.list[?(@.name.x=='a')]",
        )),
    ],
)  # fmt: skip
def test_what_a_path_takes_out(path: str, left: Any) -> None:
    own = copy.deepcopy(OBJECT)
    remove_fields(own, parse_path(path))
    assert own.get("spec") == left


@pytest.mark.parametrize("path", [r".metadata.annotations.example\.com/x", ".metadata.annotations['example.com/x']"])
def test_a_name_with_a_dot(path: str) -> None:
    own = {"metadata": {"annotations": {"example.com/x": "1", "b": "2"}}}
    remove_fields(own, parse_path(path))
    assert own == {"metadata": {"annotations": {"b": "2"}}}


@pytest.mark.parametrize("path", [".a.b.c", ".a.b", ".a.*", ".a.b[*]"])
def test_no_map_stays_that_a_path_has_emptied(path: str) -> None:
    objects: list[Any] = [{"x": 1, "a": {"b": {"c": 1}}}, {"x": 1, "a": {}}, {"x": 1}]
    for own in objects:
        remove_fields(own, parse_path(path))
    assert objects[1:] == [{"x": 1}] * 2
    assert objects[0] == {"x": 1}


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ("", 0), (".", 1), ("{}", 1), ("{.spec", 6), (".spec.", 6), (".spec..x", 6), (".spec[", 5), (".spec[x]", 5),
        (".spec[0", 5), (".a b", 2), (".a[?(@.x>1)]", 2), (".a}", 2), ("{.a}}", 3), ("..", 1), ("[0]x", 3), ("$", 1),
    ],
)  # fmt: skip
def test_a_wrong_path_names_its_place(path: str, position: int) -> None:
    with pytest.raises(WrongPath) as error:
        parse_path(path)
    assert error.value.position == position


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4))
def test_every_name_can_be_typed(names: list[str]) -> None:
    quoted = "".join("['" + name.replace("\\", "\\\\").replace("'", "\\'") + "']" for name in names)
    if not any(set(name) & set("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029") for name in names):
        assert parse_path(quoted) == tuple(map(Step, names))


@given(st.text(alphabet=".[]{}'\"*?()@=\\ab0- "))
def test_any_text_is_a_path_or_wrong(text: str) -> None:
    with suppress(WrongPath):
        remove_fields({"a": [{"b": 1}], "b": {}}, parse_path(text))
