"""Writing the mapping file: what the user wrote in it (comments, order, keys of their own) stays as it is.

PyYAML loses comments, so a change is made in the text: composing it tells where each node stands. What comes out is
read again, and is only taken if it says what was meant and nothing else.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import yaml

from kubectl_mc.fleet.mapping import API_VERSION, MappingEntry
from kubectl_mc.processes.private_files import write_privately

_PLAIN = re.compile(r"[A-Za-z0-9][\w./@:+-]*", re.ASCII)  # what most contexts look like: `arn:aws:eks:…`, `a@b`, `c1`


class CannotEdit(ValueError):
    """The text is such that a change could break what is in it; its argument says why."""


class _Edit(NamedTuple):
    """Text in place of text[start:end]."""

    start: int
    end: int
    text: str


class _Loader(yaml.SafeLoader):
    """Composes an alias as a node of its own, which stands where the alias stands, not where its anchor does."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event: Any = self.get_event()  # type: ignore[no-untyped-call]
            return yaml.ScalarNode("alias", f"*{event.anchor}", event.start_mark, event.end_mark)
        return super().compose_node(parent, index)


def edited_text(text: str, entries: Sequence[MappingEntry], hub_context: str | None = None) -> str:
    """The file's text with these entries and hubContext (None: left as it is); the same text if it says so already.

    Raises CannotEdit. The text must be one that mapping.parse takes.
    """
    for entry in entries:
        text = _with_entry(text, entry)
    if hub_context is not None:
        text = _with_hub(text, hub_context)
    return text


def text_to_add(entries: Sequence[MappingEntry], hub_context: str | None = None) -> str:
    """What would have to be added, as the text of a file of its own."""
    return edited_text("", entries, hub_context)


def _with_entry(text: str, entry: MappingEntry) -> str:
    """One entry: its context in place if the profile has an entry, else as one more in the list's own style."""
    data, root = _read(text)
    items = data.get("clusters") or []
    place = next((place for place, item in enumerate(items) if _is_for(item, entry)), None)
    wanted = {**data, "clusters": [*items, _item(entry, items)]}
    if place is not None:
        if items[place].get("context") == entry.context:
            return text
        wanted["clusters"] = [
            {**item, "context": entry.context} if at == place else item for at, item in enumerate(items)
        ]
    if root is None:
        head = {"apiVersion": API_VERSION, "kind": "ClusterMapping"}
        lines = [*(_pair(key, value) for key, value in head.items()), "clusters:", *_block(_item(entry, []), 0)]
        return _checked(text, [_lines_at(text, len(text), lines)], {**head, **wanted})
    sequence = _value(root, "clusters")
    if place is not None:
        edits = [_scalar_edit(text, _value(_child(sequence, place), "context"), entry.context)]
    elif sequence is None:
        edits = [_added_key(text, root, "clusters", [_item(entry, [])])]
    else:
        edits = [_appended(text, sequence, _item(entry, items), root.start_mark.column)]
    return _checked(text, edits, wanted)


def _with_hub(text: str, hub_context: str) -> str:
    data, root = _read(text)
    if data.get("hubContext") == hub_context:
        return text
    wanted = {**data, "hubContext": hub_context}
    if root is None:
        head = {"apiVersion": API_VERSION, "kind": "ClusterMapping"}
        lines = [_pair(key, value) for key, value in {**head, "hubContext": hub_context}.items()]
        return _checked(text, [_lines_at(text, len(text), lines)], {**head, **wanted})
    node = _value(root, "hubContext")
    if node is not None:
        return _checked(text, [_scalar_edit(text, node, hub_context)], wanted)
    clusters = next((key for key, _ in root.value if key.value == "clusters"), None)
    if clusters is None or root.flow_style:
        return _checked(text, [_added_key(text, root, "hubContext", hub_context)], wanted)
    indent = " " * root.start_mark.column
    line = f"{_pair('hubContext', hub_context)}{_newline(text)}{indent}"
    return _checked(text, [_Edit(clusters.start_mark.index, clusters.start_mark.index, line)], wanted)


