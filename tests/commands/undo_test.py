# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.commands import undo


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([0], 0),
        ([7], 7),  # of one cluster, kubectl's own
        ([0, 0], 0),
        ([1, 1], 1),
        ([0, 1], 3),
        ([3, 0], 3),
        ([1, 3], 3),
        ([0, 130], 130),
        ([1, 143], 143),
    ],
)
def test_the_status_of_several_groups_says_whether_anything_was_rolled_back(statuses: list[int], status: int) -> None:
    assert undo._common_status(statuses) == status
