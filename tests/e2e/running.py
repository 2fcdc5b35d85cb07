# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A command whose output is read while it runs. Tests wait for output, and fail only at a deadline."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import selectors
import signal
import subprocess
import termios
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

DEADLINE = 60.0  # seconds after which a test fails


class Running:
    """A running command, with all of stdout and stderr that has been read.

    terminal: whether stdin, stdout and stderr are one terminal; all of its output is read as stdout
    """

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], stdout: int = subprocess.PIPE, terminal: bool = False
    ) -> None:
        self._mark = f"KUBECTL_MC_TEST_RUN={uuid.uuid4()}"
        name, value = self._mark.split("=")
        self.terminal: int | None = None
        theirs: int | None = None
        if terminal:
            self.terminal, theirs = pty.openpty()
        self.process = subprocess.Popen(
            command,
            env={**env, name: value},
            stdin=subprocess.DEVNULL if theirs is None else theirs,
            stdout=stdout if theirs is None else theirs,
            stderr=subprocess.PIPE if theirs is None else theirs,
            start_new_session=True,
            preexec_fn=None if theirs is None else _take_terminal,
        )
        self._read = {"stdout": b"", "stderr": b""}
        self._selector = selectors.DefaultSelector()
        for stream, name in (
            (self.terminal, "stdout"),
            (self.process.stdout, "stdout"),
            (self.process.stderr, "stderr"),
        ):
            if stream is not None:
                self._selector.register(stream, selectors.EVENT_READ, name)
        if theirs is not None:
            os.close(theirs)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        for number in self._left():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self._selector.close()
        if self.terminal is not None:
            os.close(self.terminal)
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    @property
    def stdout(self) -> str:
        """What has been read from stdout."""
        return self._read["stdout"].decode()

    @property
    def stderr(self) -> str:
        """What has been read from stderr."""
        return self._read["stderr"].decode()

    def until(self, pattern: str, stream: str = "stdout") -> str:
        """Read until a stream contains the pattern (^ and $ match at lines), and return all of the stream so far."""
        deadline = time.monotonic() + DEADLINE
        while not re.search(pattern, self._read[stream].decode(errors="replace"), re.MULTILINE):
            if not self._step(deadline):
                raise AssertionError(f"{pattern!r} never came; {self._read}")
        return self._read[stream].decode()

    def read_for(self, seconds: float) -> bool:
        """Read what comes in this time. Return whether there can be more."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self._selector.get_map():
            if self._selector.select(left):
                self._step(end)
        return bool(self._selector.get_map())

    def end(self) -> int:
        """Read to the end, and return the exit status."""
        deadline = time.monotonic() + DEADLINE
        while self._step(deadline):
            pass
        return self.process.wait(max(0.0, deadline - time.monotonic()))

    def _step(self, deadline: float) -> bool:
        """Read the next output of either stream. Return whether there can be more."""
        if not self._selector.get_map():
            return False
        ready = self._selector.select(max(0.0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"still running after {DEADLINE}s; {self._read}")
        for key, _ in ready:
            chunk = _chunk(key.fd)
            self._read[key.data] += chunk
            if not chunk:
                self._selector.unregister(key.fileobj)
        return True

    def type(self, text: str) -> None:
        """Type a text on the terminal of the command."""
        assert self.terminal is not None
        os.write(self.terminal, text.encode())

    def interrupt(self) -> None:
        """Send SIGINT to the foreground process group, as Ctrl-C does."""
        os.killpg(self.process.pid, signal.SIGINT)

    def left(self) -> list[str]:
        """Return the command lines of the processes that the command started and that still run."""
        return list(self._left().values())

    def wait_for_left(self) -> None:
        """Wait until nothing runs any more that the command has started."""
        for process in self._left():
            with suppress(ProcessLookupError):
                descriptor = os.pidfd_open(process)
                ready, _, _ = select.select([descriptor], [], [], DEADLINE)
                os.close(descriptor)
                assert ready, f"still running after {DEADLINE}s: {process}"

    def _left(self) -> dict[int, str]:
        """Return them by process id. An inherited environment variable marks them."""
        if not Path("/proc").is_dir():
            pytest.skip("what is running is read from /proc")
        lines = {int(process.name): self._command_line(process) for process in Path("/proc").glob("[0-9]*")}
        return {number: line for number, line in lines.items() if line}

    def _command_line(self, process: Path) -> str:
        try:
            ours = self._mark.encode() in (process / "environ").read_bytes().split(b"\0")
            return (process / "cmdline").read_text().replace("\0", " ") if ours else ""
        except OSError:
            return ""  # a process of another user, or one that has ended


def _take_terminal() -> None:
    """Make stdin the controlling terminal of the session, so that Ctrl-C sends a signal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _chunk(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:  # EIO: no process has the terminal open any more
        return b""
