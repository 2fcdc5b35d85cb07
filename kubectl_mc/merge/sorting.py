"""--sort-by over a fleet: kubectl sorts within one cluster, and all rows are sorted here by keys that it prints."""

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

# kubectl prints neither of them in an object's field, so a value may hold any other text, including newlines.
_FIELD, _RECORD = "\x1f", "\x1e"

# Flags that only change how the answer looks; some of them cannot be combined with a jsonpath.
_LOOKS = ("output", "template", "no-headers", "show-labels", "label-columns", "show-kind", "show-managed-fields")


class SortKey(NamedTuple):
    """An object's kind in lower case, the value of the sort expression ("" for none), and the object's name."""

    kind: str
    value: str
    name: str = ""


def keys_command(line: CommandLine, expression: str) -> CommandLine:
    """Return the command that prints the keys of the objects that `line` prints, in the same order within a type.

    The last record is that of the answer itself; it is the only record where the answer is a lone object.
    """
    # As kubectl's RelaxedJSONPathExpression: `metadata.name`, `.metadata.name` and `{.metadata.name}` are the same.
    inner = re.fullmatch(r"\{?\.?([^{}]*)\}?", expression.strip())
    path = "." + inner.group(1) if inner else expression.strip("{}")
    record = f'{{.kind}}{{"\\x1f"}}{{{path}}}{{"\\x1f"}}{{.metadata.name}}{{"\\x1e"}}'
    template = f"{{range .items[*]}}{record}{{end}}{record}"
    return grammar.with_flags(grammar.without(line, (*_LOOKS, "sort-by")), ("output", "jsonpath=" + template))


def parse_keys(text: str) -> list[SortKey]:
    """Return the keys of the objects in what `keys_command` printed."""
    keys = _records(text)
    return keys[:-1] if keys and keys[-1].kind == "list" else keys


def are_of_list(text: str) -> bool:
    """Return whether the keys are those of a List, not of one object that was asked for by its name."""
    keys = _records(text)
    return bool(keys) and keys[-1].kind == "list"


def only_keys(text: str, is_kept: Callable[[str], bool]) -> str:
    """Return the records of the objects whose names are kept, and the record of their List."""
    records = text.split(_RECORD)[:-1]
    return "".join(
        record + _RECORD for record, key in zip(records, _records(text)) if key.kind == "list" or is_kept(key.name)
    )


def _records(text: str) -> list[SortKey]:
    return [_sort_key(*record.split(_FIELD)) for record in text.split(_RECORD)[:-1]]


def _sort_key(kind: str, *fields: str) -> SortKey:
    # A value may have a separator in it; of what is between the kind and the name, all is the value.
    *parts, name = fields if len(fields) > 1 else (*fields, "")
    return SortKey(kind.lower(), _FIELD.join(parts), name)


def values_of_type(keys: Sequence[SortKey], group: str, count: int) -> list[str]:
    """Return the values for the `count` rows of a table of `group` (`deployment.apps`, "" for the only type).

    If an object was created or deleted between the two answers, a row may get its neighbour's value, and rows without
    a key get the last one, so that they stay where kubectl has them.
    """
    kind = group.partition(".")[0]
    values = [key.value for key in keys if not kind or key.kind == kind]
    return (values + values[-1:] * count)[:count] if values else [""] * count


def sorted_indexes(values: Sequence[str]) -> list[int]:
    """Return the indexes of the values in sorted order; equal values keep their order.

    As kubectl's isLess (pkg/cmd/get/sorter.go): missing values first, quantities by size, other texts naturally.
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


def column_order(table: Table, name: str) -> list[int]:
    """Return the indexes of a table's rows sorted by a column: quantities (`top`) from the largest on, texts by text.

    A table without that column keeps the order of its rows.
    """
    indexes = range(table.row_count)
    if name not in table.header:
        return list(indexes)
    cells = table.columns[table.header.index(name)]
    amounts = [quantity(cell) for cell in cells]
    if None in amounts:
        return sorted(indexes, key=cells.__getitem__)
    return sorted(indexes, key=lambda index: amounts[index] or 0, reverse=True)


_SUFFIXES = {
    **{suffix: Decimal(10) ** power for suffix, power in
       (("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18))},
    **{suffix: Decimal(2) ** power for suffix, power in
       (("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60))},
}  # fmt: skip


def quantity(text: str) -> Decimal | None:
    """Return a number or a resource.Quantity (`100m`, `5Gi`, `1e3`) as a number; None for any other text."""
    match = re.fullmatch(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([numkMGTPE]|[KMGTPE]i|)|[eE]([+-]?\d{1,3}))", text)
    if not match:
        return None
    number, suffix, exponent = match.groups()
    return Decimal(number) * (Decimal(10) ** int(exponent) if exponent else _SUFFIXES[suffix])
