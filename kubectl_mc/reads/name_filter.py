"""Names with wildcards of a `get`: a cluster is asked for all objects of the types, and those that match are kept.

kubectl would ask for each name by itself, five a second, and can neither watch several nor find them in all namespaces.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatchcase

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge import kubectl_tables
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Request
from kubectl_mc.reads import name_patterns

# What of an answer is an object's can be told in these forms.
_FORMS = ("", "wide", "name", "json", "yaml")

# Types whose table has no column with their names.
_NAMELESS = ("events", "event", "ev")

NameFilter = Callable[[str], bool]  # is an object with this name, or TYPE/NAME, to be kept?


def name_filter(request: Request) -> NameFilter | None:
    """Which objects are kept; None if the names have to be asked for first (or there are no wildcards)."""
    patterns = _patterns(request)
    return (lambda name: any(fnmatchcase(name.rpartition("/")[2], each) for each in patterns)) if patterns else None


def _patterns(request: Request) -> list[str]:
    line, found = request.line, name_patterns.name_patterns(request.verb, request.line)
    words = grammar.operands(line)
    plain = line.verb != "get" or found != words[1:] or any("/" in word for word in words)
    nameless = any(kind.partition(".")[0] in _NAMELESS for kind in (words or [""])[0].split(","))
    form, _ = grammar.output_format(line)
    headless = request.options.fold and grammar.is_set(line, "no-headers")  # else there is one, to find the names by
    return [] if plain or nameless or headless or form not in _FORMS else found


def without_names(line: CommandLine) -> CommandLine:
    """The command line for all objects of its types."""
    places = [place for place, token in enumerate(line.tokens) if not token.flags and not token.verbatim]
    names = places[len(line.path) + 1 :]
    return line._replace(tokens=tuple(token for place, token in enumerate(line.tokens) if place not in names))


def filtered_result(result: Result, kept: NameFilter, request: Request) -> Result:
    """A cluster's answer with those of its objects that are kept; without any, that is said as if a kubectl had."""
    form, _ = grammar.output_format(request.line)
    text = _only(result.stdout.decode("utf-8", "surrogateescape"), kept, form).encode("utf-8", "surrogateescape")
    if text or result.status != 0 or grammar.is_set(request.line, "ignore-not-found"):
        return result._replace(stdout=text)
    missing = messages.no_match(name_patterns.name_patterns(request.verb, request.line))
    return result._replace(stdout=b"", stderr=missing.encode("utf-8", "replace"), status=1)


def _only(text: str, kept: NameFilter, form: str) -> str:
    if form in ("json", "yaml"):
        from kubectl_mc.merge import object_lists

        with suppress(object_lists.NotObjects):  # else as kubectl gave it
            return object_lists.only_objects(text, form, kept)
        return text
    if form == "name":
        return "".join(f"{line}\n" for line in text.splitlines() if kept(line))
    return kubectl_tables.only_rows(text, kept)
