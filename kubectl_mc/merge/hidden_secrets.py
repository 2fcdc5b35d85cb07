# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Secrets as they may be shown: with their fields, and whether the values of these are equal. Pure.

Nothing of a value is shown that would help to guess it, neither its length nor a digest.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc.merge.owned_fields import MISSING, Path, canonical, leaves
from kubectl_mc.type_hints import Any

SECRET = "secret"  # the kind, in lower case

# What is shown of a Secret. The values of annotations are not, as tools keep copies of whole objects there.
_SHOWN = (
    ("f:apiVersion",), ("f:kind",), ("f:type",), ("f:immutable",), ("f:metadata", "f:name"),
    ("f:metadata", "f:namespace"), ("f:metadata", "f:labels"), ("f:metadata", "f:ownerReferences"),
    ("f:metadata", "f:finalizers"),
)  # fmt: skip


def is_secret(kind: str) -> bool:
    """Return whether the values of objects of this kind are never shown."""
    return kind.lower().removesuffix("list") == SECRET  # what claims to be a list of them has their values, too


def hidden_values(values: Sequence[Any]) -> list[Any]:
    """Return what is shown of a Secret as some groups of clusters have it. values: MISSING for those that lack it

    Where groups have different values, these are numbered in the order of the groups.
    """
    numbers: dict[Path, dict[str, int]] = {}
    for value in values:
        if value is not MISSING:
            for path, leaf in leaves(value, {}, is_expanded=True).items():
                if not _is_shown(path):
                    own = numbers.setdefault(path, {})
                    own.setdefault(canonical(leaf), len(own) + 1)
    return [value if value is MISSING else _hidden(value, (), numbers) for value in values]


def _hidden(value: Any, path: Path, numbers: dict[Path, dict[str, int]]) -> Any:
    if isinstance(value, dict) and value:
        return {name: _hidden(inner, (*path, f"f:{name}"), numbers) for name, inner in value.items()}
    if _is_shown(path):
        return value
    own = numbers[path]
    return "<hidden>" if len(own) == 1 else f"<hidden, value {own[canonical(value)]}>"


def _is_shown(path: Path) -> bool:
    return any(path[: len(shown)] == shown for shown in _SHOWN)
