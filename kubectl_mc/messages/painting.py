# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Tables and headings with colours. Without its colours, each is as it was; so are painted texts and notices.

A text that has colours of its own keeps them, and gets none of ours: a reset inside it would end them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubectl_mc.messages.colours import BOLD, coloured, painted
from kubectl_mc.messages.status_words import POSSIBLE, has_statuses, status_colour

_GAP = "   "  # between the columns of a table

# --- Tables ----------------------------------------------------------------------------------------------------------


def painted_header(line: str) -> str:
    """Return the line of a table's header."""
    return line if "\x1b" in line else re.sub(r"\S(?:.*\S)?", lambda match: painted(match[0], BOLD), line, count=1)


def painted_cell(column: str, cell: str) -> str:
    """Return the cell of a table. column: the name of its column"""
    if "\x1b" in cell:
        return cell
    if column == "CLUSTER":
        name, gap, rest = cell.partition(_GAP)  # behind it may be what has no room in its own column
        return f"{coloured(name, name)}{gap}{rest}" if name else cell
    colour = status_colour(cell, column) if has_statuses(column) else None
    return painted(cell, colour) if colour else cell


def painted_column(column: str, cells: Sequence[str], width: int) -> Sequence[str]:
    """Return the cells of a column; those that have a colour are padded to the width. Equal cells are painted once."""
    if column != "CLUSTER" and not has_statuses(column):
        return cells
    possible = {*cells} if column == "CLUSTER" else filter(POSSIBLE.match, {*cells})
    shown = {cell: painted_cell(column, cell) for cell in possible}
    padded = {cell: text + " " * (width - len(cell)) for cell, text in shown.items() if text != cell}
    return [padded.get(cell, cell) for cell in cells] if padded else cells


# --- Headings ----------------------------------------------------------------------------------------------------


def painted_heading(heading: str) -> str:
    """Return the heading of a section: `CLUSTER: c1`, `CLUSTERS (2): c1, c2`, `CLUSTER: c1   NAMESPACE: shop`."""
    start, colon, names = heading.partition(": ")
    names, gap, rest = names.partition(_GAP)
    return f"{painted(start + colon.rstrip(' '), BOLD)}{' ' if colon else ''}{painted_names(names)}{gap}{rest}"


def painted_names(names: str) -> str:
    """Return the names of clusters, `c1, c2`, each in its colour."""
    return ", ".join(coloured(name, name) if name else name for name in names.split(", "))
