# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Folding: what several clusters answer alike is shown once, below their names; the largest group comes first. Pure.

Rows and texts are compared without ages, and without the times and ids that each API server, and `diff`, makes anew.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from kubectl_mc.command_line.amounts import DURATION
from kubectl_mc.merge import kubectl_tables
from kubectl_mc.merge.kubectl_tables import CLUSTER, Table
from kubectl_mc.merge.last_rows import AGED, age_bounds
from kubectl_mc.merge.lines import tabbed
from kubectl_mc.merge.sections import marked_headings
from kubectl_mc.messages import visible
from kubectl_mc.messages.group_names import group_heading
from kubectl_mc.messages.name_folding import fold_names
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.requests import PLAIN, Look


class Chosen(NamedTuple):
    """For which clusters an answer is folded, and how it is shown.

    clusters: all that were chosen, in the order in which they are shown; answered: those whose answer is whole
    """

    clusters: Sequence[str]
    answered: Collection[str]
    look: Look = PLAIN


class Block(NamedTuple):
    """The rows that exactly these clusters have. table: without a CLUSTER column, with a range where ages differ"""

    clusters: tuple[str, ...]
    table: Table


def folded_tables(tables: Sequence[Table], chosen: Chosen, headers: bool = True, with_ages: bool = True) -> str:
    """Return tables that have a CLUSTER column in blocks: below the names of clusters, the rows that they share.

    The rows that one cluster alone has come last, with their column; where there are no others, as without folding.
    headers: each block begins with the names of the columns; with_ages: as of `fold_rows`
    """
    bodies: dict[tuple[str, ...], list[str]] = {}
    lone_rows = list[Table]()
    for table in tables:
        blocks, rest = fold_rows(table, chosen.clusters, with_ages)
        lone_rows += [rest] if rest.row_count or not blocks else []
        # The columns of a table are aligned over its blocks.
        joined = [_joined([block.table for block in blocks])] if blocks else []
        lines = iter(re.findall(r".*\n", kubectl_tables.render_tables(joined, headers, chosen.look.colours)))
        header = "".join(islice(lines, int(headers)))
        for block in blocks:
            body = header + "".join(islice(lines, block.table.row_count))
            bodies.setdefault(block.clusters, []).append(body)
    separator = "\n" if headers else ""  # as kubectl has it between tables
    shared = {group: separator.join(parts) for group, parts in bodies.items()}
    return _in_blocks(shared, kubectl_tables.render_tables(lone_rows, headers, chosen.look.colours), chosen)


def folded_lines(lines: Iterable[tuple[str, str]], chosen: Chosen) -> str:
    """Return (cluster, line) pairs in blocks, as `folded_tables`: the lines that a group of clusters shares."""
    pairs = list(lines)
    table = Table(("", CLUSTER), ([line for _, line in pairs], [cluster for cluster, _ in pairs]))
    blocks, rest = fold_rows(table, chosen.clusters, with_ages=False)
    shared = {block.clusters: "".join(f"{line}\n" for line in block.table.columns[0]) for block in blocks}
    return _in_blocks(shared, tabbed(zip(*reversed(rest.columns)), chosen.look.colours), chosen)


def _in_blocks(shared: Mapping[tuple[str, ...], str], lone: str, chosen: Chosen) -> str:
    """Return what groups of clusters share, each below its heading, and last what one cluster alone has."""
    on_terminal = chosen.look.on_terminal
    parts = [
        f"{_shown(_heading(group, chosen) + _lacking(group, chosen), chosen)}\n{marked_headings(body, on_terminal)}"
        for group, body in sorted(shared.items(), key=lambda item: -len(item[0]))
    ]
    lone = marked_headings(lone, on_terminal)
    return "\n".join([*parts, f"{_shown(_LONE_HEADING, chosen)}\n{lone}" if parts else lone] if lone else parts)


def _lacking(group: Collection[str], chosen: Chosen) -> str:
    """Return what a heading says of the clusters that lack what a group shares, if they are few."""
    members = {*group}
    names = [name for name in _order(chosen.clusters) if name in chosen.answered and name not in members]
    return f"   (not in {fold_names(names)})" if 0 < len(names) < min(_MANY, len(group)) else ""


