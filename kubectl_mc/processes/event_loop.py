# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The event loop: it runs commands side by side, one process each, and yields events as they happen."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.children import Child, Command, interrupts_postponed
from kubectl_mc.processes.children import Chunk as Chunk  # of the event loop's interface
from kubectl_mc.processes.children import Exit as Exit
from kubectl_mc.processes.standard_streams import Phase
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from kubectl_mc.processes.login_children import LoginChildren
    from kubectl_mc.processes.places import Places, Starts

GRACE = 2.0  # seconds between SIGTERM to a process group and SIGKILL
TICK = 0.2  # seconds between two calls of on_tick
_LONGEST_WAIT = 24 * 3600.0  # seconds; epoll takes no more than 24 days
_LOOK_AGAIN = 0.002  # seconds between two looks at whether they have ended
_CHUNK_SIZE = 1 << 16
_FEW = 8  # commands that may run side by side on any machine

# Open files that this process needs for each child (two pipes and a lifeline), and besides.
_CHILD_FILES = 3
_OWN_FILES = 48
_MOST_FILES = 10240  # OPEN_MAX of macOS: setrlimit(2) refuses more, though the hard limit says that there is none


class Result(NamedTuple):
    """What the process of a cluster printed, and its exit status; None if Ctrl-C came before its end.

    namespace: the one of several in which it was asked; "" if it isn't one of several
    """

    cluster: str
    stdout: bytes
    stderr: bytes
    status: int | None
    timed_out: bool = False
    namespace: str = ""


class UnaskedResult(Result):
    """The result of a cluster for which no process was started; stderr says why, in our words."""


def files_for(count: int) -> int:
    """Return how many open files `count` children at a time take: three each, and this process's own files."""
    return _CHILD_FILES * count + _OWN_FILES


def raise_file_limit(count: int) -> int:
    """Raise the soft limit of open files (256 on some systems) for `count` children, and return how many may run."""
    wanted, soft = files_for(count), os.sysconf("SC_OPEN_MAX")
    if soft == -1 or soft >= wanted:  # -1: without a limit
        return count
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    for limit in (allowed, min(allowed, max(soft, _MOST_FILES))):
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
            break
    raised, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, (min(raised, allowed) - _OWN_FILES) // _CHILD_FILES)


def _raise(index: int, error: OSError) -> None:
    raise error


def run_commands(
    commands: Sequence[Command],
    max_parallel: int,
    timeout: float,
    stdin: str | None = None,
    on_start: Callable[[int], None] = lambda index: None,
    may_start: Callable[[int], bool] = lambda index: True,
    on_start_error: Callable[[int, OSError], None] = _raise,
    on_tick: Callable[[], None] | None = None,
    awaits: Callable[[], bool] = lambda: False,
    at_once: bool = False,
    unwanted: Container[int] = (),
    tick: float = TICK,
    starts: Starts | None = None,
) -> Iterator[Chunk | Exit]:
    """Start the commands in order, and yield events as they happen.

    A command that waits for a login is started when that has ended; the others don't wait for it.

    commands: more may be appended while some still run
    max_parallel: how many run at a time at most. The machine's places (processes/places.py) may be fewer
    timeout: the seconds that each command may take, 0 for no limit; then its process group is ended
    stdin: the path of a file that each process reads from its start; None for an empty one
    on_start: called with the index of each command after its start; also of one for which there is no process to start
    may_start: called with the index of each command before its start; after a False no more are started
    on_start_error: called with the index of a command whose process can't be started, and why; then no more are
        started. By default the error is raised
    on_tick: called every `tick` seconds; it may append commands
    at_once: all run at a time, whatever the machine has: they wait for each other, or for ever. As many start at a time
        as it has places
    starts: those of commands that run at once, which then tells for how long they have waited
    awaits: while it returns True, the loop goes on without processes, as `on_tick` will append commands
    unwanted: the indexes of commands whose processes are ended; more may come
    Closing the generator, or an exception in it (Ctrl-C), ends every process. Raises OSError.
    """
    children: list[Child] = []
    ready: deque[int] = deque()
    total, parallel, starting = 0, 0, True
    logins: LoginChildren | None = None
    places: Places | Starts | None = starts
    next_tick = time.monotonic() + tick if on_tick else float("inf")
    with selectors.DefaultSelector() as selector, _child_signals(selector):
        try:
            while True:
                if total < len(commands):
                    new = range(total, len(commands))
                    total = len(commands)
                    waiting = {index: login for index in new if (login := commands[index].login)}
                    count = min(max_parallel, total)
                    parallel = min(count, raise_file_limit(count + len(waiting)))
                    ready += [index for index in new if index not in waiting]
                    for index, login in waiting.items():
                        logins = logins or _login_children().LoginChildren(login, children, selector)
                        logins.hold(index, login)
                if logins:
                    ready += logins.go_on()
                running = len(children) - (logins.running if logins else 0)
                if not (running or (starting and (ready or (logins and logins.holds))) or awaits()):
                    break
                room, next_look = parallel - running, float("inf")
                if starting and (starts or min(parallel, running + len(ready)) > _FEW):
                    places = places or _places(at_once)
                    room = min(room, max(_FEW, places.limit(children, time.monotonic())) - len(children))
                    next_look = places.next_look
                while starting and ready and room > 0:
                    index = ready[0]
                    starting = may_start(index)
                    if not starting:
                        break
                    command = commands[index].made()
                    if not command.argv:
                        ready.popleft()
                        on_start(index)
                        yield from _login_children().unasked(index, command)
                        continue
                    patience = timeout if command.patience is None else command.patience
                    deadline = time.monotonic() + patience if patience else float("inf")
                    try:
                        with interrupts_postponed():
                            child = Child(index, command, stdin, deadline)
                            children.append(child)
                    except OSError as error:
                        starting = False
                        on_start_error(index, error)
                        break
                    ready.popleft()
                    room -= 1
                    on_start(index)
                    for read in child.streams:
                        selector.register(read, selectors.EVENT_READ, child)
                # While a plugin asks, nothing is started. So all that can be are started first.
                may_ask = logins and (not ready or len(children) - logins.running >= parallel)
                if logins and may_ask and logins.wants_terminal:
                    try:
                        logins.ask()
                    except KeyboardInterrupt:  # what has ended meanwhile has answered
                        yield from logins.others(_next_events(selector, children, 0.0, unwanted))
                        raise
                elif children or awaits():
                    until = min(next_tick, next_look if ready else next_tick)
                    if logins:
                        until = min(until, logins.next_look)
                    events = _next_events(selector, children, until, unwanted)
                    yield from logins.others(events) if logins else events
                if on_tick and time.monotonic() >= next_tick:
                    on_tick()
                    next_tick = time.monotonic() + tick
        finally:
            _end_all(children)


