"""Watches: tables and documents of many clusters that are shown while they grow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import Literal

from kubectl_mc.merge import object_lists
from kubectl_mc.merge.custom_columns import WatchedColumns
from kubectl_mc.merge.kubectl_tables import (
    CLUSTER,
    MAX_CELL,
    MAX_COLUMNS,
    MAX_LINE,
    MIN_WIDTH,
    NAMESPACE,
    PADDING,
    cluster_index,
    header_columns,
    numbered_names,
    padded,
)

# A column's name, and the number of columns with the same name before it.
Column = tuple[str, int]

CLUSTER_COLUMN: Column = (CLUSTER, -1)  # a column of kubectl's may have the same name
NAMESPACE_COLUMN: Column = (NAMESPACE, -1)


class WatchedRows:
    """Cuts the rows of one cluster's `get -w` into cells.

    kubectl's tab writer keeps the columns' widths and lets them grow, so a later row may start its columns further
    right than the header: a column without room for a cell grows to the cell's length and the padding.
    row_start: the pattern of what a row starts with; "" for a table whose cells all have one line
    """

    def __init__(self, header: str, row_start: str = "") -> None:
        self._row_start = re.compile(row_start)
        self.header, self._starts = header_columns(header)
        if not 0 < len(self._starts) <= MAX_COLUMNS:
            self.header, self._starts = (header,), [0]

    @property
    def widths(self) -> list[int]:
        """The widths that kubectl gives the columns, without the last one."""
        return [end - start for start, end in zip(self._starts, self._starts[1:])]

    def rows(self, lines: Sequence[str]) -> Iterator[tuple[str, ...] | str]:
        """Yield the cells of each row, and lines that continue the last cell of the row above as they are."""
        for line in lines:
            yield (self._cut(line) if self._row_start.match(line) else None) or line

    def end(self) -> list[str]:
        """Return the lines of a row that isn't whole, of which there are none."""
        return []

    def _cut(self, line: str) -> tuple[str, ...] | None:
        """Return the cells of a row; None for a line without all columns, if a cell may have several lines."""
        starts = self._starts.copy()
        for column in range(1, len(starts)):
            start = starts[column]
            if not padded(line, start):  # this column and the ones after it start after the padding of a longer cell
                gap = line.find(" " * PADDING, start - PADDING + 1)
                if gap < 0:  # the line ends in the column before
                    cells = _cut(line, starts[:column])
                    return None if self._row_start.pattern else (*cells, *[""] * (len(starts) - column))
                starts[column:] = [later + gap + PADDING - start for later in starts[column:]]
        self._starts = starts
        return _cut(line, starts)


def _cut(line: str, starts: Sequence[int]) -> tuple[str, ...]:
    # A cell that starts further right belongs to a column that grows for a row still to come.
    return tuple(line[start:end].strip(" ") for start, end in zip(starts, [*starts[1:], len(line)]))


# k8s.io/cli-runtime/pkg/printers/tableprinter.go, with --output-watch-events: the header of the first column and what
# may stand in it, padded to the same width.
_EVENT = "EVENT"
_EVENTS = (_EVENT, "ADDED", "MODIFIED", "DELETED", "ERROR")
_EVENT_WIDTH = len("MODIFIED") + PADDING

EventColumn = Literal["", "hidden", "shown"]


