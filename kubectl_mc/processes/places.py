# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Places: how many more processes may be started now, by what the machine has and what the running ones use.

A kubectl works for some 30 ms of CPU, and then waits for its cluster. One that waits takes no place, so clusters that
are far away, or dead, don't keep others waiting. Those that work are few per core: more would only slow each other
down, and the time that each has runs from its start. What all of them hold in memory has a bound.

Those that last (a watch, a followed log) all run at a time, but they don't start at once: six hundred starts on two
cores have no turn for so long that their handshakes fail, and that nobody could tell which clusters are dead.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    class Running(Protocol):
        """A running process, as far as it matters here. started: a time of time.monotonic"""

        @property
        def pid(self) -> int: ...
        @property
        def started(self) -> float: ...
        @property
        def command_index(self) -> int: ...
        @property
        def has_answered(self) -> bool: ...


LOOK_AGAIN = 0.01  # seconds between two looks at what the running ones use
_LOOK_AT_MEMORY = 0.2  # seconds, as this costs more
_IDLE = 0.05  # of a core: a process that uses less waits
_SLICE = 0.004  # seconds that a process may run before another one has its turn (kernel, sched/fair.c)
_QUOTA_PERIOD = 0.1  # seconds; a group that has used up its quota stands still for the rest (cpu.cfs_period_us)
_UNSEEN_WORK = 0.5  # seconds that a process is taken to work where its CPU can't be read
_FIRST_MEMORY = 48 << 20  # bytes that a process is expected to hold, until some have been looked at
_PER_CORE = 4


def working_places(cores: float) -> int:
    """Return how many processes may work at a time, so that no core waits for the answers of clusters nearby."""
    return max(8, int(_PER_CORE * cores))


def memory_bound(machine: Machine) -> int:
    """Return the bytes that all processes together may hold: half of what is available now."""
    return machine.available_memory() // 2