_MANY = 4

# Above what one cluster alone has, each with its name beside it.
_LONE_HEADING = "CLUSTERS (1 each):"


def folded_texts(outputs: Iterable[tuple[tuple[str, str], str]], chosen: Chosen, by_meaning: bool = True) -> str:
    """Return each text once, below the names of the clusters that printed it: unchanged, as the first of them did.

    outputs: ((cluster, namespace or ""), text)
    by_meaning: texts are alike that differ in times and ids only; the heading then says whose times and ids these are
    """
    places_by_text: dict[tuple[str, str], list[str]] = {}
    for (cluster, namespace), text in outputs:
        places_by_text.setdefault((namespace, text), []).append(cluster)
    groups: dict[tuple[str, str], list[tuple[str, list[str]]]] = {}
    for (namespace, text), names in places_by_text.items():
        compared = comparable_text(text) if by_meaning and len(places_by_text) > 1 else text
        groups.setdefault((namespace, compared), []).append((text, names))
    order, is_lone = _order(chosen.clusters), all(len(names) == 1 for names in places_by_text.values())
    is_lone = is_lone and all(len(members) == 1 for members in groups.values())
    sections = list[tuple[int, str]]()
    for (namespace, _), members in groups.items():
        names = sorted((name for _, its_names in members for name in its_names), key=order.__getitem__)
        text, (first, *_) = members[0]
        heading = _heading(names, chosen, is_lone) + (f"   NAMESPACE: {namespace}" if namespace else "")
        if len(members) > 1:
            heading += f"   (with the times and ids of {visible(first)})"
        body = marked_headings(text, chosen.look.on_terminal)
        if chosen.look.colours:
            from kubectl_mc.messages.painted_texts import painted_text

            body = painted_text(body)
        sections.append((-len(names), f"{_shown(heading, chosen)}\n{body}" + "\n" * (not text.endswith("\n"))))
    return "\n".join(section for _, section in sorted(sections, key=lambda section: section[0]))


def _shown(heading: str, chosen: Chosen) -> str:
    """Return a heading, in colours where the answer has some."""
    if not chosen.look.colours:
        return heading
    from kubectl_mc.messages.painting import painted_heading

    return painted_heading(heading)


def _heading(names: Sequence[str], chosen: Chosen, is_lone: bool = False) -> str:
    return group_heading(names, {*chosen.clusters}.difference(names), is_lone)


def _order(clusters: Sequence[str]) -> dict[str, int]:
    return {cluster: number for number, cluster in enumerate(dict.fromkeys(clusters))}


# --- Rows ----------------------------------------------------------------------------------------------------


def fold_rows(table: Table, clusters: Sequence[str], with_ages: bool = True) -> tuple[list[Block], Table]:
    """Return the rows of a table that has a CLUSTER column that several clusters share, in blocks, and the others.

    clusters: in the order in which they are shown; with_ages: rows are alike that differ in ages only
    The largest group comes first. Rows are in the order of the table. What a cluster has twice is shared twice.
    """
    index, order = table.header.index(CLUSTER), _order(clusters)
    names = table.columns[index]
    header = (*table.header[:index], *table.header[index + 1 :])
    columns = (*table.columns[:index], *table.columns[index + 1 :])
    compared = [_without_ages(name, column, with_ages) for name, column in zip(header, columns)]
    numbers_by_row: dict[tuple[str | int, ...], list[int]] = {}
    for number, row in enumerate(zip(*compared)):
        numbers_by_row.setdefault(row, []).append(number)
    lone_rows: list[int] = []
    groups: dict[tuple[str, ...], list[list[int]]] = {}
    for numbers in numbers_by_row.values():
        for members in [numbers] if len(numbers) == 1 else _repetitions(numbers, names):
            if len(members) == 1:
                lone_rows += members
                continue
            members.sort(key=lambda number: order[names[number]])
            groups.setdefault(tuple(names[number] for number in members), []).append(members)
    aged = [column is not other for column, other in zip(columns, compared)]
    blocks = [
        Block(group, Table(header, tuple(_cells(column, rows, is_aged) for column, is_aged in zip(columns, aged))))
        for group, rows in sorted(groups.items(), key=lambda item: -len(item[0]))
    ]
    return blocks, kubectl_tables.reorder_rows(table, sorted(lone_rows))


