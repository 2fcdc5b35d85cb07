# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The printers of watches: tables, documents and names that grow, and go on after a break."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.merge import object_lists, output_forms
from kubectl_mc.merge.last_rows import LastRows
from kubectl_mc.merge.lines import Prefixer, label
from kubectl_mc.merge.sections import marked_headings
from kubectl_mc.merge.watched_documents import WatchedDocuments
from kubectl_mc.merge.watches import EventColumn, WatchedTable
from kubectl_mc.processes.requests import Job, Request
from kubectl_mc.reads import name_filter, name_patterns, watch_lines


class WatchPrinter:
    """Prints what one job's kubectls write to stdout, one kubectl after another: a `Printer`."""

    def __init__(self) -> None:
        self._splitter = Prefixer("")

    def __call__(self, chunk: bytes | None) -> bytes:
        """Return what is shown for a chunk of stdout, or at its end (None)."""
        whole = self._splitter.end() if chunk is None else self._splitter.feed(chunk)
        text = self._render(_lines(whole))
        return _encoded(text if chunk is not None else text + self._rest())

    def restart(self) -> None:
        """Begin with a further kubectl, which lists the objects again."""

    def close(self) -> None:
        """Note that no further kubectl will begin. Raises UserError if no row of the others can be shown."""

    @property
    def has_unseen(self) -> bool:
        """Whether objects that were shown before the break, and whose deletion can be shown, haven't come since."""
        return False

    def listed(self, stdout: bytes) -> bytes:
        """Return what is shown for the objects that a list, asked for since the break, shows to be gone."""
        return b""

    def seed(self, stdout: bytes) -> bool:
        """Remember what is there at the start of a watch that doesn't show it. Return whether that is possible."""
        return False

    def due(self) -> bytes:
        """Return what has waited for more of its kind, of all jobs."""
        return b""

    def _render(self, lines: Sequence[str]) -> str:
        raise NotImplementedError

    def _rest(self) -> str:
        return ""


class _Tables:
    """The tables of a command, one for each type; where another one goes on, its header is shown again.

    What several tables print waits for the next tick, so that rows of a type stand together.
    """

    def __init__(self, new_table: Callable[[], WatchedTable]) -> None:
        self._new_table = new_table
        self._tables: dict[str, WatchedTable] = {}
        self._waiting: dict[str, list[str]] = {}  # what each table has printed since the last tick
        self._shown = ""  # the type of the table that was shown last

    def table(self, name: str) -> WatchedTable:
        """Return the table of a type."""
        if name not in self._tables:
            self._tables[name] = self._new_table()
        return self._tables[name]

    def printed(self, name: str, text: str) -> str:
        """Return what is shown now of what the table of a type has printed: all of it, if there is no other table."""
        if len(self._tables) == 1 or not text:
            return text
        self._waiting.setdefault(name, []).append(text)
        return ""

    def due(self) -> str:
        """Return what has waited, first what goes on with the table that was shown last."""
        parts = []
        for name in sorted(self._waiting, key=lambda name: name != self._shown):
            text, header = "".join(self._waiting[name]), self._tables[name].header()
            if name != self._shown:
                has_header = text.partition("\n")[0].split() == header.split()
                text = f"{chr(10) if self._shown else ''}{'' if has_header else header}{text}"
            self._shown = name
            parts.append(text)
        self._waiting.clear()
        return "".join(parts)


class _RowFilter:
    """Which rows of all tables are shown, and what is said of that."""

    def __init__(self, request: Request) -> None:
        from kubectl_mc.merge.watch_filter import WatchFilter

        self.rows = WatchFilter(request.options.where)
        self._request = request

    def check(self) -> None:
        """Raise UserError if no table can have a row that is shown."""
        if problem := self.rows.problem(self._request):
            raise problem

    def say_notes(self) -> None:
        """Say what is to be said of rows that are not shown."""
        if notes := self.rows.take_notes():
            self._request.environment.streams.say(notes)


class _TablePrinter(WatchPrinter):
    def __init__(
        self, tables: _Tables, job: Job, on_terminal: bool, namespace: str, row_filter: _RowFilter | None
    ) -> None:
        super().__init__()
        self._namespace = namespace
        self._tables, self._type = tables, _type(job)
        self._table = tables.table(self._type)
        self._source = (job.target.cluster, job.label)
        self._on_terminal = on_terminal
        self._row_filter = row_filter
        if row_filter:
            row_filter.rows.add(self._source)

    def _render(self, lines: Sequence[str]) -> str:
        cluster, label = self._source
        text = self._table.feed(cluster, lines, label, self._namespace)
        if self._row_filter:
            self._row_filter.check()
        return self._marked(text)

    def _rest(self) -> str:
        return self._marked(self._table.end(*self._source))

    def restart(self) -> None:
        self._table.restart(*self._source)

    def close(self) -> None:
        if self._row_filter:
            self._row_filter.rows.remove(self._source)
            self._row_filter.check()

    @property
    def has_unseen(self) -> bool:
        return self._table.has_unseen(*self._source)

    def listed(self, stdout: bytes) -> bytes:
        cluster, label = self._source
        return _encoded(self._marked(self._table.listed(cluster, _lines(stdout), label)))

    def seed(self, stdout: bytes) -> bool:
        cluster, label = self._source
        self._table.seed(cluster, _lines(stdout), label)
        return True

    def _marked(self, text: str) -> str:
        return marked_headings(self._tables.printed(self._type, text), self._on_terminal)

    def due(self) -> bytes:
        if self._row_filter:
            self._row_filter.say_notes()
        return _encoded(marked_headings(self._tables.due(), self._on_terminal))


