# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Names with wildcards (`get pod 'nginx-*'`): each cluster lists its names first and is asked for those that match."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from fnmatch import fnmatchcase

from kubectl_mc import messages
from kubectl_mc.command_line import flag_tables, grammar, verb_rows, verbs
from kubectl_mc.command_line.grammar import CommandLine, Token
from kubectl_mc.merge.cluster_results import one_result_per_cluster
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.event_loop import Result, UnaskedResult
from kubectl_mc.processes.requests import Job, Request, job_command
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads.exchanges import Question
from kubectl_mc.reads.name_patterns import (
    ALL_NAMESPACES_FLAGS,
    DEFAULT_TYPES,
    all_namespaces,
    is_pattern,
    name_patterns,
    types_by_name,
)
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.reads.exchanges import Exchange


class Object(NamedTuple):
    """An object of a cluster.

    type: as the user typed it
    api_version, kind: of the object, such as "apps/v1" and "Deployment"
    namespace: "" for an object without one
    """

    type: str
    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def exact_type(self) -> str:
        """KIND.VERSION.GROUP, which means one type only to kubectl. What was typed may be a category (`all`)."""
        group, _, version = self.api_version.rpartition("/")
        return f"{self.kind}.{version}.{group}"

    @property
    def operand(self) -> str:
        """TYPE/NAME."""
        return f"{self.exact_type}/{self.name}"


def resolved_jobs(request: Request, asked: Sequence[Job]) -> Exchange[tuple[list[Job], list[Result]]]:
    """Return the jobs of a cluster, with the names that the wildcards stand for there, and what failed.

    asked: the jobs for what was typed
    """
    if unlisted := _unlisted(request):
        return [job._replace(line=unlisted(job.line)) for job in asked], []
    jobs, failures = list[Job](), list[Result]()
    for job, listings in zip(asked, (yield from listings_of(request, asked))):
        own_jobs, own_failures = resolved_job(request, job, listings)
        jobs += own_jobs
        failures += own_failures
    return jobs, failures


def divided(failures: Sequence[Result], jobs: Sequence[Job]) -> tuple[list[Result], list[Result]]:
    """Return the one result of each cluster without jobs, and what failed on clusters that have jobs."""
    asked = {job.target.cluster for job in jobs}
    unreachable = one_result_per_cluster([failure for failure in failures if failure.cluster not in asked])
    return unreachable, [failure for failure in failures if failure.cluster in asked]


def late_result(request: Request, cluster: str) -> Result:
    """Return the result of a cluster that has listed nothing in time."""
    short = request.short_times if request.short_time(cluster) else None
    seconds, since = (short.seconds, short.since) if short else (_patience(request), "")
    return UnaskedResult(cluster, b"", messages.timed_out(seconds, since).encode(), 1)


def _patience(request: Request) -> float:
    """Return the seconds that a listing has: a limit also where what follows has none, and is of other clusters."""
    timeout = request.options.cluster_timeout
    return verb_rows.PATIENCE if timeout is None else timeout


def listing_question(request: Request, target: Target, line: CommandLine, tells: bool = True) -> Question:
    """Return the question with a line that lists something of a cluster. tells: as of a `Question`"""
    command = job_command(request, Job(target, line, target.cluster))
    patience = _patience(request) if command.patience is None else command.patience
    return Question(target, command._replace(patience=patience), tells=tells)


def listings_of(request: Request, asked: Sequence[Job]) -> Exchange[list[dict[str, Result]]]:
    """List the objects that the names of jobs may mean, and return for each job its types with their listings."""
    types = [_listed_types(job.line) for job in asked]
    questions = [
        listing_question(request, job.target, listing(request, job.line, name))
        for job, names in zip(asked, types)
        for name in names
    ]
    results = iter((yield questions))
    return [{name: next(results) for name in names} for names in types]


def resolved_job(request: Request, asked: Job, listings: Mapping[str, Result]) -> tuple[list[Job], list[Result]]:
    """Return the jobs for one that was asked for, and what failed. listings: type -> its listing

    A type whose names cannot be listed takes nothing from the others, as in kubectl. Without a job, what failed is
    the one result that kubectl would have given instead.
    """
    jobs, failures = _resolved(request, asked, listings)
    named = [failure._replace(cluster=asked.target.cluster, namespace=asked.namespace) for failure in failures]
    return [job._replace(namespace=asked.namespace) for job in jobs], named


