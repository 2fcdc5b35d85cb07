# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The kubectls of sessions: what runs them, and what reads what they print."""

from __future__ import annotations

import re
from collections.abc import Callable

from kubectl_mc import messages
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge.log_lines import LogSource
from kubectl_mc.messages import Cause
from kubectl_mc.processes.event_loop import Chunk, Exit
from kubectl_mc.processes.requests import Job
from kubectl_mc.reads.log_resume import TimedLines
from kubectl_mc.reads.log_sources import PodEvent, PodEvents
from kubectl_mc.type_hints import Protocol

# The end of a kubectl's stderr that is stored, in bytes.
_STORED = 1 << 14

# What kubectl logs of the request for a watch when it is answered: the objects that there are have been printed by then
# (client-go, transport/round_trippers.go).
_WATCH_BEGINS = re.compile(rb"round_trippers\.go:\d+\].*watch=true.*200 OK")


class Kubectls(Protocol):
    """What runs the kubectls of sessions, and shows what comes of them."""

    def start(self, job: Job, line: Callable[[], CommandLine], owner: Callable[[Chunk | Exit], None]) -> int:
        """Have a kubectl started, and return its index; `owner` gets its events. line: makes its command line then"""

    def waited(self, index: int) -> float:
        """Return for how many seconds a kubectl has waited for its cluster; 0.0 if it isn't started yet."""

    def end(self, index: int) -> None:
        """End a kubectl."""

    def show(self, source: LogSource, lines: TimedLines) -> None:
        """Show lines of a container."""

    def streams_of(self, cluster: str) -> int:
        """Return how many containers of a cluster are followed."""

    def say(self, job: Job, text: str) -> None:
        """Say something about a cluster's part."""

    def say_once(self, text: str) -> None:
        """Say what other clusters may have said."""

    def hand_back(self, job: Job) -> None:
        """Run kubectl's own `logs -f` for a cluster."""

    def renew_login(self, job: Job) -> None:
        """Log in to a cluster once more, as it refuses the credential."""


class Reader:
    """Reads what one kubectl prints, and tells its end: why it has failed (None if it hasn't), its stdout and stderr.

    feed: takes stdout as it comes; else it is stored
    """

    def __init__(
        self, end: Callable[[Cause | None, bytes, bytes], None], feed: Callable[[bytes], None] | None = None
    ) -> None:
        self._end, self._feed = end, feed
        self._stdout: list[bytes] = []
        self._stderr = b""

    def take(self, event: Chunk | Exit) -> None:
        """Take an event of the kubectl."""
        if isinstance(event, Exit):
            text = self._stderr.decode("utf-8", "replace")
            cause = messages.find_cause(text, event.status) if event.status else None
            self._end(cause, b"".join(self._stdout), self._stderr)
        elif event.stream == "stderr":
            self._stderr = (self._stderr + event.text)[-_STORED:]
            self._hear()
        elif self._feed:
            self._feed(event.text)
        else:
            self._stdout.append(event.text)

    def _hear(self) -> None:
        """Look at what has come to stderr."""


class WatchReader(Reader):
    """Reads what the kubectl that watches pods prints: it takes their events, and tells its begin and its end."""

    def __init__(
        self, take: Callable[[PodEvent], None], begin: Callable[[], None], end: Callable[[Cause | None, bytes], None]
    ) -> None:
        events = PodEvents()

        def feed(chunk: bytes) -> None:
            for event in events.feed(chunk):
                take(event)

        super().__init__(lambda cause, stdout, stderr: end(cause, stderr), feed)
        self._begin = begin

    def _hear(self) -> None:
        if _WATCH_BEGINS.search(self._stderr):
            self._stderr = b""
            self._begin()


class Messages:
    """Finds in a kubectl's stderr what its user has to read at once, as a credential plugin may ask to log in.

    That comes ahead of its first answer. Its errors are not: whoever runs it knows why it has failed. Nor is its log,
    unless the user wants it (`-v`).
    """

    def __init__(self, with_log: bool) -> None:
        self._with_log = with_log
        self._begun = b""
        self._is_silent = False

    def feed(self, event: Chunk) -> list[str]:
        """Return the lines to read that end in what the kubectl has written."""
        if event.stream == "stdout":
            self._is_silent = True
            return []
        *whole, self._begun = (self._begun + event.text)[-_STORED:].split(b"\n")
        lines = [line.decode("utf-8", "replace") for line in whole]
        return lines if self._with_log else [line for line in lines if self._is_read(line)]

    def _is_read(self, line: str) -> bool:
        is_log = messages.is_log(line)
        # Some errors have no beginning: `unexpected EOF`.
        is_error = messages.is_error(line) or messages.find_cause(f"error: {line}", 1).kind not in messages.OF_COMMAND
        self._is_silent = self._is_silent or is_error or (is_log and "watch=true" in line)
        # `server response object: {` of kubectl's log goes on to a `}` at the beginning of a line.
        return bool(line.strip()) and not (self._is_silent or is_log or line.startswith((" ", "\t", "}")))
