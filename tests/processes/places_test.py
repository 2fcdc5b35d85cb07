# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.processes import places
from kubectl_mc.processes.places import LOOK_AGAIN, Machine, Places, Starts, Work, next_work, working_places

MIB = 1 << 20


class Running(NamedTuple):
    pid: int
    started: float
    command_index: int = 0
    has_answered: bool = False


class FakeMachine:
    """A machine whose processes use what the test says. A process that works uses a fair share of the cores."""

    def __init__(self, cores: float = 2, memory: int = 10_000 * MIB, quota: float = 0.0) -> None:
        self.cores, self.quota, self._memory = cores, quota, memory
        self.cpus: dict[int, float] = {}
        self.sizes: dict[int, int] = {}
        self.threads = 1

    def available_memory(self) -> int:
        return self._memory

    def runnable(self) -> int:
        return self.threads

    def cpu(self, process: int) -> float | None:
        return self.cpus.get(process, 0.0)

    def memory(self, process: int) -> int:
        return self.sizes.get(process, 20 * MIB)


class Run:
    """Commands that are started as the places allow."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine, self.places = machine, Places(cast(Machine, machine))
        self.now, self.running = 100.0, list[Running]()
        self._last = 0

    def start(self) -> int:
        """Start as many as may be, and return how many run."""
        while len(self.running) < self.places.limit(cast(list, self.running), self.now):  # type: ignore[type-arg]
            self._last += 1
            self.running.append(Running(self._last, self.now))
        return len(self.running)

    def later(self, seconds: float, workers: int = 0) -> int:
        """Let time pass, in which only the last ones use the CPU, and start those that then may be."""
        workers = min(workers, len(self.running))
        self.now += seconds
        for process in self.running[len(self.running) - workers :]:
            self.machine.cpus[process.pid] = self.machine.cpus.get(process.pid, 0.0) + seconds * 2 / max(2, workers)
        return self.start()


def test_those_that_work_keep_others_from_starting() -> None:
    run = Run(FakeMachine())
    assert run.start() == 8
    assert [run.later(LOOK_AGAIN, workers=8) for _ in range(5)] == [8] * 5


def test_those_that_wait_keep_nobody_from_starting() -> None:
    run = Run(FakeMachine())
    run.start()
    assert [run.later(LOOK_AGAIN) for _ in range(3)] == [16, 24, 32]


def test_a_place_is_free_as_soon_as_one_has_ended() -> None:
    run = Run(FakeMachine())
    run.start()
    del run.running[0]
    assert run.start() == 8


def test_one_that_works_again_takes_a_place_again() -> None:
    run = Run(FakeMachine())
    run.start()
    assert run.later(LOOK_AGAIN) == 16
    assert run.later(LOOK_AGAIN, workers=16) == 16


def test_more_cores_have_more_places() -> None:
    assert [working_places(cores) for cores in (0.5, 1, 2, 4, 16)] == [8, 8, 8, 16, 64]


def test_where_many_wait_for_a_core_nobody_is_taken_to_be_idle_before_its_turn() -> None:
    machine = FakeMachine()
    machine.threads = 50
    run = Run(machine)
    run.start()
    assert [run.later(0.03) for _ in range(3)] == [8, 8, 8]
    assert run.later(0.03) == 16


def test_a_group_that_has_used_up_its_quota_is_not_idle() -> None:
    run = Run(FakeMachine(quota=2.0))
    run.start()
    assert (run.later(0.09), run.later(0.02)) == (8, 16)


def test_where_the_cpu_is_not_told_a_process_works_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = FakeMachine()
    monkeypatch.setattr(machine, "cpu", lambda process: None)
    run = Run(machine)
    run.start()
    assert (run.later(0.4), run.later(0.2)) == (8, 16)


@pytest.mark.parametrize(("size", "most"), [(1, 953), (48, 20), (96, 10), (500, 8)])
def test_what_they_hold_in_memory_has_a_bound(size: int, most: int) -> None:
    """They may have half of what is available. One that is new is expected to hold what the others do, or 48 MiB.

    Eight may run on any machine.
    """
    machine = FakeMachine(memory=2 * 1000 * MIB)
    run = Run(machine)
    run.start()
    machine.sizes = dict.fromkeys(range(1, 1000), size * MIB)
    for _ in range(200):
        run.later(0.3)
    assert (len(run.running), len(run.running) * size <= 1000 or size == 500) == (most, True)


@given(
    st.lists(st.tuples(st.floats(0, 0.2), st.integers(0, 40), st.integers(0, 5)), max_size=40),
    st.sampled_from([1.0, 2.0, 7.5, 32.0]),
    st.integers(0, 20_000),
)
def test_bounds(steps: list[tuple[float, int, int]], cores: float, memory: int) -> None:
    """However they work and end, only as many begin as there are places and memory for, beside those that work."""
    machine = FakeMachine(cores, memory * MIB)
    run = Run(machine)
    run.start()
    for seconds, workers, ends in steps:
        before, busy = len(run.running), min(workers, len(run.running))
        run.later(seconds + 2 * LOOK_AGAIN, workers=workers)
        begun = len(run.running) - before
        assert begun <= max(0, working_places(cores) - (busy if 2 / max(2, busy) > places._IDLE else 0))
        assert begun <= max(0, memory * MIB // 2 // (20 * MIB))
        del run.running[:ends]


# --- Those that last -----------------------------------------------------------------------------------------------


class Lasting:
    """Processes that last, which are started as Starts allows. Their CPU is what the test says."""

    def __init__(self, machine: FakeMachine, count: int) -> None:
        self.machine, self.starts = machine, Starts(cast(Machine, machine))
        self.now, self.count, self.running = 100.0, count, list[Running]()
        self.later(0.0)

    def later(self, seconds: float, cpu: float = 0.0) -> int:
        """Let time pass in which each that hasn't answered uses so much CPU. Return how many run then."""
        self.now += seconds
        for process in self.running:
            if not process.has_answered:
                self.machine.cpus[process.pid] = self.machine.cpus.get(process.pid, 0.0) + cpu
        while len(self.running) < min(self.count, self.starts.limit(cast(list, self.running), self.now)):  # type: ignore[type-arg]
            index = len(self.running)
            self.running.append(Running(1 + index, self.now, index))
        return len(self.running)

    def answer(self) -> None:
        self.running = [process._replace(has_answered=True) for process in self.running]

    def waited(self, index: int = 0) -> float:
        return self.starts.waited(index, self.now)


