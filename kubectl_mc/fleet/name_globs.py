"""Shell globs of the names of clusters. Pure.

A ClusterProfile is named NAME, or NAMESPACE/NAME. A glob without a `/` is for its NAME only: a namespace must not bring
in clusters that a glob of names wasn't meant for.
"""

from __future__ import annotations


def has_wildcard(pattern: str) -> bool:
    """Return whether a text is more than the name that it is."""
    return any(letter in pattern for letter in "*?[")


def matches(text: str, pattern: str) -> bool:
    """Return whether a glob matches a text as a whole, or is that text. `*` matches a `/` as well."""
    from fnmatch import fnmatchcase

    return text == pattern or fnmatchcase(text, pattern)


def matches_profile(namespace: str, name: str, pattern: str) -> bool:
    """Return whether a glob matches a ClusterProfile: its NAME, or with a `/` in the glob, its NAMESPACE/NAME.

    namespace: "" for a context, whose name may hold a `/` itself, so that it is always matched as a whole
    """
    return matches(f"{namespace}/{name}" if namespace and "/" in pattern else name, pattern)
