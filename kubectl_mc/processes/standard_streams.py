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

    def check_reader(self) -> None:
        """Raise BrokenPipeError if stdout is a pipe that nobody reads any more: a quiet watch wouldn't find out."""
        import select

        poll = select.poll()
        poll.register(self.stdout.fileno(), 0)
        if any(event & select.POLLERR for _, event in poll.poll(0)):
            raise BrokenPipeError(errno.EPIPE, "nobody reads it")

    def say(self, lines: Sequence[str], relayed: bytes = b"") -> None:
        """Write lines about the answer to stderr, before anything that stdout gets later.

        relayed: what a kubectl has written to its stderr; it comes first, byte for byte
        """
        text = "".join(f"{line}\n" for line in lines)
        if self.stderr.isatty():
            from kubectl_mc.messages.terminal_text import mark_headings

            text = mark_headings(text)
            relayed = mark_headings(relayed.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        if relayed:
            self.stderr.flush()
            self.stderr.buffer.write(relayed)
            self.stderr.buffer.flush()
        self.stderr.write(text)
        self.stderr.flush()

    @property
    def problem(self) -> OSError | None:
        """Why something could not be shown, although nothing was raised."""
        return None

    def say_heading(self, cluster: str) -> None:
        """Write the heading of what is said about a cluster, or several, to stderr."""
        self.stderr.write(f"CLUSTER: {cluster}\n")
        self.stderr.flush()


class SteadyStreams(Streams):
    """Streams for a change, which must not stop half-way because something can't be shown.

    Nobody may read on (`| head`, a closed terminal), or the disk is full.
    """

    # Why something could not be shown, other than that nobody reads it.
    problem: OSError | None = None

    def answer(self, text: bytes) -> None:
        """Write to stdout; go on if that fails."""
        with self._going_on():
            super().answer(text)

    def say(self, lines: Sequence[str], relayed: bytes = b"") -> None:
        """Write lines to stderr; go on if that fails."""
        with self._going_on():
            super().say(lines, relayed)

    def say_heading(self, cluster: str) -> None:
        """Write a heading to stderr; go on if that fails."""
        with self._going_on():
            super().say_heading(cluster)

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO):
                self.problem = error


@contextmanager
def safe_streams(stdin: TextIO, stdout: TextIO, stderr: TextIO) -> Iterator[Streams]:
    """Yield the streams of a command. What is written to a terminal can only be read there: see `TerminalFilter`.

    In a file or a pipe, bytes stay as they are. Every write is whole and not delayed. At the end, what the filter has
    held back is written.
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
    if not hasattr(stream, "buffer"):  # text in memory
        return stream
    if not stream.isatty():
        return io.TextIOWrapper(_WholeWriter(stream.buffer), stream.encoding, stream.errors, write_through=True)
    return io.TextIOWrapper(_Terminal(stream.buffer), "utf-8", "backslashreplace", write_through=True)


def write_whole(stream: BinaryIO, text: bytes) -> None:
    """Write all of a text to an unbuffered stream. Raises OSError.

    A pipe may take only a part of it, or nothing yet: after a signal, or if it is non-blocking.
    """
    rest = memoryview(text)
    while rest:
        count: int | None = stream.write(rest)
        if count is None:
            import select

            select.select([], [stream], [])
        else:
            rest = rest[count:]


class _WholeWriter(io.BufferedIOBase):
    """A stream to which every write is whole.

    A buffer would give up where a non-blocking pipe is full, and a signal's handler may not write to it again.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream: BinaryIO = getattr(stream, "raw", stream)  # PYTHONUNBUFFERED leaves the buffer out

    def write(self, text: bytes) -> int:  # type: ignore[override]  # of the buffers that may be written, only bytes are
        write_whole(self._stream, text)
        return len(text)

    @property
    def name(self) -> str:
        return self._stream.name

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._stream.isatty()


class _Terminal(_WholeWriter):
    """A terminal that is given only what `TerminalFilter` lets through."""

    def __init__(self, terminal: BinaryIO) -> None:
        from kubectl_mc.messages.terminal_text import TerminalFilter

        super().__init__(terminal)
        self._filter = TerminalFilter()

    def write(self, text: bytes) -> int:  # type: ignore[override]  # as above
        super().write(self._filter.feed(text))
        return len(text)

    def end(self) -> None:
        """Write what the filter has held back, as more could have followed."""
        super().write(self._filter.feed(b"", is_end=True))
