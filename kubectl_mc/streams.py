"""Where a command reads and writes: handed in once, so that nothing else knows of the process's own streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TextIO


class Streams(NamedTuple):
    """Where a command reads and writes."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO

    def answer(self, text: bytes) -> None:
        """Write to stdout, at once."""
        self.stdout.buffer.write(text)
        self.stdout.buffer.flush()

    def say(self, lines: Sequence[str]) -> None:
        """Write lines about the answer to stderr, ahead of what stdout gets next."""
        self.stderr.write("".join(f"{line}\n" for line in lines))
        self.stderr.flush()
