# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The rows of tables that meet the conditions of --where. Pure."""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line import options as own_options
from kubectl_mc.command_line.amounts import DURATION, Kind, amounts
from kubectl_mc.command_line.conditions import Condition, parse_condition
from kubectl_mc.merge.kubectl_tables import CLUSTER, Table, cluster_index
from kubectl_mc.messages import UserError
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Request

# Whether a cell meets a condition; None if nothing in it can be compared.
Verdict = bool | None

CellTest = Callable[[str], Verdict]

# What an amount of a cell is followed by: `3 (5m ago)`, `1/2`. What it is of may stand ahead: `cpu: 45%/80%`.
_FIRST = re.compile(r"(?:[\w.-]+: )?([^\s/(,]+)(?=[\s/(,]|$)")

# `3 (5m ago)` restarts of a pod, `5m (x3 over 10m)` of an event.
_TIMED = re.compile(rf"(.+) \((?:{DURATION} ago|x\d+ over {DURATION})\)")

_COMPARISONS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def first_amounts(cell: str) -> dict[Kind, Decimal]:
    """Return what a cell begins with, as an amount; {} for none. `<unknown>/80%` has none, as it begins with none."""
    match = _FIRST.match(cell)
    return amounts(match[1]) if match else {}


def without_time(cell: str) -> str:
    """Return a cell without the time behind it, by which it changes by itself: the `3` of `3 (5m ago)`."""
    match = _TIMED.fullmatch(cell)
    return match[1] if match else cell


def column_index(header: Sequence[str], name: str) -> int | None:
    """Return the index of a column, in capitals or not; None if the table hasn't got it."""
    if name in header:
        return header.index(name)
    folded = [other.casefold() for other in header]
    return folded.index(name.casefold()) if name.casefold() in folded else None


def is_cluster(name: str) -> bool:
    """Return whether a column is that of the clusters, which is ours, whatever a cluster calls its own."""
    return name.casefold() == CLUSTER.casefold()


def cell_test(condition: Condition) -> CellTest:
    """Return what tells whether a cell meets a condition."""
    value, is_negated = condition.value, condition.operator.startswith("!")
    if condition.is_pattern:
        search = own_options.pattern("where", value).search
        return lambda cell: (search(cell) is not None) != is_negated
    if condition.operator in ("=", "!="):
        return lambda cell: (value in (cell, without_time(cell))) != is_negated
    typed, compare = amounts(value), _COMPARISONS[condition.operator]
    if "quantity" in typed and value[-1:].isdigit():  # `CPU%>80`
        typed["percentage"] = typed["quantity"]

    def test(cell: str) -> Verdict:
        own = first_amounts(cell)
        return next((compare(own[kind], amount) for kind, amount in typed.items() if kind in own), None)

    return test


def condition_tests(texts: Sequence[str]) -> list[tuple[Condition, CellTest]]:
    """Return conditions as they were typed, each with its test. Raises UserError as `parse_condition`."""
    return [(condition, cell_test(condition)) for condition in map(parse_condition, texts)]


def unknown_column(columns: Sequence[tuple[str, str]], headers: Sequence[str], request: Request) -> UserError | None:
    """Return that no table has a column that is named; None if all are there.

    columns: (the flag that names it, its name); headers: of all columns that there are
    """
    for flag, name in columns:
        if not is_cluster(name) and column_index(headers, name) is None:
            index = cluster_index(headers)
            has_more = request.row.output.has_wide and not grammar.output_format(request.line)[0]
            return messages.unknown_column(flag, name, [*headers[:index], CLUSTER, *headers[index:]], has_more)
    return None


