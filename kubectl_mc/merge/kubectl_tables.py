# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""kubectl's tables: text -> columns; the tables of many clusters -> one with a CLUSTER column -> kubectl's text again.

A table is stored by columns, so that 100,000 rows take only a few passes, which run in C.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import pairwise
from operator import itemgetter

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import TYPE_CHECKING

# k8s.io/cli-runtime/pkg/printers/tabwriter.go: tabwriter.NewWriter(out, 6, 4, 3, ' ', …)
PADDING = 3
MIN_WIDTH = 6

# What one cluster prints must not cost each row of the others more than a little. So a column gets no wider for a cell
# that is longer than this, and all columns together no wider than that; and what has more columns is not a table.
MAX_CELL = 1000
MAX_LINE = 4000
MAX_COLUMNS = 200

CLUSTER = "CLUSTER"

NAMESPACE = "NAMESPACE"  # the first column of kubectl's tables with -A

if TYPE_CHECKING:
    from typing import TypeVar

    _Source = TypeVar("_Source", bound=Hashable)


class Table(NamedTuple):
    """header: the columns' names; columns: the cells of each column, all of the same length."""

    header: tuple[str, ...]
    columns: tuple[Sequence[str], ...]

    @property
    def row_count(self) -> int:
        """The number of rows, without the header."""
        return len(self.columns[0]) if self.columns else 0

    @property
    def type_prefix(self) -> str:
        """The `deployment.apps` of `deployment.apps/cart` if all names of the table have the same, else ""."""
        if "NAME" not in self.header or not self.row_count:
            return ""
        names = self.columns[self.header.index("NAME")]
        prefixes = {name.partition("/")[0] if "/" in name else "" for name in names}
        return prefixes.pop() if len(prefixes) == 1 else ""

    def with_column(self, name: str, cells: Sequence[str]) -> Table:
        """Return the table with one more column."""
        return Table((*self.header, name), (*self.columns, cells))

    def behind_column(self, name: str, cell: str) -> Table:
        """Return the table behind one more column, whose cells are all the same."""
        return Table((name, *self.header), ([cell] * self.row_count, *self.columns))

    def without_column(self, name: str) -> Table:
        """Return the table without the column of this name, if it has it."""
        kept = [(header, column) for header, column in zip(self.header, self.columns) if header != name]
        return Table(tuple(header for header, _ in kept), tuple(column for _, column in kept))


class NotATable(ValueError):
    """The text isn't laid out as kubectl's tab writer lays out a table."""


def parse_tables(text: str) -> list[Table]:
    """Return the tables in what kubectl printed, between which there are blank lines.

    A server's cells have one line: kubectl cuts the others (printRows in k8s.io/cli-runtime/pkg/printers).
    Raises NotATable for a row that isn't laid out like its header, and for too many columns: then the text is something
    else.
    """
    return [_parse_one(block.split("\n")) for block in text.strip("\n").split("\n\n") if block]


def _parse_one(lines: Sequence[str]) -> Table:
    """Cut the rows where the header's columns start: the tab writer pads by code points, so slicing is exact.

    Splitting at runs of spaces is not: cells may be empty or hold several spaces (recording get-widgets-wide).
    """
    header, rows = lines[0], lines[1:]
    names, starts = header_columns(header)
    if not 0 < len(starts) <= MAX_COLUMNS:
        raise NotATable(header[:MAX_CELL])
    if len(starts) == 1:
        return Table((header,), (list(rows),))
    if not rows:
        return Table(names, tuple(() for _ in names))
    cells = list(zip(*map(itemgetter(*slices(starts)), rows)))
    padded_columns, last = [[cell.rstrip(" ") for cell in column] for column in cells[:-1]], cells[-1]
    widths = [end - start - PADDING for start, end in pairwise(starts)]
    # A row without its last cells (`top nodes`) is padded as far as the next column.
    ends = {length for row in rows if (length := len(row)) < starts[-1]}
    if ends - {*starts} or any(max(map(len, column)) > width for column, width in zip(padded_columns, widths)):
        raise NotATable(header[:MAX_CELL])
    return Table(names, (*padded_columns, last))


def slices(starts: Sequence[int]) -> list[slice]:
    """Return the columns that start here as slices of a line."""
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], None])]


def header_columns(header: str) -> tuple[tuple[str, ...], list[int]]:
    """Return the names in a header line, and where each column starts; ((), []) for a blank line."""
    # Headers contain single spaces (LAST SEEN); between columns there are at least PADDING.
    matches = list(re.finditer(r"[^ ]+(?: {1,2}[^ ]+)*", header))
    names, starts = [match.group() for match in matches], [match.start() for match in matches]
    if starts and header.endswith(" " * PADDING):  # `top` ends its lines with a tab: there is one more, empty column
        names.append("")
        starts.append(len(header))
    return tuple(names), [0, *starts[1:]] if starts else []


