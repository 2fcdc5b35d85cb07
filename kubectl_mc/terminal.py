"""The user's terminal: colours by name, and commands that own it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TextIO
from zlib import crc32

from kubectl_mc import errors, memory, report
from kubectl_mc.access import Target
from kubectl_mc.kubeconfig import Kubeconfig
from kubectl_mc.request import Job, Request, command

# Foreground colours that can be read on black and on white: cyan, green, magenta, yellow, blue, red; plain and bright.
_COLOURS = (36, 32, 35, 33, 34, 31, 96, 92, 95, 93, 94, 91)


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Only a terminal gets colours, and not if NO_COLOR (https://no-color.org) is set."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def coloured(name: str) -> str:
    """`name` in its colour, which is the same every time."""
    return f"\x1b[{_COLOURS[crc32(name.encode()) % len(_COLOURS)]}m{name}\x1b[0m"


def foreground(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command that owns the terminal, as a shell would, and return its exit status.

    Ctrl-C is the command's: it goes to the whole foreground process group, and the command decides what it means.
    """
    import signal

    from plumbum import local
    from plumbum.commands.modifiers import RETCODE

    # Not SIG_IGN: the command would inherit that.
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        with local.env(**environment):
            status = int(local[argv[0]][list(argv[1:])] & RETCODE(FG=True))
            return status if status >= 0 else 128 - status  # ended by a signal
    finally:
        signal.signal(signal.SIGINT, before)


def answer(argv: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes]:
    """Run a command that may ask on the terminal; its exit status, and what it wrote to stdout.

    Raises KeyboardInterrupt if Ctrl-C made it fail, OSError if it can't be started.
    """
    import signal
    import subprocess

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
    held = memory.hold(kubeconfig)
    try:
        # Not our /dev/fd, for plumbum's processes inherit no descriptors.
        path = f"/proc/{os.getpid()}/fd/{held.inherited[0]}" if held.inherited else held.path
        yield {"KUBECONFIG": path}
    finally:
        held.close()
        held.remove()


def there() -> bool:
    """Is there a terminal to ask on, whatever stdin and stdout are?"""
    try:
        with open("/dev/tty", "r+b", buffering=0):
            return True
    except OSError:
        return False


def ask(question: str) -> str:
    """A line from the terminal. Raises OSError without one, KeyboardInterrupt for Ctrl-C."""
    with open("/dev/tty", "r+b", buffering=0) as terminal:
        terminal.write(question.encode("utf-8", "replace"))
        return terminal.readline().decode("utf-8", "replace")


def run(
    request: Request,
    targets: Sequence[Target],
    say: Callable[[Sequence[str]], None],
    around: Callable[[str, Callable[[], int]], int] = lambda cluster, go: go(),
) -> int:
    """Run a command on the real terminal: on its one cluster, or on one cluster after another with a summary.

    around: called with each cluster and what runs the command there; it returns the exit status
    The user's own environment and kubeconfig: an editor or a shell that it starts should find nothing changed.
    """
    statuses: list[tuple[str, int]] = []
    for place, target in enumerate(targets, start=1):
        if len(targets) > 1:
            say([f"CLUSTER: {target.cluster} ({place}/{len(targets)})"])
        # A context stands in the user's own kubeconfig, whatever else is known of it.
        own = target._replace(kubeconfig=Kubeconfig(None, starts_programs=True)) if target.context else target
        found = command(request, Job(own, request.line, target.cluster))
        with kubeconfig_file(found.kubeconfig) as variables:
            go = partial(foreground, found.argv, {**request.environment, **variables})
            statuses.append((target.cluster, around(target.cluster, go)))
    statuses += [(result.cluster, 1) for result in request.unreachable]
    if request.unreachable:
        say(report.report([], request, shown=True).lines)
    if len(statuses) == 1:
        return statuses[0][1]
    say(errors.summary(request.line.verb, statuses))
    return 1 if any(status for _, status in statuses) else 0
