# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge import object_lists, result_lists
from kubectl_mc.merge.object_lists import ANNOTATION
from tests.recordings import recording

Render = Callable[[Any], str]


def as_json(value: Any) -> str:
    """Go's json.MarshalIndent of an unstructured object, as kubectl prints it."""
    return json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False) + "\n"


class _Dumper(yaml.SafeDumper):
    """YAML as sigs.k8s.io/yaml lays it out: lists not indented, texts of several lines as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def as_yaml(value: Any) -> str:
    text = yaml.dump(value, Dumper=_Dumper, default_flow_style=False, allow_unicode=True)
    return text.removesuffix("...\n")  # PyYAML writes it after a text that ends with empty lines


def from_yaml(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)


_PLAIN_KEY = re.compile(r"(?!(?:yes|no|y|n|on|off|true|false|null|[tf])$)[A-Za-z_](?:[\w./-]*[\w])?", re.IGNORECASE)


def kyaml_text(text: str, indent: str) -> str:
    """A string in KYAML: one of several lines is folded, each line two levels below its key."""
    escaped = [re.sub(r'(["\\])', r"\\\1", line) for line in text.split("\n")]
    if len(escaped) == 1:
        return f'"{escaped[0]}"'
    margin = f"\n{indent}  "
    *lines, rest = [margin + ("\\" if line.startswith(" ") else " ") + line for line in escaped]
    folded = "".join(f"{line}\\n\\" for line in lines)
    return f'"\\{folded}' + (f"{rest}\\" if escaped[-1] else "") + f'{margin}"'


def kyaml_value(value: Any, indent: str = "") -> str:
    """As sigs.k8s.io/yaml's kyaml lays out a value whose key has this indentation."""
    inner = indent + "  "
    if isinstance(value, str):
        return kyaml_text(value, indent)
    if isinstance(value, dict) and value:
        keys = [key if _PLAIN_KEY.fullmatch(key) else json.dumps(key) for key in sorted(value)]
        lines = [f"{inner}{key}: {kyaml_value(value[name], inner)},\n" for key, name in zip(keys, sorted(value))]
        return "{\n" + "".join(lines) + indent + "}"
    if isinstance(value, list) and value:
        if all(isinstance(item, (dict, list)) for item in value):
            return "[" + ", ".join(kyaml_value(item, indent) for item in value) + "]"
        return "[\n" + "".join(f"{inner}{kyaml_value(item, inner)},\n" for item in value) + indent + "]"
    return json.dumps(value)


def as_kyaml(value: Any) -> str:
    return f"---\n{kyaml_value(value)}\n"


FORMS: list[tuple[str, Render, Callable[[str], Any]]] = [
    ("json", as_json, json.loads),
    ("yaml", as_yaml, from_yaml),
    ("kyaml", as_kyaml, from_yaml),
]
forms = pytest.mark.parametrize(("form", "render", "load"), FORMS, ids=["json", "yaml", "kyaml"])


