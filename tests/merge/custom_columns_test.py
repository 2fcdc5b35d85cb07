from __future__ import annotations

import pytest

from kubectl_mc.merge import custom_columns


@pytest.mark.parametrize(
    ("spec", "headers", "findable"),
    [
        ("N:.metadata.name", ("N",), "N:.metadata.name"),
        (":metadata.name", ("",), "-:metadata.name"),
        ("MY NAME:.a,:.b", ("MY NAME", ""), "MY NAME:.a,-:.b"),
        ("A   B:.a, C:.b,D :.c", ("A   B", " C", "D "), "-:.a,-:.b,-:.c"),
        ("N", ("N",), "N"),
    ],
)
def test_a_header_that_hides_its_column_is_replaced(spec: str, headers: tuple[str, ...], findable: str) -> None:
    assert custom_columns.column_headers(spec) == headers
    assert custom_columns.findable_spec(spec) == findable
