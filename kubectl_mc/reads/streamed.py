# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Streamed commands: logs, watches and others whose lines are shown as they come, each with its cluster."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.merge.cluster_results import one_result_per_cluster, untold
from kubectl_mc.merge.report import make_report, result_cause, said_by
from kubectl_mc.messages import stream_texts
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Exit, Result
from kubectl_mc.processes.requests import Job, Request, job_command, note_answers
from kubectl_mc.processes.standard_streams import Phase
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads import watch_lines, wildcards
from kubectl_mc.reads.column_files import with_columns
from kubectl_mc.reads.exchanges import Exchanges, log_in
from kubectl_mc.reads.log_printers import with_pods
from kubectl_mc.reads.name_patterns import namespace_patterns
from kubectl_mc.reads.namespaces import namespace_jobs
from kubectl_mc.reads.screen import Screen
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.messages import Cause
    from kubectl_mc.processes.places import Starts
    from kubectl_mc.reads.exchanges import Exchange
    from kubectl_mc.reads.watch_sessions import Sessions


def show_streamed(request: Request, targets: Sequence[Target]) -> int:
    """Run the command on all targets, show their lines as they come and return the exit status; after Ctrl-C 130.

    Namespaces that are patterns, and names with wildcards, are listed first. The jobs of a cluster start when its own
    are known, and its own login has ended.
    After Ctrl-C or another signal, the report names the clusters that haven't ended, unless the command has no end;
    then SystemExit is raised for that signal.
    Raises UserError for jobs that have to run all at once and cannot.
    """
    if grammar.output_format(request.line)[0].startswith("custom-columns"):
        request = with_columns(request)
    if request.row.output.log_lines:
        request = with_pods(request)
        if verbs.is_endless(request.row, request.line):
            from kubectl_mc.reads import followed

            if followed.follows(request):
                return followed.show_followed(request, targets)
    streaming = _Streaming(request, targets)
    streaming.begin()
    interrupt: BaseException | None = None
    try:
        streaming.run()
    except (KeyboardInterrupt, SystemExit) as error:
        interrupt = error
    except BaseException:  # nobody reads on
        streaming.tell()
        raise
    finally:
        streaming.close(isinstance(interrupt, KeyboardInterrupt))
    streaming.end(is_interrupted=interrupt is not None)
    streaming.tell()
    with suppress(*([OSError] if isinstance(interrupt, SystemExit) else [])):  # after SIGHUP the terminal is gone
        status = streaming.report()
    if isinstance(interrupt, SystemExit):
        raise interrupt
    return 130 if interrupt else status


