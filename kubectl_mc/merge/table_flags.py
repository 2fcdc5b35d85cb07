# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The flags about the rows of tables, --where and --count-by: which command lines they are for. Pure."""

from __future__ import annotations

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import Options
from kubectl_mc.command_line.own_commands import COUNT_OUTPUTS
from kubectl_mc.command_line.verb_rows import VerbRow
from kubectl_mc.merge.output_forms import TABLES
from kubectl_mc.messages import UserError
from kubectl_mc.processes.requests import Request


def refusal(row: VerbRow, line: CommandLine, options: Options) -> UserError | None:
    """Return why the flags that are set can't be used with this command line; None if they can."""
    flag = "where" if options.where else "count-by"
    is_table = verbs.output_shape(row, line) == "table" and not verbs.is_dry_run(row, line)
    if not is_table or grammar.value(line, "raw") is not None:
        verb = " ".join(line.path) + " --raw" * (grammar.value(line, "raw") is not None)
        return messages.flag_is_not_for(flag, verb, "tables, such as those of get, events and top")
    form, _ = grammar.output_format(line)
    if form not in TABLES and not ("count-by" in dict(options.typed) and form in COUNT_OUTPUTS):
        return messages.no_columns(flag, form)
    totals = next((name for name in row.output.totals_by if grammar.is_set(line, name)), "")
    if totals:
        return messages.flags_exclude(flag, totals, "a row with a sum is no object's")
    if options.count_by and verbs.is_watch(row, line):
        return messages.flags_exclude("count-by", "watch", "the counts of what changes are never complete")
    if options.fold and options.count_by:
        return messages.flags_exclude("count-by", "fold", "there are no rows to fold")
    return None


def applied(request: Request) -> Request:
    """Return the request as it is carried out. As defaults of the mapping file, the flags are for tables only.

    Counts that are shown as a document are made of a table. As that isn't shown, it is the one with the most columns.
    Raises UserError for flags that were typed and can't be used.
    """
    row, line, options = request.row, request.line, request.options
    if refusal(row, line, options):  # some of the flags are defaults, which give way
        typed = {name for name, _ in options.typed}
        options = options._replace(
            where=options.where if "where" in typed else (),
            count_by=options.count_by if "count-by" in typed else (),
            fold=options.fold if "fold" in typed else None,
        )
        if (options.where or options.count_by) and (problem := refusal(row, line, options)):
            raise problem
    form, _ = grammar.output_format(line)
    if not options.count_by or form not in COUNT_OUTPUTS:
        return request.with_options(options)
    line = grammar.without(line, ("output",))
    if row.output.has_wide:
        line = grammar.with_flags(line, ("output", "wide"))
    return request.with_options(options._replace(output=form))._replace(line=line)
