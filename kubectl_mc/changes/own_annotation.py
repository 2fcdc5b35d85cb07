# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The annotation that names an object's cluster, taken off what is given to kubectl: `get -o yaml | apply -f -`. Pure.

It is taken off objects and Lists, off what a patch sets, and off the operations of a JSON patch, in JSON and in YAML.
"""

from __future__ import annotations

import codecs
import re

from kubectl_mc.changes.document_nodes import Node, map_entries, new_node, with_entry, with_values
from kubectl_mc.changes.edited_text import edited_text
from kubectl_mc.merge.object_lists import ANNOTATION
from kubectl_mc.named_tuples import NamedTuple

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def byte_order_mark(content: bytes) -> tuple[bytes, str]:
    """Return the byte order mark at the start of a text, b"" if there is none, and the text's encoding."""
    return next((mark for mark in _BYTE_ORDER_MARKS if content.startswith(mark[0])), (b"", "utf-8"))


def without_own_annotation(content: bytes) -> bytes:
    """Return objects, or a patch, in JSON or YAML, without the annotation.

    A text that is neither is left to kubectl to judge.
    """
    mark, encoding = byte_order_mark(content)
    try:
        text = content[len(mark) :].decode(encoding, "surrogateescape")
    except UnicodeDecodeError:
        return content
    if not _may_hold(text):
        return content
    return mark + edited_text(text, _may_hold, _document).encode(encoding, "surrogateescape")


# An escape that may stand for a character of the annotation's key, or join the parts of a quoted text.
_ESCAPED = re.compile(r"\\(?:(?:x|u00|U000000)(?:2[dDeE]|38|[67])|\r?\n)")


def _may_hold(text: str) -> bool:
    return ANNOTATION.partition("/")[0] in text or _ESCAPED.search(text) is not None


class Context(NamedTuple):
    """Where an object, or a part of one, stands.

    keeps_null: an annotation of ours that is null stays, as a patch takes it off by that
    emptied: what stands in place of annotations that were ours only; None for nothing
    """

    keeps_null: bool
    emptied: Node | None


def _document(document: Node) -> Node:
    return _json_patch(document) if document.is_list else _object(document, Context(True, None), {})


def _object(node: Node, context: Context, edited_nodes: dict[int, Node]) -> Node:
    """Return an object without the annotation; the items of a List are objects.

    edited_nodes: the edited items, by the ids of those that they stand for: aliases may stand for one a million times
    """
    if id(node) in edited_nodes:
        return edited_nodes[id(node)]
    edited_nodes[id(node)] = edited = node
    items, metadata = (map_entries(node).get(key) for key in ("items", "metadata"))
    if items and items.is_list:
        objects = [child.value and _object(child.value, context, edited_nodes) for child in items.children]
        edited = with_entry(edited, "items", with_values(items, objects))
    if metadata:
        edited = with_entry(edited, "metadata", _metadata(metadata, context))
    edited_nodes[id(node)] = edited
    return edited


def _metadata(node: Node, context: Context) -> Node:
    annotations = map_entries(node).get("annotations")
    return with_entry(node, "annotations", _annotations(annotations, context)) if annotations else node


def _annotations(node: Node, context: Context) -> Node | None:
    entries = map_entries(node)
    ours = entries.get(ANNOTATION)
    if not ours or (context.keeps_null and ours.is_null):
        return node
    return with_entry(node, ANNOTATION, None) if len(entries) > 1 else context.emptied


# --- JSON patches (RFC 6902) ------------------------------------------------------------------------------------

_OURS = ["metadata", "annotations", ANNOTATION]


def _json_patch(node: Node) -> Node:
    """Return a JSON patch that doesn't set the annotation.

    No object on a server has it: a test of it is one of what `get` showed, and goes, too. What takes it off stays,
    unless it was set in the same patch: on one cluster somebody may have stored it.
    """
    operations, is_set = list[Node | None](), False
    for child in node.children:
        operation, is_set = _operation(child.value, is_set) if child.value else (None, is_set)
        operations.append(operation)
    return with_values(node, operations)


def _operation(node: Node, is_set: bool) -> tuple[Node | None, bool]:
    """Return an operation of a JSON patch without the annotation, None if it is about nothing else.

    is_set: whether the operations so far would have set it; returned with this one among them
    """
    entries = map_entries(node)
    name, path, value, origin = (entries.get(key) for key in ("op", "path", "value", "from"))
    if not name or not path:
        return node, is_set
    pointer = _pointer(path)
    if pointer == _OURS:
        if name.text == "remove":
            return (None if is_set else node), False
        is_moved = name.text == "move" and origin and _pointer(origin) != _OURS
        removal = new_node({"op": "remove", "path": origin.text}) if is_moved and origin else None
        return removal, is_set or name.text != "test"
    if pointer != _OURS[: len(pointer)]:
        return node, is_set
    if not value or name.text not in ("add", "replace", "test"):
        return node, is_set and name.text not in ("remove", "move", "copy")
    sets = name.text != "test"
    # An empty map stays one, for what is added to it. What a patch has not set is empty on no server: annotations that
    # are ours only are none, and to an API server's test null.
    context = Context(keeps_null=False, emptied=new_node({}) if sets or is_set else None)
    if len(pointer) == len(_OURS) - 1:
        new = _annotations(value, context) or new_node(None)
    else:
        new = _metadata(value, context) if pointer else _object(value, context, {})
    if new is value:
        return node, is_set and not sets
    return with_entry(node, "value", new), is_set or sets


def _pointer(path: Node) -> list[str]:
    """Return the keys of a JSON pointer; kubectl and API servers pass over what is ahead of its first slash."""
    return [key.replace("~1", "/").replace("~0", "~") for key in path.text.split("/")[1:]]
