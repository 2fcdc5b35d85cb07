# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Which cells of a table are statuses, and what they say."""

from __future__ import annotations

import pytest

from kubectl_mc.messages.colours import GREEN, RED, YELLOW
from kubectl_mc.messages.painting import painted_cell
from kubectl_mc.messages.status_words import POSSIBLE, status_colour


@pytest.mark.parametrize(
    ("colour", "cells"),
    [
        (GREEN, "Running Ready Completed Succeeded Active Bound Available True healthy deployed Synced created Normal"),
        (YELLOW, "Pending Unknown <unknown> <pending> ContainerCreating PodInitializing Terminating Progressing"),
        (YELLOW, "Init:0/1 1/2 0/3 configured Ready,SchedulingDisabled unknown SchedulingDisabled"),
        (RED, "Error CrashLoopBackOff ImagePullBackOff ErrImagePull OOMKilled Evicted NotReady Failed Lost Warning"),
        (RED, "Init:CrashLoopBackOff Init:Error Init:ExitCode:1 Signal:9 CreateContainerConfigError FailedMount"),
        (RED, "NotReady,SchedulingDisabled BackOff FailedScheduling unhealthy degraded deleted Init:ErrImagePull"),
        (None, "2/2 0/0 <none> 0 5m 80/TCP 3/x 1/2/3 Initial error-page 10.0.0.1 unchanged False ready,x , : Init:"),
    ],
)
def test_words(colour: int | None, cells: str) -> None:
    assert {cell: status_colour(cell) for cell in cells.split()} == dict.fromkeys(cells.split(), colour)
    assert colour is None or all(map(POSSIBLE.match, cells.split()))


@pytest.mark.parametrize(
    ("cell", "subject", "colour"),
    [
        ("3 (5m ago)", "RESTARTS", YELLOW),
        ("0", "RESTARTS", None),
        ("unhealthy (HeartbeatMissed)", "HEALTH", RED),
        ("created (server dry run)", "RESULT", GREEN),
        ("Ready for use", "", None),
        ("", "", None),
        ("True", "READY", GREEN),
        ("False", "READY", RED),
        ("False (MissingEndpoints)", "AVAILABLE", RED),
        ("False", "SUSPEND", None),
        ("True", "SUSPEND", YELLOW),
        ("True", "MemoryPressure", RED),
        ("False", "MemoryPressure", GREEN),
        ("yes", "REACHABLE", GREEN),
        ("no (connection refused)", "REACHABLE", RED),
        ("no", "SERVER ANSWERS", RED),
        ("yes", "", None),
    ],
)
def test_what_a_cell_says_with_its_column(cell: str, subject: str, colour: int | None) -> None:
    assert status_colour(cell, subject) == colour


@pytest.mark.parametrize("column", ["NAME", "NAMESPACE", "NODE", "LABELS", "MESSAGE", "AGE", "CONTAINERS"])
def test_names_and_texts_are_no_statuses(column: str) -> None:
    assert painted_cell(column, "error") == "error"
    assert painted_cell("STATUS", "error") == "\x1b[31merror\x1b[0m"
