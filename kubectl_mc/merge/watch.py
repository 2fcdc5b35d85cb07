"""Watches: tables and documents that grow while they are read, of many clusters at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from kubectl_mc.merge import objects
from kubectl_mc.merge.table import CLUSTER, MIN_WIDTH, PADDING


class Rows:
    """Cuts the lines of one cluster's `get -w` into cells.

    kubectl's tab writer remembers its widths and lets them grow, so a later row may start its columns further right
    than the header did: where a cell has no room left, its column grows to the cell's length and the padding.
    """

    def __init__(self) -> None:
        self.header: tuple[str, ...] = ()
        self._starts: list[int] = []

    @property
    def widths(self) -> dict[str, int]:
        """The room that kubectl gave the columns with its first rows, which may come after the header."""
        return {name: end - start for name, start, end in zip(self.header, self._starts, self._starts[1:])}

    def cut(self, line: str) -> tuple[str, ...] | None:
        """The cells of a row; None for the first line, which is the header."""
        if not self.header:
            names = list(re.finditer(r"\S+(?: {1,2}\S+)*", line))
            self.header = tuple(name.group() for name in names)
            self._starts = [name.start() for name in names]
            return None
        for column in range(1, len(self._starts)):
            start = self._starts[column]
            if line[start - PADDING : start] != " " * PADDING:
                self._grow(line, column)
        ends = [*self._starts[1:], len(line)]
        return tuple(line[start:end].rstrip() for start, end in zip(self._starts, ends))

    def _grow(self, line: str, column: int) -> None:
        """Move a column and those behind it to the right, behind the padding of the cell that has outgrown its own."""
        start = self._starts[column]
        gap = line.find(" " * PADDING, start - PADDING + 1)
        by = gap + PADDING - start if gap >= 0 else len(line) - start
        self._starts[column:] = [each + by for each in self._starts[column:]]


class Table:
    """One table out of many clusters' rows, printed as they come: a header once, columns that only get wider."""

    def __init__(self, headers: bool) -> None:
        self._show_headers = headers
        self._header: list[str] = []
        self._widths: list[int] = []
        self._rows: dict[str, Rows] = {}

    def feed(self, cluster: str, lines: Sequence[str]) -> str:
        """What to print for these lines of a cluster. A column that is new gets a new header line."""
        rows = self._rows.setdefault(cluster, Rows())
        cut = [cells for cells in map(rows.cut, lines) if cells is not None]
        place = rows.header.index("NAME") + 1 if "NAME" in rows.header else 0
        header = (*rows.header[:place], CLUSTER, *rows.header[place:])
        whole = [dict(zip(header, (*cells[:place], cluster, *cells[place:]))) for cells in cut]
        new = [name for name in header if name not in self._header]
        if new:
            self._header = [*self._header, *new] if self._header else list(header)
            self._widths += [max(MIN_WIDTH, len(name) + PADDING, rows.widths.get(name, 0)) for name in new]
        texts = [[row.get(name, "") for name in self._header] for row in whole]
        for cells in texts:
            self._widths = [max(width, len(cell) + PADDING) for width, cell in zip(self._widths, cells)]
        shown = [self._header, *texts] if new and self._show_headers else texts
        return "".join(self._line(cells) for cells in shown)

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
