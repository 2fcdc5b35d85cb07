# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The watches of a command: each goes on with a further kubectl when one has ended, until the user ends it.

A further kubectl lists the objects again, and its printer leaves out what is as it was. Which objects were deleted
meanwhile is told by a list of its own, beside that kubectl: an object that has come from neither is gone. An object
that the list has and the watch hasn't shown yet is asked for again, so it doesn't matter which of the two came first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from kubectl_mc.command_line import grammar
from kubectl_mc.merge import output_forms
from kubectl_mc.merge.report import result_cause
from kubectl_mc.messages import stream_texts
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Chunk, Exit, Result
from kubectl_mc.processes.requests import Job, Request, job_command
from kubectl_mc.reads import backoff, watch_lines
from kubectl_mc.reads.screen import Screen

# Seconds after which a list shows that a further kubectl, which has printed nothing, does reach its cluster.
_QUIET = 1.0

_LIST_DELAY = 0.4  # seconds after its first row, in which a kubectl may have shown what there is
_LIST_PATIENCE = 30.0  # seconds

_SILENCE = 5.0  # seconds of waiting after which it is said that a kubectl gets no answer


class _Session:
    """The watch of one job.

    has_begun: a kubectl has reached the cluster
    is_up: the one that runs has
    is_refused: the cluster has refused the credential
    is_over: no further one will run
    kubectl: the index of its command
    list: the index of that of the list that runs; None for none
    due: when the next kubectl starts; None while one runs, or if none will
    quiet: the seconds for which it may wait before a list is asked for; None once one has been, or if it is up
    list_due: when a list is asked for; None for none
    """

    def __init__(self, index: int, job: Job, watches_news: bool) -> None:
        self.index = index
        self.job = job
        self.watches_news = watches_news  # what is there isn't shown
        self.is_seeded = False
        self.has_begun = self.is_up = self.is_restarted = self.is_over = False
        self.tries = backoff.Tries()
        self.started = 0.0
        self.is_refused = False
        self.kubectl = -1
        self.list: int | None = None
        self.due: float | None = None
        self.quiet: float | None = None
        self.list_due: float | None = None
        self.lists = 0  # since the start of the kubectl


class _List(NamedTuple):
    """A list that runs beside a watch. watch_started: the time at which the kubectl of the watch did"""

    session: _Session
    watch_started: float
    chunks: list[Chunk]


class _Outage:
    """What is said of a cluster's breaks: once that it is down, and that it goes on. sessions: that are not up"""

    def __init__(self) -> None:
        self.sessions: set[_Session] = set()
        self.is_said = self.has_begun = False