class _Streaming:
    """The jobs of one command, and the commands that run for them."""

    def __init__(self, request: Request, targets: Sequence[Target]) -> None:
        self._request, self._targets = request, targets
        self._streams = request.environment.streams
        self._endless = verbs.is_endless(request.row, request.line)
        self._screen = Screen(request, [])
        self._commands: list[Command] = []
        self._names: list[str] = []  # of the commands' clusters
        self._start_times: dict[int, float] = {}  # of the commands that run
        self._phase = Phase("lines", self._streams, self._names, request.patience)
        self._exchanges = Exchanges(lambda question: self._append(question.command, question.target.cluster))
        self._sessions: Sessions | None = None  # where watches are taken up again
        self._starts: Starts | None = None
        self._job_count = 0
        self._jobs: dict[int, int] = {}  # the job's index by the index of its command, of those without sessions
        self._unreachable = [*request.unreachable]
        self._failed_listings: list[Result] = []  # of clusters that have jobs
        self._is_interrupted = False
        if watch_lines.is_resumed(request):
            self._take_up_watches()

    def _take_up_watches(self) -> None:
        from kubectl_mc.processes.places import Machine, Starts
        from kubectl_mc.reads import watch_sessions

        self._starts = Starts(Machine())
        self._sessions = watch_sessions.Sessions(self._request, self._screen, self._append, self._waited)

    def _waited(self, index: int) -> float:
        """Return for how many seconds a command has waited for its cluster; 0.0 if it isn't started yet."""
        now = time.monotonic()
        return self._starts.waited(index, now) if self._starts else now - self._start_times.get(index, now)

    # --- What runs --------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin with all clusters. Raises UserError."""
        self._show_failures(self._unreachable)
        self._screen.expect_more(True)
        for target in self._targets:
            self._exchanges.begin(self._exchange(target))
        self._screen.expect_more(bool(self._exchanges))
        self._check_files()
        self._phase.wait_for_logins(self._commands)

    def run(self) -> None:
        """Run the commands to their ends, and show what they write. Raises KeyboardInterrupt and UserError."""
        for event in event_loop.run_commands(
            self._commands,
            self._request.parallel(sys.maxsize),
            self._request.patience,
            self._request.stdin,
            at_once=self._request.at_once,
            on_start=self._note_start,
            on_tick=self._tick,
            awaits=self._sessions.awaits if self._sessions else lambda: False,
            starts=self._starts,
        ):
            if isinstance(event, Exit):
                self._note_end(event)
            if event.command_index in self._exchanges:
                self._exchanges.feed(event)
                self._check_files()
                if not self._exchanges:
                    self._screen.expect_more(False)
            elif self._sessions:
                self._sessions.take(event)
            else:
                self._screen.show(event._replace(command_index=self._jobs[event.command_index]))

    def close(self, is_interrupted: bool) -> None:
        """Clear the progress line. is_interrupted: by Ctrl-C"""
        self._phase.close(is_interrupted)

    def _exchange(self, target: Target) -> Exchange[None]:
        """Start the jobs of a cluster when they are known."""
        jobs, failures = yield from _stream_jobs(self._request, target)
        self._start(jobs)
        unreachable, partial = wildcards.divided(failures, jobs)
        self._show_failures(unreachable)
        self._show_failed_listings(partial)
        self._unreachable += unreachable
        self._failed_listings += partial

    def _append(self, command: Command, cluster: str) -> int:
        self._names.append(cluster)
        self._commands.append(command)
        return len(self._commands) - 1

    def _start(self, jobs: Sequence[Job]) -> None:
        if verbs.is_watch(self._request.row, self._request.line):
            jobs = watch_lines.jobs_by_type(jobs)
        self._screen.add(jobs)
        if self._sessions:
            self._sessions.add(jobs)
        for index, job in enumerate(() if self._sessions else jobs, self._job_count):
            command = job_command(self._request, job._replace(line=self._screen.command_line(job)))
            self._jobs[self._append(command, job.target.cluster)] = index
        self._job_count += len(jobs)

    def _check_files(self) -> None:
        """Raise a UserError if the jobs have to run all at once and cannot."""
        count = self._job_count
        if self._endless and event_loop.raise_file_limit(count) < count:
            raise messages.too_few_files(count, event_loop.files_for(count))

    def _note_start(self, index: int) -> None:
        self._start_times[index] = time.monotonic()
        self._phase.begin(index)

    def _note_end(self, event: Exit) -> None:
        self._phase.end(event.command_index)
        took = time.monotonic() - self._start_times.pop(event.command_index)
        if self._request.environment.report and not event.unasked:
            self._request.environment.report.took(self._names[event.command_index], took)

    def _tick(self) -> None:
        if self._endless:
            self._streams.check_reader()
            self._screen.show_due()
            for cluster in self._exchanges.silent(self._waited):
                self._streams.say([f"[{cluster}] {stream_texts.UNREACHED}"])
        elif self._phase.on_tick:
            self._phase.on_tick()
        if self._sessions:
            self._sessions.tick()

    # --- What is said while others go on without end, as their report comes late ---------------------------------

    def _show_failures(self, failures: Sequence[Result]) -> None:
        """Show the failures of whole clusters."""
        self._streams.say([f"[{failure.cluster}] ended: {cause.reason}" for failure, cause in self._causes(failures)])

    def _show_failed_listings(self, failures: Sequence[Result]) -> None:
        """Show what is missing of clusters that have jobs."""
        lines = [
            f"[{failure.cluster}] {messages.visible(line)}"
            for failure, _ in self._causes(failures)
            for line in failure.stderr.decode("utf-8", "replace").removesuffix("\n").split("\n")
        ]
        self._streams.say(lines)

    def _causes(self, failures: Sequence[Result]) -> list[tuple[Result, Cause]]:
        """Return the failures that are to be shown at once, with their causes."""
        causes = [(failure, result_cause(failure, self._request)) for failure in failures if self._endless]
        return [(failure, cause) for failure, cause in causes if cause and not cause.absent]

    # --- The report ---------------------------------------------------------------------------------------------

    def end(self, is_interrupted: bool) -> None:
        """Note whether the user, or a signal, has ended the command. What had not begun then is interrupted, too."""
        self._is_interrupted = is_interrupted
        if not is_interrupted:
            self._screen.show_end()
            return
        begun = {result.cluster for result in (*self._screen.results(), *self._unreachable)}
        missed = [target.cluster for target in self._targets if target.cluster not in begun]
        self._failed_listings += [Result(cluster, b"", b"", None) for cluster in missed]

    def tell(self) -> None:
        """Tell the report for programs what came of the clusters, if there is one."""
        if self._request.environment.report:
            from kubectl_mc.merge.report_entries import read_entries

            joined = self._joined(self._results(self._has_answered))
            self._request.environment.report.tell(read_entries(joined, self._request._replace(unreachable=())))

    def report(self) -> int:
        """Show what is left, say what came of the clusters, and return the exit status."""
        if self._is_interrupted:
            self._screen.show_rest()
        joined = self._joined(self._results(lambda index, result: not self._is_named(index)))
        order = [*(target.cluster for target in self._targets), *(result.cluster for result in self._unreachable)]
        results = sorted(joined, key=lambda result: order.index(result.cluster))
        if not self._is_interrupted:
            by_name = {target.cluster: target for target in self._targets}
            asked = [result for result in results if result.cluster in by_name]
            note_answers(self._request, [(by_name[result.cluster], result, 0.0) for result in asked])
        others = [*self._unreachable, *([] if self._endless else self._failed_listings)]
        held = [*self._screen.held(), *said_by(others)]
        if namespace_patterns(self._request.line):  # what each of them lacks is said once for all
            held = [untold(messages_of_one, joined) for messages_of_one in held]
        request, on_terminal = self._request._replace(unreachable=()), self._request.reports_on_terminal
        report = make_report(results, request, shown=True, held=held, on_terminal=on_terminal)
        if not (self._endless and self._is_interrupted) or report.status:
            self._streams.say(report.lines)
        return report.status

    def _results(self, has_succeeded: Callable[[int, Result], bool]) -> list[Result]:
        """Return the results of the jobs.

        has_succeeded: says, of one that the user has ended and that has no other end, whether it has not failed
        """
        results = self._screen.results()
        if not (self._endless and self._is_interrupted):
            return results
        return [
            result._replace(status=0) if result.status is None and has_succeeded(index, result) else result
            for index, result in enumerate(results)
        ]

    def _has_answered(self, index: int, result: Result) -> bool:
        return bool(result.stdout or (self._sessions and self._sessions.has_answered(index)))

    def _is_named(self, index: int) -> bool:
        """Return whether it was said that a watch can't begin. Another one that is quiet may have nothing to show."""
        return bool(self._sessions and self._sessions.is_named(index))

    def _joined(self, results: Sequence[Result]) -> list[Result]:
        return one_result_per_cluster([*results, *self._failed_listings, *self._unreachable])


def _stream_jobs(request: Request, target: Target) -> Exchange[tuple[list[Job], list[Result]]]:
    """Return the jobs of a cluster, which is logged in to then, and what failed."""
    asked, failures = yield from namespace_jobs(request, target)
    jobs, unnamed = yield from wildcards.resolved_jobs(request, asked)
    not_logged_in = (yield from log_in(target)) if jobs else []
    return [] if not_logged_in else jobs, [*failures, *unnamed, *not_logged_in]
