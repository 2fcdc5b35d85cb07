"""TODO."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def list_items(text: bytes) -> list[Any]:
    """The items of a List in JSON; an object by itself is one. Raises ValueError if it is neither."""
    import json

    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("nested without end") from None
    document = document if isinstance(document, dict) else {}
    found = document.get("items", [document] if "metadata" in document else None)
    if not isinstance(found, list):
        raise ValueError("no items")
    return found


def mapping_of(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def mappings_of(value: object) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""