def continues_cell(line: str) -> bool:
    """Return whether the line continues the last cell of the row above (`events` has messages of several lines).

    A row has padding after its first cell.
    """
    return " " * PADDING not in line.lstrip(" ")


def padded(row: str, start: int) -> bool:
    """Return whether there is padding in front of the column that starts here; a row may end before (`top nodes`)."""
    return not row[start - PADDING : start].strip(" ")


def only_rows(
    text: str, is_kept: Callable[[str], bool], is_certain: Callable[[str, int], bool] = lambda cell, room: True
) -> str:
    """Return the tables that `get` printed with only the rows whose NAME is kept; "" if none is.

    is_certain: whether this cell, which may have at most `room` blanks at its end, tells if its name is kept
    Raises NotATable for a table that doesn't tell it: without that column, with a row that isn't certain, or that has
    other cells than the header (a tab in a name, a header of several lines).
    """
    tables = []
    for block in text.strip("\n").split("\n\n") if text else ():
        header, *rows = block.split("\n")
        table, (_, starts) = _parse_one([header, *rows]), header_columns(header)
        # `get` pads each cell but the last one.
        if "NAME" not in table.header or any(
            len(row) < starts[-1] or " " * PADDING in row[starts[-1] :] for row in rows
        ):
            raise NotATable(header[:MAX_CELL])
        index = table.header.index("NAME")
        names = table.columns[index]
        width = starts[index + 1] - PADDING - starts[index] if index + 1 < len(starts) else 0
        if not all(is_certain(name, width - len(name)) for name in names):
            raise NotATable(header[:MAX_CELL])
        kept = [row for row, name in zip(rows, names) if is_kept(name)]
        if kept:
            tables.append("".join(f"{line}\n" for line in (header, *kept)))
    return "\n".join(tables)


def group_by_type(
    parsed: Iterable[tuple[_Source, Sequence[Table]]],
) -> dict[tuple[str, int], list[tuple[_Source, Table]]]:
    """Return the (source, table)s of each resource type, by (`deployment.apps`, or "" for the only type; number).

    parsed: (the kubectl that printed them, its tables) in the order in which they are shown
    number: of the tables of this type that the source has ahead of it, as for two versions of a type
    """
    tables = [(table.type_prefix, source, table) for source, its_tables in parsed for table in its_tables]
    # kubectl writes a prefix only where it has several types; a table without one is of the type with the same header.
    prefixes = {table.header: prefix for prefix, _, table in reversed(tables) if prefix}
    groups: dict[tuple[str, int], list[tuple[_Source, Table]]] = {}
    sequences: dict[_Source, list[tuple[str, int]]] = {}
    for prefix, source, table in tables:
        group, own = prefix or prefixes.get(table.header, ""), sequences.setdefault(source, [])
        number = sum(name == group for name, _ in own)
        groups.setdefault((group, number), []).append((source, table))
        own.append((group, number))
    return {group: groups[group] for group in merged_sequence(sequences.values())}


def merged_sequence(sequences: Iterable[Sequence[_Source]]) -> list[_Source]:
    """Return what stands in the sequences, each once, in an order that is that of each as far as possible.

    What a sequence adds comes ahead of what follows it there, or else last.
    """
    merged: list[_Source] = []
    for sequence in sequences:
        for index, item in enumerate(sequence):
            if item not in merged:
                following = next((other for other in sequence[index + 1 :] if other in merged), None)
                merged.insert(len(merged) if following is None else merged.index(following), item)
    return merged


def join_tables(members: Sequence[tuple[str, Table]]) -> Table:
    """Join the (cluster, table)s of one type into one table with a CLUSTER column; columns are matched by name.

    Raises NotATable for too many columns.
    """
    names = _union(dict.fromkeys(tuple(numbered_names(table.header)) for _, table in members))
    if len(names) > MAX_COLUMNS:
        raise NotATable(f"{len(names)} columns")
    columns: list[list[str]] = [[] for _ in names]
    clusters: list[str] = []
    for cluster, table in members:
        own_columns = dict(zip(numbered_names(table.header), table.columns))
        for name, column in zip(names, columns):
            column.extend(own_columns.get(name) or [""] * table.row_count)
        clusters += [cluster] * table.row_count
    header = tuple(name for name, _ in names)
    index = cluster_index(header)
    if sum(max(map(len, column), default=0) for column in columns[:index]) > MAX_CELL:
        index = 0  # behind a cell that has no room in its column, a line's cluster would stand anywhere
    return Table((*header[:index], CLUSTER, *header[index:]), (*columns[:index], clusters, *columns[index:]))


