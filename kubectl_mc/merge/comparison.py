# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Which clusters have the same object: the objects of all clusters -> groups of clusters for each. Pure.

What counts as the same is in docs/compare.md, and why in docs/decisions.md ("Comparing").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kubectl_mc.merge.comparable_objects import ObjectKey, Unreadable, Variant, read_variant, shown_key
from kubectl_mc.merge.field_paths import FieldPath, remove_fields
from kubectl_mc.merge.owned_fields import (
    MISSING,
    Path,
    Tree,
    canonical,
    declared_tree,
    joined_trees,
    leaves,
    project,
    tree_of,
)
from kubectl_mc.messages.natural_order import natural_key
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any


class Group(NamedTuple):
    """Clusters that have the same object.

    value: what is compared of it, MISSING for those that lack it
    has_file: whether the file has it so as well
    """

    clusters: tuple[str, ...]
    value: Any
    has_file: bool = False

    @property
    def is_absent(self) -> bool:
        """Whether these clusters lack the object."""
        return self.value is MISSING


class ComparedObject(NamedTuple):
    """An object as the clusters have it.

    groups: the largest first
    reference: the group that the others are compared with; None if it lacks the object
    not_compared: the paths of fields that differ, and are left out as somewhere they are set through a subresource
    """

    key: ObjectKey
    groups: tuple[Group, ...]
    reference: Group | None
    not_compared: tuple[str, ...] = ()

    @property
    def is_alike(self) -> bool:
        """Whether all clusters have it, and all the same."""
        return len(self.groups) == 1


class Comparison:
    """Collects the objects of the clusters, one copy of each distinct one, and compares them.

    ignored: fields that don't count; against: the cluster with which the others are compared, "" for the largest group
    declared: of a file, with which all clusters are compared; None without one
    """

    def __init__(
        self,
        ignored: Sequence[FieldPath] = (),
        against: str = "",
        declared: Mapping[ObjectKey, dict[str, Any]] | None = None,
    ) -> None:
        self._ignored, self._against, self._declared = ignored, against, declared
        self._objects: dict[ObjectKey, dict[bytes, list[str]]] = {}
        self.clusters: list[str] = []  # that have answered

    def add(self, cluster: str, objects: Iterable[tuple[ObjectKey, bytes]]) -> None:
        """Add the objects of a cluster, as `without_duplicates` returns them."""
        self.clusters.append(cluster)
        for key, content in objects:
            self._objects.setdefault(key, {}).setdefault(content, []).append(cluster)

    @property
    def has_reference(self) -> bool:
        """Whether clusters have answered, and among them that with which the others are compared."""
        return self._against in self.clusters if self._against else bool(self.clusters)

    @property
    def is_empty(self) -> bool:
        """Whether there are no objects at all."""
        return not (self._objects or self._declared)

    def compared(self) -> Iterator[ComparedObject]:
        """Yield the objects, by their types, namespaces and names."""
        order = {cluster: index for index, cluster in enumerate(self.clusters)}
        self._place_declared()
        for key in sorted({*self._objects, *(self._declared or ())}, key=_sort_key):
            yield self._compare(key, order)

    def _place_declared(self) -> None:
        """Take the namespace from declared objects that have none in the clusters, whatever the file or -n says."""
        if self._declared:
            lone = {key: key._replace(namespace="") for key in self._declared if key not in self._objects}
            self._declared = {
                lone[key] if lone.get(key) in self._objects else key: value for key, value in self._declared.items()
            }

    def _compare(self, key: ObjectKey, order: Mapping[str, int]) -> ComparedObject:
        contents = self._objects.get(key, {})
        variants = [self._without_ignored(read_variant(content), key) for content in contents]
        declared, not_compared = None, tuple[str, ...]()
        if self._declared is not None and key in self._declared:
            own = self._without_ignored(Variant(self._declared[key], {}, {}), key)
            declared, *values = against_declared(variants, own.value)
        else:
            values, not_compared = comparable_values(variants)
        members: dict[str, list[str]] = {}
        value_of: dict[str, Any] = {}
        for value, clusters in zip(values, contents.values()):
            members.setdefault(text := canonical(value), []).extend(clusters)
            value_of.setdefault(text, value)
        file_text = ""
        if declared is not None:
            members.setdefault(file_text := canonical(declared), [])
            value_of.setdefault(file_text, declared)
        groups = [
            Group(tuple(sorted(clusters, key=order.__getitem__)), value_of[text], bool(file_text) and text == file_text)
            for text, clusters in members.items()
        ]
        having = {cluster for clusters in contents.values() for cluster in clusters}
        if absent := tuple(cluster for cluster in self.clusters if cluster not in having):
            groups.append(Group(absent, MISSING))
        groups.sort(key=lambda group: (-len(group.clusters), order[group.clusters[0]] if group.clusters else -1))
        return ComparedObject(key, tuple(groups), self._reference(groups), not_compared)

    def _without_ignored(self, variant: Variant, key: ObjectKey) -> Variant:
        if not key.namespace:  # it has none, or each cluster's context says it
            variant.value["metadata"].pop("namespace", None)
        for path in self._ignored:
            remove_fields(variant.value, path)
        return variant

    def _reference(self, groups: Sequence[Group]) -> Group | None:
        for group in groups:
            if self._declared is not None:
                is_meant = group.has_file
            else:
                is_meant = self._against in group.clusters if self._against else not group.is_absent
            if is_meant:
                return None if group.is_absent else group
        return None


