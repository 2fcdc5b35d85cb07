# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Documents of a watch that is taken up again."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from kubectl_mc.merge.watched_documents import WatchedDocuments
from tests.merge.object_lists_test import as_json


def config_map(name: str, version: int) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "resourceVersion": str(version)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "type": "ADDED"}


STATUS = {"apiVersion": "v1", "kind": "Status", "metadata": {}, "reason": "Expired", "status": "Failure"}


def kyaml(value: Any, indent: str = "") -> str:
    """The layout of kubectl's kyaml for maps of texts."""
    if not isinstance(value, dict):
        return json.dumps(value)
    if not value:
        return "{}"
    lines = "".join(f"{indent}  {key}: {kyaml(item, indent + '  ')},\n" for key, item in value.items())
    return f"{{\n{lines}{indent}}}"


def document(form: str, value: dict[str, Any], type_: str = "") -> list[str]:
    """The lines that kubectl prints of an object, or of an event that holds it."""
    if form == "json":
        return (
            json.dumps({"type": type_, "object": value}, separators=(",", ":")) if type_ else as_json(value)[:-1]
        ).split("\n")
    if form == "kyaml":
        return ["---", *kyaml({"type": type_, "object": value} if type_ else value).split("\n")]
    return ["---", *yaml.safe_dump({"object": value, "type": type_} if type_ else value).splitlines()]


def shown(documents: WatchedDocuments, lines: list[str]) -> list[tuple[str, str, str]]:
    """The (type, name, version) of each document that is shown for lines and at their end."""
    text = documents.feed(lines) + documents.end()
    separated = re.sub(r"^}\n\{", "}\n---\n{", text.replace('\n{"type', '\n---\n{"type'), flags=re.MULTILINE)
    events = list(yaml.safe_load_all(separated))
    pairs = [(event["type"], event["object"]) if "object" in event else ("", event) for event in events if event]
    return [(type_, item["metadata"]["name"], item["metadata"]["resourceVersion"]) for type_, item in pairs]


FORMS = pytest.mark.parametrize("form", ["json", "yaml", "kyaml"])


@FORMS
def test_events_of_a_list_are_compared_and_deletions_are_shown(form: str) -> None:
    documents = WatchedDocuments("c1", form, compares=True)
    lines = [line for name in "abc" for line in document(form, config_map(name, 1), "ADDED")]
    gone = document(form, config_map("c", 2), "DELETED")
    assert shown(documents, [*lines, *gone])[-1] == ("DELETED", "c", "2")
    documents.restart()
    again = [*document(form, config_map("a", 2), "ADDED"), *document(form, config_map("d", 2), "ADDED")]
    assert shown(documents, again) == [("ADDED", "a", "2"), ("ADDED", "d", "2")]
    assert documents.has_unseen
    listed = {"apiVersion": "v1", "items": [config_map("a", 2), config_map("b", 1)], "kind": "List"}
    text = {"json": as_json(listed), "yaml": yaml.safe_dump(listed)}.get(form)
    if text is not None:  # `b` is there, so it will come
        assert documents.listed(text) == ""
    (event,) = yaml.safe_load_all(documents.listed("").removesuffix("\n"))
    assert (event["type"], event["object"]["metadata"]["name"]) == ("DELETED", "b")
    assert not documents.has_unseen


@FORMS
def test_objects_of_a_list_are_compared(form: str) -> None:
    documents = WatchedDocuments("c1", form, compares=True)
    lines = [line for name in "ab" for line in document(form, config_map(name, 1))]
    assert len(shown(documents, lines)) == 2
    documents.restart()
    again = [
        *document(form, config_map("a", 1)),
        *document(form, config_map("b", 2)),
        *document(form, config_map("a", 1)),
    ]
    assert shown(documents, again) == [("", "b", "2"), ("", "a", "1")]
    assert not documents.has_unseen


@FORMS
@pytest.mark.parametrize("type_", ["", "ERROR"])
def test_the_status_that_ends_a_watch_is_no_object(form: str, type_: str) -> None:
    documents = WatchedDocuments("c1", form, compares=True)
    assert documents.feed(document(form, STATUS, type_)) + documents.end() == ""
