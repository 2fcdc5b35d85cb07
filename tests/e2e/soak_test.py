# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A soak: commands without an end, on clusters that go down and come back, keep their memory and their open files.

SOAK_SECONDS sets how long each command runs, on 100 clusters: two minutes in `make fuzz`, by hand also longer.
Otherwise a second on three clusters shows that the soak itself works.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from itertools import cycle
from typing import NamedTuple

import pytest

from fixtures.fleet import fleet
from tests import process_tree
from tests.e2e.conftest import MC, Shell, needs, shell
from tests.e2e.running import Running

SECONDS = float(os.environ.get("SOAK_SECONDS") or (120 if "FUZZ" in os.environ else 1))
SIZE = 100 if SECONDS >= 10 else 3
DOWN = max(1, SIZE // 20)  # how many clusters are down at a time
PERIOD = 0.25  # seconds after which the next cluster goes down, if nothing happens that takes longer

MEMORY = 10 * 1024  # KiB that the plugin may grow by, once it has seen every fault
MORE = 10  # open files, and processes that it has started, which it may have more

COMMANDS = {
    "get": "get pods -n shop -w",
    "wait": "wait deploy/cart -n shop --for=condition=Soaked --timeout=1h",
    "logs": "logs -f deploy/cart -n shop -c app --tail=1",
}
ASKING = ("watch=true", "watch=1", "follow=true")  # in the queries of a command that has begun


class Sample(NamedTuple):
    """What the plugin used at a time. memory: of its own process, in KiB; processes: that it has started"""

    memory: int
    files: int
    processes: int

    @classmethod
    def of(cls, process: int) -> Sample:
        started = sum(1 for _ in process_tree.descendants(process))
        return cls(process_tree.own_memory(process), process_tree.open_files(process), started)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A fleet for this module. Followed logs go on with ten lines a second, without end."""
    names = [f"c{number}" for number in range(1, SIZE + 1)]
    with fleet(names, tmp_path_factory.mktemp("soak")) as running:
        for name in names:
            running.set_logs(name, 10)
        yield shell(running)


@needs("kubelet", "faults")
@pytest.mark.fuzz
@pytest.mark.parametrize("name", COMMANDS)
def test_it_stays_small_and_leaves_nothing(large: Shell, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for cluster in large.fleet.clusters:
        large.fleet.clear_requests(cluster)
    with Running([*MC, *COMMANDS[name].split()], large.environment, stdout=subprocess.DEVNULL) as running:
        _begun(large, running)
        samples = list(_soak(large, running))
        assert running.process.poll() is None, running.stderr[-2000:]
        running.interrupt()
        assert running.end() == 128 + signal.SIGINT
        running.wait_for_left()
        assert running.left() == []
    third = len(samples) // 3
    early, late = _most(samples[third : 2 * third]), _most(samples[2 * third :])
    with capsys.disabled():
        print(
            f"\nsoak of {name}, {SIZE} clusters, {SECONDS:g} s, {len(samples)} times one went down: {early} -> {late}"
        )
    assert late.memory <= early.memory + MEMORY
    assert late.files <= early.files + MORE
    assert late.processes <= early.processes + MORE


def _begun(user: Shell, running: Running) -> None:
    """Return when all clusters have been asked."""
    for cluster in user.fleet.clusters:
        while not any(word in request["query"] for request in user.fleet.requests(cluster) for word in ASKING):
            assert running.read_for(PERIOD), running.stderr


def _soak(user: Shell, running: Running) -> Iterator[Sample]:
    """Let one cluster after another go down and come back, and yield what the plugin uses meanwhile, at least thrice.

    Each second cluster never goes down, so that there is something to go on with, and its objects change.
    """
    flapping, steady = cycle(user.fleet.clusters[::2]), cycle(user.fleet.clusters[1::2])
    down: deque[str] = deque()
    end = time.monotonic() + SECONDS
    number = 0
    try:
        while (number < 3 or time.monotonic() < end) and running.read_for(PERIOD):
            number += 1
            down.append(next(flapping))
            user.fleet.set_fault(down[-1], "refuse")
            if len(down) > DOWN:
                user.fleet.set_fault(down.popleft(), None)
            label = ("label", "pods", "--all", "-n", "shop", f"soak=n{number}", "--overwrite")
            user.kubectl("--context", next(steady), *label)
            yield Sample.of(running.process.pid)
    finally:
        for cluster in down:
            user.fleet.set_fault(cluster, None)


def _most(samples: list[Sample]) -> Sample:
    return Sample(*map(max, zip(*samples)))
