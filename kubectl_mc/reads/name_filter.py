# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Names with wildcards of a `get`, resolved in the answer: a cluster returns all objects of a type, and we filter them.

That is one request for a cluster, its kubectl sorts what it prints, and a watch shows what appears later.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from fnmatch import fnmatchcase

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge import kubectl_tables, output_forms
from kubectl_mc.merge.report import NOTHING
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Request
from kubectl_mc.reads.name_patterns import all_namespaces, is_pattern, name_patterns, types_by_name

# The output formats in which the part of each object can be recognized.
_FORMATS = ("", "wide", "name", *output_forms.OBJECTS)

# Types whose table has no column with their names.
_NAMELESS_TYPES = ("events", "event", "ev")


class NameFilter:
    """Says which objects are kept: those whose names match one of the patterns."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = patterns
        self._are_starts = all(map(_PLAIN_START.fullmatch, patterns))

    def __call__(self, name: str) -> bool:
        """Return whether the object with this NAME or TYPE/NAME is kept."""
        own_name = name.rpartition("/")[2]
        return any(fnmatchcase(own_name, pattern) for pattern in self._patterns)

    def is_certain(self, cell: str, room: int) -> bool:
        """Return whether the cell of a table tells if its object is kept.

        room: the most blanks that the name may have at its end
        kubectl cuts a name at a line break, writes `^[` for an escape, and pads (printRows in
        k8s.io/cli-runtime/pkg/printers/tableprinter.go).
        """
        if self._are_starts:
            return True
        if cell.endswith("...") or "^[" in cell:
            return False
        is_kept = self(cell)
        room = min(room, max(map(len, self._patterns)) + 1)  # of more blanks, some match the same `*`
        return all(self(cell + " " * count) == is_kept for count in range(1, room + 1))


# What matches a name if and only if it matches its cell: the start of a name.
_PLAIN_START = re.compile(r"(?:[\w:.-]*[\w:-])?\*")


def name_filter(request: Request) -> NameFilter | None:
    """Return which objects are kept; None for no wildcards, or if the names have to be listed first (`wildcards`)."""
    line = request.line
    if line.verb != "get" or not name_patterns(request.row, line):
        return None
    names = types_by_name(line)
    types = next(iter(names.values()))
    if any(name_types != types for name_types in names.values()):
        return None  # a name in the answer doesn't tell which of the typed types it has
    if not all(map(is_pattern, names)) and not all_namespaces(line):
        return None  # kubectl has to say which of the plain names are missing
    if any(name.partition(".")[0] in _NAMELESS_TYPES for name in types):
        return None
    if grammar.output_format(line)[0] not in _FORMATS:
        return None
    return NameFilter([name.rpartition("/")[2] for name in names])


def without_names(line: CommandLine) -> CommandLine:
    """Return the command line for all objects of its types."""
    types = dict.fromkeys(name for names in types_by_name(line).values() for name in names)
    return grammar.with_operands(line, [",".join(types)])


def filtered_result(result: Result, is_kept: NameFilter, request: Request, plain_names: bool = False) -> Result | None:
    """Return a cluster's result with only the objects that are kept; without any, with the error of a kubectl.

    Return None for a table that doesn't tell the names. Of a kubectl that was ended, its rows are left out instead:
    the cluster isn't asked again.
    plain_names: all names of the cluster are printed as they are
    """
    output_format, _ = grammar.output_format(request.line)
    was_ended = result.timed_out or result.status is None
    text = result.stdout.decode("utf-8", "surrogateescape")
    if output_format in output_forms.OBJECTS:
        from kubectl_mc.merge import object_lists

        with suppress(object_lists.NotObjects):  # the text then stays as kubectl printed it
            text = object_lists.only_objects(text, output_format, is_kept)
    elif output_format == "name":
        text = "".join(f"{line}\n" for line in _name_lines(text) if is_kept(line))
    else:
        try:
            text = kubectl_tables.only_rows(text, is_kept, *([] if plain_names or was_ended else [is_kept.is_certain]))
        except kubectl_tables.NotATable:
            if not was_ended:
                return None
            text = ""
    if text or result.status != 0 or grammar.is_set(request.line, "ignore-not-found"):
        return result._replace(stdout=text.encode("utf-8", "surrogateescape"))
    sort_field = "" if result.stdout else grammar.value(request.line, "sort-by") or ""
    error = messages.no_match(list(types_by_name(request.line)), sort_field).encode("utf-8", "replace")
    warnings = [line for line in result.stderr.splitlines(keepends=True) if not line.startswith(NOTHING.encode())]
    return result._replace(stdout=b"", stderr=b"".join(warnings) + error, status=1)


# A name may hold nearly any character, but no slash (apimachinery, path.IsValidPathSegmentName).
_NAME_END = re.compile(r"\n(?=[^\n]*/)")


def _name_lines(text: str) -> list[str]:
    """Return what `-o name` printed of each object, TYPE/NAME: a line without a slash belongs to the one above."""
    return _NAME_END.split(text.removesuffix("\n")) if text else []
