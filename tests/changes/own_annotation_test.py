# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fixtures.storage.failures import ApiError
from fixtures.storage.patches import json_patch
from kubectl_mc.changes.own_annotation import without_own_annotation
from kubectl_mc.merge import object_lists
from kubectl_mc.merge.object_lists import ANNOTATION
from tests.changes.aliased_documents import aliased_documents, values
from tests.merge.object_lists_test import ANNOTATIONS, METADATA, OBJECTS, as_json, as_kyaml, as_yaml, listed


def taken(text: str) -> str:
    return without_own_annotation(text.encode()).decode()


def stripped(item: Any) -> Any:
    """The object without the annotation, nor the map that held nothing else. What has items is a List."""
    if not isinstance(item, dict):
        return item
    if isinstance(item.get("items"), list):
        item = {**item, "items": [stripped(inner) for inner in item["items"]]}
    metadata = item.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(annotations, dict) or annotations.get(ANNOTATION) is None:  # null removes it, in a patch
        return item
    others = {key: value for key, value in metadata["annotations"].items() if key != ANNOTATION}
    rest = {key: value for key, value in metadata.items() if key != "annotations"}
    return {**item, "metadata": {**rest, **({"annotations": others} if others else {})}}


STYLES: dict[str, Callable[[Any], str]] = {
    "kubectl's JSON": as_json,
    "kubectl's YAML": as_yaml,
    "KYAML": as_kyaml,
    "compact JSON": lambda value: json.dumps(value, separators=(",", ":")),
    "JSON with tabs": lambda value: json.dumps(value, indent="\t", ensure_ascii=False),
    "JSON with escapes": lambda value: json.dumps(value, indent=1).replace("/", "\\/"),
    "YAML in quotes": lambda value: yaml.dump(value, default_style='"', allow_unicode=True),
    "YAML in apostrophes": lambda value: yaml.dump(value, default_style="'", width=30, sort_keys=False),
    "YAML with folded texts": lambda value: yaml.dump(value, default_style=">", indent=5),
    "YAML in braces": lambda value: yaml.dump(value, default_flow_style=True, width=40),
    "YAML with innermost braces": lambda value: yaml.dump(value, default_flow_style=None, explicit_start=True),
}


def read(text: str) -> list[Any]:
    try:
        return [json.loads(text)]
    except ValueError:
        return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


@pytest.mark.parametrize("style", STYLES)
@given(items=st.lists(OBJECTS, min_size=1, max_size=3), is_list=st.booleans())
def test_it_is_taken_off_and_all_else_stays(style: str, items: list[dict[str, Any]], is_list: bool) -> None:
    objects = [listed(items)] if is_list else items
    for original in objects:
        text = STYLES[style](original)
        assert read(taken(text)) == [stripped(read(text)[0])]


@pytest.mark.parametrize("style", ["kubectl's YAML", "YAML in quotes", "YAML in apostrophes"])
@given(items=st.lists(OBJECTS, min_size=1, max_size=3))
def test_of_several_documents_each_is_an_object(style: str, items: list[dict[str, Any]]) -> None:
    text = "---\n".join(f"# {number}\n{STYLES[style](item)}" for number, item in enumerate(items))
    assert read(taken(text)) == [stripped(item) for item in items]
    assert taken(text).count("\n# ") == text.count("\n# ")


