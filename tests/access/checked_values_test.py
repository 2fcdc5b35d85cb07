# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access.checked_values import RefusedError, scalar_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"), ("", ""), (None, ""), (True, "true"), (False, "false"), (0, "0"), (-7, "-7"),
        # As Go's encoding/json writes them.
        (1.5, "1.5"), (0.00001, "0.00001"), (1e-6, "0.000001"), (1e-7, "1e-7"), (1.5e-7, "1.5e-7"), (1e-10, "1e-10"),
        (1e16, "10000000000000000"), (1e20, "100000000000000000000"), (1e21, "1e+21"), (123456789.125, "123456789.125"),
        (-0.0, "-0"),
    ],
)  # fmt: skip
def test_scalars_are_texts_as_in_json(value: Any, text: str) -> None:
    assert scalar_text(value, "a") == text


@pytest.mark.parametrize("value", [[], {}, float("nan"), float("inf"), float("-inf"), "\0", "\ud800"])
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(RefusedError, match=r"^a "):
        scalar_text(value, "a")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_number_is_that_number(number: float) -> None:
    assert float(json.loads(scalar_text(number, "a"))) == number
