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
from kubectl_mc.merge.report import (
    make_report,
    result_cause,
    said_by,
)
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
    from kubectl_mc.processes.places import Starts
    from kubectl_mc.reads.exchanges import Exchange
    from kubectl_mc.reads.watch_sessions import Sessions


def show_streamed(request: Request, targets: Sequence[Target]) -> int:
    """Run the command on all targets, show their lines as they come and return the exit status; after Ctrl-C 130.

    Names with wildcards are listed first. The jobs of a cluster start when its own names are known, and its own login
    has ended.
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
    streams = request.environment.streams
    endless = verbs.is_endless(request.row, request.line)
    commands = list[Command]()
    screen = Screen(request, [])
    count = 0  # of jobs
    job_indexes: dict[int, int] = {}  # by the index of a command, of those without sessions
    unreachable, failed_listings = [*request.unreachable], list[Result]()
    names = list[str]()  # of the clusters
    starts: dict[int, float] = {}  # times of time.monotonic

    def append(command: Command, cluster: str) -> int:
        names.append(cluster)
        commands.append(command)
        return len(commands) - 1

    sessions, kubectl_starts = _watch_sessions(request, screen, append)

    def start(jobs: Sequence[Job]) -> None:
        if verbs.is_watch(request.row, request.line):
            jobs = watch_lines.jobs_by_type(jobs)
        nonlocal count
        first, count = count, count + len(jobs)
        screen.add(jobs)
        if sessions:
            sessions.add(jobs)
        for job_index, job in enumerate(() if sessions else jobs, first):
            command = job_command(request, job._replace(line=screen.command_line(job)))
            job_indexes[append(command, job.target.cluster)] = job_index

    def check_files() -> None:
        if endless and event_loop.raise_file_limit(count) < count:
            raise messages.too_few_files(count, event_loop.files_for(count))

    def show_failures(failures: Sequence[Result]) -> None:
        """Show the failures of an endless command at once: its report comes late."""
        causes = [(failure.cluster, result_cause(failure, request)) for failure in failures if endless]
        streams.say([f"[{cluster}] ended: {cause.reason}" for cluster, cause in causes if cause and not cause.absent])

    def show_failed_listings(failures: Sequence[Result]) -> None:
        """Show, where others go on without end, what is missing; `show_failures` says it of a whole cluster."""
        causes = [(failure, result_cause(failure, request)) for failure in failures if endless]
        lines = [
            f"[{failure.cluster}] {messages.visible(line)}"
            for failure, cause in causes
            if cause and not cause.absent
            for line in failure.stderr.decode("utf-8", "replace").removesuffix("\n").split("\n")
        ]
        streams.say(lines)

    phase = Phase("lines", streams, names, request.patience)

    def note_start(index: int) -> None:
        starts[index] = time.monotonic()
        phase.begin(index)

    def on_tick() -> None:
        if endless:
            streams.check_reader()
            screen.show_due()
        elif phase.on_tick:
            phase.on_tick()
        if sessions:
            sessions.tick()

    def exchange(target: Target) -> Exchange[None]:
        jobs, failures = yield from stream_jobs(request, target)
        start(jobs)
        gone, partial = wildcards.divided(failures, jobs)
        show_failures(gone)
        show_failed_listings(partial)
        unreachable.extend(gone)
        failed_listings.extend(partial)

    exchanges = Exchanges(lambda question: append(question.command, question.target.cluster))
    show_failures(unreachable)
    for target in targets:
        exchanges.begin(exchange(target))
    check_files()
    phase.wait_for_logins(commands)
    interrupt: BaseException | None = None
    try:
        for event in event_loop.run_commands(
            commands,
            request.parallel(sys.maxsize),
            request.patience,
            request.stdin,
            at_once=request.at_once,
            on_start=note_start,
            on_tick=on_tick,
            awaits=sessions.awaits if sessions else lambda: False,
            starts=kubectl_starts,
        ):
            if isinstance(event, Exit):
                phase.end(event.command_index)
                took = time.monotonic() - starts.pop(event.command_index)
                if request.environment.report and not event.unasked:
                    request.environment.report.took(names[event.command_index], took)
            if event.command_index in exchanges:
                exchanges.feed(event)
                check_files()
            elif sessions:
                sessions.take(event)
            else:
                screen.show(event._replace(command_index=job_indexes[event.command_index]))
    except (KeyboardInterrupt, SystemExit) as error:
        interrupt = error
    except BaseException:  # nobody reads on
        _tell(request, screen.results(), failed_listings, unreachable)
        raise
    finally:
        phase.close(isinstance(interrupt, KeyboardInterrupt))
    if not interrupt:
        screen.show_end()
    else:
        begun = {result.cluster for result in (*screen.results(), *unreachable)}
        missed = [target.cluster for target in targets if target.cluster not in begun]
        failed_listings += [Result(cluster, b"", b"", None) for cluster in missed]
    results = screen.results()
    if endless and interrupt:  # those that still ran have not failed, if they have answered
        answered = [bool(result.stdout or (sessions and sessions.has_answered(n))) for n, result in enumerate(results)]
        results = _ended_by_user(results, answered)
    _tell(request, results, failed_listings, unreachable)
    with suppress(*([OSError] if isinstance(interrupt, SystemExit) else [])):  # after SIGHUP the terminal is gone
        if interrupt:
            screen.show_rest()
        results = screen.results()
        if endless and interrupt:  # a watch that is quiet so far may have nothing to show
            results = _ended_by_user(results, [not (sessions and sessions.is_named(n)) for n in range(len(results))])
        joined = one_result_per_cluster([*results, *failed_listings, *unreachable])
        order = [*(target.cluster for target in targets), *(result.cluster for result in unreachable)]
        results = sorted(joined, key=lambda result: order.index(result.cluster))
        if not interrupt:
            by_name = {target.cluster: target for target in targets}
            asked_results = [result for result in results if result.cluster in by_name]
            note_answers(request, [(by_name[result.cluster], result, 0.0) for result in asked_results])
        held = [*screen.held(), *said_by([*unreachable, *([] if endless else failed_listings)])]
        if namespace_patterns(request.line):
            held = [untold(messages_of_one, joined) for messages_of_one in held]
        report = make_report(
            results,
            request._replace(unreachable=()),
            shown=True,
            held=held,
            on_terminal=request.reports_on_terminal,
        )
        if not (endless and interrupt) or report.status:
            streams.say(report.lines)
    if isinstance(interrupt, SystemExit):
        raise interrupt
    return 130 if interrupt else report.status


def stream_jobs(request: Request, target: Target) -> Exchange[tuple[list[Job], list[Result]]]:
    """Return the jobs of a cluster, which is logged in to then, and what failed."""
    asked, failures = yield from namespace_jobs(request, target)
    jobs, unnamed = yield from wildcards.resolved_jobs(request, asked)
    not_logged_in = (yield from log_in(target)) if jobs else []
    return [] if not_logged_in else jobs, [*failures, *unnamed, *not_logged_in]


def _watch_sessions(
    request: Request,
    screen: Screen,
    append: Callable[[Command, str], int],
) -> tuple[Sessions, Starts] | tuple[None, None]:
    """Return what takes up again the watches of a request; None if it is none, or they end with their kubectls."""
    if not watch_lines.is_resumed(request):
        return None, None
    from kubectl_mc.processes.places import Machine, Starts
    from kubectl_mc.reads import watch_sessions

    starts = Starts(Machine())
    return watch_sessions.Sessions(
        request, screen, append, lambda index: starts.waited(index, time.monotonic())
    ), starts


def _ended_by_user(results: Sequence[Result], succeeded: Sequence[bool]) -> list[Result]:
    """Return the results of what has no end but that of the user. succeeded: those that have not failed if they ran"""
    return [
        result._replace(status=0) if result.status is None and has_succeeded else result
        for result, has_succeeded in zip(results, succeeded)
    ]


def _tell(
    request: Request, results: Sequence[Result], failed_listings: Sequence[Result], unreachable: Sequence[Result]
) -> None:
    """Tell the report for programs what came of the clusters, if there is one."""
    if request.environment.report:
        from kubectl_mc.merge.report_entries import read_entries

        joined = one_result_per_cluster([*results, *failed_listings, *unreachable])
        request.environment.report.tell(read_entries(joined, request._replace(unreachable=())))