@pytest.mark.parametrize("form", ["json", "yaml", "kyaml"])
@given(metadata=METADATA, others=ANNOTATIONS)
def test_what_get_adds_is_taken_off_to_the_byte(form: str, metadata: dict[str, Any], others: dict[str, str]) -> None:
    others.pop(ANNOTATION, None)
    metadata = {**metadata, "annotations": others, "name": "x"}
    if not others:
        metadata.pop("annotations")
    render = {"json": as_json, "yaml": as_yaml, "kyaml": as_kyaml}[form]
    text = render({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    assert taken(object_lists.merge_objects([("c1", text)], form, lone=True)) == text


OURS = f"{ANNOTATION}: c1"
HEAD = "kind: ConfigMap\nmetadata:\n  name: x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Comments, blank lines and indentation are somebody's.
        (f"{HEAD}\n  annotations:  # ours\n      a: b  # 1\n\n      {OURS}  # 2\n      # 3\n      c: d\n",
         f"{HEAD}\n  annotations:  # ours\n      a: b  # 1\n\n      # 3\n      c: d\n"),
        (f"{HEAD}\n  annotations:\n    {OURS}\n# end\n---\n{HEAD}", f"{HEAD}\n# end\n---\n{HEAD}"),
        (f"{HEAD}\n  annotations:\n    'a': b\n    {OURS}", f"{HEAD}\n  annotations:\n    'a': b\n"),
        (f'{HEAD}\n  annotations: {{a: b, "{ANNOTATION}": "c1",}} # 1', f"{HEAD}\n  annotations: {{a: b,}} # 1"),
        (f"{HEAD}\n  annotations:\n    {ANNOTATION}: |\n      c1\n\n      x\n    c: d\n",
         f"{HEAD}\n  annotations:\n    c: d\n"),
        (f"{HEAD}\n  annotations:\n    ? {ANNOTATION}\n    : c1\n    c: d\n", f"{HEAD}\n  annotations:\n    c: d\n"),
        (f"metadata:\n  annotations:\n    {OURS}\nspec: 1\n", "metadata:\n  {}\nspec: 1\n"),
        (f"{HEAD}\n  annotations: {{a: *b, {OURS}}}\n".replace("name: x", "name: &b x"),
         f"{HEAD}\n  annotations: {{a: *b}}\n".replace("name: x", "name: &b x")),
        (f"{HEAD}\n  annotations: {{? {ANNOTATION} : c1, ? a : b, c: d}}", f"{HEAD}\n  annotations: {{? a : b, c: d}}"),
        # What a patch says.
        (f'{{"metadata":{{"annotations":{{"{ANNOTATION}":"c1"}}}}}}', '{"metadata":{}}'),
        (f'{{"metadata":{{"annotations":{{"{ANNOTATION}":null}}}}}}', None),
        # Several objects in JSON.
        (f'{{"a":1}}\n {{"metadata":{{"annotations":{{"{ANNOTATION}":"c1","b":"é"}}}}}}\n',
         '{"a":1}\n {"metadata":{"annotations":{"b":"é"}}}\n'),
        # Keys that are there twice, or are written with escapes.
        (f'{{"metadata":{{"annotations":{{"a":"b"}},"annotations":{{"{ANNOTATION}":"c1"}},"name":"x"}}}}',
         '{"metadata":{"name":"x"}}'),
        (f'{{"metadata":{{"annotations":{{"{ANNOTATION}":"c1","a":"b","{ANNOTATION}":"c2","{ANNOTATION}":"c3"}}}}}}',
         '{"metadata":{"annotations":{"a":"b"}}}'),
        (f'{{"metadata":{{"annotations":{{"\\u006b{ANNOTATION[1:]}":"c1","a":"b"}}}}}}',
         '{"metadata":{"annotations":{"a":"b"}}}'),
        (f'metadata: {{annotations: {{? "{ANNOTATION[:9]}\\\n  {ANNOTATION[9:]}" : c1, a: b}}}}\n',
         "metadata: {annotations: {a: b}}\n"),
        # Aliases: what they stand for stays where it is not an object's annotations.
        (f"{HEAD}\n  annotations: &a {{{OURS}, a: b}}  # 1\nother: 1  # 2\n",
         f"{HEAD}\n  annotations: &a {{a: b}}  # 1\nother: 1  # 2\n"),
        (f"metadata:\n  annotations: &a {{{OURS}}}\nspec: *a\n", f'---\nmetadata: {{}}\nspec:\n  {ANNOTATION}: c1\n'),
        (f"spec: &a {{{OURS}, a: 1}}\nmetadata: {{annotations: *a}}\n",
         f'---\nspec:\n  {ANNOTATION}: c1\n  a: 1\nmetadata:\n  annotations:\n    a: 1\n'),
        (f"base: &a {{{OURS}}}\nmetadata: {{annotations: {{<<: *a, a: b}}}}\n",
         f'---\nbase:\n  {ANNOTATION}: c1\nmetadata:\n  annotations:\n    <<: {{}}\n    a: b\n'),
        # A document that is written anew has its values as plain, as quoted and as tagged as they were.
        (f"metadata: {{annotations: &a {{{OURS}}}}}\ndata: *a\nv: [0o17, '0o17', 1_0, y, ~, !!str 1, ! '1', 1e3, -1]\n"
         f"e:\nt: |\n  no\nu: 1\n  2\n\n  3\n",
         f"---\nmetadata: {{}}\ndata:\n  {ANNOTATION}: c1\n"
         "v:\n- 0o17\n- \"0o17\"\n- 1_0\n- y\n- ~\n- !!str '1'\n- \"1\"\n- 1e3\n- -1\n"
         f'e: null\nt: "no\\n"\nu: "1 2\\n3"\n'),
        # A document that can't be read leaves the others as they are to be.
        (f"{{{HEAD}\n---\nmetadata: {{annotations: {{{OURS}}}}}\n--- # x\n- *b",
         f"{{{HEAD}\n---\nmetadata: {{}}\n--- # x\n- *b"),
        (f'{{"metadata":{{"annotations":{{"{ANNOTATION}":"c1"}}}}}} {{', '{"metadata":{}} {'),
        # The same words elsewhere, and what can't be read.
        (f"{HEAD}\ndata:\n  {OURS}\n  metadata: |\n    annotations:\n      {OURS}\n", None),
        (f"{HEAD}\nspec:\n  metadata:\n    annotations:\n      {OURS}\n", None),
        (f"{HEAD}\n  annotations: [{OURS}]\n", None),
        (f"{HEAD}\n  annotations: {{{OURS}\n", None),
        (f"{{{HEAD}", None),
    ],
)  # fmt: skip
def test_only_its_own_text_is_cut_out(text: str, expected: str | None) -> None:
    for mark, encoding in (("", "utf-8"), ("\ufeff", "utf-8"), ("\ufeff", "utf-16-le"), ("\ufeff", "utf-16-be")):
        content = (mark + text).encode(encoding)
        assert without_own_annotation(content) == (mark + (text if expected is None else expected)).encode(encoding)


