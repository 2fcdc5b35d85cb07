"""Programs that run beside the event loop, in a thread: the loop is for the main thread, which has the signals.

Only where there are files in memory (`memory_files.available`), for nothing is renewed elsewhere.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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

    What it leaves running, such as an agent, is neither waited for nor ended: it writes to memory, and to no pipe.

    patience: the seconds that it may take, 0 for no limit; then its process group is killed
    Raises OSError if it can't be started.
    """
    with lifelines.lifeline() as line, _memory() as stdout, _memory() as stderr:
        process = subprocess.Popen(
            argv, env=variables, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
            start_new_session=True, pass_fds=line.inherited,
        )  # fmt: skip
        line.bind(-process.pid)
        timed_out = False
        try:
            process.wait(patience or None)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            timed_out = True
            process.wait()
        return Completed(process.returncode, _content(stdout), _content(stderr), timed_out)


@contextmanager
def _memory() -> Iterator[int]:
    """Open a file in memory, for a process to write to."""
    descriptor = os.memfd_create("kubectl-mc")
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _content(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)
