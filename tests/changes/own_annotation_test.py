from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.changes.own_annotation import without_own_annotation
from kubectl_mc.merge import object_lists
from kubectl_mc.merge.object_lists import ANNOTATION
from tests.merge.object_lists_test import ANNOTATIONS, METADATA, OBJECTS, as_json, as_kyaml, as_yaml, listed


def taken(text: str) -> str:
    return without_own_annotation(text.encode()).decode()


def stripped(item: Any) -> Any:
    """The object without the annotation, nor the map that held nothing else."""
    metadata = item["metadata"]
    if item["kind"] == "List":
        return {**item, "items": [stripped(inner) for inner in item["items"]]}
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


def test_what_is_no_text_stays() -> None:
    content = b"\xff\xfe\xff kubectl-mc.k8s.io/cluster"
    assert without_own_annotation(content) == content