class RowFilter:
    """Tells which rows of tables meet all conditions, and what has to be said of that.

    counted: columns that have to be there as well
    unreadable: the (cluster, namespace)s whose tables can't be read
    """

    def __init__(self, conditions: Sequence[str], counted: Sequence[str] = ()) -> None:
        self._tests = condition_tests(conditions)
        self._columns = [
            *(("where", condition.column) for condition, _ in self._tests),
            *(("count-by", name) for name in counted),
        ]
        self._headers: dict[str, None] = {}
        self._row_count = self._kept_count = 0
        self._incomparable: Counter[str] = Counter()  # rows, by the text of the condition
        # Clusters without a column that others have, by the flag and its name.
        self._lacking: dict[tuple[str, str], dict[str, None]] = {}
        self.unreadable: list[tuple[str, str]] = []

    @property
    def flag(self) -> str:
        """The flag for which the tables are read."""
        return "where" if self._tests else "count-by"

    def kept_tables(self, tables: Sequence[tuple[str, Table]], has_types: bool) -> list[Table | None]:
        """Return the (cluster, table)s of one type with the rows that are kept; None for a table that has none left.

        has_types: whether names may be TYPE/NAME
        """
        for flag, name in dict.fromkeys(self._columns):
            lacking = [(cluster, table.row_count) for cluster, table in tables if not _has_column(table, name)]
            if len(lacking) < len(tables):  # else it is a type without the column
                self._lacking.setdefault((flag, name), {}).update(
                    {cluster: None for cluster, count in lacking if count}
                )
        return [self._kept(cluster, table, has_types) for cluster, table in tables]

    def _kept(self, cluster: str, table: Table, has_types: bool) -> Table | None:
        self._headers.update(dict.fromkeys(name for name in table.header if not name.startswith("\0")))
        self._row_count += table.row_count
        if self._tests:
            verdicts = zip(*(_verdicts(condition, test, cluster, table, has_types) for condition, test in self._tests))
            kept = [index for index, row in enumerate(verdicts) if self._is_kept(row)]
        else:
            kept = list(range(table.row_count))
        self._kept_count += len(kept)
        if len(kept) < table.row_count:
            table = table._replace(columns=tuple([column[row] for row in kept] for column in table.columns))
        return table if kept else None

    def _is_kept(self, row: Sequence[Verdict]) -> bool:
        """Return whether a row that met the conditions so is kept."""
        if all(row):
            return True
        if False not in row:
            for (condition, _), verdict in zip(self._tests, row):
                self._incomparable[condition.text] += verdict is None
        return False

    def judged(self, result: Result) -> Result:
        """Return the result of a cluster, as that of a failure if its table couldn't be read."""
        if (result.cluster, result.namespace) not in self.unreadable:
            return result
        stderr = result.stderr + f"{messages.rows_not_readable(self.flag)}\n".encode()
        return result._replace(stdout=b"", stderr=stderr, status=result.status or 1)

    def problem(self, request: Request) -> UserError | None:
        """Return what is wrong with the flags of a request, as far as the tables show it."""
        return unknown_column(self._columns, [*self._headers], request) if self._headers else None

    def notes(self) -> list[str]:
        """Return what has to be said of the rows that are not kept."""
        notes = [
            messages.lacking_column(name, messages.name_list([*clusters]), flag=flag)
            for (flag, name), clusters in self._lacking.items()
            if clusters
        ]
        notes += [messages.incomparable_rows(text, count) for text, count in self._incomparable.items() if count]
        if self._tests and self._row_count and not self._kept_count:
            notes.append(messages.no_rows_match([condition.text for condition, _ in self._tests]))
        return notes


def _has_column(table: Table, name: str) -> bool:
    return is_cluster(name) or column_index(table.header, name) is not None


def _verdicts(condition: Condition, test: CellTest, cluster: str, table: Table, has_types: bool) -> Sequence[Verdict]:
    """Return of each row whether it meets a condition. Where names are TYPE/NAME, a value without a slash is a name."""
    if is_cluster(condition.column):
        return [test(cluster)] * table.row_count
    column = column_index(table.header, condition.column)
    if column is None:
        return [False] * table.row_count
    cells = table.columns[column]
    if has_types and table.header[column] == "NAME" and "/" not in condition.value and table.type_prefix:
        cells = [cell.partition("/")[2] for cell in cells]
    verdicts = {cell: test(cell) for cell in {*cells}}
    return [verdicts[cell] for cell in cells]
