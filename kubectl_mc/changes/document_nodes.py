# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Documents in JSON or YAML as trees of nodes, and edits of them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.yaml_loader import safe_loader
from kubectl_mc.type_hints import Any

# The tags of nodes that name none. Whether a plain scalar is a text, a number or a boolean is left to who reads it:
# PyYAML and Go's YAML differ on some.
PLAIN, QUOTED = "plain", "quoted"
MAP, LIST = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"

NOWHERE = -1  # where the text of a new node starts


@dataclass(eq=False, slots=True)
class Node:
    """A value in a document. What aliases stand for is one node in several places.

    kind: "map", "list" or "scalar"
    tag: PLAIN or QUOTED for a scalar that names none, MAP, LIST
    text: a scalar's text, without quotes and escapes
    children: of a map or a list
    start, end: where its text starts and ends
    in_lines: its children have lines of their own, without brackets (YAML's block style)
    """

    kind: str
    tag: str
    text: str
    children: list[Child]
    start: int = NOWHERE
    end: int = NOWHERE
    in_lines: bool = False

    @property
    def is_map(self) -> bool:
        """Whether it is a map."""
        return self.kind == "map"

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return self.kind == "list"

    @property
    def is_null(self) -> bool:
        """Whether it is null."""
        is_plain = self.tag == PLAIN and self.text in ("", "~", "null", "Null", "NULL")
        return is_plain or self.tag == "tag:yaml.org,2002:null"


class Child(NamedTuple):
    """An entry of a map or an item of a list.

    key: None in a list; value: None for a child that is taken off
    start, end: where the text of the key, or else of the value, starts, and where that of the value ends; where an
        alias stands, these are its own
    """

    key: Node | None
    value: Node | None
    start: int = NOWHERE
    end: int = NOWHERE


def new_node(value: Mapping[str, str] | None) -> Node:
    """Return a node that stands in place of another one: a map of texts, or null."""
    if value is None:
        return Node("scalar", PLAIN, "null", [])
    texts = [[Node("scalar", QUOTED, text, []) for text in pair] for pair in value.items()]
    return Node("map", MAP, "", [Child(key, text) for key, text in texts])


def with_values(node: Node, values: Sequence[Node | None]) -> Node:
    """Return a map or a list with these values, one for each child; None takes it off."""
    if all(new is child.value for new, child in zip(values, node.children)):
        return node
    children = [child._replace(value=new) for new, child in zip(values, node.children)]
    return Node(node.kind, node.tag, "", children, node.start, node.end, node.in_lines)


def map_entries(node: Node, entries_by_id: dict[int, dict[str, Node]] | None = None) -> dict[str, Node]:
    """Return a map's entries, with those of the maps that it merges (`<<: *base`); {} for any other node.

    As in kubectl's YAML (go.yaml.in/yaml/v2), the last of equal keys counts, be it merged or not; in a list of merged
    maps the first one.
    entries_by_id: of merged maps: maps that merge each other may have more paths than can be walked
    """
    entries_by_id = {} if entries_by_id is None else entries_by_id
    if id(node) in entries_by_id:
        return entries_by_id[id(node)]
    entries = entries_by_id[id(node)] = dict[str, Node]()
    for key, value, *_ in node.children if node.is_map else ():
        if key and value and _is_merge(key):
            for merged in [child.value for child in reversed(value.children)] if value.is_list else [value]:
                entries.update(map_entries(merged, entries_by_id) if merged else {})
        elif key and value and key.kind == "scalar":
            entries[key.text] = value
    return entries


def with_entry(node: Node, name: str, new: Node | None) -> Node:
    """Return a map whose value of a key is another one, in the map that it merges it from, too; None takes it off."""
    return _with_entry(node, name, map_entries(node).get(name), new, {})


def _with_entry(node: Node, name: str, old: Node | None, new: Node | None, edited_nodes: dict[int, Node]) -> Node:
    """edited_nodes: the edited maps, by the ids of those that they stand for"""
    if id(node) in edited_nodes:
        return edited_nodes[id(node)]
    edited_nodes[id(node)] = node
    values = list[Node | None]()
    for key, value, *_ in node.children if node.is_map else ():
        if key and value and _is_merge(key):
            merged = [
                child.value and _with_entry(child.value, name, old, new, edited_nodes) for child in value.children
            ]
            values.append(
                with_values(value, merged) if value.is_list else _with_entry(value, name, old, new, edited_nodes)
            )
        elif key and key.kind == "scalar" and key.text == name and (new is None or value is old):
            values.append(new)
        else:
            values.append(value)
    edited_nodes[id(node)] = with_values(node, values) if node.is_map else node
    return edited_nodes[id(node)]


def _is_merge(key: Node) -> bool:
    return key.text == "<<" and key.tag in (PLAIN, "tag:yaml.org,2002:merge")