@pytest.mark.parametrize("entry", ["<<: [{}]", "items: [{}]"])
def test_aliases_may_stand_for_more_than_can_be_walked(entry: str) -> None:
    """kubectl refuses such a text itself; until then, nothing may hang."""
    lines = [f"x0: &x0 {{{OURS}}}"]
    lines += [f"x{number}: &x{number} {{{entry.format(f'*x{number - 1}, ' * 10)}}}" for number in range(1, 12)]
    assert taken("\n".join([*lines, "metadata: {annotations: *x11}"])).count("x11") >= 1


def test_json_may_be_nested_deeper_than_python_goes() -> None:
    deep = '{"a":' * 5000 + "1" + "}" * 5000
    text = f'{{"metadata":{{"annotations":{{"{ANNOTATION}":"c1","a":"b"}}}},"spec":{deep}}}'
    assert taken(text) == f'{{"metadata":{{"annotations":{{"a":"b"}}}},"spec":{deep}}}'


def test_what_is_no_text_stays() -> None:
    content = b"\xff\xfe\xff kubectl-mc.k8s.io/cluster"
    assert without_own_annotation(content) == content


@given(aliased_documents())
def test_of_what_an_alias_stands_for_only_the_annotations_of_an_object_change(text: str) -> None:
    assert values(taken(text)) == [stripped(value) for value in values(text)]


POINTER = f"/metadata/annotations/{ANNOTATION.replace('/', '~1')}"
PATCHED = {"kind": "ConfigMap", "metadata": {"annotations": {"a": "b"}, "labels": {}}, "data": {"k": "v"}}