def _resolved(request: Request, asked: Job, listings: Mapping[str, Result]) -> tuple[list[Job], list[Result]]:
    cluster, names, results = asked.target.cluster, types_by_name(asked.line), list(listings.values())
    if any(result.timed_out for result in results):
        return [], [late_result(request, cluster)]
    if interrupted := [result for result in results if result.status is None]:
        return [], interrupted[:1]
    objects, unreadable = _matching_objects(names, listings, _wanted(request))
    missing = [] if all_namespaces(asked.line) else _missing_references(names, listings, objects)
    failed: dict[tuple[str, ...], Result] = {}
    for result in results:
        if result.status:  # kubectl says once what is so for all types, as that no server answers
            stderr = result.stderr.decode("utf-8", "replace")
            failed.setdefault(tuple(messages.complaints(stderr)), result._replace(stdout=b""))
    failures = [*failed.values()]
    failures += [Result(cluster, b"", text.encode("utf-8", "replace"), 1) for text in unreadable]
    if objects or missing:
        # Two words for one type (`po,pods`) give the same objects.
        return _jobs(request, asked, list({item[1:]: item for item in objects}.values()), missing), failures
    warnings = b"".join(result.stderr for result in results if not result.status)
    is_wanted = not grammar.is_set(request.line, "ignore-not-found")
    if is_wanted and not unreadable and not all(result.status for result in results):
        error = messages.no_match(request.options.pod_regex or list(names)).encode("utf-8", "replace")
        failures.insert(0, Result(cluster, b"", warnings + error, 1))
    return [], one_result_per_cluster(failures or [Result(cluster, b"", warnings, 0)])


def _wanted(request: Request) -> Callable[[str, str], bool]:
    """Return what says of a kind and a name whether the object counts."""
    if not request.row.output.log_lines:
        return lambda kind, name: True
    from kubectl_mc.reads.log_printers import wanted_objects

    return wanted_objects(request)


def _listed_types(line: CommandLine) -> list[str]:
    """Return the types whose names have to be listed."""
    listed = [
        types
        for name, types in types_by_name(line).items()
        if is_pattern(name) or all_namespaces(line) or line.verb == "get"
    ]
    return list(dict.fromkeys(name for types in listed for name in types))


def _matching_objects(
    types_of: Mapping[str, Sequence[str]], listings: Mapping[str, Result], is_wanted: Callable[[str, str], bool]
) -> tuple[list[Object], list[str]]:
    """Return the objects that the names mean, in kubectl's order, and errors for what is unreadable.

    types_of: the types of each name; listings: type -> its listing
    is_wanted: says of a kind and a name whether the object counts
    """
    objects, errors = list[Object](), list[str]()
    for listed_type, listing in listings.items():
        patterns = [name.rpartition("/")[2] for name, types in types_of.items() if listed_type in types]
        listed, unreadable = listed_objects(listed_type, listing)
        matching = [item for item in listed if any(fnmatchcase(item.name, pattern) for pattern in patterns)]
        objects += [item for item in matching if is_wanted(item.kind, item.name)]
        errors += [messages.unreadable_names(listed_type, unreadable)] if unreadable else []
    return objects, errors


def _missing_references(
    types_of: Mapping[str, Sequence[str]], listings: Mapping[str, Result], objects: Sequence[Object]
) -> list[str]:
    """Return TYPE/NAME of the plain names that are none of the objects. It is kubectl that says what is missing.

    A type that the cluster lacks is no reason to ask.
    """
    present = {(item.type, item.name) for item in objects}
    lacking = [listed_type for listed_type, listing in listings.items() if listing.status]
    plain = [
        (typed_type, typed_name.rpartition("/")[2])
        for typed_name, types in types_of.items()
        if not is_pattern(typed_name)
        for typed_type in types
        if typed_type not in lacking
    ]
    return [f"{typed_type}/{name}" for typed_type, name in plain if (typed_type, name) not in present]


