# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The streams that a command reads and writes. They are handed in, so no other module uses those of the process."""

from __future__ import annotations

import errno
import io
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import TYPE_CHECKING, BinaryIO, TextIO

if TYPE_CHECKING:
    from kubectl_mc.messages.progress_texts import Awaited, PhaseKind
    from kubectl_mc.processes.children import Command
    from kubectl_mc.processes.progress_line import ProgressLine
    from kubectl_mc.processes.targets import Login


class Streams(NamedTuple):
    """Where a command reads and writes. has_colours: what is said on stderr has colours (`Environment.has_colours`)"""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    has_colours: bool = False

    def answer(self, text: bytes) -> None:
        """Write to stdout, without delay."""
        self.stdout.buffer.write(text)
        self.stdout.buffer.flush()

    def check_reader(self) -> None:
        """Raise BrokenPipeError if stdout is a pipe that nobody reads any more: a quiet watch wouldn't find out."""
        import select

        poll = select.poll()
        poll.register(self.stdout.fileno(), 0)
        gone = select.POLLERR | select.POLLHUP  # Linux says the first of a pipe, macOS the second
        if any(event & gone for _, event in poll.poll(0)):
            raise BrokenPipeError(errno.EPIPE, "nobody reads it")

    def say(self, lines: Sequence[str], relayed: bytes = b"") -> None:
        """Write lines about the answer to stderr, before anything that stdout gets later.

        relayed: what a kubectl has written to its stderr; it comes first, byte for byte
        """
        if not (lines or relayed):
            return
        text = "".join(f"{line}\n" for line in lines)
        if self.stderr.isatty():
            from kubectl_mc.messages.terminal_text import mark_headings

            text = mark_headings(text)
            relayed = mark_headings(relayed.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        if self.has_colours and (text or relayed):
            from kubectl_mc.messages.painted_notices import painted_notices

            text = painted_notices(text)
            relayed = painted_notices(relayed.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
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

    @property
    def display(self) -> Display | None:
        """The terminal behind stderr, if a progress line may be shown there."""
        writer = getattr(self.stderr, "buffer", None)
        return writer.display if isinstance(writer, _WholeWriter) else None

    def say_heading(self, cluster: str) -> None:
        """Write the heading of what is said about a cluster, or several, to stderr."""
        heading = f"CLUSTER: {cluster}"
        if self.has_colours:
            from kubectl_mc.messages.painting import painted_heading

            heading = painted_heading(heading)
        self.stderr.write(f"{heading}\n")
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
def safe_streams(
    stdin: TextIO, stdout: TextIO, stderr: TextIO, variables: Mapping[str, str] | None = None
) -> Iterator[Streams]:
    """Yield the streams of a command. What is written to a terminal can only be read there: see `TerminalFilter`.

    In a file or a pipe, bytes stay as they are. Every write is whole and not delayed. At the end, what the filter has
    held back is written.
    variables: the environment variables, by which the terminal may have a progress line; None: it has none
    """
    display = None
    if variables and hasattr(stderr, "buffer") and stderr.isatty() and _wants_progress(variables):
        display = Display(_unbuffered(stderr.buffer))
    safe = [_safe_stream(stream, display) for stream in (stdout, stderr)]
    try:
        yield Streams(stdin, safe[0], safe[1])
    finally:
        for stream in safe:
            with suppress(OSError):
                stream.flush()
                if stream.isatty() and isinstance(stream.buffer, _Terminal):
                    stream.buffer.end()


def _wants_progress(variables: Mapping[str, str]) -> bool:
    return variables.get("TERM", "dumb") != "dumb" and variables.get("KUBECTL_MC_PROGRESS") != "never"


def _safe_stream(stream: TextIO, display: Display | None) -> TextIO:
    if not hasattr(stream, "buffer"):  # text in memory
        return stream
    if not stream.isatty():
        writer = _WholeWriter(stream.buffer, display)
        return io.TextIOWrapper(writer, stream.encoding, stream.errors, write_through=True)
    return io.TextIOWrapper(_Terminal(stream.buffer, display), "utf-8", "backslashreplace", write_through=True)


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


def _unbuffered(stream: BinaryIO) -> BinaryIO:
    return getattr(stream, "raw", stream)  # PYTHONUNBUFFERED leaves the buffer out


class _WholeWriter(io.BufferedIOBase):
    """A stream to which every write is whole.

    A buffer would give up where a non-blocking pipe is full, and a signal's handler may not write to it again.
    """

    def __init__(self, stream: BinaryIO, display: Display | None = None) -> None:
        self._stream = _unbuffered(stream)
        self.display = display

    def write(self, text: bytes) -> int:  # type: ignore[override]  # of the buffers that may be written, only bytes are
        if not (self.display and text):
            write_whole(self._stream, text)
            return len(text)
        with self.display.written_by(self, text):
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

    def __init__(self, terminal: BinaryIO, display: Display | None) -> None:
        from kubectl_mc.messages.terminal_text import TerminalFilter

        super().__init__(terminal, display)
        self._filter = TerminalFilter()

    def write(self, text: bytes) -> int:  # type: ignore[override]  # as above
        super().write(self._filter.feed(text))
        return len(text)

    def end(self) -> None:
        """Write what the filter has held back, as more could have followed."""
        super().write(self._filter.feed(b"", is_end=True))


# --- The progress line -------------------------------------------------------------------------------------------


class Display:
    """The terminal behind stderr, whose last line may be the progress line.

    Whatever else is written there clears that line first. It is not drawn until the terminal has been quiet for a
    second, nor behind a line without an end, such as a question; nor once stdout is a pipe that has got something, as
    its reader (`| less`) may draw on the terminal itself.
    """

    def __init__(self, terminal: BinaryIO) -> None:
        self._terminal = terminal
        self.line: ProgressLine | None = None
        self._lock = threading.RLock()  # renewals of logins speak from threads, and handlers of signals at any moment
        self._quiet_since = time.monotonic()
        self._line_has_ended = True
        self._is_left_to_reader = False
        self._may_have_echo = False  # Ctrl-C has come, and nothing has been written since

    @contextmanager
    def written_by(self, writer: _WholeWriter, text: bytes) -> Iterator[None]:
        """Clear the progress line for what a stream writes in this block."""
        with self._lock:
            if self.line:
                self.line.clear()
            self._clear_echo()  # a terminal signals first: it may write `^C` after what has cleared it
            self._may_have_echo = False
            yield
            if writer.isatty():
                self._quiet_since, self._line_has_ended = time.monotonic(), text.endswith(b"\n")
            elif stat.S_ISFIFO(os.fstat(writer.fileno()).st_mode):
                self._is_left_to_reader = True

    def draw(self, text: Callable[[int], str]) -> None:
        """Draw the progress line, if it may be drawn now. text: returns it for the width of the terminal, in cells"""
        is_quiet = time.monotonic() - self._quiet_since >= _QUIET
        if not is_quiet or not self._line_has_ended or self._is_left_to_reader:
            return
        from kubectl_mc.processes.progress_line import ProgressLine

        self.line = self.line or ProgressLine(self._write, self._terminal.fileno(), self._lock)
        self.line.draw(text)

    def close(self, is_interrupted: bool) -> None:
        """Clear the progress line for good, if there is one. is_interrupted: by Ctrl-C, so `^C` may stand there"""
        self._may_have_echo = is_interrupted
        if self.line:
            self.line.close()
            self.line = None
        else:
            self._clear_echo()

    def _clear_echo(self) -> None:
        if self._may_have_echo and self._line_has_ended and not self._is_left_to_reader:
            from kubectl_mc.processes.progress_line import clear_echo

            with suppress(OSError):
                clear_echo(self._write, self._terminal.fileno())

    def _write(self, text: bytes) -> None:
        write_whole(self._terminal, text)


_QUIET = 1.0  # seconds


class Phase:
    """A phase of a command, in which it waits for clusters. The progress line says so, and Ctrl-C.

    It is a context manager; in its block, `on_tick` has to be called again and again.
    """

    def __init__(
        self, kind: PhaseKind, streams: Streams, names: Sequence[str], patience: float, title: str = ""
    ) -> None:
        """names: for whom it waits, by the index of the command; more may be appended. patience: of each, in seconds"""
        self._kind, self._names, self._patience, self._title = kind, names, patience, title
        self._display = streams.display
        self._starts: dict[int, float] = {}
        self._ended: set[int] = set()
        self._logins: dict[int, Login] = {}

    def wait_for_logins(self, commands: Sequence[Command]) -> None:
        """Note which of the commands wait for logins."""
        self._logins = {index: command.login for index, command in enumerate(commands) if command.login}

    def add(self, commands: Sequence[Command]) -> None:
        """Wait for further commands, which wait for no login."""
        self._names = [*self._names, *(command.cluster for command in commands)]

    def __enter__(self) -> Phase:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Clear the line. What ends the block for Ctrl-C or another signal gets to know what was waited for."""
        self.close(isinstance(error, KeyboardInterrupt))
        if (isinstance(error, KeyboardInterrupt) and not error.args) or (
            isinstance(error, SystemExit) and error.args == (error.code,)
        ):
            from kubectl_mc.messages.progress_texts import interruption

            error.args = (*error.args, interruption(self._kind, self._awaited()))

    def close(self, is_interrupted: bool) -> None:
        """Clear the line, at the end of a phase that is not a block. is_interrupted: by Ctrl-C"""
        if self._display:
            self._display.close(is_interrupted)

    def begin(self, index: int) -> None:
        """Note that a command has been started."""
        self._starts[index] = time.monotonic()

    def end(self, index: int) -> None:
        """Note that a command has ended."""
        self._ended.add(index)

    @property
    def on_tick(self) -> Callable[[], None] | None:
        """What shows the progress line; None where there is none."""
        display = self._display
        return None if display is None else lambda: display.draw(self._line)

    def _line(self, width: int) -> str:
        from kubectl_mc.messages.progress_texts import progress_line

        awaited = self._awaited()
        return progress_line(self._kind, awaited, width, self._title) if awaited.names else ""

    def _awaited(self) -> Awaited:
        from kubectl_mc.messages.progress_texts import Awaited

        running = [index for index in self._starts if index not in self._ended]
        rest = [index for index in range(len(self._names)) if index not in self._starts]
        names = list(dict.fromkeys(self._names[index] for index in (*running, *rest)))
        logins = {index: self._logins[index] for index in rest if index in self._logins}
        waiting = {index: login for index, login in logins.items() if not login.has_ended}
        is_named = self._kind != "logins"  # it is all about logins
        programs = {self._names[index]: login.program for index, login in waiting.items() if is_named}
        starts = [(self._starts[index], self._patience) for index in running]
        starts += [(login.started, login.patience) for login in waiting.values() if login.started]
        start, patience = starts[0] if starts else (None, self._patience)
        seconds = None if start is None else time.monotonic() - start
        total = len(set(self._names))
        return Awaited(total - len(names), total, names, seconds, patience, programs)
