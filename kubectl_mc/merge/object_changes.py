# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The objects that a command changes, read from kubectl's lines: `deployment.apps/cart configured`. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat

from kubectl_mc.merge.kubectl_tables import CLUSTER, NAMESPACE, Table
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.yaml_loader import manifest_loader
from kubectl_mc.type_hints import Any

_DRY_RUN = re.compile(r" \((?:server )?dry run\)$")
_PLAIN = re.compile(r"([a-z][a-z0-9.-]*/[^\s/]+)(?: (\S.*))?")
_DELETED = re.compile(r'([a-z][a-z0-9.-]*) "([^"]+)" ((?:force )?deleted)(?: from (\S+) namespace)?')
_EVICTING = re.compile(r"evicting pod ([^\s/]+)/(\S+)")

_NO_SPACE = re.compile(r"\S")

# Kinds that `kubectl rollout status` can wait for.
WORKLOADS = ("deployment.apps", "statefulset.apps", "daemonset.apps")


class ObjectChange(NamedTuple):
    """An object and what was done to it.

    resource: as kubectl writes it, e.g. "deployment.apps/cart"
    result: kubectl's word, "" if it printed none
    namespace: "" if it is not known
    """

    resource: str
    result: str
    namespace: str = ""

    @property
    def kind(self) -> str:
        """The kind as kubectl writes it, e.g. "deployment.apps"."""
        return self.resource.partition("/")[0]

    @property
    def name(self) -> str:
        """The object's name."""
        return self.resource.partition("/")[2]

    @property
    def is_none(self) -> bool:
        """Whether kubectl says that there was nothing to do."""
        return self.result.startswith(("unchanged", "not ", "already ")) or self.result.endswith("(no change)")


def parse_changes(stdout: str) -> list[ObjectChange]:
    """Return the changes in kubectl's output; lines that name no object (a token, output of `exec`) are left out."""
    return [change for line in stdout.splitlines() if (change := _parse_line(line))]


def _parse_line(line: str) -> ObjectChange | None:
    if not line.isprintable():  # no object has such a name, nor such a namespace
        return None
    line = _DRY_RUN.sub("", line)
    if match := _PLAIN.fullmatch(line):
        return ObjectChange(match[1], match[2] or "")
    if match := _DELETED.fullmatch(line):
        return ObjectChange(f"{match[1]}/{match[2]}", match[3], match[4] or "")
    if match := _EVICTING.fullmatch(line):
        return ObjectChange(f"pod/{match[2]}", "evicting", match[1])
    return None


def are_unchanged(changes: Sequence[ObjectChange], silent_is_unchanged: bool) -> bool:
    """Return whether nothing was done. silent_is_unchanged: kubectl prints a line for each object that it changes."""
    return all(change.is_none for change in changes) if changes else silent_is_unchanged


def with_namespaces(
    changes: Sequence[ObjectChange], namespace: str, declared: Sequence[ObjectChange] | None
) -> list[ObjectChange]:
    """Return the changes, workloads with their namespaces; the namespace stays "" where it cannot be told.

    namespace: the namespace of the command, "" if it has none (-A)
    declared: the workloads of the input (`declared_workloads`); None if the objects were named on the command line
    If the input has a name in several namespaces, kubectl's lines for it are in the order of the input. If some of
    these lines are missing, it cannot be told which line is for which namespace.
    """
    declared_namespaces: dict[str, list[str]] = {}
    for workload in declared or ():
        declared_namespaces.setdefault(workload.resource, []).append(workload.namespace or namespace)
    counts = Counter(change.resource for change in changes)
    # The namespaces of each resource's lines, in their order.
    remaining: dict[str, Iterator[str]] = {}
    for resource, count in counts.items():
        candidates = [namespace] if declared is None else declared_namespaces.get(resource, [])
        if len(set(candidates)) == 1:
            remaining[resource] = repeat(candidates[0])
        elif len(candidates) == count:
            remaining[resource] = iter(candidates)
    completed = []
    for change in changes:
        if change.namespace or change.kind not in WORKLOADS:
            own_namespace = change.namespace
        else:
            own_namespace = next(remaining.get(change.resource, repeat("")))
        completed.append(change._replace(namespace=own_namespace))
    return list(dict.fromkeys(completed))


