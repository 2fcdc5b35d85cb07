# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import amounts


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("7", 7), ("-3", -3), ("1.5", "1.5"), (".5", "0.5"), ("5.", 5), ("100m", "0.1"), ("5n", "5e-9"),
        ("5u", "5e-6"), ("1k", 1000), ("1Ki", 1024), ("5Gi", 5 * 2**30), ("5G", 5 * 10**9), ("2E", 2 * 10**18),
        ("2Ei", 2 * 2**60), ("1e3", 1000), ("1E3", 1000), ("1e-3", "0.001"), ("+1", 1),
        ("", None), ("abc", None), ("1x", None), ("1.2.3", None), ("2026-11-23T04:30:14Z", None), ("v1", None),
        ("1K", None), ("e3", None), (".", None), ("1 ", None), ("<none>", None), ("10.0.0.1", None),
    ],
)  # fmt: skip
def test_a_quantity_is_read_as_a_number(text: str, number: str | int | None) -> None:
    assert amounts.quantity(text) == (None if number is None else Decimal(number))


def test_a_long_number_that_is_none_is_seen_to_be_none_at_once() -> None:
    """Its digits can be divided in many ways, all of which would be tried: this test would take hours."""
    assert amounts.quantity("1" * 1_000_000 + "x") is None


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("3", {"quantity": 3}),
        ("5m", {"quantity": "0.005", "age": 300}),
        ("5m10s", {"age": 310}),
        ("3d4h", {"age": 273_600}),
        ("2y3d", {"age": 63_331_200}),
        ("0s", {"age": 0}),
        ("80%", {"percentage": 80}),
        ("12.5%", {"percentage": "12.5"}),
        ("500Mi", {"quantity": 500 * 2**20}),
        *((text, {}) for text in ("", "s", "4h3d", "5 m", "<unknown>", "v1.29", "%", "1" * 51, "1" * 1_000_000 + "d")),
    ],
)
def test_what_a_text_is_as_an_amount(text: str, kinds: dict[str, int | str]) -> None:
    assert amounts.amounts(text) == {kind: Decimal(number) for kind, number in kinds.items()}


@given(st.decimals(-(10**9), 10**9, places=3), st.sampled_from(["", "m", "k", "Ki", "Mi", "Gi", "M"]))
def test_the_order_of_quantities_is_that_of_their_numbers(number: Decimal, suffix: str) -> None:
    amount, larger = (amounts.quantity(f"{each}{suffix}") for each in (number, number + 1))
    assert amount is not None
    assert larger is not None
    assert amount < larger
