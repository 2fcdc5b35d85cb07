# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The rows of watches that meet the conditions of --where. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import messages
from kubectl_mc.merge.last_rows import MAX_OBJECTS, Key
from kubectl_mc.merge.row_filter import column_index, condition_tests, is_cluster, unknown_column
from kubectl_mc.messages import UserError
from kubectl_mc.processes.requests import Request
from kubectl_mc.type_hints import Literal

# The cluster, and the label of one of its kubectls.
Source = tuple[str, str]

# What becomes of a row: it is left out, shown, or shown as one that doesn't meet the conditions any more.
Shown = Literal["", "kept", "left"]


class WatchFilter:
    """Tells which rows of a command's watches are shown: those that meet all conditions, and those that cease to.

    Of each kubectl, MAX_OBJECTS objects are remembered. A row that doesn't tell its object stands for itself.
    """

    def __init__(self, conditions: Sequence[str]) -> None:
        self._tests = condition_tests(conditions)
        self._objects: dict[Source, dict[Key, None]] = {}  # whose last rows have met the conditions, and were shown
        self._headers: dict[Source, tuple[str, ...]] = {}  # () until the header has come
        self._has_new_header = False
        # What is to be said: the labels of tables without a column, by its name, and the texts of conditions.
        self._lacking: dict[str, list[str]] = {}
        self._incomparable: list[str] = []
        self._noted: set[tuple[str, str]] = set()  # what is to be said, or has been

    def add(self, source: Source) -> None:
        """Add a kubectl whose rows will come."""
        self._headers.setdefault(source, ())

    def remove(self, source: Source) -> None:
        """Remove a kubectl that has ended for good, if it had no table."""
        if self._headers.get(source) == ():
            del self._headers[source]
            self._has_new_header = bool(self._headers)

    def judge(
        self, source: Source, object_key: Key | None, header: tuple[str, ...], cells: Sequence[str], is_news: bool
    ) -> Shown:
        """Return what becomes of a row.

        object_key: what its object is known by, if it is
        is_news: whether the row is not as it was shown before a break
        """
        if self._headers.get(source) != header:
            self._read_header(source, header)
        objects = self._objects.setdefault(source, {})
        was_shown = object_key is not None and object_key in objects
        if not self._is_met(source[0], header, cells):
            if object_key is not None:
                objects.pop(object_key, None)
            return "left" if was_shown else ""
        if object_key is not None and (is_news or not was_shown):
            objects[object_key] = None
            if len(objects) > MAX_OBJECTS:
                del objects[next(iter(objects))]
            return "kept"
        return "kept" if is_news else ""

    def delete(self, source: Source, object_key: Key | None) -> None:
        """Forget an object that is gone."""
        if object_key is not None:
            self._objects.get(source, {}).pop(object_key, None)

    def _read_header(self, source: Source, header: tuple[str, ...]) -> None:
        self._headers[source], self._has_new_header = header, True
        for condition, _ in self._tests:
            lacks = not is_cluster(condition.column) and column_index(header, condition.column) is None
            if lacks and self._is_new(condition.column, source[1]):
                self._lacking.setdefault(condition.column, []).append(source[1])

    def _is_met(self, cluster: str, header: Sequence[str], cells: Sequence[str]) -> bool:
        incomparable = []
        for condition, test in self._tests:
            cell = _cell(condition.column, cluster, header, cells)
            verdict = cell is not None and test(cell)
            if verdict is False:
                return False
            if verdict is None:
                incomparable.append(condition.text)
        self._incomparable += [text for text in incomparable if self._is_new(text)]
        return not incomparable

    def _is_new(self, about: str, label: str = "") -> bool:
        """Return whether nothing has been noted yet about a column of a table, or a condition."""
        is_new = (about, label) not in self._noted
        self._noted.add((about, label))
        return is_new

    def problem(self, request: Request) -> UserError | None:
        """Return that no table has a column of the conditions, when no more headers can come."""
        if not self._has_new_header or not all(self._headers.values()):
            return None
        self._has_new_header = False
        names = dict.fromkeys(name for header in self._headers.values() for name in header)
        return unknown_column([("where", condition.column) for condition, _ in self._tests], [*names], request)

    def take_notes(self) -> list[str]:
        """Return what has to be said of rows that don't meet the conditions, once."""
        if not self._lacking and not self._incomparable:
            return []
        headers = {label: header for (_, label), header in self._headers.items()}
        notes = [
            messages.lacking_column(name, messages.name_list(labels), headers[labels[0]])
            for name, labels in self._lacking.items()
        ]
        notes += map(messages.incomparable_row, self._incomparable)
        self._lacking, self._incomparable = {}, []
        return notes


def _cell(column: str, cluster: str, header: Sequence[str], cells: Sequence[str]) -> str | None:
    """Return the cell of a row in a column; None if it has none."""
    if is_cluster(column):
        return cluster
    index = column_index(header, column)
    return None if index is None else cells[index]
