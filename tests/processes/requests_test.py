# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from tests.environments import request


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("get pods", 30),
        ("get pods -w", 0),
        ("logs web", 0),
        ("wait pods/a", 60),
        ("wait pods a --timeout=1m30s", 120),
        ("wait pods a --timeout=1m30s --cluster-timeout=5s", 5),
        ("wait pods a --timeout=-1s", 0),
        ("wait pods a --timeout=soon", 0),
        ("wait pods --all --timeout=2s", 0),  # it may be for each of them
        ("wait pods a b --timeout=2s", 0),
        ("wait pods,svc a --timeout=2s", 0),
        ("rollout status deploy/a", 0),
        ("rollout status deploy a --timeout=2s", 32),
        ("delete pods a --timeout=2s", 600),
    ],
)
def test_the_seconds_that_a_cluster_has(text: str, seconds: float) -> None:
    assert request(text).patience == seconds


@pytest.mark.parametrize(
    ("text", "parallel", "at_once"),
    [
        ("get pods", 500, False),
        ("get pods --max-parallel=3", 3, False),
        ("get pods -w --max-parallel=3", 500, True),
        ("wait pods a", 500, True),
        ("rollout status deploy/a", 500, True),
        ("rollout status deploy/a --max-parallel=3", 3, True),
    ],
)
def test_how_many_run_at_a_time(text: str, parallel: int, at_once: bool) -> None:
    assert (request(text).parallel(500), request(text).at_once) == (parallel, at_once)
