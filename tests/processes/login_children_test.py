# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
import selectors
import time
from pathlib import Path
from typing import Any, cast

import pytest

from kubectl_mc.processes import event_loop, login_children
from kubectl_mc.processes.children import Child, Chunk, Command, Exit
from kubectl_mc.processes.event_loop import UnaskedResult
from kubectl_mc.processes.targets import Target
from tests.processes.event_loop_test import ENV, sh


class Runs:
    """Logins whose plugins are shell scripts, all of one command of the user's. asking: is asked on the terminal"""

    def __init__(self, asking: ScriptLogin | None = None) -> None:
        self.wanted: list[ScriptLogin] = []
        self.asking = asking
        self.shown = 0

    @property
    def wants_terminal(self) -> bool:
        return self.asking is not None and not self.asking.has_ended

    def want(self, login: ScriptLogin) -> None:
        if login not in self.wanted:
            self.wanted.append(login)

    def due(self) -> list[Command]:
        due = [login for login in self.wanted if login.started is None and login is not self.asking]
        for login in due:
            login.started = 0.0
        return [Command("", login.argv, ENV) for login in due]

    def take(self, number: int, event: Chunk | Exit) -> None:
        login = [login for login in self.wanted if login.started is not None][number]
        login.said += event.text if isinstance(event, Chunk) else b""
        login.has_ended = login.has_ended or isinstance(event, Exit)

    def fail(self, number: int, error: OSError) -> None:
        login = [login for login in self.wanted if login.started is not None][number]
        login.has_ended, login.said = True, b"can't be started"

    def show(self) -> None:
        self.shown += 1

    def ask(self) -> None:
        assert self.asking
        self.asking.has_ended = True


class ScriptLogin:
    program, label, patience = "script", "c1", 0.0

    def __init__(self, runs: Runs, script: str, program: str = "sh") -> None:
        self.of, self.argv = runs, (program, "-c", script)
        self.started: float | None = None
        self.has_ended = False
        self.said = b""

    def logged_in(self, target: Target) -> Target:
        return target

    def runs(self) -> Runs:
        return self.of

    def before(self, command: Command) -> Command:
        return Command(command.cluster, (), {}, login=self, make=lambda: command)


@pytest.fixture
def fifo(tmp_path: Path) -> str:
    os.mkfifo(tmp_path / "fifo")
    return str(tmp_path / "fifo")


@pytest.mark.parametrize("parallel", [1, 8])
def test_a_login_holds_back_its_own_commands_only_and_takes_no_place(fifo: str, parallel: int) -> None:
    """It ends when the command behind it has run."""
    login = ScriptLogin(Runs(), f"read x < {fifo}; echo credential")
    commands = [login.before(sh("echo 1")), sh(f"echo go > {fifo}; echo 2", "c2"), login.before(sh("echo 3", "c3"))]
    results = event_loop.collect_results(commands, parallel, 20.0)
    assert [(result.cluster, result.stdout) for result in results] == [("c1", b"1\n"), ("c2", b"2\n"), ("c3", b"3\n")]
    assert (login.said, len(login.of.wanted)) == (b"credential\n", 1)


def test_a_command_whose_login_has_failed_has_no_process() -> None:
    took: list[int] = []
    commands = [
        ScriptLogin(Runs(), ":").before(Command("c1", (), {}, problem="login failed")),
        Command("c2", (), {}, problem="it too"),
        sh("echo 3", "c3"),
    ]
    results = event_loop.collect_results(commands, 8, 20.0, on_end=lambda index, seconds: took.append(index))
    assert results[:2] == [("c1", b"", b"login failed", 1, False, ""), ("c2", b"", b"it too", 1, False, "")]
    assert [type(result) is UnaskedResult for result in results] == [True, True, False]
    assert took == [2]


def test_a_plugin_that_cannot_be_started_stops_nothing() -> None:
    runs = Runs()
    bad, good = ScriptLogin(runs, ":", program="/no-such-program"), ScriptLogin(runs, ":")
    commands = [login.before(sh("echo 1")) for login in (bad, good)]
    assert [result.stdout for result in event_loop.collect_results(commands, 8, 20.0)] == [b"1\n"] * 2
    assert (bad.said, good.said) == (b"can't be started", b"")


def test_all_that_can_be_started_is_before_a_plugin_asks() -> None:
    started: list[int] = []
    seen: list[list[int]] = []

    class Asking(Runs):
        def ask(self) -> None:
            seen.append([*started])
            super().ask()

    runs = Asking()
    runs.asking = ScriptLogin(runs, ":")
    commands = [runs.asking.before(sh("echo 0")), *(sh(f"echo {number}") for number in range(1, 30))]
    events = event_loop.run_commands(commands, 100, 20.0, on_start=started.append)
    assert len([event for event in events if isinstance(event, Exit)]) == 30
    assert seen == [[*range(1, 30)]]


def test_what_has_ended_while_a_plugin_asked_has_answered_before_ctrl_c() -> None:
    class Interrupted(Runs):
        def ask(self) -> None:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)  # until the other command has ended
            raise KeyboardInterrupt

    runs = Interrupted()
    runs.asking = ScriptLogin(runs, ":")
    interrupts: list[BaseException] = []
    commands = [runs.asking.before(sh("echo 0")), sh("echo answer")]
    results = event_loop.collect_results(commands, 8, 20.0, interrupts=interrupts)
    assert [(result.stdout, result.status) for result in results] == [(b"", None), (b"answer\n", 0)]
    assert len(interrupts) == 1


def test_the_time_of_a_question_is_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    class Asking(Runs):
        def ask(self) -> None:
            clock[0] += 60.0

    child: Any = type("AnyChild", (), {"deadline": 130.0})()
    login = ScriptLogin(Asking(), ":")
    children = login_children.LoginChildren(login, [cast(Child, child)], selectors.DefaultSelector())
    children.ask()
    assert child.deadline == 190.0