class Sessions:
    """The sessions of a command's jobs.

    append: appends a command of the cluster with this name to those of the event loop, and returns its index
    waited: for how many seconds a command has waited for its cluster, 0.0 if it isn't started yet
    """

    def __init__(
        self,
        request: Request,
        screen: Screen,
        append: Callable[[Command, str], int],
        waited: Callable[[int], float],
    ) -> None:
        self._request, self._screen, self._append, self._waited = request, screen, append, waited
        self._say = request.environment.streams.say
        self._sessions: list[_Session] = []
        self._watches: dict[int, _Session] = {}  # by the index of the command that runs
        self._lists: dict[int, _List] = {}
        self._commands: dict[tuple[str, bool], Command] = {}  # of a job's label, and whether of its list
        self._outages: dict[str, _Outage] = {}

    def add(self, jobs: Sequence[Job]) -> None:
        """Start the watches of further jobs, which the screen has."""
        row, now = self._request.row, time.monotonic()
        for job in jobs:
            session = _Session(len(self._sessions), job, grammar.is_set(job.line, row.output.news_by))
            self._sessions.append(session)
            self._start(session, now)
            if session.watches_news:
                session.quiet, session.list_due = None, now

    def has_answered(self, job_index: int) -> bool:
        """Return whether the cluster of a job's watch has answered, also if there was nothing to show."""
        return self._sessions[job_index].has_begun

    def is_named(self, job_index: int) -> bool:
        """Return whether it was said that a job's watch can't begin, which is still so."""
        session = self._sessions[job_index]
        outage = self._outages.get(session.job.target.cluster)
        return bool(outage and outage.is_said and session in outage.sessions and not session.has_begun)

    def awaits(self) -> bool:
        """Return whether kubectls are still to be started."""
        return any(session.due is not None for session in self._sessions)

    def take(self, event: Chunk | Exit) -> None:
        """Show what a kubectl has written, and decide at its end whether the watch goes on."""
        if event.command_index in self._lists:
            self._take_list(event)
            return
        session = self._watches[event.command_index]
        shown = event._replace(command_index=session.index)
        if isinstance(shown, Exit):
            del self._watches[event.command_index]
            self._end(session, shown)
            return
        self._screen.show(shown)
        if shown.stream == "stdout":
            self._reached(session)

    def tick(self) -> None:
        """Start the kubectls that are due."""
        now = time.monotonic()
        for session in self._sessions:
            if session.quiet is not None and self._waited(session.kubectl) >= session.quiet:
                session.quiet, session.list_due = None, now
            if session.due is not None and session.due <= now:
                self._start(session, now)
            elif session.list_due is not None and session.list_due <= now:
                session.list_due = None
                if not session.is_up or self._has_unseen(session):
                    line = watch_lines.list_alone(self._request.row, self._kubectl_line(session))
                    session.list = self._run(session, line, is_list=True)
                    self._lists[session.list] = _List(session, session.started, [])
            elif not (session.is_up or session.is_seeded or session.is_restarted) and self._is_silent(session):
                self._break(session, stream_texts.NO_ANSWER)
        for cluster, outage in self._outages.items():
            waiting = (self._waited(session.kubectl) for session in outage.sessions if session.due is None)
            if not outage.is_said and max(waiting, default=0.0) >= _SILENCE:
                outage.is_said = True
                self._say([stream_texts.watch_is_down(cluster, stream_texts.NO_ANSWER, outage.has_begun)])

    def _is_silent(self, session: _Session) -> bool:
        """Return whether a watch that begins has no answer, nor has its list."""
        if session.is_over or (session.due, session.quiet, session.list_due) != (None, None, None):
            return False
        has_list_waited = session.list is None or self._waited(session.list) >= _SILENCE
        return has_list_waited and self._waited(session.kubectl) >= 2 * _SILENCE

    def _has_unseen(self, session: _Session) -> bool:
        return self._screen.watch_printer(session.index).has_unseen

    # --- a kubectl of a watch -----------------------------------------------------------------------------------

    def _start(self, session: _Session, now: float) -> None:
        if session.is_restarted:
            session.job = session.job._replace(target=self._request.newest(session.job.target, session.is_refused))
        session.due, session.started, session.is_up, session.lists = None, now, False, 0
        session.tries.begin(now)
        # A watch that shows nothing has nothing to show, or no answer: a list tells which.
        session.quiet, session.list_due = _QUIET if session.is_restarted else _SILENCE, None
        session.kubectl = self._run(session, self._kubectl_line(session), is_list=False)
        self._watches[session.kubectl] = session

    def _kubectl_line(self, session: _Session) -> grammar.CommandLine:
        line = session.job.line
        if session.is_restarted and (session.is_seeded or not session.watches_news):
            line = watch_lines.from_list(self._request.row, line)
        return output_forms.mergeable_line(self._request, line)

    def _run(self, session: _Session, line: grammar.CommandLine, is_list: bool) -> int:
        """Append a command, and return its index. A watch that breaks again and again runs the same one."""
        command = job_command(self._request, session.job._replace(line=line))
        command = command._replace(patience=_LIST_PATIENCE) if is_list else command
        key = session.job.label, is_list
        if self._commands.get(key) != command:
            self._commands[key] = command
        return self._append(self._commands[key], session.job.target.cluster)

    def _reached(self, session: _Session) -> None:
        """Note that the kubectl of a watch has reached its cluster."""
        if session.is_up:
            return
        session.is_up, session.has_begun, session.quiet = True, True, None
        session.tries.work()
        self._screen.goes_on(session.index)
        if session.is_restarted:
            session.list_due = time.monotonic() + _LIST_DELAY
        self._recover(session)

    def _end(self, session: _Session, shown: Exit) -> None:
        result = self._screen.ended(shown)
        cause = result_cause(result._replace(stdout=b""), self._request)
        if shown.timed_out or not watch_lines.is_passing(cause, session.has_begun, session.is_restarted):
            session.quiet, session.list_due, session.is_over = None, None, True
            self._screen.show(shown)
            self._recover(session, is_over=True)
            return
        now = time.monotonic()
        session.is_restarted, session.quiet, session.list_due = True, None, None
        session.due = now + session.tries.end(now)
        if cause is None:
            session.has_begun = True
        self._screen.restart(session.index, result)
        if cause and cause.absent:  # the one object that is watched
            self._show_deleted(session, b"")
            self._recover(session)  # the cluster has answered
        else:
            self._break(session, cause.reason if cause else "")
        session.is_refused = bool(cause and cause.kind == "unauthorized")

    # --- what is said -------------------------------------------------------------------------------------------

    def _break(self, session: _Session, reason: str) -> None:
        outage = self._outages.setdefault(session.job.target.cluster, _Outage())
        outage.sessions.add(session)
        outage.has_begun = outage.has_begun or session.has_begun
        if reason and not outage.is_said:
            outage.is_said = True
            self._say([stream_texts.watch_is_down(session.job.target.cluster, reason, outage.has_begun)])

    def _recover(self, session: _Session, is_over: bool = False) -> None:
        """Note that a watch is up, or over: then it goes on only if another one of its cluster does."""
        cluster = session.job.target.cluster
        outage = self._outages.get(cluster)
        if not outage or session not in outage.sessions:
            return
        outage.sessions.discard(session)
        if outage.sessions:
            return
        del self._outages[cluster]
        if is_over and not any(other.is_up and other.job.target.cluster == cluster for other in self._watches.values()):
            return
        if outage.is_said:
            self._say([stream_texts.watch_goes_on(cluster, outage.has_begun)])
        else:
            self._say([stream_texts.watch_taken_up(cluster)])

    # --- lists --------------------------------------------------------------------------------------------------

    def _take_list(self, event: Chunk | Exit) -> None:
        session, watch_started, chunks = self._lists[event.command_index]
        if isinstance(event, Chunk):
            chunks.append(event)
            return
        del self._lists[event.command_index]
        session.list = None if session.list == event.command_index else session.list
        if session.started != watch_started or session not in self._watches.values():
            return  # the watch has broken again since
        stdout, stderr = (b"".join(c.text for c in chunks if c.stream == name) for name in ("stdout", "stderr"))
        result = Result(event.cluster, stdout, stderr, event.status, event.timed_out)
        cause = result_cause(result, self._request)
        is_answer = cause is None or cause.absent
        if not session.is_restarted:
            if session.watches_news:
                session.is_seeded = is_answer and self._screen.watch_printer(session.index).seed(stdout)
            if is_answer:
                self._reached(session)
            return
        if is_answer:
            self._show_deleted(session, stdout)
            self._reached(session)
        session.lists += 1
        if not session.is_up or self._has_unseen(session):
            session.list_due = time.monotonic() + backoff.delay(session.lists + 2)
        else:
            session.list_due = None

    def _show_deleted(self, session: _Session, stdout: bytes) -> None:
        self._request.environment.streams.answer(self._screen.watch_printer(session.index).listed(stdout))
