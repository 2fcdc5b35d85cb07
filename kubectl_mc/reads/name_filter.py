"""Names with wildcards of a `get`, resolved in the answer: a cluster returns all objects of a type, and we filter them.

kubectl would ask for each name in a request of its own, five a second. It can neither watch several names nor find them
in all namespaces.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatchcase

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge import answers, kubectl_tables
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Request
from kubectl_mc.reads.name_patterns import name_patterns

# The output formats in which the part of each object can be recognized.
_FORMATS = ("", "wide", "name", *answers.OBJECTS)

# Types whose table has no column with their names.
_NAMELESS_TYPES = ("events", "event", "ev")

NameFilter = Callable[[str], bool]  # whether the object with this NAME or TYPE/NAME is kept


def name_filter(request: Request) -> NameFilter | None:
    """Return which objects are kept; None for no wildcards, or if the names have to be listed first (`wildcards`)."""
    line, patterns = request.line, name_patterns(request.row, request.line)
    operands = grammar.operands(line)
    if line.verb != "get" or patterns != operands[1:] or any("/" in operand for operand in operands):
        return None
    if any(kind.partition(".")[0] in _NAMELESS_TYPES for kind in (operands or [""])[0].split(",")):
        return None
    # Only with --fold does kubectl get --no-headers, and without the header the column of the names is unknown.
    headerless = request.options.fold and grammar.is_set(line, "no-headers")
    if not patterns or headerless or grammar.output_format(line)[0] not in _FORMATS:
        return None
    return lambda name: any(fnmatchcase(name.rpartition("/")[2], pattern) for pattern in patterns)


def without_names(line: CommandLine) -> CommandLine:
    """Return the command line for all objects of its types."""
    return grammar.with_operands(line, grammar.operands(line)[:1])


def filtered_result(result: Result, is_kept: NameFilter, request: Request) -> Result:
    """Return a cluster's result with only the objects that are kept; without any, with the error of a kubectl."""
    output_format, _ = grammar.output_format(request.line)
    text = result.stdout.decode("utf-8", "surrogateescape")
    if output_format in answers.OBJECTS:
        from kubectl_mc.merge import object_lists

        with suppress(object_lists.NotObjects):  # the text then stays as kubectl printed it
            text = object_lists.only_objects(text, output_format, is_kept)
    elif output_format == "name":
        text = "".join(f"{line}\n" for line in text.splitlines() if is_kept(line))
    else:
        text = kubectl_tables.only_rows(text, is_kept)
    if text or result.status != 0 or grammar.is_set(request.line, "ignore-not-found"):
        return result._replace(stdout=text.encode("utf-8", "surrogateescape"))
    error = messages.no_match(name_patterns(request.row, request.line))
    return result._replace(stdout=b"", stderr=error.encode("utf-8", "replace"), status=1)
