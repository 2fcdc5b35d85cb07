"""The annotation that names an object's cluster, taken off what is given to kubectl: `get -o yaml | apply -f -`. Pure.

Its entry is cut out of the text, be it JSON or YAML; all else stays to the byte.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from kubectl_mc.merge.object_lists import ANNOTATION
from kubectl_mc.processes.yaml_loader import safe_loader

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Value(NamedTuple):
    """A value in a text. content: the entries of a map, the items of a list, True for any other value, None for null.

    start, end: where its text starts and ends
    in_lines: it is a map whose entries have lines of their own, without braces (YAML's block style)
    """

    content: tuple[Entry, ...] | list[Value] | bool | None
    start: int
    end: int
    in_lines: bool = False

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries of a map; () for any other value."""
        return self.content if isinstance(self.content, tuple) else ()

    def entry(self, key: str) -> Entry | None:
        """Return the entry of the map with this key; of several the last one, as kubectl does. None without any."""
        return next((entry for entry in reversed(self.entries) if entry.key == key), None)


class Entry(NamedTuple):
    """An entry of a map. start: where its key starts."""

    key: str
    start: int
    value: Value


def byte_order_mark(content: bytes) -> tuple[bytes, str]:
    """Return the byte order mark at the start of a text, b"" if there is none, and the text's encoding."""
    return next((mark for mark in _BYTE_ORDER_MARKS if content.startswith(mark[0])), (b"", "utf-8"))


def without_own_annotation(content: bytes) -> bytes:
    """Return objects in JSON or YAML without the annotation. A text that is neither is left to kubectl to judge."""
    mark, encoding = byte_order_mark(content)
    try:
        text = content[len(mark) :].decode(encoding)
        if ANNOTATION.partition("/")[0] not in text:
            return content
        documents = _json_documents(text) if text.lstrip().startswith("{") else None
        cuts = {cut for document in documents or _yaml_documents(text) for cut in _cuts(text, document)}
    except (ValueError, RecursionError):
        return content
    pieces, position = [], 0
    for start, end, replacement in sorted(cuts):
        pieces += [text[position:start], replacement]
        position = end
    return mark + "".join((*pieces, text[position:])).encode(encoding)


def _cuts(text: str, document: Value) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, what is to stand there) for each object of a document; the items of a List are objects."""
    items = document.entry("items")
    if items and isinstance(items.value.content, list):
        for item in items.value.content:
            yield from _cuts(text, item)
    metadata = document.entry("metadata")
    annotations = metadata and metadata.value.entry("annotations")
    ours = annotations and annotations.value.entry(ANNOTATION)
    if not (metadata and annotations and ours) or ours.value.content is None:  # null in a patch takes it off
        return
    # No map may be left without entries: `annotations:` is null, by which apply takes off all of them.
    if len(annotations.value.entries) > 1:
        yield from _cut(text, annotations.value, ours)
    elif len(metadata.value.entries) > 1:
        yield from _cut(text, metadata.value, annotations)
    else:
        end = metadata.value.end
        while text[end - 1] == "\n":
            end -= 1
        yield metadata.value.start, end, "{}"


_COMMA = re.compile(r"\s*,\s*")


def _cut(text: str, container: Value, entry: Entry) -> Iterator[tuple[int, int, str]]:
    """Yield the cut that takes an entry off a map that has others."""
    if not container.in_lines:
        index = container.entries.index(entry)
        if index + 1 == len(container.entries):
            yield container.entries[index - 1].value.end, entry.value.end, ""
        elif comma := _COMMA.match(text, entry.value.end):
            yield entry.start - 2 * text.startswith("? ", entry.start - 2), comma.end(), ""
        return
    start, end = text.rfind("\n", 0, entry.start) + 1, entry.value.end
    if text[end - 1] != "\n":  # as it is behind a block text
        end = text.find("\n", end) + 1 or len(text)
    if not text[start : entry.start].strip(" ?"):
        yield start, end, ""


# --- JSON -----------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')


def _json_documents(text: str) -> list[Value] | None:
    """Return the objects of a text that consists of JSON objects; None if it doesn't."""
    decoder, position, documents = json.JSONDecoder(), 0, list[Value]()
    try:
        while start := _TOKEN.search(text, position):
            _, position = decoder.raw_decode(text, start.start())
            documents.append(_json_value(list(_TOKEN.finditer(text, start.start(), position))[::-1]))
    except ValueError:
        return None
    return documents


def _json_value(tokens: list[re.Match[str]]) -> Value:
    """Take the tokens of a value, which is known to be JSON, off the end of the tokens."""
    first = tokens.pop()
    sign, last = first.group(), first
    if sign not in ("{", "["):
        return Value(None if sign == "null" else True, first.start(), first.end())
    entries, items = [], []
    while (token := tokens[-1]).group() not in ("}", "]"):
        if token.group() == ",":
            tokens.pop()
        elif sign == "[":
            items.append(_json_value(tokens))
        else:
            key = tokens.pop()
            tokens.pop()  # the colon
            entries.append(Entry(json.loads(key.group()), key.start(), _json_value(tokens)))
    last = tokens.pop()
    return Value(items if sign == "[" else tuple(entries), first.start(), last.end())


# --- YAML -----------------------------------------------------------------------------------------------------

_ALIAS = re.compile(r"\*[^\s,\[\]{}]+")


def _yaml_documents(text: str) -> list[Value]:
    """Return the documents of a YAML text. Raises ValueError if it is none."""
    import yaml

    try:
        nodes = list(yaml.compose_all(text, Loader=safe_loader()))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    return [_yaml_value(text, node) for node in nodes]


def _yaml_value(text: str, node: Any, after: int = 0) -> Value:
    """Return the value of PyYAML's node. after: where its text can start; what an alias stands for starts before."""
    start, end = node.start_mark.index, node.end_mark.index
    if start < after:
        alias = _ALIAS.search(text, after)
        return Value(True, *alias.span()) if alias else Value(True, after, after)
    in_lines = node.id != "scalar" and not node.flow_style
    if node.id == "scalar":
        return Value(None if node.tag.endswith(":null") else True, start, end)
    if node.id == "sequence":
        items = list[Value]()
        for item in node.value:
            items.append(_yaml_value(text, item, items[-1].end if items else start))
        return Value(items, start, items[-1].end if in_lines and items else end)
    entries = list[Entry]()
    for key, value in node.value:
        entry = Entry(str(key.value), key.start_mark.index, _yaml_value(text, value, key.end_mark.index))
        entries.append(entry)
    # PyYAML's end of a map in lines is where the next token starts, behind comments.
    return Value(tuple(entries), start, entries[-1].value.end if in_lines and entries else end, in_lines)
