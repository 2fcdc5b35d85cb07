# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The delays between two tries of a stream that broke."""

import pytest

from kubectl_mc.reads import backoff


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0.2), (2, 0.4), (3, 0.8), (6, 6.4), (7, 10.0), (8, 10.0), (100_000, 10.0)]
)
def test_the_delay_doubles_up_to_its_limit(failures: int, seconds: float) -> None:
    assert backoff.delay(failures) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("works", "seconds", "delays"),
    [
        (False, 1.0, [0.2, 0.4, 0.8]),
        (False, 60.0, [0.2, 0.4, 0.8]),
        (True, 1.0, [0.2, 0.4, 0.8]),
        (True, 60.0, [0.2, 0.2, 0.2]),
    ],
)
def test_only_a_try_that_has_worked_for_a_while_ends_a_row(works: bool, seconds: float, delays: list[float]) -> None:
    tries, now = backoff.Tries(), 1000.0
    for expected in delays:
        tries.begin(now)
        if works:
            tries.work()
        now += seconds
        assert tries.end(now) == pytest.approx(expected)
