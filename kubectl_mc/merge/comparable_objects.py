# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The objects that a cluster has answered with, made comparable with those of other clusters. Pure.

Left out is what a server sets in each cluster anew: status, uid, times and the like, and managedFields, of which only
the owned fields stay. Two objects that are alike then are equal texts.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from kubectl_mc import messages
from kubectl_mc.merge.owned_fields import Tree, joined_trees
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any


class Unreadable(ValueError):
    """What a cluster has answered is no list of objects. Its text says why."""


class ObjectKey(NamedTuple):
    """What tells an object from others, whatever the version of its API. namespace: "" if it has none"""

    group: str
    kind: str
    namespace: str
    name: str

    @property
    def resource(self) -> str:
        """The object as kubectl writes it, such as "deployment.apps/web"."""
        group = f".{self.group}" if self.group else ""
        return f"{self.kind.lower()}{group}/{self.name}"


class Variant(NamedTuple):
    """An object as some clusters have it.

    value: the object; it may be changed
    owned: the fields that somebody owns; by_subresource: those that are owned through a subresource
    """

    value: dict[str, Any]
    owned: Tree
    by_subresource: Tree


# What an API server sets (k8s.io/apimachinery/pkg/apis/meta/v1, ObjectMeta).
_OF_THE_SERVER = (
    "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
    "selfLink", "managedFields",
)  # fmt: skip
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

# Fields that no manager owns because the server takes them from the request.
_ALWAYS: Tree = {"f:apiVersion": {}, "f:kind": {}, "f:metadata": {"f:name": {}, "f:namespace": {}}}

_MOST_BYTES = 512 << 20  # of a cluster's answer
_DEEPEST = 120  # levels of a cluster's answer; that of a CustomResourceDefinition has some 40
_TOO_DEEP = b"\n" + b"    " * _DEEPEST  # kubectl indents each level by four spaces, and no text has a raw newline


def read_objects(text: bytes, with_status: bool) -> Iterator[tuple[ObjectKey, bytes]]:
    """Yield the key and the content of each object in what `get -o json` has printed. Raises Unreadable."""
    if not text.strip():
        return
    if len(text) > _MOST_BYTES or _TOO_DEEP in text:
        raise Unreadable("it is too large" if len(text) > _MOST_BYTES else "it is too deep")
    try:
        document = json.loads(text)
        for item in _items(document):
            yield _key(item), _content(item, with_status)
    except Unreadable:
        raise
    except (ValueError, RecursionError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise Unreadable("it is not JSON of objects") from error


def _items(document: Any) -> Iterable[Any]:
    if not isinstance(document, dict):
        raise Unreadable("it is not an object")
    items = document.get("items")
    is_list = str(document.get("kind")).endswith("List") and (isinstance(items, list) or items is None)
    return items or () if is_list else (document,)


def object_key(declared: Mapping[str, Any]) -> ObjectKey:
    """Return the key of an object. Raises Unreadable if it has none."""
    api_version, kind, metadata = (declared.get(name) for name in ("apiVersion", "kind", "metadata"))
    if not (isinstance(api_version, str) and isinstance(kind, str) and kind and isinstance(metadata, dict)):
        raise Unreadable("an object has no apiVersion, kind or metadata")
    name, namespace = metadata.get("name"), metadata.get("namespace") or ""
    if not (isinstance(name, str) and name and isinstance(namespace, str)):
        raise Unreadable("an object has no name")
    return ObjectKey(api_version.rpartition("/")[0], kind, namespace, name)


def _key(item: Any) -> ObjectKey:
    if not isinstance(item, dict):
        raise Unreadable("an item of it is not an object")
    return object_key(item)


def _content(item: dict[str, Any], with_status: bool) -> bytes:
    """Return the object as a text that is the same for alike ones; `read_variant` reads it."""
    entries = item["metadata"].get("managedFields")
    owners = None
    if entries:
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise Unreadable("its managedFields are none")
        owners = [(bool(entry.get("subresource")), entry.get("fieldsV1") or {}) for entry in entries]
        if not all(isinstance(fields, dict) for _, fields in owners):
            raise Unreadable("its managedFields are none")
    strip(item, with_status)
    return marshal.dumps((item, marshal.dumps((owners, with_status), 2)), 2)


def strip(item: dict[str, Any], with_status: bool) -> None:
    """Leave out of an object what the server sets in each cluster anew, in its place."""
    if not with_status:
        item.pop("status", None)
    metadata = item["metadata"]
    for name in _OF_THE_SERVER:
        metadata.pop(name, None)
    if isinstance(annotations := metadata.get("annotations"), dict):
        annotations.pop(LAST_APPLIED, None)
    for name in ("annotations", "labels", "finalizers", "ownerReferences"):
        if name in metadata and not metadata[name]:
            del metadata[name]
    owners = metadata.get("ownerReferences")
    for owner in owners if isinstance(owners, list) else ():
        if isinstance(owner, dict):
            owner.pop("uid", None)


def read_variant(content: bytes) -> Variant:
    """Return the object of a content that `read_objects` has made."""
    item, ownership = marshal.loads(content)
    return Variant(item, *_trees(ownership))


@lru_cache(maxsize=1024)
def _trees(ownership: bytes) -> tuple[Tree, Tree]:
    """Return the owned fields, and those that are owned through a subresource; both without the status.

    An object without managedFields is one whose fields are all owned: {} is the whole of it.
    """
    owners, with_status = marshal.loads(ownership)
    if owners is None:
        return {}, {}
    owned = joined_trees([_ALWAYS, *(fields for is_sub, fields in owners if not is_sub)])
    by_subresource = joined_trees([fields for is_sub, fields in owners if is_sub])
    owned.pop("f:status", None)
    by_subresource.pop("f:status", None)
    if with_status:
        owned["f:status"] = {}
    if "f:ownerReferences" in owned["f:metadata"]:  # they are told by uid, which is left out
        owned["f:metadata"]["f:ownerReferences"] = {}
    return owned, by_subresource


def shown_key(key: ObjectKey) -> str:
    """Return an object as it is shown, and typed again: `deployment.apps/web -n shop`."""
    namespace = f" -n {key.namespace}" if key.namespace else ""
    return messages.visible(f"{key.resource}{namespace}")