def _unlisted(request: Request) -> Callable[[CommandLine], CommandLine] | None:
    """Return what kubectl is asked instead of a command line if no names have to be listed; None if they have to.

    Where kubectl refuses how objects are named, it gets a command line that it refuses, and says why.
    """
    line = request.line
    if not name_patterns(request.row, line):
        return lambda line: line
    names = types_by_name(line)
    if line.verb not in DEFAULT_TYPES:
        typed, *others = grammar.operands(line)
        mixed = any(("/" in word) != ("/" in typed) for word in others)
        plain = not all_namespaces(line) and not all(map(is_pattern, names))
        if mixed or (plain and any(grammar.values(line, flag) for flag in _SELECTORS)):
            return lambda line: line
    if line.verb != "get":
        return None
    from kubectl_mc.reads import name_filter

    # kubectl refuses types beside a file, and the subresource of several objects.
    refused = any(grammar.values(line, flag) for flag in ("filename", "kustomize", "subresource"))
    return name_filter.without_names if refused or name_filter.name_filter(request) else None


_SELECTORS = ("selector", "field-selector")

# A line for each object: its apiVersion, kind, namespace and name. As urlquery escapes them, no name can look like the
# line of another object.
LISTING = (
    "go-template={{range .items}}{{urlquery .apiVersion}} {{urlquery .kind}} "
    '{{with .metadata.namespace}}{{urlquery .}}{{end}} {{urlquery .metadata.name}}{{"\\n"}}{{end}}'
)


def listing(request: Request, line: CommandLine, listed_type: str) -> CommandLine:
    """Return the `get` that lists the objects of a type, with the line's flags that say which, where and as whom."""
    kept = (*_SELECTORS, *(["sort-by"] if _is_sorted_by_listing(request) else []))
    everywhere = [("all-namespaces", "true")] if all_namespaces(line) else []
    return grammar.with_flags(asking_line(line, ("get", listed_type), kept), ("output", LISTING), *everywhere)


def asking_line(line: CommandLine, words: Sequence[str], kept: Sequence[str] = ()) -> CommandLine:
    """Return a command line that asks a cluster for something else: with the flags that say where and as whom.

    words: a verb and its operands; kept: further flags of the line that are kept
    """
    kept_flags = {*flag_tables.flag_table("").flags, *kept}
    flags = {name for token in line.tokens for name, _ in token.flags}
    flag_tokens = (token for token in grammar.without(line, flags - kept_flags).tokens if token.flags)
    return CommandLine((words[0],), (*(Token((word,)) for word in words[1:]), *flag_tokens))


def _is_sorted_by_listing(request: Request) -> bool:
    """Return whether kubectl cannot sort what it gets object by object: a table of each."""
    return request.line.verb == "get" and _is_table(request.line) and not verbs.is_endless(request.row, request.line)


def _is_table(line: CommandLine) -> bool:
    return grammar.output_format(line)[0] in ("", "wide")


# What an object's parts consist of. The names of RBAC objects may hold nearly any character (apimachinery,
# path.IsValidPathSegmentName). A name becomes a part of a word that begins with a type, or of a JSON text; no word can
# hold NUL.
_PARTS = (
    re.compile(r"(?:[a-z0-9][a-z0-9.-]*/)?[a-z0-9][a-z0-9-]*"),
    re.compile(r"[A-Za-z][A-Za-z0-9-]*"),
    re.compile(r"(?:[a-z0-9][a-z0-9-]*)?"),
    re.compile(r"[^/%\0]+"),
)


def listed_objects(listed_type: str, listing: Result) -> tuple[list[Object], list[str]]:
    """Return the objects of a listing, one for each line that can be nothing but an object, and the other lines."""
    from urllib.parse import unquote_plus

    objects, unreadable = list[Object](), list[str]()
    text = "" if listing.status else listing.stdout.decode("utf-8", "replace").removesuffix("\n")
    for line in text.split("\n") if text else ():
        parts = [unquote_plus(part) for part in line.split(" ")]
        if len(parts) == len(_PARTS) and all(pattern.fullmatch(part) for pattern, part in zip(_PARTS, parts)):
            objects.append(Object(listed_type, *parts))
        else:
            unreadable.append(" ".join(parts))
    return objects, unreadable


# What a table prints otherwise than it is: kubectl's tab writer and EscapeTerminal (k8s.io/cli-runtime/pkg/printers).
_UNPRINTED = re.compile(r"[\t-\r\x1b]| $")


def are_plain(listings: Collection[Result]) -> bool:
    """Return whether all names in a cluster's listings are such that a table prints them as they are."""
    listed = [listed_objects("", listing) for listing in listings]
    return all(listing.status == 0 for listing in listings) and not any(
        unreadable or any(_UNPRINTED.search(item.name) for item in objects) for objects, unreadable in listed
    )