class WatchedTable:
    """One table of many clusters' rows, printed as they arrive: one header, and columns that only get wider.

    columns: the spec of custom columns, whose rows have marks; "" for other tables
    is_kept: whether the rows of the object with this name are shown; None for all objects
    row_start: the pattern of what a row starts with, if a cell may have several lines
    events: whether kubectl's first column is that of --output-watch-events, and whether it is shown. By it a line is
        known as a header: kubectl prints another one for objects of another type (`-f`), or with other columns.
    """

    def __init__(
        self,
        headers: bool,
        columns: str = "",
        is_kept: Callable[[str], bool] | None = None,
        row_start: str = "",
        events: EventColumn = "",
    ) -> None:
        self._show_headers = headers
        self._row_start = row_start
        self._columns = columns
        self._is_kept = is_kept
        self._events = events
        self._widths: dict[Column, int] = {}  # of each column, from left to right
        self._rows: dict[tuple[str, str], WatchedRows | WatchedColumns] = {}
        self._namespaces: dict[tuple[str, str], str] = {}
        self._ends_kept: dict[
            tuple[str, str], bool
        ] = {}  # whether the last row is shown, with the lines that continue it

    def feed(self, cluster: str, lines: Sequence[str], source: str = "", namespace: str = "") -> str:
        """Return what is printed for these lines of a cluster; a new column causes a new header line.

        source: which of the cluster's kubectls printed the lines, if there are several
        namespace: that of all its rows, for a column of its own; "" for a table that has the column, or needs none
        """
        key, printed = (cluster, source), list[str]()
        self._namespaces[key] = namespace
        headers = [index for index, line in enumerate(lines) if self._events and _event(line) == _EVENT]
        for start, end in zip([0, *headers], [*headers, len(lines)]):
            if start in headers:
                self._rows.pop(key, None)
            hidden = self._events == "hidden"
            table = [line[_EVENT_WIDTH:] if hidden and _event(line) else line for line in lines[start:end]]
            printed.append(self._feed_table(key, table))
        return "".join(printed)

    def _feed_table(self, key: tuple[str, str], lines: Sequence[str]) -> str:
        """Return what is printed for further lines of one table. key: (the cluster, which of its kubectls)"""
        if not lines:
            return ""
        if key not in self._rows:
            header_line, *lines = lines
            watched = WatchedColumns(self._columns) if self._columns else WatchedRows(header_line, self._row_start)
            self._rows[key] = watched
        return self._shown(key, self._rows[key].rows(lines))

    def end(self, cluster: str, source: str = "") -> str:
        """Return what is printed at the end of a cluster's lines: those of a row that isn't whole."""
        key = (cluster, source)
        return self._shown(key, self._rows[key].end()) if key in self._rows else ""

    def _shown(self, key: tuple[str, str], rows_and_lines: Iterable[tuple[str, ...] | str]) -> str:
        (cluster, _), rows = key, self._rows[key]
        header = rows.header
        own_columns = numbered_names(header)
        columns = own_columns.copy()
        namespace = self._namespaces[key]
        if namespace:  # as with -A
            columns.insert(1 if self._events == "shown" else 0, NAMESPACE_COLUMN)
        columns.insert(cluster_index([name for name, _ in columns]), CLUSTER_COLUMN)
        kubectl_widths = dict(zip(own_columns, rows.widths))
        new = [column for column in columns if column not in self._widths]
        for column in new:
            self._widths[column] = MIN_WIDTH
            self._widen(column, len(column[0]))
            self._widen(column, kubectl_widths.get(column, 0) - PADDING)
        is_kept = self._is_kept if "NAME" in header else None
        shown: list[dict[Column, str]] = []
        for cells in rows_and_lines:
            row = {own_columns[-1]: cells} if isinstance(cells, str) else dict(zip(own_columns, cells))
            if namespace and not isinstance(cells, str):
                row[NAMESPACE_COLUMN] = namespace
            if is_kept and not isinstance(cells, str):
                self._ends_kept[key] = is_kept(row.get(("NAME", 0), ""))
            if self._ends_kept.get(key, True):
                shown += _lines_of_row(row, cluster)
        for line_cells in shown:
            for column, cell in line_cells.items():
                self._widen(column, len(cell))
        printed = [self._line([name for name, _ in self._widths])] if new and self._show_headers else []
        printed += [
            self._line([part.get(column, "") for column in self._widths]) for row in shown for part in self._parts(row)
        ]
        return "".join(printed)

    def _widen(self, column: Column, length: int) -> None:
        """Make room in a column for a cell of this length, unless that is too much for the other clusters' rows."""
        width = length + PADDING
        if self._widths[column] < width and length <= MAX_CELL and sum(self._widths.values(), length) <= MAX_LINE:
            self._widths[column] = width

    def _parts(self, row: dict[Column, str]) -> list[dict[Column, str]]:
        """Return the row without the cells ahead of CLUSTER that have no room, and a row for each of these."""
        ahead = takewhile(CLUSTER_COLUMN.__ne__, self._widths)
        long = {column: row[column] for column in ahead if len(row.get(column, "")) + PADDING > self._widths[column]}
        further = [{CLUSTER_COLUMN: row[CLUSTER_COLUMN] + " " * PADDING + cell} for cell in long.values()]
        return [{**row, **dict.fromkeys(long, "")}, *further] if long else [row]

    def _line(self, cells: Sequence[str]) -> str:
        padded_cells = ((cell + " " * PADDING).ljust(width) for cell, width in zip(cells[:-1], self._widths.values()))
        return "".join((*padded_cells, cells[-1], "\n"))


def _lines_of_row(row: Mapping[Column, str], cluster: str) -> list[dict[Column, str]]:
    """Return the cells of each line of a row, all of them with the cluster: a line could pass for a row of another."""
    cells = {column: cell.split("\n") for column, cell in row.items()}
    first = {column: lines[0] for column, lines in cells.items()}
    further = [{column: line} for column, lines in cells.items() for line in lines[1:]]
    return [{**line, CLUSTER_COLUMN: cluster} for line in (first, *further)]