def _read(text: str) -> tuple[dict[str, Any], yaml.MappingNode | None]:
    """What the text says and its root node, None if it says nothing."""
    data = yaml.safe_load(text)
    root = yaml.compose(text, Loader=_Loader)
    if data is None:
        if root is not None and text[root.start_mark.index : root.end_mark.index]:
            raise CannotEdit("it says null")
        return {}, None
    if not isinstance(data, dict) or not isinstance(root, yaml.MappingNode):
        raise CannotEdit("it is not a mapping of keys to values")
    return data, root


def _is_for(item: Mapping[str, Any], entry: MappingEntry) -> bool:
    """Is a list item the entry for the same profile? By the rules of mapping.parse."""
    profile, namespace = item.get("name", item.get("profile")), item.get("namespace")
    if namespace is None and "/" in str(profile):
        namespace, _, profile = str(profile).partition("/")
    return (profile, namespace) == (entry.profile, entry.namespace)


def _item(entry: MappingEntry, siblings: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """An entry as a list item, with the key for the profile that the last item uses."""
    key = "profile" if siblings and "name" not in siblings[-1] else "name"
    space = {"namespace": entry.namespace} if entry.namespace is not None else {}
    return {key: entry.profile, **space, "context": entry.context}


def _checked(text: str, edits: Sequence[_Edit], wanted: Mapping[str, Any]) -> str:
    """The text with the edits made, if it then says what is wanted."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    with suppress(yaml.YAMLError, ValueError, RecursionError):
        if yaml.safe_load(text) == wanted:
            return text
    raise CannotEdit("its layout leaves no safe place for the change")


# --- Nodes ----------------------------------------------------------------------------------------------------


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """The node of a mapping's key; of two equal keys the last one counts."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in reversed(pairs) if name.value == key), None)


def _child(node: yaml.Node | None, place: int) -> yaml.Node | None:
    return node.value[place] if isinstance(node, yaml.SequenceNode) else None


def _ends(node: yaml.Node) -> Iterator[int]:
    """Where a node's last word ends: a block's own end mark is where the next thing begins, behind comments."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        last = node.value[-1]
        yield from _ends(last[1] if isinstance(last, tuple) else last)
    else:
        yield node.end_mark.index


def _line_end(text: str, index: int) -> int:
    """The end of the line in which `index` stands, ahead of its newline."""
    if index and text[index - 1] in "\r\n":  # a block scalar takes its newline with it
        return len(text[:index].rstrip("\r\n"))
    match = re.compile(r"[^\r\n]*").match(text, index)
    return match.end() if match else index


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


# --- Edits ----------------------------------------------------------------------------------------------------


def _appended(text: str, sequence: yaml.Node, item: Mapping[str, str], column: int) -> _Edit:
    """One more item, in the list's own style; the first item of a block stands in `column`."""
    if isinstance(sequence, yaml.ScalarNode):  # `clusters:` with nothing behind it, or null
        if sequence.value.startswith("*"):
            raise CannotEdit("its clusters are an alias")
        if sequence.start_mark.index < sequence.end_mark.index:
            return _Edit(sequence.start_mark.index, sequence.end_mark.index, f"[{_flow(item)}]")
        return _lines_at(text, _line_end(text, sequence.start_mark.index), _block(item, column))
    if not isinstance(sequence, yaml.SequenceNode):
        raise CannotEdit("its clusters are no list")
    if sequence.flow_style:
        if not sequence.value:
            return _Edit(sequence.end_mark.index - 1, sequence.end_mark.index - 1, _flow(item))
        last = sequence.value[-1]
        line = text[: last.start_mark.index].rpartition("\n")[2]
        between = f",{_newline(text)}{line}" if not line.strip() and line else ", "
        return _Edit(last.end_mark.index, last.end_mark.index, f"{between}{_flow(item)}")
    last, indent = sequence.value[-1], sequence.start_mark.column
    flow = isinstance(last, yaml.MappingNode) and last.flow_style
    lines = [f"{' ' * indent}- {_flow(item)}"] if flow else _block(item, indent)
    return _lines_at(text, _line_end(text, next(_ends(sequence))), lines)


def _added_key(text: str, root: yaml.MappingNode, key: str, value: Any) -> _Edit:
    """A key that the document doesn't have yet, behind the others."""
    shown = f"[{_flow(value[0])}]" if isinstance(value, list) else _scalar(value)
    if root.flow_style:
        place = root.value[-1][1].end_mark.index if root.value else root.end_mark.index - 1
        return _Edit(place, place, f"{', ' if root.value else ''}{key}: {shown}")
    column = root.start_mark.column
    lines = ["clusters:", *_block(value[0], 0)] if isinstance(value, list) else [f"{key}: {shown}"]
    return _lines_at(text, _line_end(text, next(_ends(root))), [f"{' ' * column}{line}" for line in lines])


def _lines_at(text: str, place: int, lines: Sequence[str]) -> _Edit:
    """Whole lines behind the line that ends at `place`; at the end of the text, the last one gets its newline."""
    newline = _newline(text)
    before = newline if text[:place] and text[place - 1] not in "\r\n" else ""
    after = newline if place == len(text) else ""
    return _Edit(place, place, before + newline.join(lines) + after)


def _scalar_edit(text: str, node: yaml.Node | None, value: str) -> _Edit:
    """A scalar in place of a scalar, in its quotes."""
    if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">"):
        raise CannotEdit("the context to change isn't written where it is used")
    old = text[node.start_mark.index : node.end_mark.index]
    if old.startswith(("&", "!")):
        raise CannotEdit("the value to change has an anchor or a tag")
    gap = " " if not old and text[node.start_mark.index - 1] == ":" else ""
    quoted = "'" + value.replace("'", "''") + "'" if old.startswith("'") else json.dumps(value, ensure_ascii=False)
    new = quoted if old.startswith(("'", '"')) else _scalar(value)
    return _Edit(node.start_mark.index, node.end_mark.index, gap + new)


