# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A text in JSON or YAML with some of its entries and items taken off. Pure.

They are cut out of the text, and all else stays to the byte. Where the text can't be cut (an alias needs the anchor
that would go, or what it stands for is edited in one place only), that document is written anew: without comments, but
with the same values, each as plain or as quoted as it was.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence

from kubectl_mc.changes import document_nodes
from kubectl_mc.changes.document_nodes import NOWHERE, PLAIN, QUOTED, Child, Node
from kubectl_mc.type_hints import Any

Edit = Callable[[Node], Node]


def edited_text(text: str, is_concerned: Callable[[str], bool], edit: Edit) -> str:
    """Return the text with each of its documents edited; one that is neither JSON nor YAML is left as it is.

    is_concerned: whether a text may hold what is edited; only then it is read
    edit: a document -> the edited one, made by `with_values`, `with_entry` and `new_node` (document_nodes)
    """
    # kubectl splits a stream by these lines, too: a document that can't be read is no reason to leave the others.
    starts = [0, *(start.start() for start in re.finditer(r"^---(?=\s|\Z)", text, re.MULTILINE) if start.start())]
    parts = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)])]
    return "".join(_edited_part(part, edit) if is_concerned(part) else part for part in parts)


def _edited_part(text: str, edit: Edit) -> str:
    documents = document_nodes.json_documents(text)
    end, edited = documents[-1].end if documents else 0, ""
    try:
        edited = _with_cuts(text[:end], [(document, edit(document)) for document in documents])
        return edited + _edited_yaml(text[end:], edit)
    except (ValueError, RecursionError):
        return (edited or text[:end]) + text[end:]


def _edited_yaml(text: str, edit: Edit) -> str:
    """Return a text of YAML documents with these edits."""
    documents = document_nodes.yaml_documents(text)
    edits = [(document, edit(document)) for document in documents]
    if all(new is old for old, new in edits):
        return text
    edited = [new for _, new in edits]
    try:
        cut = _with_cuts(text, edits)
        if document_nodes.are_same(edited, document_nodes.yaml_documents(cut)):
            return cut
    except ValueError:
        pass
    return _written(edited)


# --- cut ------------------------------------------------------------------------------------------------------


def _with_cuts(text: str, edits: Sequence[tuple[Node, Node]]) -> str:
    """Return the text of nodes as that of the edited ones. Raises ValueError if it can't be had by cutting."""
    pieces, position = list[str](), 0
    for start, end, replacement in sorted({cut for old, new in edits for cut in _cuts(text, old, new)}):
        if start < position:
            raise ValueError("what is edited lies in what is cut out")
        pieces += [text[position:start], replacement]
        position = end
    return "".join((*pieces, text[position:]))


def _cuts(text: str, old: Node, new: Node) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, what is to stand there) for what differs. Raises ValueError for what can't be cut."""
    if new is old:
        return
    kept = [index for index, child in enumerate(new.children) if child.value]
    if new.start == NOWHERE or not kept:
        # No map may be left without entries: `annotations:` is null, by which apply takes off all of them.
        yield old.start, old.start + len(text[old.start : old.end].rstrip("\n")), _flow_text(new)
        return
    for index, (child, new_child) in enumerate(zip(old.children, new.children)):
        if child.value and new_child.value is child.value:
            continue
        if child.value and new_child.value:
            if not child.start <= child.value.start < child.end:
                raise ValueError("what is edited stands elsewhere, for an alias")
            yield from _cuts(text, child.value, new_child.value)
        elif old.in_lines:
            yield _lines(text, child)
        elif index < kept[-1]:
            yield _with_comma(text, child)
    if not old.in_lines and kept[-1] + 1 < len(old.children):
        yield old.children[kept[-1]].end, old.children[-1].end, ""


def _lines(text: str, child: Child) -> tuple[int, int, str]:
    """Return the cut that takes off the lines of a child."""
    start, end = text.rfind("\n", 0, child.start) + 1, child.end
    if text[start : child.start].strip(" ?-"):
        raise ValueError("something else stands on its line")
    if text[end - 1] != "\n":  # as it is behind a block text
        end = text.find("\n", end) + 1 or len(text)
    return start, end, ""


_COMMA = re.compile(r"\s*,\s*")


def _with_comma(text: str, child: Child) -> tuple[int, int, str]:
    """Return the cut that takes off a child between brackets, which is not the last one, and the comma behind it."""
    comma = _COMMA.match(text, child.end)
    if not comma:
        raise ValueError("a comment stands ahead of the comma")
    return child.start - 2 * text.startswith("? ", child.start - 2), comma.end(), ""


def _flow_text(node: Node) -> str:
    """Return the text, in JSON and in YAML, of what `new_node` makes, and of a map or a list without children."""
    if node.is_map:
        pairs = [(child.key, child.value) for child in node.children]
        return json.dumps({key.text: value.text for key, value in pairs if key and value})
    return "[]" if node.is_list else node.text


# --- written --------------------------------------------------------------------------------------------------


def _written(documents: Sequence[Node]) -> str:
    """Return the text of YAML documents."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def resolve(self, *asked: Any) -> str:
            return document_nodes.default_tag(*asked)

    judge: Any = yaml.SafeDumper(io.StringIO(), allow_unicode=True)
    made = [_to_yaml(document, lambda text: judge.analyze_scalar(text).allow_block_plain, {}) for document in documents]
    return str(yaml.serialize_all(made, Dumper=Dumper, width=float("inf"), allow_unicode=True, explicit_start=True))


def _to_yaml(node: Node, can_be_plain: Callable[[str], bool], made: dict[int, Any]) -> Any:
    """Return PyYAML's node for one of ours. made: the maps and lists that there are already, by the ids of ours"""
    import yaml

    if id(node) in made:
        return made[id(node)]
    if node.is_map or node.is_list:
        kind = yaml.MappingNode if node.is_map else yaml.SequenceNode
        copy = made[id(node)] = kind(node.tag, [], flow_style=False)
        for key, value, *_ in node.children:
            if value:
                parts = [_to_yaml(part, can_be_plain, made) for part in (key, value) if part]
                copy.value.append(tuple(parts) if node.is_map else parts[0])
        return copy
    tag, text = node.tag, node.text or "null" * node.is_null
    if tag == PLAIN and not can_be_plain(text):
        tag = QUOTED  # one of several lines, or `-`, as it may be plain between brackets: a text for whoever reads it
    # Each time a node of its own: in Go's YAML, an alias of the key `<<` merges nothing.
    return yaml.ScalarNode(tag, text, style='"' if tag == QUOTED else None)
