"""Watches: tables and documents that grow while they are read, of many clusters at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress

from kubectl_mc.merge import object_lists
from kubectl_mc.merge.kubectl_tables import (
    CLUSTER,
    MIN_WIDTH,
    PADDING,
    continues_cell,
    header_columns,
    numbered_names,
    padded,
)

# A column: its name, and how many of that name are in front of it.
Column = tuple[str, int]

OURS: Column = (CLUSTER, -1)  # kubectl's may have the name, too


class WatchedRows:
    """Cuts the rows of one cluster's `get -w` into cells.

    kubectl's tab writer remembers its widths and lets them grow, so a later row may start its columns further right
    than the header did: where a cell has no room left, its column grows to the cell's length and the padding.
    """

    def __init__(self, header: str) -> None:
        self.header, self._starts = header_columns(header)

    @property
    def widths(self) -> list[int]:
        """The room that kubectl gives the columns, but for the last."""
        return [end - start for start, end in zip(self._starts, self._starts[1:])]

    def cut(self, line: str) -> tuple[str, ...] | None:
        """The cells of a row; None for a line that is none, but goes on with the last cell of the row above."""
        if len(self._starts) > 1 and continues_cell(line):
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


class WatchedTable:
    """One table out of many clusters' rows, printed as they come: a header once, columns that only get wider.

    names: the columns' names, where the first line of each cluster doesn't say them as they are to be shown
    kept: of which objects rows are shown, told their names; None for all
    """

    def __init__(self, headers: bool, names: tuple[str, ...] = (), kept: Callable[[str], bool] | None = None) -> None:
        self._show_headers = headers
        self._names = names
        self._kept = kept
        self._columns: list[Column] = []
        self._widths: list[int] = []
        self._rows: dict[tuple[str, str], WatchedRows] = {}

    def feed(self, cluster: str, lines: Sequence[str], source: str = "") -> str:
        """What to print for these lines of a cluster. A column that is new gets a new header line.

        source: which of the cluster's kubectls they are of, if it has several
        """
        key = (cluster, source)
        if lines and key not in self._rows:
            self._rows[key], lines = WatchedRows(lines[0]), lines[1:]
        rows = self._rows[key]
        header = self._names or rows.header
        place = header.index("NAME") + 1 if "NAME" in header else 0
        whole_header = numbered_names(header)
        whole_header.insert(place, OURS)
        cut = [(line, rows.cut(line)) for line in lines]
        if self._kept and "NAME" in header:
            cut = [(line, cells) for line, cells in cut if not cells or self._kept(cells[place - 1])]
        whole: list[dict[Column, str]] = [
            dict(zip(whole_header, (*cells[:place], cluster, *cells[place:]))) if cells else {} for _, cells in cut
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
            for row, (line, _) in zip(whole, cut)
        ]
        return "".join(shown)

    def _line(self, cells: Sequence[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells[:-1], self._widths))
        return "".join((*padded, cells[-1], "\n"))


class WatchedDocuments:
    """Whole documents out of one cluster's `-w -o json|yaml`, annotated with the cluster.

    With --output-watch-events they are events that hold an object each; in JSON each is one line.
    kept: of which objects they are shown, told their names; None for all
    """

    def __init__(self, cluster: str, output: str, kept: Callable[[str], bool] | None = None) -> None:
        self._cluster = cluster
        self._kept = kept
        self._layout = object_lists.LAYOUTS[output]
        self._end = "}" if output == "json" else None
        self._lines: list[str] = []

    def feed(self, lines: Sequence[str]) -> str:
        """The documents that these lines complete. JSON ends with a brace at the margin, YAML before the next `---`."""
        shown = []
        for line in lines:
            if self._end is None and line == "---":
                shown.append(self.end())
                continue
            if self._end and not self._lines and _is_event(line):
                if not self._kept or self._kept(_name(line)):
                    shown.append(f"{_annotated(line, self._cluster)}\n")
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
        indent = "  " if lines[0] == "object:" else ""
        if self._kept and not self._kept(self._layout.name(text, indent)):
            return ""
        with suppress(object_lists.NotObjects):  # else as kubectl gave it
            text = self._layout.annotate(text, indent, self._cluster)
        return text if self._end else f"---\n{text}"


def _is_event(line: str) -> bool:
    return line.startswith("{") and line.endswith("}")


def _name(event: str) -> str:
    """Of the object in a compact JSON event."""
    return str(json.loads(event).get("object", {}).get("metadata", {}).get("name") or "")


def _annotated(event: str, cluster: str) -> str:
    """A compact JSON event, whose object has the annotation; all else is as it was, to the letter."""
    entry = f"{json.dumps(object_lists.ANNOTATION)}:{json.dumps(cluster)}"
    place = 0
    for key in ("object", "metadata", "annotations"):
        inner = _value(event, place, key)
        if inner is None and key == "annotations":
            entry = f'"annotations":{{{entry}}}'
            break
        if inner is None or event[inner] != "{":
            return event  # of no object
        place = inner
    comma = "" if event[place + 1] == "}" else ","
    return f"{event[: place + 1]}{entry}{comma}{event[place + 1 :]}"


def _value(text: str, place: int, key: str) -> int | None:
    """Where the value of `key` begins in the compact JSON object that begins at `place`; None without such a key."""
    decoder = json.JSONDecoder()
    place += 1
    while text[place] == '"':
        name, place = decoder.raw_decode(text, place)
        if name == key:
            return place + 1
        place = decoder.raw_decode(text, place + 1)[1] + 1
    return None
