# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts about the flags for the rows of tables, --where and --count-by."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from kubectl_mc.messages.words import UserError, did_you_mean, name_list, visible

# What is said of columns is of this length at most: a cluster may call them anything, and have any number.
_MOST_NAMES, _LONGEST_NAME = 50, 60


def bad_condition(text: str) -> UserError:
    """Say that a value of --where is no condition."""
    return UserError(
        f"invalid argument {text!r} for --where: it must be COLUMN=VALUE, or with another of = != ~ !~ < <= > >="
    )


def bad_amount(text: str, value: str) -> UserError:
    """Say that nothing is less or more than the value in a condition."""
    return UserError(
        f"invalid argument {text!r} for --where: {value!r} is neither a number (3), nor a quantity (500Mi, 100m, 80%), "
        "nor an age (5m, 3d4h)"
    )


def bad_age(text: str, value: str) -> UserError:
    """Say that an age is compared with what is none."""
    return UserError(
        f"invalid argument {text!r} for --where: the column has ages, and {value!r} is none, such as 5m or 3d4h"
    )


def no_columns(flag: str, form: str) -> UserError:
    """Say that a flag about columns doesn't go with an output form."""
    if flag == "count-by":
        instead = "With --count-by, -o may be json, yaml or a table's"
    else:
        instead = "Choose objects with -l or --field-selector, or with jq behind -o json"
    return UserError(f"--{flag} is about the columns of a table, and -o {visible(form)} has none. {instead}")


def flags_exclude(flag: str, other: str, reason: str) -> UserError:
    """Say that two flags can't be used together."""
    return UserError(f"--{flag} and --{other} exclude each other: {reason}")


def unknown_column(flag: str, column: str, headers: Sequence[str], has_more: bool) -> UserError:
    """Say that no table has a column that a flag of ours names. headers: those there are; has_more: with -o wide"""
    names = _shown_names(headers)
    hint = did_you_mean(column.upper(), names, cutoff=0.7)
    more = ". With -o wide there are more" if has_more else ""
    return UserError(
        f"--{flag}: no table has a column '{visible(column)}'.{hint} There are: {name_list(names, _MOST_NAMES)}{more}"
    )


def rows_not_readable(flag: str) -> str:
    """Say of a cluster, as its error, that nothing can be told of the rows of its table."""
    return f"error: its table can't be read exactly, so --{flag} can't be applied to it"


def tables_not_joined(flag: str) -> UserError:
    """Say that the tables of all clusters have too many columns for one."""
    return UserError(
        f"the clusters' tables have too many columns together, so --{flag} can't be applied. Choose fewer clusters"
    )


def lacking_column(column: str, clusters: str, headers: Sequence[str] = (), flag: str = "where") -> str:
    """Say that some clusters' tables haven't got a column that a flag names.

    clusters: their names; headers: that there are, if others may not have it either
    """
    rows = "don't match" if flag == "where" else "count as <none>"
    there = f". There are: {name_list(_shown_names(headers), _MOST_NAMES)}" if headers else ""
    return f"--{flag}: no column '{visible(column)}' in {clusters}, whose rows {rows}{there}"


def incomparable_rows(condition: str, count: int) -> str:
    """Say how many rows can't be compared with the value of a condition, and so are not shown."""
    rows = "1 row doesn't match, as it has" if count == 1 else f"{count} rows don't match, as they have"
    return f"--where {shlex.quote(visible(condition))}: {rows} nothing to compare"


def incomparable_row(condition: str) -> str:
    """Say that a row of a watch can't be compared with the value of a condition."""
    return f"--where {shlex.quote(visible(condition))}: rows that have nothing to compare don't match"


def no_rows_match(conditions: Sequence[str]) -> str:
    """Say that there are rows, and none of them meets the conditions."""
    return f"No resources match {' '.join(f'--where {shlex.quote(visible(text))}' for text in conditions)}"


def _shown_names(headers: Sequence[str]) -> list[str]:
    return [name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…" for name in headers if name]