def _jobs(request: Request, asked: Job, objects: Sequence[Object], missing: Sequence[str]) -> list[Job]:
    """Return the jobs for one that was asked for. missing: TYPE/NAME of objects that kubectl has to say are lacking."""
    if (line := asked.line).verb != "get":
        return _text_jobs(asked, objects, missing)
    if _is_table(line) and len({name for names in types_by_name(line).values() for name in names}) > 1:
        # As in a List of several types, of whatever types there are objects.
        line = grammar.with_flags(line, ("show-kind", "true"))
    if verbs.is_endless(request.row, line):
        return _watch_jobs(asked._replace(line=line), objects, missing)
    if _is_sorted_by_listing(request):
        line = grammar.without(line, ("sort-by",))
    # Among the listed objects are those that the selectors choose; kubectl accepts none beside names.
    line = grammar.without(line, _SELECTORS)
    if missing:
        if not objects and not _is_table(line):
            # It is for kubectl's errors: in the form that was typed, kubectl would print a List without items, too.
            line = grammar.with_flags(grammar.without(line, ("output", "template", "sort-by")), ("output", "name"))
        # There are two names or more, of which kubectl prints a List, or no object.
        words = [*(item.operand for item in objects), *missing]
        return [asked._replace(line=grammar.with_operands(line, words))]
    # kubectl gets each object that it reads from stdin, and prints a List, even of one object (Builder.visitByPaths).
    line = grammar.with_flags(grammar.with_operands(line, ()), ("filename", "-"))
    manifest = "".join(f"{json.dumps(_manifest(item))}\n" for item in objects)
    return [asked._replace(line=line, stdin=manifest.encode())]


def _manifest(item: Object) -> dict[str, object]:
    """Return what kubectl has to know of an object to get it."""
    metadata = {"name": item.name, **({"namespace": item.namespace} if item.namespace else {})}
    return {"apiVersion": item.api_version, "kind": item.kind, "metadata": metadata}


def _watch_jobs(asked: Job, objects: Sequence[Object], missing: Sequence[str]) -> list[Job]:
    """Return a job for each object (with -A for each name of a type), since kubectl watches one object or all."""
    line = asked.line
    prefix = f"{selector}," if (selector := grammar.value(line, "field-selector")) else ""
    jobs = {}
    for item in objects:
        name = re.sub(r"[\\,=]", r"\\\g<0>", item.name)  # apimachinery, fields.EscapeValue
        job_line = grammar.with_flags(
            grammar.with_operands(line, [item.exact_type]), ("field-selector", f"{prefix}metadata.name={name}")
        )
        label = f"{asked.label} {item.kind.lower()}/{messages.visible(item.name)}"
        jobs[item.operand] = asked._replace(line=job_line, label=label)
    by_name = [
        asked._replace(line=grammar.with_operands(line, [word]), label=f"{asked.label} {word}") for word in missing
    ]
    return [*jobs.values(), *by_name]


def _text_jobs(asked: Job, objects: Sequence[Object], missing: Sequence[str]) -> list[Job]:
    """Return the jobs of a verb that prints text: one for each object if it takes one, else for each namespace."""
    line, cluster = asked.line, asked.target.cluster
    everywhere, single = all_namespaces(line), line.verb in DEFAULT_TYPES
    containers = [word for word in grammar.operands(line) if not is_pattern(word)] if single else []
    line = grammar.without(line, (*_SELECTORS, *(("namespace", *ALL_NAMESPACES_FLAGS) if everywhere else ())))
    namespaced_words = [(item.namespace if everywhere else "", item.operand) for item in objects]
    words_by_job: dict[tuple[str, str], list[str]] = {}
    for namespace, word in [*namespaced_words, *(("", word) for word in missing)]:
        words_by_job.setdefault((namespace, word if single else ""), []).append(word)
    jobs = []
    for (namespace, word), words in words_by_job.items():
        job_line = grammar.with_flags(line, ("namespace", namespace)) if namespace else line
        name = "/".join(filter(None, (namespace or asked.namespace, word.rpartition("/")[2])))
        label = f"{cluster} {messages.visible(name)}" if single else asked.label
        jobs.append(asked._replace(line=grammar.with_operands(job_line, [*words, *containers]), label=label))
    return jobs
