# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Watches: tables of many clusters that are shown while they grow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

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
from kubectl_mc.merge.last_rows import Key, LastRows
from kubectl_mc.type_hints import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kubectl_mc.merge.watch_filter import Shown, WatchFilter

# A column's name, and the number of columns with the same name before it.
Column = tuple[str, int]

CLUSTER_COLUMN: Column = (CLUSTER, -1)  # a column of kubectl's may have the same name
NAMESPACE_COLUMN: Column = (NAMESPACE, -1)

# What stands behind a line's last cell, in a row that is shown because it has ceased to meet the conditions.
_BEHIND: Column = ("", -1)
NO_LONGER_MATCHES = f"{' ' * PADDING}(no longer matches)"


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
_DELETED, _ERROR = "DELETED", "ERROR"

# What a row of a table is known by: (the cluster, which of its kubectls).
_Source = tuple[str, str]

EventColumn = Literal["", "hidden", "shown"]


class WatchedTable:
    """One table of many clusters' rows, printed as they arrive: one header, and columns that only get wider.

    columns: the spec of custom columns, whose rows have marks; "" for other tables
    is_kept: whether the rows of the object with this name are shown; None for all objects
    row_start: the pattern of what a row starts with, if a cell may have several lines
    events: whether kubectl's first column is that of --output-watch-events, and whether it is shown. By it a line is
        known as a header: kubectl prints another one for objects of another type (`-f`), or with other columns.
    clock: the time, in seconds since the epoch, for rows that are compared after a break; None if none are
    colours: whether the header and the cells have colours
    row_filter: which rows are shown; None for all
    """

    def __init__(
        self,
        headers: bool,
        columns: str = "",
        is_kept: Callable[[str], bool] | None = None,
        row_start: str = "",
        events: EventColumn = "",
        clock: Callable[[], float] | None = None,
        colours: bool = False,
        row_filter: WatchFilter | None = None,
    ) -> None:
        self._show_headers = headers
        self._row_start = row_start
        self._columns = columns
        self._is_kept = is_kept
        self._events = events
        self._clock = clock
        self._colours = colours
        self._row_filter = row_filter
        self._widths: dict[Column, int] = {}  # of each column, from left to right
        self._has_new = False  # there are some that no header has shown
        self._rows: dict[_Source, WatchedRows | WatchedColumns] = {}
        self._namespaces: dict[_Source, str] = {}
        self._last_rows: dict[_Source, LastRows] = {}
        self._headers: dict[_Source, str] = {}  # that are held back
        self._restarted: set[_Source] = set()  # whose next line is a header
        self._ends_kept: dict[_Source, bool] = {}  # whether the last row is shown, with the lines that continue it

    def feed(self, cluster: str, lines: Sequence[str], source: str = "", namespace: str = "") -> str:
        """Return what is printed for these lines of a cluster; a new column causes a new header line.

        source: which of the cluster's kubectls printed the lines, if there are several
        namespace: that of all its rows, for a column of its own; "" for a table that has the column, or needs none
        """
        key, printed = (cluster, source), list[str]()
        self._namespaces[key] = namespace
        if self._events and self._clock:
            lines = self._without_errors(key, lines)
        headers = [index for index, line in enumerate(lines) if self._events and _event(line) == _EVENT]
        for start, end in zip([0, *headers], [*headers, len(lines)]):
            if start in headers:
                self._rows.pop(key, None)
            hidden = self._events == "hidden"
            table = [line[_EVENT_WIDTH:] if hidden and _event(line) else line for line in lines[start:end]]
            deleted = [bool(self._events) and _event(line) == _DELETED for line in lines[start:end]]
            printed.append(self._feed_table(key, table, deleted))
        return "".join(printed)

    def _without_errors(self, key: _Source, lines: Sequence[str]) -> list[str]:
        """Return the lines without those of an error that ends a watch, and its header (410: kubectl shows a Status).

        A header is held back until a row comes, which tells whether it is that of an error.
        """
        kept = list[str]()
        for line in lines:
            event, header = _event(line), self._headers.pop(key, None)
            if event == _EVENT:
                self._headers[key] = line
            elif event != _ERROR:
                kept += [line] if header is None else [header, line]
        return kept

    def header(self) -> str:
        """Return the header line, "" if none is shown."""
        if not self._show_headers:
            return ""
        line = self._line([name for name, _ in self._widths])
        if not self._colours:
            return line
        from kubectl_mc.messages.painting import painted_header

        return painted_header(line)

    def _feed_table(self, key: _Source, lines: Sequence[str], deleted: Sequence[bool]) -> str:
        """Return what is printed for further lines of one table. deleted: whether a line's object is, for each line"""
        if not lines:
            return ""
        if key not in self._rows or key in self._restarted:
            self._rows[key] = self._new_rows(lines[0])
            self._restarted.discard(key)
            lines, deleted = lines[1:], deleted[1:]
        return self._shown(key, self._rows[key].rows(lines), deleted if self._events else None)

    def _new_rows(self, header_line: str) -> WatchedRows | WatchedColumns:
        return WatchedColumns(self._columns) if self._columns else WatchedRows(header_line, self._row_start)

    def end(self, cluster: str, source: str = "") -> str:
        """Return what is printed at the end of a cluster's lines: those of a row that isn't whole."""
        key = (cluster, source)
        return self._shown(key, self._rows[key].end()) if key in self._rows else ""

    def restart(self, cluster: str, source: str = "") -> None:
        """Begin with a further kubectl, which lists the objects again: rows that are as they were are not shown."""
        self._restarted.add((cluster, source))
        self._headers.pop((cluster, source), None)
        self._last(cluster, source).restart()

    def has_unseen(self, cluster: str, source: str = "") -> bool:
        """Return whether objects that were there before the break haven't come since."""
        return self._last(cluster, source).has_unseen

    def listed(self, cluster: str, lines: Sequence[str], source: str = "") -> str:
        """Return what is printed for the objects that a list, asked for since the break, shows to be gone.

        lines: of the list, a table without a column of events
        """
        key = (cluster, source)
        present = {object_key for object_key, _ in self._keyed_rows(lines)}
        if not present:
            self._last(cluster, source).end_list()
        if key not in self._rows:
            return ""
        gone = self._last(cluster, source).take_deleted(present - {None})  # type: ignore[arg-type]
        if self._events == "shown":
            gone = [(_DELETED, *cells[1:]) for cells in gone]
        return self._shown(key, gone, is_news=True)

    def seed(self, cluster: str, lines: Sequence[str], source: str = "") -> None:
        """Remember what is there at the start of a watch that doesn't show it. lines: as for `listed`"""
        for object_key, cells in self._keyed_rows(lines):
            event = [""] if self._events == "shown" else []
            self._last(cluster, source).seed(object_key, [*event, *cells], self._clock() if self._clock else 0.0)

    def _keyed_rows(self, lines: Sequence[str]) -> Iterator[tuple[Key | None, tuple[str, ...]]]:
        if lines:
            rows = self._new_rows(lines[0])
            whole = (cells for cells in rows.rows(lines[1:]) if not isinstance(cells, str))
            yield from ((self._key(rows.header, cells), cells) for cells in whole)

    def _key(self, header: Sequence[str], cells: Sequence[str]) -> Key | None:
        """Return what the object of a row is known by. The columns of a spec may be called anything."""
        if self._columns or "NAME" not in header:
            return None
        cell_of = dict(zip(reversed(header), reversed(cells)))
        return cell_of.get("NAMESPACE", ""), cell_of["NAME"]

    def _judge(self, key: _Source, cells: Sequence[str], is_deleted: bool, is_news: bool) -> Shown:
        """Return what becomes of a row by the conditions, of which its table may have none."""
        if not self._row_filter:
            return "kept" if is_news else ""
        rows, namespace = self._rows[key], self._namespaces[key]
        object_key = rows.key if isinstance(rows, WatchedColumns) else self._key(rows.header, cells)
        header, cells = ((*rows.header, NAMESPACE), (*cells, namespace)) if namespace else (tuple(rows.header), cells)
        shown = self._row_filter.judge(key, object_key, header, cells, is_news)
        if is_deleted:
            self._row_filter.delete(key, object_key)
        return shown

    def _last(self, cluster: str, source: str) -> LastRows:
        return self._last_rows.setdefault((cluster, source), LastRows())

    def _is_news(self, key: _Source, header: Sequence[str], cells: Sequence[str], is_deleted: bool) -> bool:
        """Return whether a row is shown, as it is not as it was before a break."""
        if not self._clock:
            return True
        last, object_key = self._last(*key), self._key(header, cells)
        if is_deleted:
            last.delete(object_key)
            return True
        event = ("", *cells[1:]) if self._events == "shown" else cells
        return last.add(object_key, event, self._clock())

    def _shown(
        self,
        key: _Source,
        rows_and_lines: Iterable[tuple[str, ...] | str],
        deleted: Sequence[bool] | None = None,
        is_news: bool = False,
    ) -> str:
        """Return what is printed for rows, and lines that continue them.

        deleted: whether the object of each row is, if that is known
        is_news: the rows are shown, whatever was shown before
        """
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
        for index, cells in enumerate(rows_and_lines):
            row = {own_columns[-1]: cells} if isinstance(cells, str) else dict(zip(own_columns, cells))
            if not isinstance(cells, str):
                if namespace:
                    row[NAMESPACE_COLUMN] = namespace
                is_deleted = bool(deleted and deleted[index])
                kept = not is_kept or is_kept(row.get(("NAME", 0), ""))
                news = kept and (is_news or self._is_news(key, header, cells, is_deleted))
                becomes = self._judge(key, cells, is_deleted or is_news, news) if kept else ""
                self._ends_kept[key] = bool(becomes)
                if becomes == "left":
                    row[_BEHIND] = NO_LONGER_MATCHES
            if self._ends_kept.get(key, not self._row_filter):
                shown += _lines_of_row(row, cluster)
        for line_cells in shown:
            for column, cell in line_cells.items():
                if column != _BEHIND:
                    self._widen(column, len(cell))
        self._has_new = self._has_new or bool(new)
        if not shown:  # kubectl shows no header without a row
            return ""
        printed = [self.header()] if self._has_new else []
        self._has_new = False
        render = self._painted_line if self._colours else self._line
        for part in (part for row in shown for part in self._parts(row)):
            line = render([part.get(column, "") for column in self._widths])
            printed.append(f"{line[:-1]}{part[_BEHIND]}\n" if _BEHIND in part else line)
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

    def _painted_line(self, cells: Sequence[str]) -> str:
        from kubectl_mc.messages.painting import painted_cell

        names, widths = [name for name, _ in self._widths], self._widths.values()
        padding = [" " * max(width - len(cell), PADDING) for cell, width in zip(cells[:-1], widths)]
        painted = map(painted_cell, names, cells)
        return "".join(cell + blanks for cell, blanks in zip(painted, [*padding, "\n"]))


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
