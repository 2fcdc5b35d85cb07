"""Programs that run beside the event loop, in a thread: the loop is for the main thread, which has the signals."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from kubectl_mc.processes import lifelines


class Completed(NamedTuple):
    """How a program has ended. status: as in subprocess; timed_out: it was killed, as it took too long"""

    status: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False


def run_in_background(argv: Sequence[str], variables: Mapping[str, str], patience: float) -> Completed:
    """Run a program without stdin, in a session of its own, and return how it has ended.

    patience: the seconds that it may take, 0 for no limit; then its process group is killed
    Raises OSError if it can't be started.
    """
    with lifelines.lifeline() as line:
        process = subprocess.Popen(
            argv, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, pass_fds=line.inherited,
        )  # fmt: skip
        line.bind(-process.pid)
        timed_out = False
        try:
            stdout, stderr = process.communicate(timeout=patience or None)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            timed_out = True
            stdout, stderr = process.communicate()
    return Completed(process.returncode, stdout, stderr, timed_out)
