# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The fields of an object that have an owner, by its managedFields. Pure.

The format is FieldsV1 (sigs.k8s.io/structured-merge-diff/v6/fieldpath): a tree whose keys are `f:NAME` for a field,
`k:{…}` for the item of a list with these keys, `v:VALUE` for an item of a set, `i:INDEX`, and `.` for the thing itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from kubectl_mc.type_hints import Any

Tree = dict[str, Any]  # step -> Tree; {} for a field with all that is in it
Path = tuple[str, ...]  # steps
MISSING = object()

# In our trees: all items of a list that no other step means; a map without its fields.
OTHER_ITEMS = "i:*"
ITSELF = "m:"


def joined_trees(trees: Iterable[Tree]) -> Tree:
    """Return the fields of several trees as one. What one of them has a part of is not there as a whole."""
    joined: Tree = {}
    for tree in trees:
        _add(joined, tree)
    return joined


def _add(joined: Tree, tree: Tree) -> None:
    for step, inner in tree.items():
        if isinstance(inner, dict):
            _add(joined.setdefault(step, {}), inner)


def tree_of(paths: Iterable[Path]) -> Tree:
    """Return the tree of some paths."""
    root: Tree = {}
    for path in paths:
        node = root
        for step in path:
            node = node.setdefault(step, {})
    return root


@lru_cache(maxsize=4096)
def _key_fields(step: str) -> tuple[tuple[str, Any], ...] | None:
    """Return the fields by which `k:{…}` means an item; None if the step is not of that kind."""
    if not step.startswith("k:"):
        return None
    try:
        fields = json.loads(step[2:])
    except (ValueError, RecursionError):
        return None
    return tuple(fields.items()) if isinstance(fields, dict) else None


@lru_cache(maxsize=4096)
def _set_value(step: str) -> str:
    """Return the canonical text of the item of a set that `v:…` means; "" for none."""
    try:
        return canonical(json.loads(step[2:]))
    except (ValueError, RecursionError):
        return ""


def _item_steps(items: Sequence[Any], tree: Tree) -> list[str | None]:
    """Return the step of a tree that means each item of a list; None for an item that none means."""
    by_keys: dict[tuple[str, ...], dict[str, str]] = {}
    values: dict[str, str] = {}
    for step in tree:
        if fields := _key_fields(step):
            names = tuple(name for name, _ in fields)
            by_keys.setdefault(names, {})[canonical([value for _, value in fields])] = step
        elif step.startswith("v:"):
            values[_set_value(step)] = step
    other = OTHER_ITEMS if OTHER_ITEMS in tree else None
    steps: list[str | None] = []
    for index, item in enumerate(items):
        meaning = f"i:{index}" if f"i:{index}" in tree else other
        if isinstance(item, dict):
            for names, own in by_keys.items():
                if all(name in item for name in names):
                    meaning = own.get(canonical([item[name] for name in names]), meaning)
        if values:
            meaning = values.get(canonical(item), meaning)
        steps.append(meaning)
    return steps


def project(value: Any, tree: Tree) -> Any:
    """Return the value with only the fields of the tree, MISSING if it has none of them.

    Items of a list stay in their order, but for those of a set, which has none: they are sorted.
    """
    if not tree:
        return value
    if isinstance(value, dict):
        fields = {}
        for step, inner_tree in tree.items():
            name = step[2:]
            if step[:2] == "f:" and name in value:
                inner = project(value[name], inner_tree)
                if inner is not MISSING:
                    fields[name] = inner
        return fields if fields or not value or ITSELF in tree else MISSING
    if isinstance(value, list):
        steps = _item_steps(value, tree)
        projected = (project(item, tree[step]) for item, step in zip(value, steps) if step is not None)
        items = [item for item in projected if item is not MISSING]
        if all(step is None or step.startswith("v:") for step in steps):
            items.sort(key=canonical)
        return items if items or not value else MISSING
    return value if _is_plain_field(tree) else MISSING


def _is_plain_field(tree: Tree) -> bool:
    return not tree or [*tree] == ["."]


def leaves(value: Any, tree: Tree, is_expanded: bool = False) -> dict[Path, Any]:
    """Return the values of the fields of a tree, each with its path: texts, numbers, empty maps, and whole lists.

    is_expanded: of a map that the tree has as a whole, each field is told
    """
    return dict(_leaves(value, tree, (), is_expanded))


def _leaves(value: Any, tree: Tree, path: Path, is_expanded: bool) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value and (tree or is_expanded):
        steps = [step for step in tree if step[:2] == "f:" and step[2:] in value]
        for step in steps if tree else [f"f:{name}" for name in value]:
            yield from _leaves(value[step[2:]], tree.get(step, {}), (*path, step), is_expanded)
    elif isinstance(value, list) and value and tree:
        for item, own in zip(value, _item_steps(value, tree)):
            if own is not None:
                yield from _leaves(item, tree[own], (*path, own), is_expanded)
    elif isinstance(value, (dict, list)) or _is_plain_field(tree):
        yield path, value


def declared_tree(value: Any, hint: Mapping[str, Any]) -> Tree:
    """Return the tree of all fields that a declared object sets.

    hint: the fields that live objects own, which tell by which fields the items of a list are known. The items of
    other lists are told by their places.
    """
    if isinstance(value, dict):
        steps = {f"f:{name}": declared_tree(inner, hint.get(f"f:{name}", {})) for name, inner in value.items()}
        if not steps and any(step != "." for step in hint):  # `strategy: {}`: the server fills it with defaults
            steps = {ITSELF: {}}
        return {".": {}, **steps} if steps else {}  # `podSelector: {}` is owned, and compared, as a whole
    if not isinstance(value, list) or not value:
        return {}
    if any(step.startswith("v:") for step in hint):
        return {".": {}, **{f"v:{json.dumps(item)}": {} for item in value}}
    key_names = list(dict.fromkeys(names for step in hint if (names := tuple(n for n, _ in _key_fields(step) or ()))))
    tree: Tree = {".": {}}
    for item in value:
        step, inner_hint = _declared_step(item, key_names, hint)
        if not step:
            if not all(isinstance(other, dict) for other in value):
                return {}
            return {
                ".": {},
                **{f"i:{place}": declared_tree(other, {}) for place, other in enumerate(value)},
                OTHER_ITEMS: {},
            }
        tree[step] = declared_tree(item, inner_hint)
    return tree


def _declared_step(
    item: Any, key_names: Iterable[tuple[str, ...]], hint: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any]]:
    """Return the step that means a declared item, and what is known of it; "" if its keys are not known.

    A key that the item leaves out has a default (`protocol`), so the keys that it has have to be enough.
    """
    if not isinstance(item, dict):
        return "", {}
    for names in key_names:
        fields = {name: item[name] for name in names if name in item}
        if fields:
            live = next((step for step in hint if dict(_key_fields(step) or ()).items() >= fields.items()), "")
            return f"k:{json.dumps(fields)}", hint.get(live, {})
    return "", {}


def canonical(value: Any) -> str:
    """Return a text that is the same for equal JSON values, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True)
