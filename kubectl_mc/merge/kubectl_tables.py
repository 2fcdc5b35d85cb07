"""Tables: kubectl's text -> columns; the tables of many clusters -> one with a CLUSTER column -> kubectl's text again.

A table is held by columns, so that 100,000 rows cost a few passes that run in C.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

# k8s.io/cli-runtime/pkg/printers/tabwriter.go: tabwriter.NewWriter(out, 6, 4, 3, ' ', …)
PADDING = 3
MIN_WIDTH = 6

CLUSTER = "CLUSTER"


class Table(NamedTuple):
    """header: the columns' names; columns: the cells of each, all of one length."""

    header: tuple[str, ...]
    columns: tuple[Sequence[str], ...]

    @property
    def rows(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def named(self, header: tuple[str, ...]) -> Table:
        """The table with these names of its columns."""
        return self._replace(header=header)

    def without_kind(self) -> Table:
        """The table with `cart` for `deployment.apps/cart` in its NAME column."""
        columns = zip(self.header, self.columns)
        return self._replace(
            columns=tuple(
                [cell.partition("/")[2] or cell for cell in column] if name == "NAME" else column
                for name, column in columns
            )
        )


class NotATable(ValueError):
    """The text isn't laid out as kubectl's tab writer does it."""


def parse_tables(text: str, several: bool = True) -> list[Table]:
    """The tables in what kubectl printed.

    several: there may be more than one, with a blank line between them; else a blank line is a cell's
    Raises NotATable for a first row that isn't laid out like its header: then the text is something else.
    """
    if not several:
        return [_parse_one(text.removesuffix("\n").split("\n"))] if text else []
    return [_parse_one(block.split("\n")) for block in text.strip("\n").split("\n\n") if block]


def _parse_one(lines: Sequence[str]) -> Table:
    """A column starts where its header starts: the tab writer pads by code points, so slicing is exact.

    Splitting on runs of spaces would not be: cells may be empty or hold several spaces (recording get-widgets-wide).
    """
    header, rows = lines[0], lines[1:]
    names, starts = header_columns(header)
    if not starts:
        raise NotATable(header)
    if len(starts) == 1:
        return Table((header,), (list(rows),))
    cut = itemgetter(*(slice(start, end) for start, end in zip(starts, [*starts[1:], None])))
    cells = list(zip(*map(cut, rows))) if rows else [() for _ in names]
    before, last = [[cell.rstrip(" ") for cell in column] for column in cells[:-1]], cells[-1]
    room = [end - start - PADDING for start, end in pairwise(starts)]
    whole = not rows or min(map(len, rows)) >= starts[-1]
    if not (whole and all(max(map(len, column), default=0) <= most for column, most in zip(before, room))):
        return _parse_by_block(header, rows)
    return Table(names, (*before, last))


def header_columns(header: str) -> tuple[tuple[str, ...], list[int]]:
    """The names in a header line, and where each column starts; ((), []) for a blank line."""
    # Headers hold single spaces (LAST SEEN); between columns there are at least PADDING.
    found = list(re.finditer(r"[^ ]+(?: {1,2}[^ ]+)*", header))
    names, starts = [match.group() for match in found], [match.start() for match in found]
    if starts and header.endswith(" " * PADDING):  # `top` ends its lines with a tab, so there is an empty column more
        names.append("")
        starts.append(len(header))
    return tuple(names), [0, *starts[1:]] if starts else []


def continues_cell(line: str) -> bool:
    """Is the line no row, but of the cell at the end of the row above (the messages of `events` have several lines)?

    A row has padding behind its first cell.
    """
    return " " * PADDING not in line.lstrip(" ")


def _parse_by_block(header: str, rows: Sequence[str]) -> Table:
    """A table with cells of several lines: behind each of these the tab writer begins anew, with other widths."""
    names, starts = header_columns(header)
    found: list[list[str]] = []
    for continued, block in groupby(rows, key=continues_cell):
        lines = list(block)
        if not continued:
            starts = _grown(starts, lines)
            slices = [slice(start, end) for start, end in zip(starts, [*starts[1:], None])]
            found += [[line[each].rstrip(" ") for each in slices] for line in lines]
        elif found:
            found[-1][-1] = "\n".join([found[-1][-1], *lines])
        else:
            raise NotATable(lines[0])
    return Table(names, tuple(list(column) for column in zip(*found)))


def _grown(starts: Sequence[int], rows: Sequence[str]) -> list[int]:
    """Where the columns of these rows start: a width is remembered, and grows where a cell has no room left."""
    grown, end = list(starts), max(map(len, rows))
    for column in range(1, len(grown)):
        before = grown[column]
        fits = (place for place in range(before, max(before, end) + 1) if all(padded(row, place) for row in rows))
        by = next(fits, before) - before
        grown[column:] = [start + by for start in grown[column:]]
    return grown


def padded(row: str, start: int) -> bool:
    """Is there padding in front of the column that starts here? A row may end before it (`top nodes`)."""
    return not row[start - PADDING : start].strip(" ")


def only_rows(text: str, kept: Callable[[str], bool]) -> str:
    """What kubectl printed with those rows only whose NAME is kept; "" without any."""
    blocks = [_only(block.split("\n"), kept) for block in text.strip("\n").split("\n\n")]
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in blocks if len(lines) > 1)


