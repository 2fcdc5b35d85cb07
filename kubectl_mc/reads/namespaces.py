# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Several namespaces (`-n a,b,'team-*'`): one kubectl for each of them and each cluster; one for what has none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verb_rows, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge.kubectl_tables import NotATable
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Result, UnaskedResult
from kubectl_mc.processes.requests import Job, Request, job_command, same_jobs
from kubectl_mc.processes.standard_streams import Phase
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
from kubectl_mc.type_hints import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kubectl_mc.messages.progress_texts import PhaseKind


class Ahead(Protocol):
    """What asks a cluster as soon as its own jobs are known, while others still list theirs.

    interrupts: gets the exception of Ctrl-C or another signal, after which nothing more is asked
    """

    interrupts: list[BaseException]

    def commands(self, jobs: Sequence[Job]) -> Sequence[Command]:
        """Return the commands for jobs of a cluster."""

    def take(self, results: Sequence[Result], seconds: Sequence[float]) -> None:
        """Take the results of all of these commands, in their order, and the seconds that each took."""


def namespace_jobs(
    request: Request, targets: Sequence[Target], ahead: Ahead | None = None
) -> tuple[list[Job], list[Result]]:
    """Return the jobs for what was typed, in the order of their answers, and what failed on the way to them.

    The jobs are one for each cluster, or one for each of the namespaces that -n lists. Namespaces are in the order in
    which an API server lists their objects, whatever the order of the list.
    ahead: gets the jobs of most clusters, and their results; without it, Ctrl-C is raised
    Raises UserError for an empty part of the list.
    """
    line, patterns = request.line, namespace_patterns(request.line)
    operands, asks_types = grammar.operands(line), request.row.namespaces == "some"
    # Without a type, kubectl refuses the line; what --raw asks for has its namespace in its path.
    if not patterns or grammar.value(line, "raw") is not None or (asks_types and not operands):
        return same_jobs(targets, line), []
    if all_namespaces(line):
        return _jobs_everywhere(request, targets)
    asks_names = any(map(is_pattern, patterns))
    listings = [(target, _listing(line, "get", "namespaces", output="name")) for target in targets if asks_names]
    cached_types = _listing(line, "api-resources", output="wide", cached="true")
    listings += [(target, cached_types) for target in targets if asks_types]
    ended: dict[int, Result] = {}

    def jobs_of(index: int, types: Sequence[ResourceType]) -> tuple[list[Job], list[Result]]:
        parts = by_scope(operands, types)
        names, failed = _names(patterns, ended[index] if asks_names else None)
        jobs = [
            _job(request, targets[index], grammar.with_operands(line, words), name)
            for namespaced, words in parts
            for name in (names if namespaced else [""])
        ]
        return jobs, failed if any(namespaced for namespaced, _ in parts) else []

    def after(listing_index: int, result: Result) -> Sequence[Command]:
        ended[listing_index] = result
        index = listing_index % len(targets)
        own = [ended.get(number) for number in range(index, len(listings), len(targets))]
        if not ahead or listing_index >= len(listings) or any(not one or one.status for one in own):
            return ()
        types = _parsed(result if len(own) == 1 else ended[index + len(targets)]) if asks_types else ()
        if isinstance(types, Result) or (asks_types and unknown_words(operands, types)):
            return ()
        return ahead.commands(jobs_of(index, types)[0])

    results = _ask(request, listings, "answers" if ahead else "types" if asks_types else "names", ahead, after)
    ended.update(enumerate(results))
    known_types = (
        _types(request, targets, results[-len(targets) :], ahead) if asks_types and targets else [()] * len(targets)
    )
    jobs, failures = list[Job](), list[Result]()
    for index, types in enumerate(known_types):
        if isinstance(types, Result):
            failures.append(types)
            continue
        own_jobs, failed = jobs_of(index, types)
        jobs += own_jobs
        failures += failed
    return jobs, failures


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


