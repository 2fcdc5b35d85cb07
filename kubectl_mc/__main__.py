# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The start of the process. Only here are the process's streams and environment variables read."""

# Ctrl-C is handled ahead of all other imports, as these take most of the time of a start.
import _signal  # type: ignore[import-not-found]
from posix import _exit

if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, lambda number, frame: _exit(130))

import gc
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

import kubectl_mc

# What a start makes lives as long as the process, so looking for garbage in it costs a few ms for nothing.
gc.set_threshold(50_000)


def run() -> None:
    """Run kubectl-mc with this process's arguments, and exit with its status."""
    kubectl_mc.PROGRAM = kubectl_mc.program_name(sys.argv[0])
    from kubectl_mc import cli

    _exit_with(lambda: cli.main(sys.argv[1:], os.environ, sys.stdin, sys.stdout, sys.stderr))


def complete() -> None:
    """Print the candidates of shell completion for this process's arguments, and exit."""
    kubectl_mc.PROGRAM = kubectl_mc.program_name(sys.argv[0])
    from kubectl_mc.commands import completion
    from kubectl_mc.processes.standard_streams import safe_streams

    def main() -> int:
        candidates, directive = completion.complete(sys.argv[1:], os.environ)
        with safe_streams(sys.stdin, sys.stdout, sys.stderr) as streams:
            streams.stdout.write("".join(f"{candidate}\n" for candidate in candidates) + f":{directive}\n")
        return 0

    _exit_with(main)


def _exit_with(main: Callable[[], int]) -> None:
    """Exit with the status that `main` returns, or that of the signal which ends it."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_DFL:  # otherwise it is ignored, as under nohup
            signal.signal(number, _end)
    _open_closed_streams()
    quiet = signal.getsignal(signal.SIGINT)
    try:
        try:
            if quiet is not signal.SIG_IGN:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            status = main()
        finally:
            signal.signal(signal.SIGINT, quiet)
    except KeyboardInterrupt:
        status = 130
    # The interpreter's shutdown would take some milliseconds, and there is nothing left for it to do.
    os._exit(status)


def _open_closed_streams() -> None:
    """Open /dev/null for standard streams that are closed (`<&-`), as Go's runtime does for kubectl."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it gets the lowest number that is free
            setattr(sys, name, os.fdopen(descriptor, "w" if descriptor else "r", encoding="utf-8"))


def _end(number: int, frame: FrameType | None) -> None:
    """End the kubectls, as Ctrl-C does: they run in sessions of their own, which no signal to ours reaches."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    run()
