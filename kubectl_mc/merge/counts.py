# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""How many rows of all clusters' tables have the same values in some columns (--count-by). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kubectl_mc.merge.kubectl_tables import CLUSTER, Table, render_tables
from kubectl_mc.merge.row_filter import column_index, is_cluster, without_time
from kubectl_mc.messages import own_tables
from kubectl_mc.messages.natural_order import natural_key

_COUNT = "COUNT"
_NONE = "<none>"  # as kubectl writes that there is no value


class RowCounts:
    """The counts of rows with the same values.

    tables: with a column CLUSTER; one that lacks a column has no value there
    names: of the columns, in capitals or not
    Times behind a cell (`3 (5m ago)`) are left out. The counts are in the natural order of the values; those that
    differ in the last column only, the largest first.
    """

    def __init__(self, tables: Sequence[Table], names: Sequence[str]) -> None:
        names = list({name.casefold(): name for name in names}.values())
        self._header = [_shown_name(name, tables) for name in names]
        counter: Counter[tuple[str, ...]] = Counter()
        for table in tables:
            counter.update(zip(*(_cells(table, name) for name in names)))

        def order(values: tuple[str, ...]) -> tuple[object, ...]:
            *others, last = map(natural_key, values)
            return others, -counter[values], last

        self._counts = {values: counter[values] for values in sorted(counter, key=order)}

    def table(self, headers: bool, colours: bool = False) -> str:
        """Return the counts as a table, "" for none. A further line of a value could pass for a row: there is none."""
        rows = [
            (*(value.replace("\n", "\\n") for value in values), str(count)) for values, count in self._counts.items()
        ]
        table = Table((*self._header, _COUNT), tuple(zip(*rows)))
        return render_tables([table], headers, colours) if rows else ""

    def document(self, form: str) -> str:
        """Return the counts as a document. form: json or yaml"""
        counts = [
            {"columns": dict(zip(self._header, values)), "count": count} for values, count in self._counts.items()
        ]
        return own_tables.render_document("RowCounts", {"counts": counts}, form)


def _index(table: Table, name: str) -> int | None:
    return table.header.index(CLUSTER) if is_cluster(name) else column_index(table.header, name)


def _shown_name(name: str, tables: Sequence[Table]) -> str:
    """Return the name of a column as it is in the first table that has it."""
    return next((table.header[index] for table in tables if (index := _index(table, name)) is not None), name)


def _cells(table: Table, name: str) -> Sequence[str]:
    index = _index(table, name)
    if index is None:
        return [_NONE] * table.row_count
    texts = {cell: without_time(cell) or _NONE for cell in {*table.columns[index]}}
    return [texts[cell] for cell in table.columns[index]]
