# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`-o custom-columns`, whose cells may have several lines: asked for with marks between them, and read exactly.

kubectl prints every value as it is (printOneObject in k8s.io/kubectl/pkg/cmd/get/customcolumn.go), and its tab writer
aligns the cells of consecutive lines. A line of a cell may look like a row, so the text alone doesn't say where a cell
ends. The object's uid, as a column ahead of, between and behind the user's, does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from operator import itemgetter

from kubectl_mc.merge.kubectl_tables import MAX_COLUMNS, PADDING, NotATable, Table, header_columns
from kubectl_mc.named_tuples import NamedTuple

_MARK = ".metadata.uid"
_NONE = "<none>"  # what kubectl prints where an object has no such field
_HEADER = "-"  # of every column; the user's headers may be empty, or look like two columns


def column_headers(spec: str) -> tuple[str, ...]:
    """Return the headers in `HEADER:path,HEADER:path` (k8s.io/kubectl/pkg/cmd/get/customcolumn.go)."""
    return tuple(column.partition(":")[0] for column in spec.split(","))


def marked_spec(spec: str) -> str:
    """Return the spec with a mark around each column; a spec that kubectl refuses stays as it is.

    A column of the uid is left out: a mark shows it.
    """
    columns = [column.partition(":") for column in spec.split(",")]
    if not all(colon and path for _, colon, path in columns):
        return spec
    mark = f"{_HEADER}:{_MARK}"
    return ",".join([mark, *(f"{_HEADER}:{path},{mark}" for _, _, path in columns if not _UID.fullmatch(path))])


# As kubectl's RelaxedJSONPathExpression reads a path.
_UID = re.compile(r"\{\.?metadata\.uid\}|\.?metadata\.uid")


class _Columns:
    """The user's columns, some of which a mark shows."""

    def __init__(self, spec: str) -> None:
        self.headers = column_headers(spec)
        self._are_marks = [bool(_UID.fullmatch(column.partition(":")[2])) for column in spec.split(",")]
        self.asked_count = self._are_marks.count(False)
        self.marked_count = 2 * self.asked_count + 1  # with the marks

    def row(self, mark: str, cells: Iterable[str]) -> tuple[str, ...]:
        """Return the user's cells of a row. cells: those that kubectl was asked for"""
        asked = iter(cells)
        return tuple(mark if is_mark else next(asked) for is_mark in self._are_marks)


def inline_spec(template: str) -> str | None:
    """Return the spec in the content of a file of `custom-columns-file`; None where kubectl would refuse it.

    Its first line holds the headers, and its second one the paths, both separated by blanks. A path with a comma
    can't be part of a spec.
    """
    headers, paths = ([*line.split()] for line in (*template.split("\n"), "", "")[:2])
    if not headers or len(headers) != len(paths) or any("," in word for word in (*headers, *paths)):
        return None
    if any(":" in header for header in headers):
        return None
    return ",".join(map(":".join, zip(headers, paths)))


def read_table(text: str, spec: str) -> Table:
    """Return the table in what kubectl printed for a marked spec, with the user's headers. spec: the user's

    Blanks at the end of a cell are not told from its padding.
    Raises NotATable where a cell can't be told from the next one: an object without a uid with a cell of several lines,
    a cell with a tab, or one that holds the object's uid as a column would.
    """
    columns = _Columns(spec)
    header, *lines = text.removesuffix("\n").split("\n")
    names, starts = header_columns(header)
    if set(names) != {_HEADER} or len(names) != columns.marked_count or len(columns.headers) > MAX_COLUMNS:
        raise NotATable(header)
    rows = _rows_of_one_line(lines, starts)
    if rows is None:
        rows = list(_rows(lines, starts))
    cells = tuple(zip(*(columns.row(mark, asked) for mark, *asked in rows)))
    return Table(columns.headers, cells or tuple(() for _ in columns.headers))