def _scalar(value: str) -> str:
    """A string as YAML, in quotes where a bare one would be read as something else."""
    plain = _PLAIN.fullmatch(value) and yaml.safe_load(f"[{value}]") == [value]
    return value if plain and not value.endswith(":") else json.dumps(value, ensure_ascii=False)


def _pair(key: str, value: str) -> str:
    return f"{key}: {_scalar(value)}"


def _flow(item: Mapping[str, str]) -> str:
    return "{" + ", ".join(_pair(key, value) for key, value in item.items()) + "}"


def _block(item: Mapping[str, str], indent: int) -> list[str]:
    pairs = [_pair(key, value) for key, value in item.items()]
    return [f"{' ' * indent}- {pairs[0]}", *(f"{' ' * indent}  {pair}" for pair in pairs[1:])]


# --- The file -------------------------------------------------------------------------------------------------


def read_text(path: str) -> str:
    """The file's text with its own line ends; "" if there is none. Raises OSError, UnicodeDecodeError."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write_text(path: str, before: str, text: str) -> str | None:
    """Put `text` in place of `before`, at once, readable by its owner only; what was there is kept as PATH.bak.

    A symbolic link stays one: what it points at is written. Returns the backup's path, None if there was no file.
    Raises CannotEdit if the file isn't what it was when it was read, OSError.
    """
    target = os.path.realpath(path)
    if read_text(target) != before:
        raise CannotEdit("it has changed in the meantime")
    os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
    backup = f"{target}.bak" if os.path.exists(target) else None
    if backup:
        write_privately(backup, before)
    write_privately(target, text)
    return backup
