"""Where the process starts: the streams and the environment are handed in from here, nowhere else."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from kubectl_mc import cli


def run() -> None:
    """Run kubectl-mc on this process's arguments and exit with its status."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_DFL:  # else it is ignored, as under nohup
            signal.signal(number, _end)
    status = cli.main(sys.argv[1:], os.environ, sys.stdin, sys.stdout, sys.stderr)
    # Nothing is left to do that an interpreter's shutdown would do; it would cost some milliseconds.
    os._exit(status)


def _end(number: int, frame: FrameType | None) -> None:
    """As Ctrl-C does, end what runs: kubectls are in sessions of their own, and no signal to ours reaches them."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    run()
