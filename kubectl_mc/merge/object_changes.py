"""What kubectl's lines say of the objects that a command changes: `deployment.apps/cart configured`. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from kubectl_mc.messages import own_tables

_DRY_RUN = re.compile(r" \((?:server )?dry run\)$")
_PLAIN = re.compile(r"([a-z][a-z0-9.-]*/[^\s/]+)(?: (\S.*))?")
_DELETED = re.compile(r'([a-z][a-z0-9.-]*) "([^"]+)" ((?:force )?deleted)(?: from (\S+) namespace)?')
_GONE = re.compile("deleted|pruned")
_EVICTING = re.compile(r"evicting pod ([^\s/]+)/(\S+)")

# Kinds that `kubectl rollout status` can wait for.
WORKLOADS = ("deployment.apps", "statefulset.apps", "daemonset.apps")


class ObjectChange(NamedTuple):
    """An object and what was done to it. result: kubectl's word, "" if it gave none; namespace: "" if not known."""

    resource: str
    result: str
    namespace: str = ""

    @property
    def kind(self) -> str:
        """As kubectl writes it: "deployment.apps"."""
        return self.resource.partition("/")[0]

    @property
    def name(self) -> str:
        return self.resource.partition("/")[2]

    @property
    def is_none(self) -> bool:
        """Does kubectl say that nothing was to be done?"""
        return self.result.startswith(("unchanged", "not ", "already ")) or self.result.endswith("(no change)")


def parse_changes(stdout: str) -> list[ObjectChange]:
    """The lines that tell of an object; any other line (a token, an answer of `exec`) tells nothing."""
    return [change for line in stdout.splitlines() if (change := _line(_DRY_RUN.sub("", line)))]


def were_rehearsed(stdout: str) -> bool:
    """Does kubectl say of each object that it was a dry run?"""
    lines = [line for line in stdout.splitlines() if _line(_DRY_RUN.sub("", line))]
    return bool(lines) and all(_DRY_RUN.search(line) for line in lines)


def _line(line: str) -> ObjectChange | None:
    if match := _PLAIN.fullmatch(line):
        return ObjectChange(match[1], match[2] or "")
    if match := _DELETED.fullmatch(line):
        return ObjectChange(f"{match[1]}/{match[2]}", match[3], match[4] or "")
    if match := _EVICTING.fullmatch(line):
        return ObjectChange(f"pod/{match[2]}", "evicting", match[1])
    return None


def are_unchanged(changes: Sequence[ObjectChange], silent_is_unchanged: bool) -> bool:
    """Has nothing been done? silent_is_unchanged: kubectl has a word for each object that it changes."""
    return all(change.is_none for change in changes) if changes else silent_is_unchanged


def with_namespaces(
    changes: Sequence[ObjectChange], namespace: str, given: Sequence[ObjectChange] | None
) -> list[ObjectChange]:
    """The changes, workloads with their namespaces; "" stays where it isn't known.

    namespace: where the command looks if nothing says otherwise, "" for no such place (-A)
    given: the workloads of the input (`declared`); None: the objects were named on the command line
    Where the input has a name in several namespaces, kubectl's lines for it are in the input's order; but if some of
    them are missing, no line can be told from another.
    """
    homes: dict[str, list[str]] = {}
    for each in given or ():
        homes.setdefault(each.resource, []).append(each.namespace or namespace)
    lines = Counter(change.resource for change in changes)
    homes_left: dict[str, Iterator[str]] = {}
    found = []
    for change in changes:
        known = [namespace] * lines[change.resource] if given is None else homes.get(change.resource, [])
        if change.namespace or change.kind not in WORKLOADS:
            place = change.namespace
        elif len(set(known)) == 1:
            place = known[0]
        elif len(known) == lines[change.resource]:
            place = next(homes_left.setdefault(change.resource, iter(known)))
        else:
            place = ""
        found.append(change._replace(namespace=place))
    return list(dict.fromkeys(found))


@lru_cache(maxsize=1)  # asked for each cluster, of the same input
def declared_workloads(content: bytes) -> tuple[ObjectChange, ...]:
    """The workloads that an input declares; none for what is no YAML, which kubectl will say better."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return tuple(each for document in yaml.load_all(content, Loader=loader) for each in _workloads(document))
    except (yaml.YAMLError, ValueError, TypeError, IndexError, RecursionError):
        return ()


def _workloads(document: Any) -> Iterator[ObjectChange]:
    if not isinstance(document, dict):
        return
    kind = str(document.get("kind"))
    if kind.endswith("List"):
        for item in document.get("items") or ():
            yield from _workloads(item)
    metadata = document.get("metadata")
    group = str(document.get("apiVersion")).partition("/")[0]
    if isinstance(metadata, dict) and f"{kind.lower()}.{group}" in WORKLOADS:
        yield ObjectChange(f"{kind.lower()}.{group}/{metadata.get('name')}", "", str(metadata.get("namespace") or ""))


def workloads(changes: Iterable[ObjectChange]) -> list[ObjectChange]:
    """Those of the changes that a rollout follows: of the kinds that have one, and not deleted."""
    found = [each for each in changes if each.kind in WORKLOADS and not each.is_none and not _GONE.search(each.result)]
    return list({(each.resource, each.namespace): each for each in found}.values())


def dry_run_table(outputs: Sequence[tuple[str, str]]) -> str:
    """The user's own dry run as one table. outputs: (cluster, what its kubectl printed)."""
    rows = [(cluster, change.resource, change.result) for cluster, text in outputs for change in parse_changes(text)]
    others = [
        (cluster, "<none>", line)
        for cluster, text in outputs
        for line in text.splitlines()
        if line.strip() and not parse_changes(line)
    ]
    return own_tables.render_table(("CLUSTER", "RESOURCE", "RESULT"), [*rows, *others]) if rows or others else ""