def are_same(one: Sequence[Node], other: Sequence[Node]) -> bool:
    """Return whether documents have the same tags and texts. Without recursion; each pair is looked at once."""
    pairs: list[tuple[Node | None, Node | None]] = list(zip(one, other))
    compared = set[tuple[int, int]]()
    if len(one) != len(other):
        return False
    while pairs:
        first, second = pairs.pop()
        if first is second or (id(first), id(second)) in compared:
            continue
        compared.add((id(first), id(second)))
        if not first or not second or (first.tag, first.text) != (second.tag, second.text):
            return False
        children = [[child for child in node.children if child.value] for node in (first, second)]
        if first.kind != second.kind or len(children[0]) != len(children[1]):
            return False
        for child, its_like in zip(*children):
            pairs += [(child.key, its_like.key), (child.value, its_like.value)]
    return True


# --- JSON -----------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r'\s*("(?:[^"\\\x00-\x1f]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+)')
_CLOSING = {"}": "map", "]": "list"}


def json_documents(text: str) -> list[Node]:
    """Return the maps and lists in JSON that a text starts with, one after another."""
    documents = list[Node]()
    while document := _json_document(text, documents[-1].end if documents else 0):
        documents.append(document)
    return documents


def _json_document(text: str, position: int) -> Node | None:
    """Return the map or the list in JSON that starts behind this position; None if there is none.

    Without recursion, for an object may be nested deeper than Python's JSON can read it.
    """
    root = Node("list", LIST, "", [])
    open_nodes, keys = [root], list[Node]()
    expected = {"value"}
    while expected and (token := _TOKEN.match(text, position)):
        sign, start, position = token.group(1), token.start(1), token.end()
        within = open_nodes[-1]
        key = keys[-1] if within.is_map and keys else None
        if sign in ("{", "[") and "value" in expected:
            node = Node("map", MAP, "", [], start) if sign == "{" else Node("list", LIST, "", [], start)
            within.children.append(Child(key, node, key.start if key else start))
            open_nodes.append(node)
            expected = {"key", sign} if node.is_map else {"value", sign}
        elif sign in _CLOSING and _CLOSING[sign] == within.kind and expected & {",", "{", "["} and len(open_nodes) > 1:
            open_nodes.pop().end = position
            outer = open_nodes[-1]
            outer.children[-1] = outer.children[-1]._replace(end=position)
            if outer.is_map:
                keys.pop()
            expected = {","} if len(open_nodes) > 1 else set()
        elif sign in (":", ",") and sign in expected:
            expected = {"key"} if sign == "," and within.is_map else {"value"}
        elif sign not in (*_CLOSING, "{", "[", ":", ",") and expected & {"value", "key"} and len(open_nodes) > 1:
            try:
                read = sign[1:-1] if sign[0] == '"' and "\\" not in sign else json.loads(sign)
            except ValueError:
                return None
            scalar = Node("scalar", QUOTED, read, [], start, position)
            if not isinstance(read, str):
                scalar.tag, scalar.text = PLAIN, sign
            if "key" in expected:
                keys.append(scalar)
                expected = {":"} if scalar.tag == QUOTED else set()
                continue
            within.children.append(Child(key, scalar, key.start if key else start, position))
            if key:
                keys.pop()
            expected = {","}
        else:
            return None
    return root.children[0].value if root.children and len(open_nodes) == 1 else None


# --- YAML -----------------------------------------------------------------------------------------------------

_ALIAS = re.compile(r"\*[^\s,\[\]{}]+")


def default_tag(kind: Any, _: object, implicit: Any) -> str:
    """Return the tag of a node of PyYAML's that names none, as PyYAML's loaders and dumpers ask for it."""
    if kind.id == "scalar":
        return PLAIN if implicit[0] else QUOTED
    return MAP if kind.id == "mapping" else LIST


@cache
def _loader() -> Any:
    return type("_Loader", (safe_loader(),), {"resolve": lambda self, *asked: default_tag(*asked)})


def yaml_documents(text: str) -> list[Node]:
    """Return the documents of a YAML text. Raises ValueError if it is none, RecursionError if it is nested too deep."""
    import yaml

    try:
        documents = list(yaml.compose_all(text, Loader=_loader()))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    nodes = dict[int, Node]()
    return [_from_yaml(text, document, nodes) for document in documents]


def _from_yaml(text: str, composed: Any, nodes: dict[int, Node]) -> Node:
    """Return PyYAML's node as ours. nodes: those that there are already, by the ids of PyYAML's"""
    node = Node("scalar", composed.tag, "", [], composed.start_mark.index, composed.end_mark.index)
    nodes[id(composed)] = node
    if composed.id == "scalar":
        node.text = composed.value
        if node.tag == PLAIN and composed.style:  # `! "1"` is a text
            node.tag = QUOTED
        return node
    node.kind = "map" if composed.id == "mapping" else "list"
    node.in_lines = not composed.flow_style
    position = node.start
    for item in composed.value:
        spans = list[tuple[Node, int, int]]()
        for part in item if node.is_map else (item,):
            part_node = nodes.get(id(part))
            if part_node:
                alias = _ALIAS.search(text, position)
                start, position = alias.span() if alias else (position, position)
            else:
                part_node = _from_yaml(text, part, nodes)
                start, position = part_node.start, part_node.end
            spans.append((part_node, start, position))
        (first, start, _), (value, *_) = spans[0], spans[-1]
        node.children.append(Child(first if node.is_map else None, value, start, position))
    if node.in_lines and node.children:
        node.end = position  # PyYAML's is where the next token starts, behind comments
    return node
