"""Objects: the JSON or YAML of many clusters -> one `v1` List whose items carry their cluster as an annotation.

kubectl's layout is fixed (four spaces a level in JSON, two in YAML, keys sorted), so the items are cut out of the
text and the annotation is put in as a line. Nothing else is read or written anew: numbers, escapes, quotes, block
texts and the order of keys stay as kubectl gave them, and a large fleet costs one pass over the lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

ANNOTATION = "kubectl-mc.k8s.io/cluster"
RESULTS = "kubectl-mc.k8s.io/v1alpha1"

ClusterText = tuple[str, str]  # a cluster and a text of it


class NotObjects(ValueError):
    """The text isn't laid out as kubectl prints an object or a List."""


class Cut(NamedTuple):
    """A List's text in parts: what is before its items, the items, and what is behind them."""

    head: str
    items: list[str]
    foot: str


class Layout(NamedTuple):
    """How a format looks.

    documents: what a kubectl printed -> its documents (`label A B -o yaml` prints two), each with what is before it
    cut: a document -> its parts, None if it is no List
    lone: a lone object's text -> the same as an item of a List
    annotate: (the text of an object, its indentation, cluster) -> the text with the annotation
    name: (the text of an object, its indentation) -> its name, "" if it has none
    indent: of an item; separator: what stands between two items
    head, foot: of a List with items; empty: a whole List without
    """

    documents: Callable[[str], list[tuple[str, str]]]
    cut: Callable[[str], Cut | None]
    lone: Callable[[str], str]
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
    """One `v1` List of all items, annotated; what one cluster gave may keep its shape.

    outputs: (cluster, what it printed)
    output: "json" or "yaml"
    lone: only one cluster was asked
    ordered: puts the (cluster, item)s of all clusters in their order
    Raises NotObjects.
    """
    layout = LAYOUTS[output]
    if lone and len(outputs) == 1:
        ((cluster, whole),) = outputs
        return "".join(between + _annotated(cluster, text, layout) for between, text in layout.documents(whole))
    documents = [(cluster, text) for cluster, whole in outputs for _, text in layout.documents(whole)]
    cuts = [layout.cut(text) for _, text in documents]
    rows = ordered(
        [
            (cluster, item)
            for (cluster, text), cut in zip(documents, cuts)
            for item in (cut.items if cut else [layout.lone(text)])
        ]
    )
    if not rows:
        return next((text for (_, text), cut in zip(documents, cuts) if cut and _plain(cut, layout)), layout.empty)
    # kubectls differ in a List's metadata, so the foot of a given one is used where there is one.
    foot = next((cut.foot for cut in cuts if cut and cut.items and _plain(cut, layout)), layout.foot)
    items = [layout.annotate(item, layout.indent, cluster) for cluster, item in rows]
    return layout.head + layout.separator.join(items) + foot


def only_objects(text: str, output: str, kept: Callable[[str], bool]) -> str:
    """What a kubectl printed with those objects only whose names are kept; "" without any. Raises NotObjects."""
    layout = LAYOUTS[output]
    found = []
    for between, document in layout.documents(text) if text else ():
        cut = layout.cut(document)
        if not cut:
            found += [between + document] if kept(layout.name(document, "")) else []
            continue
        items = [item for item in cut.items if kept(layout.name(item, layout.indent))]
        found += [between + cut.head + layout.separator.join(items) + cut.foot] if items else []
    return "".join(found)


def _annotated(cluster: str, text: str, layout: Layout) -> str:
    cut = layout.cut(text)
    if not cut:
        return layout.annotate(text, "", cluster)
    items = [layout.annotate(item, layout.indent, cluster) for item in cut.items]
    return cut.head + layout.separator.join(items) + cut.foot


def _plain(cut: Cut, layout: Layout) -> bool:
    """Is it a `v1` List, not one of a type (`events -o json` prints an EventList)?"""
    return cut.head.startswith(layout.head[:-2]) and _KIND_LIST.search(cut.foot) is not None


_KIND_LIST = re.compile(r'^(?:    "kind": "List"|kind: List$)', re.MULTILINE)


def wrap_documents(outputs: Iterable[tuple[str, str]], output: str) -> str:
    """One document of documents that are no objects (`version -o json`): items of {cluster, result}."""
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


def _indented(text: str, by: str) -> str:
    return "\n".join(by + line for line in text.removesuffix("\n").split("\n"))


# --- JSON ---------------------------------------------------------------------------------------------------

# Keys are sorted, but for the typed objects that some commands print (`events`, `rollout history`).
_JSON_LIST = re.compile(r'\n    "kind": "\w*List"')
_JSON_ITEMS = re.compile(r'\n    "items": (?:\[\n|\[\]|null)')


def _json_documents(text: str) -> list[tuple[str, str]]:
    """Raises NotObjects for what isn't objects one after another, e.g. with logs between them."""
    parts = text.split("\n}\n")
    if parts[-1] or not all(part.startswith("{\n") for part in parts[:-1]):
        raise NotObjects(text[:60])
    return [("", part + "\n}\n") for part in parts[:-1]]