class _DocumentPrinter(WatchPrinter):
    def __init__(self, documents: WatchedDocuments, colours: bool) -> None:
        super().__init__()
        self._documents = documents
        self._colours = colours
        self.restart = documents.restart  # type: ignore[method-assign]
        self._is_quiet = True  # nothing has come since the last tick

    def __call__(self, chunk: bytes | None) -> bytes:
        self._is_quiet = False
        return super().__call__(chunk)

    def due(self) -> bytes:
        is_quiet, self._is_quiet = self._is_quiet, True
        return _encoded(self._painted(self._documents.quiet())) if is_quiet else b""

    def _render(self, lines: Sequence[str]) -> str:
        return self._painted(self._documents.feed(lines))

    def _rest(self) -> str:
        return self._painted(self._documents.end())

    def _painted(self, text: str) -> str:
        if not self._colours:
            return text
        from kubectl_mc.messages.painted_texts import painted_document

        return painted_document(text)

    @property
    def has_unseen(self) -> bool:
        return self._documents.has_unseen

    def listed(self, stdout: bytes) -> bytes:
        with suppress(object_lists.NotObjects):
            return _encoded(self._painted(self._documents.listed(stdout.decode("utf-8", "surrogateescape"))))
        return b""


# What `-o name` makes of an error that ends a watch (410: kubectl shows a Status as an object).
_STATUS = "status/<unknown>"


class _LinePrinter(WatchPrinter):
    """Prints lines, each with its cluster. After a break, lines that were shown before are not repeated."""

    def __init__(self, prefix: str, is_kept: name_filter.NameFilter | None, last: LastRows | None) -> None:
        """last: by which lines are compared after a break; None if they aren't"""
        super().__init__()
        self._prefix, self._is_kept, self._last = prefix, is_kept, last

    def _render(self, lines: Sequence[str]) -> str:
        kept = (line for line in lines if not self._is_kept or self._is_kept(line))
        news = (line for line in kept if line != _STATUS) if self._last else kept
        now = time.monotonic()
        news = (line for line in news if not self._last or self._last.add(None, (line,), now))
        return "".join(f"{self._prefix}{line}\n" for line in news)

    def restart(self) -> None:
        if self._last:
            self._last.restart()

    def seed(self, stdout: bytes) -> bool:
        if self._last:
            for line in _lines(stdout):
                self._last.seed(None, (line,), time.monotonic())
        return True

    def listed(self, stdout: bytes) -> bytes:
        if self._last and not stdout:
            self._last.end_list()
        return b""


def watch_printer_factory(request: Request) -> Callable[[Job, str], WatchPrinter]:
    """Return how to make the printer of a watch's job and the prefix of its lines, according to the output format."""
    output_format, spec = grammar.output_format(request.line)
    is_kept = name_filter.name_filter(request)
    compares, colours = watch_lines.is_resumed(request), request.shows_colours
    if output_format in output_forms.OBJECTS:
        return lambda job, prefix: _DocumentPrinter(
            WatchedDocuments(job.target.cluster, output_format, is_kept, compares), colours
        )
    if verbs.output_shape(request.row, request.line) == "table" and output_format in output_forms.TABLES:
        columns = spec if output_format == "custom-columns" else ""
        events: EventColumn = ""
        if output_forms.has_events(request):
            events = "shown" if grammar.is_set(request.line, request.row.output.events_by) else "hidden"
        show_headers, row_start = not grammar.is_set(request.line, "no-headers"), request.row.output.row_start
        clock = time.time if compares else None
        row_filter = _RowFilter(request) if request.options.where else None
        rows = row_filter.rows if row_filter else None
        tables = _Tables(lambda: WatchedTable(show_headers, columns, is_kept, row_start, events, clock, colours, rows))
        on_terminal = request.shows_on_terminal
        shows_namespace = output_format in output_forms.WITH_NAMESPACES
        return lambda job, prefix: _TablePrinter(
            tables, job, on_terminal, job.namespace if shows_namespace else "", row_filter
        )
    is_unique = output_format == "name" and not name_patterns.all_namespaces(request.line)
    new_last = partial(LastRows, has_ages=False, is_unique=is_unique) if compares else lambda: None
    if output_format in output_forms.LINES:
        return lambda job, prefix: _LinePrinter(f"{label(job.target.cluster, colours)}\t", is_kept, new_last())
    return lambda job, prefix: _LinePrinter(prefix, None, new_last())


def _type(job: Job) -> str:
    """Return the type of a job's objects as far as its operands tell."""
    return (grammar.operands(job.line) or [""])[0].partition("/")[0]


def _lines(stdout: bytes) -> list[str]:
    return stdout.decode("utf-8", "surrogateescape").split("\n")[:-1]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
