# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Followed logs: a session for each cluster, and the report at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from kubectl_mc import messages
from kubectl_mc.command_line import verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge.cluster_results import one_result_per_cluster, untold
from kubectl_mc.merge.log_lines import JSON_OUTPUTS, LogRenderer, LogSource, is_wanted
from kubectl_mc.merge.log_reader import LogRun
from kubectl_mc.merge.log_times import TimeWindow
from kubectl_mc.merge.report import logs_requests, make_report, result_cause, said_by
from kubectl_mc.messages import stream_texts
from kubectl_mc.messages.colours import coloured
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Chunk, Exit, Result
from kubectl_mc.processes.places import Machine, Starts
from kubectl_mc.processes.requests import Job, Request, job_command, note_answers, same_jobs
from kubectl_mc.processes.standard_streams import Phase
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads import wildcards
from kubectl_mc.reads.exchanges import Exchanges, Question, log_in
from kubectl_mc.reads.log_kubectls import Messages
from kubectl_mc.reads.log_printers import log_style
from kubectl_mc.reads.log_requests import FollowedLogs, followed_logs
from kubectl_mc.reads.log_resume import TimedLines
from kubectl_mc.reads.log_sessions import LogSession
from kubectl_mc.reads.name_patterns import all_namespaces, is_pattern
from kubectl_mc.reads.namespaces import namespace_jobs
from kubectl_mc.reads.screen import Screen
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.reads.exchanges import Exchange

# Seconds between two looks at what is due.
_TICK = 0.05

# The number of kubectls from which on it is said.
_MANY = 20

# How many texts of kubectls are remembered.
_HEARD = 1000

_NONE = Command("", (), {})  # of a kubectl that has ended, or is not started yet


def follows(request: Request) -> bool:
    """Return whether each cluster's part of the request is a session, in which containers come and go."""
    row, line, options = request.row, request.line, request.options
    return (
        row.output.log_lines
        and verbs.is_endless(row, line)
        and not options.no_reconnect
        and not options.cluster_timeout
        and followed_logs(line, options) is not None
    )


def show_followed(request: Request, targets: Sequence[Target]) -> int:
    """Show the lines of all sessions as they come, and return the exit status; after Ctrl-C 130. Raises UserError."""
    following = _Following(request, targets)
    interrupt: BaseException | None = None
    try:
        following.run()
    except (KeyboardInterrupt, SystemExit) as error:
        interrupt = error
    except BaseException:  # nobody reads on
        following.tell(is_interrupted=True)
        raise
    finally:
        Phase("lines", request.environment.streams, (), 0.0).close(isinstance(interrupt, KeyboardInterrupt))
    following.tell(is_interrupted=interrupt is not None)
    with suppress(*([OSError] if isinstance(interrupt, SystemExit) else [])):  # after SIGHUP the terminal is gone
        status = following.report(is_interrupted=interrupt is not None)
    if isinstance(interrupt, SystemExit):
        raise interrupt
    return 130 if interrupt else status


def _jobs(request: Request, target: Target) -> Exchange[tuple[list[Job], list[Result]]]:
    """Return a job for each session of a cluster: for all of it, or for each of the namespaces that -n lists.

    -A is one watch, unless an object is meant: each namespace may have one of its name.
    The cluster is logged in to then. The second value is what failed.
    """
    reference = _followed(request).reference
    jobs, failures = same_jobs([target], request.line), list[Result]()
    if reference or not all_namespaces(request.line):
        jobs, failures = yield from namespace_jobs(request, target)
    if is_pattern(reference):
        jobs, unnamed = yield from wildcards.resolved_jobs(request, jobs)
        failures += unnamed
    not_logged_in = (yield from log_in(target)) if jobs else []
    return [] if not_logged_in else jobs, [*failures, *not_logged_in]


