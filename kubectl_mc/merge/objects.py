"""Objects: the JSON or YAML of many clusters -> one `v1` List whose items carry their cluster as an annotation.

kubectl's layout is fixed (four spaces a level in JSON, two in YAML, keys sorted), so the items are cut out of the
text and the annotation is put in as a line. Nothing else is read or written anew: numbers, escapes, quotes, block
texts and the order of keys stay as kubectl gave them, and a large fleet costs one pass over the lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

ANNOTATION = "kubectl-mc.k8s.io/cluster"
RESULTS = "kubectl-mc.k8s.io/v1alpha1"


Row = tuple[str, str]  # a cluster and a text of it


class NotObjects(ValueError):
    """The text isn't laid out as kubectl prints an object or a List."""


class Layout(NamedTuple):
    """How a format looks.

    items: a List's or a lone object's text -> its items' texts, indented as a List's items are
    annotate: (the text of an object, its indentation, cluster) -> the text with the annotation
    head, empty: how a List starts that has items, and one that has none
    separator: what stands between two items; close: what stands behind the last one
    foot: the lines from the List's kind on
    """

    items: Callable[[str], list[str]]
    annotate: Callable[[str, str, str], str]
    indent: str
    head: str
    empty: str
    separator: str
    close: str
    foot: str


def merge(
    outputs: Sequence[Row], output: str, lone: bool = False, ordered: Callable[[list[Row]], list[Row]] = list
) -> str:
    """One List of all items, annotated; a lone object of one cluster may keep its shape.

    outputs: (cluster, what it printed)
    output: "json" or "yaml"
    lone: only one cluster was asked
    ordered: puts the (cluster, item)s of all clusters in their order
    Raises NotObjects.
    """
    layout = LAYOUTS[output]
    if lone and len(outputs) == 1 and not _is_list(outputs[0][1], layout):
        return layout.annotate(outputs[0][1], "", outputs[0][0])
    rows = ordered([(cluster, item) for cluster, text in outputs for item in layout.items(text)])
    items = [layout.annotate(item, layout.indent, cluster) for cluster, item in rows]
    # kubectls differ in a List's metadata, so the foot of a given one is used where there is one.
    foot = next((text[_foot(text, layout) :] for _, text in outputs if _is_list(text, layout)), layout.foot)
    if not items:
        return layout.empty + foot
    return layout.head + layout.separator.join(items) + layout.close + foot


def _is_list(text: str, layout: Layout) -> bool:
    return text.startswith((layout.head, layout.empty))


def _foot(text: str, layout: Layout) -> int:
    """Where a List's foot starts. Raises NotObjects for what only starts like a List."""
    first, newline, _ = layout.foot.partition("\n")
    before, found, _ = text.rpartition("\n" + first + newline)
    if not found:
        raise NotObjects(text[:60])
    return len(before) + 1


def _body(text: str, layout: Layout) -> str:
    """What stands between a List's head and the close behind its items."""
    return text[len(layout.head) : _foot(text, layout) - len(layout.close)]


def wrap(outputs: Iterable[tuple[str, str]], output: str) -> str:
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


def _json_items(text: str) -> list[str]:
    if text.startswith(JSON.empty):
        return []
    if not text.startswith(JSON.head):
        if not text.startswith("{\n") or not text.endswith("\n}\n"):
            raise NotObjects(text[:60])
        return [_indented(text, JSON.indent)]
    # A string has no raw newline in it, so a brace at the items' own depth is an item's end.
    parts = _body(text, JSON).split(f"\n{JSON.indent}}},\n")
    return [part + f"\n{JSON.indent}}}" for part in parts[:-1]] + [parts[-1]]


def _json_annotate(item: str, indent: str, cluster: str) -> str:
    """Keys are sorted, so annotations come first in the metadata."""
    opening = f'\n{indent}    "metadata": {{'
    before, found, after = item.partition(opening)
    if not found:
        raise NotObjects(item[:60])
    entry = f"{json.dumps(ANNOTATION)}: {json.dumps(cluster)}"
    inner = f"\n{indent}        "
    start = f'{inner}"annotations": {{'
    if after.startswith(f"{start}}}"):
        return f"{before}{opening}{start}{inner}    {entry}{inner}{after[len(start) :]}"
    if after.startswith(start):
        return f"{before}{opening}{start}{inner}    {entry},{after[len(start) :]}"
    if after.startswith("}"):
        return f"{before}{opening}{start}{inner}    {entry}{inner}}}\n{indent}    {after}"
    return f"{before}{opening}{start}{inner}    {entry}{inner}}},{after}"


# --- YAML ---------------------------------------------------------------------------------------------------


def _yaml_items(text: str) -> list[str]:
    if text.startswith(YAML.empty):
        return []
    if not text.startswith(YAML.head):
        if not text.startswith("apiVersion: "):
            raise NotObjects(text[:60])
        return ["- " + _indented(text, "  ")[2:]]
    # All that is inside an item is indented, block texts too: a dash at the margin is an item's start.
    first, *others = _body(text, YAML).split("\n- ")
    return [first, *("- " + other for other in others)]


def _yaml_annotate(item: str, indent: str, cluster: str) -> str:
    opening, start = f"\n{indent}metadata:", f"\n{indent}  annotations:"
    before, found, after = item.partition(opening)
    if not found:
        raise NotObjects(item[:60])
    entry = f"\n{indent}    {ANNOTATION}: {json.dumps(cluster)}"
    after = after.removeprefix(" {}").removeprefix(" null")
    return f"{before}{opening}{start}{entry}{after.removeprefix(start).removeprefix(' {}')}"


JSON = Layout(
    _json_items,
    _json_annotate,
    indent=" " * 8,
    head='{\n    "apiVersion": "v1",\n    "items": [\n',
    empty='{\n    "apiVersion": "v1",\n    "items": [],\n',
    separator=",\n",
    close="\n    ],\n",
    foot='    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n',
)
YAML = Layout(
    _yaml_items,
    _yaml_annotate,
    indent="  ",
    head="apiVersion: v1\nitems:\n",
    empty="apiVersion: v1\nitems: []\n",
    separator="\n",
    close="\n",
    foot='kind: List\nmetadata:\n  resourceVersion: ""\n',
)
LAYOUTS = {"json": JSON, "yaml": YAML}
