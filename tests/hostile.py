# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Objects of a hostile hub, with arbitrary JSON in some of their fields."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=5,
)


@st.composite
def hostile(draw: st.DrawFn, original: object, one_in: int) -> object:
    """Return the original with arbitrary JSON for one of `one_in` values. The apiVersion stays."""
    if draw(st.integers(1, one_in)) == 1:
        return draw(JSON)
    if isinstance(original, Mapping):
        return {key: value if key == "apiVersion" else draw(hostile(value, one_in)) for key, value in original.items()}
    if isinstance(original, list):
        return [draw(hostile(value, one_in)) for value in original]
    return original
