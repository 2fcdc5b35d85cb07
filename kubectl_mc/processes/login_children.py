# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Logins in the event loop: credential plugins run beside the commands, and hold back only those that need them."""

from __future__ import annotations

import selectors
import time
from collections.abc import Iterable, Iterator, Sequence

from kubectl_mc.processes.children import Child, Chunk, Command, Exit, interrupts_postponed
from kubectl_mc.processes.targets import Login
from kubectl_mc.type_hints import Protocol

_TICK = 0.2  # seconds between two looks at what the plugins have said


class LoginRuns(Protocol):
    """The runs of credential plugins in one event loop. Each has a number: 0 for the first that is started."""

    @property
    def wants_terminal(self) -> bool:
        """Whether a plugin is now to ask on the terminal."""

    def want(self, login: Login) -> None:
        """Run a login, unless it runs."""

    def due(self) -> Sequence[Command]:
        """Return the runs that are to be started now, each once."""

    def take(self, number: int, event: Chunk | Exit) -> None:
        """Take what a run has written, or its end."""

    def fail(self, number: int, error: OSError) -> None:
        """Take why a run can't be started."""

    def show(self) -> None:
        """Show what the plugins have said."""

    def ask(self) -> None:
        """Let one plugin ask on the terminal, to its end. Raises KeyboardInterrupt."""


def unasked(index: int, command: Command) -> Iterator[Chunk | Exit]:
    """Yield the events of a command for which there is no process to start."""
    if command.problem:
        yield Chunk(index, command.cluster, "stderr", command.problem.encode())
    yield Exit(index, command.cluster, int(bool(command.problem)), unasked=True)


class LoginChildren:
    """The credential plugins among the children of an event loop, and the commands that wait for them."""

    def __init__(self, first: Login, children: list[Child], selector: selectors.BaseSelector) -> None:
        """Take one of the logins that commands wait for; others are of the same command of the user's.

        children, selector: of the event loop; this adds the plugins, whose command indexes are negative
        """
        self._runs: LoginRuns = first.runs()
        self._children, self._selector = children, selector
        self._held: dict[int, Login] = {}
        self._started = 0
        self._may_have_ended = False  # a login that is held for, since the last look
        self.running = 0
        self._next_look = time.monotonic() + _TICK

    def hold(self, index: int, login: Login) -> None:
        """Hold back the command with this index until its login has ended."""
        self._held[index] = login
        self._runs.want(login)
        self._may_have_ended = True

    @property
    def holds(self) -> bool:
        """Whether commands are held back."""
        return bool(self._held)

    @property
    def next_look(self) -> float:
        """When the loop has to call `go_on` at the latest (time.monotonic)."""
        return self._next_look if self._held else float("inf")

    def go_on(self) -> list[int]:
        """Start the plugins that are due, and return the commands that need not be held back any more."""
        if not self._held:
            return []
        for command in self._runs.due():
            number = self._started
            self._started += 1
            deadline = time.monotonic() + command.patience if command.patience else float("inf")
            try:
                with interrupts_postponed():
                    child = Child(-1 - number, command, None, deadline)
                    self._children.append(child)
            except OSError as error:
                self._runs.fail(number, error)
                self._may_have_ended = True
                continue
            self.running += 1
            for read in child.streams:
                self._selector.register(read, selectors.EVENT_READ, child)
        if time.monotonic() >= self._next_look:
            self._runs.show()
            self._next_look = time.monotonic() + _TICK
        if not self._may_have_ended:
            return []
        self._may_have_ended = False
        released = [index for index, login in self._held.items() if login.has_ended]
        for index in released:
            del self._held[index]
        return released

    def others(self, events: Iterable[Chunk | Exit]) -> Iterator[Chunk | Exit]:
        """Take the events of plugins, and yield the others."""
        for event in events:
            if event.command_index >= 0:
                yield event
                continue
            self._runs.take(-1 - event.command_index, event)
            if isinstance(event, Exit):
                self.running -= 1
                self._may_have_ended = True

    @property
    def wants_terminal(self) -> bool:
        """Whether a plugin is now to ask on the terminal."""
        return bool(self._held) and self._runs.wants_terminal

    def ask(self) -> None:
        """Let a plugin ask on the terminal. The loop stands still, which takes no time from any child.

        Raises KeyboardInterrupt.
        """
        start = time.monotonic()
        try:
            self._runs.ask()
            self._may_have_ended = True
        finally:
            for child in self._children:
                child.deadline += time.monotonic() - start
