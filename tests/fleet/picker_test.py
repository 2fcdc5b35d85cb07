from __future__ import annotations

import pytest

from kubectl_mc.fleet.picker import parse_numbers
from kubectl_mc.messages import UserError

LINES = ["c1", "c2", "c3", "c4"]


@pytest.mark.parametrize(
    ("answer", "indexes"),
    [("1\n", [0]), ("1 3-4\n", [0, 2, 3]), ("2,4", [1, 3]), ("all\n", [0, 1, 2, 3]), ("\n", []), ("", [])],
)
def test_an_answer_names_indexes(answer: str, indexes: list[int]) -> None:
    assert parse_numbers(LINES, lambda question: answer) == indexes


@pytest.mark.parametrize("answer", ["0", "5", "3-2", "c1", "1-", "-1", "1-9", "²"])
def test_anything_else_is_said(answer: str) -> None:
    with pytest.raises(UserError):
        parse_numbers(LINES, lambda question: answer)


def test_the_list_is_numbered_from_one() -> None:
    asked = []
    parse_numbers(LINES, lambda question: asked.append(question) or "1")  # type: ignore[func-returns-value]
    assert asked[0].startswith("1  c1\n2  c2\n")
