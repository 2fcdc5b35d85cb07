# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Writes the mapping file and leaves the rest of it unchanged: comments, order, and keys of the user's own.

PyYAML loses comments, so the text itself is edited, at the positions that a composed document gives for its nodes. The
new text is parsed again, and is used only if it says exactly what is wanted.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

import yaml

from kubectl_mc import API_VERSION
from kubectl_mc.fleet.mapping import MappingEntry
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import regular_files
from kubectl_mc.processes.private_files import make_directory, write_privately
from kubectl_mc.type_hints import Any


class CannotEdit(ValueError):
    """The text cannot be edited without the risk of breaking its content; the argument says why."""


class _Edit(NamedTuple):
    """A replacement for text[start:end]."""

    start: int
    end: int
    text: str


class _Loader(yaml.SafeLoader):
    """Composes an alias as a node of its own, with the position of the alias and not that of its anchor."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event: Any = self.get_event()  # type: ignore[no-untyped-call]
            return yaml.ScalarNode("alias", f"*{event.anchor}", event.start_mark, event.end_mark)
        return super().compose_node(parent, index)


def edited_text(text: str, entries: Sequence[MappingEntry], keys: Mapping[str, str] | None = None) -> str:
    """Return the file's text with these entries, and with these values of top-level keys, such as hubContext.

    The text must be one that mapping.parse_mapping accepts; "" makes a new file. Raises CannotEdit.
    """
    for entry in entries:
        text = _with_entry(text, entry)
    for key, value in (keys or {}).items():
        text = _with_key(text, key, value)
    return text


_HEAD = {"apiVersion": API_VERSION, "kind": "ClusterMapping"}  # the first keys of a new file


def _with_entry(text: str, entry: MappingEntry) -> str:
    """Return the text with the entry: its context in the profile's item, or a new item in the list's own style."""
    document, root = _read(text)
    items = document.get("clusters") or []
    sequence = _value(root, "clusters")
    for index, item in enumerate(items):
        if not _is_for(item, entry):
            continue
        if item.get("context") == entry.context:
            return text
        changed = [*items[:index], {**item, "context": entry.context}, *items[index + 1 :]]
        node = _value(sequence.value[index] if isinstance(sequence, yaml.SequenceNode) else None, "context")
        return _checked(text, _scalar_edit(text, node, entry.context), {**document, "clusters": changed})
    new_item = _item(entry, items)
    wanted = {**document, "clusters": [*items, new_item]}
    block = ["clusters:", *_block(new_item, 0)]
    if root is None:
        return _checked(text, _inserted_lines(text, len(text), [*_pairs(_HEAD), *block]), {**_HEAD, **wanted})
    if sequence is None:
        return _checked(text, _added_key(text, root, f"clusters: [{_flow(new_item)}]", block), wanted)
    return _checked(text, _appended(text, sequence, new_item, root.start_mark.column), wanted)


def _with_key(text: str, key: str, value: str) -> str:
    """Return the text with this value of the key; a new key is added in front of `clusters`, or as the last one."""
    document, root = _read(text)
    if document.get(key) == value:
        return text
    wanted = {**document, key: value}
    line = f"{key}: {_scalar(value)}"
    if root is None:
        return _checked(text, _inserted_lines(text, len(text), [*_pairs(_HEAD), line]), {**_HEAD, **wanted})
    node = _value(root, key)
    if node is not None:
        return _checked(text, _scalar_edit(text, node, value), wanted)
    clusters = next((name for name, _ in root.value if name.value == "clusters"), None)
    if clusters is None or root.flow_style:
        return _checked(text, _added_key(text, root, line, [line]), wanted)
    start, indent = clusters.start_mark.index, " " * root.start_mark.column
    return _checked(text, _Edit(start, start, f"{line}{_newline(text)}{indent}"), wanted)


def _read(text: str) -> tuple[dict[str, Any], yaml.MappingNode | None]:
    """Return the document and its root node; {} and None if the text has no content. Raises CannotEdit."""
    document = yaml.safe_load(text)
    root = yaml.compose(text, Loader=_Loader)
    if document is None:
        if root is not None and text[root.start_mark.index : root.end_mark.index]:
            raise CannotEdit("it says null")
        return {}, None
    if not isinstance(document, dict) or not isinstance(root, yaml.MappingNode):
        raise CannotEdit("it is not a mapping of keys to values")
    return document, root


def _is_for(item: Mapping[str, Any], entry: MappingEntry) -> bool:
    """Return whether a list item is the entry for the same profile, by the rules of mapping.parse_mapping."""
    profile, namespace = item.get("name", item.get("profile")), item.get("namespace")
    if namespace is None and "/" in str(profile):
        namespace, _, profile = str(profile).partition("/")
    return (profile, namespace) == (entry.profile, entry.namespace)


def _item(entry: MappingEntry, siblings: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return an entry as a list item; its key for the profile is the one that the last sibling uses."""
    key = "profile" if siblings and "name" not in siblings[-1] else "name"
    namespace = {"namespace": entry.namespace} if entry.namespace is not None else {}
    return {key: entry.profile, **namespace, "context": entry.context}


def _checked(text: str, edit: _Edit, wanted: Mapping[str, Any]) -> str:
    """Return the edited text. Raises CannotEdit if it does not say what is wanted."""
    edited = text[: edit.start] + edit.text + text[edit.end :]
    with suppress(yaml.YAMLError, ValueError, RecursionError):
        if yaml.safe_load(edited) == wanted:
            return edited
    raise CannotEdit("its layout leaves no safe place for the change")