class Machine:
    """What this machine has, and what its processes use, as Linux tells; elsewhere the CPU of a process isn't told."""

    def __init__(self) -> None:
        self.quota = _cpu_quota()
        self.cores = min(_cores(), self.quota or float("inf"))

    def available_memory(self) -> int:
        """Return the bytes that can be used without swapping; those of a container are its own."""
        available = [_fields("/proc/meminfo").get("MemAvailable:", 0) << 10 or _physical_memory() // 2]
        for group in _control_groups():
            with suppress(OSError, ValueError):
                limit, current = (int(_read(f"{group}/memory.{name}")) for name in ("max", "current"))
                cache = _fields(f"{group}/memory.stat").get("inactive_file", 0)
                available.append(max(0, limit - current + cache))
        return min(available)

    def runnable(self) -> int:
        """Return how many threads run or wait for a core."""
        with suppress(OSError, ValueError, IndexError):
            return int(_read("/proc/loadavg").split()[3].partition("/")[0])
        return 0

    def cpu(self, process: int) -> float | None:
        """Return the seconds of CPU that a process has used, all its threads together; None if it isn't told."""
        if sys.platform != "linux":
            return None
        with suppress(OSError):  # clock_getcpuclockid(3), whose result is documented in the kernel's posix-timers.h
            return time.clock_gettime((~process << 3) | 2)
        return None

    def memory(self, process: int) -> int:
        """Return the bytes that a process holds for itself: without the pages of its program, which all share."""
        with suppress(OSError, ValueError):
            _, resident, shared, *_ = map(int, _read(f"/proc/{process}/statm").split())
            return (resident - shared) * os.sysconf("SC_PAGE_SIZE")
        return _FIRST_MEMORY


class Work(NamedTuple):
    """What is known of a process at a time: the CPU that it had used, and whether it worked until then.

    waits_since: when it last worked, or was started
    """

    time: float
    cpu: float
    is_working: bool
    waits_since: float


def next_work(last: Work, cpu: float, now: float, least: float) -> Work:
    """Return the work of a process now. least: the part of a core that one uses at least if it has something to do"""
    is_working = cpu - last.cpu >= least * (now - last.time)
    return Work(now, cpu, is_working, now if is_working else last.waits_since)


class Works:
    """Which processes work, and which wait. Times are of time.monotonic."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.by_process: dict[int, Work] = {}

    def look(self, running: Sequence[Running], now: float) -> None:
        """Look at what the processes use. Others are forgotten."""
        runnable, cores = self._machine.runnable(), self._machine.cores
        window = max(LOOK_AGAIN, _SLICE * runnable / cores)  # in which one that has something to do gets a core
        if self._machine.quota:
            window = max(window, _QUOTA_PERIOD)
        least = min(_IDLE, cores / (2 * max(1, runnable)))  # half of its share, where many have something to do
        self.by_process = {process.pid: self._work(process, now, window, least) for process in running}

    def _work(self, process: Running, now: float, window: float, least: float) -> Work:
        last = self.by_process.get(process.pid) or Work(process.started, 0.0, True, process.started)
        if now - last.time < window:
            return last
        cpu = self._machine.cpu(process.pid)
        if cpu is None:
            return Work(process.started, 0.0, now - process.started < _UNSEEN_WORK, process.started)
        return next_work(last, cpu, now, least)


class Places:
    """The places of the processes of one event loop. Times are of time.monotonic."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._working_places = working_places(machine.cores)
        self._budget = memory_bound(machine)
        self._works = Works(machine)
        self._memory = _MemoryUse(0, 0, float("-inf"))
        self._limit = 0
        self.next_look = float("-inf")

    def limit(self, running: Sequence[Running], now: float) -> int:
        """Return how many processes may run now. running: all that do"""
        if now >= self.next_look:
            self.next_look = now + LOOK_AGAIN
            self._works.look(running, now)
            free = self._working_places - sum(work.is_working for work in self._works.by_process.values())
            self._limit = len(running) + (min(free, self._room(now)) if free > 0 else free)
        return self._limit

    def _room(self, now: float) -> int:
        """Return for how many more processes there is memory."""
        if now >= self._memory.time + _LOOK_AT_MEMORY:
            sizes = [self._machine.memory(process) for process in self._works.by_process]
            self._memory = _MemoryUse(sum(sizes), len(sizes), now)
        expected = max(_FIRST_MEMORY, self._memory.bytes // max(1, self._memory.processes))
        started_since = max(0, len(self._works.by_process) - self._memory.processes)
        return (self._budget - self._memory.bytes) // expected - started_since


class Starts:
    """The starts of the processes of one event loop that last. Times are of time.monotonic.

    One has a place while it works towards its first answer. Those that show much later on keep no other from starting.
    """

    def __init__(self, machine: Machine) -> None:
        self._places = working_places(machine.cores)
        self._works = Works(machine)
        self._waits_since: dict[int, float] = {}  # by the indexes of their commands
        self._limit = 0
        self.next_look = float("-inf")

    def limit(self, running: Sequence[Running], now: float) -> int:
        """Return how many processes may run now. running: all that do"""
        if now >= self.next_look:
            self.next_look = now + LOOK_AGAIN
            starting = [process for process in running if not process.has_answered]
            self._works.look(starting, now)
            works = self._works.by_process
            self._waits_since = {
                process.command_index: works[process.pid].waits_since
                if process.pid in works
                else self._waits_since.get(process.command_index, now)
                for process in running
            }
            self._limit = len(running) + max(0, self._places - sum(work.is_working for work in works.values()))
        return self._limit

    def waited(self, command_index: int, now: float) -> float:
        """Return for how many seconds a process has waited for its cluster; since its first answer, if it has had one.

        0.0 for one that isn't started yet. What it does by itself doesn't count, nor does the time without a turn on a
        machine that is busy.
        """
        return now - self._waits_since.get(command_index, now)


class _MemoryUse(NamedTuple):
    """The bytes that the running processes held at a time."""

    bytes: int
    processes: int
    time: float


def _cores() -> int:
    """Return the number of cores that this process may run on."""
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _physical_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _cpu_quota() -> float:
    """Return the cores that a control group allows; 0.0 for no limit (kernel, cgroup-v2.rst: cpu.max)."""
    quotas = []
    for group in _control_groups():
        with suppress(OSError, ValueError):
            quota, period = _read(f"{group}/cpu.max").split()
            quotas.append(int(quota) / int(period))  # "max" is no number
    return min(quotas, default=0.0)


def _control_groups() -> Iterator[str]:
    """Yield the folders of this process's control group and those around it."""
    with suppress(OSError):
        path = _read("/proc/self/cgroup").strip().rpartition("::")[2].strip("/")
        while True:
            yield f"/sys/fs/cgroup/{path}"
            if not path:
                return
            path = path.rpartition("/")[0]


def _fields(path: str) -> dict[str, int]:
    """Return the numbers of a file whose lines start with a name and a number; {} if it can't be read."""
    with suppress(OSError, ValueError):
        return {words[0]: int(words[1]) for line in _read(path).splitlines() if len(words := line.split()) > 1}
    return {}


def _read(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read()
