# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Objects: the JSON, YAML or KYAML of many clusters -> one `v1` List whose items are annotated with their cluster.

kubectl's layout is fixed (four spaces a level in JSON, two in YAML and KYAML), so the items are cut out of the text and
the annotation is inserted as a line, or its value is replaced: whoever may write to a cluster may have set it. Nothing
else is parsed or written anew: numbers, escapes, quotes, block texts and the order of keys stay as kubectl printed
them, and a large fleet takes one pass over the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache, partial

from kubectl_mc import API_GROUP
from kubectl_mc.named_tuples import NamedTuple

ANNOTATION = f"{API_GROUP}/cluster"
ClusterText = tuple[str, str]  # a cluster, and what it printed or a part of that


class NotObjects(ValueError):
    """The text isn't laid out as kubectl prints an object or a List."""


class ListParts(NamedTuple):
    """The text of a List in parts: what is before its items, the items, and what is after them."""

    head: str
    items: list[str]
    foot: str


class Layout(NamedTuple):
    """How kubectl lays out an output format.

    documents: what a kubectl printed -> (what is before a document, the document)s; `label A B -o yaml` prints two
    split_list: a document -> its parts; None if it is not a List
    to_item: the text of a lone object -> its text as an item of a List
    step: the indentation of a level
    quote: what is around a key
    braces: whether a map stands in braces, with commas between its entries
    inside: the pattern of what a line of a value starts with that is indented no more than the value's key
    map_start: the start of a map that is not empty, behind its key
    last: what is behind the last entry of a map
    indent, separator: the indentation of an item, and the text between two items
    head, foot: the texts around the items of a List; empty: a whole List without items
    start: the text ahead of every document
    event: the text that an event of a watch starts with (--output-watch-events)
    """

    documents: Callable[[str], list[tuple[str, str]]]
    split_list: Callable[[str], ListParts | None]
    to_item: Callable[[str], str]
    step: str
    quote: str
    braces: bool
    inside: str
    map_start: re.Pattern[str]
    last: str
    indent: str
    separator: str
    head: str
    foot: str
    empty: str
    start: str
    event: str


def merge_objects(
    outputs: Sequence[ClusterText],
    output: str,
    lone: bool = False,
    ordered: Callable[[list[tuple[int, str]]], list[tuple[int, str]]] = list,
) -> str:
    """Return one `v1` List of all items, annotated; the answer of a lone cluster keeps its documents.

    outputs: (cluster, what it printed)
    output: "json", "yaml" or "kyaml"
    lone: only one cluster was asked
    ordered: sorts the (index of its output, item)s of all outputs
    Raises NotObjects.
    """
    layout = LAYOUTS[output]
    if lone and len(outputs) == 1:
        ((cluster, printed),) = outputs
        return "".join(before + _annotated(cluster, text, layout) for before, text in layout.documents(printed))
    documents = [(index, text) for index, (_, printed) in enumerate(outputs) for _, text in layout.documents(printed)]
    lists = [layout.split_list(text) for _, text in documents]
    indexed_items = ordered(
        [
            (index, item)
            for (index, text), parts in zip(documents, lists)
            for item in (parts.items if parts else [layout.to_item(text)])
        ]
    )
    if not indexed_items:
        plain_lists = (text for (_, text), parts in zip(documents, lists) if parts and _is_plain_list(parts, layout))
        return layout.start + next(plain_lists, layout.empty)
    # The metadata of a List depends on kubectl's version, so the foot of a cluster's List is used if there is one.
    foot = next((parts.foot for parts in lists if parts and parts.items and _is_plain_list(parts, layout)), layout.foot)
    items = [annotated_object(item, layout.indent, outputs[index][0], layout) for index, item in indexed_items]
    return layout.start + layout.head + layout.separator.join(items) + foot


