# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Programs that run beside the event loop, in a thread: the loop is for the main thread, which has the signals.

Only where there are files in memory (`memory_files.available`), for nothing is renewed elsewhere.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import lifelines


class Completed(NamedTuple):
    """How a program has ended. status: as in subprocess; timed_out: it was killed, as it took too long"""

    status: int
    stdout: bytes
    timed_out: bool = False


_LOOK_AGAIN = 0.2  # seconds between two looks at what it has written to stderr


def run_in_background(
    argv: Sequence[str], variables: Mapping[str, str], patience: float, hear: Callable[[bytes], None]
) -> Completed:
    """Run a program without stdin, in a session of its own, and return how it has ended.

    What it leaves running, such as an agent, is neither waited for nor ended: it writes to memory, and to no pipe.

    patience: the seconds that it may take, 0 for no limit; then its process group is killed
    hear: gets what it writes to stderr, soon after it has
    Raises OSError if it can't be started.
    """
    deadline = time.monotonic() + patience if patience else float("inf")
    with lifelines.lifeline() as line, _memory() as stdout, _memory() as stderr:
        process = subprocess.Popen(
            argv, env=variables, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
            start_new_session=True, pass_fds=line.inherited,
        )  # fmt: skip
        line.bind(-process.pid)
        heard, timed_out = 0, False
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK_AGAIN)
            if words := _content(stderr, heard):
                heard += len(words)
                hear(words)
            if process.returncode is not None:
                return Completed(process.returncode, _content(stdout), timed_out)
            if time.monotonic() > deadline:
                timed_out = True
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def _memory() -> Iterator[int]:
    """Open a file in memory, for a process to write to."""
    descriptor = os.memfd_create("kubectl-mc")
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _content(descriptor: int, start: int = 0) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size - start, start)
