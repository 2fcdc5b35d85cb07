# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The user's terminal: commands that own it, and questions on it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress

from kubectl_mc.command_line import verbs
from kubectl_mc.processes import kubectl_process, lifelines
from kubectl_mc.processes.memory_files import held_file
from kubectl_mc.processes.requests import Job, Request, job_command
from kubectl_mc.processes.standard_streams import write_whole
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.type_hints import Any

_OURS = (signal.SIGTERM, signal.SIGHUP)  # the terminal sends the others to the whole foreground process group
_TERMINALS = (signal.SIGINT, signal.SIGQUIT)


def run_in_foreground(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command that owns the terminal, as a shell would, and return its exit status.

    It inherits stdin and all other descriptors that we inherited, such as the pipe of a shell's `<(…)`.

    Ctrl-C goes to the whole foreground process group, and the command decides what it means; it must not get it twice,
    as a second one may end what the first one only interrupts. A signal that only we receive is passed on, so that the
    command can restore the terminal; after SIGTERM and SIGHUP, SystemExit is raised at its end.
    """
    from plumbum import local

    received: list[int] = []
    early: list[int] = []  # of these, before the process ran
    process: Any = None  # a subprocess.Popen, as plumbum extends it

    def pass_on(number: int, frame: object) -> None:
        received.append(number)
        if process is None:
            early.append(number)
        elif number in _OURS or not has_foreground():
            process.send_signal(number)

    handlers = {number: signal.getsignal(number) for number in (*_TERMINALS, *_OURS)}
    try:
        for number, handler in handlers.items():
            # What is ignored, as under nohup, stays so. We ignore nothing ourselves: the command would inherit it.
            if handler != signal.SIG_IGN:
                signal.signal(number, pass_on)
        with lifelines.lifeline() as line:
            with local.env(**environment):
                command = local[argv[0]][list(argv[1:])]
                process = command.popen(stdin=None, stdout=None, stderr=None, pass_fds=(*_inherited(), *line.inherited))
            line.bind(process.pid)
            for missed in early:
                process.send_signal(missed)
            status = int(process.wait())
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if ended_by := [number for number in received if number in _OURS]:
        raise SystemExit(128 + ended_by[0])
    return status if status >= 0 else 128 - status  # ended by a signal


def _inherited() -> list[int]:
    """Return the descriptors, besides stdin, stdout and stderr, that this process has inherited; its own ones aren't
    inheritable (PEP 446).
    """
    inherited = []
    for name in os.listdir("/dev/fd"):
        with suppress(OSError):  # the descriptor by which the folder is read
            if int(name) > 2 and os.get_inheritable(int(name)):
                inherited.append(int(name))
    return inherited


def has_foreground() -> bool:
    """Return whether our process group is the one that a terminal sends Ctrl-C to, and that may read from it."""
    try:
        with open("/dev/tty", "rb", buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def run_and_read(argv: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes]:
    """Run a command that may ask on the terminal; return its exit status, and the start of its stdout.

    Its stdin and stderr are ours. The terminal sends it Ctrl-C; if it goes on in spite of that, it is ended after the
    grace. It ends with this process, too.
    Raises KeyboardInterrupt after Ctrl-C, OSError if it can't be started.
    """
    interrupts: list[float] = []
    handler = signal.signal(signal.SIGINT, lambda number, frame: interrupts.append(time.monotonic()))
    line = lifelines.open_lifeline()
    try:
        with _kept_terminal():
            process = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, pass_fds=line.inherited)
            try:
                line.bind(process.pid)
                stdout = _read_to_end(process, interrupts)
            except BaseException:  # a signal for us, after which the lifeline ends what ignores this
                process.terminate()
                raise
    finally:
        signal.signal(signal.SIGINT, handler)
    line.close()
    if interrupts:
        raise KeyboardInterrupt
    return process.returncode, stdout


@contextmanager
def _kept_terminal() -> Iterator[None]:
    """Restore the settings of the terminal at the end: what was ended while it read a password has left it silent."""
    import termios

    try:
        before = termios.tcgetattr(_STDIN)
    except termios.error:  # stdin is no terminal
        yield
        return
    try:
        yield
    finally:
        with suppress(termios.error):
            if termios.tcgetattr(_STDIN) != before and has_foreground():  # else the system would stop us
                termios.tcsetattr(_STDIN, termios.TCSADRAIN, before)


_STDIN = 0
_GRACE = 2.0  # seconds between Ctrl-C and SIGTERM, and again to SIGKILL
_LONGEST = 1 << 20  # bytes that are kept of what it writes
_LOOK_AGAIN = 0.1  # seconds between two looks at whether it has ended


def _read_to_end(process: subprocess.Popen[bytes], interrupts: Sequence[float]) -> bytes:
    """Return what a process writes to stdout until it ends; at most `_LONGEST` bytes.

    A program that it leaves behind may hold the pipe open for ever.
    """
    import selectors

    assert process.stdout
    written, is_open = bytearray(), True
    os.set_blocking(process.stdout.fileno(), False)
    with process.stdout, selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if is_open:
                selector.select(_LOOK_AGAIN)
            else:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK_AGAIN)
            has_ended = process.poll() is not None  # then what is there now is all
            while is_open and (chunk := _read_now(process.stdout.fileno())) is not None:
                is_open = bool(chunk)
                if len(written) < _LONGEST:
                    written += chunk
                if not has_ended or len(written) >= _LONGEST:
                    break
            if not is_open and selector.get_map():
                selector.unregister(process.stdout)
            if has_ended:
                return bytes(written)
            _end_in_time(process, interrupts)


def _read_now(descriptor: int) -> bytes | None:
    """Return what can be read now; b"" at the end, None if nothing is there."""
    try:
        return os.read(descriptor, _LONGEST)
    except BlockingIOError:
        return None


def _end_in_time(process: subprocess.Popen[bytes], interrupts: Sequence[float]) -> None:
    """End a process that goes on in spite of Ctrl-C."""
    since = time.monotonic() - interrupts[0] if interrupts else 0.0
    if since > 2 * _GRACE:
        process.kill()
    elif since > _GRACE:
        process.terminate()


def pick_lines(
    lines: Sequence[str], prompt: str, environment: Mapping[str, str], header: str, several: bool
) -> list[int] | None:
    """Return the indexes of the lines picked with fzf, which draws on the terminal itself; None if it can't be run.

    lines, prompt, header: without control characters
    several: whether several lines can be picked
    Raises KeyboardInterrupt if the user leaves fzf (Esc, Ctrl-C).
    """
    from plumbum import CommandNotFound, local

    flags = ["--multi" if several else "--no-multi", "--tiebreak=index", "--layout=reverse"]
    flags += ["--delimiter=\t", "--with-nth=2..", "--header", header, "--prompt", prompt]
    # FZF_DEFAULT_OPTS must neither pick by itself, nor change what is printed, nor run a program with a foreign name.
    flags += ["--no-select-1", "--no-expect", "--no-print-query", "--no-print0", "--preview="]
    with local.env(**environment):
        try:
            fzf = local["fzf"][flags]
        except CommandNotFound:
            return None
        numbered = "\n".join(f"{index}\t{line}" for index, line in enumerate(lines))
        status, picked, _ = (fzf << numbered).run(retcode=None, stderr=None)
    if status == 130:
        raise KeyboardInterrupt
    if status not in (0, 1):  # 1: no match
        return None
    indexes = [line.partition("\t")[0] for line in str(picked).splitlines()]
    return sorted({int(index) for index in indexes if index.isdecimal() and int(index) < len(lines)})


def is_available() -> bool:
    """Return whether there is a terminal to ask on, whatever stdin and stdout are."""
    try:
        with open("/dev/tty", "r+b", buffering=0):
            return True
    except OSError:
        return False


def ask_user(question: str) -> str:
    """Ask on the terminal, and return the line typed. Raises OSError without one, KeyboardInterrupt on Ctrl-C."""
    import termios

    from kubectl_mc.messages.terminal_text import safe_text

    with open("/dev/tty", "r+b", buffering=0) as terminal:
        termios.tcflush(terminal, termios.TCIFLUSH)  # what was typed before the question does not answer it
        line = b""
        try:
            write_whole(terminal, safe_text(question).encode())
            line = terminal.readline()
        finally:
            if not line.endswith(b"\n"):  # Ctrl-C, Ctrl-D
                terminal.write(b"\n")
        return line.decode("utf-8", "replace")


def foreground_target(target: Target) -> Target:
    """Return the target as a command on the terminal reaches it: by the user's own kubeconfig, if that suffices."""
    if target.context and not target.kubeconfig.exec_entry:
        return target._replace(kubeconfig=Kubeconfig(None, starts_programs=True))
    return target


def run_on_target(request: Request, target: Target) -> int:
    """Run a command on the terminal and on one cluster, and return its exit status.

    It gets the user's own variables and kubeconfig, because an editor or a shell that it starts inherits them. A
    kubeconfig with a credential is named by a flag.
    """
    target = foreground_target(target)
    command = job_command(request, Job(target, request.line, target.cluster))
    variables = {
        **kubectl_process.safe_variables(request.environment, request.environment.variables, target),
        **dict(target.kubeconfig.variables),
    }
    command = command._replace(env=variables)
    with ExitStack() as stack:
        content = command.kubeconfig
        path = None if content is None else stack.enter_context(held_file(content))
        if path is None or not verbs.is_kubectls(request.line):
            return run_in_foreground(command.argv, command.variables(path))
        length = 1 + len(request.line.path)
        argv = (*command.argv[:length], f"--kubeconfig={path}", *command.argv[length:])
        return run_in_foreground(argv, command.env)