@lru_cache(maxsize=1)  # it is called for every cluster with the same input
def declared_objects(content: bytes) -> tuple[Mapping[str, Any], ...]:
    """Return the objects of an input and its Lists; () for invalid YAML, about which kubectl has the better error."""
    import yaml

    values = json_values(content)
    try:
        documents = (
            [json.loads(text) for _, text in values] if values else yaml.load_all(content, Loader=manifest_loader())
        )
        return tuple(declared for document in documents for declared in _objects(document))
    except (yaml.YAMLError, ValueError, TypeError, IndexError, RecursionError):
        return ()


def json_values(content: bytes) -> list[tuple[int, bytes]]:
    """Return (line, text) of each JSON value in a text that holds nothing else; [] for any other text.

    kubectl reads a stream of JSON objects, which is no YAML (k8s.io/apimachinery/pkg/util/yaml, YAMLOrJSONDecoder).
    """
    text, decoder = content.decode("utf-8", "surrogateescape"), json.JSONDecoder()
    values, line, start, end = [], 1, len(text) - len(text.lstrip()), 0
    try:
        while start < len(text):
            line += text.count("\n", end, start)
            _, end = decoder.raw_decode(text, start)
            values.append((line, text[start:end].encode("utf-8", "surrogateescape")))
            line += text.count("\n", start, end)
            start = next_value.start() if (next_value := _NO_SPACE.search(text, end)) else len(text)
    except (ValueError, RecursionError):
        return []
    return values


def _objects(document: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(document, dict):
        return
    if str(document.get("kind")).endswith("List"):
        for item in document.get("items") or ():
            yield from _objects(item)
    yield document


@lru_cache(maxsize=1)
def declared_workloads(content: bytes) -> tuple[ObjectChange, ...]:
    """Return the workloads that an input declares."""
    workloads_of_input = []
    for declared in declared_objects(content):
        metadata = declared.get("metadata")
        kind = f"{str(declared.get('kind')).lower()}.{str(declared.get('apiVersion')).partition('/')[0]}"
        if isinstance(metadata, dict) and kind in WORKLOADS:
            namespace = str(metadata.get("namespace") or "")
            workloads_of_input.append(ObjectChange(f"{kind}/{metadata.get('name')}", "", namespace))
    return tuple(workloads_of_input)


def joined_lines(first: str, second: str) -> str:
    """Return the lines of two runs of one command as those of one.

    A line that says that there was nothing to do gives way to what the first run says of that object. What only the
    first run says comes last.
    """
    earlier: dict[object, list[str]] = {}
    for line in first.splitlines():
        earlier.setdefault(_subject(line), []).append(line)
    lines = []
    for line in second.splitlines():
        before = earlier.get(_subject(line))
        was = before.pop(0) if before else line
        change = _parse_line(line)
        lines.append(was if change and change.is_none else line)
    lines += [line for remaining in earlier.values() for line in remaining]
    return "".join(f"{line}\n" for line in lines)


def _subject(line: str) -> object:
    """Return the object that a line is about, or else the line."""
    change = _parse_line(line)
    return (change.resource, change.namespace) if change else line


def workloads(changes: Iterable[ObjectChange]) -> list[ObjectChange]:
    """Return the changes that start a rollout: changed workloads that still exist, each of them once."""
    changed = [change for change in changes if change.kind in WORKLOADS and not change.is_none]
    existing = [change for change in changed if not re.search("deleted|pruned", change.result)]
    return list({(change.resource, change.namespace): change for change in existing}.values())


def dry_run_table(outputs: Sequence[tuple[str, str]]) -> Table | None:
    """Return a dry run that the user asked for as a table of the objects; None if it can't be one.

    outputs: (cluster, what its kubectl printed)
    It is a table if each line is about an object, and no two lines of a cluster say the same: kubectl doesn't always
    say in which namespaces objects of one name are. The namespace has a column if the lines name several.
    """
    lines = [(cluster, line) for cluster, text in outputs for line in text.splitlines() if line.strip()]
    changes = [(cluster, change) for cluster, line in lines if (change := _parse_line(line))]
    if len(changes) < len(lines) or len(set(changes)) < len(changes):
        return None
    several = len({change.namespace for _, change in changes if change.namespace}) > 1
    rows = [
        (cluster, *((change.namespace or "<none>",) if several else ()), change.resource, change.result)
        for cluster, change in changes
    ]
    header = (CLUSTER, *((NAMESPACE,) if several else ()), "RESOURCE", "RESULT")
    return Table(header, tuple(zip(*rows)) or ((),) * len(header))
