"""Watches: tables and documents that grow while they are read, of many clusters at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from kubectl_mc.merge import objects
from kubectl_mc.merge.table import CLUSTER, MIN_WIDTH, PADDING, columns, goes_on, numbered, padded

# A column: its name, and how many of that name are in front of it.
Column = tuple[str, int]

OURS: Column = (CLUSTER, -1)  # kubectl's may have the name, too


class Rows:
    """Cuts the rows of one cluster's `get -w` into cells.

    kubectl's tab writer remembers its widths and lets them grow, so a later row may start its columns further right
    than the header did: where a cell has no room left, its column grows to the cell's length and the padding.
    """

    def __init__(self, header: str) -> None:
        self.header, self._starts = columns(header)

    @property
    def widths(self) -> list[int]:
        """The room that kubectl gives the columns, but for the last."""
        return [end - start for start, end in zip(self._starts, self._starts[1:])]

    def cut(self, line: str) -> tuple[str, ...] | None:
        """The cells of a row; None for a line that is none, but goes on with the last cell of the row above."""
        if len(self._starts) > 1 and goes_on(line):
            return None
        for column in range(1, len(self._starts)):
            if not padded(line, self._starts[column]):
                self._grow(line, column)
        ends = [*self._starts[1:], len(line)]
        # A cell that starts further right is of a column that grows for a row still to come.
        return tuple(line[start:end].strip(" ") for start, end in zip(self._starts, ends))

    def _grow(self, line: str, column: int) -> None:
        """Move a column and those behind it to the right, behind the padding of the cell that has outgrown its own."""
        start = self._starts[column]
        gap = line.find(" " * PADDING, start - PADDING + 1)
        by = gap + PADDING - start if gap >= 0 else len(line) - start
        self._starts[column:] = [each + by for each in self._starts[column:]]


class Table:
    """One table out of many clusters' rows, printed as they come: a header once, columns that only get wider.

    names: the columns' names, where the first line of each cluster doesn't say them as they are to be shown
    """

    def __init__(self, headers: bool, names: tuple[str, ...] = ()) -> None:
        self._show_headers = headers
        self._names = names
        self._columns: list[Column] = []
        self._widths: list[int] = []
        self._rows: dict[str, Rows] = {}

    def feed(self, cluster: str, lines: Sequence[str]) -> str:
        """What to print for these lines of a cluster. A column that is new gets a new header line."""
        if lines and cluster not in self._rows:
            self._rows[cluster], lines = Rows(lines[0]), lines[1:]
        rows = self._rows[cluster]
        header = self._names or rows.header
        place = header.index("NAME") + 1 if "NAME" in header else 0
        whole_header = numbered(header)
        whole_header.insert(place, OURS)
        found = [rows.cut(line) for line in lines]
        whole: list[dict[Column, str]] = [
            dict(zip(whole_header, (*cells[:place], cluster, *cells[place:]))) if cells else {} for cells in found
        ]
        room = dict(zip([each for each in whole_header if each != OURS], rows.widths))
        new = [column for column in whole_header if column not in self._columns]
        self._columns += new
        self._widths += [max(MIN_WIDTH, len(column[0]) + PADDING, room.get(column, 0)) for column in new]
        for row in [row for row in whole if row]:
            self._widths = [
                max(width, len(row.get(each, "")) + PADDING) for each, width in zip(self._columns, self._widths)
            ]
        shown = [self._line([name for name, _ in self._columns])] if new and self._show_headers else []
        # A line that is no row goes on with the cell above it, as kubectl prints it.
        shown += [
            self._line([row.get(column, "") for column in self._columns]) if row else f"{line}\n"
            for row, line in zip(whole, lines)
        ]
        return "".join(shown)

    def _line(self, cells: Sequence[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells[:-1], self._widths))
        return "".join((*padded, cells[-1], "\n"))


class Documents:
    """Whole documents out of one cluster's `-w -o json|yaml`, annotated with the cluster."""

    def __init__(self, cluster: str, output: str) -> None:
        self._cluster = cluster
        self._layout = objects.LAYOUTS[output]
        self._end = "}" if output == "json" else None
        self._lines: list[str] = []

    def feed(self, lines: Sequence[str]) -> str:
        """The documents that these lines complete. JSON ends with a brace at the margin, YAML before the next `---`."""
        shown = []
        for line in lines:
            if self._end is None and line == "---":
                shown.append(self.end())
                continue
            self._lines.append(line)
            if line == self._end:
                shown.append(self.end())
        return "".join(shown)

    def end(self) -> str:
        """The document at hand, which has no more lines; nothing for a part of one, as Ctrl-C leaves it in JSON."""
        lines, self._lines = self._lines, []
        if not lines or (self._end and lines[-1] != self._end):
            return ""
        text = "".join(f"{line}\n" for line in lines)
        with suppress(objects.NotObjects):  # --output-watch-events wraps the objects: as kubectl gave them
            text = self._layout.annotate(text, "", self._cluster)
        return text if self._end else f"---\n{text}"
