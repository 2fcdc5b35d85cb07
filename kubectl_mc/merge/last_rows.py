# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The rows that a watch has shown last, by which what is new in a further list of its objects is told. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from kubectl_mc.command_line.amounts import DURATION, UNITS
from kubectl_mc.named_tuples import NamedTuple

# The most rows that are remembered of one kubectl: of objects, and of what has no key. A server may send any number.
MAX_OBJECTS = 100_000
MAX_LOOSE_ROWS = 10_000

# The seconds by which an age may seem to differ: how long an answer was on its way, and the servers' clocks.
_SLACK = 5.0

# Seconds after the first row of a list, or one that is as it was, after which rows are changes: kubectl has the whole
# list before it prints the first row of it.
_LISTING = 0.5

# What changes by itself: an age, `3 (5m ago)` restarts of a pod, `5m (x3 over 10m)` of an event.
AGED = re.compile(rf"{DURATION}|\d+ \({DURATION} ago\)|(?:{DURATION}|<invalid>) \(x\d+ over {DURATION}\)")
AGE = re.compile(r"(?:\d+[ydhms])+")

# (namespace, name) of an object in a table.
Key = tuple[str, str]


class _Row(NamedTuple):
    """A row that was shown. time: seconds since the epoch; list_number: of the list, or what followed it, it was in"""

    cells: tuple[str, ...]
    time: float
    list_number: int


class LastRows:
    """What one kubectl after another has told of the same objects.

    Of each object that has a key, one row is remembered, so no more than the list is long. One that is forgotten, as
    there are more than MAX_OBJECTS or MAX_LOOSE_ROWS, is shown again after a break.

    Rows without a key are remembered as often as a list has them: behind it, an equal one is taken for a change of the
    same object. If it was another one, its row is shown again after a break; otherwise changes would not be shown then.
    """

    def __init__(self, has_ages: bool = True, is_unique: bool = False) -> None:
        """has_ages: a cell may be an age, which changes by itself; is_unique: no two objects have equal rows"""
        self._has_ages, self._is_unique = has_ages, is_unique
        self._list_number = 0
        self._is_listing = True  # whether rows may be those of a list
        self._listed_at: float | None = None  # when that is over, once a row has come
        self._by_key: dict[Key, _Row] = {}
        self._loose: dict[tuple[str, ...], list[_Row]] = {}
        self._loose_count = 0

    def restart(self) -> None:
        """Begin a further list: what comes now is compared with what was shown until now."""
        self._list_number += 1
        self._is_listing, self._listed_at = True, None

    def end_list(self) -> None:
        """Take that the list has ended: forget the rows without a key that it has not."""
        self._is_listing = False
        current = {
            skeleton: [row for row in rows if row.list_number == self._list_number]
            for skeleton, rows in self._loose.items()
        }
        self._loose = {skeleton: rows for skeleton, rows in current.items() if rows}
        self._loose_count = sum(map(len, self._loose.values()))

    @property
    def has_unseen(self) -> bool:
        """Whether objects that were there before the break haven't come since."""
        return any(row.list_number < self._list_number for row in self._by_key.values())

    def add(self, key: Key | None, cells: Sequence[str], time: float) -> bool:
        """Remember a row. Return whether it is to be shown: not if it is as it was before the break.

        key: None for a row that doesn't tell its object
        """
        row = _Row(tuple(cells), time, self._list_number)
        if key is None:
            return self._add_loose(row)
        before = self._by_key.get(key)
        self._by_key[key] = row
        if len(self._by_key) > MAX_OBJECTS:
            del self._by_key[next(iter(self._by_key))]
        is_listed = before is not None and before.list_number < self._list_number
        return not (before and is_listed and is_same(before.cells, cells, time - before.time))

    def seed(self, key: Key | None, cells: Sequence[str], time: float) -> None:
        """Remember a row that is not shown, unless a newer one of its object is known."""
        if key is None or key not in self._by_key:
            self.add(key, cells, time)

    def delete(self, key: Key | None) -> None:
        """Forget an object whose deletion was shown."""
        if key is not None:
            self._by_key.pop(key, None)

    def take_deleted(self, present: Collection[Key]) -> list[tuple[str, ...]]:
        """Forget the objects that haven't come since the break and are not among those present; return their rows."""
        keys = [key for key, row in self._by_key.items() if row.list_number < self._list_number and key not in present]
        return [self._by_key.pop(key).cells for key in keys]

    def _add_loose(self, row: _Row) -> bool:
        """Add a row without a key. As many equal ones of the further list as there were before are not new."""
        if self._is_listing and self._listed_at is not None and row.time > self._listed_at:
            self.end_list()
        if self._listed_at is None:
            self._listed_at = row.time + _LISTING
        skeleton = row.cells
        if self._has_ages:
            skeleton = tuple(AGE.sub("", cell) if AGED.fullmatch(cell) else cell for cell in row.cells)
        rows = self._loose.pop(skeleton, [])
        self._loose[skeleton] = rows  # now the youngest
        for index, before in enumerate(rows):
            if before.list_number < row.list_number and self._is_same(before, row):
                rows[index], self._listed_at = row, row.time + _LISTING
                return False
        if rows and (self._is_unique or not self._is_listing):
            rows[-1] = row
            return True
        rows.append(row)
        self._loose_count += 1
        if self._loose_count > MAX_LOOSE_ROWS:
            oldest = next(iter(self._loose))
            del self._loose[oldest][0]
            self._loose_count -= 1
            if not self._loose[oldest]:
                del self._loose[oldest]
        return True

    def _is_same(self, before: _Row, row: _Row) -> bool:
        return before.cells == row.cells or (
            self._has_ages and is_same(before.cells, row.cells, row.time - before.time)
        )


def is_same(before: Sequence[str], cells: Sequence[str], elapsed: float) -> bool:
    """Return whether a row is as it was, so many seconds before, but for ages that have grown by just that."""
    return len(before) == len(cells) and all(
        old == new or _has_aged(old, new, elapsed) for old, new in zip(before, cells)
    )


def _has_aged(before: str, cell: str, elapsed: float) -> bool:
    if not (AGED.fullmatch(before) and AGED.fullmatch(cell)) or AGE.sub("", before) != AGE.sub("", cell):
        return False
    for old, new in zip(AGE.findall(before), AGE.findall(cell)):
        (old_least, old_most), (new_least, new_most) = age_bounds(old), age_bounds(new)
        if not old_least + elapsed - _SLACK <= new_most or not new_least <= old_most + elapsed + _SLACK:
            return False
    return True


def age_bounds(age: str) -> tuple[int, int]:
    """Return the least and the most seconds of an age, which is cut to its last unit."""
    parts = [(int(number), unit) for number, unit in re.findall(r"(\d+)([ydhms])", age)]
    least = sum(number * UNITS[unit] for number, unit in parts)
    return least, least + UNITS[parts[-1][1]]
