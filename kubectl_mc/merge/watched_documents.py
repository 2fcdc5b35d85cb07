# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Watched documents: the objects of a watch, each with its cluster, as they come."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import blake2b

from kubectl_mc.merge import last_rows, object_lists
from kubectl_mc.merge.last_rows import Key, LastRows
from kubectl_mc.named_tuples import NamedTuple

# What a document of --output-watch-events says has happened to its object. In JSON it has one line.
_EVENT_TYPES = {"json": r'(?<=\A\{"type":")\w+', "yaml": r"(?<=^type: )\w+$", "kyaml": r'(?<=^  type: ")\w+(?=",$)'}
# An object that is a Status.
_STATUS = {"json": '^    "kind": "Status"', "yaml": "^kind: Status$", "kyaml": '^  kind: "Status"'}


class _Document(NamedTuple):
    """A whole document. is_event: it holds an object; is_line: it is compact JSON, without a line feed"""

    text: str
    is_event: bool
    is_line: bool = False


class WatchedDocuments:
    """Cuts one cluster's `-w -o json|yaml|kyaml` into whole documents, and annotates them with the cluster.

    With --output-watch-events a document is an event that holds an object; in JSON an event is one line.
    is_kept: whether the object with this name is shown; None for all objects
    compares: whether documents are compared after a break. Of each object a checksum is remembered; and of events,
        which tell a deletion from a change, the text, compressed, with which a deletion is shown
    """

    def __init__(
        self, cluster: str, output: str, is_kept: Callable[[str], bool] | None = None, compares: bool = False
    ) -> None:
        self._cluster = cluster
        self._is_kept = is_kept
        self._layout = object_lists.LAYOUTS[output]
        self._type = re.compile(_EVENT_TYPES[output], re.MULTILINE)
        self._status = re.compile(_STATUS[output], re.MULTILINE)
        self._start = "" if output == "json" else "---\n"
        self._end = "}" if self._layout.braces else None
        self._lines: list[str] = []
        self._last = LastRows() if compares else None
        self._events: dict[Key, bytes] = {}  # the last of each object that is there, compressed

    def feed(self, lines: Sequence[str]) -> str:
        """Return the documents that end in these lines: with a brace at the margin, in YAML before the next `---`."""
        documents = []
        for line in lines:
            if self._start and line == "---":
                documents.append(self.end())
                continue
            if not self._start and not self._lines and line.startswith("{") and line.endswith("}"):
                documents.append(self._news(_Document(line, is_event=True, is_line=True)))
                continue
            self._lines.append(line)
            if line == self._end:
                documents.append(self.end())
        return "".join(documents)

    def end(self) -> str:
        """Return the current document, which has no more lines; "" for a part of one in braces, as Ctrl-C leaves it."""
        lines, self._lines = self._lines, []
        if not lines or (self._end and lines[-1] != self._end):
            return ""
        text = "".join(f"{line}\n" for line in lines)
        return self._news(_Document(text, bool(self._layout.event) and text.startswith(self._layout.event)))

    def quiet(self) -> str:
        """Return the current document if it can be whole, as no more lines come: in YAML no line is its last one.

        kubectl writes the `---` with the document after it.
        """
        if self._end or not self._lines:
            return ""
        if f"{self._lines[0]}\n" == self._layout.event:
            is_whole = bool(self._type.search(self._lines[-1]))
        else:
            is_whole = any(line.startswith("metadata:") for line in self._lines)
        return self.end() if is_whole else ""

    def restart(self) -> None:
        """Begin with a further kubectl, which lists the objects again: objects that are as they were are not shown."""
        self._lines = []
        if self._last:
            self._last.restart()

    @property
    def has_unseen(self) -> bool:
        """Whether objects that were there before the break, and whose deletion can be shown, haven't come since."""
        return bool(self._last and self._events and self._last.has_unseen)

    def listed(self, text: str) -> str:
        """Return the events of the objects that a list, asked for since the break, shows to be gone.

        Raises NotObjects.
        """
        layout, present = self._layout, set[Key]()
        for _, document in layout.documents(text) if text else ():
            parts = layout.split_list(document)
            items = parts.items if parts else [document]
            present.update(self._names(item, layout.indent if parts else "") for item in items)
        gone = self._last.take_deleted(present) if self._last else []
        events = [self._events.pop((cells[1], cells[2]), b"") for cells in gone]
        documents = [self._type.sub("DELETED", zlib.decompress(event).decode("utf-8", "surrogateescape"), 1)
                     for event in events if event]  # fmt: skip
        is_line = not self._layout.event
        return "".join(self._shown(_Document(text, is_event=True, is_line=is_line)) for text in documents)

    def _news(self, document: _Document) -> str:
        """Return what is shown of a document: nothing of an object that isn't kept, or is as it was before a break."""
        if not self._is_kept and not self._last:
            return self._shown(document)
        if document.is_line:
            key = _event_field(document.text, "namespace"), _event_field(document.text, "name")
        else:
            key = self._names(document.text, self._layout.step if document.is_event else "")
        if self._is_kept and not self._is_kept(key[1]):
            return ""
        return self._shown(document) if not self._last or self._is_new(document, key, self._last) else ""

    def _is_new(self, document: _Document, key: Key, last: LastRows) -> bool:
        type_match = self._type.search(document.text) if document.is_event else None
        event_type = type_match.group() if type_match else ""
        if event_type == "ERROR" or (not any(key) and self._status.search(document.text)):
            return False  # it ends the watch (410: kubectl shows a Status as an object)
        if event_type == "DELETED":
            last.delete(key)
            self._events.pop(key, None)
            return True
        text = self._type.sub("", document.text, 1) if document.is_event else document.text
        encoded = text.encode("utf-8", "surrogateescape")
        if document.is_event:
            if len(self._events) >= last_rows.MAX_OBJECTS:
                del self._events[next(iter(self._events))]
            self._events[key] = zlib.compress(document.text.encode("utf-8", "surrogateescape"), 1)
        return last.add(key, (blake2b(encoded, digest_size=16).hexdigest(), *key), 0.0)

    def _names(self, text: str, indent: str) -> Key:
        """Return the namespace and the name of the object with this text, at this indentation."""
        namespace, name = (
            object_lists.object_name(text, indent, self._layout, ("metadata", field)) for field in ("namespace", "name")
        )
        return namespace, name

    def _shown(self, document: _Document) -> str:
        text = document.text
        if document.is_line:
            return f"{_annotated_event(text, self._cluster)}\n"
        with suppress(object_lists.NotObjects):  # then it is shown as kubectl printed it
            indent = self._layout.step if document.is_event else ""
            text = object_lists.annotated_object(text, indent, self._cluster, self._layout)
        return self._start + text


