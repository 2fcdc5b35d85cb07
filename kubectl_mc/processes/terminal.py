"""The user's terminal: colours by name, and commands that own it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from kubectl_mc.processes import memory_files
from kubectl_mc.processes.requests import Job, Request, job_command
from kubectl_mc.processes.targets import Kubeconfig, Target

# Signals that the terminal sends to the whole foreground process group, and those that may be for us alone.
_OF_THE_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
_ENDING = (signal.SIGTERM, signal.SIGHUP)


def run_in_foreground(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command that owns the terminal, as a shell would, and return its exit status.

    Ctrl-C is the command's: it goes to the whole foreground process group, and the command decides what it means. What
    ends only us ends the command first, so that it can put the terminal back as it was: then SystemExit is raised.
    """
    from plumbum import local

    ending: list[int] = []
    send: list[Callable[[int], None]] = []  # to the command, once it runs

    def end(number: int, frame: object) -> None:
        ending.append(number)
        for to_command in send:
            to_command(number)

    before = {number: signal.getsignal(number) for number in (*_OF_THE_TERMINAL, *_ENDING)}
    try:
        for number, handler in before.items():
            if handler != signal.SIG_IGN:  # as under nohup; nor may we set that, for the command would inherit it
                signal.signal(number, end if number in _ENDING else lambda number, frame: None)
        with local.env(**environment):
            process = local[argv[0]][list(argv[1:])].popen(stdin=None, stdout=None, stderr=None)
        send.append(process.send_signal)
        for early in ending:  # it came before there was a process
            process.send_signal(early)
        status = int(process.wait())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if ending:
        raise SystemExit(128 + ending[0])
    return status if status >= 0 else 128 - status  # ended by a signal


def run_and_read(argv: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes]:
    """Run a command that may ask on the terminal; its exit status, and what it wrote to stdout.

    Raises KeyboardInterrupt if Ctrl-C made it fail, OSError if it can't be started.
    """
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, check=False)
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed and done.returncode:
        raise KeyboardInterrupt
    return done.returncode, done.stdout


@contextmanager
def kubeconfig_file(kubeconfig: bytes | None) -> Iterator[dict[str, str]]:
    """The environment's variable that names this kubeconfig, for a process that isn't dispatch's; {} for None."""
    if kubeconfig is None:
        yield {}
        return
    held = memory_files.hold(kubeconfig)
    try:
        # Not our /dev/fd, for plumbum's processes inherit no descriptors.
        path = f"/proc/{os.getpid()}/fd/{held.inherited[0]}" if held.inherited else held.path
        yield {"KUBECONFIG": path}
    finally:
        held.close()
        held.remove()


def is_available() -> bool:
    """Is there a terminal to ask on, whatever stdin and stdout are?"""
    try:
        with open("/dev/tty", "r+b", buffering=0):
            return True
    except OSError:
        return False


def ask_user(question: str) -> str:
    """A line from the terminal, typed after the question. Raises OSError without one, KeyboardInterrupt for Ctrl-C."""
    import termios

    with open("/dev/tty", "r+b", buffering=0) as terminal:
        termios.tcflush(terminal, termios.TCIFLUSH)  # what was typed before answers something else
        terminal.write(question.encode("utf-8", "replace"))
        line = b""
        try:
            line = terminal.readline()
        finally:
            if not line.endswith(b"\n"):  # Ctrl-C, Ctrl-D
                terminal.write(b"\n")
        return line.decode("utf-8", "replace")


def run_on_target(request: Request, target: Target) -> int:
    """Run a command on the real terminal, on one cluster; its exit status.

    The user's own environment and kubeconfig: an editor or a shell that it starts should find nothing changed.
    """
    # A context stands in the user's own kubeconfig, whatever else is known of it.
    own = target._replace(kubeconfig=Kubeconfig(None, starts_programs=True)) if target.context else target
    found = job_command(request, Job(own, request.line, target.cluster))
    with kubeconfig_file(found.kubeconfig) as variables:
        return run_in_foreground(found.argv, {**request.environment.variables, **variables})