def cluster_index(header: Sequence[str]) -> int:
    """Return where CLUSTER is inserted into a header: after NAME, or as the first column; never behind a namesake."""
    behind_name = header.index("NAME") + 1 if "NAME" in header else 0
    namesakes = (index for index, name in enumerate(header) if name.strip().upper() == CLUSTER)
    return min(behind_name, next(namesakes, behind_name))


def numbered_names(header: Sequence[str]) -> list[tuple[str, int]]:
    """Return each name with the number of equal names before it: custom columns may have a name twice."""
    return [(name, header[:index].count(name)) for index, name in enumerate(header)]


def _union(headers: Iterable[Sequence[tuple[str, int]]]) -> list[tuple[str, int]]:
    """Return the names of all headers; a name that a header adds comes after the name that precedes it there."""
    following: dict[tuple[str, int] | None, tuple[str, int] | None] = {None: None}  # each name's next; None at the ends
    for header in headers:
        previous = None
        for name in header:
            if name not in following:
                following[name], following[previous] = following[previous], name
            previous = name
    union: list[tuple[str, int]] = []
    following_name = following[None]
    while following_name:
        union.append(following_name)
        following_name = following[following_name]
    return union


def reorder_rows(table: Table, order: Sequence[int]) -> Table:
    """Return the table with its rows in the order of these indexes."""
    return table._replace(columns=tuple([column[index] for index in order] for column in table.columns))


def render_tables(tables: Iterable[Table], headers: bool = True, colours: bool = False) -> str:
    """Return the tables as kubectl prints them; without headers also without blank lines between them (get.go)."""
    separator = "\n" if headers else ""
    return separator.join(_render_one(table, headers, colours) for table in tables)


def _render_one(table: Table, headers: bool, colours: bool) -> str:
    long_columns = [index for index, column in enumerate(table.columns) if "\n" in "".join(column)]
    if long_columns and CLUSTER in table.header:  # a table of one cluster stays as it was printed
        table = _by_lines(table, long_columns)
    return _laid_out(table, headers, colours)


def _by_lines(table: Table, long_columns: Sequence[int]) -> Table:
    """Return the table with a row for each line of its cells: a further line has its cluster, and blank cells else.

    long_columns: the indexes of the columns with cells of several lines
    Without its cluster, a line could pass for a row of another one.
    """
    cluster, blanks = table.header.index(CLUSTER), [""] * len(table.header)
    rows: list[Sequence[str]] = []
    for row in zip(*table.columns):
        long_cells = [(column, row[column].split("\n")) for column in long_columns if "\n" in row[column]]
        first = list(row)
        for column, lines in long_cells:
            first[column] = lines[0]
        rows.append(first)
        for column, lines in long_cells:
            for line in lines[1:]:
                further = blanks.copy()
                further[cluster], further[column] = row[cluster], line
                rows.append(further)
    return table._replace(columns=tuple(zip(*rows)) or table.columns)


def _laid_out(table: Table, headers: bool, colours: bool) -> str:
    columns = [[name, *column] for name, column in zip(table.header, table.columns)] if headers else table.columns
    if not columns[0]:
        return ""
    widths, padded_columns, room = [], list[Sequence[str]](), MAX_LINE
    for column in columns[:-1]:
        limit = min(MAX_CELL, room)
        longest = max(map(len, column))
        if longest > limit:
            longest = max((len(cell) for cell in column if len(cell) <= limit), default=0)
            # Nothing else is behind a cell that its column has no room for.
            column = [cell + " " * PADDING if len(cell) > limit else cell for cell in column]
        room -= longest
        widths.append(max(MIN_WIDTH, longest + PADDING))
        padded_columns.append(column)
    template = "".join(f"%-{width}s" for width in widths) + "%s\n"
    shown = (*padded_columns, columns[-1])
    if not colours:
        return "".join(map(template.__mod__, zip(*shown)))
    from kubectl_mc.messages import painting

    header = painting.painted_header(template % tuple(column[0] for column in shown)) if headers else ""
    # What is painted has its padding already, as the template would count the colours with it.
    painted = [
        painting.painted_column(name, column[1:] if headers else column, width)
        for name, column, width in zip(table.header, shown, [*widths, 0])
    ]
    return header + "".join(map(template.__mod__, zip(*painted)))
