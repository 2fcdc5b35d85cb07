# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The results of clusters that had several kubectls: one result for each cluster. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubectl_mc import messages
from kubectl_mc.merge.report import Held, has_part, is_nothing_found
from kubectl_mc.processes.event_loop import Result, UnaskedResult


def one_result_per_cluster(results: Sequence[Result]) -> list[Result]:
    """Join the results of each cluster that had several kubectls.

    The first failure, if any, decides the status. The cause is the last error of stderr, so failures stand last there,
    behind what only is not there. What only some of several namespaces lack is there, as with clusters.
    """
    clusters: dict[str, dict[str, list[Result]]] = {}
    for result in results:
        clusters.setdefault(result.cluster, {}).setdefault(result.namespace, []).append(result)
    joined = []
    for places in clusters.values():
        group = [*map(_joined, places.values())]
        joined.append(_joined(group) if [*places] == [""] else _of_namespaces(group))
    return joined


def _joined(group: Sequence[Result]) -> Result:
    """Return the results of a cluster as one."""
    if len(group) == 1 or all(isinstance(result, UnaskedResult) for result in group):
        return group[0]
    by_weight = sorted(group, key=_weight)
    statuses = [result.status for result in group]
    return Result(
        group[0].cluster,
        b"".join(result.stdout for result in group if has_part(result)) or group[0].stdout,
        b"".join(result.stderr for result in by_weight),
        None if None in statuses else next(filter(None, statuses), 0),
        any(result.timed_out for result in group),
        group[0].namespace,
    )


def _of_namespaces(results: Sequence[Result]) -> Result:
    """Return the results of a cluster's namespaces as one. Its namespaces are those that failed, if only some have."""
    failed = [result for result in results if _weight(result) == 2]
    named = [] if len(failed) == len(results) else failed or results
    joined = _joined(_present(results))
    return joined._replace(namespace=", ".join(result.namespace for result in named if result.namespace))


def _weight(result: Result) -> int:
    """Return 0 for an answer, 1 for an absence, 2 for a failure."""
    if not result.status:
        return 0
    return 1 if messages.find_cause(_text(result), result.status).absent else 2


def _present(results: Sequence[Result]) -> list[Result]:
    """Return the results of a cluster's namespaces without what only some of them lack; what all lack stands once.

    results: one for each namespace, and perhaps one of what has none
    """
    said = [_text(result) for result in results]
    absences = [
        {line: _unplaced(line, result.namespace) for line in messages.absences(text)}
        for result, text in zip(results, said)
    ]
    answered = [(result, {*lines.values()}) for result, lines in zip(results, absences) if _weight(result) < 2]
    lacked = _lacked([(result.namespace, absent) for result, absent in answered if result.namespace])
    nothing = [line for text in said for line in messages.split_messages(text) if is_nothing_found(line)]
    is_empty = not any(result.stdout for result in results)
    if not lacked and is_empty and all(absent for _, absent in answered):  # one of them lacks this, another one that
        lacked = {what for _, absent in answered for what in absent}
    kept, kept_lines = list[Result](), {*nothing}
    for result, text, own in zip(results, said, absences):
        lines = []
        for message in messages.split_messages(text):
            what = own.get(message, message)
            # What all of them say, as a warning or a mistake in the command, is no more of one than of another.
            if what not in kept_lines and not (message in own and result.namespace and what not in lacked):
                lines.append(message)
        kept_lines.update(own.get(message, message) for message in lines)
        is_there = result.namespace and _weight(result) == 1 and not lacked.intersection(own.values())
        stderr = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
        kept.append(result._replace(stderr=stderr, status=0 if is_there else result.status))
    if is_empty and nothing and not any(_weight(result) == 2 for result in results):
        kept[0] = kept[0]._replace(stderr=kept[0].stderr + f"{_nothing_found(nothing)}\n".encode())
    return kept


def _lacked(answered: Sequence[tuple[str, set[str]]]) -> set[str]:
    """Return what all namespaces lack. answered: (namespace, what it lacks). One that isn't there lacks everything."""
    existing = [
        lacking for namespace, lacking in answered if not any(_NO_NAMESPACE(namespace) in line for line in lacking)
    ]
    return set.intersection(*existing) if existing else set[str]()


_NO_NAMESPACE = 'namespaces "{}" not found'.format


def _unplaced(absence: str, namespace: str) -> str:
    """Return what is absent, without where: some of kubectl's errors end in the namespace."""
    return absence.replace(f' in namespace "{namespace}"', "")


def untold(held: Held, results: Sequence[Result]) -> Held:
    """Return what a job has written to stderr without what the one result of its cluster has left out."""
    kept = {
        line for result in results if result.cluster == held.cluster for line in messages.split_messages(_text(result))
    }
    absences = messages.absences(held.text)
    lines = [line for line in messages.split_messages(held.text) if line in kept or line not in absences]
    return held._replace(text="".join(f"{line}\n" for line in lines))


_NOTHING_IN = r"(No \w+ found in )(\S+) namespace\."


def _nothing_found(lines: Sequence[str]) -> str:
    """Return what kubectl has said for each of several namespaces, as one line."""
    matches = [match for line in dict.fromkeys(lines) if (match := re.fullmatch(_NOTHING_IN, line))]
    if len(matches) < 2:
        return lines[0]
    return f"{matches[0][1]}{', '.join(match[2] for match in matches)} namespaces."


def _text(result: Result) -> str:
    return result.stderr.decode("utf-8", "replace")
