"""Objects: the JSON or YAML of many clusters -> one `v1` List whose items are annotated with their cluster.

kubectl's layout is fixed (four spaces a level in JSON, two in YAML, keys sorted), so the items are cut out of the
text and the annotation is inserted as a line. Nothing else is parsed or written anew: numbers, escapes, quotes, block
texts and the order of keys stay as kubectl printed them, and a large fleet takes one pass over the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

ANNOTATION = "kubectl-mc.k8s.io/cluster"
RESULTS = "kubectl-mc.k8s.io/v1alpha1"

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
    split_list: a document -> its parts; None if it is no List
    to_item: the text of a lone object -> its text as an item of a List
    annotate: (the text of an object, its indentation, cluster) -> the text with the annotation
    name: (the text of an object, its indentation) -> the object's name, "" if it has none
    indent, separator: the indentation of an item, and the text between two items
    head, foot: the texts around the items of a List; empty: a whole List without items
    """

    documents: Callable[[str], list[tuple[str, str]]]
    split_list: Callable[[str], ListParts | None]
    to_item: Callable[[str], str]
    annotate: Callable[[str, str, str], str]
    name: Callable[[str, str], str]
    indent: str
    separator: str
    head: str
    foot: str
    empty: str


def merge_objects(
    outputs: Sequence[ClusterText],
    output: str,
    lone: bool = False,
    ordered: Callable[[list[ClusterText]], list[ClusterText]] = list,
) -> str:
    """Return one `v1` List of all items, annotated; the answer of a lone cluster keeps its documents.

    outputs: (cluster, what it printed)
    output: "json" or "yaml"
    lone: only one cluster was asked
    ordered: sorts the (cluster, item)s of all clusters
    Raises NotObjects.
    """
    layout = LAYOUTS[output]
    if lone and len(outputs) == 1:
        ((cluster, printed),) = outputs
        return "".join(before + _annotated(cluster, text, layout) for before, text in layout.documents(printed))
    documents = [(cluster, text) for cluster, printed in outputs for _, text in layout.documents(printed)]
    lists = [layout.split_list(text) for _, text in documents]
    cluster_items = ordered(
        [
            (cluster, item)
            for (cluster, text), parts in zip(documents, lists)
            for item in (parts.items if parts else [layout.to_item(text)])
        ]
    )
    if not cluster_items:
        plain_lists = (text for (_, text), parts in zip(documents, lists) if parts and _is_plain_list(parts, layout))
        return next(plain_lists, layout.empty)
    # The metadata of a List depends on kubectl's version, so the foot of a cluster's List is used if there is one.
    foot = next((parts.foot for parts in lists if parts and parts.items and _is_plain_list(parts, layout)), layout.foot)
    items = [layout.annotate(item, layout.indent, cluster) for cluster, item in cluster_items]
    return layout.head + layout.separator.join(items) + foot


def only_objects(text: str, output: str, is_kept: Callable[[str], bool]) -> str:
    """Return what kubectl printed with only the objects whose names are kept; "" if none is. Raises NotObjects."""
    layout = LAYOUTS[output]
    documents = []
    for before, document in layout.documents(text) if text else ():
        parts = layout.split_list(document)
        if not parts:
            documents += [before + document] if is_kept(layout.name(document, "")) else []
            continue
        items = [item for item in parts.items if is_kept(layout.name(item, layout.indent))]
        documents += [before + parts.head + layout.separator.join(items) + parts.foot] if items else []
    return "".join(documents)


def _annotated(cluster: str, text: str, layout: Layout) -> str:
    parts = layout.split_list(text)
    if not parts:
        return layout.annotate(text, "", cluster)
    items = [layout.annotate(item, layout.indent, cluster) for item in parts.items]
    return parts.head + layout.separator.join(items) + parts.foot


_KIND_LIST = re.compile(r'^(?:    "kind": "List"|kind: List$)', re.MULTILINE)


def _is_plain_list(parts: ListParts, layout: Layout) -> bool:
    """Return whether it is a `v1` List, not the List of one type (`events -o json` prints an EventList)."""
    return parts.head.startswith(layout.head[:-2]) and _KIND_LIST.search(parts.foot) is not None


def wrap_documents(outputs: Iterable[ClusterText], output: str) -> str:
    """Return one document for documents that are no objects (`version -o json`): a list of {cluster, result}."""
    if output == "yaml":
        items = "".join(
            f"- cluster: {json.dumps(cluster)}\n  result:\n{_indented(text, '    ')}\n" for cluster, text in outputs
        )
        return f"apiVersion: {RESULTS}\nitems:\n{items}kind: ClusterResultList\n"
    results = ",\n".join(
        f'        {{\n            "cluster": {json.dumps(cluster)},\n            "result": '
        f"{_indented(text, ' ' * 12).lstrip()}\n        }}"
        for cluster, text in outputs
    )
    return (
        f'{{\n    "apiVersion": "{RESULTS}",\n    "items": [\n{results}\n    ],\n    "kind": "ClusterResultList"\n}}\n'
    )


def _indented(text: str, indent: str) -> str:
    return "\n".join(indent + line for line in text.removesuffix("\n").split("\n"))


