# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Several namespaces (`-n a,b,'team-*'`): one kubectl for each of them and each cluster; one for what has none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge.kubectl_tables import NotATable
from kubectl_mc.processes.event_loop import Result, UnaskedResult
from kubectl_mc.processes.requests import Job, Request, same_jobs
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads import wildcards
from kubectl_mc.reads.name_patterns import (
    ALL_NAMESPACES_FLAGS,
    DEFAULT_TYPES,
    all_namespaces,
    is_pattern,
    name_patterns,
    namespace_patterns,
)
from kubectl_mc.reads.resource_types import ResourceType, by_scope, parse_types, unknown_words
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.reads.exchanges import Exchange


def namespace_jobs(request: Request, target: Target) -> Exchange[tuple[list[Job], list[Result]]]:
    """Return the jobs of a cluster for what was typed, in the order of their answers, and what failed.

    It is one job, or one for each of the namespaces that -n lists. They are in the order in which an API server lists
    their objects, whatever the order of the list.
    Raises UserError for an empty part of the list.
    """
    line, patterns = request.line, namespace_patterns(request.line)
    operands, asks_types = grammar.operands(line), request.row.namespaces == "some"
    # Without a type, kubectl refuses the line; what --raw asks for has its namespace in its path.
    if not patterns or grammar.value(line, "raw") is not None or (asks_types and not operands):
        return same_jobs([target], line), []
    if all_namespaces(line):
        return (yield from _jobs_everywhere(request, target))
    asks_names = any(map(is_pattern, patterns))
    questions = []
    if asks_names:
        listing = _listing(line, "get", "namespaces", output="name")
        questions.append(wildcards.listing_question(request, target, listing))
    if asks_types:
        listing = _listing(line, "api-resources", output="wide", cached="true")
        questions.append(wildcards.listing_question(request, target, listing, tells=False))
    results = [_in_time(request, target, result) for result in (yield questions)]
    types: Sequence[ResourceType] | Result = ()
    if asks_types:
        types = yield from _types(request, target, results[-1])
    if isinstance(types, Result):
        return [], [types]
    parts = by_scope(operands, types)
    names, failures = _names(patterns, results[0] if asks_names else None)
    jobs = [
        _job(request, target, grammar.with_operands(line, words), name)
        for namespaced, words in parts
        for name in (names if namespaced else [""])
    ]
    return jobs, failures if any(namespaced for namespaced, _ in parts) else []


def _in_time(request: Request, target: Target, result: Result) -> Result:
    """Return the result of a listing, whose cluster may have taken too long."""
    return wildcards.late_result(request, target.cluster) if result.timed_out else result


def _job(request: Request, target: Target, line: CommandLine, namespace: str) -> Job:
    """Return the job for one namespace; "" for what has none."""
    line = _unscoped(line)
    if not namespace:
        return Job(target, line, target.cluster)
    # A table has a column that says the namespace, and a section says it in its heading.
    says_it = verbs.mode(request.row, line) == "captured"
    label = target.cluster if says_it else f"{target.cluster} {namespace}"
    return Job(target, grammar.with_flags(line, ("namespace", namespace)), label, namespace=namespace)


def _unscoped(line: CommandLine) -> CommandLine:
    return grammar.without(line, ("namespace", *(ALL_NAMESPACES_FLAGS if line.verb in DEFAULT_TYPES else ())))


def _listing(line: CommandLine, *words: str, **flags: str) -> CommandLine:
    return grammar.with_flags(wildcards.asking_line(_unscoped(line), words), *flags.items())


# --- Which namespaces there are ----------------------------------------------------------------------------------