def _only(lines: Sequence[str], kept: Callable[[str], bool]) -> list[str]:
    """The header with the rows that are kept."""
    names, starts = header_columns(lines[0])
    if "NAME" not in names:
        return list(lines)
    place = names.index("NAME")
    name = slice(starts[place], [*starts, None][place + 1])
    return [lines[0], *(line for line in lines[1:] if kept(line[name].rstrip(" ")))]


def group_by_type(parsed: Iterable[tuple[str, Sequence[Table]]]) -> dict[str, list[tuple[str, Table]]]:
    """Every cluster's tables by resource type: `deployment.apps` (or "" for the only type) -> (cluster, table)s.

    parsed: (cluster, its tables) in the order in which they are to be shown
    """
    found = [(_prefix(table), cluster, table) for cluster, tables in parsed for table in tables]
    # kubectl writes a prefix only where it found several types; a table without one belongs to the one like it.
    alike = {table.header: prefix for prefix, _, table in reversed(found) if prefix}
    groups: dict[str, list[tuple[str, Table]]] = {}
    for prefix, cluster, table in found:
        groups.setdefault(prefix or alike.get(table.header, ""), []).append((cluster, table))
    return groups


def _prefix(table: Table) -> str:
    """The `deployment.apps` of `deployment.apps/cart`, if all names of the table have the same."""
    if "NAME" not in table.header or not table.rows:
        return ""
    prefixes = {name.partition("/")[0] if "/" in name else "" for name in table.columns[table.header.index("NAME")]}
    return prefixes.pop() if len(prefixes) == 1 else ""


def join_tables(members: Sequence[tuple[str, Table]]) -> Table:
    """One table of (cluster, table)s of one type: all their columns by name, and CLUSTER after NAME or in front."""
    names = _union([numbered_names(table.header) for _, table in members])
    columns: list[list[str]] = [[] for _ in names]
    clusters: list[str] = []
    for cluster, table in members:
        own = dict(zip(numbered_names(table.header), table.columns))
        for name, column in zip(names, columns):
            column.extend(own.get(name) or [""] * table.rows)
        clusters += [cluster] * table.rows
    header = tuple(name for name, _ in names)
    place = header.index("NAME") + 1 if "NAME" in header else 0
    return Table(
        (*header[:place], CLUSTER, *header[place:]),
        (*columns[:place], clusters, *columns[place:]),
    )


def numbered_names(header: Sequence[str]) -> list[tuple[str, int]]:
    """Each name with how often it came before: custom columns may have one name twice."""
    return [(name, header[:index].count(name)) for index, name in enumerate(header)]


def _union(headers: Iterable[Sequence[tuple[str, int]]]) -> list[tuple[str, int]]:
    """All the names; one that a header adds stands behind the name that is in front of it there."""
    union: list[tuple[str, int]] = []
    for header in headers:
        place = 0
        for name in header:
            if name in union:
                place = union.index(name) + 1
            else:
                union.insert(place, name)
                place += 1
    return union


def reorder_rows(table: Table, order: Sequence[int]) -> Table:
    """The table with its rows in this order of their indexes."""
    return table._replace(columns=tuple([column[index] for index in order] for column in table.columns))


def render_tables(tables: Iterable[Table], headers: bool = True) -> str:
    """The tables as kubectl prints them; without headers there is no blank line between them either (get.go)."""
    separator = "\n" if headers else ""
    return separator.join(_render_one(table, headers) for table in tables)


def _render_one(table: Table, headers: bool) -> str:
    columns = [[name, *column] for name, column in zip(table.header, table.columns)] if headers else table.columns
    if not columns[0]:
        return ""
    widths = [max(MIN_WIDTH, PADDING + max(map(len, column))) for column in columns[:-1]]
    line = "".join(f"%-{width}s" for width in widths) + "%s\n"
    return "".join(map(line.__mod__, zip(*columns)))