def _event(line: str) -> str:
    """Return what stands in a line's column of events; "" if none of kubectl's words does."""
    word = line[:_EVENT_WIDTH].rstrip(" ")
    return word if word in _EVENTS else ""


class WatchedDocuments:
    """Cuts one cluster's `-w -o json|yaml|kyaml` into whole documents, and annotates them with the cluster.

    With --output-watch-events a document is an event that holds an object; in JSON an event is one line.
    is_kept: whether the object with this name is shown; None for all objects
    """

    def __init__(self, cluster: str, output: str, is_kept: Callable[[str], bool] | None = None) -> None:
        self._cluster = cluster
        self._is_kept = is_kept
        self._layout = object_lists.LAYOUTS[output]
        self._start = "" if output == "json" else "---\n"
        self._end = "}" if self._layout.braces else None
        self._lines: list[str] = []

    def feed(self, lines: Sequence[str]) -> str:
        """Return the documents that end in these lines: with a brace at the margin, in YAML before the next `---`."""
        documents = []
        for line in lines:
            if self._start and line == "---":
                documents.append(self.end())
                continue
            if not self._start and not self._lines and line.startswith("{") and line.endswith("}"):
                if not self._is_kept or self._is_kept(_event_name(line)):
                    documents.append(f"{_annotated_event(line, self._cluster)}\n")
                continue
            self._lines.append(line)
            if line == self._end:
                documents.append(self.end())
        return "".join(documents)

    def end(self) -> str:
        """Return the current document, which has no more lines; "" for a part of one in braces, as Ctrl-C leaves it."""
        lines, self._lines = self._lines, []
        if not lines or (self._end and lines[-1] != self._end):
            return ""
        text = "".join(f"{line}\n" for line in lines)
        is_event = self._layout.event and text.startswith(self._layout.event)
        indent = self._layout.step if is_event else ""
        if self._is_kept and not self._is_kept(object_lists.object_name(text, indent, self._layout)):
            return ""
        with suppress(object_lists.NotObjects):  # then it is shown as kubectl printed it
            text = object_lists.annotated_object(text, indent, self._cluster, self._layout)
        return self._start + text


def _event_name(event: str) -> str:
    """Return the name of the object in a compact JSON event, "" if it has none."""
    start = 0
    for key in ("object", "metadata", "name"):
        span = _value_span(event, start, key)
        if not span:
            return ""
        start, end = span
    return str(json.loads(event[start:end])) if event[start] == '"' else ""


def _annotated_event(event: str, cluster: str) -> str:
    """Return a compact JSON event whose object has our annotation, and no other of that name.

    Everything else is unchanged, as is an event that holds no object.
    """
    keys = ("object", "metadata", "annotations", object_lists.ANNOTATION)
    value, start = json.dumps(cluster), 0
    for level, key in enumerate(keys):
        span = _value_span(event, start, key)
        is_map = span is not None and event[span[0]] == "{"
        if (not span and level < 2) or (not is_map and not level):
            return event
        if not span:
            comma = "" if event[start + 1] == "}" else ","
            return f"{event[: start + 1]}{_members(keys[level:], value)}{comma}{event[start + 1 :]}"
        (start, end), rest = span, keys[level + 1 :]
        if not is_map:
            break
    return event[:start] + (f"{{{_members(rest, value)}}}" if rest else value) + event[end:]


def _members(keys: Sequence[str], value: str) -> str:
    """Return the member of a JSON object that holds the value, in an object for each of the keys ahead of the last."""
    key, *inner_keys = keys
    return f"{json.dumps(key)}:{f'{{{_members(inner_keys, value)}}}' if inner_keys else value}"


_JSON_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]')


def _value_span(text: str, start: int, key: str) -> tuple[int, int] | None:
    """Return where the value of `key` starts and ends in the compact JSON object at `start`; None without such a key.

    json's decoder would do, but for an object that is nested too deep for it.
    """
    depth, name, value_start = 0, "", None
    for token in _JSON_TOKEN.finditer(text, start):
        sign = token.group()
        depth -= sign in ("}", "]")
        if depth == (0 if sign == "}" else 1) and sign in (",", "}") and value_start is not None:
            return value_start, token.start()
        if depth == 0 and sign == "}":
            break
        if depth == 1 and sign == ":" and name == f'"{key}"':
            value_start = token.end()
        depth += sign in ("{", "[")
        name = sign
    return None
