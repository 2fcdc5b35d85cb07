# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Conditions on the rows of tables, as they are typed: `--where 'RESTARTS>3'`."""

from __future__ import annotations

import re

from kubectl_mc import messages
from kubectl_mc.command_line.amounts import amounts
from kubectl_mc.named_tuples import NamedTuple

# Those of two characters come first. `==` is another way to write `=`, as in selectors, and `=~` another one of `~`.
_OPERATORS = ("!=", "!~", "<=", ">=", "==", "=~", "=", "<", ">", "~")
_OTHER_WAYS = {"==": "=", "=~": "~"}

_CONDITION = re.compile(
    r'\s*(?:"(?P<quoted>[^"]+)"|(?P<column>[^\s"=<>~].*?))'
    rf"\s*(?P<operator>{'|'.join(_OPERATORS)})\s*(?P<value>.*?)\s*",
    re.DOTALL,
)

# What API servers and kubectl call their columns of ages.
_AGES = ("AGE", "LAST SEEN", "FIRST SEEN")


class Condition(NamedTuple):
    """A condition that a row meets or doesn't.

    column: the name of a column, in capitals or not
    operator: = != ~ !~ < <= > or >=
    text: the condition as it was typed
    """

    column: str
    operator: str
    value: str
    text: str

    @property
    def is_pattern(self) -> bool:
        """Whether the value is a regular expression."""
        return self.operator in ("~", "!~")


def parse_condition(text: str) -> Condition:
    """Return a condition. Whether a pattern is one is not looked at.

    A column whose name has an operator in it is written in double quotes. Raises UserError for what is no condition,
    and for a value that nothing can be compared with.
    """
    match = _CONDITION.fullmatch(text)
    if not match:
        raise messages.bad_condition(text)
    operator = _OTHER_WAYS.get(match["operator"], match["operator"])
    condition = Condition(match["quoted"] or match["column"], operator, match["value"], text.strip())
    is_swapped = (
        condition.operator == "=" and condition.value[:1] in ("<", ">") and amounts(condition.value[1:].strip())
    )
    if is_swapped or (condition.is_pattern and not condition.value):  # `RESTARTS=>3` would never be met
        raise messages.bad_condition(text)
    if condition.operator in ("<", "<=", ">", ">="):
        kinds = amounts(condition.value)
        if not kinds:
            raise messages.bad_amount(text, condition.value)
        if condition.column.upper() in _AGES and "age" not in kinds:
            raise messages.bad_age(text, condition.value)
    return condition