def _places(at_once: bool) -> Places | Starts:
    from kubectl_mc.processes import places

    return (places.Starts if at_once else places.Places)(places.Machine())


def _login_children() -> ModuleType:
    from kubectl_mc.processes import login_children

    return login_children


def _next_events(
    selector: selectors.BaseSelector, children: list[Child], until: float, unwanted: Container[int]
) -> Iterator[Chunk | Exit]:
    """Wait until a child writes, ends or is out of time, or until this time, and yield the events."""
    wait = min([until, *(child.deadline for child in children)]) - time.monotonic()
    ready = [key for key, _ in selector.select(min(max(0.0, wait), _LONGEST_WAIT))]
    a_child_has_ended = False
    for key in ready:
        if key.data is None:
            a_child_has_ended = bool(os.read(key.fd, _CHUNK_SIZE))  # SIGCHLD, which doesn't say which one
        else:
            yield from _read(selector, key.data, key.fd)
    closed_pipes = [key.data for key in ready if key.data and key.fd not in key.data.streams]
    maybe_ended: Iterable[Child] = list(children) if a_child_has_ended else dict.fromkeys(closed_pipes)
    now = time.monotonic()
    for child in children:
        if now >= child.deadline or (child.command_index in unwanted and not child.timed_out):
            child.send_signal(signal.SIGKILL if child.timed_out else signal.SIGTERM)
            child.timed_out, child.deadline = True, now + GRACE
    for child in maybe_ended:
        if not child.has_ended():
            continue
        # A program that outlives its kubectl may hold the pipes open forever, so what they contain now is all.
        for read in list(child.streams):
            yield from _read(selector, child, read, to_end=True)
        yield from _chunks(child, child.unheard())
        if child.timed_out:
            child.send_signal(signal.SIGKILL)  # what kubectl had started may have ignored SIGTERM
        status = child.process.returncode
        with interrupts_postponed():
            children.remove(child)
            child.release()
            del child.process  # Python ignores what is raised in its finalizer
        yield Exit(child.command_index, child.cluster, status, child.timed_out)


def _read(selector: selectors.BaseSelector, child: Child, read: int, to_end: bool = False) -> Iterator[Chunk]:
    """Yield one chunk from a pipe, or with `to_end` all that it contains; then, or at its end, close the pipe."""
    while True:
        try:
            text = os.read(read, _CHUNK_SIZE)
        except BlockingIOError:
            if not to_end:
                return
            text = b""
        if not text:
            with interrupts_postponed():
                selector.unregister(read)
                os.close(read)
                del child.streams[read]
            return
        texts = child.heard(child.streams[read], text)
        child.has_answered = child.has_answered or "stdout" in texts
        yield from _chunks(child, texts)
        if not to_end:
            return


