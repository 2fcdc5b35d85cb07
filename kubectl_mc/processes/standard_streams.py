"""The streams that a command reads and writes. They are handed in, so no other module uses those of the process."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, NamedTuple, TextIO, cast


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
        text = "".join(f"{line}\n" for line in lines)
        if self.stderr.isatty():
            from kubectl_mc.messages.terminal_text import mark_headings

            text = mark_headings(text)
        self.stderr.write(text)
        self.stderr.flush()

    def say_heading(self, cluster: str) -> None:
        """Write the heading of what is said about a cluster, or several, to stderr."""
        self.stderr.write(f"CLUSTER: {cluster}\n")
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

    def say_heading(self, cluster: str) -> None:
        """Write a heading to stderr; ignore that nobody reads it."""
        with _ignoring_lost_readers():
            super().say_heading(cluster)


@contextmanager
def _ignoring_lost_readers() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EIO):
            raise


@contextmanager
def safe_streams(stdin: TextIO, stdout: TextIO, stderr: TextIO) -> Iterator[Streams]:
    """Yield the streams of a command. What is written to a terminal can only be read there: see `TerminalFilter`.

    In a file or a pipe, bytes stay as they are. At the end, everything is written out.
    """
    safe = [_safe_stream(stream) for stream in (stdout, stderr)]
    try:
        yield Streams(stdin, *safe)
    finally:
        for stream in safe:
            with suppress(OSError):
                stream.flush()
                if stream.isatty():
                    cast(_Terminal, stream.buffer).end()


def _safe_stream(stream: TextIO) -> TextIO:
    if not stream.isatty():
        return stream
    return io.TextIOWrapper(
        _Terminal(stream.buffer), "utf-8", "backslashreplace", line_buffering=True, write_through=True
    )


class _Terminal(io.BufferedIOBase):
    """A terminal that is given only what `TerminalFilter` lets through."""

    def __init__(self, terminal: BinaryIO) -> None:
        from kubectl_mc.messages.terminal_text import TerminalFilter

        self._terminal, self._filter = terminal, TerminalFilter()

    def write(self, text: bytes) -> int:  # type: ignore[override]  # of the buffers that may be written, only bytes are
        self._terminal.write(self._filter.feed(text))
        return len(text)

    def flush(self) -> None:
        self._terminal.flush()

    def end(self) -> None:
        """Write what the filter has held back, as more could have followed."""
        self._terminal.write(self._filter.feed(b"", is_end=True))
        self._terminal.flush()

    @property
    def name(self) -> str:
        return self._terminal.name

    def fileno(self) -> int:
        return self._terminal.fileno()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return True