def only_objects(text: str, output: str, is_kept: Callable[[str], bool]) -> str:
    """Return what kubectl printed with only the objects whose names are kept; "" if none is. Raises NotObjects."""
    layout = LAYOUTS[output]
    documents = []
    for before, document in layout.documents(text) if text else ():
        parts = layout.split_list(document)
        if not parts:
            documents += [before + document] if is_kept(object_name(document, "", layout)) else []
            continue
        items = [item for item in parts.items if is_kept(object_name(item, layout.indent, layout))]
        documents += [before + parts.head + layout.separator.join(items) + parts.foot] if items else []
    return "".join(documents)


def _annotated(cluster: str, text: str, layout: Layout) -> str:
    parts = layout.split_list(text)
    if not parts:
        return annotated_object(text, "", cluster, layout)
    items = [annotated_object(item, layout.indent, cluster, layout) for item in parts.items]
    return parts.head + layout.separator.join(items) + parts.foot


def annotated_object(text: str, indent: str, cluster: str, layout: Layout) -> str:
    """Return the text of an object, at this indentation, with our annotation: added, or in place of one that it has.

    Raises NotObjects for a text without metadata.
    """
    rest = [*zip(("metadata", "annotations", ANNOTATION), _key_indents(indent, layout))]
    start, end, key_indent = 0, len(text), indent
    while rest:
        key, inner_indent = rest[0]
        span = _value_span(text, start, end, inner_indent, key, layout)
        if not span:
            if key == "metadata":
                raise NotObjects(text[:60])
            position = text.index("\n", start)
            return text[:position] + _entry(rest, cluster, layout) + ("," if layout.braces else "") + text[position:]
        (start, end), key_indent, rest = span, inner_indent, rest[1:]
        if not layout.map_start.match(text, start, end):
            break  # `null`, or what an API server should not send: it is replaced, whatever it is
    return text[:start] + _value(rest, key_indent, cluster, layout) + text[end:]


def object_name(text: str, indent: str, layout: Layout, path: Sequence[str] = ("metadata", "name")) -> str:
    """Return the name of the object with this text, at this indentation, or another text of it; "" if it has none."""
    start, end = 0, len(text)
    for key, key_indent in zip(path, _key_indents(indent, layout)):
        if not (span := _value_span(text, start, end, key_indent, key, layout)):
            return ""
        start, end = span
    name = text[start:end].strip(" \n")
    if name.startswith(("'", '"')):
        with suppress(ValueError):
            return str(json.loads(name))
        import yaml  # for its own quotes and escapes, which are rare

        with suppress(yaml.YAMLError):
            return str(yaml.safe_load(name))
    return name


def _key_indents(indent: str, layout: Layout) -> list[str]:
    """Return the indentations of an object's keys, of its metadata's, and of its annotations'."""
    return [indent + layout.step * (level + layout.braces) for level in range(3)]


@lru_cache
def _line_behind(width: int, inside: str) -> re.Pattern[str]:
    """Return the pattern of the start of the line behind a value whose key is indented by `width` spaces."""
    return re.compile(rf"\n(?! {{{width}}}{inside})(?: {{0,{width}}}[^ \n]|\Z)")


def _value_span(text: str, start: int, end: int, indent: str, key: str, layout: Layout) -> tuple[int, int] | None:
    """Return where the value of a key with this indentation starts and ends; None if it is not in text[start:end].

    A value goes on for as long as lines are indented more than its key (those of a map, a folded or a block text), or
    as much if they close a map or a list, or are the items of one. The comma behind it is not part of it.
    """
    opening = f"\n{indent}{layout.quote}{key}{layout.quote}:"
    position = text.find(opening, start, end)
    if position < 0:
        return None
    value_start = position + len(opening)
    following = _line_behind(len(indent), layout.inside).search(text, value_start, end)
    value_end = following.start() if following else end
    return value_start, value_end - (layout.braces and text[value_end - 1] == ",")


def _entry(path: Sequence[tuple[str, str]], cluster: str, layout: Layout) -> str:
    """Return the lines of the entry that holds the annotation. path: the (key, its indentation)s that lead to it"""
    (key, indent), *rest = path
    return f"\n{indent}{layout.quote}{key}{layout.quote}:{_value(rest, indent, cluster, layout)}"


