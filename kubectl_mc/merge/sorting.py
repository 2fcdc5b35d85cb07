"""--sort-by over a whole fleet: kubectl sorts inside one cluster; by the keys it prints, all rows are put in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cmp_to_key
from typing import NamedTuple

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge.kubectl_tables import Table
from kubectl_mc.messages.natural_order import natural_key

# Neither can be in an object's fields as kubectl prints them, so a value may hold any text, newlines too.
_FIELD, _RECORD = "\x1f", "\x1e"

# Flags that only say how the answer looks; some of them can't be combined with a jsonpath.
_LOOKS = (
    "output",
    "template",
    "no-headers",
    "show-labels",
    "label-columns",
    "show-kind",
    "show-managed-fields",
)


class SortKey(NamedTuple):
    """An object's sort key: its kind in lower case, the value of the sort expression, "" for none, and its name."""

    kind: str
    value: str
    name: str = ""


def keys_command(line: CommandLine, expression: str) -> CommandLine:
    """The command that prints the keys of the objects that `line` prints, in the same order inside a type.

    The last record is of the answer itself: the only one where that is a lone object.
    """
    field = "{" + _path(expression) + "}"
    record = f'{{.kind}}{{"\\x1f"}}{field}{{"\\x1f"}}{{.metadata.name}}{{"\\x1e"}}'
    template = f"{{range .items[*]}}{record}{{end}}{record}"
    return grammar.with_flags(grammar.without(line, (*_LOOKS, "sort-by")), ("output", "jsonpath=" + template))


def _path(expression: str) -> str:
    """`metadata.name`, `.metadata.name` and `{.metadata.name}` alike: kubectl's RelaxedJSONPathExpression."""
    inner = re.fullmatch(r"\{?\.?([^{}]*)\}?", expression.strip())
    return "." + inner.group(1) if inner else expression.strip("{}")


def parse_keys(text: str) -> list[SortKey]:
    """The keys in what `keys_command` printed."""
    keys = _records(text)
    return keys[:-1] if keys and keys[-1].kind == "list" else keys


def are_of_list(text: str) -> bool:
    """Are these the keys of a List, not of an object that was asked for by its name?"""
    keys = _records(text)
    return bool(keys) and keys[-1].kind == "list"


def only_keys(text: str, kept: Callable[[str], bool]) -> str:
    """The keys of those objects only whose names are kept, and that of their List."""
    records = text.split(_RECORD)[:-1]
    return "".join(
        record + _RECORD for record, key in zip(records, _records(text)) if key.kind == "list" or kept(key.name)
    )


def _records(text: str) -> list[SortKey]:
    records = [record.split(_FIELD) for record in text.split(_RECORD)[:-1]]
    return [SortKey(kind.lower(), *rest) for kind, *rest in records]


def values_of_type(keys: Sequence[SortKey], group: str, count: int) -> list[str]:
    """The values for the `count` rows of a table of `group` (`deployment.apps`, "" for the only type).

    An object that came or went between the two answers shifts a key; the rows keep kubectl's order then.
    """
    kind = group.partition(".")[0]
    found = [key.value for key in keys if not kind or key.kind == kind]
    return (found + found[-1:] * count)[:count] if found else [""] * count


def sorted_indexes(values: Sequence[str]) -> list[int]:
    """The indexes of the values in sorted order; equal ones keep theirs.

    As kubectl's isLess (pkg/cmd/get/sorter.go): a missing value first, quantities by size, else naturally.
    """
    quantities = [quantity(value) for value in values]
    indexes = range(len(values))
    if all(amount is not None or not value for amount, value in zip(quantities, values)):
        return sorted(indexes, key=lambda index: (quantities[index] is not None, quantities[index] or 0))
    naturals = [natural_key(value) for value in values]
    if not any(quantities):
        return sorted(indexes, key=lambda index: (values[index] != "", naturals[index]))

    def compare(one: int, other: int) -> int:
        left, right = quantities[one], quantities[other]
        if left is not None and right is not None:
            return (left > right) - (left < right)
        a, b = (values[one] != "", naturals[one]), (values[other] != "", naturals[other])
        return (a > b) - (a < b)

    return sorted(indexes, key=cmp_to_key(compare))


_SUFFIXES = {
    **{suffix: Decimal(10) ** power for suffix, power in
       (("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18))},
    **{suffix: Decimal(2) ** power for suffix, power in
       (("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60))},
}  # fmt: skip


def column_order(rows: Table, name: str) -> list[int]:
    """The indexes of a table's rows in the order of a column: quantities (`top`) from the largest on, else by text."""
    if name not in rows.header:
        return list(range(rows.rows))
    cells = rows.columns[rows.header.index(name)]
    amounts = [quantity(cell) for cell in cells]
    if None in amounts:
        return sorted(range(rows.rows), key=cells.__getitem__)
    return sorted(range(rows.rows), key=lambda index: amounts[index] or 0, reverse=True)


def quantity(text: str) -> Decimal | None:
    """A number or a resource.Quantity (`100m`, `5Gi`, `1e3`) as a number, None for anything else."""
    match = re.fullmatch(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i|)|[eE]([+-]?\d{1,3}))", text)
    if not match:
        return None
    number, suffix, exponent = match.groups()
    return Decimal(number) * (Decimal(10) ** int(exponent) if exponent else _SUFFIXES[suffix])
