"""Streams: logs, watches and commands whose lines are shown as they come, each with its cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubectl_mc import answer, dispatch, errors, grammar, report, verbs
from kubectl_mc.dispatch import Chunk, Exit, Result
from kubectl_mc.merge import custom
from kubectl_mc.merge.lines import Prefixer
from kubectl_mc.merge.watch import Documents, Table
from kubectl_mc.request import Job, Request, command
from kubectl_mc.terminal import coloured

# Of each cluster's stderr so much is kept for the report, in bytes.
REMEMBERED = 1 << 14

# (a chunk of a job's stdout, or None at its end) -> what to print
Printer = Callable[[bytes | None], bytes]


class Screen:
    """What the jobs print, shown as it comes.

    spoken: the places of the jobs that have written to stdout; ended: the exits so far
    """

    def __init__(
        self,
        request: Request,
        jobs: Sequence[Job],
        answer_with: Callable[[bytes], None],
        say: Callable[[Sequence[str]], None],
        colour: bool,
    ) -> None:
        self._request, self._answer_with, self._say = request, answer_with, say
        self._labels = {job.label: coloured(job.label) if colour else job.label for job in jobs}
        self._printers = _printers(request, jobs, self._labels)
        # What a read says before its first line is kept back: if it fails, the report says it, once for all clusters.
        self._notes = [_Notes(f"[{self._labels[job.label]}] ", held=not request.verb.changes) for job in jobs]
        self.ended: dict[int, Exit] = {}
        self.spoken: set[int] = set()

    def show(self, event: Chunk | Exit) -> None:
        printer, note = self._printers[event.place], self._notes[event.place]
        if isinstance(event, Exit):
            self.ended[event.place] = event
            self._answer_with(printer(None))
            self._say([*note.feed(None), *(note.release() if not event.status else ())])
            if verbs.endless(self._request.verb, self._request.line) and len(self.ended) < len(self._notes):
                self._say(_farewell(self._labels[event.cluster], event, note.kept, self._request))
        elif event.stream == "stdout":
            self.spoken.add(event.place)
            self._say(note.release())
            self._answer_with(printer(event.text))
        else:
            self._say(note.feed(event.text))

    def interrupted(self) -> None:
        """Show what had been begun."""
        for printer in self._printers:
            self._answer_with(printer(None))

    def result(self, job: Job, place: int) -> Result:
        """For the report. stdout only says whether there was any, for it is on the screen."""
        ended, stdout = self.ended.get(place), b"shown" if place in self.spoken else b""
        status = ended and ended.status
        return Result(job.label, stdout, self._notes[place].kept, status, bool(ended and ended.timed_out))

    @property
    def has_said(self) -> bool:
        return bool(self.spoken) or not all(note.held for note in self._notes)


def run(
    request: Request,
    jobs: Sequence[Job],
    answer_with: Callable[[bytes], None],
    say: Callable[[Sequence[str]], None],
    colour: bool,
) -> int:
    """Run the jobs and show what they print as it comes; the exit status. Ctrl-C ends them all: 130."""
    commands = [command(request, job._replace(line=answer.asked(request, job.line))) for job in jobs]
    screen = Screen(request, jobs, answer_with, say, colour)
    try:
        for event in dispatch.run(commands, request.parallel(len(jobs)), request.patience, request.stdin):
            screen.show(event)
    except KeyboardInterrupt:
        screen.interrupted()
        return 130
    results = [screen.result(job, place) for place, job in enumerate(jobs)]
    told = report.report(results, request, shown=screen.has_said)
    say(told.lines)
    return told.status


def _farewell(label: str, ended: Exit, stderr: bytes, request: Request) -> list[str]:
    """What is said when one stream ends while others go on; nothing where there was nothing to stream."""
    why = report.cause(Result(ended.cluster, b"", stderr, ended.status, ended.timed_out), request)
    if why and why.absent:
        return []
    return [f"[{label}] ended{f': {why.reason}' if why else ''}"]


class _Notes:
    """What one job says on stderr: shown line by line, but for what the report will name as cause.

    held: nothing is shown until `release`
    """

    def __init__(self, prefix: str, held: bool) -> None:
        self._prefix = prefix
        self._begun = b""
        self._waiting: list[str] = []
        self.held = held
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
        shown = [self._prefix + errors.visible(line) for line in lines if line.strip() and not errors.is_noise(line)]
        if not self.held:
            return shown
        self._waiting += shown
        return []

    def release(self) -> list[str]:
        """What was held back; from now on nothing is."""
        waiting, self._waiting, self.held = self._waiting, [], False
        return waiting


def _printers(request: Request, jobs: Sequence[Job], labels: dict[str, str]) -> list[Printer]:
    """How each job's stdout is shown, by the command's output form."""
    form, _ = grammar.output_format(request.line)
    shape = verbs.shape(request.verb, request.line)
    if form in answer.OBJECTS:
        return [_document_printer(Documents(job.label, form)) for job in jobs]
    if shape == "table" and form in answer.TABLES:
        form, spec = grammar.output_format(request.line)
        names = custom.headers(spec) if form == "custom-columns" else ()
        table = Table(not grammar.is_set(request.line, "no-headers"), names)
        return [_row_printer(table, job.label) for job in jobs]
    if form in answer.LINES:
        return [_line_printer(Prefixer(f"{job.label}\t")) for job in jobs]
    return [_line_printer(Prefixer(f"[{labels[job.label]}] ")) for job in jobs]


def _line_printer(prefixer: Prefixer) -> Printer:
    return lambda chunk: prefixer.end() if chunk is None else prefixer.feed(chunk)


def _row_printer(table: Table, cluster: str) -> Printer:
    lines = Prefixer("")

    def show(chunk: bytes | None) -> bytes:
        whole = lines.end() if chunk is None else lines.feed(chunk)
        return _encoded(table.feed(cluster, _lines(whole))) if whole else b""

    return show


def _document_printer(documents: Documents) -> Printer:
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