def _sort_key(key: ObjectKey) -> tuple[Any, ...]:
    return key.group, key.kind, natural_key(key.namespace), natural_key(key.name)


def without_duplicates(objects: Iterable[tuple[ObjectKey, bytes]]) -> list[tuple[ObjectKey, bytes]]:
    """Return the objects of a cluster, each once. Raises Unreadable for one that it has in two ways."""
    contents: dict[ObjectKey, bytes] = {}
    for key, content in objects:
        if contents.setdefault(key, content) != content:
            raise Unreadable(f"it has {shown_key(key)} twice, in two ways")
    return [*contents.items()]


# --- What is compared of an object -------------------------------------------------------------------------------


def comparable_values(variants: Sequence[Variant]) -> tuple[list[Any], tuple[str, ...]]:
    """Return what is compared of each variant of an object, and the paths that are not compared although they differ.

    A field that nobody owns in any cluster doesn't count, nor one that in some cluster only a subresource sets. What is
    owned in some clusters only (a default, beside server-side apply) counts in the others if all of these have the same
    value, or a value that it has where it is owned; else (an address that each cluster assigns) it is left out there.
    """
    trees = [variant.owned for variant in variants]
    scaled = [
        {
            path: own
            for path, own in leaves(variant.value, variant.by_subresource).items()
            if not _has(variant.owned, path)
        }
        if variant.by_subresource
        else {}
        for variant in variants
    ]
    # What the others own in parts is compared, though a cluster may say that a subresource sets the whole.
    scaled_paths = {path for own in scaled for path in own if not any(_has_parts(tree, path) for tree in trees)}
    not_compared = _differing(variants, scaled_paths)
    if all(tree == trees[0] for tree in trees):
        return [project(variant.value, variant.owned) for variant in variants], not_compared
    owned = [leaves(variant.value, variant.owned, is_expanded=True) for variant in variants]
    lists = {path for own in owned for path, value in own.items() if isinstance(value, list) and value}
    owned_paths = [{_within(path, lists) for path in own} for own in owned]
    tree = tree_of({path for paths in owned_paths for path in paths} - scaled_paths)
    present = [leaves(variant.value, tree) for variant in variants]
    kept = [{*own} for own in present]
    for path in {path for own in present for path in own}:
        if all(path in paths for paths in owned_paths):
            continue
        values = [canonical(own[path]) if path in own else None for own in present]
        owned_values = {value for value, paths in zip(values, owned_paths) if path in paths}
        unowned_values = {value for value, paths in zip(values, owned_paths) if path not in paths} - {None}
        for index, value in enumerate(values):
            if path not in owned_paths[index] and value not in owned_values and len(unowned_values) > 1:
                kept[index].discard(path)
    # With nothing kept, {} would be the whole of the object.
    projected = [project(variant.value, tree_of(paths) or {".": {}}) for variant, paths in zip(variants, kept)]
    return [{} if value is MISSING else value for value in projected], not_compared


def _within(path: Path, wholes: set[Path]) -> Path:
    """Return the path, or that of the list around it that some cluster has as a whole."""
    return next((path[:length] for length in range(1, len(path)) if path[:length] in wholes), path) if wholes else path


def _has(tree: Tree, path: Path) -> bool:
    """Return whether a tree has a field, or something that it is in as a whole."""
    for step in path:
        if not tree:
            return True
        if step not in tree:
            return False
        tree = tree[step]
    return True


def _has_parts(tree: Tree, path: Path) -> bool:
    """Return whether a tree has something inside of a field."""
    for step in path:
        tree = tree.get(step, {})
    return any(step != "." for step in tree)


def _differing(variants: Sequence[Variant], paths: set[Path]) -> tuple[str, ...]:
    """Return those of the paths whose values differ, as texts.

    What only subresources set in the metadata is the server's own, such as the revision of a Deployment.
    """
    paths = {
        path for path in paths if path[0] != "f:metadata" or any(_has(variant.owned, path) for variant in variants)
    }
    if not paths:
        return ()
    tree = tree_of(paths)
    present = [leaves(variant.value, tree) for variant in variants]
    differing = [path for path in paths if len({canonical(own.get(path)) for own in present}) > 1]
    return tuple(sorted(path_text(path) for path in differing))


def path_text(path: Path) -> str:
    """Return a path as --ignore takes it."""
    text = ""
    for step in path:
        kind, _, name = step.partition(":")
        escaped = name.replace("\\", "\\\\").replace(".", "\\.")
        text += f".{escaped}" if kind == "f" else f"[{name}]" if kind == "i" else "[*]"
    return text


def against_declared(variants: Sequence[Variant], declared: dict[str, Any]) -> list[Any]:
    """Return what is compared of a declared object, and of each variant: the fields that the declared one sets."""
    tree = declared_tree(declared, joined_trees(variant.owned for variant in variants))
    values = [project(value, tree) for value in (declared, *(variant.value for variant in variants))]
    return [{} if value is MISSING else value for value in values]
