# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The objects of a file, made comparable with those of clusters. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping

from kubectl_mc.merge.comparable_objects import ObjectKey, Unreadable, object_key, strip
from kubectl_mc.merge.hidden_secrets import is_secret
from kubectl_mc.merge.object_changes import declared_objects
from kubectl_mc.type_hints import Any


def declared_by_key(content: bytes, namespace: str, with_status: bool) -> Mapping[ObjectKey, dict[str, Any]]:
    """Return the objects of a file. namespace: of those that name none; "" if each cluster's context says it

    Raises Unreadable for an object without a name, and for one that is no JSON.
    """
    objects = {}
    for declared in declared_objects(content):
        if str(declared.get("kind")).endswith("List") and isinstance(declared.get("items"), list):
            continue  # its items are among the objects
        try:
            own = _without_nulls(declared)
            json.dumps(own, allow_nan=False)
        except (ValueError, TypeError, RecursionError):
            raise Unreadable("an object has a value that JSON has not") from None
        key = object_key(own)
        strip(own, with_status)
        if is_secret(key.kind):
            _encode(own)
        objects[key._replace(namespace=key.namespace or namespace)] = own
    return objects


def identities(declared: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return of each object only what a kubectl needs to get it."""
    return [
        {
            "apiVersion": item["apiVersion"],
            "kind": item["kind"],
            "metadata": {name: item["metadata"][name] for name in ("name", "namespace") if name in item["metadata"]},
        }
        for item in declared
    ]


def _without_nulls(value: Any) -> Any:
    """Return a copy without the fields that are null, which are not set."""
    if isinstance(value, dict):
        return {str(name): _without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _encode(secret: dict[str, Any]) -> None:
    """Move a Secret's stringData to where the server keeps it, in its place."""
    texts = secret.pop("stringData", None)
    if isinstance(texts, dict):
        encoded = {name: base64.b64encode(str(text).encode()).decode() for name, text in texts.items()}
        secret["data"] = {**(secret.get("data") or {}), **encoded}
