# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Whether a fleet's JSON or YAML holds exactly what each cluster's kubectl printed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.e2e.oracle.command_lines import Line
from tests.e2e.oracle.kubectls import Plain
from tests.e2e.oracle.tables import difference

_LIST_KIND = re.compile(r"^ *\"?kind\"?: \"?\w*List\"?,?$", re.MULTILINE)
ANNOTATION = "kubectl-mc.k8s.io/cluster"


def parsed(text: str, form: str) -> Any:
    """Return a document with its numbers as they are written. Raises ValueError."""
    if form.startswith("json"):
        return json.loads(text, parse_float=_Number, parse_int=_Number)
    try:
        documents = list(yaml.load_all(text, yaml.CBaseLoader))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    if len(documents) != 1:
        raise ValueError(f"{len(documents)} documents")
    return documents[0]


class _Number(str):
    """A number as it is written, which is no text."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Number) and str(self) == str(other)

    __hash__ = str.__hash__


def _ordered(value: Any) -> Any:
    """Return a value in which the order of keys counts."""
    if isinstance(value, dict):
        return tuple((key, _ordered(part)) for key, part in value.items())
    return [_ordered(part) for part in value] if isinstance(value, list) else value


def _without_annotation(value: Any) -> tuple[str, Any]:
    """Return the cluster that an object bears, "" for none, and the object without it."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if metadata is None or not isinstance(annotations, dict) or ANNOTATION not in annotations:
        return "", value
    rest = {key: text for key, text in annotations.items() if key != ANNOTATION}
    bare = {key: part for key, part in metadata.items() if key != "annotations" or rest}
    if rest:
        bare["annotations"] = rest
    return annotations[ANNOTATION], {**value, "metadata": bare}


def _items(document: Any) -> list[Any]:
    """Return the objects of a document: the items of a list, or the document itself."""
    is_list = isinstance(document, dict) and isinstance(document.get("items"), list)
    return document["items"] if is_list and str(document.get("kind")).endswith("List") else [document]


def _is_object(document: Any) -> bool:
    return isinstance(document, dict) and {"kind", "apiVersion", "metadata"} <= document.keys()


def _stream(text: str) -> list[Any]:
    """Return the JSON documents of a text."""
    decoder = json.JSONDecoder(parse_float=_Number, parse_int=_Number)
    documents, rest = [], text.lstrip()
    while rest:
        document, end = decoder.raw_decode(rest)
        documents.append(document)
        rest = rest[end:].lstrip()
    return documents


def _stream_faults(plains: Mapping[str, Plain], shown: str) -> Iterator[str]:
    """What is wrong with the documents of a watch, each of which bears its cluster."""
    found: dict[str, list[Any]] = {}
    for document in _stream(shown):
        cluster, bare = _without_annotation(document)
        found.setdefault(cluster, []).append(bare)
    for cluster, plain in plains.items():
        expected = [_without_annotation(document)[1] for document in _stream(plain.stdout)]
        if _in_order(found.pop(cluster, [])) != _in_order(expected):
            yield f"other documents than kubectl's of {cluster}"
    if found:
        yield f"documents of clusters that gave none: {dict(found)!r:.300}"


def document_faults(line: Line, plains: Mapping[str, Plain], shown: str) -> Iterator[str]:
    """What is wrong with the document of a fleet. plains: the answers of the clusters, in their order"""
    form = line.form
    if line.has("-w") and form == "json":
        yield from _stream_faults(plains, shown)
        return
    texts = {cluster: plain.stdout for cluster, plain in plains.items() if plain.stdout}
    try:
        documents = {cluster: parsed(text, form) for cluster, text in texts.items()}
    except ValueError:
        return  # it is no document, or several
    if len(plains) > 1:  # what a kubectl that failed makes of an empty List says nothing of the cluster
        documents = {
            cluster: own
            for cluster, own in documents.items()
            if not plains[cluster].status or (_items(own) and texts[cluster].strip(" \n,[]{}"))
        }
    documents = {cluster: own for cluster, own in documents.items() if _keeps_some(plains[cluster], own)}
    if not documents:
        if shown and (all(plain.status for plain in plains.values()) or _items(parsed(shown, form))):
            yield f"a document that no cluster gave: {shown[:200]!r}"
        return
    try:
        document = parsed(shown, form)
    except ValueError as error:
        yield f"no document: {str(error)[:100]} {shown[:200]!r}"
        return
    if line.shape == "objects" and all(map(_is_object, documents.values())):
        yield from _object_faults(documents, plains, document, shown)
    elif len(plains) == 1:
        if shown != next(iter(texts.values())):
            yield f"other text than kubectl's: {difference(next(iter(texts.values())), shown)}"
    else:
        results = {item.get("cluster"): item.get("result") for item in _items(document) if isinstance(item, dict)}
        for cluster, expected in documents.items():
            if _ordered(results.get(cluster)) != _ordered(expected):
                yield f"another result than kubectl's of {cluster}: {results.get(cluster)!r:.300}"
        if results.keys() - documents.keys():
            yield f"results of clusters that gave none: {results.keys() - documents.keys()}"


def _keeps_some(plain: Plain, document: Any) -> bool:
    """Return whether objects of the document are in the answer; what none matches has no answer."""
    return not plain.kept or any(plain.keeps(item["metadata"]["name"]) for item in _items(document))


def _object_faults(
    documents: Mapping[str, Any], plains: Mapping[str, Plain], document: Any, shown: str
) -> Iterator[str]:
    """What is wrong with a List of the clusters' objects, or with the object or List of one cluster."""
    if len(plains) > 1 and (not isinstance(document, dict) or document.get("kind") != "List"):
        yield f"no List: {shown[:200]!r}"
        return
    found: dict[str, list[Any]] = {}
    for item in _items(document):
        cluster, bare = _without_annotation(item)
        found.setdefault(cluster, []).append(bare)
    for cluster, own in documents.items():
        plain = plains[cluster]
        expected = [
            _without_annotation(item)[1]
            for item in _items(own)
            if not plain.kept or plain.keeps(item["metadata"]["name"])
        ]
        items = found.pop(cluster, [])
        if items != expected:
            yield f"other objects than kubectl's of {cluster}: {difference(expected, items)}"
        elif _in_order(items) != _in_order(expected):
            yield f"keys in another order than kubectl's of {cluster}"
        elif not plain.kept and (missing := _lines(plain.stdout) - _lines(shown)) and expected:
            yield f"lines of {cluster} that aren't shown: {list(missing)[:3]}"
    if found:
        yield f"objects of clusters that gave none: {dict(found)!r:.300}"
    if len(plains) == 1:
        own = next(iter(documents.values()))
        if (own is _items(own)[0] if _items(own) else False) != (
            document is _items(document)[0] if _items(document) else False
        ):
            yield f"an object for a list, or a list for an object: {shown[:100]!r}"


def _in_order(items: list[Any]) -> list[Any]:
    """Return objects with the order of their keys; that of metadata may change with its annotations."""
    return [
        _ordered({**item, "metadata": {**item["metadata"], "annotations": {}}})
        if isinstance(item.get("metadata"), dict)
        else _ordered(item)
        for item in items
    ]


def _lines(text: str) -> Counter[str]:
    """Return the lines of a text but those that an annotation or a List around it changes."""
    changing = ("metadata: {}", '"metadata": {}', "annotations:", '"annotations": {', "items: []", "---")
    lines = (text.strip(" ,").removeprefix("- ") for text in _LIST_KIND.sub("", text).split("\n"))
    return Counter(text for text in lines if len(text) > 2 and ANNOTATION not in text and not text.startswith(changing))