# --- JSON ---------------------------------------------------------------------------------------------------

# Keys are sorted, except in the typed objects that some commands print (`events`, `rollout history`).
_JSON_LIST = re.compile(r'\n    "kind": "\w*List"')
_JSON_ITEMS = re.compile(r'\n    "items": (?:\[\n|\[\]|null)')


def _json_documents(text: str) -> list[tuple[str, str]]:
    """Raises NotObjects for anything but a sequence of objects, e.g. objects with logs between them."""
    parts = text.split("\n}\n")
    if parts[-1] or not all(part.startswith("{\n") for part in parts[:-1]):
        raise NotObjects(text[:60])
    return [("", part + "\n}\n") for part in parts[:-1]]


def _json_split_list(text: str) -> ListParts | None:
    start = _JSON_ITEMS.search(text, 0, 400)
    if not start or not (_JSON_LIST.search(text, 0, 400) or _JSON_LIST.search(text, max(0, len(text) - 400))):
        return None
    end = text.rfind("\n    ]")
    if not start.group().endswith("\n") or end < start.end():
        return ListParts(text[: start.end()], [], text[start.end() :])
    # A string contains no raw newline, so a brace with the indentation of an item is the end of an item.
    *others, last = text[start.end() : end].split(f"\n{JSON.indent}}},\n")
    return ListParts(text[: start.end()], [*(item + f"\n{JSON.indent}}}" for item in others), last], text[end:])


def _json_to_item(text: str) -> str:
    return _indented(text, JSON.indent)


def _json_annotate(item: str, indent: str, cluster: str) -> str:
    opening = f'\n{indent}    "metadata": {{'
    before, metadata, after = item.partition(opening)
    if not metadata:
        raise NotObjects(item[:60])
    entry = f"{json.dumps(ANNOTATION)}: {json.dumps(cluster)}"
    inner = f"\n{indent}        "
    start = f'{inner}"annotations": {{'
    if after.startswith("}"):
        return f"{before}{opening}{start}{inner}    {entry}{inner}}}\n{indent}    {after}"
    # A nested key of the same name is indented more; after the end of the metadata there may be one with this indent.
    position = after.find(start, 0, after.find(f"\n{indent}    }}"))
    if position < 0:
        return f"{before}{opening}{start}{inner}    {entry}{inner}}},{after}"
    position += len(start)
    comma = inner if after.startswith("}", position) else ","
    return f"{before}{opening}{after[:position]}{inner}    {entry}{comma}{after[position:]}"


def _json_name(item: str, indent: str) -> str:
    metadata = item.partition(f'\n{indent}    "metadata": {{')[2]
    name = metadata.partition(f'\n{indent}        "name": ')[2].partition("\n")[0]
    return str(json.loads(name.removesuffix(","))) if name else ""


# --- YAML ---------------------------------------------------------------------------------------------------

_YAML_OBJECT = re.compile(r"^apiVersion: ", re.MULTILINE)
_YAML_KIND = re.compile(r"\nkind: \w*List\n")
_YAML_KEY = re.compile(r"^(?:---$|([A-Za-z]\w*):)", re.MULTILINE)


def _yaml_documents(text: str) -> list[tuple[str, str]]:
    """Some commands print no `---` between documents; as keys are sorted, a key out of order starts a new document.

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
    return "- " + _indented(text, "  ")[2:]


def _yaml_annotate(item: str, indent: str, cluster: str) -> str:
    """Keys are sorted, so the annotations come first in the metadata."""
    opening, start = f"\n{indent}metadata:", f"\n{indent}  annotations:"
    before, metadata, after = item.partition(opening)
    if not metadata:
        raise NotObjects(item[:60])
    entry = f"\n{indent}    {ANNOTATION}: {json.dumps(cluster)}"
    after = after.removeprefix(" {}").removeprefix(" null")
    return f"{before}{opening}{start}{entry}{after.removeprefix(start).removeprefix(' {}')}"


def _yaml_name(item: str, indent: str) -> str:
    """A name that could be read as a number is quoted; no name contains a character that YAML escapes."""
    metadata = item.partition(f"\n{indent}metadata:")[2]
    return metadata.partition(f"\n{indent}  name: ")[2].partition("\n")[0].strip("'\"")


_JSON_KIND = '    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n'
_YAML_FOOT = '\nkind: List\nmetadata:\n  resourceVersion: ""\n'

JSON = Layout(
    _json_documents,
    _json_split_list,
    _json_to_item,
    _json_annotate,
    _json_name,
    indent=" " * 8,
    separator=",\n",
    head='{\n    "apiVersion": "v1",\n    "items": [\n',
    foot="\n    ],\n" + _JSON_KIND,
    empty='{\n    "apiVersion": "v1",\n    "items": [],\n' + _JSON_KIND,
)
YAML = Layout(
    _yaml_documents,
    _yaml_split_list,
    _yaml_to_item,
    _yaml_annotate,
    _yaml_name,
    indent="  ",
    separator="\n",
    head="apiVersion: v1\nitems:\n",
    foot=_YAML_FOOT,
    empty="apiVersion: v1\nitems: []" + _YAML_FOOT,
)
LAYOUTS = {"json": JSON, "yaml": YAML}