def _rows_of_one_line(lines: Sequence[str], starts: Sequence[int]) -> list[tuple[str, ...]] | None:
    """Return the mark and the cells of rows that have their marks where the header has its own; None if one hasn't."""
    if not lines:
        return []
    slices = [slice(start, end) for start, end in zip(starts, [*starts[1:], None])]
    columns = [[line[column].rstrip(" ") for line in lines] for column in slices]
    widths = [end - start - PADDING for start, end in pairwise(starts)]
    marks = columns[0]
    if not all(marks) or any(column != marks for column in columns[2::2]):
        return None
    if any(max(map(len, column)) > width for column, width in zip(columns, widths)):
        return None
    return list(zip(marks, *columns[1::2]))


class WatchedColumns:
    """Reads the rows of one cluster's watch with a marked spec. spec: the user's

    Blanks at either end of a cell are not told from its padding, as the lines of later rows may have made room for it.
    """

    def __init__(self, spec: str) -> None:
        self._columns = _Columns(spec)
        self.header = self._columns.headers
        self.widths: list[int] = []
        self._lines: list[str] = []  # of the row that is not whole yet
        self._marked_header = [_HEADER] * self._columns.marked_count
        self._has_header = False  # the line above is one
        self.key: tuple[str, str] | None = None  # of the object of the row that was yielded last, if it has a uid

    def rows(self, lines: Sequence[str]) -> Iterator[tuple[str, ...] | str]:
        """Yield the cells of each row that ends in these lines; a line that belongs to no row as it is.

        kubectl prints another header ahead of an object of another type, as is the Status that ends a watch (410).
        """
        for line in lines:
            follows_header, self._has_header = self._has_header, not self._lines and line.split() == self._marked_header
            if self._has_header:
                continue
            if follows_header and _first_mark(line) == _NONE:
                continue  # a Status has no uid
            whole = self._row([*self._lines, line])
            alone = self._row([line]) if not whole and _UUID.match(line) else None
            if alone:  # what is ahead of it, and isn't part of it, won't become a row any more
                yield from self.end()
            if row := whole or alone:
                mark = _first_mark(self._lines[0] if whole and self._lines else line)
                self.key = None if mark == _NONE else ("", mark)
                self._lines.clear()
                yield row
            elif self._lines or _first_mark(line):
                self._lines.append(line)
            else:
                yield line

    def _row(self, lines: Sequence[str]) -> tuple[str, ...] | None:
        """Return the cells of a row; None if these lines aren't one, or not yet."""
        mark = _first_mark(lines[0])
        if not mark or not f"{' ' * PADDING}{lines[-1]}".endswith(f"{' ' * PADDING}{mark}"):
            return None
        _, *cells, rest = _mark_pattern(mark).split("\n".join(lines))
        if mark == _NONE and len(lines) == 1:  # an event, whose other cells may be empty as well
            parts = re.split(f" {{{PADDING},}}", lines[0].strip(" "))
            if len(parts) == self._columns.marked_count and set(parts[::2]) == {_NONE}:
                cells, rest = parts[1::2], ""
        is_whole = len(cells) == self._columns.asked_count and not rest
        return self._columns.row(mark, (cell.strip(" ") for cell in cells)) if is_whole else None

    def end(self) -> list[str]:
        """Return the lines of a row that isn't whole, as they are."""
        lines, self._lines = self._lines, []
        return lines


_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?: |$)")


def _first_mark(line: str) -> str:
    """Return the mark with which a row begins; "" for a line that begins none."""
    mark = line.partition(" " * PADDING)[0]
    return "" if " " in mark else mark


def _mark_pattern(mark: str) -> re.Pattern[str]:
    return re.compile(f"(?:^|(?<= {{{PADDING}}})){re.escape(mark)}(?= {{{PADDING}}}|$)", re.MULTILINE)


