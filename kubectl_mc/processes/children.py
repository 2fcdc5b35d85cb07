# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""One running process of the event loop: its pipes, its lifeline, its kubeconfig in memory; and its events."""

from __future__ import annotations

# Below `signal`, whose conversions to enums cost ten times as much: some ten blocks are postponed for each process.
import _signal  # type: ignore[import-not-found]
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress

from kubectl_mc import messages
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import lifelines, memory_files
from kubectl_mc.type_hints import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.processes.targets import Login


class Command(NamedTuple):
    """A process to start for a cluster.

    kubeconfig: passed as a file, in memory where that is possible, through KUBECONFIG; None: as env says
    further_kubeconfigs: files that add what `kubeconfig` does not have
    stdin: what the process reads from stdin; None: the stdin of all commands
    typed_paths: paths that stderr may name -> what the user has typed instead
    patience: the seconds that the process may take, 0 for no limit; None: the timeout of all commands
    login: what has to end before anything else of the command is known
    make: returns the rest of it then
    problem: why there is no process to start (and no `argv`); with neither, the command ends at once, and well
    """

    cluster: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    kubeconfig: bytes | None = None
    patience: float | None = None
    further_kubeconfigs: Sequence[str] = ()
    stdin: bytes | None = None
    typed_paths: Mapping[str, str] = {}
    login: Login | None = None
    make: Callable[[], Command] | None = None
    problem: str = ""

    def made(self) -> Command:
        """Return the command, after the login that it waited for has ended."""
        if not self.make:
            return self
        return self.make()._replace(cluster=self.cluster, stdin=self.stdin, patience=self.patience)

    def variables(self, path: str | None) -> Mapping[str, str]:
        """Return the environment variables of the process. path: of the file with the kubeconfig, if there is one"""
        if path is None:
            return self.env
        return {**self.env, "KUBECONFIG": os.pathsep.join((path, *self.further_kubeconfigs))}


class Chunk(NamedTuple):
    """Bytes that the command with this index wrote to the stream, "stdout" or "stderr"."""

    command_index: int
    cluster: str
    stream: str
    text: bytes


class Exit(NamedTuple):
    """The end of the command with this index, after all its chunks.

    status: as in subprocess, -9 for SIGKILL
    unasked: no process was started; the one chunk, of "stderr", says why
    """

    command_index: int
    cluster: str
    status: int
    timed_out: bool = False
    unasked: bool = False


# Where a kubeconfig has no login for a server with TLS, client-go asks for one on stdout (clientcmd/auth_loaders.go),
# and kubectl ends with the error that it had no answer.
_ASKS_TO_LOG_IN = {"stdout": b"Please enter Username: ", "stderr": b"error: EOF\n"}


class Child:
    """A running process, with the read ends of its pipes, and the deadline (of time.monotonic) for its end.

    has_answered: it has written something to stdout
    """

    def __init__(self, command_index: int, command: Command, stdin: str | None, deadline: float) -> None:
        self.command_index = command_index
        self.cluster = command.cluster
        self.typed_paths = command.typed_paths
        self.started = time.monotonic()
        self.deadline = deadline
        self.timed_out = self.has_answered = False
        self._asking: dict[str, bytes] = {}
        self.kubeconfig = held = None if command.kubeconfig is None else memory_files.hold(command.kubeconfig)
        self.lifeline = lifelines.open_lifeline()
        pipes = {name: os.pipe() for name in ("stdout", "stderr")}
        self.streams = {read: name for name, (read, _) in pipes.items()}
        with (
            os.fdopen(pipes["stdout"][1], "wb", 0) as stdout,
            os.fdopen(pipes["stderr"][1], "wb", 0) as stderr,
            _opened_stdin(command, stdin) as stdin_file,
        ):
            try:
                # In a session of its own, a signal to its group reaches what kubectl has started, and nothing else.
                self.process = subprocess.Popen(
                    command.argv, env=command.variables(held and held.path),
                    stdin=stdin_file, stdout=stdout, stderr=stderr,
                    start_new_session=True, pass_fds=(*(held.inherited if held else ()), *self.lifeline.inherited),
                )  # fmt: skip
                self.lifeline.bind(-self.process.pid)
            except BaseException:
                self.release()
                raise
            finally:
                if held:
                    held.close()
        for read in self.streams:
            os.set_blocking(read, False)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self.process.pid

    def release(self) -> None:
        """Close the pipes and remove the kubeconfig of a process that has ended."""
        for read in self.streams:
            os.close(read)
        self.lifeline.close()
        if self.kubeconfig:
            self.kubeconfig.remove()

    def heard(self, stream: str, text: bytes) -> dict[str, bytes]:
        """Return what a chunk says, by its stream: that nobody answers a question for a login is an error like others.

        What may be a part of such a question is kept until more comes, or `unheard` is called.
        """
        if stream == "stderr":
            text = self.as_typed(text)
        text = self._asking.pop(stream, b"") + text
        if text != _ASKS_TO_LOG_IN[stream]:
            return {stream: text}
        self._asking[stream] = text
        if self._asking != _ASKS_TO_LOG_IN:
            return {}
        self._asking.clear()
        return {"stderr": f"error: {messages.NO_LOGIN}\n".encode()}

    def unheard(self) -> dict[str, bytes]:
        """Return what `heard` has kept of a process that has ended."""
        return self._asking

    def as_typed(self, text: bytes) -> bytes:
        """Return an error with the paths that the user has typed. kubectl writes an error at once, so in one chunk."""
        for path, typed in self.typed_paths.items():
            if (name := os.fsencode(path)) in text:
                text = os.fsencode(typed).join(re.split(re.escape(name) + rb"(?!\d)", text))
        return text

    def has_ended(self) -> bool:
        """Return whether the process has ended.

        subprocess takes a lock to look. An exception from a signal's handler at that moment would leave it taken, and
        the next look would wait forever.
        """
        with interrupts_postponed():
            return self.process.poll() is not None

    def send_signal(self, number: int) -> None:
        """Send a signal to the process group of the process."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


@contextmanager
def _opened_stdin(command: Command, path: str | None) -> Iterator[IO[bytes]]:
    """Open what the process reads from stdin: the command's own content, or else the file of all commands."""
    held = nullcontext(path or os.devnull) if command.stdin is None else memory_files.held_file(command.stdin)
    with held as path, open(path, "rb") as file:
        yield file


@contextmanager
def interrupts_postponed() -> Iterator[None]:
    """Postpone Ctrl-C and other signals that end this process to the end of the block.

    A process that has been started has to be in the list of children before. A signal that is ignored, as under nohup,
    or has no Python handler stays as it is.
    """
    handlers = {number: handler for number in _ENDING_SIGNALS if callable(handler := _signal.getsignal(number))}
    received: list[int] = []
    for number in handlers:
        _signal.signal(number, lambda number, frame: received.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            _signal.signal(number, handler)
        if received:
            handlers[received[0]](received[0], None)


_ENDING_SIGNALS = tuple(map(int, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)))
