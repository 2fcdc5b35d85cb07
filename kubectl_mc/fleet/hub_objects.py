# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Objects as a hub returns them, in JSON: a value of another type than expected counts as absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_mc.type_hints import Any


def list_items(text: bytes) -> list[Any]:
    """Return the items of a List in JSON, or a single object as the only item. Raises ValueError if it is neither."""
    import json

    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("nested without end") from None
    document = document if isinstance(document, dict) else {}
    items = document.get("items", [document] if "metadata" in document else None)
    if not isinstance(items, list):
        raise ValueError("no items")
    return items


def object_of(value: object) -> Mapping[str, Any]:
    """Return the value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects_of(value: object) -> Sequence[Mapping[str, Any]]:
    """Return the JSON objects in the value if it is a list, else none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text_of(value: object) -> str:
    """Return the value if it is a string, else ""."""
    return value if isinstance(value, str) else ""
