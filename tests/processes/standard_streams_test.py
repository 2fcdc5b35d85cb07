# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import errno
import fcntl
import io
import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest

from kubectl_mc.processes.standard_streams import SteadyStreams, Streams, safe_streams, write_whole

TEXT = "".join(f"line {number}\n" for number in range(20_000))


def buffered(descriptor: int) -> TextIO:
    return open(descriptor, "w", encoding="utf-8")


def unbuffered(descriptor: int) -> TextIO:
    """As Python opens stdout and stderr with PYTHONUNBUFFERED."""
    return io.TextIOWrapper(io.FileIO(descriptor, "w"), "utf-8", write_through=True)


@contextmanager
def pipe(opened: Callable[[int], TextIO], blocking: bool) -> Iterator[tuple[TextIO, list[bytes]]]:
    """Yield the end of a small pipe to write to, and what has been read from it once the block has ended."""
    read, write = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):  # elsewhere a pipe is as large as it is
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(write, blocking)
    chunks: list[bytes] = []
    reader = threading.Thread(target=lambda: chunks.extend(iter(lambda: os.read(read, 1000), b"")))
    with opened(write) as stream:
        reader.start()
        yield stream, chunks
    reader.join()
    os.close(read)


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("opened", [buffered, unbuffered])
@pytest.mark.parametrize(
    "show",
    [
        lambda streams: streams.answer(TEXT.encode()),
        lambda streams: streams.say(TEXT.splitlines()),
        lambda streams: streams.stdout.write(TEXT),
        lambda streams: streams.stderr.write(TEXT),
    ],
    ids=["answer", "say", "stdout", "stderr"],
)
def test_every_byte_is_written(
    show: Callable[[Streams], object], opened: Callable[[int], TextIO], blocking: bool
) -> None:
    with pipe(opened, blocking) as (stream, chunks), safe_streams(io.StringIO(), stream, stream) as streams:
        show(streams)
    assert b"".join(chunks).decode() == TEXT


class Reluctant(io.RawIOBase):
    """Takes as many bytes at a time as `counts` say; None: nothing yet."""

    def __init__(self, descriptor: int, *counts: int | None) -> None:
        self._descriptor, self._counts = descriptor, iter(counts)
        self.taken = b""

    def fileno(self) -> int:
        return self._descriptor

    def write(self, text: object) -> int | None:
        count = next(self._counts)
        self.taken += bytes(text)[: count or 0]  # type: ignore[call-overload]
        return count


def test_what_a_stream_does_not_take_is_written_again() -> None:
    read, write = os.pipe()
    stream = Reluctant(write, 2, None, None, 3, 0, 1)
    write_whole(stream, b"abcdef")  # type: ignore[arg-type]
    assert stream.taken == b"abcdef"
    os.close(read)
    os.close(write)


def test_what_was_written_as_text_and_as_bytes_is_in_its_order() -> None:
    stdout = io.TextIOWrapper(io.BytesIO())
    with safe_streams(io.StringIO(), stdout, io.StringIO()) as streams:
        streams.stdout.write("a\n")
        streams.answer(b"b\xff\n")
        streams.stdout.write("c\n")
    assert isinstance(stdout.buffer, io.BytesIO)
    assert stdout.buffer.getvalue() == b"a\nb\xff\nc\n"


class Failing(io.RawIOBase):
    def __init__(self, number: int) -> None:
        self._number = number

    def writable(self) -> bool:
        return True

    def write(self, text: object) -> int:
        raise OSError(self._number, os.strerror(self._number))


@pytest.mark.parametrize(("number", "is_problem"), [(errno.EPIPE, False), (errno.EIO, False), (errno.ENOSPC, True)])
def test_a_change_goes_on_where_nothing_can_be_shown(number: int, is_problem: bool) -> None:
    stream = io.TextIOWrapper(Failing(number), write_through=True)  # type: ignore[type-var]
    shows: tuple[Callable[[Streams], None], ...] = (
        lambda streams: streams.answer(b"a"),
        lambda streams: streams.say(["a"]),
        lambda streams: streams.say_heading("c1"),
    )
    with safe_streams(io.StringIO(), stream, stream) as plain:
        for show in shows:
            steady = SteadyStreams(*plain)
            show(steady)
            assert (steady.problem is not None) == is_problem
            with pytest.raises(OSError, match=os.strerror(number)):
                show(plain)


@pytest.mark.parametrize("said", [None, select.POLLERR, select.POLLHUP])
def test_a_pipe_that_nobody_reads_is_noticed(monkeypatch: pytest.MonkeyPatch, said: int | None) -> None:
    """said: what poll says of it on Linux or macOS; None: what it says here"""

    class Poll:
        def register(self, descriptor: int, events: int) -> None:
            pass

        def poll(self, timeout: int) -> list[tuple[int, int]]:
            return [(1, said or 0)]

    read, write = os.pipe()
    with buffered(write) as stdout:
        streams = Streams(io.StringIO(), stdout, io.StringIO())
        streams.check_reader()
        os.close(read)
        if said:
            monkeypatch.setattr(select, "poll", Poll)
        with pytest.raises(BrokenPipeError):
            streams.check_reader()
