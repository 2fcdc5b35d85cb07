# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.messages.group_names import group_heading, group_names

NAMES = st.lists(
    st.from_regex(r"(dev|prod|d)(-(eu|ap|a))?(-[xyz]{1,2})?", fullmatch=True) | st.text("ab-*?[./", min_size=1),
    unique=True,
    max_size=14,
)


@pytest.mark.parametrize(
    ("names", "others", "text"),
    [
        ("dev", "prod", "dev"),
        ("dev-1 dev-2", "", "dev-1, dev-2"),
        ("dev-1 dev-2 dev-3", "", "dev-*"),
        ("dev-1 dev-2 dev-3", "dev-4", "dev-1, dev-2, dev-3"),
        ("dev-ap-1 dev-ap-2 dev-ap-3 prod", "dev-eu-1", "dev-ap-*, prod"),
        ("prod-1 dev-1 prod-2 dev-2 prod-3 dev-3", "", "prod-*, dev-*"),
        ("dev-1 dev-2 dev-3", "developer", "dev-*"),
        ("fleet/c1 fleet/c2 fleet/c3", "other/c1", "fleet/*"),
        (
            "!a-1 !a-2 !a-3 /b-1 /b-2 /b-3",
            "",
            "!a-1, !a-2, !a-3, /b-1, /b-2, /b-3",
        ),  # '!a-*' would mean others
        ("c1 c2 c3 c4 dev-1 dev-2 dev-3", "", "c[1-4], dev-*"),
    ],
)
def test_a_glob_stands_for_names_that_begin_alike(names: str, others: str, text: str) -> None:
    assert group_names(names.split(), others.split()) == text


@given(NAMES, NAMES)
def test_a_part_fits_names_of_the_group_alone_and_each_name_is_told(names: list[str], others: list[str]) -> None:
    outside = [name for name in others if name not in names]
    parts = group_names(names, outside).split(", ") if names else []
    assert len({*parts}) == len(parts)
    for part in parts:
        assert part in names or not any(fnmatchcase(name, part) for name in outside)
    assert all(any(name == part or fnmatchcase(name, part) for part in parts) for name in names)


def test_the_heading_counts() -> None:
    assert group_heading(["dev-1", "dev-2", "dev-3"], ["prod"]) == "CLUSTERS (3): dev-*"
    assert group_heading(["dev"], ["prod"]) == "CLUSTERS (1): dev"
    assert group_heading(["dev"], ["prod"], is_lone=True) == "CLUSTER: dev"
