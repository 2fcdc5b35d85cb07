# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Printers: they turn what a streamed job writes to stdout into what is shown of it."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.merge import output_forms
from kubectl_mc.merge.lines import Prefixer, label
from kubectl_mc.processes.requests import Job, Request

# Prints a chunk of a job's stdout, or what is left of it at its end (None).
Printer = Callable[[bytes | None], bytes]


def printer_factory(request: Request) -> Callable[[Job, str], Printer]:
    """Return how to make the printer of a job and the prefix of its lines, according to the output format."""
    if verbs.is_watch(request.row, request.line):
        from kubectl_mc.reads.watch_printers import watch_printer_factory

        return watch_printer_factory(request)
    output_format, _ = grammar.output_format(request.line)
    if output_format in output_forms.LINES:
        colours = request.shows_colours
        return lambda job, prefix: _line_printer(Prefixer(f"{label(job.target.cluster, colours)}\t"))
    return lambda job, prefix: _line_printer(Prefixer(prefix, in_parts=True))


def _line_printer(prefixer: Prefixer) -> Printer:
    return lambda chunk: prefixer.end() if chunk is None else prefixer.feed(chunk)
