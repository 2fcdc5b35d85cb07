"""Where the process starts: the streams and the environment are handed in from here, nowhere else."""

from __future__ import annotations

import os
import sys

from kubectl_mc import cli


def run() -> None:
    """Run kubectl-mc on this process's arguments and exit with its status."""
    status = cli.main(sys.argv[1:], os.environ, sys.stdin, sys.stdout, sys.stderr)
    # Nothing is left to do that an interpreter's shutdown would do; it would cost some milliseconds.
    os._exit(status)


if __name__ == "__main__":
    run()