def _value(path: Sequence[tuple[str, str]], indent: str, cluster: str, layout: Layout) -> str:
    """Return the value of a key with this indentation: the annotation's, or a map that holds what the path leads to."""
    if not path:
        return f" {json.dumps(cluster)}"
    entry = _entry(path, cluster, layout)
    return f" {{{entry}{layout.last}\n{indent}}}" if layout.braces else entry


_KIND_LIST = re.compile(r'^(?:    "kind": "List"|  kind: "List"|kind: List$)', re.MULTILINE)


def _is_plain_list(parts: ListParts, layout: Layout) -> bool:
    """Return whether it is a `v1` List, not the List of one type (`events -o json` prints an EventList)."""
    return parts.head.startswith(layout.head[:-2]) and _KIND_LIST.search(parts.foot) is not None


def indented(text: str, indent: str) -> str:
    """Return the text with an indentation ahead of each line, blank ones too, and without its last end of line."""
    return "\n".join(indent + line for line in text.removesuffix("\n").split("\n"))


# --- JSON and KYAML -----------------------------------------------------------------------------------------

# Keys are sorted, except in the typed objects that some commands print (`events`, `rollout history`).
_JSON_LIST = re.compile(r'\n    "kind": "\w*List"')
_JSON_ITEMS = re.compile(r'\n    "items": (?:\[\n|\[\]|null)')


def _documents_in_braces(text: str, start: str) -> list[tuple[str, str]]:
    """Split a text of objects in braces into its documents, as (text before, document).

    Raises NotObjects for anything but a sequence of objects, e.g. objects with logs between them.
    """
    parts = text.split("\n}\n")
    if parts[-1] or not all(part.startswith(f"{start}{{\n") for part in parts[:-1]):
        raise NotObjects(text[:60])
    return [(start, part[len(start) :] + "\n}\n") for part in parts[:-1]]


def _json_split_list(text: str) -> ListParts | None:
    start = _items_start(text, _JSON_ITEMS, _JSON_LIST)
    if not start:
        return None
    end = text.rfind("\n    ]")
    if not start.group().endswith("\n") or end < start.end():
        return ListParts(text[: start.end()], [], text[start.end() :])
    # A string contains no raw newline, so a brace with the indentation of an item is the end of an item.
    *others, last = text[start.end() : end].split(f"\n{JSON.indent}}},\n")
    return ListParts(text[: start.end()], [*(item + f"\n{JSON.indent}}}" for item in others), last], text[end:])


def _items_start(text: str, items: re.Pattern[str], kind: re.Pattern[str]) -> re.Match[str] | None:
    """Return where the items of a List start; None if the text is not a List."""
    start = items.search(text, 0, 400)
    is_list = start and (kind.search(text, 0, 400) or kind.search(text, max(0, len(text) - 400)))
    return start if is_list else None


def _json_to_item(text: str) -> str:
    return indented(text, JSON.indent)


# https://github.com/kubernetes-sigs/yaml/blob/master/kyaml/kyaml.go
_KYAML_START = "---\n"
_KYAML_LIST = re.compile(r'\n  kind: "\w*List"')
_KYAML_ITEMS = re.compile(r"\n  items: (?:\[\{\n|\[\]|null)")


def _kyaml_split_list(text: str) -> ListParts | None:
    start = _items_start(text, _KYAML_ITEMS, _KYAML_LIST)
    if not start:
        return None
    end = text.rfind("\n  }],\n")
    if not start.group().endswith("\n") or end < start.end():
        return ListParts(text[: start.end()], [], text[start.end() :])
    # The lines of a text are indented more than its key, so a brace with the indentation of an item is its end.
    items = text[start.end() : end].split("\n  }, {\n")
    return ListParts(text[: start.end() - 2], [f"{{\n{item}\n  }}" for item in items], text[end + len("\n  }") :])


def _kyaml_to_item(text: str) -> str:
    return indented(text, KYAML.indent).lstrip(" ")


# --- YAML ---------------------------------------------------------------------------------------------------

