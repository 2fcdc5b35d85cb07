# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Tables whose last cells may have several lines (`events`): rows are located by the values of these cells. Pure.

A line of a cell may look like a row, and kubectl's tab writer starts its columns anew behind a line without a tab. So a
second kubectl prints the last cell of each row, by which a row's lines are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from kubectl_mc.merge.kubectl_tables import (
    MAX_CELL,
    MAX_COLUMNS,
    PADDING,
    NotATable,
    Table,
    continues_cell,
    header_columns,
    slices,
)
from kubectl_mc.named_tuples import NamedTuple

# How many records a line is compared with: those of rows that are no longer there stand ahead of its own.
_WINDOW = 100

_PADDING = " " * PADDING


class Record(NamedTuple):
    """What the second kubectl printed for a row: its sort key, and its last cell."""

    value: str
    last_cell: str


# What Go's strings.TrimSpace cuts off.
_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def records_template(ordered_by: Sequence[str], last_cell: str) -> str:
    """Return the output form that prints a record for each object, in a line. ordered_by: paths of the key.

    As urlquery escapes the values, none can look like the end of its record.
    """
    fields = " ".join(_field_template(path) for path in (*ordered_by, last_cell))
    return f'go-template={{{{range .items}}}}{fields}{{{{"\\n"}}}}{{{{end}}}}'


def _field_template(path: str) -> str:
    names = path.strip(".").split(".")
    return "".join(f"{{{{with .{name}}}}}" for name in names) + "{{urlquery .}}" + "{{end}}" * len(names)


def parse_records(text: str) -> list[Record]:
    """Return the records in what kubectl printed for `records_template`; of the values of a key, the first that is set.

    kubectl trims a message, and escapes it (terminalEscaper in k8s.io/cli-runtime/pkg/printers/terminal.go).
    """
    from urllib.parse import unquote_plus

    records = []
    for record in text.split("\n")[:-1]:
        *values, last_cell = map(unquote_plus, record.split(" "))
        shown = last_cell.strip(_BLANKS).replace("\x1b", "^[").replace("\r", "\\r")
        records.append(Record(next(filter(None, values), ""), shown))
    return records


class _Row(NamedTuple):
    """first: the index of its first line; line_count: of its lines; record: None for a row that has none"""

    first: int
    line_count: int
    record: Record | None


def read_table(text: str, records: Sequence[Record]) -> tuple[Table, list[str]]:
    """Return the table, and each row's sort key; a row without a record has the key of the row above.

    records: in the order of the rows; some may be of rows that the text doesn't have, and the other way round, as the
        two kubectls asked at different times
    Raises NotATable for a text that isn't laid out like its header, and where a row may have lines that look like rows.
    """
    header, *lines = text.removesuffix("\n").split("\n")
    names, header_starts = header_columns(header)
    starts: Sequence[int] = header_starts
    if not 0 < len(starts) <= MAX_COLUMNS:
        raise NotATable(header[:MAX_CELL])
    cells: list[Sequence[str]] = []
    values: list[str] = []
    rows = list(_rows(lines, records))
    located = [row.record for row in rows if row.record]
    if len(located) < len(rows) and any(_has_parts(record.last_cell) for record in _others(records, located)):
        raise NotATable(header[:MAX_CELL])  # one of these may be where a row was not recognized
    for block in _blocks(rows):
        starts, block_cells = _read_block(starts, lines, block)
        for row_cells, (first, line_count, record) in zip(block_cells, block):
            if line_count > 1:
                row_cells[-1] = "\n".join((row_cells[-1], *lines[first + 1 : first + line_count]))
            cells.append(row_cells)
            values.append(record.value if record else values[-1] if values else "")
    return Table(names, tuple(zip(*cells)) or tuple(() for _ in names)), values


def _others(records: Sequence[Record], located: Sequence[Record]) -> list[Record]:
    """Return the records of no row. located: those of rows, in their order"""
    remaining = iter(located)
    following = next(remaining, None)
    others = []
    for record in records:
        if record is following:
            following = next(remaining, None)
        else:
            others.append(record)
    return others


def _has_parts(cell: str) -> bool:
    """Return whether a cell is printed as several lines, or as several cells."""
    return any(mark in cell for mark in "\n\t\v\f")


def _rows(lines: Sequence[str], records: Sequence[Record]) -> Iterator[_Row]:
    """Yield the rows. A line that isn't part of a row with a record is a row if it has padding."""
    last_cells = [record.last_cell.split("\n") for record in records]
    index = next_record = 0
    while index < len(lines):
        for number in range(next_record, min(next_record + _WINDOW, len(records))):
            first, *further = last_cells[number]
            if lines[index].endswith(_PADDING + first) and lines[index + 1 : index + 1 + len(further)] == further:
                yield _Row(index, 1 + len(further), records[number])
                index, next_record = index + 1 + len(further), number + 1
                break
        else:
            count = 1
            while index + count < len(lines) and continues_cell(lines[index + count]):
                count += 1
            yield _Row(index, count, None)
            index += count


def _blocks(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    """Yield the blocks of rows whose columns are aligned: a cell of several lines ends one."""
    block: list[_Row] = []
    for row in rows:
        block.append(row)
        if row.line_count > 1:
            yield block
            block = []
    if block:
        yield block


def _read_block(
    starts: Sequence[int], lines: Sequence[str], block: Sequence[_Row]
) -> tuple[Sequence[int], list[list[str]]]:
    """Return where the columns of a block start, and the cells of its rows' first lines. Raises NotATable.

    starts: where the columns of the block above start; they may start further right
    """
    first_lines = [lines[row.first] for row in block]
    last_starts = {
        len(line) - (row.record.last_cell + "\n").index("\n") for row, line in zip(block, first_lines) if row.record
    }
    for find_starts in (list, lambda starts: _grown_starts(starts, first_lines)):
        candidate = find_starts(starts)
        if last_starts - {candidate[-1]}:
            continue
        columns = slices(candidate)
        cells = [[line[column] for column in columns] for line in first_lines]
        if all(cell.endswith(_PADDING) for row in cells for cell in row[:-1]):
            return candidate, [[*[cell.rstrip(" ") for cell in row[:-1]], row[-1]] for row in cells]
    raise NotATable(first_lines[0][:MAX_CELL])


_GAP = re.compile(f" {{{PADDING},}}")


def _grown_starts(starts: Sequence[int], rows: Sequence[str]) -> Sequence[int]:
    """Return where the columns of these rows start: the tab writer keeps a width until a cell has no room in it."""
    # Every position is looked at once, however many rows and columns there are: marked is where a row has no padding.
    end = max(map(len, rows))
    unpadded = bytearray(end + PADDING)
    for row in rows:
        text_start, text_end = 0, len(row.rstrip(" "))
        for gap in _GAP.finditer(row, 0, text_end):
            _mark(unpadded, text_start + 1, gap.start() + PADDING)
            text_start = gap.end()
        _mark(unpadded, text_start + 1, text_end + PADDING)
    grown, growth = list(starts), 0
    for column, start in enumerate(starts[1:], start=1):
        padding_end = unpadded.find(0, start + growth, end + 1)
        if padding_end >= 0:  # else the rows end before this column, and before those after it
            growth = padding_end - start
        grown[column] = start + growth
    return grown


def _mark(positions: bytearray, start: int, end: int) -> None:
    positions[start:end] = b"\1" * (end - start)
