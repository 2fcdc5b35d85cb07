# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import fcntl
import io
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.processes import standard_streams
from kubectl_mc.processes.standard_streams import Phase, Streams, safe_streams
from tests.terminal_screen import Screen

VARIABLES = {"TERM": "xterm"}


_MARK = b"\x1b[0m"


class Terminal:
    """A terminal that is stdout and stderr of streams, and what is on its screen."""

    def __init__(self, columns: int = 80) -> None:
        self._ours, self.theirs = pty.openpty()
        self._screen = Screen(columns)
        self.resize(columns)

    def resize(self, columns: int) -> None:
        self._read()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._screen.columns = columns

    @property
    def text(self) -> str:
        self._read()
        return self._screen.text

    def _read(self) -> None:
        """Read all that has been written there until now: up to a mark that is written behind it."""
        os.write(self.theirs, _MARK)
        written = b""
        while _MARK not in written:
            written += os.read(self._ours, 1 << 16)
        self._screen.write(written.decode())

    def close(self) -> None:
        os.close(self._ours)
        os.close(self.theirs)


@contextmanager
def shown(terminal: Terminal, variables: dict[str, str], stdout: int | None = None) -> Iterator[Streams]:
    """Streams whose stderr is the terminal, and stdout, too, unless it is a descriptor."""
    with (
        open(os.dup(terminal.theirs if stdout is None else stdout), "w", encoding="utf-8") as out,
        open(os.dup(terminal.theirs), "w", encoding="utf-8") as err,
        safe_streams(io.StringIO(), out, err, variables) as streams,
    ):
        yield streams


@pytest.fixture(autouse=True)
def _no_silence_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standard_streams, "_QUIET", 0.0)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def tick(phase: Phase) -> None:
    if phase.on_tick:
        phase.on_tick()


def test_the_line_is_below_all_that_stands_there_and_gone_at_the_end(terminal: Terminal) -> None:
    with shown(terminal, VARIABLES) as streams:
        with Phase("answers", streams, ["c1", "c2"], 30.0) as phase:
            phase.begin(0)
            phase.begin(1)
            streams.say(["a note"])
            tick(phase)
            assert terminal.text == "a note\n0/2 answered; waiting for c1, c2 (0s of 30s)"
            phase.end(0)
            tick(phase)
            assert terminal.text.endswith("\n1/2 answered; waiting for c2 (0s of 30s) · Ctrl-C shows what is there")
            streams.answer(b"a row\n")
            assert terminal.text == "a note\na row"
            tick(phase)
            assert "waiting for c2" in terminal.text
        assert terminal.text == "a note\na row"


def test_a_cluster_with_several_commands_is_one(terminal: Terminal) -> None:
    with shown(terminal, VARIABLES) as streams, Phase("lines", streams, ["c1", "c2", "c1"], 0.0) as phase:
        for index in (0, 1):
            phase.begin(index)
        phase.end(0)
        tick(phase)
        assert terminal.text == "0/2 answered; waiting for c2, c1 (0s)"


def test_a_line_without_an_end_is_left_alone(terminal: Terminal) -> None:
    with shown(terminal, VARIABLES) as streams, Phase("hub", streams, ["the hub"], 30.0) as phase:
        streams.say((), b"Password: ")
        tick(phase)
        assert terminal.text == "Password:"


@pytest.mark.parametrize("variables", [{}, {"TERM": "dumb"}, {**VARIABLES, "KUBECTL_MC_PROGRESS": "never"}])
def test_where_it_is_not_wanted(terminal: Terminal, variables: dict[str, str]) -> None:
    with shown(terminal, variables) as streams, Phase("hub", streams, ["the hub"], 30.0) as phase:
        assert phase.on_tick is None


def test_stdout_may_be_a_file(terminal: Terminal, tmp_path: Path) -> None:
    with (
        open(tmp_path / "answer", "wb") as file,
        shown(terminal, VARIABLES, file.fileno()) as streams,
        Phase("hub", streams, ["the hub"], 30.0) as phase,
    ):
        streams.answer(b"a row\n")
        tick(phase)
        assert terminal.text == "Waiting for the hub"
    assert (tmp_path / "answer").read_bytes() == b"a row\n"