def _json_cut(text: str) -> Cut | None:
    start = _JSON_ITEMS.search(text, 0, 400)
    if not start or not (_JSON_LIST.search(text, 0, 400) or _JSON_LIST.search(text, max(0, len(text) - 400))):
        return None
    end = text.rfind("\n    ]")
    if not start.group().endswith("\n") or end < start.end():
        return Cut(text[: start.end()], [], text[start.end() :])
    # A string has no raw newline in it, so a brace at the items' own depth is an item's end.
    parts = text[start.end() : end].split(f"\n{JSON.indent}}},\n")
    return Cut(text[: start.end()], [part + f"\n{JSON.indent}}}" for part in parts[:-1]] + parts[-1:], text[end:])


def _json_lone(text: str) -> str:
    return _indented(text, JSON.indent)


def _json_annotate(item: str, indent: str, cluster: str) -> str:
    opening = f'\n{indent}    "metadata": {{'
    before, found, after = item.partition(opening)
    if not found:
        raise NotObjects(item[:60])
    entry = f"{json.dumps(ANNOTATION)}: {json.dumps(cluster)}"
    inner = f"\n{indent}        "
    start = f'{inner}"annotations": {{'
    if after.startswith("}"):
        return f"{before}{opening}{start}{inner}    {entry}{inner}}}\n{indent}    {after}"
    # A key of the same name further down in the metadata is indented more; behind the metadata's end there may be one.
    place = after.find(start, 0, after.find(f"\n{indent}    }}"))
    if place < 0:
        return f"{before}{opening}{start}{inner}    {entry}{inner}}},{after}"
    place += len(start)
    comma = inner if after.startswith("}", place) else ","
    return f"{before}{opening}{after[:place]}{inner}    {entry}{comma}{after[place:]}"


def _json_name(item: str, indent: str) -> str:
    metadata = item.partition(f'\n{indent}    "metadata": {{')[2]
    name = metadata.partition(f'\n{indent}        "name": ')[2].partition("\n")[0]
    return str(json.loads(name.removesuffix(","))) if name else ""


# --- YAML ---------------------------------------------------------------------------------------------------

_YAML_OBJECT = re.compile(r"^apiVersion: ", re.MULTILINE)
_YAML_KIND = re.compile(r"\nkind: \w*List\n")

_YAML_KEY = re.compile(r"^(?:---$|([A-Za-z]\w*):)", re.MULTILINE)


def _yaml_documents(text: str) -> list[tuple[str, str]]:
    """Some commands print no `---` between documents; but keys are sorted, so one that isn't starts a new document.

    Raises NotObjects for what starts with no key at the margin.
    """
    starts: list[tuple[int, int]] = []  # of what is before a document, and of the document
    last = ""
    for found in _YAML_KEY.finditer(text):
        key = found.group(1)
        if not key:
            starts.append((found.start(), found.end() + 1))
            last = ""
        elif not starts or (last and key <= last):
            starts.append((found.start(), found.start()))
            last = key
        else:
            last = key
    if not starts or starts[0][0] != 0:
        raise NotObjects(text[:60])
    ends = [start for start, _ in starts[1:]] + [len(text)]
    return [(text[before:start], text[start:end]) for (before, start), end in zip(starts, ends) if start < end]


def _yaml_cut(text: str) -> Cut | None:
    if not text.startswith((YAML.head, "apiVersion: v1\nitems: []\n")):
        return None
    kinds = list(_YAML_KIND.finditer(text, max(0, len(text) - 400)))
    if not kinds:
        return None
    if not text.startswith(YAML.head):
        return Cut(text[: kinds[-1].start()], [], text[kinds[-1].start() :])
    # All that is inside an item is indented, block texts too: a dash at the margin is an item's start.
    first, *others = text[len(YAML.head) : kinds[-1].start()].split("\n- ")
    return Cut(YAML.head, [first, *("- " + other for other in others)], text[kinds[-1].start() :])


def _yaml_lone(text: str) -> str:
    if not _YAML_OBJECT.search(text):
        raise NotObjects(text[:60])
    return "- " + _indented(text, "  ")[2:]


def _yaml_annotate(item: str, indent: str, cluster: str) -> str:
    """Keys are sorted, so annotations come first in the metadata."""
    opening, start = f"\n{indent}metadata:", f"\n{indent}  annotations:"
    before, found, after = item.partition(opening)
    if not found:
        raise NotObjects(item[:60])
    entry = f"\n{indent}    {ANNOTATION}: {json.dumps(cluster)}"
    after = after.removeprefix(" {}").removeprefix(" null")
    return f"{before}{opening}{start}{entry}{after.removeprefix(start).removeprefix(' {}')}"


def _yaml_name(item: str, indent: str) -> str:
    """A name is quoted where it could be taken for a number, and has nothing in it that quotes would change."""
    metadata = item.partition(f"\n{indent}metadata:")[2]
    return metadata.partition(f"\n{indent}  name: ")[2].partition("\n")[0].strip("'\"")


_JSON_KIND = '    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n'
_YAML_FOOT = '\nkind: List\nmetadata:\n  resourceVersion: ""\n'

JSON = Layout(
    _json_documents,
    _json_cut,
    _json_lone,
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
    _yaml_cut,
    _yaml_lone,
    _yaml_annotate,
    _yaml_name,
    indent="  ",
    separator="\n",
    head="apiVersion: v1\nitems:\n",
    foot=_YAML_FOOT,
    empty="apiVersion: v1\nitems: []" + _YAML_FOOT,
)
LAYOUTS = {"json": JSON, "yaml": YAML}
