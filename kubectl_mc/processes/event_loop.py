"""Processes: one kubectl per cluster, side by side, in one event loop without a thread per child.

`run` yields what happens as it happens; `collect` waits for all of it. Nothing here knows what a kubectl prints.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from kubectl_mc.processes import memory_files

# How long a process group that was asked to end (SIGTERM) has before it is killed, in seconds.
GRACE = 2.0
CHUNK = 1 << 16

# Open files that this process needs beside the pipes of its children.
OWN_FILES = 48


def default_parallel() -> int:
    """kubectls at a time: enough to hide the waiting for far clusters, few enough for the memory they take."""
    return max(8, min(32, 4 * (os.cpu_count() or 1)))


class Command(NamedTuple):
    """A process to start for a cluster.

    kubeconfig: given to it as a file, in memory where that is possible, through KUBECONFIG; None: what env says
    patience: seconds that it may take, 0 for no limit; None: what is said of all
    """

    cluster: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    kubeconfig: bytes | None = None
    patience: float | None = None


class Chunk(NamedTuple):
    """Some bytes that the command in this place, for `cluster`, wrote to its "stdout" or "stderr"."""

    place: int
    cluster: str
    stream: str
    text: bytes


class Exit(NamedTuple):
    """The command in this place has ended, all it wrote has been seen; status as in subprocess: -9 for SIGKILL."""

    place: int
    cluster: str
    status: int
    timed_out: bool = False


class Result(NamedTuple):
    """All that the process of a cluster said; status None if it had not ended when the user interrupted."""

    cluster: str
    stdout: bytes
    stderr: bytes
    status: int | None
    timed_out: bool = False


class _Child:
    """A running process and our ends of its pipes."""

    def __init__(self, place: int, command: Command, stdin: str | None, deadline: float) -> None:
        self.place = place
        self.cluster = command.cluster
        self.deadline = deadline
        self.timed_out = False
        self.kubeconfig = None if command.kubeconfig is None else memory_files.hold(command.kubeconfig)
        environment, inherited = command.env, tuple[int, ...]()
        if self.kubeconfig:
            environment, inherited = {**command.env, "KUBECONFIG": self.kubeconfig.path}, self.kubeconfig.inherited
        pipes = {name: os.pipe() for name in ("stdout", "stderr")}
        self.streams = {read: name for name, (read, _) in pipes.items()}
        with (
            os.fdopen(pipes["stdout"][1], "wb", 0) as stdout,
            os.fdopen(pipes["stderr"][1], "wb", 0) as stderr,
            open(stdin or os.devnull, "rb") as given,
        ):
            try:
                # A session of its own: a signal then reaches what kubectl has started, too, and nobody else.
                self.process = subprocess.Popen(
                    command.argv, env=environment, stdin=given, stdout=stdout, stderr=stderr,
                    start_new_session=True, pass_fds=inherited,
                )  # fmt: skip
            except BaseException:
                self.forget()
                raise
            finally:
                if self.kubeconfig:
                    self.kubeconfig.close()
        for read in self.streams:
            os.set_blocking(read, False)

    def forget(self) -> None:
        """Give up what we hold of a process that is no more."""
        for read in self.streams:
            os.close(read)
        if self.kubeconfig:
            self.kubeconfig.remove()

    def end(self, number: int) -> None:
        """Send a signal to the process group, which is the process's own."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def files_for(count: int) -> int:
    """The open files that `count` children at a time take: two pipes each, and our own."""
    return 2 * count + OWN_FILES