def _repetitions(numbers: Sequence[int], names: Sequence[str]) -> list[list[int]]:
    """Return the numbers of equal rows: the first one of each cluster, the second one of those that have it twice, …"""
    repetitions: list[list[int]] = []
    seen: Counter[str] = Counter()
    for number in numbers:
        count = seen[names[number]]
        seen[names[number]] += 1
        if count == len(repetitions):
            repetitions.append([])
        repetitions[count].append(number)
    return repetitions


def _cells(column: Sequence[str], rows: Sequence[Sequence[int]], is_aged: bool) -> list[str]:
    """Return what a column says of each row. rows: the numbers of the rows that are shown as one

    A further line of a cell could pass for a row, or for a heading; so a cell has one line.
    """
    if is_aged:
        cells = [_common_cell({column[number] for number in members}) for members in rows]
    else:
        cells = [column[members[0]] for members in rows]
    return [cell.replace("\n", "\\n") for cell in cells] if "\n" in "".join(cells) else cells


def _joined(tables: Sequence[Table]) -> Table:
    """Return the rows of tables that have the same columns as one table."""
    columns = zip(*(table.columns for table in tables))
    return Table(tables[0].header, tuple(list(chain.from_iterable(parts)) for parts in columns))


# --- Ages ----------------------------------------------------------------------------------------------------

# Names of columns for points in time, whose cells API servers print as ages (columns of the type `date` of a
# CustomResourceDefinition, too), and for what lasts. A column of another name may hold a setting (`INTERVAL 5m`), or a
# quantity (`CPU 100m`).
_TIMES = re.compile(
    r"(?:.*[ _-])?(?:AGE|SEEN|LAST|FIRST|SINCE|AGO|UPTIME|DURATION|SCHEDULE|TRANSITION)(?:[ _-].*)?"
    r"|.*(?:TIME|TIMESTAMP|DATE|STARTED|FINISHED|COMPLETED|CREATED|UPDATED|CHANGED|MODIFIED|SYNCED|[ _-]AT)",
    re.IGNORECASE,
)

# `3 (5m ago)` restarts of a pod; `5m (x3 over 10m)` of an event; a time (`CREATED AT` of a CustomResourceDefinition).
_RESTARTS = re.compile(rf"(\d+) \(({DURATION}) ago\)")
_REPEATED = re.compile(rf"({DURATION}) \(x(\d{{1,9}}) over ({DURATION})\)")
_UTC = re.compile(r"(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?Z")


# What stands for an age, and for a time, where cells are compared. No cell is equal to a number.
_ANY_AGE, _ANY_TIME = 0, 1


def _without_ages(name: str, column: Sequence[str], with_ages: bool) -> Sequence[str | int]:
    """Return the cells by which rows are compared; the column itself if none differs from its cell."""
    is_time = bool(_TIMES.fullmatch(name))
    distinct = {*column} if is_time else {cell for cell in {*column} if cell.endswith(" ago)")} if with_ages else ()
    compared = {cell: _without_age(cell, is_time, with_ages) for cell in distinct}
    if all(cell == other for cell, other in compared.items()):
        return column
    return [compared.get(cell, cell) for cell in column]


def _without_age(cell: str, is_time: bool, with_ages: bool) -> str | int:
    if is_time and _UTC.fullmatch(cell):
        return _ANY_TIME
    restarts = _RESTARTS.fullmatch(cell) if with_ages else None
    return restarts[1] if restarts else _ANY_AGE if is_time and with_ages and AGED.fullmatch(cell) else cell


