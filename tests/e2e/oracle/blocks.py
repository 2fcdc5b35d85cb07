# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Whether a folded answer tells each cluster exactly what its kubectl printed: it is unfolded, without kubectl mc."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from tests.e2e.oracle.command_lines import Line
from tests.e2e.oracle.kubectls import Plain
from tests.e2e.oracle.tables import difference

_HEADING = re.compile(r"^(?:CLUSTERS \(\d+\)|CLUSTER): (.*?)(?:   \((?:with the times and ids of|not in) [^)]*\))?$")
_EACH = "CLUSTERS (1 each):"
_PART = re.compile(r"[^, ]*\[[^]]*\]|[^, ]+")

# What a row says of times: an age, a range of them (`steady` has left out what it takes for ages), a time or its day.
_AGE = r"(?:~+|(?:\d+[smhdy]){1,2})"
_TIMES = (
    (re.compile(rf" ?\((?:x\d+(?:-\d+)? over )?{_AGE}(?:-{_AGE})?(?: ago)?\)"), ""),
    (re.compile(rf"(?<![^ ]){_AGE}(?:-{_AGE})?(?![^ ])"), "~"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:T[\d:]+Z| - \d{4}-\d\d-\d\d)?(?![^ ])"), "~"),
)


def named(heading: str, clusters: Sequence[str]) -> list[str]:
    """Return the clusters that a heading names: `c[1-3,10], dev, prod-*`."""
    names: list[str] = []
    for part in _PART.findall(heading):
        stem, bracket, numbers = part.partition("[")
        spans = [span.partition("-") for span in numbers.rstrip("]").split(",")] if bracket else []
        names += [f"{stem}{number}" for first, _, last in spans for number in range(int(first), int(last or first) + 1)]
        names += [] if bracket else [name for name in clusters if fnmatchcase(name, part)]
    return names


def block_faults(line: Line, plains: Mapping[str, Plain], shown: str) -> Iterator[str]:
    """What is wrong with a table, or with names, that are folded by lines. plains: in the clusters' order"""
    texts = {cluster: (plain.with_headers or plain.stdout) if plain.stdout else "" for cluster, plain in plains.items()}
    if line.may_have_lines:  # one of which may look like a heading
        shown_words = {*_without_times(shown).split(" ")}
        for cluster, plain in plains.items():
            rows = plain.stdout if line.has("--no-headers") else plain.stdout.partition("\n")[2]
            if missing := {*_without_times(rows).split(" ")} - shown_words - {""}:
                yield f"words of {cluster} are missing: {sorted(missing)[:5]}"
        return
    has_headers = line.shape == "table"
    headers = {row for text in texts.values() for part in text.split("\n\n") for row in part.split("\n")[:1]}
    header_words = {word for header in headers for word in header.split()} | {"CLUSTER"} if has_headers else set()
    told: dict[str, list[str]] = {cluster: [] for cluster in plains}
    names: Sequence[str] = ()
    for row in shown.split("\n"):
        if row == _EACH:
            names = ()
        elif match := _HEADING.fullmatch(row):
            names = named(match[1], list(plains))
        elif words := [word for word in re.split("[ \t]+", row.replace("\\n", " ")) if word]:
            if has_headers and {*words} <= header_words:
                continue
            own = list(names) or [next((word for word in words if word in plains), "")]
            if not {*own} <= {*plains}:
                yield f"a line without its cluster: {row[:200]!r}"
                return
            if not names:
                words.remove(own[0])
            for cluster in own:
                told[cluster].append(" ".join(words))
    for cluster, text in texts.items():
        own_rows = [row for row in text.split("\n") if row.strip()]
        own_rows = [row for row in own_rows if not (has_headers and {*row.split()} <= header_words)]
        if plains[cluster].kept:  # by NAME, which may stand behind NAMESPACE
            own_rows = [row for row in own_rows if any(plains[cluster].keeps(word) for word in row.split()[:2])]
        expected, found = ([_without_times(row) for row in lines] for lines in (own_rows, told[cluster]))
        if Counter(expected) != Counter(found):
            yield f"other lines than kubectl's of {cluster}: {difference(sorted(expected), sorted(found))}"


def _without_times(row: str) -> str:
    row = " ".join(row.replace("\\n", " ").split())
    for pattern, replacement in _TIMES:
        row = pattern.sub(replacement, row)
    return row


def text_faults(texts: Mapping[str, str], shown: str) -> Iterator[str]:
    """What is wrong with texts that are folded: each stands as it is, for clusters that differ in numbers at most."""
    groups, rest = [], shown
    while match := _HEADING.match(rest.partition("\n")[0]):
        names = named(match[1], list(texts))
        section = texts.get(names[0], "") if names else ""
        section = f"{match[0]}\n{section}" + "\n" * (not section.endswith("\n"))
        if not {*names} <= texts.keys() or not rest.startswith(section):
            break
        groups.append((match[0], names))
        rest = rest[len(section) :].removeprefix("\n")
    if rest:
        yield f"other sections than kubectl's texts: {rest[:300]!r}"
    elif sorted(name for _, names in groups for name in names) != sorted(texts):
        yield f"sections of other clusters: {[row for row, _ in groups]}"
    sizes = [len(names) for _, names in groups]
    if sizes != sorted(sizes, reverse=True):
        yield f"sections in another order: {sizes}"
    for _, names in groups:
        alike = {re.sub(r"[\d~a-f]+", "~", re.sub(r" +|-+", " ", texts[name])) for name in names}
        if len(alike) > 1:
            yield f"a section for texts that differ: {names}"
    firsts = [texts[names[0]] for _, names in groups if "~" not in texts[names[0]]]  # ages may differ in a text
    if len({*firsts}) < len(firsts):
        yield "the same text in several sections"
