"""Streamed commands: logs, watches and others whose lines are shown as they come, each with its cluster."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Container, Sequence

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.merge import answers
from kubectl_mc.merge.lines import Prefixer
from kubectl_mc.merge.report import (
    Held,
    is_nothing_found,
    logs_requests,
    make_report,
    result_cause,
    said_by,
    told_messages,
)
from kubectl_mc.merge.sections import marked_headings
from kubectl_mc.merge.watches import EventColumn, WatchedDocuments, WatchedTable
from kubectl_mc.messages.colours import coloured, wants_colour
from kubectl_mc.messages.input_names import with_input_names
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Chunk, Exit, Result
from kubectl_mc.processes.requests import Job, Request, job_command
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads import name_filter, wildcards
from kubectl_mc.reads.column_files import with_columns


def show_streamed(request: Request, targets: Sequence[Target]) -> int:
    """Run the command on all targets, show their lines as they come and return the exit status; after Ctrl-C 130.

    Names with wildcards are listed first. The jobs of a cluster start when its own names are known.
    Raises UserError for jobs that have to run all at once and cannot.
    """
    if grammar.output_format(request.line)[0].startswith("custom-columns"):
        request = with_columns(request)
    streams = request.environment.streams
    endless = verbs.is_endless(request.row, request.line)
    resolver = wildcards.Resolver(request, targets)
    commands = list(resolver.commands)
    screen = Screen(request, [])
    unreachable = list(request.unreachable)
    failed_listings: list[Result] = []  # of clusters that have jobs
    names = [command.cluster for command in commands]  # of the clusters
    starts: dict[int, float] = {}  # times of time.monotonic

    def start(jobs: Sequence[Job]) -> None:
        screen.add(jobs)
        names.extend(job.target.cluster for job in jobs)
        commands.extend(
            job_command(request, job._replace(line=answers.mergeable_line(request, job.line))) for job in jobs
        )
        count = len(commands) - len(resolver.commands)
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
            for line in _text(failure.stderr).removesuffix("\n").split("\n")
        ]
        streams.say(lines)

    show_failures(unreachable)
    start(resolver.jobs)
    try:
        for event in event_loop.run_commands(
            commands,
            request.parallel(sys.maxsize),
            request.patience,
            request.stdin,
            on_start=lambda index: starts.update({index: time.monotonic()}),
            on_tick=streams.check_reader if endless else None,
        ):
            if isinstance(event, Exit) and request.environment.report:
                took = time.monotonic() - starts[event.command_index]
                request.environment.report.took(names[event.command_index], took)
            job_index = event.command_index - len(resolver.commands)
            if job_index >= 0:
                screen.show(event._replace(command_index=job_index))
                continue
            jobs, failures = resolver.feed(event)
            start(jobs)
            (show_failed_listings if jobs else show_failures)(failures)
            (failed_listings if jobs else unreachable).extend(failures)
    except KeyboardInterrupt:
        screen.show_rest()
        _tell(request, screen, failed_listings, unreachable)
        return 130
    except BaseException:  # nobody reads on, or a signal
        _tell(request, screen, failed_listings, unreachable)
        raise
    order = [target.cluster for target in targets]
    _tell(request, screen, failed_listings, unreachable)
    joined = wildcards.one_result_per_cluster([*screen.results(), *failed_listings])
    results = sorted(joined, key=lambda result: order.index(result.cluster))
    held = [*screen.held(), *said_by([*unreachable, *([] if endless else failed_listings)])]
    report = make_report(
        results,
        request._replace(unreachable=tuple(unreachable)),
        shown=True,
        held=held,
        on_terminal=request.reports_on_terminal,
    )
    streams.say(report.lines)
    return report.status


def _tell(request: Request, screen: Screen, failed_listings: Sequence[Result], unreachable: Sequence[Result]) -> None:
    """Tell the report for programs what came of the clusters, if there is one."""
    if request.environment.report:
        from kubectl_mc.merge.report_entries import read_entries

        joined = wildcards.one_result_per_cluster([*screen.results(), *failed_listings])
        asked = request._replace(unreachable=tuple(unreachable))
        request.environment.report.tell(read_entries(joined, asked))


class Screen:
    """Shows what jobs print as it comes. The command_index of an event is the job's index in the order of `add`."""

    def __init__(self, request: Request, jobs: Sequence[Job]) -> None:
        self._request, self._streams = request, request.environment.streams
        self._colours = [
            wants_colour(stream.isatty(), request.environment.variables)
            for stream in (self._streams.stdout, self._streams.stderr)
        ]
        self._new_printer = _printer_factory(request)
        self._outputs: list[_JobOutput] = []
        self.add(jobs)

    def add(self, jobs: Sequence[Job]) -> None:
        """Add jobs that are about to start."""
        for job in jobs:
            stdout_prefix, stderr_prefix = (
                f"[{coloured(job.label, job.target.cluster) if colour else job.label}] " for colour in self._colours
            )
            printer = self._new_printer(job, stdout_prefix)
            self._outputs.append(_JobOutput(self._request, job, printer, stderr_prefix))

    def show(self, event: Chunk | Exit) -> None:
        """Show what a job has written, or the rest of it when the job has ended."""
        output = self._outputs[event.command_index]
        if isinstance(event, Exit):
            output.exit = event
            self._streams.answer(output.printer(None))
            self._streams.say(output.stderr_lines(None))
            if not event.status or self._request.row.change:
                self._streams.say(output.release(output.told()))
            others_go_on = not all(item.exit for item in self._outputs)
            if others_go_on and verbs.is_endless(self._request.row, self._request.line):
                self._streams.say(self._end_notice(output))
        elif event.stream == "stdout":
            output.has_stdout = True
            self._streams.say(output.release())
            self._streams.answer(output.printer(event.text))
        elif output.is_lone:
            output.store(event.text)
            self._streams.say((), event.text)
        else:
            self._streams.say(output.stderr_lines(event.text))

    def _end_notice(self, output: _JobOutput) -> list[str]:
        """Return the notice that one stream has ended while others go on; [] if there was nothing to stream.

        An unknown cause may be a mistake in the command itself, which the report names once for all clusters.
        """
        cause = result_cause(output.result()._replace(stdout=b""), self._request)
        is_known = cause and cause.kind not in messages.OF_COMMAND
        if (cause and cause.absent) or not (is_known or output.has_stdout):
            return []
        return [f"{output.stderr_prefix}ended{f': {cause.reason}' if cause else ''}"]

    def show_rest(self) -> None:
        """Show, after Ctrl-C, the lines that have no end yet and those that are held back."""
        endless = verbs.is_endless(self._request.row, self._request.line)
        for output in self._outputs:
            self._streams.answer(output.printer(None))
            self._streams.say(output.stderr_lines(None))
            # The end of a stream, and its cause, have been shown when it came.
            self._streams.say(output.release(output.told() if endless and output.exit else ()))

    def results(self) -> list[Result]:
        """Return the result of each job for the report."""
        return [output.result() for output in self._outputs]

    def held(self) -> list[Held]:
        """Return what the jobs have written to stderr and is not shown yet."""
        return [output.held() for output in self._outputs]