def _event_field(event: str, field: str) -> str:
    """Return the name, or the namespace, of the object in a compact JSON event, "" if it has none."""
    start = 0
    for key in ("object", "metadata", field):
        span = _value_span(event, start, key)
        if not span:
            return ""
        start, end = span
    return str(json.loads(event[start:end])) if event[start] == '"' else ""


def _annotated_event(event: str, cluster: str) -> str:
    """Return a compact JSON event whose object has our annotation, and no other of that name.

    Everything else is unchanged, as is an event that holds no object.
    """
    keys = ("object", "metadata", "annotations", object_lists.ANNOTATION)
    value, start = json.dumps(cluster), 0
    for level, key in enumerate(keys):
        span = _value_span(event, start, key)
        is_map = span is not None and event[span[0]] == "{"
        if (not span and level < 2) or (not is_map and not level):
            return event
        if not span:
            comma = "" if event[start + 1] == "}" else ","
            return f"{event[: start + 1]}{_members(keys[level:], value)}{comma}{event[start + 1 :]}"
        (start, end), rest = span, keys[level + 1 :]
        if not is_map:
            break
    return event[:start] + (f"{{{_members(rest, value)}}}" if rest else value) + event[end:]


def _members(keys: Sequence[str], value: str) -> str:
    """Return the member of a JSON object that holds the value, in an object for each of the keys ahead of the last."""
    key, *inner_keys = keys
    return f"{json.dumps(key)}:{f'{{{_members(inner_keys, value)}}}' if inner_keys else value}"


_JSON_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]')


def _value_span(text: str, start: int, key: str) -> tuple[int, int] | None:
    """Return where the value of `key` starts and ends in the compact JSON object at `start`; None without such a key.

    json's decoder would do, but for an object that is nested too deep for it.
    """
    depth, name, value_start = 0, "", None
    for token in _JSON_TOKEN.finditer(text, start):
        sign = token.group()
        depth -= sign in ("}", "]")
        if depth == (0 if sign == "}" else 1) and sign in (",", "}") and value_start is not None:
            return value_start, token.start()
        if depth == 0 and sign == "}":
            break
        if depth == 1 and sign == ":" and name == f'"{key}"':
            value_start = token.end()
        depth += sign in ("{", "[")
        name = sign
    return None
