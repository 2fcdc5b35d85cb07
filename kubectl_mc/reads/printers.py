"""Printers: they turn what a streamed job writes to stdout into what is shown of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.merge import answers
from kubectl_mc.merge.lines import Prefixer
from kubectl_mc.merge.sections import marked_headings
from kubectl_mc.merge.watches import EventColumn, WatchedDocuments, WatchedTable
from kubectl_mc.processes.requests import Job, Request
from kubectl_mc.reads import name_filter

# Prints a chunk of a job's stdout, or what is left of it at its end (None).
Printer = Callable[[bytes | None], bytes]


def printer_factory(request: Request) -> Callable[[Job, str], Printer]:
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
            namespace = job.namespace if output_format in answers.WITH_NAMESPACES else ""
            return _by_lines(
                lambda lines: marked_headings(table.feed(cluster, lines, label, namespace), on_terminal),
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
