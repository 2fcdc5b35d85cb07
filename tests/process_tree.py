# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What running processes use, read from /proc: the bench and the soak sample it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_PERIOD = 0.02  # seconds between two samples


def descendants(process: int) -> Iterator[int]:
    """Yield the ids of the processes that a process has started, and that these have started, while they run."""
    parents: dict[int, list[int]] = {}
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            # After the name, which is in parentheses and may itself have some: the state, then the parent (proc(5)).
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(folder.name))
    waiting = [process]
    while waiting:
        children = parents.get(waiting.pop(), [])
        yield from children
        waiting += children


def peak_of_children(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, int]:
    """Run a command. Return the most memory in KiB that its descendants had together, and how many they were then."""
    most = (0, 0)
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            sizes = [shared_memory(number) for number in descendants(process.pid)]
            most = max(most, (sum(sizes), len(sizes)))
            time.sleep(_PERIOD)
    return most


def shared_memory(process: int) -> int:
    """Return the process's proportional share of memory in KiB (Pss: a page counts once for all that map it), or 0."""
    return _kib(_PROC / str(process) / "smaps_rollup", "Pss")


def own_memory(process: int) -> int:
    """Return the process's resident memory in KiB, or 0 after its end."""
    return _kib(_PROC / str(process) / "status", "VmRSS")


def open_files(process: int) -> int:
    """Return how many files the process has open."""
    return len(list((_PROC / str(process) / "fd").iterdir()))


def written(process: int) -> int:
    """Return how many bytes the process has written by now, to whatever, or 0 after its end (proc(5): wchar)."""
    with suppress(OSError, IndexError):
        return int((_PROC / str(process) / "io").read_text().split()[3])
    return 0


def _kib(path: Path, name: str) -> int:
    with suppress(OSError):
        for line in path.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    return 0
