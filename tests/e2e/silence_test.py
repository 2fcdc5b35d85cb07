# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Clusters that were silent lately: a read waits for them 5 s only, says since when, and all is well with an answer."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import MEMBERS, Shell


def kept(user: Shell) -> Path:
    """The file of the silent clusters."""
    return Path(user.environment["HOME"]) / ".kube" / "cache" / "kubectl-mc" / "silent-clusters.json"


def test_a_silent_cluster_is_waited_for_a_short_time_only(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\n")
    assert user.mc("get", "nodes").status == 0
    assert not kept(user).exists()
    with user.fault("c2", "refuse"):
        assert "c2 (connection refused)" in user.mc("get", "nodes").stderr
    assert stat.S_IMODE(kept(user).stat().st_mode) == 0o600
    with user.fault("c2", "hang"):
        done = user.mc("get", "nodes")
        typed = user.mc("get", "nodes", "--cluster-timeout=1s")
    assert re.fullmatch(
        r"Error: Failed to query 1 cluster: c2 \(timed out after 5s, silent since \d\d:\d\d\)\n"
        r"To wait longer for c2: --cluster-timeout=30s\n"
        r"Showing results from 2/3 clusters:\n",
        done.stderr,
    )
    assert (done.status, {row[1] for row in done.rows[1:]}) == (3, {"c1", "c3"})
    assert "c2 (timed out after 1s)\n" in typed.stderr
    assert {row[1] for row in user.mc("get", "nodes").rows[1:]} == {*MEMBERS}
    assert not kept(user).exists()


@pytest.mark.parametrize("text", ["clusters --check", "rollout status deploy/cart -n shop"])
def test_checks_and_streamed_reads_note_who_answers(fresh_home: Callable[..., Shell], text: str) -> None:
    user = fresh_home(mapping="hubContext: hub\n")
    with user.fault("c3", "refuse"):
        assert user.mc(*text.split()).status == 3
    assert kept(user).exists()
    assert user.mc(*text.split()).status == 0
    assert not kept(user).exists()
