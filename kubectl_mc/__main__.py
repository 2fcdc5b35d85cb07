"""The start of the process. Only here are the process's streams and environment variables read."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from kubectl_mc import cli


def run() -> None:
    """Run kubectl-mc with this process's arguments, and exit with its status."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_DFL:  # otherwise it is ignored, as under nohup
            signal.signal(number, _end)
    status = cli.main(sys.argv[1:], os.environ, sys.stdin, sys.stdout, sys.stderr)
    # The interpreter's shutdown would take some milliseconds, and there is nothing left for it to do.
    os._exit(status)


def _end(number: int, frame: FrameType | None) -> None:
    """End the kubectls, as Ctrl-C does: they run in sessions of their own, which no signal to ours reaches."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    run()