def _text(stderr: bytes) -> str:
    return stderr.decode("utf-8", "replace")


# Prints a chunk of a job's stdout, or what is left of it at its end (None).
Printer = Callable[[bytes | None], bytes]

# The end of each job's stderr that is stored for the report, in bytes.
STORED_STDERR = 1 << 14


class _JobOutput:
    """What one job has written.

    Of a job that has printed nothing yet, an error is held back, with the lines after it: the report tells the causes
    of failures once for all clusters. Other lines are shown at once: a credential plugin may ask the user to log in.
    What a kubectl has logged about a failed try is held back until another line comes.
    """

    def __init__(self, request: Request, job: Job, printer: Printer, stderr_prefix: str) -> None:
        self._request = request
        self._job = job
        self.printer = printer
        self.stderr_prefix = stderr_prefix
        self.is_lone = request.cluster_count == 1 and job.label == job.target.cluster
        self._logs_requests = logs_requests(request)
        self._held: list[str] = []
        self.has_stdout = False
        self._unfinished: list[bytes] = []  # of the last line
        self._stderr = b""
        self.exit: Exit | None = None

    def result(self) -> Result:
        """Return the result for the report. Its stdout, which is already shown, only says whether there was any."""
        stdout = b"shown" if self.has_stdout else b""
        if not self.exit:
            return Result(self._job.target.cluster, stdout, self._stderr, None)
        return Result(self._job.target.cluster, stdout, self._stderr, self.exit.status, self.exit.timed_out)

    def store(self, text: bytes) -> None:
        """Store stderr for the report."""
        self._stderr = (self._stderr + text)[-STORED_STDERR:]

    def stderr_lines(self, chunk: bytes | None) -> list[str]:
        """Return the lines to show now for a chunk of stderr, or for its end (None)."""
        if chunk is None and not any(self._unfinished):
            return []
        self._unfinished.append(b"\n" if chunk is None else chunk)
        if b"\n" not in self._unfinished[-1]:
            return []
        whole, _, rest = b"".join(self._unfinished).rpartition(b"\n")
        self._unfinished = [rest]
        whole = with_input_names(whole, self._request.input_names)
        self.store(whole + b"\n")
        shown = []
        for line in _text(whole).split("\n"):
            if self._request.row.change is None and self._request.cluster_count != 1 and is_nothing_found(line):
                continue  # the report says once that nothing was found, if that is so on all clusters
            if self._is_held(line):
                self._held.append(line)
            else:
                shown += [*self.release(), self.stderr_prefix + messages.visible(line)]
        return shown

    def _is_held(self, line: str) -> bool:
        if self.has_stdout or self._logs_requests:
            return False
        if self._request.row.as_change.runs_program:  # it may go on after what looks like an error
            return messages.is_try(line) or messages.is_standard_error(line)
        return messages.is_try(line) or messages.is_error(line) or any(map(messages.is_error, self._held))

    def held(self) -> Held:
        """Return the lines that are held back."""
        return Held(self._job.label, self._job.target.cluster, "".join(f"{line}\n" for line in self._held))

    def told(self) -> set[str]:
        """Return what the notice of the failed cluster tells, if the job has failed for a cause of its cluster's."""
        cause = result_cause(self.result(), self._request)
        is_clusters = cause and cause.kind not in messages.OF_COMMAND
        return told_messages(self.result(), cause, self._request) if is_clusters else set()

    def release(self, told: Container[str] = ()) -> list[str]:
        """Return the lines that were held back, without those that are told otherwise."""
        held, self._held = messages.split_messages(self.held().text), []
        lines = [line for message in held if message not in told for line in message.split("\n")]
        return [self.stderr_prefix + messages.visible(line) for line in lines]