# --- Nodes ----------------------------------------------------------------------------------------------------


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """Return the value of a key in a mapping node; of two equal keys, the last one counts."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in reversed(pairs) if name.value == key), None)


def _end(node: yaml.Node) -> int:
    """Return the index where a node's last word ends; the end mark of a block is behind the comments that follow."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _line_end(text: str, index: int) -> int:
    """Return the index where the line that contains `index` ends, before its newline."""
    if index and text[index - 1] in "\r\n":  # a block scalar includes its newline
        return len(text[:index].rstrip("\r\n"))
    match = re.compile(r"[^\r\n]*").match(text, index)
    return match.end() if match else index


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


# --- Edits ----------------------------------------------------------------------------------------------------


def _appended(text: str, sequence: yaml.Node, item: Mapping[str, str], column: int) -> _Edit:
    """Append an item in the list's own style; the first item of a block list starts in `column`."""
    if isinstance(sequence, yaml.ScalarNode):  # `clusters:` with nothing behind it, or null
        if sequence.value.startswith("*"):
            raise CannotEdit("its clusters are an alias")
        if sequence.start_mark.index < sequence.end_mark.index:
            return _Edit(sequence.start_mark.index, sequence.end_mark.index, f"[{_flow(item)}]")
        return _inserted_lines(text, _line_end(text, sequence.start_mark.index), _block(item, column))
    if not isinstance(sequence, yaml.SequenceNode):
        raise CannotEdit("its clusters are not a list")
    if sequence.flow_style:
        if not sequence.value:
            return _Edit(sequence.end_mark.index - 1, sequence.end_mark.index - 1, _flow(item))
        last = sequence.value[-1]
        indent = text[: last.start_mark.index].rpartition("\n")[2]
        separator = f",{_newline(text)}{indent}" if indent and not indent.strip() else ", "
        return _Edit(last.end_mark.index, last.end_mark.index, f"{separator}{_flow(item)}")
    last, column = sequence.value[-1], sequence.start_mark.column
    is_flow = isinstance(last, yaml.MappingNode) and last.flow_style
    lines = [f"{' ' * column}- {_flow(item)}"] if is_flow else _block(item, column)
    return _inserted_lines(text, _line_end(text, _end(sequence)), lines)


def _added_key(text: str, root: yaml.MappingNode, pair: str, lines: Sequence[str]) -> _Edit:
    """Add a key behind all others of the document: `pair` if it is in flow style, else `lines`."""
    if root.flow_style:
        index = root.value[-1][1].end_mark.index if root.value else root.end_mark.index - 1
        return _Edit(index, index, f"{', ' if root.value else ''}{pair}")
    indent = " " * root.start_mark.column
    return _inserted_lines(text, _line_end(text, _end(root)), [f"{indent}{line}" for line in lines])


def _inserted_lines(text: str, index: int, lines: Sequence[str]) -> _Edit:
    """Insert lines behind the line that ends at `index`; at the end of the text, the last one gets a newline."""
    newline = _newline(text)
    before = newline if text[:index] and text[index - 1] not in "\r\n" else ""
    after = newline if index == len(text) else ""
    return _Edit(index, index, before + newline.join(lines) + after)


def _scalar_edit(text: str, node: yaml.Node | None, value: str) -> _Edit:
    """Replace a scalar, in the same quotes. Raises CannotEdit if it is in a block style, or has an anchor or a tag."""
    if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">"):
        raise CannotEdit("the context to change isn't written where it is used")
    old = text[node.start_mark.index : node.end_mark.index]
    if old.startswith(("&", "!")):
        raise CannotEdit("the value to change has an anchor or a tag")
    space = " " if not old and text[node.start_mark.index - 1] == ":" else ""
    if old.startswith("'"):
        new = "'" + value.replace("'", "''") + "'"
    else:
        new = json.dumps(value, ensure_ascii=False) if old.startswith('"') else _scalar(value)
    return _Edit(node.start_mark.index, node.end_mark.index, space + new)


_PLAIN = re.compile(r"[A-Za-z0-9][\w./@:+-]*", re.ASCII)  # matches most contexts: `arn:aws:eks:…`, `a@b`, `c1`


def _scalar(value: str) -> str:
    """Return a string as a YAML scalar, in quotes if a plain one would be read as something else."""
    plain = _PLAIN.fullmatch(value) and yaml.safe_load(f"[{value}]") == [value]
    return value if plain and not value.endswith(":") else json.dumps(value, ensure_ascii=False)


def _pairs(item: Mapping[str, str]) -> list[str]:
    return [f"{key}: {_scalar(value)}" for key, value in item.items()]


def _flow(item: Mapping[str, str]) -> str:
    return "{" + ", ".join(_pairs(item)) + "}"


def _block(item: Mapping[str, str], column: int) -> list[str]:
    first, *others = _pairs(item)
    return [f"{' ' * column}- {first}", *(f"{' ' * column}  {pair}" for pair in others)]


# --- The file -------------------------------------------------------------------------------------------------


def read_text(path: str) -> str:
    """Return the file's text with its own line ends; "" if there is no file. Raises OSError, UnicodeDecodeError."""
    try:
        with open(path, encoding="utf-8", newline="", opener=regular_files.opener) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write_text(path: str, before: str, text: str) -> str | None:
    """Replace the file's text `before` with `text` atomically, readable by its owner only; keep it as PATH.bak.

    If the path is a symbolic link, the file that it points to is written.
    Returns the backup's path; None if there was no file. Raises CannotEdit if the file's text is not `before`, OSError.
    """
    target = os.path.realpath(path)
    if read_text(target) != before:
        raise CannotEdit("it has changed in the meantime")
    make_directory(os.path.dirname(target))
    backup = f"{target}.bak" if os.path.exists(target) else None
    if backup:
        write_privately(backup, before)
    write_privately(target, text)
    return backup