def patch_of(*operations: Any) -> str:
    names = ("op", "path", "value")
    return json.dumps(
        [operation if isinstance(operation, dict) else dict(zip(names, operation)) for operation in operations]
    )


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (patch_of(("add", POINTER, "c1")), "[]"),
        (patch_of(("add", "/data/k", "v"), ("replace", POINTER, "c1"), ("test", POINTER, "c1")),
         patch_of(("add", "/data/k", "v"))),
        (patch_of(("test", POINTER, "c1"), ("remove", "/data/k")), patch_of(("remove", "/data/k"))),
        # Somebody may have stored it: `get` and a patch that takes it off mean that one.
        (patch_of(("remove", POINTER)), None),
        (patch_of(("add", POINTER, "c1"), ("remove", POINTER), ("remove", POINTER)), patch_of(("remove", POINTER))),
        # Maps and objects as values. Null is a text, "", to who adds it: nothing takes it off.
        (patch_of(("add", "/metadata/annotations", {ANNOTATION: "c1", "a": "b"})),
         patch_of(("add", "/metadata/annotations", {"a": "b"}))),
        (patch_of(("add", "/metadata/annotations", {ANNOTATION: None})),
         patch_of(("add", "/metadata/annotations", {}))),
        (patch_of(("test", "/metadata/annotations", {ANNOTATION: "c1"})),
         patch_of(("test", "/metadata/annotations", None))),
        (patch_of(("replace", "/metadata", {"name": "x", "annotations": {ANNOTATION: "c1"}})),
         patch_of(("replace", "/metadata", {"name": "x", "annotations": {}}))),
        (patch_of(("test", "/metadata", {"name": "x", "annotations": {ANNOTATION: "c1"}})),
         patch_of(("test", "/metadata", {"name": "x"}))),
        (patch_of(("replace", "", {"kind": "x", "metadata": {"annotations": {ANNOTATION: "c1"}}})),
         patch_of(("replace", "", {"kind": "x", "metadata": {"annotations": {}}}))),
        # It isn't set by a copy, and what is moved goes.
        (patch_of({"op": "copy", "from": "/data/k", "path": POINTER}), "[]"),
        (patch_of({"op": "move", "from": "/data/k", "path": POINTER}), patch_of(("remove", "/data/k"))),
        # The library that applies it passes over what is ahead of the first slash.
        (patch_of(("add", f"x{POINTER}", "c1")), "[]"),
        # The same words elsewhere.
        (patch_of(("add", f"/spec/template{POINTER}", "c1"), ("add", "/data", {ANNOTATION: "c1"})), None),
        # YAML, with its comments.
        (f"- op: add  # 1\n  path: {POINTER}\n  value: c1\n# 2\n- {{op: remove, path: /data/k}}\n",
         "# 2\n- {op: remove, path: /data/k}\n"),
        (f"- &a {{op: add, path: {POINTER}, value: c1}}\n- {{<<: *a, path: /data/k}}\n- *a\n",
         f'---\n- <<:\n    op: add\n    path: {POINTER}\n    value: c1\n  path: /data/k\n'),
    ],
)  # fmt: skip
def test_a_json_patch_does_not_set_it(patch: str, expected: str | None) -> None:
    assert taken(patch) == (patch if expected is None else expected)


PATHS = [POINTER, *("/metadata/annotations/a", "/metadata/annotations", "/metadata", "/metadata/labels", "/data/k", "")]
SOME_ANNOTATIONS = st.dictionaries(st.sampled_from([ANNOTATION, "a", "b"]), st.sampled_from(["c1", "x"]))
SOME_METADATA: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"labels": st.just({})}, optional={"annotations": SOME_ANNOTATIONS}
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "/metadata/annotations": SOME_ANNOTATIONS,
    "/metadata": SOME_METADATA,
    "": st.fixed_dictionaries({"kind": st.just("ConfigMap"), "metadata": SOME_METADATA, "data": st.just({"k": "v"})}),
}


@given(st.data())
def test_a_json_patch_without_it_does_all_else_that_it_did(data: st.DataObject) -> None:
    patched: Any = PATCHED
    operations: list[dict[str, Any]] = []
    for _ in range(data.draw(st.integers(1, 8))):
        path = data.draw(st.sampled_from(PATHS))
        name = data.draw(st.sampled_from(["add", "replace", "test", "remove", "copy", "move"]))
        operation: dict[str, Any] = {"op": name, "path": path}
        if name in ("copy", "move"):
            operation["from"] = "/data/k"
        elif name == "test":
            with suppress(KeyError, TypeError):
                value: Any = patched
                for key in path.split("/")[1:]:
                    value = value[key.replace("~1", "/")]
                operation["value"] = value
        elif name != "remove":
            operation["value"] = data.draw(VALUES.get(path, st.sampled_from(["c1", "x"])))
        with suppress(ApiError):
            patched, operations = json_patch(patched, [operation]), [*operations, operation]
    text = data.draw(st.sampled_from([json.dumps(operations), yaml.safe_dump(operations)]))
    (remaining,) = read(taken(text))
    assert without_empty(json_patch(PATCHED, json.loads(json.dumps(remaining)))) == without_empty(stripped(patched))


def without_empty(item: Any) -> Any:
    """The object without annotations that are empty, which an API server leaves out."""
    metadata = item.get("metadata") if isinstance(item, dict) else None
    if not isinstance(metadata, dict) or metadata.get("annotations") != {}:
        return item
    return {**item, "metadata": {key: value for key, value in metadata.items() if key != "annotations"}}