def _chunks(child: Child, texts: Mapping[str, bytes]) -> Iterator[Chunk]:
    return (Chunk(child.command_index, child.cluster, stream, text) for stream, text in texts.items())


def _end_all(children: Sequence[Child]) -> None:
    """End the children: by SIGTERM, and by SIGKILL after the grace, or at once if Ctrl-C comes during the grace."""
    try:
        for child in children:
            child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while not all(child.has_ended() for child in children) and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN)
    finally:
        with interrupts_postponed():
            for child in children:
                child.send_signal(signal.SIGKILL)  # what kubectl had started may have ignored SIGTERM
            for child in children:
                child.process.wait()
                child.release()


@contextmanager
def _child_signals(selector: selectors.BaseSelector) -> Iterator[None]:
    """Wake the selector at the end of a child: SIGCHLD writes a byte to a pipe that the selector watches."""
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
    commands: Sequence[Command],
    max_parallel: int,
    timeout: float,
    stdin: str | None = None,
    interrupts: list[BaseException] | None = None,
    on_end: Callable[[int, float], None] = lambda index, seconds: None,
    phase: Phase | None = None,
    at_once: bool = False,
    meanwhile: Callable[[], None] = lambda: None,
    keep: Callable[[int, Result], Result] = lambda index, result: result,
    after: Callable[[int, Result], Sequence[Command]] = lambda index, result: (),
) -> list[Result]:
    """Run the commands to their ends, and return their results in order. Arguments and errors: as for `run_commands`.

    interrupts: after Ctrl-C or another signal, gets the exception, and the results of the commands that had ended are
        returned; None: it is raised
    on_end: called with the index of each command whose process has ended, and the seconds that it took
    phase: for whom the command waits here
    meanwhile: called once, while the first commands run
    keep: called with the index and the result of each command that has ended; what it returns is kept in its place, so
        that a long output need not be
    after: called with the same; the commands that it returns are run, too, and their results are behind the others'
    """
    commands = list(commands)
    collector = ResultCollector()
    ended: dict[int, Result] = {}
    starts: dict[int, float] = {}

    def note_start(index: int) -> None:
        starts[index] = time.monotonic()
        if phase:
            phase.begin(index)
        if len(starts) == min(len(commands), _FEW):
            meanwhile()

    on_tick = phase.on_tick if phase else None
    if phase:
        phase.wait_for_logins(commands)
    try:
        with phase or nullcontext():
            for event in run_commands(
                commands, max_parallel, timeout, stdin, on_start=note_start, on_tick=on_tick, at_once=at_once
            ):
                collector.add(event)
                if isinstance(event, Exit):
                    index = event.command_index
                    if not event.unasked:
                        on_end(index, time.monotonic() - starts[index])
                    ended[index] = keep(index, collector.take(index, commands[index].cluster))
                    more = after(index, ended[index])
                    commands += more
                    if phase:
                        phase.add(more)
                        phase.end(index)
    except (KeyboardInterrupt, SystemExit) as error:
        if interrupts is None:
            raise
        interrupts.append(error)
    return [ended.get(index) or Result(command.cluster, b"", b"", None) for index, command in enumerate(commands)]


class ResultCollector:
    """Collects the events of `run_commands` into results."""

    def __init__(self) -> None:
        self._written: dict[tuple[int, str], list[bytes]] = {}
        self._exits: dict[int, Exit] = {}

    def add(self, event: Chunk | Exit) -> None:
        """Add an event."""
        if isinstance(event, Exit):
            self._exits[event.command_index] = event
        else:
            self._written.setdefault((event.command_index, event.stream), []).append(event.text)

    def result(self, command_index: int, cluster: str) -> Result:
        """Return the result of a command; without output and with status None if the command has not ended."""
        exit_event = self._exits.get(command_index)
        if not exit_event:
            return Result(cluster, b"", b"", None)
        stdout, stderr = (b"".join(self._written.get((command_index, name), ())) for name in ("stdout", "stderr"))
        if exit_event.unasked:
            return UnaskedResult(cluster, b"", stderr, exit_event.status)
        return Result(cluster, stdout, stderr, exit_event.status, exit_event.timed_out)

    def take(self, command_index: int, cluster: str) -> Result:
        """Return the result of a command that has ended, and forget it."""
        result = self.result(command_index, cluster)
        for name in ("stdout", "stderr"):
            self._written.pop((command_index, name), None)
        return result