class _MarkedLine(NamedTuple):
    """A line of a row: where its marks are, and its number of cells.

    A line whose first cell is a mark begins a row. Another one begins with text, which continues the cell above.
    """

    text: str
    mark: str
    positions: list[int]
    cell_count: int

    @property
    def begins_row(self) -> bool:
        """Whether the first cell is a mark."""
        return self.positions[:1] == [0]

    def mark_position(self, cell: int) -> int | None:
        """Return where the mark is that this cell is; None for a cell with text."""
        index, is_text = divmod(cell if self.begins_row else cell - 1, 2)
        return None if is_text else self.positions[index]


def _rows(lines: Sequence[str], starts: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Yield the mark and the cells of rows of several lines. starts: where the columns of the header start.

    Raises NotATable.
    """
    marked_lines = list(_marked_lines(lines, len(starts) // 2 + 1))
    row: list[list[str]] = []  # the lines of the mark, and of each cell
    for line, cell_starts in zip(marked_lines, _cell_starts(marked_lines, starts)):
        if line.begins_row:
            if row:
                yield _cells(row)
            row = [[line.mark]]
        for cell, start in enumerate(cell_starts):
            if line.mark_position(cell) is None:
                end = cell_starts[cell + 1] if cell + 1 < line.cell_count else None
                if cell:
                    row.append([])
                row[-1].append(line.text[start:end])
    if row:
        yield _cells(row)


def _cells(row: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return a row's cells without the padding that is behind the last line of each."""
    return tuple("\n".join(lines).rstrip(" ") for lines in row)


def _marked_lines(lines: Sequence[str], count: int) -> Iterator[_MarkedLine]:
    """Yield the lines with the marks in them. count: of the marks in each row. Raises NotATable."""
    remaining, mark, pattern = 0, "", re.compile("")
    for line in lines:
        if not remaining:
            mark = _first_mark(line)
            if not mark:
                raise NotATable(line)
            remaining, pattern = count, _mark_pattern(mark)
        positions = [match.start() for match in pattern.finditer(line)]
        remaining -= len(positions)
        ends_row = bool(positions) and positions[-1] + len(mark) == len(line)
        if ends_row != (not remaining):
            raise NotATable(line)
        begins_row = positions[:1] == [0]
        yield _MarkedLine(line, mark, positions, 2 * len(positions) + (not begins_row) - ends_row)
    if remaining:
        raise NotATable(mark)


def _cell_starts(lines: Sequence[_MarkedLine], header_starts: Sequence[int]) -> list[list[int]]:
    """Return where the cells of each line start.

    In github.com/liggitt/tabwriter, all lines of a block, which are consecutive lines with a cell behind a column, have
    the same width there: that of their longest cell and the padding, or that of an earlier block if it was wider.
    Raises NotATable where the marks are elsewhere.
    """
    starts = [[0] for _ in lines]
    for column, (start, following) in enumerate(pairwise(header_starts)):
        widest = following - start
        for has_cell, members in groupby(enumerate(line.cell_count > column + 1 for line in lines), itemgetter(1)):
            if not has_cell:
                continue
            block = [index for index, _ in members]
            widths = {widest} if block[0] == 0 else set[int]()  # the header is in the first block
            longest = 0
            for index in block:
                next_mark = lines[index].mark_position(column + 1)
                if next_mark is None:
                    longest = max(longest, len(lines[index].mark))
                else:
                    widths.add(next_mark - starts[index][column])
            width = next(iter(widths), max(widest, longest + PADDING))
            if len(widths) > 1 or width < widest:
                raise NotATable(lines[block[0]].text)
            widest = width
            for index in block:
                start = starts[index][column]
                if lines[index].mark_position(column) is not None:
                    padding = lines[index].text[start + len(lines[index].mark) : start + width]
                    if len(padding) < PADDING or padding.strip(" "):
                        raise NotATable(lines[index].text)
                starts[index].append(start + width)
    return starts
