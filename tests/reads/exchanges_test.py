# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubectl_mc.processes.children import Chunk, Exit
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.reads.exchanges import Exchanges, Question, run_exchanges
from tests.environments import request
from tests.processes.event_loop_test import sh

if TYPE_CHECKING:
    from kubectl_mc.reads.exchanges import Exchange


def target(cluster: str) -> Target:
    return Target(cluster, cluster, Kubeconfig(None, starts_programs=False))


def asked(cluster: str, *steps: Sequence[str]) -> Exchange[list[list[tuple[bytes, int | None]]]]:
    """An exchange whose steps are scripts; it returns what they print, and their statuses, by step."""
    answers = []
    for scripts in steps:
        results = yield [Question(target(cluster), sh(script)) for script in scripts]
        answers.append([(result.stdout, result.status) for result in results])
    return answers


def test_a_cluster_is_asked_to_its_end_while_another_one_answers_to_its_first_step(tmp_path: Path) -> None:
    """c1's first step ends when c2's last one has begun."""
    os.mkfifo(fifo := tmp_path / "fifo")
    first = asked("c1", [f"cat {fifo}"], ["echo end"])
    second = asked("c2", ["echo a", "echo b"], [], [f"echo came >{fifo}"])
    assert run_exchanges(request("get pods"), [first, second], []) == [
        [[(b"came\n", 0)], [(b"end\n", 0)]],
        [[(b"a\n", 0), (b"b\n", 0)], [], [(b"", 0)]],
    ]


def test_after_ctrl_c_nothing_more_is_asked_and_what_is_there_is_kept(tmp_path: Path) -> None:
    interrupts: list[BaseException] = []
    first = asked("c1", ["echo a"], [f"kill -INT {os.getpid()}; exec sleep 1000", "exec sleep 1000"])
    second = asked("c2", ["exec sleep 1000"], [f"touch {tmp_path}/asked"])
    assert run_exchanges(request("get pods"), [first, second], interrupts) == [
        [[(b"a\n", 0)], [(b"", None), (b"", None)]],
        [[(b"", None)], [(b"", None)]],
    ]
    assert [type(error) for error in interrupts] == [KeyboardInterrupt]
    assert not (tmp_path / "asked").exists()


def test_ctrl_c_between_two_steps_loses_nothing(tmp_path: Path) -> None:
    """The signal comes while the exchange decides what to ask next."""
    interrupts: list[BaseException] = []

    def exchange() -> Exchange[list[int | None]]:
        (first,) = yield [Question(target("c1"), sh("exit 3"))]
        signal.raise_signal(signal.SIGINT)
        (second,) = yield [Question(target("c1"), sh(f"touch {tmp_path}/asked"))]
        return [first.status, second.status]

    assert run_exchanges(request("get pods"), [exchange()], interrupts) == [[3, None]]
    assert (len(interrupts), (tmp_path / "asked").exists()) == (1, False)


def test_an_error_is_raised_and_ends_what_runs() -> None:
    def failing() -> Exchange[None]:
        yield [Question(target("c2"), sh("true"))]
        raise OSError("x")

    with pytest.raises(OSError, match="x"):
        run_exchanges(request("get pods"), [asked("c1", ["exec sleep 1000"]), failing()], [])


def test_results_have_the_order_of_their_questions_and_only_what_is_kept() -> None:
    shown: list[Result] = []

    def exchange() -> Exchange[None]:
        def keep(result: Result) -> Result:
            return result._replace(stdout=result.stdout[:1])

        results = yield [Question(target("c1"), sh("cat"), keep) for _ in range(2)]
        shown.extend(results)

    indexes = iter([7, 3])
    exchanges = Exchanges(lambda question: next(indexes))
    exchanges.begin(exchange())
    for event in (Chunk(3, "c1", "stdout", b"second"), Exit(3, "c1", 0), Chunk(7, "c1", "stdout", b"first")):
        assert event.command_index in exchanges
        exchanges.feed(event)
    assert (3 in exchanges, shown) == (False, [])
    assert exchanges.silent({3: 9.0, 7: 4.9}.__getitem__) == []
    assert [exchanges.silent(lambda index: 5.0) for _ in range(2)] == [["c1"], []]
    exchanges.feed(Exit(7, "c1", 1))
    assert shown == [Result("c1", b"f", b"", 1), Result("c1", b"s", b"", 0)]
