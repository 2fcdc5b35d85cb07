"""The streams that a command reads and writes. They are handed in, so no other module uses those of the process."""

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
        """Write to stdout, without delay."""
        self.stdout.buffer.write(text)
        self.stdout.buffer.flush()

    def say(self, lines: Sequence[str]) -> None:
        """Write lines about the answer to stderr, before anything that stdout gets later."""
        self.stderr.write("".join(f"{line}\n" for line in lines))
        self.stderr.flush()


class SteadyStreams(Streams):
    """Streams for a change, which must not stop half-way when nobody reads on (`| head`, a closed terminal)."""

    def answer(self, text: bytes) -> None:
        """Write to stdout; ignore that nobody reads it."""
        with _ignoring_lost_readers():
            super().answer(text)

    def say(self, lines: Sequence[str]) -> None:
        """Write lines to stderr; ignore that nobody reads them."""
        with _ignoring_lost_readers():
            super().say(lines)


@contextmanager
def _ignoring_lost_readers() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EIO):
            raise
