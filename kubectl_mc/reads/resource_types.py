# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The types of a cluster, as `kubectl api-resources` lists them, and which typed ones are cluster-scoped. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from kubectl_mc.merge import kubectl_tables
from kubectl_mc.named_tuples import NamedTuple


class ResourceType(NamedTuple):
    """A type of a cluster.

    words: its names, in lower case; categories: such as "all"; api_version: such as "apps/v1"
    """

    name: str
    words: tuple[str, ...]
    categories: tuple[str, ...]
    api_version: str
    namespaced: bool

    @property
    def suffixes(self) -> tuple[str, str]:
        """What may stand behind a name and a dot: its GROUP, or VERSION.GROUP."""
        group, _, version = self.api_version.rpartition("/")
        return group, f"{version}.{group}"


def parse_types(text: str) -> list[ResourceType]:
    """Return the types in what `api-resources -o wide` printed. Raises kubectl_tables.NotATable."""
    types = []
    for table in kubectl_tables.parse_tables(text):
        columns = {"CATEGORIES": [""] * table.row_count, **dict(zip(table.header, table.columns))}
        names = ("NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", "CATEGORIES")
        if any(name not in columns for name in names):
            raise kubectl_tables.NotATable(" ".join(table.header))
        for name, short_names, api_version, namespaced, kind, categories in zip(*map(columns.__getitem__, names)):
            words = (name.lower(), kind.lower(), *filter(None, short_names.split(",")))
            own_categories = tuple(filter(None, categories.strip().split(",")))
            types.append(ResourceType(name, words, own_categories, api_version, namespaced == "true"))
    return types


def unknown_words(operands: Sequence[str], types: Sequence[ResourceType]) -> list[str]:
    """Return the words for types among the operands that mean none of these types."""
    return [word for word in _typed_words(operands) if not _meant(word, types)]


def by_scope(operands: Sequence[str], types: Sequence[ResourceType]) -> list[tuple[bool, list[str]]]:
    """Cut the operands into parts that are all namespaced, or all cluster-scoped, in the typed order.

    A word that means several types, of both kinds (a category), is replaced by those. What isn't known counts as
    namespaced: kubectl says what is wrong with it.
    """
    if not operands:
        return [(True, [])]
    if "/" in operands[0]:
        scoped = [(_is_namespaced(word.partition("/")[0], types), word) for word in operands]
        return [(namespaced, [word for _, word in part]) for namespaced, part in groupby(scoped, lambda part: part[0])]
    words = [exact for word in operands[0].split(",") for exact in _of_one_scope(word, types)]
    parts = groupby(words, lambda word: _is_namespaced(word, types))
    return [(namespaced, [",".join(part), *operands[1:]]) for namespaced, part in parts]


def _typed_words(operands: Sequence[str]) -> list[str]:
    typed = operands if operands and "/" in operands[0] else operands[:1]
    return [word for operand in typed for word in operand.partition("/")[0].split(",")]


def _meant(word: str, types: Sequence[ResourceType]) -> list[ResourceType]:
    """Return the types that a word may mean: a name before a category, as in kubectl."""
    name, dot, suffix = word.partition(".")
    named = [
        resource_type
        for resource_type in types
        if name.lower() in resource_type.words and (not dot or suffix in resource_type.suffixes)
    ]
    # Of a name that several groups have, kubectl takes the core's.
    core = [resource_type for resource_type in named if "/" not in resource_type.api_version]
    return core or named or [resource_type for resource_type in types if word in resource_type.categories]


def _of_one_scope(word: str, types: Sequence[ResourceType]) -> Iterable[str]:
    meant = _meant(word, types)
    is_category = meant and all(word in resource_type.categories for resource_type in meant)
    if not is_category or len({resource_type.namespaced for resource_type in meant}) == 1:
        return [word]
    return [f"{resource_type.name}.{resource_type.suffixes[1]}" for resource_type in meant]


def _is_namespaced(words: str, types: Sequence[ResourceType]) -> bool:
    """Return whether some of the types that the words may mean are namespaced, or none of them is known."""
    meant = [resource_type for word in words.split(",") for resource_type in _meant(word, types)]
    return not meant or any(resource_type.namespaced for resource_type in meant)