def test_a_pipe_whose_reader_has_got_something_is_left_the_terminal(terminal: Terminal) -> None:
    read, write = os.pipe()
    with shown(terminal, VARIABLES, write) as streams, Phase("hub", streams, ["the hub"], 30.0) as phase:
        tick(phase)
        assert terminal.text == "Waiting for the hub"
        streams.answer(b"a row\n")
        tick(phase)
        assert terminal.text == ""
    os.close(read)
    os.close(write)


def test_ctrl_c_says_what_was_waited_for(terminal: Terminal) -> None:
    interrupt = KeyboardInterrupt()
    with (
        shown(terminal, VARIABLES) as streams,
        suppress(KeyboardInterrupt),
        Phase("logins", streams, ["c1", "c2"], 30.0) as phase,
    ):
        phase.begin(0)
        phase.end(0)
        tick(phase)
        raise interrupt
    assert interrupt.args == ("waiting for the login to c2",)
    assert terminal.text == ""


@pytest.mark.parametrize("has_line", [True, False])
def test_an_echo_of_ctrl_c_that_comes_late_is_cleared(terminal: Terminal, has_line: bool) -> None:
    """A terminal signals first, and then writes `^C`: at times after the line has been cleared."""
    with shown(terminal, VARIABLES) as streams:
        with suppress(KeyboardInterrupt), Phase("answers", streams, ["c1"], 30.0) as phase:
            if has_line:
                tick(phase)
            raise KeyboardInterrupt
        os.write(terminal.theirs, b"^C")
        streams.answer(b"NAME   CLUSTER\n")
        os.write(terminal.theirs, b"^C")
        streams.say(["a note"])
        assert terminal.text == "NAME   CLUSTER\n^Ca note"


steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["say", "answer", "relay"]), st.text("ab 東\u0301\n", min_size=1, max_size=30)),
        st.tuples(st.just("tick"), st.just("")),
        st.tuples(st.just("end"), st.just("")),
        st.tuples(st.just("columns"), st.sampled_from([8, 20, 40, 200])),
    ),
    max_size=12,
)


@given(steps)
def test_the_screen_is_as_without_it(todo: list[tuple[str, str | int]]) -> None:
    """Also where the terminal becomes narrower, and wraps the line."""
    assert after(todo, VARIABLES) == after(todo, {})


def after(todo: list[tuple[str, str | int]], variables: dict[str, str]) -> str:
    """What is on the screen at the end."""
    terminal = Terminal()
    with shown(terminal, variables) as streams, Phase("answers", streams, ["c1", "東京", "c" * 30], 30.0) as phase:
        for index in range(3):
            phase.begin(index)
        for number, (step, value) in enumerate(todo):
            if step == "say":
                streams.say(str(value).split("\n"))
            elif step == "answer":
                streams.answer(str(value).encode())
            elif step == "relay":
                streams.say((), str(value).encode())
            elif step == "tick":
                tick(phase)
            elif step == "end":
                phase.end(number % 3)
            else:
                terminal.resize(int(value))
    text = terminal.text
    terminal.close()
    return text


STOPPED = """
import select, sys
from kubectl_mc.processes import standard_streams
from kubectl_mc.processes.standard_streams import Phase, safe_streams
standard_streams._QUIET = 0.0
with safe_streams(sys.stdin, sys.stdout, sys.stderr, {"TERM": "xterm"}) as streams:
    with Phase("hub", streams, ["the hub"], 30.0) as phase:
        while not select.select([sys.stdin], [], [], 0.01)[0]:
            phase.on_tick()
"""


def test_ctrl_z_leaves_nothing_of_it(terminal: Terminal) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED], stdin=subprocess.PIPE, stdout=terminal.theirs, stderr=terminal.theirs,
        preexec_fn=os.setpgrp, cwd=Path(__file__).parent.parent.parent,
    )  # fmt: skip
    with process:
        wait_for_line(terminal)
        process.send_signal(signal.SIGTSTP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        assert terminal.text == ""
        process.send_signal(signal.SIGCONT)
        wait_for_line(terminal)
        assert process.stdin
        process.stdin.close()
    assert (process.returncode, terminal.text) == (0, "")


def wait_for_line(terminal: Terminal) -> None:
    deadline = time.monotonic() + 60
    while terminal.text != "Waiting for the hub":
        assert time.monotonic() < deadline, terminal.text
