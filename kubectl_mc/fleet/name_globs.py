# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Patterns of the names of clusters. Pure.

A ClusterProfile is named NAME, or NAMESPACE/NAME. A glob without a `/` is for its NAME only: a namespace must not bring
in clusters that a glob of names wasn't meant for.

The flags that name clusters also take sets, `prod-{eu,us}`, regular expressions, `/RE/`, and a `!` ahead of what is not
meant. The globs of the mapping file's `protected`, of ClusterSets and of properties are globs alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable

from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeVar

    T = TypeVar("T")


def has_wildcard(pattern: str) -> bool:
    """Return whether a glob or a regular expression is more than the name that it is."""
    return any(letter in pattern for letter in "*?[") or _is_expression(pattern)


def is_glob(pattern: str) -> bool:
    """Return whether a pattern is a name or a glob, and not one of the other forms that --clusters takes."""
    return not is_exclusion(pattern) and not _is_expression(pattern) and alternatives(pattern) == [pattern]


def matches(text: str, pattern: str) -> bool:
    """Return whether a glob matches a text as a whole, or is that text. `*` matches a `/` as well."""
    from fnmatch import fnmatchcase

    return text == pattern or fnmatchcase(text, pattern)


def matches_profile(namespace: str, name: str, pattern: str) -> bool:
    """Return whether a glob matches a ClusterProfile: its NAME, or with a `/` in the glob, its NAMESPACE/NAME.

    namespace: "" for a context, whose name may hold a `/` itself, so that it is always matched as a whole
    """
    return matches(f"{namespace}/{name}" if namespace and "/" in pattern else name, pattern)


def names_profile(namespace: str, name: str, pattern: str) -> bool:
    """Return whether a glob matches a ClusterProfile, or a regular expression is found in what a glob would match."""
    if not _is_expression(pattern):
        return matches_profile(namespace, name, pattern)
    import re

    expression = pattern[1:-1]
    return re.search(expression, f"{namespace}/{name}" if namespace and "/" in expression else name) is not None


def is_exclusion(pattern: str) -> bool:
    """Return whether a pattern says what is not meant."""
    return len(pattern) > 1 and pattern.startswith("!")


def alternatives(pattern: str, names: Container[str] = ()) -> list[str]:
    """Return the names, globs and regular expressions that a pattern stands for, without a `!` ahead of them.

    names: names that stand for themselves, whatever is in them
    """
    return [text for text, _ in _alternatives(pattern, names)]


def idle_alternatives(
    pattern: str, meant: Callable[[str], Collection[object]], names: Container[str] = ()
) -> list[str]:
    """Return those of the alternatives of a pattern that mean nothing, so that they may be mistyped.

    Of several sets, `{eu,us}-{1,2}`, each part has to be in an alternative that means something, not all combinations.
    """
    parts = _alternatives(pattern, names)
    live = {start for text, starts in parts if meant(text) for start in starts}
    return [text for text, starts in parts if not (live.issuperset(starts) if starts else meant(text))]


def choose_by_patterns(
    patterns: Iterable[str],
    everything: Iterable[T],
    meant: Callable[[str], Iterable[T]],
    left_out: Callable[[str], Iterable[T]] | None = None,
    names: Container[str] = (),
) -> set[T]:
    """Return what patterns choose together: what they mean, or everything if all have a `!`, less what these mean.

    meant: returns what an alternative means; left_out: behind a `!`, if that is something else
    names: as of `alternatives`
    """
    chosen: set[T] = set()
    excluded: set[T] = set()
    is_narrowed = False
    for pattern in patterns:
        if is_exclusion(pattern) and pattern not in names:
            excluded.update(item for text in alternatives(pattern) for item in (left_out or meant)(text))
        else:
            is_narrowed = True
            chosen.update(item for text in alternatives(pattern, names) for item in meant(text))
    return (chosen if is_narrowed else {*everything}) - excluded


def _alternatives(pattern: str, names: Container[str]) -> list[tuple[str, tuple[int, ...]]]:
    if pattern in names:
        return [(pattern, ())]
    positive = pattern[is_exclusion(pattern) :]
    if "{" not in positive:
        return [(positive, ())]
    from kubectl_mc.command_line import name_sets

    return name_sets.alternatives(positive)


def _is_expression(pattern: str) -> bool:
    if not pattern.startswith("/"):
        return False
    from kubectl_mc.command_line import name_sets

    return name_sets.regular_expression(pattern) is not None