def with_files_for(count: int) -> int:
    """How many of `count` children may run at a time: some systems give 256 files. Raises the soft limit."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files_for(count)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return count
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(1, (allowed - OWN_FILES) // 2)


def run_commands(
    commands: Sequence[Command],
    max_parallel: int,
    timeout: float,
    stdin: str | None = None,
    begun: Callable[[int], None] = lambda place: None,
    allow: Callable[[int], bool] = lambda place: True,
) -> Iterator[Chunk | Exit]:
    """Start the commands in order, at most `max_parallel` at a time, and yield what happens.

    commands: more may be added to their end while some still run
    timeout: seconds that each may take, 0 for no limit; then its process group is ended and its Exit says so
    stdin: the path of a file that each gets from its start; None for an empty one
    begun: told the place of each command when it is started
    allow: asked with the place of each command before it is started; after a False no more are, and those that run end
    Closing the generator, or an exception in it (Ctrl-C), ends every process. Raises OSError (of subprocess.Popen).
    """
    children: list[_Child] = []
    started, known, allowed, parallel = 0, 0, True, 0
    with selectors.DefaultSelector() as selector, _child_signals(selector):
        try:
            while (started < len(commands) and allowed) or children:
                if known < len(commands):
                    known = len(commands)
                    parallel = with_files_for(min(max_parallel, known))
                while started < known and len(children) < parallel:
                    allowed = allowed and allow(started)
                    if not allowed:
                        break
                    command = commands[started]
                    patience = timeout if command.patience is None else command.patience
                    deadline = time.monotonic() + patience if patience else float("inf")
                    with _interrupted_later():
                        child = _Child(started, command, stdin, deadline)
                        children.append(child)
                    started += 1
                    begun(child.place)
                    for read, name in child.streams.items():
                        selector.register(read, selectors.EVENT_READ, (child, name))
                if children:
                    yield from _step(selector, children)
        finally:
            _end_all(children)


def _step(selector: selectors.BaseSelector, children: list[_Child]) -> Iterator[Chunk | Exit]:
    """Wait for the next thing to happen, and tell it."""
    patience = min(child.deadline for child in children) - time.monotonic()
    ready = selector.select(None if patience == float("inf") else max(0.0, patience))
    maybe_ended: Iterable[_Child] = {key.data[0]: None for key, _ in ready if key.data}
    for key, _ in ready:
        if key.data is None:
            os.read(key.fd, CHUNK)  # a child has ended, which one is not told
            maybe_ended = list(children)
    for key, _ in ready:
        if key.data:
            child, name = key.data
            yield from _read(selector, child, key.fd, name, CHUNK)
    now = time.monotonic()
    for child in children:
        if now >= child.deadline:
            child.end(signal.SIGKILL if child.timed_out else signal.SIGTERM)
            child.timed_out, child.deadline = True, now + GRACE
    for child in maybe_ended:
        if child.process.poll() is None:
            continue
        # Whatever is in the pipes now is all: a program that outlives its kubectl may hold them open for ever.
        for read, name in list(child.streams.items()):
            yield from _read(selector, child, read, name, None)
        for read in list(child.streams):
            _close(selector, child, read)
        if child.timed_out:
            child.end(signal.SIGKILL)  # what kubectl had started may have ignored the first signal
        children.remove(child)
        child.forget()
        yield Exit(child.place, child.cluster, child.process.returncode, child.timed_out)


def _read(selector: selectors.BaseSelector, child: _Child, read: int, name: str, most: int | None) -> Iterator[Chunk]:
    """What is in the pipe: one chunk of at most `most` bytes, or all of it for None."""
    while read in child.streams:
        try:
            text = os.read(read, most or CHUNK)
        except BlockingIOError:
            return
        if not text:
            _close(selector, child, read)
            return
        yield Chunk(child.place, child.cluster, name, text)
        if most:
            return


def _close(selector: selectors.BaseSelector, child: _Child, read: int) -> None:
    selector.unregister(read)
    os.close(read)
    del child.streams[read]


def _end_all(children: Sequence[_Child]) -> None:
    """End what still runs: asked first, killed after the grace, or at once if we are told to end while we wait."""
    try:
        for child in children:
            child.end(signal.SIGTERM)
        patience = time.monotonic() + GRACE
        for child in children:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(timeout=max(0.01, patience - time.monotonic()))
    finally:
        for child in children:
            child.end(signal.SIGKILL)  # what kubectl had started may have ignored the first signal
        for child in children:
            child.process.wait()
            child.forget()


# What the user, or who started us, ends us with.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@contextmanager
def _interrupted_later() -> Iterator[None]:
    """Put Ctrl-C and the like off to the block's end: it must not come between a process's start and our knowing of it.

    A signal that is ignored, as under nohup, or ends us at once, is left so.
    """
    found = {number: signal.getsignal(number) for number in ENDING}
    handlers = {number: handler for number, handler in found.items() if callable(handler)}
    came = list[signal.Signals]()
    for number in handlers:
        signal.signal(number, lambda number, frame: came.append(signal.Signals(number)))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            handlers[came[0]](came[0], None)


@contextmanager
def _child_signals(selector: selectors.BaseSelector) -> Iterator[None]:
    """Let the end of a child wake the selector: SIGCHLD writes a byte to a pipe that it watches."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    selector.register(read, selectors.EVENT_READ, None)
    handler = signal.signal(signal.SIGCHLD, lambda number, frame: None)
    wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGCHLD, handler)
        os.close(read)
        os.close(write)


def collect_results(
    commands: Sequence[Command], max_parallel: int, timeout: float, stdin: str | None = None, partial: bool = False
) -> list[Result]:
    """Run the commands to their ends; the results in the commands' order. Arguments and errors as for `run`.

    partial: after Ctrl-C, what was complete by then is the result; else KeyboardInterrupt goes on
    """
    gathered = ResultCollector()
    with suppress(*([KeyboardInterrupt] if partial else [])):
        for event in run_commands(commands, max_parallel, timeout, stdin):
            gathered.add(event)
    return [gathered.result(place, command.cluster) for place, command in enumerate(commands)]


class ResultCollector:
    """What commands have said so far, out of the events of `run`."""

    def __init__(self) -> None:
        self._written: dict[tuple[int, str], list[bytes]] = {}
        self._ended: dict[int, Exit] = {}

    def add(self, event: Chunk | Exit) -> None:
        if isinstance(event, Exit):
            self._ended[event.place] = event
        else:
            self._written.setdefault((event.place, event.stream), []).append(event.text)

    def result(self, place: int, cluster: str) -> Result:
        """All that the command in this place has said if it has ended; else nothing, with status None."""
        ended = self._ended.get(place)
        if not ended:
            return Result(cluster, b"", b"", None)
        stdout, stderr = (b"".join(self._written.get((place, stream), ())) for stream in ("stdout", "stderr"))
        return Result(cluster, stdout, stderr, ended.status, ended.timed_out)
