# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Orders over a fleet: each kubectl sorts its own answer, and the answers are merged by keys that it prints beside it.

kubectl's order can't be rebuilt: its comparison is not transitive (two texts that are both quantities are compared as
such), its sort isn't stable, and its versions differ. So what a cluster printed keeps its order, whatever the keys are;
they only say how the answers interleave.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain, islice, pairwise

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.amounts import quantity
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.messages.natural_order import natural_key
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any

# kubectl prints neither of them in an object's field, so a value may hold any other text, including newlines.
_FIELD, _RECORD = "\x1f", "\x1e"

# Flags that only change how the answer looks; some of them cannot be combined with a jsonpath, or make it fail where
# an object lacks the field.
_LOOKS = (
    *("output", "template", "no-headers", "show-labels", "label-columns", "show-kind", "show-managed-fields"),
    "allow-missing-template-keys",
)


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
    return fields_command(line, f"jsonpath={{range .items[*]}}{record}{{end}}{record}")


def fields_command(line: CommandLine, template: str) -> CommandLine:
    """Return the command that prints fields of the objects that `line` prints. template: the value of --output"""
    return grammar.with_flags(grammar.without(line, _LOOKS), ("output", template))


def parse_keys(text: str) -> list[SortKey]:
    """Return the keys of the objects in what `keys_command` printed."""
    keys = _records(text)
    return keys[:-1] if keys and keys[-1].kind == "list" else keys


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
    a key get the last one. A row's cluster and its order in it don't depend on that.
    """
    kind = group.partition(".")[0]
    values = [key.value for key in keys if not kind or key.kind == kind]
    return (values + values[-1:] * count)[:count] if values else [""] * count


def merged_order(sequences: Sequence[Sequence[str]], descending: bool = False) -> list[int]:
    """Return the order in which the rows of several clusters are merged, as indexes into all of the rows.

    sequences: the values of each cluster's rows, in the order in which its kubectl printed them
    The order within a sequence is kept. Rows with equal values are in the order of their sequences. As in kubectl's
    isLess (pkg/cmd/get/sorter.go), missing values come first and quantities are compared by size.
    """
    sort_keys = _sort_keys(sequences)
    lasting = [
        key
        for sequence in sequences
        # A row never moves ahead of those that its kubectl has ahead of it.
        for key in accumulate(islice(sort_keys, len(sequence)), min if descending else max)
    ]
    return sorted(range(len(lasting)), key=lasting.__getitem__, reverse=descending)


def _sort_keys(sequences: Sequence[Sequence[str]]) -> Iterator[Any]:
    """Yield a key of a total order for each value."""
    text_key = natural_key if _are_natural(sequences) else str
    for value in chain.from_iterable(sequences):
        amount = quantity(value)
        yield (0,) if not value else (2, text_key(value)) if amount is None else (1, amount)


def _are_natural(sequences: Sequence[Sequence[str]]) -> bool:
    """Return whether a kubectl has sorted texts naturally (v2, v10), as early ones did, and not by bytes."""
    return any(
        text > following and natural_key(text) < natural_key(following) and quantity(text) is None
        for sequence in sequences
        for text, following in pairwise(sequence)
        if following
    )


def has_quantities(sequences: Sequence[Sequence[str]]) -> bool:
    """Return whether some of the values are quantities."""
    return any(quantity(value) is not None for value in chain.from_iterable(sequences))