def test_those_that_last_start_in_turns() -> None:
    run = Lasting(FakeMachine(), 100)
    assert [len(run.running), *(run.later(0.1, cpu=0.02) for _ in range(3))] == [8] * 4
    run.answer()
    assert run.later(0.1) == 16


def test_those_that_have_answered_take_no_place_whatever_they_use() -> None:
    run = Lasting(FakeMachine(), 100)
    for _ in range(20):
        run.answer()
        for process in run.running:
            run.machine.cpus[process.pid] = run.machine.cpus.get(process.pid, 0.0) + 1.0
        run.later(0.1)
    assert len(run.running) == 100


def test_those_whose_clusters_are_dead_take_no_place() -> None:
    run = Lasting(FakeMachine(memory=0), 100)  # nor does memory keep them from starting: nobody would ever end
    for _ in range(20):
        run.later(0.1)
    assert (len(run.running), run.waited() > 1.9) == (100, True)


def test_what_a_kubectl_does_by_itself_is_no_silence_of_its_cluster() -> None:
    run = Lasting(FakeMachine(), 9)
    assert run.waited(8) == 0.0  # it isn't started
    for _ in range(100):
        run.later(0.1, cpu=0.02)
    assert run.waited(0) == 0.0
    for _ in range(10):
        run.later(0.1)
    assert run.waited(0) == pytest.approx(1.0)


def test_after_its_answer_a_process_waits_since_then() -> None:
    run = Lasting(FakeMachine(), 1)
    run.later(1.0, cpu=0.5)
    run.answer()
    run.later(2.0)
    assert run.waited() == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("cpu", "seconds", "least", "is_working"),
    [
        (0.0, 0.01, 0.05, False),  # it waits for its cluster
        (0.001, 0.01, 0.05, True),
        (0.0004, 0.01, 0.05, False),
        (0.004, 0.6, 0.05, False),
        (0.004, 0.6, 0.003, True),  # 300 others have something to do, so that is all it could get
        (0.001, 0.6, 0.003, False),
    ],
)
def test_whether_a_process_works(cpu: float, seconds: float, least: float, is_working: bool) -> None:
    last = Work(100.0, 2.0, True, 99.0)
    now = 100.0 + seconds
    assert next_work(last, 2.0 + cpu, now, least) == Work(now, 2.0 + cpu, is_working, now if is_working else 99.0)


@given(st.integers(2, 400), st.lists(st.sampled_from([0.01, 0.05, 0.3, 2.0]), min_size=1, max_size=40))
def test_one_that_gets_its_share_of_a_busy_machine_is_not_taken_to_wait(threads: int, steps: list[float]) -> None:
    """However busy, and however late we look; and one that needs nothing is, for all but one look."""
    machine = FakeMachine()
    machine.threads = threads
    run = Lasting(machine, 2)
    turn = max(LOOK_AGAIN, places._SLICE * threads / 2)  # the time in which each has one
    for seconds in steps:
        run.now += seconds
        run.machine.cpus[1] = (run.now - 100.0) * 2 / threads
        run.later(0.0)
        assert run.waited(0) <= turn + seconds
        assert run.waited(1) >= run.now - 100.0 - turn - max(steps)


def test_what_this_machine_tells() -> None:
    machine = Machine()
    assert machine.cores > 0
    assert machine.available_memory() > MIB
    if sys.platform == "linux":
        assert machine.runnable() >= 1
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
            while not machine.cpu(process.pid):
                os.sched_yield()  # until it has its turn
            assert machine.memory(process.pid) > 0
            process.kill()
        assert machine.cpu(process.pid) is None
        assert machine.memory(process.pid) == places._FIRST_MEMORY


def test_what_a_machine_without_proc_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """As macOS: the physical memory and the cores are known, and nothing of a process."""

    def not_there(path: str) -> str:
        raise FileNotFoundError(2, "No such file or directory", path)

    monkeypatch.setattr(places, "_read", not_there)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    machine = Machine()
    assert (machine.quota, machine.cores) == (0.0, os.cpu_count())
    assert machine.available_memory() == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    assert (machine.runnable(), machine.cpu(os.getpid()), machine.memory(os.getpid())) == (
        0,
        None,
        places._FIRST_MEMORY,
    )


def test_the_limits_of_a_control_group_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (
        ("cpu.max", "150000 100000\n"),
        ("memory.max", f"{300 * MIB}\n"),
        ("memory.current", f"{200 * MIB}\n"),
        ("memory.stat", f"anon 5\ninactive_file {50 * MIB}\n"),
    ):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(places, "_control_groups", lambda: [str(tmp_path)])
    machine = Machine()
    assert (machine.quota, machine.cores) == (1.5, min(1.5, float(os.cpu_count() or 1)))
    assert machine.available_memory() == 150 * MIB
