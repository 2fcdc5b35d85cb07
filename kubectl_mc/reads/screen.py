# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The screen: shows what jobs print as it comes, each line with its cluster."""

from __future__ import annotations

from collections.abc import Container, Sequence

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge.output_forms import mergeable_line
from kubectl_mc.merge.report import Held, is_nothing_found, logs_requests, result_cause, told_messages
from kubectl_mc.messages.colours import coloured
from kubectl_mc.messages.input_names import with_input_names
from kubectl_mc.processes.event_loop import Chunk, Exit, Result
from kubectl_mc.processes.requests import Job, Request
from kubectl_mc.reads import watch_lines
from kubectl_mc.reads.log_printers import LogPrinters
from kubectl_mc.reads.printers import Printer, printer_factory
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.reads.watch_printers import WatchPrinter


class Screen:
    """Shows what jobs print as it comes. The command_index of an event is the job's index in the order of `add`."""

    def __init__(self, request: Request, jobs: Sequence[Job]) -> None:
        self._request, self._streams = request, request.environment.streams
        self._colours = (request.shows_colours, self._streams.has_colours)
        self._logs = LogPrinters(request) if request.row.output.log_lines else None
        self._new_printer = self._logs.printer if self._logs else printer_factory(request)
        self._told: set[str] = set()  # what has been said once for all clusters
        self._is_watch = verbs.is_watch(request.row, request.line)
        self._outputs: list[_JobOutput] = []
        self._absences: list[str] = []  # to be said, of a watch of several types or names
        self._expects_more = False
        self.add(jobs)

    def add(self, jobs: Sequence[Job]) -> None:
        """Add jobs that are about to start."""
        for job in jobs:
            stdout_prefix, stderr_prefix = (
                f"[{coloured(job.label, job.target.cluster) if colour else job.label}] " for colour in self._colours
            )
            printer = self._new_printer(job, stdout_prefix)
            self._outputs.append(_JobOutput(self._request, job, printer, stderr_prefix, self._told))

    def expect_more(self, expected: bool) -> None:
        """Note whether more jobs may be added, or others go on beside them.

        Then no stream is the last, and nothing absent everywhere.
        """
        self._expects_more = expected
        absent = {tuple(output.operands): output for output in self._outputs if output.is_absent and self._is_watch}
        self._absences += [line for output in absent.values() for line in self._absence(output)]
        self._streams.say(self._due_absences())

    def command_line(self, job: Job) -> CommandLine:
        """Return the command line for a job's kubectl, whose output can be shown."""
        return self._logs.command_line(job.line) if self._logs else mergeable_line(self._request, job.line)

    def show(self, event: Chunk | Exit) -> None:
        """Show what a job has written, or the rest of it when the job has ended."""
        output = self._outputs[event.command_index]
        if isinstance(event, Exit):
            output.exit = event
            self._streams.answer(output.printer(None))
            self._streams.say(output.stderr_lines(None))
            if not event.status or self._request.row.change:
                self._streams.say(output.release(output.told()))
            others_go_on = self._expects_more or not all(item.exit for item in self._outputs)
            if others_go_on and verbs.is_endless(self._request.row, self._request.line):
                self._streams.say(self._end_notice(output))
            if self._is_watch:
                self.watch_printer(event.command_index).close()
        elif event.stream == "stdout":
            output.has_stdout = True
            self._streams.say([*output.release(), *self._due_absences()])
            self._streams.answer(output.printer(event.text))
        elif output.is_lone and not output.resumes:
            output.store(event.text)
            self._streams.say((), output.without_told(event.text))
        else:
            self._streams.say(output.stderr_lines(event.text))

    def ended(self, event: Exit) -> Result:
        """Return the result of a job's kubectl that has ended, before it is known whether another one goes on."""
        output = self._outputs[event.command_index]
        self._streams.say(output.stderr_lines(None))
        output.failure = None
        return output.result()._replace(status=event.status, timed_out=event.timed_out)

    def restart(self, job_index: int, result: Result) -> None:
        """Go on with a further kubectl of a job's watch. What the last one has said of its failure isn't shown.

        result: that of the last one; it is the job's, until `goes_on`
        """
        output = self._outputs[job_index]
        self._streams.answer(output.printer(None))
        self.watch_printer(job_index).restart()
        output.restart(result)

    def goes_on(self, job_index: int) -> None:
        """Note that the watch of a job has no problem any more."""
        self._outputs[job_index].failure = None

    def watch_printer(self, job_index: int) -> WatchPrinter:
        """Return what prints a job's watch."""
        from kubectl_mc.reads.watch_printers import WatchPrinter

        printer = self._outputs[job_index].printer
        assert isinstance(printer, WatchPrinter)
        return printer

    def _end_notice(self, output: _JobOutput) -> list[str]:
        """Return the notice that one stream has ended while others go on; [] if there was nothing to stream.

        An unknown cause may be a mistake in the command itself, which the report names once for all clusters.
        """
        cause = result_cause(output.result()._replace(stdout=b""), self._request)
        if cause and cause.absent:
            output.is_absent = True
            self._absences += self._absence(output) if self._is_watch else []
            return self._due_absences()
        is_known = cause and cause.kind not in messages.OF_COMMAND
        if not (is_known or output.has_stdout or output.had_stdout):
            return []
        return [f"{output.stderr_prefix}ended{f': {cause.reason}' if cause else ''}"]

    def _absence(self, output: _JobOutput) -> list[str]:
        """Return that a type or name, of those that are watched, is absent everywhere; [] while a job may have it."""
        same = [other for other in self._outputs if other.operands == output.operands]
        errors = messages.absences(output.result().stderr.decode("utf-8", "replace"))
        if self._expects_more or not errors or not all(other.is_absent for other in same):
            return []
        clusters = {other.cluster for other in same}
        return messages.everywhere(errors[-1], len(clusters), self._request.cluster_count or len(clusters))

    def _due_absences(self) -> list[str]:
        """Return what is absent, once others have shown something; otherwise the report may tell it."""
        if not self._absences or not any(output.has_stdout or output.had_stdout for output in self._outputs):
            return []
        said, self._absences = self._absences, []
        for output in self._outputs:
            if output.is_absent and self._absence(output):
                output.forget_absence()
        return said

    def show_due(self) -> None:
        """Show the lines that have waited long enough for earlier ones, or for more of their kind."""
        if self._logs and (text := self._logs.due()):
            self._streams.answer(text)
        for index in range(len(self._outputs)) if self._is_watch else ():
            if text := self.watch_printer(index).due():
                self._streams.answer(text)

    def show_end(self) -> None:
        """Show the lines that have waited for others, as no more will come."""
        if self._logs and (text := self._logs.rest()):
            self._streams.answer(text)
        self.show_due()

    def show_rest(self) -> None:
        """Show, after Ctrl-C, the lines that have no end yet and those that are held back.

        What a read with an end holds back is told by its report.
        """
        endless = verbs.is_endless(self._request.row, self._request.line)
        is_reported = not endless and not self._request.row.change
        self._streams.say(self._absences)
        for output in self._outputs:
            self._streams.answer(output.printer(None))
            self._streams.say(output.stderr_lines(None))
            if not is_reported:
                # The end of a stream, and its cause, have been shown when it came.
                self._streams.say(output.release(output.told() if endless and output.exit else ()))
        self.show_end()

    def results(self) -> list[Result]:
        """Return the result of each job for the report."""
        return [output.result() for output in self._outputs]

    def held(self) -> list[Held]:
        """Return what the jobs have written to stderr and is not shown yet."""
        return [output.held() for output in self._outputs]


