"""Streams: logs, watches and commands whose lines are shown as they come, each with its cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.merge import answers, custom_columns, report
from kubectl_mc.merge.lines import Prefixer
from kubectl_mc.merge.watches import WatchedDocuments, WatchedTable
from kubectl_mc.messages.colours import coloured, wants_colour
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Chunk, Exit, Result
from kubectl_mc.processes.requests import Job, Request, job_command, same_jobs
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads import name_filter, wildcards

# Of each cluster's stderr so much is kept for the report, in bytes.
REMEMBERED = 1 << 14

# (a chunk of a job's stdout, or None at its end) -> what to print
Printer = Callable[[bytes | None], bytes]


class Screen:
    """What the jobs print, shown as it comes; each has the place in which it was added.

    spoken: the places of the jobs that have written to stdout; ended: the exits so far
    """

    def __init__(self, request: Request, jobs: Sequence[Job]) -> None:
        self._request, self._streams = request, request.environment.streams
        self._colours = [
            wants_colour(stream, request.environment.variables)
            for stream in (self._streams.stdout, self._streams.stderr)
        ]
        self._printer = _printing(request)
        self._jobs: list[Job] = []
        self._printers: list[Printer] = []
        self._notes: list[_Notes] = []
        self.ended: dict[int, Exit] = {}
        self.spoken: set[int] = set()
        self.add(jobs)

    def add(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            label, beside = (
                f"[{coloured(job.label, job.target.cluster) if colour else job.label}] " for colour in self._colours
            )
            self._jobs.append(job)
            self._printers.append(self._printer(job, label))
            self._notes.append(_Notes(beside, holds=not self._request.verb.changes))

    def show(self, event: Chunk | Exit) -> None:
        printer, note = self._printers[event.place], self._notes[event.place]
        if isinstance(event, Exit):
            self.ended[event.place] = event
            self._streams.answer(printer(None))
            self._streams.say([*note.feed(None), *(note.release() if not event.status else ())])
            if verbs.is_endless(self._request.verb, self._request.line) and len(self.ended) < len(self._notes):
                self._streams.say(self._farewell(event))
        elif event.stream == "stdout":
            self.spoken.add(event.place)
            self._streams.say(note.release())
            self._streams.answer(printer(event.text))
        else:
            self._streams.say(note.feed(event.text))

    def _farewell(self, ended: Exit) -> list[str]:
        """What is said when one stream ends while others go on; nothing where there was nothing to stream.

        A cause that nobody knows may be the command's own mistake, which the report tells once for all.
        """
        kept = self._notes[ended.place].kept
        why = report.result_cause(Result(ended.cluster, b"", kept, ended.status, ended.timed_out), self._request)
        known = ended.timed_out or messages.is_known_cause(kept.decode("utf-8", "replace").splitlines())
        if (why and why.absent) or not (known or ended.place in self.spoken):
            return []
        return [f"{self._notes[ended.place].prefix}ended{f': {why.reason}' if why else ''}"]

    def interrupted(self) -> None:
        """Show what had been begun."""
        for printer in self._printers:
            self._streams.answer(printer(None))

    def results(self) -> list[Result]:
        """Of each job, for the report. stdout only says whether there was any, for it is on the screen."""
        return [self._result(job, place) for place, job in enumerate(self._jobs)]

    def _result(self, job: Job, place: int) -> Result:
        ended, stdout = self.ended.get(place), b"shown" if place in self.spoken else b""
        status = ended and ended.status
        return Result(job.target.cluster, stdout, self._notes[place].kept, status, bool(ended and ended.timed_out))

    @property
    def has_said(self) -> bool:
        return bool(self.spoken) or any(note.shown for note in self._notes)

    def untold(self, told: Sequence[str]) -> list[str]:
        """The lines held back to the end that the report doesn't tell: one cause of a cluster is all that it names.

        What all jobs said alike is told once.
        """
        text = "\n".join(told)
        held = [[line for line in note.held if line.removeprefix("error: ") not in text] for note in self._notes]
        if held and all(lines == held[0] for lines in held[1:]):
            return held[0]
        return [note.prefix + line for note, lines in zip(self._notes, held) for line in lines]


def show_streamed(request: Request, targets: Sequence[Target]) -> int:
    """Ask the targets and show what they print as it comes; the exit status. Ctrl-C ends it all: 130.

    Names with wildcards are asked for first; a cluster's jobs begin when its own are known.
    Raises UserError for names that can't be asked for, and if jobs have to run at once and can't.
    """
    streams = request.environment.streams
    names = wildcards.Resolver(request, targets)
    commands = list(names.commands)
    screen = Screen(request, [])
    aside = list(request.unreachable)

    def begin(jobs: Sequence[Job]) -> None:
        screen.add(jobs)
        commands.extend(
            job_command(request, job._replace(line=answers.mergeable_line(request, job.line))) for job in jobs
        )
        count = len(commands) - len(names.commands)
        if verbs.is_endless(request.verb, request.line) and event_loop.with_files_for(count) < count:
            raise messages.too_few_files(count, event_loop.files_for(count))

    def tell(failed: Sequence[Result]) -> None:
        """What has failed is in the report, but that comes late where others go on."""
        if verbs.is_endless(request.verb, request.line):
            causes = [(each.cluster, report.result_cause(each, request)) for each in failed]
            streams.say([f"[{cluster}] ended: {why.reason}" for cluster, why in causes if why and not why.absent])

    tell(aside)
    if not names.commands:
        begin(same_jobs(targets, wildcards.without_listings(request)))
    try:
        for event in event_loop.run_commands(commands, request.parallel(sys.maxsize), request.patience, request.stdin):
            if event.place >= len(names.commands):
                screen.show(event._replace(place=event.place - len(names.commands)))
                continue
            jobs, failed = names.feed(event)
            begin(jobs)
            tell(failed)
            aside += failed
    except KeyboardInterrupt:
        screen.interrupted()
        return 130
    order = [target.cluster for target in targets]
    results = sorted(wildcards.one_result_per_cluster(screen.results()), key=lambda each: order.index(each.cluster))
    told = report.make_report(results, request._replace(unreachable=tuple(aside)), shown=screen.has_said)
    streams.say([*screen.untold(told.lines), *told.lines])
    return told.status


class _Notes:
    """What one job says on stderr, shown line by line.

    holds: a complaint before the first line of stdout is kept back, with what follows it: if the job fails, the report
        tells it, once for all clusters. Anything else is shown at once, for it may be a plugin that asks to log in.
    held: what is kept back, up to `release`; shown: was anything shown; kept: the end of all that was said
    """

    def __init__(self, prefix: str, holds: bool) -> None:
        self.prefix = prefix
        self._holds = self._silent = holds
        self._begun = b""
        self.held: list[str] = []
        self.shown = False
        self.kept = b""

    def feed(self, chunk: bytes | None) -> list[str]:
        """The lines to show now; None at the end."""
        text = self._begun + (chunk or b"")
        whole, newline, self._begun = text.rpartition(b"\n")
        if chunk is None:
            whole, newline, self._begun = text, b"\n" if text else b"", b""
        if not newline:
            return []
        self.kept = (self.kept + whole + b"\n")[-REMEMBERED:]
        lines = whole.decode("utf-8", "replace").split("\n")
        return [shown for line in lines if line.strip() and not messages.is_noise(line) for shown in self._show(line)]

    def _show(self, line: str) -> list[str]:
        if self._silent and line.startswith(report.NOTHING):
            return []  # the report says so, once, if it is so everywhere
        if self._holds and (self.held or line.startswith(("error: ", "Error"))):
            self.held.append(messages.visible(line))
            return []
        self.shown = True
        return [self.prefix + messages.visible(line)]

    def release(self) -> list[str]:
        """What was held back; from now on nothing is."""
        held, self.held, self._holds = self.held, [], False
        self.shown = self.shown or bool(held)
        return [self.prefix + line for line in held]


def _printing(request: Request) -> Callable[[Job, str], Printer]:
    """How a job's stdout is shown, by the command's output form; told the job and what stands before a line of it."""
    form, spec = grammar.output_format(request.line)
    kept = name_filter.name_filter(request)
    if form in answers.OBJECTS:
        return lambda job, label: _document_printer(WatchedDocuments(job.target.cluster, form, kept))
    if verbs.output_shape(request.verb, request.line) == "table" and form in answers.TABLES:
        names = custom_columns.column_headers(spec) if form == "custom-columns" else ()
        table = WatchedTable(not grammar.is_set(request.line, "no-headers"), names, kept)
        return lambda job, label: _row_printer(table, job)
    if form in answers.LINES:
        return lambda job, label: _line_printer(Prefixer(f"{job.target.cluster}\t"), kept)
    return lambda job, label: _line_printer(Prefixer(label))


def _line_printer(prefixer: Prefixer, kept: name_filter.NameFilter | None = None) -> Printer:
    if not kept:
        return lambda chunk: prefixer.end() if chunk is None else prefixer.feed(chunk)
    lines = Prefixer("")

    def show(chunk: bytes | None) -> bytes:
        whole = _lines(lines.end() if chunk is None else lines.feed(chunk))
        return prefixer.feed(_encoded("".join(f"{line}\n" for line in whole if kept(line))))

    return show


def _row_printer(table: WatchedTable, job: Job) -> Printer:
    lines = Prefixer("")

    def show(chunk: bytes | None) -> bytes:
        whole = lines.end() if chunk is None else lines.feed(chunk)
        return _encoded(table.feed(job.target.cluster, _lines(whole), job.label)) if whole else b""

    return show


def _document_printer(documents: WatchedDocuments) -> Printer:
    lines = Prefixer("")

    def show(chunk: bytes | None) -> bytes:
        if chunk is None:
            return _encoded(documents.feed(_lines(lines.end())) + documents.end())
        return _encoded(documents.feed(_lines(lines.feed(chunk))))

    return show


def _lines(whole: bytes) -> list[str]:
    return whole.decode("utf-8", "surrogateescape").split("\n")[:-1]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
