# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The oracles: what is wrong with the answer of kubectl mc to a line, next to what each cluster's kubectl answers.

One cluster: stdout, stderr and status are kubectl's, less what names the cluster. Several: each cluster's rows, items
and lines are exactly its kubectl's, in its order; what failed is said with its cluster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tests import real_kubectl
from tests.e2e.conftest import Done
from tests.e2e.oracle.blocks import block_faults, text_faults
from tests.e2e.oracle.command_lines import Line
from tests.e2e.oracle.documents import document_faults
from tests.e2e.oracle.kubectls import Plain
from tests.e2e.oracle.messages import fleet_faults, lone_faults
from tests.e2e.oracle.tables import difference, table_faults


def faults(line: Line, plains: Mapping[str, Plain], done: Done) -> list[str]:
    """Return what is wrong with an answer, each text as `kind: details`. plains: by cluster, in the clusters' order"""
    if any(plain.kept and (plain.status or plain.is_unsortable) for plain in plains.values()):
        return []  # what kubectl can't list can't be filtered
    has_names = line.shape in ("objects", "names") or (line.shape == "table" and line.form in ("", "wide"))
    if any(plain.kept for plain in plains.values()) and not has_names:
        return []  # nor what may be without names
    return [*_stdout_faults(line, plains, done.stdout), *_other_faults(line, plains, done)]


def _other_faults(line: Line, plains: Mapping[str, Plain], done: Done) -> Iterator[str]:
    if len(plains) == 1:
        yield from lone_faults(line, next(iter(plains.values())), done)
    else:
        yield from fleet_faults(line, plains, done)


def _stdout_faults(line: Line, plains: Mapping[str, Plain], shown: str) -> Iterator[str]:
    texts = {cluster: plain.stdout for cluster, plain in plains.items() if plain.stdout}
    # Older ones describe the data of a ConfigMap in any order, so it is chance which texts are alike.
    is_unordered = line.verb == "describe" and real_kubectl.version() < (1, 34)
    if line.shape in ("objects", "results"):
        yield from document_faults(line, plains, shown)
    elif line.folds and line.shape in ("table", "names"):
        yield from block_faults(line, plains, shown)
    elif line.shape == "folded":
        yield from [] if is_unordered else text_faults(texts, shown)
    elif line.shape == "table":
        yield from table_faults(line, plains, shown)
    elif line.shape == "sections":
        expected = sections(texts)
        if is_unordered:
            expected, shown = ("\n".join(sorted(text.split("\n"))) for text in (expected, shown))
        if shown != expected:
            yield f"other sections than kubectl's texts: {difference(expected, shown)}"
    else:
        yield from _line_faults(line, plains, shown)


def sections(texts: Mapping[str, str]) -> str:
    """Return each text under its cluster's heading."""
    return "\n".join(f"CLUSTER: {name}\n{text}" + "\n" * (not text.endswith("\n")) for name, text in texts.items())


# The label of a log line of one of several pods, if it names the pod that the fixtures' line names.
_POD_IN_LABEL = re.compile(r"^\[(\S+) (\S+)\] (?=.* of \w+/\2/)", re.MULTILINE)


def _line_faults(line: Line, plains: Mapping[str, Plain], shown: str) -> Iterator[str]:
    """What is wrong with lines that each bear their cluster."""
    names = line.shape in ("names", "templates")
    prefixes = {cluster: f"{cluster}\t" if names else f"[{cluster}] " for cluster in plains}
    interleaved = line.is_streamed or (line.shape == "names" and line.is_sorted)
    expected: dict[str, list[str]] = {}
    for cluster, plain in plains.items():
        lines = plain.stdout.removesuffix("\n").split("\n") if plain.stdout else []
        expected[cluster] = [prefixes[cluster] + text for text in lines if plain.keeps(text)]
    if line.verb == "logs" and line.has("-l") and not line.has("--prefix"):
        shown = _POD_IN_LABEL.sub(r"[\1] ", shown)
    found = shown.removesuffix("\n").split("\n") if shown else []
    if shown and not shown.endswith("\n"):
        yield f"a last line without an end: {found[-1]!r:.200}"
    if not interleaved:
        all_lines = [text for lines in expected.values() for text in lines]
        if found != all_lines:
            yield f"other lines than kubectl's: {difference(all_lines, found)}"
        return
    for cluster, lines in expected.items():
        own = [text for text in found if text.startswith(prefixes[cluster])]
        # Of several types, kubectl's unstable sort has more objects to sort than those whose names match.
        sorts_more = line.is_sorted and line.patterns and len(line.types) > 1
        in_any_order = sorts_more or (line.verb == "logs" and (line.has("--all-containers") or line.has("-l")))
        if own != lines and not (in_any_order and sorted(own) == sorted(lines)):
            yield f"other lines than kubectl's of {cluster}: {difference(lines, own)}"
    if len(found) != sum(map(len, expected.values())):
        yield f"{len(found)} lines, not {sum(map(len, expected.values()))}"