def _names(patterns: Sequence[str], listing: Result | None) -> tuple[list[str], list[Result]]:
    """Return the namespaces of a cluster that are meant, and what failed.

    listing: of the cluster's namespaces, if there is a pattern. Where it is forbidden, what is named is still asked.
    """
    plain = [name for name in patterns if not is_pattern(name)]
    globs = [name for name in patterns if is_pattern(name)]
    if not listing:
        return in_servers_order(plain), []
    if listing.status is None:
        return [], [listing]
    if listing.status:
        error = listing.stderr.decode("utf-8", "replace")
        if isinstance(listing, UnaskedResult) or messages.find_cause(error, listing.status).kind != "forbidden":
            return [], [listing]  # as it doesn't answer, or not to this user, there is nothing to be had for the others
        hint = messages.name_the_namespaces(globs).encode("utf-8", "replace")
        return in_servers_order(plain), [listing._replace(stderr=listing.stderr + hint)]
    listed = _NAME.findall(listing.stdout.decode("utf-8", "replace"))
    names = {*plain, *(name for name in listed if any(fnmatchcase(name, pattern) for pattern in globs))}
    if not names:
        return [], [Result(listing.cluster, b"", messages.no_namespace(globs).encode("utf-8", "replace"), 1)]
    return _bounded(in_servers_order(names), listing.cluster)


def _bounded(names: list[str], cluster: str) -> tuple[list[str], list[Result]]:
    """Return the namespaces, or none and a failure if a cluster lists so many that it would hold up the others."""
    if len(names) <= MAX_NAMESPACES:
        return names, []
    return [], [Result(cluster, b"", messages.too_many_namespaces(len(names), MAX_NAMESPACES).encode(), 1)]


# The namespaces of a cluster that are asked, if it is the cluster that says how many there are.
MAX_NAMESPACES = 500

_NAME = re.compile(r"^namespace/([a-z0-9-]+)$", re.MULTILINE)


def in_servers_order(namespaces: Iterable[str]) -> list[str]:
    """Return the namespaces in the order of their objects in etcd, whose keys are TYPE/NAMESPACE/NAME."""
    return sorted(namespaces, key=lambda name: f"{name}/")


def _jobs_everywhere(request: Request, target: Target) -> Exchange[tuple[list[Job], list[Result]]]:
    """Return the jobs of a verb that has no -A of kubectl's: one for each namespace that has what is asked for."""
    line = request.line
    if name_patterns(request.row, line):
        return same_jobs([target], line), []
    words, selector = grammar.operands(line)[:1], grammar.values(line, "selector")
    if bool(words) == bool(selector):  # kubectl refuses it, and says why
        return same_jobs([target], _unscoped(line)), []
    typed, _, name = "".join(words).rpartition("/")
    listed_type = typed or DEFAULT_TYPES[line.verb]
    listing = wildcards.listing(request, line, listed_type)
    (result,) = yield [wildcards.listing_question(request, target, listing)]
    result = _in_time(request, target, result)
    objects, _ = wildcards.listed_objects(listed_type, result)
    named = {item.namespace for item in objects if not words or item.name == name}
    names, failures = _bounded(in_servers_order(named), target.cluster)
    if result.status != 0:
        failures.append(result._replace(stdout=b""))
    elif not named:
        error, status = (messages.no_match(words), 1) if words else ("No resources found\n", 0)
        failures.append(Result(target.cluster, b"", error.encode("utf-8", "replace"), status))
    return [_job(request, target, line, namespace) for namespace in names], failures


# --- Which types have namespaces ---------------------------------------------------------------------------------


def _types(request: Request, target: Target, cached: Result) -> Exchange[Sequence[ResourceType] | Result]:
    """Return the types of a cluster, or why they are not known. cached: the listing of what its kubectl remembers

    A cluster whose types don't include all that were typed may have got new ones, and is asked itself.
    """
    types = _parsed(cached)
    if isinstance(types, Result) or not unknown_words(grammar.operands(request.line), types):
        return types
    listing = _listing(request.line, "api-resources", output="wide")
    (result,) = yield [wildcards.listing_question(request, target, listing)]
    fresh = _parsed(_in_time(request, target, result))
    return types if isinstance(fresh, Result) else fresh


def _parsed(listing: Result) -> Sequence[ResourceType] | Result:
    """Return the types in a listing. Where an aggregated API doesn't answer, kubectl fails, and lists the others."""
    if not listing.stdout:
        return listing if listing.status != 0 else ()
    try:
        return parse_types(listing.stdout.decode("utf-8", "replace"))
    except NotATable:
        return ()
