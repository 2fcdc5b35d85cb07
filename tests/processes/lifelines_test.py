# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kubectl_mc.processes import lifelines
from tests.processes.event_loop_test import Life, life  # noqa: F401

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has F_SETSIG")

ROOT = Path(__file__).parent.parent.parent
STUBBORN = "trap '' TERM HUP INT; (exec sleep 600) & echo ready; exec sleep 600"

SIDE_BY_SIDE = """
from kubectl_mc.processes import children, event_loop
command = children.Command("c1", ("sh", "-c", {script!r}), {{"PATH": {path!r}}})
for event in event_loop.run_commands([command] * 3, 3, 0):
    print(event, flush=True)
"""
ON_THE_TERMINAL = """
import os
from kubectl_mc.processes import lifelines, terminal
bind = lifelines.Lifeline.bind
lifelines.Lifeline.bind = lambda line, owner: (bind(line, owner), os.write(1, b"bound\\n"))
terminal.run_in_foreground(["sh", "-c", {script!r}], {{"PATH": {path!r}}})
"""
ASKING = """
import os
from kubectl_mc.processes import lifelines, terminal
bind = lifelines.Lifeline.bind
lifelines.Lifeline.bind = lambda line, owner: (bind(line, owner), os.write(1, b"bound\\n"))
terminal.run_and_read(["sh", "-c", {script!r}], {{"PATH": {path!r}}})
"""
ENDED = """
from kubectl_mc.processes import children, event_loop
command = children.Command("c1", ("sh", "-c", {script!r}), {{"PATH": {path!r}}})
for event in event_loop.run_commands([command], 3, 0):
    print(event, flush=True)
"""
PATH = "/usr/bin:/bin"


@contextmanager
def running(program: str, script: str, stderr: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A parent that runs the program; it is killed at the end of a test that has failed."""
    source = program.format(script=script, path=PATH)
    command = [sys.executable, "-c", source]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr) as parent:
        try:
            yield parent
        except BaseException:
            parent.kill()
            raise


@on_linux
def test_children_side_by_side_and_what_they_have_started_end_with_a_parent_that_is_killed(life: Life) -> None:  # noqa: F811
    with running(SIDE_BY_SIDE, f"{life.hold} {STUBBORN}") as parent:
        assert parent.stdout
        for _ in range(3):
            assert b"ready" in parent.stdout.readline()
        parent.kill()
        assert life.is_over()
    assert parent.returncode == -signal.SIGKILL


@on_linux
def test_a_child_on_the_terminal_ends_with_a_parent_that_is_killed(life: Life) -> None:  # noqa: F811
    with running(ON_THE_TERMINAL, f"{life.hold} trap '' TERM HUP INT; echo ready; exec sleep 600") as parent:
        assert parent.stdout
        assert {parent.stdout.readline() for _ in range(2)} == {b"ready\n", b"bound\n"}
        parent.kill()
        assert life.is_over()


@on_linux
def test_a_child_that_asks_ends_with_a_parent_that_is_killed(life: Life) -> None:  # noqa: F811
    script = f"{life.hold} trap '' TERM HUP INT; echo ready >&2; exec sleep 600"
    with running(ASKING, script, stderr=subprocess.STDOUT) as parent:
        assert parent.stdout
        assert {parent.stdout.readline() for _ in range(2)} == {b"ready\n", b"bound\n"}
        parent.kill()
        assert life.is_over()


def test_what_a_child_leaves_running_outlives_both(tmp_path: Path) -> None:
    """Such as the agent of a credential plugin, which serves the next command, too."""
    left = f"(read line < {tmp_path}/go; echo here > {tmp_path}/answer) > /dev/null 2>&1 & echo started"
    subprocess.run(["mkfifo", tmp_path / "go", tmp_path / "answer"], check=True)
    with running(ENDED, left) as parent:
        parent.communicate()
    assert parent.returncode == 0
    (tmp_path / "go").write_text("go\n")
    assert (tmp_path / "answer").read_text() == "here\n"


@pytest.mark.parametrize("lacking", ["F_SETSIG", "/proc"])
def test_elsewhere_a_lifeline_does_nothing(monkeypatch: pytest.MonkeyPatch, lacking: str) -> None:
    if lacking == "F_SETSIG":
        monkeypatch.delattr(fcntl, "F_SETSIG", raising=False)
    else:

        def not_there(path: str, flags: int) -> int:
            raise FileNotFoundError(2, "No such file or directory", path)

        monkeypatch.setattr(os, "open", not_there)
    with lifelines.lifeline() as line:
        line.bind(os.getpid())
    assert line.inherited == ()
