# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line.conditions import Condition, parse_condition
from kubectl_mc.command_line.options import from_flags
from kubectl_mc.messages import UserError


@pytest.mark.parametrize(
    ("text", "column", "operator", "value"),
    [
        ("STATUS!=Running", "STATUS", "!=", "Running"),
        ("RESTARTS>3", "RESTARTS", ">", "3"),
        ("restarts >= 3", "restarts", ">=", "3"),
        ("CPU(cores)>100m", "CPU(cores)", ">", "100m"),
        ("MEMORY(bytes) <= 500Mi", "MEMORY(bytes)", "<=", "500Mi"),
        ("CPU%>80", "CPU%", ">", "80"),
        (" LAST SEEN < 1h ", "LAST SEEN", "<", "1h"),
        ("NOMINATED NODE=<none>", "NOMINATED NODE", "=", "<none>"),
        ("NODE=", "NODE", "=", ""),
        ("NAME~^web-[0-9]+$", "NAME", "~", "^web-[0-9]+$"),
        ("NAME!~a=b", "NAME", "!~", "a=b"),
        ("STATUS==Running", "STATUS", "=", "Running"),
        ("STATUS=~Run", "STATUS", "~", "Run"),
        ("A!B=x", "A!B", "=", "x"),
        ('"A=B"!=x', "A=B", "!=", "x"),
        ("LABELS~a=b,c>d", "LABELS", "~", "a=b,c>d"),
        ("AGE>5m", "AGE", ">", "5m"),
    ],
)
def test_a_condition_is_a_column_an_operator_and_a_value(text: str, column: str, operator: str, value: str) -> None:
    assert parse_condition(text) == Condition(column, operator, value, text.strip())


NO_CONDITION = "it must be COLUMN=VALUE, or with another of = != ~ !~ < <= > >="


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        *(
            (text, NO_CONDITION)
            for text in ("STATUS", "STATUS Running", "=x", ">3", " ", "NAME~", "NAME!~ ", '""=x', "A=>3", "A =< 5m")
        ),
        *(
            (text, f"{text.partition('>')[2]!r} is neither a number (3), nor a quantity (500Mi, 100m, 80%), nor an age")
            for text in ("RESTARTS>abc", "RESTARTS>", "X>2026-01-01", "X>v1.2", "X>1/2")
        ),
        ("AGE>5", "the column has ages, and '5' is none, such as 5m or 3d4h"),
        ("last seen<=80%", "the column has ages, and '80%' is none, such as 5m or 3d4h"),
        ("NAME~(", "not a regular expression (Python's): missing ), unterminated subpattern at position 0"),
    ],
)
def test_what_is_wrong_is_said_before_a_cluster_is_asked(text: str, problem: str) -> None:
    with pytest.raises(UserError) as error:
        from_flags([("where", text)])
    assert str(error.value).startswith("invalid argument ")
    assert problem in str(error.value)


@given(st.text(), st.text())
def test_any_text_is_a_condition_or_an_error(column: str, value: str) -> None:
    for operator in ("=", "!=", "~", "<"):
        try:
            condition = parse_condition(f"{column}{operator}{value}")
        except UserError:
            continue
        assert condition.column.strip()