_YAML_OBJECT = re.compile(r"^apiVersion: ", re.MULTILINE)
_YAML_KIND = re.compile(r"\nkind: \w*List\n")
_YAML_KEY = re.compile(r"^(?:---$|([A-Za-z]\w*):)", re.MULTILINE)


def _yaml_documents(text: str) -> list[tuple[str, str]]:
    """Split a YAML text into its documents, as (text before, document).

    Some commands print no `---` between documents; as keys are sorted, a key out of order starts a new document.
    Raises NotObjects for a text that does not start with a key at the margin.
    """
    starts: list[tuple[int, int]] = []  # where a document starts, with and without what is before it
    last_key = ""
    for match in _YAML_KEY.finditer(text):
        key = match.group(1) or ""
        if not key:
            starts.append((match.start(), match.end() + 1))
        elif not starts or (last_key and key <= last_key):
            starts.append((match.start(), match.start()))
        last_key = key
    if not starts or starts[0][0] != 0:
        raise NotObjects(text[:60])
    ends = [start for start, _ in starts[1:]] + [len(text)]
    return [(text[before:start], text[start:end]) for (before, start), end in zip(starts, ends) if start < end]


def _yaml_split_list(text: str) -> ListParts | None:
    if not text.startswith((YAML.head, "apiVersion: v1\nitems: []\n")):
        return None
    kinds = list(_YAML_KIND.finditer(text, max(0, len(text) - 400)))
    if not kinds:
        return None
    end = kinds[-1].start()
    if not text.startswith(YAML.head):
        return ListParts(text[:end], [], text[end:])
    # Everything inside an item is indented, block texts too, so a dash at the margin is the start of an item.
    first, *others = text[len(YAML.head) : end].split("\n- ")
    return ListParts(YAML.head, [first, *("- " + other for other in others)], text[end:])


def _yaml_to_item(text: str) -> str:
    if not _YAML_OBJECT.search(text):
        raise NotObjects(text[:60])
    return "- " + indented(text, "  ")[2:]


_JSON_KIND = '    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n'
_YAML_FOOT = '\nkind: List\nmetadata:\n  resourceVersion: ""\n'
_KYAML_FOOT = ',\n  kind: "List",\n  metadata: {\n    resourceVersion: "",\n  },\n}\n'

_BRACE = re.compile(r" \{\n")

JSON = Layout(
    partial(_documents_in_braces, start=""),
    _json_split_list,
    _json_to_item,
    step=" " * 4,
    quote='"',
    braces=True,
    inside=r"[}\]]",
    map_start=_BRACE,
    last="",
    indent=" " * 8,
    separator=",\n",
    head='{\n    "apiVersion": "v1",\n    "items": [\n',
    foot="\n    ],\n" + _JSON_KIND,
    empty='{\n    "apiVersion": "v1",\n    "items": [],\n' + _JSON_KIND,
    start="",
    event="",  # it is one line
)
YAML = Layout(
    _yaml_documents,
    _yaml_split_list,
    _yaml_to_item,
    step="  ",
    quote="",
    braces=False,
    inside="- ",
    map_start=re.compile(r"\n +(?!- )[^ \n]"),
    last="",
    indent="  ",
    separator="\n",
    head="apiVersion: v1\nitems:\n",
    foot=_YAML_FOOT,
    empty="apiVersion: v1\nitems: []" + _YAML_FOOT,
    start="",
    event="object:\n",
)
KYAML = Layout(
    partial(_documents_in_braces, start=_KYAML_START),
    _kyaml_split_list,
    _kyaml_to_item,
    step="  ",
    quote="",
    braces=True,
    inside=r"[}\]]",
    map_start=_BRACE,
    last=",",
    indent="  ",
    separator=", ",
    head='{\n  apiVersion: "v1",\n  items: [',
    foot="]" + _KYAML_FOOT,
    empty='{\n  apiVersion: "v1",\n  items: []' + _KYAML_FOOT,
    start=_KYAML_START,
    event='{\n  type: "',
)
LAYOUTS = {"json": JSON, "yaml": YAML, "kyaml": KYAML}
