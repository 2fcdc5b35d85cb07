"""Watches: tables and documents of many clusters that are shown while they grow."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress

from kubectl_mc.merge import object_lists
from kubectl_mc.merge.kubectl_tables import (
    CLUSTER,
    MIN_WIDTH,
    PADDING,
    cluster_index,
    continues_cell,
    header_columns,
    numbered_names,
    padded,
)

# A column's name, and the number of columns with the same name before it.
Column = tuple[str, int]

CLUSTER_COLUMN: Column = (CLUSTER, -1)  # a column of kubectl's may have the same name


class WatchedRows:
    """Cuts the rows of one cluster's `get -w` into cells.

    kubectl's tab writer keeps the columns' widths and lets them grow, so a later row may start its columns further
    right than the header: a column without room for a cell grows to the cell's length and the padding.
    """

    def __init__(self, header: str) -> None:
        self.header, self._starts = header_columns(header)

    @property
    def widths(self) -> list[int]:
        """The widths that kubectl gives the columns, without the last one."""
        return [end - start for start, end in zip(self._starts, self._starts[1:])]

    def cut(self, line: str) -> tuple[str, ...] | None:
        """Return the cells of a row; None for a line that continues the last cell of the row above."""
        starts = self._starts
        if len(starts) > 1 and continues_cell(line):
            return None
        for column in range(1, len(starts)):
            start = starts[column]
            if not padded(line, start):  # this column and the ones after it start after the padding of a longer cell
                gap = line.find(" " * PADDING, start - PADDING + 1)
                growth = gap + PADDING - start if gap >= 0 else len(line) - start
                starts[column:] = [later + growth for later in starts[column:]]
        # A cell that starts further right belongs to a column that grows for a row still to come.
        return tuple(line[start:end].strip(" ") for start, end in zip(starts, [*starts[1:], len(line)]))


class WatchedTable:
    """One table of many clusters' rows, printed as they arrive: one header, and columns that only get wider.

    names: the columns' names, where the first line of a cluster's output does not have the user's
    is_kept: whether the rows of the object with this name are shown; None for all objects
    """

    def __init__(
        self, headers: bool, names: tuple[str, ...] = (), is_kept: Callable[[str], bool] | None = None
    ) -> None:
        self._show_headers = headers
        self._names = names
        self._is_kept = is_kept
        self._columns: list[Column] = []
        self._widths: list[int] = []
        self._rows: dict[tuple[str, str], WatchedRows] = {}

    def feed(self, cluster: str, lines: Sequence[str], source: str = "") -> str:
        """Return what is printed for these lines of a cluster; a new column causes a new header line.

        source: which of the cluster's kubectls printed the lines, if there are several
        """
        key = (cluster, source)
        if lines and key not in self._rows:
            self._rows[key], lines = WatchedRows(lines[0]), lines[1:]
        rows = self._rows[key]
        header = self._names or rows.header
        index = cluster_index(header)
        columns = numbered_names(header)
        columns.insert(index, CLUSTER_COLUMN)
        cut_lines = [(line, rows.cut(line)) for line in lines]
        if self._is_kept and "NAME" in header:
            cut_lines = [(line, cells) for line, cells in cut_lines if not cells or self._is_kept(cells[index - 1])]
        row_cells: list[dict[Column, str]] = [
            dict(zip(columns, (*cells[:index], cluster, *cells[index:]))) if cells else {} for _, cells in cut_lines
        ]
        kubectl_widths = dict(zip(numbered_names(header), rows.widths))
        new = [column for column in columns if column not in self._columns]
        self._columns += new
        self._widths += [max(MIN_WIDTH, len(column[0]) + PADDING, kubectl_widths.get(column, 0)) for column in new]
        for row in filter(None, row_cells):
            self._widths = [
                max(width, len(row.get(column, "")) + PADDING) for column, width in zip(self._columns, self._widths)
            ]
        printed = [self._line([name for name, _ in self._columns])] if new and self._show_headers else []
        # A line that continues the cell above it is printed unchanged, as kubectl does.
        printed += [
            self._line([row.get(column, "") for column in self._columns]) if row else f"{line}\n"
            for row, (line, _) in zip(row_cells, cut_lines)
        ]
        return "".join(printed)

    def _line(self, cells: Sequence[str]) -> str:
        padded_cells = (cell.ljust(width) for cell, width in zip(cells[:-1], self._widths))
        return "".join((*padded_cells, cells[-1], "\n"))


class WatchedDocuments:
    """Cuts one cluster's `-w -o json|yaml` into whole documents, and annotates them with the cluster.

    With --output-watch-events a document is an event that holds an object; in JSON an event is one line.
    is_kept: whether the object with this name is shown; None for all objects
    """

    def __init__(self, cluster: str, output: str, is_kept: Callable[[str], bool] | None = None) -> None:
        self._cluster = cluster
        self._is_kept = is_kept
        self._layout = object_lists.LAYOUTS[output]
        self._end = "}" if output == "json" else None
        self._lines: list[str] = []

    def feed(self, lines: Sequence[str]) -> str:
        """Return the documents that end in these lines: JSON with a brace at the margin, YAML before the next `---`."""
        documents = []
        for line in lines:
            if self._end is None and line == "---":
                documents.append(self.end())
                continue
            if self._end and not self._lines and line.startswith("{") and line.endswith("}"):
                if not self._is_kept or self._is_kept(_event_name(line)):
                    documents.append(f"{_annotated_event(line, self._cluster)}\n")
                continue
            self._lines.append(line)
            if line == self._end:
                documents.append(self.end())
        return "".join(documents)

    def end(self) -> str:
        """Return the current document, which has no more lines; "" for a part of one, as Ctrl-C leaves it in JSON."""
        lines, self._lines = self._lines, []
        if not lines or (self._end and lines[-1] != self._end):
            return ""
        text = "".join(f"{line}\n" for line in lines)
        indent = "  " if lines[0] == "object:" else ""
        if self._is_kept and not self._is_kept(self._layout.name(text, indent)):
            return ""
        with suppress(object_lists.NotObjects):  # then it is shown as kubectl printed it
            text = self._layout.annotate(text, indent, self._cluster)
        return text if self._end else f"---\n{text}"


def _event_name(event: str) -> str:
    """Return the name of the object in a compact JSON event, "" if it has none."""
    return str(json.loads(event).get("object", {}).get("metadata", {}).get("name") or "")


def _annotated_event(event: str, cluster: str) -> str:
    """Return a compact JSON event whose object has the annotation; everything else is unchanged."""
    entry = f"{json.dumps(object_lists.ANNOTATION)}:{json.dumps(cluster)}"
    start = 0
    for key in ("object", "metadata", "annotations"):
        value_start = _value_start(event, start, key)
        if value_start is None and key == "annotations":
            entry = f'"annotations":{{{entry}}}'
            break
        if value_start is None or event[value_start] != "{":
            return event  # it holds no object
        start = value_start
    comma = "" if event[start + 1] == "}" else ","
    return f"{event[: start + 1]}{entry}{comma}{event[start + 1 :]}"


def _value_start(text: str, start: int, key: str) -> int | None:
    """Return where the value of `key` starts in the compact JSON object at `start`; None if it has no such key."""
    decoder = json.JSONDecoder()
    position = start + 1
    while text[position] == '"':
        name, position = decoder.raw_decode(text, position)
        if name == key:
            return position + 1
        position = decoder.raw_decode(text, position + 1)[1] + 1
    return None
