# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
import sys

import pytest

from kubectl_mc.processes import terminal
from tests.e2e.running import Running

# It waits for signals and for stdin alike: a handler wouldn't run for a signal just ahead of a read that blocks.
COUNTING = """
import os, select, signal
read, write = os.pipe()
os.set_blocking(write, False)
signal.signal(signal.SIGINT, lambda number, frame: None)
signal.set_wakeup_fd(write)
print("ready", flush=True)
while 0 not in (ready := select.select([0, read], [], [])[0]):
    for number in os.read(read, 9):
        print("interrupted", flush=True)
"""
LAUNCHER = f"""
import os, sys
from kubectl_mc.processes import terminal
sys.exit(terminal.run_in_foreground([sys.executable, "-c", {COUNTING!r}], os.environ))
"""


@pytest.mark.parametrize("times", [1, 2])
def test_a_program_on_the_terminal_gets_ctrl_c_once(times: int) -> None:
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    with Running([sys.executable, "-c", LAUNCHER], environment, terminal=True) as running:
        running.until("^ready")
        for number in range(1, times + 1):
            running.type("\x03")
            running.until(f"(?:interrupted\\s[^i]*){{{number}}}")
        running.type("done\r")
        assert running.end() == 0
    assert running.stdout.count("interrupted") == times


def test_a_program_on_the_terminal_inherits_what_we_have_inherited(capfd: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()
    os.write(write, b"piped")
    os.close(write)
    os.set_inheritable(read, True)
    own = os.open("/etc/hosts", os.O_RDONLY)
    try:
        script = f"cat /dev/fd/{read}; test -e /dev/fd/{own} || echo '|closed'"
        assert terminal.run_in_foreground(["sh", "-c", script], os.environ) == 0
    finally:
        os.close(own)
        os.close(read)
    assert capfd.readouterr().out == "piped|closed\n"
