# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""kubectl's tab writer (github.com/liggitt/tabwriter), as an oracle for what is read from its texts."""

from __future__ import annotations

from collections.abc import Sequence

PADDING, MIN_WIDTH = 3, 6


def tab_writer(rows: Sequence[Sequence[str]]) -> str:
    """Return the text of rows whose cells may have several lines.

    As its format() with RememberWidths: a column's width holds for consecutive lines that have a cell behind it, and
    never gets smaller than it was before.
    """
    lines = [line.split("\t") for line in "".join("\t".join(row) + "\n" for row in rows).split("\n")[:-1]]
    remembered: list[int] = []
    printed: list[str] = []

    def write(first: int, end: int, widths: list[int]) -> None:
        for cells in lines[first:end]:
            padded = [cell.ljust(width) for cell, width in zip(cells[:-1], widths)]
            printed.append("".join(padded) + cells[-1])

    def format_block(first: int, end: int, widths: list[int]) -> None:
        column = len(widths)
        index = first
        while index < end:
            if column >= len(lines[index]) - 1:
                index += 1
                continue
            write(first, index, widths)
            first = index
            width = MIN_WIDTH
            while index < end and column < len(lines[index]) - 1:
                width = max(width, len(lines[index][column]) + PADDING)
                index += 1
            if column == len(remembered):
                remembered.append(width)
            width = remembered[column] = max(width, remembered[column])
            format_block(first, index, [*widths, width])
            first = index
        write(first, end, widths)

    format_block(0, len(lines), [])
    return "".join(f"{line}\n" for line in printed)