def _printer_factory(request: Request) -> Callable[[Job, str], Printer]:
    """Return how to make the printer of a job and the prefix of its lines, according to the output format."""
    output_format, spec = grammar.output_format(request.line)
    is_kept = name_filter.name_filter(request)
    if output_format in answers.OBJECTS:

        def document_printer(job: Job, prefix: str) -> Printer:
            documents = WatchedDocuments(job.target.cluster, output_format, is_kept)
            return _by_lines(documents.feed, documents.end)

        return document_printer
    if verbs.output_shape(request.row, request.line) == "table" and output_format in answers.TABLES:
        columns = spec if output_format == "custom-columns" else ""
        events: EventColumn = ""
        if answers.has_events(request):
            events = "shown" if grammar.is_set(request.line, request.row.output.events_by) else "hidden"
        show_headers = not grammar.is_set(request.line, "no-headers")
        table = WatchedTable(show_headers, columns, is_kept, request.row.output.row_start, events)
        on_terminal = request.shows_on_terminal

        def table_printer(job: Job, prefix: str) -> Printer:
            cluster, label = job.target.cluster, job.label
            return _by_lines(
                lambda lines: marked_headings(table.feed(cluster, lines, label), on_terminal),
                lambda: marked_headings(table.end(cluster, label), on_terminal),
            )

        return table_printer
    if output_format in answers.LINES:
        return lambda job, prefix: _line_printer(Prefixer(f"{job.target.cluster}\t"), is_kept)
    return lambda job, prefix: _line_printer(Prefixer(prefix, in_parts=True))


def _by_lines(render: Callable[[Sequence[str]], str], end: Callable[[], str] = str) -> Printer:
    """Return a printer that cuts chunks into whole lines for `render`. end: returns what is shown behind the last"""
    splitter = Prefixer("")

    def printer(chunk: bytes | None) -> bytes:
        whole = splitter.end() if chunk is None else splitter.feed(chunk)
        text = render(whole.decode("utf-8", "surrogateescape").split("\n")[:-1])
        return (text if chunk is not None else text + end()).encode("utf-8", "surrogateescape")

    return printer


def _line_printer(prefixer: Prefixer, is_kept: name_filter.NameFilter | None = None) -> Printer:
    if not is_kept:
        return lambda chunk: prefixer.end() if chunk is None else prefixer.feed(chunk)
    kept_lines = _by_lines(lambda lines: "".join(f"{line}\n" for line in lines if is_kept(line)))
    return lambda chunk: prefixer.feed(kept_lines(chunk))
