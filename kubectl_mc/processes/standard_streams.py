"""Where a command reads and writes: handed in once, so that nothing else knows of the process's own streams."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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


class Steady(Streams):
    """Streams for a change, which must not stop half-way because nobody reads on (`| head`, a closed terminal)."""

    def answer(self, text: bytes) -> None:
        with _although_unread():
            super().answer(text)

    def say(self, lines: Sequence[str]) -> None:
        with _although_unread():
            super().say(lines)


@contextmanager
def _although_unread() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EIO):
            raise
