"""A command whose output is read while it runs: what a test waits for is an event, and a deadline only ends it."""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

DEADLINE = 60.0  # seconds after which a test is stuck


class Running:
    """stdout and stderr as far as they have been read; both are read whichever is waited for."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], stdout: int = subprocess.PIPE) -> None:
        self._mark = f"KUBECTL_MC_TEST_RUN={uuid.uuid4()}"
        name, value = self._mark.split("=")
        self.process = subprocess.Popen(
            command,
            env={**env, name: value},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )
        self._read = {"stdout": b"", "stderr": b""}
        self._selector = selectors.DefaultSelector()
        for stream, name in ((self.process.stdout, "stdout"), (self.process.stderr, "stderr")):
            if stream:
                self._selector.register(stream, selectors.EVENT_READ, name)

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        self._selector.close()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    @property
    def stdout(self) -> str:
        return self._read["stdout"].decode()

    @property
    def stderr(self) -> str:
        return self._read["stderr"].decode()

    def until(self, pattern: str, stream: str = "stdout") -> str:
        """Read until the stream holds the pattern (^ and $ are a line's), and give all of it so far."""
        deadline = time.monotonic() + DEADLINE
        while not re.search(pattern, self._read[stream].decode(errors="replace"), re.MULTILINE):
            if not self._step(deadline):
                raise AssertionError(f"{pattern!r} never came; {self._read}")
        return self._read[stream].decode()

    def end(self) -> int:
        """Read to the end; the exit status."""
        deadline = time.monotonic() + DEADLINE
        while self._step(deadline):
            pass
        return self.process.wait(max(0.0, deadline - time.monotonic()))

    def _step(self, deadline: float) -> bool:
        """Read what comes next; False if nothing will."""
        if not self._selector.get_map():
            return False
        ready = self._selector.select(max(0.0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"still running after {DEADLINE}s; {self._read}")
        for key, _ in ready:
            chunk = os.read(key.fd, 1 << 16)
            self._read[key.data] += chunk
            if not chunk:
                self._selector.unregister(key.fileobj)
        return True

    def left(self) -> list[str]:
        """The processes that the command has started and that still run; they inherit its environment."""
        return [process for process in map(self._command, Path("/proc").glob("[0-9]*")) if process]

    def _command(self, process: Path) -> str:
        """Its command line, if it is one of ours."""
        try:
            ours = self._mark.encode() in (process / "environ").read_bytes().split(b"\0")
            return (process / "cmdline").read_text().replace("\0", " ") if ours else ""
        except OSError:
            return ""  # somebody else's, or ended