def _ask(
    request: Request,
    asked: Sequence[tuple[Target, CommandLine]],
    listed: PhaseKind,
    ahead: Ahead | None = None,
    after: Callable[[int, Result], Sequence[Command]] = lambda index, result: (),
) -> list[Result]:
    """Run a kubectl for each, and return their results. One that took too long is what a wildcard's listing is then.

    listed: what they list, as the progress line says it; ahead, after: as of `namespace_jobs`, `collect_results`
    """
    timeout = request.options.cluster_timeout
    patience = verb_rows.PATIENCE if timeout is None else timeout
    commands = [job_command(request, Job(target, line, target.cluster)) for target, line in asked]
    if ahead and ahead.interrupts:
        return [Result(command.cluster, b"", b"", None) for command in commands]
    if not commands:
        return []
    phase = Phase(listed, request.environment.streams, [command.cluster for command in commands], patience)
    parallel, took = request.parallel(len(commands)), dict[int, float]()
    interrupts = ahead.interrupts if ahead else None
    results = event_loop.collect_results(
        commands, parallel, patience, interrupts=interrupts, on_end=took.__setitem__, phase=phase, after=after
    )
    results, further = results[: len(commands)], results[len(commands) :]
    if ahead:
        ahead.take(further, [took.get(len(commands) + index, 0.0) for index in range(len(further))])
    return [
        wildcards.late_result(request, result.cluster, patience) if result.timed_out else result for result in results
    ]


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


def _jobs_everywhere(request: Request, targets: Sequence[Target]) -> tuple[list[Job], list[Result]]:
    """Return the jobs of a verb that has no -A of kubectl's: one for each namespace that has what is asked for."""
    line = request.line
    if name_patterns(request.row, line):
        return same_jobs(targets, line), []
    words, selector = grammar.operands(line)[:1], grammar.values(line, "selector")
    if bool(words) == bool(selector):  # kubectl refuses it, and says why
        return same_jobs(targets, _unscoped(line)), []
    typed, _, name = "".join(words).rpartition("/")
    listed_type = typed or DEFAULT_TYPES[line.verb]
    listing = wildcards.listing(request, line, listed_type)
    jobs, failures = list[Job](), list[Result]()
    for target, result in zip(targets, _ask(request, [(target, listing) for target in targets], "names")):
        objects, _ = wildcards.listed_objects(listed_type, result)
        named = {item.namespace for item in objects if not words or item.name == name}
        names, too_many = _bounded(in_servers_order(named), target.cluster)
        failures += too_many
        jobs += [_job(request, target, line, namespace) for namespace in names]
        if result.status:
            failures.append(result._replace(stdout=b""))
        elif not named:
            error, status = (messages.no_match(words), 1) if words else ("No resources found\n", 0)
            failures.append(Result(target.cluster, b"", error.encode("utf-8", "replace"), status))
    return jobs, failures


# --- Which types have namespaces ---------------------------------------------------------------------------------


def _types(
    request: Request, targets: Sequence[Target], listings: Sequence[Result], ahead: Ahead | None
) -> list[Sequence[ResourceType] | Result]:
    """Return the types of each cluster, or why they are not known. listings: what its kubectl has cached of them

    A cluster whose types don't include all that were typed may have got new ones, and is asked itself.
    """
    operands = grammar.operands(request.line)
    types = list(map(_parsed, listings))
    stale = [index for index, own in enumerate(types) if not isinstance(own, Result) and unknown_words(operands, own)]
    listing = _listing(request.line, "api-resources", output="wide")
    for index, result in zip(stale, _ask(request, [(targets[index], listing) for index in stale], "types", ahead)):
        fresh = _parsed(result)
        types[index] = types[index] if isinstance(fresh, Result) else fresh
    return types


def _parsed(listing: Result) -> Sequence[ResourceType] | Result:
    """Return the types in a listing. Where an aggregated API doesn't answer, kubectl fails, and lists the others."""
    if not listing.stdout:
        return listing if listing.status != 0 else ()
    try:
        return parse_types(listing.stdout.decode("utf-8", "replace"))
    except NotATable:
        return ()
