# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`make demo`: its clusters differ, so that the commands which it and README show have something to show."""

from __future__ import annotations

import subprocess
import sys

from fixtures import demo


def test_the_demo_shows_what_it_says() -> None:
    command = [sys.executable, "-m", "fixtures.demo"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    introduction, *steps = done.stdout.split("\n# ")
    assert "prod-eu, prod-us, prod-ap, staging, dev" in introduction
    pods, counts, comparison, logs, change, audit = steps

    rows = [row.split()[:4] for row in pods.splitlines() if "CrashLoopBackOff   8" in row]
    assert [row[1:] for row in rows] == [["prod-ap", "0/2", "CrashLoopBackOff"]] * 2
    assert "dev       ImagePullBackOff   1\n" in counts
    assert "+        image: registry.example/cart:1.4.1\n" in comparison
    assert len([line for line in logs.splitlines() if line.startswith("[prod-")]) == 6
    assert "[prod-ap] deployment.apps/cart image updated\n" in change
    assert "1 changed, 2 unchanged\n" in audit
    assert "staging (connection refused)" in done.stderr
    assert done.returncode == 0


def test_a_step_fits_a_terminal_of_80_columns() -> None:
    lines = [line for purpose, command in demo.STORY for line in (f"# {purpose}", *f"$ {command}".split("\n"))]
    assert [line for line in lines if len(line) > 80] == []
