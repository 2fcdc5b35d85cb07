# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.fleet.picker import parse_numbers
from kubectl_mc.messages import UserError


@pytest.mark.parametrize(
    ("answer", "indexes"),
    [("1\n", [0]), ("1 3-4\n", [0, 2, 3]), ("2,4", [1, 3]), ("all\n", [0, 1, 2, 3]), ("\n", []), ("", [])],
)
def test_an_answer_names_indexes(answer: str, indexes: list[int]) -> None:
    assert parse_numbers(answer, 4) == indexes


@pytest.mark.parametrize("answer", ["0", "5", "3-2", "c1", "1-", "-1", "1-9", "²"])
def test_anything_else_is_said(answer: str) -> None:
    with pytest.raises(UserError):
        parse_numbers(answer, 4)


@pytest.mark.parametrize("answer", ["1 2", "1-2", "all", "5"])
def test_one_line_is_one_number(answer: str) -> None:
    assert parse_numbers("2\n", 4, several=False) == [1]
    with pytest.raises(UserError):
        parse_numbers(answer, 4, several=False)
