# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Random objects in YAML with anchors, aliases and merge keys, and their values as kubectl reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml
from hypothesis import strategies as st

from kubectl_mc.merge.object_lists import ANNOTATION

_MAP, _LIST, _TEXT = (f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str"))


def values(text: str) -> list[Any]:
    """Return the documents of a text in YAML. The last of equal keys counts, merged ones too (go.yaml.in/yaml/v2)."""
    loader = yaml.SafeLoader(text)
    documents = []
    while loader.check_node():
        documents.append(_value(loader, loader.get_node()))
    return documents


def _value(loader: Any, node: Any) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        entries: dict[Any, Any] = {}
        for key, value in node.value:
            if key.tag.endswith(":merge"):
                for merged in reversed(value.value) if isinstance(value, yaml.SequenceNode) else [value]:
                    entries.update(_value(loader, merged))
            else:
                entries[_value(loader, key)] = _value(loader, value)
        return entries
    return node.value if node.tag.endswith(":timestamp") else loader.construct_object(node, deep=True)


_PLAIN = ["c1", "no", "0o17", "1e3", "1_000", "~", "null", "2001-01-01", "é"]
_SCALARS = [*_PLAIN, "", "a: b", " x", "---", "a\nb\n", "# x", "<<", "'"]


@st.composite
def aliased_documents(draw: Callable[..., Any]) -> str:
    """Draw a document in which maps, lists and texts stand in several places, and maps are merged."""
    pools: dict[str, list[Any]] = {"annotations": [], "metadata": [], "object": []}
    chosen = st.integers(0, 5)

    def scalar(texts: list[str]) -> Any:
        text = draw(st.sampled_from(texts))
        implicit = (True, False)
        if draw(st.booleans()) or text not in ("x", *_PLAIN):
            return yaml.ScalarNode(_TEXT, text, style=draw(st.sampled_from("\"'|>")) if text.strip() else '"')
        return yaml.ScalarNode(resolver.resolve(yaml.ScalarNode, text, implicit), text)

    def shared(kind: str, make: Callable[[], Any]) -> Any:
        if pools[kind] and draw(st.booleans()):
            return draw(st.sampled_from(pools[kind]))
        node = make()
        pools[kind].append(node)
        return node

    def mapping(kind: str, entries: list[tuple[Any, Any]], merge: Callable[[], Any]) -> Any:
        merge_key = yaml.ScalarNode("tag:yaml.org,2002:merge", "<<")
        if draw(chosen) < 2:
            merged = [merge() for _ in range(draw(st.integers(1, 2)))]
            value = merged[0] if len(merged) == 1 else yaml.SequenceNode(_LIST, merged, flow_style=True)
            entries.insert(draw(st.integers(0, len(entries))), (merge_key, value))
        return yaml.MappingNode(_MAP, entries, flow_style=draw(st.booleans()))

    def key(text: str) -> Any:
        return yaml.ScalarNode(_TEXT, text, style=draw(st.sampled_from([None, None, '"', "'"])))

    def annotations(depth: int = 0) -> Any:
        def make() -> Any:
            names = draw(st.lists(st.sampled_from([ANNOTATION, ANNOTATION, "a", "b/c"]), max_size=3))
            entries = [(key(name), scalar(_SCALARS)) for name in names]
            return (
                mapping("annotations", entries, lambda: annotations(depth + 1))
                if depth < 2
                else yaml.MappingNode(_MAP, entries, flow_style=True)
            )

        return shared("annotations", make)

    def metadata(depth: int = 0) -> Any:
        def make() -> Any:
            names = draw(st.lists(st.sampled_from(["annotations", "annotations", "labels", "name"]), max_size=3))
            entries = [(key(name), scalar(["x"]) if name == "name" else annotations()) for name in names]
            return (
                mapping("metadata", entries, lambda: metadata(depth + 1))
                if depth < 2
                else yaml.MappingNode(_MAP, entries)
            )

        return shared("metadata", make)

    def kubernetes_object(depth: int = 0) -> Any:
        def make() -> Any:
            names = draw(st.lists(st.sampled_from(["metadata", "metadata", "data", "spec", "items"]), max_size=4))
            entries = [(key(name), part(name, depth)) for name in names]
            merge = (lambda: kubernetes_object(depth + 1)) if depth < 2 else (lambda: annotations())
            return mapping("object", entries, merge)

        return shared("object", make)

    def part(name: str, depth: int) -> Any:
        if name == "items" and depth < 2:
            items = [kubernetes_object(depth + 1) for _ in range(draw(st.integers(0, 2)))]
            return yaml.SequenceNode(_LIST, items, flow_style=draw(st.booleans()))
        return {"data": annotations, "spec": metadata}.get(name, metadata)()

    resolver: Any = yaml.SafeLoader("")
    return str(
        yaml.serialize(
            kubernetes_object(),
            Dumper=yaml.SafeDumper,
            indent=draw(st.sampled_from([2, 4])),
            width=draw(st.sampled_from([20, 200])),
            allow_unicode=True,
        )
    )