def listed(items: list[Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}


def annotated(item: dict[str, Any], cluster: str) -> dict[str, Any]:
    """What is no map is replaced: it could hold no annotation."""
    metadata = item["metadata"] if isinstance(item["metadata"], dict) else {}
    annotations = metadata.get("annotations")
    others = annotations if isinstance(annotations, dict) else {}
    return {**item, "metadata": {**metadata, "annotations": {**others, ANNOTATION: cluster}}}


def added(before: str, after: str) -> list[str]:
    """Return the lines that `after` adds to `before`; fails if a line of `before` is missing."""
    rest = iter(before.splitlines())
    expected, extra = next(rest, None), []
    for line in after.splitlines():
        if line == expected:
            expected = next(rest, None)
        else:
            extra.append(line)
    assert expected is None
    return extra


@pytest.mark.parametrize(
    ("name", "form", "line"),
    [
        ("get-json", "json", f'                    "{ANNOTATION}": "c1",'),
        ("get-json-one", "json", f'            "{ANNOTATION}": "c1",'),
        ("apply-json", "json", f'            "{ANNOTATION}": "c1",'),
        ("get-yaml", "yaml", f'      {ANNOTATION}: "c1"'),
    ],
)
def test_a_lone_cluster_s_answer_differs_by_one_line(name: str, form: str, line: str) -> None:
    text = recording(name).stdout
    assert added(text, object_lists.merge_objects([("c1", text)], form, lone=True)) == [line]


@pytest.mark.parametrize("name", ["get-json", "get-json-one", "apply-json"])
def test_recorded_json_is_merged_to_a_list(name: str) -> None:
    text = recording(name).stdout
    original = json.loads(text)
    items = original["items"] if original["kind"] == "List" else [original]
    merged = json.loads(object_lists.merge_objects([("c1", text), ("c2", text)], "json"))
    assert merged == listed([annotated(item, cluster) for cluster in ("c1", "c2") for item in items])


def test_recorded_yaml_is_merged_to_a_list() -> None:
    text = recording("get-yaml").stdout
    merged = from_yaml(object_lists.merge_objects([("c1", text), ("c2", text)], "yaml"))
    items = from_yaml(text)["items"]
    assert merged == listed([annotated(item, cluster) for cluster in ("c1", "c2") for item in items])


# Texts that look like parts of the layout around them.
TRAPS = [
    f"    {ANNOTATION}: x", f'"{ANNOTATION}": "x",',
    "metadata:", "  metadata:", "- x", "- apiVersion: v1", "items:", "kind: List", "  annotations:", "---", "{}",
    '"metadata": {', '    "metadata": {', "    },", '    "kind": "List",', "        },", "    ],", "", "é世", "'", '"',
]  # fmt: skip
PRINTABLE = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff\ufffe\uffff")
TEXTS = st.one_of(
    st.sampled_from(TRAPS),
    st.lists(st.sampled_from(TRAPS), min_size=2, max_size=4).map("\n".join),
    st.text(PRINTABLE, max_size=8),
)
KEYS = st.sampled_from(["metadata", "annotations", ANNOTATION, "items", "kind", "a", "z", "- x", "labels", "no"])
VALUES = st.recursive(
    st.one_of(TEXTS, st.booleans(), st.none(), st.integers()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
STRINGS = st.dictionaries(st.one_of(KEYS, st.just("example.com/z")), TEXTS, max_size=3)
# Our annotation may have been set already: alone, ahead of others, behind them or among them.
ANNOTATIONS = st.dictionaries(
    st.sampled_from([ANNOTATION, "a", "kubectl-mc.k8s.io/other", "z", "no", "x" * 140]),
    st.one_of(TEXTS, VALUES),
    max_size=4,
)
METADATA = st.fixed_dictionaries(
    {},
    optional={
        "annotations": st.one_of(ANNOTATIONS, VALUES),  # an API server may send anything
        "labels": STRINGS,
        "name": TEXTS,
        "ownerReferences": st.lists(STRINGS),
    },
)
OBJECTS = st.fixed_dictionaries(
    {
        "apiVersion": st.sampled_from(["example.com/v1", "apps/v1"]),
        "kind": st.text("List", min_size=1).filter(lambda kind: not kind.endswith("List")),
        "metadata": st.one_of(METADATA, METADATA, VALUES),
    },
    # A kind that ends in List and has items is a list for kubectl, too (unstructured's IsList).
    optional={"data": STRINGS, "spec": VALUES, "items": st.lists(VALUES, max_size=2), "rules": st.lists(STRINGS)},
)


@forms
@given(answers=st.lists(st.lists(OBJECTS, max_size=3), min_size=1, max_size=3))
def test_every_item_is_its_original_with_an_annotation(
    form: str, render: Render, load: Callable[[str], Any], answers: list[list[dict[str, Any]]]
) -> None:
    outputs = [(f"c{number}", render(listed(items))) for number, items in enumerate(answers)]
    merged = object_lists.merge_objects(outputs, form)
    assert load(merged) == listed(
        [annotated(item, f"c{number}") for number, items in enumerate(answers) for item in items]
    )


@forms
@given(answers=st.lists(OBJECTS, min_size=1, max_size=3))
def test_lone_objects_become_items(
    form: str, render: Render, load: Callable[[str], Any], answers: list[dict[str, Any]]
) -> None:
    outputs = [(f"c{number}", render(item)) for number, item in enumerate(answers)]
    assert load(object_lists.merge_objects(outputs, form)) == listed(
        [annotated(item, f"c{number}") for number, item in enumerate(answers)]
    )


@forms
@given(item=OBJECTS)
def test_nothing_but_lines_is_added(
    form: str, render: Render, load: Callable[[str], Any], item: dict[str, Any]
) -> None:
    """Numbers, escapes, quotes and the order of keys stay as kubectl gave them."""
    text = render(item)
    merged = object_lists.merge_objects([("c1", text)], form, lone=True)
    assert load(merged) == annotated(item, "c1")
    annotations = item["metadata"].get("annotations") if isinstance(item["metadata"], dict) else None
    if isinstance(annotations, dict) and annotations and ANNOTATION not in annotations:
        assert len(added(text, merged)) == 1
    if isinstance(annotations, dict) and ANNOTATION in annotations:
        # The value stands where the other one was. YAML of kubectl's has no quotes around ours, which does no harm.
        assert merged.replace('"c1"', "c1") == render(annotated(item, "c1")).replace('"c1"', "c1")


@forms
def test_empty_lists_make_an_empty_list(form: str, render: Render, load: Callable[[str], Any]) -> None:
    text = render(listed([]))
    assert object_lists.merge_objects([("c1", text), ("c2", text)], form) == text


@forms
def test_no_answer_at_all_makes_an_empty_list(form: str, render: Render, load: Callable[[str], Any]) -> None:
    assert load(object_lists.merge_objects([], form)) == listed([])


@forms
def test_items_come_in_the_order_asked_for(form: str, render: Render, load: Callable[[str], Any]) -> None:
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    outputs = [(cluster, render(listed([item]))) for cluster in ("c1", "c2")]
    merged = load(object_lists.merge_objects(outputs, form, ordered=lambda rows: rows[::-1]))
    assert [item["metadata"]["annotations"][ANNOTATION] for item in merged["items"]] == ["c2", "c1"]


@pytest.mark.parametrize("form", ["json", "yaml", "kyaml"])
@pytest.mark.parametrize(
    "text", ["garbage\n", "{}\n", "{\n}\n", "[]\n", "null\n", "apiVersion: v1\n", '{\n    "a": 1\n}\n', "NAME   AGE\n"]
)
def test_what_is_no_object_is_not_made_one(form: str, text: str) -> None:
    with pytest.raises(object_lists.NotObjects):
        object_lists.merge_objects([("c1", text)], form)


@forms
def test_a_list_of_one_type_joins_the_list(form: str, render: Render, load: Callable[[str], Any]) -> None:
    """`kubectl events -o json` prints an EventList; alone it stays one."""
    item = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "x"}}
    text = render({**listed([item]), "kind": "EventList"})
    assert load(object_lists.merge_objects([("c1", text), ("c2", text)], form)) == listed(
        [annotated(item, "c1"), annotated(item, "c2")]
    )
    assert load(object_lists.merge_objects([("c1", text)], form, lone=True))["kind"] == "EventList"


def test_annotations_of_a_typed_object_need_not_come_first() -> None:
    """Its keys are in the order of the Go type's fields, not sorted."""
    metadata = '{\n        "name": "x",\n        "annotations": {\n            "a": "b"\n        }\n    }'
    text = f'{{\n    "kind": "Event",\n    "metadata": {metadata}\n}}\n'
    merged = json.loads(object_lists.merge_objects([("c1", text)], "json", lone=True))
    assert merged["metadata"] == {"name": "x", "annotations": {"a": "b", ANNOTATION: "c1"}}


def test_a_version_is_no_object() -> None:
    with pytest.raises(object_lists.NotObjects):
        object_lists.merge_objects([("c1", recording("version-json").stdout)], "json")


@forms
@given(answers=st.lists(st.dictionaries(KEYS, VALUES, min_size=1, max_size=3), min_size=1, max_size=3))
def test_other_documents_are_wrapped_each_with_its_cluster(
    form: str, render: Render, load: Callable[[str], Any], answers: list[Any]
) -> None:
    outputs = [(f"c{number}", render(answer)) for number, answer in enumerate(answers)]
    wrapped = result_lists.wrap_documents(outputs, form)
    expected = {
        "apiVersion": result_lists.RESULTS,
        "items": [{"cluster": f"c{number}", "result": answer} for number, answer in enumerate(answers)],
        "kind": "ClusterResultList",
    }
    assert load(wrapped) == expected
    assert form != "kyaml" or wrapped == render(expected)


@forms
@pytest.mark.parametrize("between", ["", "---\n"])
def test_several_documents_of_one_kubectl_are_several_items(
    form: str, between: str, render: Render, load: Callable[[str], Any]
) -> None:
    """`kubectl label A B -o yaml` prints no `---` between them, `create -f two.yaml -o yaml` and KYAML do."""
    one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"k": "a: b\n---\nc"}}
    two = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "y"}}
    role = {"aggregationRule": {}, "apiVersion": "rbac/v1", "kind": "ClusterRole", "metadata": {"name": "z"}}
    text = (between if form == "yaml" else "").join(map(render, (one, two, role, listed([one]))))
    merged = load(object_lists.merge_objects([("c1", text), ("c2", text)], form))
    assert merged == listed([annotated(item, cluster) for cluster in ("c1", "c2") for item in (one, two, role, one)])
    alone = object_lists.merge_objects([("c1", text)], form, lone=True)
    assert alone.count(ANNOTATION) == 4


@forms
def test_the_name_is_that_of_the_metadata(form: str, render: Render, load: Callable[[str], Any]) -> None:
    """A key `name` of another map, with the same indentation, is not."""
    nameless = {"apiVersion": "v1", "kind": "X", "metadata": {"generateName": "x-"}, "spec": {"name": "spec"}}
    named = {**nameless, "metadata": {"labels": {"name": "label"}, "name": "10"}}
    layout = object_lists.LAYOUTS[form]
    for item, name in ((nameless, ""), (named, "10")):
        assert object_lists.object_name(render(item).removeprefix("---\n"), "", layout) == name
    kept = object_lists.only_objects(render(listed([nameless, named])), form, lambda name: name == "10")
    assert load(kept) == listed([named])
