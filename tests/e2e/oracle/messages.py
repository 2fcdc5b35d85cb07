# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Whether stderr and the exit status of a fleet's command say what each cluster's kubectl says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from tests.e2e.conftest import Done
from tests.e2e.oracle.command_lines import ANSWERS, NEEDS_ALL, Line
from tests.e2e.oracle.kubectls import Plain
from tests.e2e.oracle.tables import difference

_NOTHING = "No resources found"
_ABSENT = re.compile(r"(?i)\(NotFound\)|doesn't have a resource type|no matches for kind|: not found$|\" not found$")
_KLOG = re.compile(r"^[EWIF] \w+\.go:\d+\]")
_OUR_VERSION = re.compile(r"\Akubectl-mc [\d.]+\n")
_LOGS_URL = re.compile(r"(?<=/containerLogs/)[^?\" ]+")  # kubectl asks for the containers of a selector in any order


def lone_faults(line: Line, plain: Plain, done: Done) -> Iterator[str]:
    """What is wrong with stderr and the status of a command for one cluster: they are kubectl's own.

    Ours among the versions is a line of stderr. Names with wildcards are listed type by type, and klog tells each try.
    """
    if plain.is_empty or plain.kept:
        return  # kubectl wasn't asked in this way
    if done.status != plain.status:
        yield f"another status than kubectl's: {done.status}, not {plain.status}"
    expected, found = (
        [
            _LOGS_URL.sub("LOGS", text) if line.verb == "logs" else text
            for text in stderr.split("\n")
            if not line.patterns or not _KLOG.match(text)
        ]
        for stderr in (plain.stderr, _OUR_VERSION.sub("", done.stderr) if line.verb == "version" else done.stderr)
    )
    if expected != found:
        yield f"other text on stderr than kubectl's: {difference(expected, found)}"


def fleet_faults(line: Line, plains: Mapping[str, Plain], done: Done) -> Iterator[str]:
    """What is wrong with stderr and the status of a command for several clusters."""
    yield from _status_faults(line, plains, done)
    failed = {cluster: plain for cluster, plain in plains.items() if _has_failed(line, plain)}
    absent = {cluster for cluster, plain in failed.items() if _is_absent(line, plain)}
    said = {cluster: Counter(_said(line, plain)) for cluster, plain in plains.items() if cluster not in failed}
    shown = done.stderr.split("\n")
    for text in dict.fromkeys(text for counter in said.values() for text in counter):
        speakers = [cluster for cluster, counter in said.items() if counter[text]]
        counts = {counter[text] for counter in said.values()}
        matching = [other for other in shown if text in other]
        if len(counts) == 1 and text in shown:
            if len([other for other in shown if other == text]) != counts.pop():
                yield f"said another number of times than by each cluster: {text!r:.200}"
            continue
        for cluster in speakers:
            if not any(_names(other.replace(text, ""), cluster) for other in matching):
                yield f"a line on stderr isn't shown with its cluster: {cluster}: {text!r:.200}"
    if (
        not any(plain.stdout for plain in plains.values())
        and not failed
        and any(_NOTHING in plain.stderr for plain in plains.values())
        and _NOTHING not in done.stderr
    ):
        yield f"nothing says that there is nothing: {done.stderr!r:.200}"
    errors = {_error(plain) for plain in failed.values()}
    for cluster in failed.keys() - absent:
        if any(_names(text, cluster) for text in shown):
            continue
        if (
            len(errors) > 1
            or len(failed) < len(plains)
            or not any(error.lower() in text.lower() for error in errors for text in shown)
        ):
            yield f"a failure isn't told: {cluster}: {_error(failed[cluster])!r:.200}"
            break
    yield from _count_faults(plains, failed, absent, done)
    if "Traceback (most recent" in done.stderr:
        yield "it ended in a traceback: " + done.stderr[-300:]


def _has_failed(line: Line, plain: Plain) -> bool:
    is_answer = plain.status == ANSWERS.get(line.verb) and (plain.stdout or not plain.stderr)
    return plain.status != 0 and not is_answer


def _names(text: str, cluster: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(cluster)}(?![\w-])", text) is not None


def _said(line: Line, plain: Plain) -> list[str]:
    """Return the lines of stderr that have to be shown; klog's errors about what fails anyway need not be."""
    return [
        text
        for text in plain.stderr.split("\n")
        if text.strip() and not text.startswith(_NOTHING) and (line.has("-v") or not _KLOG.match(text))
    ]


def _error(plain: Plain) -> str:
    return next(iter(plain.stderr.strip().split("\n")[-1:]), "")


def _is_absent(line: Line, plain: Plain) -> bool:
    """Return whether a cluster only lacks what was asked for."""
    errors = _said(line, plain)
    return line.verb not in NEEDS_ALL and (
        plain.is_empty or (bool(errors) and all(_ABSENT.search(text) for text in errors if not text.startswith("Warn")))
    )


def _status_faults(line: Line, plains: Mapping[str, Plain], done: Done) -> Iterator[str]:
    """What is wrong with the exit status."""
    if any(plain.kept for plain in plains.values()):
        return  # kubectl was asked for more
    answer = ANSWERS.get(line.verb)
    failed = {cluster: plain for cluster, plain in plains.items() if _has_failed(line, plain)}
    if not failed:
        expected = answer if answer and any(plain.status == answer for plain in plains.values()) else 0
        if done.status != expected:
            yield f"the status says that a cluster failed: {done.status}, not {expected}"
        return
    lacking = [plain for plain in failed.values() if _is_absent(line, plain)]
    if len(lacking) < len(failed):
        if done.status == 0:
            yield f"the status doesn't say that a cluster failed: {', '.join(failed)}"
        # What a cluster prints beside an absence may be nothing (an empty List); one may fail by --sort-by alone.
        is_unsure = any(plain.stdout for plain in lacking) or any(plain.is_unsortable for plain in plains.values())
        statuses = {3 if len(failed) < len(plains) else (answer or 0) + 1} | ({1, 3} if is_unsure else set())
        if done.status not in {0, *statuses}:
            yield f"the status doesn't say whether some clusters answered: {done.status}, not one of {statuses}"
        return
    if any(plain.is_empty for plain in lacking):
        common = {""} if all(plain.is_empty for plain in plains.values()) else set()
    else:
        sets = [set(_said(line, plain)) if plain in lacking else set() for plain in plains.values()]
        common = set.intersection(*sets)
    if common and done.status == 0:
        yield "the status doesn't say that no cluster has it"
    if not common and len(failed) < len(plains) and done.status:
        yield f"the status says that what a cluster has isn't there: {done.status}"


def _count_faults(
    plains: Mapping[str, Plain], failed: Mapping[str, Plain], absent: set[str], done: Done
) -> Iterator[str]:
    """What is wrong with the numbers of clusters in the notices."""
    showing = re.search(
        r"^Showing results from (\d+)/(\d+) clusters?(?:, (\d+) more in part)?:?$", done.stderr, re.MULTILINE
    )
    missing = re.search(r"^Error: Failed to query (\d+) clusters?: ", done.stderr, re.MULTILINE)
    if missing and int(missing[1]) != len(failed.keys() - absent):
        yield f"another number of failed clusters: {missing[1]}, not {len(failed.keys() - absent)}"
    if showing:
        empty = [cluster for cluster in failed.keys() - absent if not plains[cluster].stdout]
        shown = int(showing[1]) + int(showing[3] or 0)
        if shown > len(plains) - len(empty) or int(showing[2]) != len(plains):
            yield f"another number of clusters that answered: {showing[0]}"