# The end of each job's stderr that is stored for the report, in bytes.
STORED_STDERR = 1 << 14

MAX_SAID = 100  # lines of stderr of which a watch knows that it has shown them


class _JobOutput:
    """What one job has written.

    Of a job that has printed nothing yet, an error is held back, with the lines after it: the report tells the causes
    of failures once for all clusters. Other lines are shown at once: a credential plugin may ask the user to log in.
    What a kubectl has logged about a failed try is held back until another line comes.
    """

    def __init__(self, request: Request, job: Job, printer: Printer, stderr_prefix: str, said: set[str]) -> None:
        """said: what any job has said for all, and no other has to say again"""
        self._request = request
        self._job = job
        self.printer = printer
        self.stderr_prefix = stderr_prefix
        self._told = said
        self.cluster, self.operands = job.target.cluster, grammar.operands(job.line)
        self.is_absent = False
        self.is_lone = request.cluster_count == 1 and job.label == job.target.cluster
        self.resumes = watch_lines.is_resumed(request)
        self._logs_requests = logs_requests(request)
        self._held: list[str] = []
        self._said: set[str] = set()  # by the kubectls of a watch that is taken up again
        self.has_stdout = self.had_stdout = False
        self._unfinished: list[bytes] = []  # of the last line
        self._stderr = b""
        self.exit: Exit | None = None
        self.failure: Result | None = None  # of the last kubectl, while it isn't known that another one goes on

    def result(self) -> Result:
        """Return the result for the report. Its stdout, which is already shown, only says whether there was any."""
        stdout = b"shown" if self.has_stdout or self.had_stdout else b""
        if self.failure:
            return self.failure._replace(stdout=stdout)
        status, timed_out = (self.exit.status, self.exit.timed_out) if self.exit else (None, False)
        cluster, namespace = self._job.target.cluster, self._job.namespace
        return Result(cluster, stdout, self._stderr, status, timed_out, namespace)

    def restart(self, result: Result) -> None:
        """Begin with a further kubectl. result: that of the last one"""
        self.failure = result if result.status else None
        self.had_stdout = self.had_stdout or self.has_stdout
        self.has_stdout, self.exit = False, None
        self._held, self._unfinished, self._stderr = [], [], b""

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
        for line in whole.decode("utf-8", "replace").split("\n"):
            is_of_many = self._request.cluster_count != 1 or self._job.namespace
            if self._request.row.change is None and is_of_many and is_nothing_found(line):
                continue  # the report says once that nothing was found, if that is so everywhere
            if messages.is_default_container(line):
                shown += [messages.visible(line)] if self._is_news(line) else []
            elif self._is_held(line):
                self._held.append(line)
            elif line not in self._said:
                shown += [*self.release(), self._prefix + messages.visible(line)]
                if self.resumes and len(self._said) < MAX_SAID:
                    self._said.add(line)
        return shown

    def without_told(self, chunk: bytes) -> bytes:
        """Return a chunk of a lone kubectl's stderr, byte for byte but for lines that it repeats for each pod.

        kubectl writes such a line at once, so it is whole.
        """
        if b"Defaulted container " not in chunk:
            return chunk
        lines = chunk.decode("utf-8", "surrogateescape").splitlines(keepends=True)
        shown = [line for line in lines if not messages.is_default_container(line.rstrip("\n")) or self._is_news(line)]
        return "".join(shown).encode("utf-8", "surrogateescape")

    def _is_news(self, line: str) -> bool:
        """Return whether no job has said a line for all of them; now one has."""
        is_news = line not in self._told
        self._told.add(line)
        return is_news

    def _is_held(self, line: str) -> bool:
        if (self.has_stdout and not self.resumes) or self._logs_requests:
            return False
        if self._request.row.as_change.runs_program:  # it may go on after what looks like an error
            return messages.is_try(line) or messages.is_standard_error(line)
        if self.resumes and messages.is_log(line):  # of a failure, which is said otherwise if it ends the kubectl
            return True
        return messages.is_try(line) or messages.is_error(line) or any(map(messages.is_error, self._held))

    def held(self) -> Held:
        """Return the lines that are held back."""
        return Held(self._job.label, self._job.target.cluster, "".join(f"{line}\n" for line in self._held))

    def forget_absence(self) -> None:
        """Don't hold back any more that something is absent, as that has been said."""
        absent = messages.absences(self.held().text)
        self._held = [line for line in self._held if line not in absent]

    def told(self) -> set[str]:
        """Return what the notice of the failed cluster tells, if the job has failed for a cause of its cluster's."""
        cause = result_cause(self.result(), self._request)
        is_clusters = cause and cause.kind not in messages.OF_COMMAND
        return told_messages(self.result(), cause, self._request) if is_clusters else set()

    def release(self, told: Container[str] = ()) -> list[str]:
        """Return the lines that were held back, without those that are told otherwise."""
        if not self._held:
            return []
        held, self._held = messages.split_messages(self.held().text), []
        lines = [line for message in held if message not in told for line in message.split("\n")]
        return [self._prefix + messages.visible(line) for line in lines]

    @property
    def _prefix(self) -> str:
        return "" if self.is_lone else self.stderr_prefix
