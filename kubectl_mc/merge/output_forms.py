# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""How the clusters' kubectls are asked, so that their answers can be merged: by the output form. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.processes.requests import Job, Request

# Output forms (-o) by how their texts are merged; "" is kubectl's default.
TABLES = ("", "wide", "custom-columns", "custom-columns-file")

OBJECTS = ("json", "yaml", "kyaml")

DOCUMENTS = {"json": "json", "yaml": "yaml", "kyaml": "kyaml", "jsonpath-as-json": "json"}

TEMPLATES = ("jsonpath", "jsonpath-file", "go-template", "go-template-file", "template", "templatefile")

LINES = ("name", *TEMPLATES)

# The forms in which kubectl's tables have a column NAMESPACE with -A.
WITH_NAMESPACES = ("", "wide")


def mergeable_line(request: Request, line: CommandLine, several: bool = False) -> CommandLine:
    """Return the command line for one cluster's kubectl, so changed that its output can be merged.

    several: the output is merged with that of other clusters
    """
    if verbs.output_shape(request.row, line) != "table":
        return line
    line = grammar.without(line, ("no-headers",))  # the headers show where the columns start
    form, spec = grammar.output_format(line)
    if form == "custom-columns":
        from kubectl_mc.merge import custom_columns

        marked = custom_columns.marked_spec(spec)
        return grammar.with_flags(grammar.without(line, ("output",)), ("output", f"{form}={marked}"))
    if has_events(request):
        # A cluster may print a further table, whose header is known by this column alone.
        events_by = request.row.output.events_by
        line = grammar.with_flags(grammar.without(line, (events_by,)), (events_by, "true"))
    if several and form in ("", "wide") and has_several_types(request.line):
        # A cluster that lacks some of the types, or some of the names, is asked for the others only.
        return grammar.with_flags(line, ("show-kind", "true"))
    return line


def has_events(request: Request) -> bool:
    """Return whether kubectl is asked for a column of events, which tells a watch's headers from its rows."""
    row, line = request.row, request.line
    own_table = grammar.output_format(line)[0] in ("", "wide")
    return bool(row.output.events_by) and own_table and verbs.mode(row, line) == "streamed"


def has_several_types(line: CommandLine) -> bool:
    """Return whether a `get` asks for several types, as far as its operands tell."""
    words = grammar.operands(line) if line.verb == "get" else []
    kinds = {word.partition("/")[0] for word in words if "/" in word} or set(words[0].split(",") if words else ())
    return len(kinds) > 1 or kinds == {"all"}


def key_jobs(request: Request, jobs: Sequence[Job], several: bool) -> list[Job]:
    """Return the jobs that print what an answer's text doesn't tell; they run beside the other jobs.

    These are the keys by which the answers of several clusters are merged, and the cells that may have several lines.
    """
    output, line = request.row.output, request.line
    form, _ = grammar.output_format(line)
    expression = grammar.value(line, "sort-by")
    if output.last_cell and form in TABLES:
        from kubectl_mc.merge import located_rows, sorting

        template = located_rows.records_template(output.ordered_by, output.last_cell)
        return [job._replace(line=sorting.fields_command(job.line, template)) for job in jobs]
    if several and expression and line.verb == "get" and form not in TEMPLATES:
        from kubectl_mc.merge import sorting

        return [job._replace(line=sorting.keys_command(job.line, expression)) for job in jobs]
    return []