def _common_cell(cells: Collection[str]) -> str:
    """Return what is true of all of these cells, which differ in ages only: `5m-3h`, `3 (5m-3h ago)`, `3`."""
    if len(cells) == 1:
        return next(iter(cells))
    if days := sorted({match[1] for match in map(_UTC.fullmatch, cells) if match}):
        return " - ".join(dict.fromkeys((days[0], days[-1])))
    restarts = [match for match in map(_RESTARTS.fullmatch, cells) if match]
    if restarts:
        count = restarts[0][1]
        return f"{count} ({_age_range(match[2] for match in restarts)} ago)" if len(restarts) == len(cells) else count
    repeated = [match for match in map(_REPEATED.fullmatch, cells) if match]
    last_seen = _age_range(cell.partition(" ")[0] for cell in cells)
    if len(repeated) < len(cells):
        return last_seen
    counts = sorted({int(match[2]) for match in repeated})
    times = f"{counts[0]}-{counts[-1]}" if len(counts) > 1 else f"{counts[0]}"
    return f"{last_seen} (x{times} over {_age_range(match[3] for match in repeated)})"


def _age_range(ages: Iterable[str]) -> str:
    first, *others = sorted({*ages}, key=lambda age: (age_bounds(age), age))
    return f"{first}-{others[-1]}" if others else first


# --- Texts ---------------------------------------------------------------------------------------------------

_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"  # RFC 3339
    r"|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"  # RFC 1123, of `describe`
)

# What an API server gives each object by itself: the field's name, as `describe` and YAML write it, and its value.
_OWN_FIELDS = (
    (re.compile(r".*(?:time|timestamp|started|finished|scheduled)", re.IGNORECASE), _TIME),
    (re.compile(r"age|duration", re.IGNORECASE), AGED),
    (re.compile(r"uid", re.IGNORECASE), re.compile(r"[0-9a-f-]{36}")),
    (re.compile(r"generation|resource ?version", re.IGNORECASE), re.compile(r"\d+")),
)

# kubectl has `diff`, or the user's program, compare two temporary folders (NewDiffer in k8s.io/kubectl/pkg/cmd/diff),
# and diff(1) tells the times of their files.
_FOLDERS = re.compile(r"/(LIVE|MERGED)-\d+(?=/)")
_FILE_TIMES = re.compile(
    r"^((?:\x1b\[[\d;]*m)*(?:---|\+\+\+) [^\t\n]*)\t\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [+-]\d{4})?",
    re.MULTILINE,
)

# The line between the header and the rows of a table in `describe`.
_RULE = re.compile(r" *-+(?: +-+)+ *")

_OWN = "\0"  # stands for a value that isn't compared


def comparable_text(text: str) -> str:
    """Return a text without what differs between clusters that say the same: ages, times, ids, temporary names.

    The cells of a table of `describe` stand without the blanks around them, whose number depends on its ages.
    """
    return "\n".join(_comparable_lines(_FILE_TIMES.sub(r"\1", _FOLDERS.sub(r"/\1", text)).split("\n")))


def _comparable_lines(lines: Sequence[str]) -> Iterator[str]:
    slices: Sequence[slice] = ()
    for line, following in zip(lines, [*lines[1:], ""]):
        if _RULE.fullmatch(following):
            slices = kubectl_tables.slices([match.start() for match in re.finditer("-+", following)])
        elif slices and (not line or line[: slices[0].start].strip(" ")):
            slices = ()
        if not slices:
            yield _without_own_value(line)
        elif not _RULE.fullmatch(line):
            cells = [line[part].strip(" ") for part in slices]
            yield "\0 ".join(_OWN if AGED.fullmatch(cell) or _TIME.fullmatch(cell) else cell for cell in cells)


def _without_own_value(line: str) -> str:
    """Return the line without the value if it is a field whose value the API server makes up."""
    key, colon, value = line.partition(": ")
    if not colon:
        return line
    name, value = key.lstrip(" \t+-"), value.strip(' \t"')
    is_own = any(names.fullmatch(name) and values.fullmatch(value) for names, values in _OWN_FIELDS)
    return f"{key}: {_OWN}" if is_own else line