class _Following:
    """The sessions of one command, and their kubectls."""

    def __init__(self, request: Request, targets: Sequence[Target]) -> None:
        self._request, self._targets = request, targets
        self._streams = request.environment.streams
        self._commands: list[Command] = []
        self._begins: dict[int, Callable[[], Command]] = {}  # of the commands that are not started yet: what makes them
        self._owners: list[Callable[[Chunk | Exit], None]] = []
        self._clusters: dict[int, str] = {}  # of the kubectls that run, or are to be started
        self._start_times: dict[int, float] = {}  # of those that run
        self._starts = Starts(Machine())
        self._unwanted: set[int] = set()
        self._refused: set[str] = set()  # clusters that have refused the credential of the start
        self._sessions: list[LogSession] = []
        self._unreachable = [*request.unreachable]
        self._failed_listings: list[Result] = []  # of clusters that have jobs
        self.screen = Screen(request, [])  # of the clusters where kubectl follows by itself
        self._followed = _followed(request)
        self._style = log_style(request)
        self._renderer = LogRenderer(self._style)
        self._window = TimeWindow() if request.options.by_time else None
        self._shows_times = self._style.timestamps or self._style.output in JSON_OUTPUTS or bool(self._window)
        self._said: set[str] = set()
        self._heard: dict[tuple[str, str], None] = {}  # (label, text) of what kubectls have said of late
        self._is_counted = False
        self._exchanges = Exchanges(self._ask)
        self._unlisted = 0  # how many clusters have no sessions yet

    def run(self) -> None:
        """Run the sessions until nothing can come any more. Raises KeyboardInterrupt and UserError."""
        self._show_failures(self._unreachable)
        self._unlisted = len(self._targets)
        for target in self._targets:
            self._exchanges.begin(self._listed(target))
        for event in event_loop.run_commands(
            self._commands,
            sys.maxsize,
            0.0,
            self._request.stdin,
            at_once=True,
            may_start=self._make,
            on_start=self._note_start,
            on_tick=self._tick,
            awaits=lambda: not self._is_over(),
            unwanted=self._unwanted,
            tick=_TICK,
            starts=self._starts,
        ):
            self._owners[event.command_index](event)
            if isinstance(event, Exit):
                cluster = self._clusters.pop(event.command_index)
                start = self._start_times.pop(event.command_index)
                if self._request.environment.report and not event.unasked:
                    self._request.environment.report.took(cluster, time.monotonic() - start)
                self._unwanted.discard(event.command_index)
                self._commands[event.command_index] = _NONE
                self._owners[event.command_index] = _nobody

    def _make(self, index: int) -> bool:
        """Make a command that is started now: how old a flag's time is, and the login, are those of this moment."""
        if begin := self._begins.pop(index, None):
            self._commands[index] = begin()
        return True

    def _note_start(self, index: int) -> None:
        self._start_times[index] = time.monotonic()

    def _begin(self, jobs: Sequence[Job]) -> None:
        now = time.monotonic()
        for job in jobs:
            followed = followed_logs(job.line, self._request.options)
            if followed:
                self._sessions.append(LogSession(self, job, followed, self._is_wanted, now))
            else:
                self.hand_back(job)

    def _is_wanted(self, pod: str, container: str) -> bool:
        return is_wanted(pod, container, self._style)

    def _listed(self, target: Target) -> Exchange[None]:
        """Begin the sessions of a cluster, when its jobs are known and its login has ended."""
        jobs, failures = yield from _jobs(self._request, target)
        self._unlisted -= 1
        self._begin(jobs)
        unnamed, failed_listings = wildcards.divided(failures, jobs)
        self._show_failures([*unnamed, *failed_listings])
        self._unreachable += unnamed
        self._failed_listings += failed_listings

    def _ask(self, question: Question) -> int:
        return self._add(question.command, None, question.target.cluster, self._exchanges.feed)

    def _tick(self) -> None:
        self._streams.check_reader()
        self.screen.show_due()
        now = time.monotonic()
        if self._window and (due := self._window.due(now)):
            self._streams.answer(self._renderer.feed(due))
        for session in self._sessions:
            session.tick(now)
        for cluster in self._exchanges.silent(self.waited):
            self._say(cluster, cluster, stream_texts.UNREACHED)
        is_listed = not self._unlisted and all(session.is_settled for session in self._sessions)
        if is_listed and not self._is_counted:
            self._is_counted = True
            self._say_count()

    def _say_count(self) -> None:
        """Say once how many kubectls run, if they are many, and that there is nothing yet."""
        open_sessions = [session for session in self._sessions if not session.is_over]
        if open_sessions:
            over = [session for session in self._sessions if session.is_over and not session.is_handed_back]
            self._show_failures([session.result() for session in over])
        clusters = len({session.job.target.cluster for session in open_sessions})
        containers = sum(session.streams for session in open_sessions)
        count = containers + len(open_sessions)
        if count > _MANY:
            self._streams.say([stream_texts.following(containers, clusters, count)])
        if open_sessions and not containers and not (self._followed.pod or self._followed.reference):
            self._streams.say(["No resources found; waiting for pods that appear."])

    def _is_over(self) -> bool:
        return all(session.is_over for session in self._sessions)

    def _show_failures(self, failures: Sequence[Result]) -> None:
        """Show failures at once: the report comes late."""
        for failure in failures:
            cause = result_cause(failure, self._request)
            if cause and not cause.absent:
                self._say(failure.cluster, failure.cluster, f"ended: {cause.reason}")

    # --- For the sessions ------------------------------------------------------------------------------------

    def _add(
        self, command: Command, begin: Callable[[], Command] | None, cluster: str, owner: Callable[[Chunk | Exit], None]
    ) -> int:
        """Have a command started as soon as there is a place. begin: makes it then, in the place of `command`"""
        index = len(self._commands)
        self._clusters[index] = cluster
        count = len(self._clusters)
        if event_loop.raise_file_limit(count) < count:
            count = max(count, 2 * len(self._sessions))  # each watches its pods, and follows a container at least
            raise messages.too_few_files(count, event_loop.files_for(count))
        if begin:
            self._begins[index] = begin
        self._commands.append(command)
        self._owners.append(owner)
        return index

    def start(self, job: Job, line: Callable[[], CommandLine], owner: Callable[[Chunk | Exit], None]) -> int:
        """Have a kubectl of a session started, and return its index; `owner` gets its events.

        line: makes its command line when it is started
        """
        heard = Messages(logs_requests(self._request))

        def take(event: Chunk | Exit) -> None:
            for text in heard.feed(event) if isinstance(event, Chunk) else ():
                self._say_new(job, text)
            owner(event)

        def begin() -> Command:
            target = self._request.newest(job.target, False) if job.target.cluster in self._refused else job.target
            return job_command(self._request, job._replace(line=line(), target=target))

        return self._add(_NONE, begin, job.target.cluster, take)

    def waited(self, index: int) -> float:
        """Return for how many seconds a kubectl has waited for its cluster, as `Starts.waited` does."""
        return self._starts.waited(index, time.monotonic())

    def _say_new(self, job: Job, text: str) -> None:
        """Say what a kubectl has said, unless another one of the cluster has said so."""
        if logs_requests(self._request) or (job.label, text) not in self._heard:
            self._heard[job.label, text] = None
            if len(self._heard) > _HEARD:
                del self._heard[next(iter(self._heard))]
            self.say(job, text)

    def end(self, index: int) -> None:
        """End a kubectl."""
        self._unwanted.add(index)

    def show(self, source: LogSource, lines: TimedLines) -> None:
        """Show lines of a container."""
        run = LogRun(source, lines.texts, [time.decode() for time in lines.times] if self._shows_times else ())
        if self._window:
            self._window.feed(run.lines(), time.monotonic())
        else:
            self._streams.answer(self._renderer.render(*run))

    def _show_rest(self) -> None:
        """Show the lines that wait for those with earlier times, and say what waits to be said."""
        for session in self._sessions:
            session.say_broken()
        if self._window:
            self._streams.answer(self._renderer.feed(self._window.rest()))

    def streams_of(self, cluster: str) -> int:
        """Return how many containers of a cluster are followed."""
        return sum(session.streams for session in self._sessions if session.job.target.cluster == cluster)

    def say(self, job: Job, text: str) -> None:
        """Say something about a cluster's part."""
        self._say(job.label, job.target.cluster, text)

    def _say(self, label: str, cluster: str, text: str) -> None:
        self._streams.say(
            [f"[{coloured(label, cluster) if self._streams.has_colours else label}] {messages.visible(text)}"]
        )

    def say_once(self, text: str) -> None:
        """Say what several clusters may have to say."""
        if text not in self._said:
            self._said.add(text)
            self._streams.say([messages.visible(text)])

    def hand_back(self, job: Job) -> None:
        """Run kubectl's own `logs -f`, as nothing can be followed otherwise."""
        index = len(self.screen.results())
        self.screen.add([job])
        job = job._replace(line=self.screen.command_line(job))

        def show(event: Chunk | Exit) -> None:
            self.screen.expect_more(not self._is_over())
            self.screen.show(event._replace(command_index=index))

        self._add(_NONE, partial(job_command, self._request, job), job.target.cluster, show)

    def renew_login(self, job: Job) -> None:
        """Log in to a cluster once more, as it refuses the credential."""
        self._refused.add(job.target.cluster)
        self._request.newest(job.target, True)

    # --- The report ------------------------------------------------------------------------------------------

    def _results(self, is_interrupted: bool) -> list[Result]:
        """Return a result for each cluster. Those that were followed when the user ended it have not failed."""
        own = [session.result() for session in self._sessions if not session.is_handed_back]
        handed_back = sorted(self.screen.results(), key=lambda result: result.namespace)
        unlisted: list[Result] = []
        if is_interrupted:
            handed_back = [result._replace(status=0) if result.status is None else result for result in handed_back]
            begun = {result.cluster for result in (*own, *handed_back, *self._unreachable)}
            unlisted = [Result(item.cluster, b"", b"", None) for item in self._targets if item.cluster not in begun]
        return one_result_per_cluster([*own, *handed_back, *self._failed_listings, *unlisted])

    def tell(self, is_interrupted: bool) -> None:
        """Tell the report for programs what came of the clusters, if there is one."""
        if self._request.environment.report:
            from kubectl_mc.merge.report_entries import read_entries

            asked = self._request._replace(unreachable=tuple(self._unreachable))
            self._request.environment.report.tell(read_entries(self._results(is_interrupted), asked))

    def report(self, is_interrupted: bool) -> int:
        """Show what is left, say what came of the clusters, and return the exit status."""
        self._show_rest()
        (self.screen.show_rest if is_interrupted else self.screen.show_end)()
        order = {target.cluster: target for target in self._targets}
        results = sorted(self._results(is_interrupted), key=lambda result: [*order].index(result.cluster))
        if not is_interrupted:
            note_answers(self._request, [(order[result.cluster], result, 0.0) for result in results])
        sessions = self._sessions
        not_found = [item.result() for item in sessions if item.is_over and not item.is_handed_back]
        held = [*self.screen.held(), *said_by([*self._unreachable, *not_found])]
        if any(item.job.namespace for item in sessions):  # what each of them lacks is said once for all
            held = [untold(messages_of_one, results) for messages_of_one in held]
        names = [*order, *(result.cluster for result in self._unreachable)]
        unreachable = sorted(self._unreachable, key=lambda result: names.index(result.cluster))
        report = make_report(
            results,
            self._request._replace(unreachable=tuple(unreachable)),
            shown=True,
            held=held,
            on_terminal=self._request.reports_on_terminal,
        )
        if report.status or not is_interrupted:
            self._streams.say(report.lines)
        return report.status


def _nobody(event: Chunk | Exit) -> None:
    """Take the events of a kubectl that has ended, of which there are none."""


def _followed(request: Request) -> FollowedLogs:
    followed = followed_logs(request.line, request.options)
    assert followed
    return followed
