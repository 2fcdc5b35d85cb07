"""Names with wildcards (`get pod 'nginx-*'`): each cluster lists its names first and is asked for those that match."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.command_line import flag_tables, grammar, verb_rows, verbs
from kubectl_mc.command_line.grammar import CommandLine, Token
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Chunk, Exit, Result, UnaskedResult
from kubectl_mc.processes.requests import Job, Request, job_command, note_answers, same_jobs
from kubectl_mc.processes.standard_streams import Phase
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads.name_patterns import (
    ALL_NAMESPACES_FLAGS,
    DEFAULT_TYPES,
    all_namespaces,
    is_pattern,
    name_patterns,
    types_by_name,
)


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


def resolve_jobs(request: Request, targets: Sequence[Target]) -> tuple[Request, list[Job], list[Result]]:
    """Return the jobs of all clusters, with the names that the wildcards stand for on each cluster.

    The request's `unreachable` gets the clusters that have no jobs; the third value are the listings that failed on
    clusters that have jobs.
    """
    resolver = Resolver(request, targets)
    if not resolver.commands:
        return request, resolver.jobs, []
    jobs: list[Job] = []
    unreachable: list[Result] = [*request.unreachable]
    partial: list[Result] = []
    for target, listings in zip(targets, resolver.run()):
        target_jobs, failures = resolver.resolve(target, listings)
        jobs += target_jobs
        (partial if target_jobs else unreachable).extend(failures)
    return request._replace(unreachable=tuple(unreachable)), jobs, partial


def one_result_per_cluster(results: Sequence[Result]) -> list[Result]:
    """Join the results of each cluster that had several kubectls.

    The first failure, if any, decides the status. The cause is the last error of stderr, so failures stand last there,
    behind what only is not there.
    """
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.cluster, []).append(result)
    joined = []
    for cluster, group in groups.items():
        by_weight = sorted(group, key=_weight)
        statuses = [result.status for result in group]
        joined.append(
            Result(
                cluster,
                b"".join(result.stdout for result in group),
                b"".join(result.stderr for result in by_weight),
                None if None in statuses else next(filter(None, statuses), 0),
                any(result.timed_out for result in group),
            )
        )
    return joined


def _weight(result: Result) -> int:
    """Return 0 for an answer, 1 for an absence, 2 for a failure."""
    if not result.status:
        return 0
    return 1 if messages.find_cause(_text(result), result.status).absent else 2


def _text(result: Result) -> str:
    return result.stderr.decode("utf-8", "replace")


class Resolver:
    """Resolves the names of a request cluster by cluster, as soon as a cluster's listings have ended.

    types: the types that each cluster lists; [] if no names have to be listed
    commands: the listings, one for each type and cluster, to be run in front of all other commands
    jobs: the jobs of all clusters if no names have to be listed
    """

    def __init__(self, request: Request, targets: Sequence[Target], always: bool = False) -> None:
        """always: names have to be listed also if an answer should tell them."""
        line = request.line
        self._request = request
        self._targets = targets
        self._collector = event_loop.ResultCollector()
        # A cluster must not hold up the others, so a listing has a limit even if the jobs after it have none.
        timeout = request.options.cluster_timeout
        self._patience = verb_rows.PATIENCE if timeout is None else timeout
        self._types_by_name: Mapping[str, Sequence[str]] = {}
        self._is_wanted: Callable[[str, str], bool] = lambda kind, name: True
        self.types: list[str] = []
        unlisted = None if always else _unlisted_line(request)
        self.jobs = same_jobs(targets, unlisted) if unlisted else []
        if not unlisted:
            self._types_by_name = types_by_name(line)
            listed = [
                name_types
                for name, name_types in self._types_by_name.items()
                if is_pattern(name) or all_namespaces(line) or line.verb == "get"
            ]
            self.types = list(dict.fromkeys(name for name_types in listed for name in name_types))
            if request.row.output.log_lines:
                from kubectl_mc.reads.log_printers import wanted_objects

                self._is_wanted = wanted_objects(request)
        listing_jobs = [
            Job(target, _listing(request, listed_type), target.cluster)
            for target in targets
            for listed_type in self.types
        ]
        self._listed = [job.target for job in listing_jobs]
        self.commands = [job_command(request, job)._replace(patience=self._seconds(job.target)) for job in listing_jobs]

    def _seconds(self, target: Target) -> float:
        """Return the seconds that each listing of a cluster has."""
        short = self._request.short_time(target.cluster)
        return self._patience if short is None else short

    def run(self) -> list[list[Result]]:
        """Run the listings, and return the results of each cluster."""
        parallel, took = self._request.parallel(len(self.commands)), dict[int, float]()
        names = [command.cluster for command in self.commands]
        phase = Phase("names", self._request.environment.streams, names, self._patience)
        listings = event_loop.collect_results(
            self.commands, parallel, verb_rows.PATIENCE, on_end=took.__setitem__, phase=phase
        )
        seconds = (took.get(index, 0.0) for index in range(len(listings)))
        note_answers(self._request, zip(self._listed, listings, seconds))
        results = iter(listings)
        return [list(islice(results, len(self.types))) for _ in self._targets]

    def feed(self, event: Chunk | Exit) -> tuple[list[Job], list[Result]]:
        """Return what `resolve` returns for the cluster whose last listing ends with this event; else nothing."""
        self._collector.add(event)
        if isinstance(event, Chunk):
            return [], []
        target_index = event.command_index // len(self.types)
        target, first = self._targets[target_index], target_index * len(self.types)
        results = [self._collector.result(first + index, target.cluster) for index in range(len(self.types))]
        return ([], []) if any(result.status is None for result in results) else self.resolve(target, results)

    def resolve(self, target: Target, results: Sequence[Result]) -> tuple[list[Job], list[Result]]:
        """Return the jobs of a cluster from the results of its listings, one for each of `types`, and what failed.

        A type whose names cannot be listed takes nothing from the others, as in kubectl. Without a job, what failed is
        the one result that kubectl would have given instead.
        """
        if any(result.timed_out for result in results):
            return [], [UnaskedResult(target.cluster, b"", self._too_late(target), 1)]
        listings = dict(zip(self.types, results))
        objects, unreadable = self._matching_objects(listings)
        missing = [] if all_namespaces(self._request.line) else self._missing_references(listings, objects)
        failed: dict[tuple[str, ...], Result] = {}
        for result in results:
            if result.status:  # kubectl says once what is so for all types, as that no server answers
                failed.setdefault(tuple(messages.complaints(_text(result))), result._replace(stdout=b""))
        failures = [*failed.values()]
        failures += [Result(target.cluster, b"", text.encode("utf-8", "replace"), 1) for text in unreadable]
        if objects or missing:
            # Two words for one type (`po,pods`) give the same objects.
            return _jobs(self._request, target, list({item[1:]: item for item in objects}.values()), missing), failures
        warnings = b"".join(result.stderr for result in results if not result.status)
        is_wanted = not grammar.is_set(self._request.line, "ignore-not-found")
        if is_wanted and not unreadable and not all(result.status for result in results):
            error = messages.no_match(self._request.options.pod_regex or list(self._types_by_name))
            failures.insert(0, Result(target.cluster, b"", warnings + error.encode("utf-8", "replace"), 1))
        return [], one_result_per_cluster(failures or [Result(target.cluster, b"", warnings, 0)])

    def _too_late(self, target: Target) -> bytes:
        short = self._request.short_times if self._request.short_time(target.cluster) else None
        return messages.timed_out(self._seconds(target), short.since if short else "").encode()

    def _matching_objects(self, listings: Mapping[str, Result]) -> tuple[list[Object], list[str]]:
        """Return the objects of one cluster that the names mean, in kubectl's order, and errors for what is unreadable.

        listings: type -> its listing
        """
        objects, errors = list[Object](), list[str]()
        for listed_type, listing in listings.items():
            patterns = [name.rpartition("/")[2] for name, types in self._types_by_name.items() if listed_type in types]
            listed, unreadable = _listed_objects(listed_type, listing)
            matching = [item for item in listed if any(fnmatchcase(item.name, pattern) for pattern in patterns)]
            objects += [item for item in matching if self._is_wanted(item.kind, item.name)]
            errors += [messages.unreadable_names(listed_type, unreadable)] if unreadable else []
        return objects, errors

    def _missing_references(self, listings: Mapping[str, Result], objects: Sequence[Object]) -> list[str]:
        """Return TYPE/NAME of the plain names that are none of the objects. It is kubectl that says what is missing.

        A type that the cluster lacks is no reason to ask.
        """
        present = {(item.type, item.name) for item in objects}
        lacking = [listed_type for listed_type, listing in listings.items() if listing.status]
        plain = [
            (typed_type, typed_name.rpartition("/")[2])
            for typed_name, types in self._types_by_name.items()
            if not is_pattern(typed_name)
            for typed_type in types
            if typed_type not in lacking
        ]
        return [f"{typed_type}/{name}" for typed_type, name in plain if (typed_type, name) not in present]


def _unlisted_line(request: Request) -> CommandLine | None:
    """Return the command line of all clusters if no names have to be listed; None if they have to.

    Where kubectl refuses how objects are named, it gets a command line that it refuses, and says why.
    """
    line = request.line
    if not name_patterns(request.row, line):
        return line
    names = types_by_name(line)
    if line.verb not in DEFAULT_TYPES:
        typed, *others = grammar.operands(line)
        mixed = any(("/" in word) != ("/" in typed) for word in others)
        plain = not all_namespaces(line) and not all(map(is_pattern, names))
        if mixed or (plain and any(grammar.values(line, flag) for flag in _SELECTORS)):
            return line
    if line.verb != "get":
        return None
    from kubectl_mc.reads import name_filter

    # kubectl refuses types beside a file, and the subresource of several objects.
    refused = any(grammar.values(line, flag) for flag in ("filename", "kustomize", "subresource"))
    return name_filter.without_names(line) if refused or name_filter.name_filter(request) else None


_SELECTORS = ("selector", "field-selector")

# A line for each object: its apiVersion, kind, namespace and name. As urlquery escapes them, no name can look like the
# line of another object.
_LISTING = (
    "go-template={{range .items}}{{urlquery .apiVersion}} {{urlquery .kind}} "
    '{{with .metadata.namespace}}{{urlquery .}}{{end}} {{urlquery .metadata.name}}{{"\\n"}}{{end}}'
)


def _listing(request: Request, listed_type: str) -> CommandLine:
    """Return the `get` that lists the objects of a type, with the line's flags that say which, where and as whom."""
    line = request.line
    kept_flags = {
        *flag_tables.flag_table("").flags,
        *_SELECTORS,
        *(["sort-by"] if _is_sorted_by_listing(request) else []),
    }
    flags = {name for token in line.tokens for name, _ in token.flags}
    flag_tokens = tuple(token for token in grammar.without(line, flags - kept_flags).tokens if token.flags)
    output = [("output", _LISTING), *([("all-namespaces", "true")] if all_namespaces(line) else [])]
    return grammar.with_flags(CommandLine(("get",), (Token((listed_type,)), *flag_tokens)), *output)


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


def _listed_objects(listed_type: str, listing: Result) -> tuple[list[Object], list[str]]:
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


def are_plain(listings: Sequence[Result]) -> bool:
    """Return whether all names in a cluster's listings are such that a table prints them as they are."""
    listed = [_listed_objects("", listing) for listing in listings]
    return not any(listing.status for listing in listings) and not any(
        unreadable or any(_UNPRINTED.search(item.name) for item in objects) for objects, unreadable in listed
    )


def _jobs(request: Request, target: Target, objects: Sequence[Object], missing: Sequence[str]) -> list[Job]:
    """Return the jobs of one cluster. missing: TYPE/NAME of objects that it lacks, as kubectl has to say."""
    if request.line.verb != "get":
        return _text_jobs(request.line, target, objects, missing)
    line = request.line
    if _is_table(line) and len({name for names in types_by_name(line).values() for name in names}) > 1:
        # As in a List of several types, of whatever types there are objects.
        line = grammar.with_flags(line, ("show-kind", "true"))
    if verbs.is_endless(request.row, line):
        return _watch_jobs(line, target, objects, missing)
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
        return [Job(target, grammar.with_operands(line, words), target.cluster)]
    # kubectl gets each object that it reads from stdin, and prints a List, even of one object (Builder.visitByPaths).
    line = grammar.with_flags(grammar.with_operands(line, ()), ("filename", "-"))
    manifest = "".join(f"{json.dumps(_manifest(item))}\n" for item in objects)
    return [Job(target, line, target.cluster, manifest.encode())]


def _manifest(item: Object) -> dict[str, object]:
    """Return what kubectl has to know of an object to get it."""
    metadata = {"name": item.name, **({"namespace": item.namespace} if item.namespace else {})}
    return {"apiVersion": item.api_version, "kind": item.kind, "metadata": metadata}


def _watch_jobs(line: CommandLine, target: Target, objects: Sequence[Object], missing: Sequence[str]) -> list[Job]:
    """Return a job for each object (with -A for each name of a type), since kubectl watches one object or all."""
    own_selector = grammar.value(line, "field-selector")
    prefix = f"{own_selector}," if own_selector else ""
    jobs = {}
    for item in objects:
        name = re.sub(r"[\\,=]", r"\\\g<0>", item.name)  # apimachinery, fields.EscapeValue
        job_line = grammar.with_flags(
            grammar.with_operands(line, [item.exact_type]), ("field-selector", f"{prefix}metadata.name={name}")
        )
        label = f"{item.kind.lower()}/{messages.visible(item.name)}"
        jobs[item.operand] = Job(target, job_line, f"{target.cluster} {label}")
    by_name = [Job(target, grammar.with_operands(line, [word]), f"{target.cluster} {word}") for word in missing]
    return [*jobs.values(), *by_name]


def _text_jobs(line: CommandLine, target: Target, objects: Sequence[Object], missing: Sequence[str]) -> list[Job]:
    """Return the jobs of a verb that prints text: one for each object if it takes one, else for each namespace."""
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
        name = f"{namespace}/" * bool(namespace) + word.rpartition("/")[2]
        label = f"{target.cluster} {messages.visible(name)}" if single else target.cluster
        jobs.append(Job(target, grammar.with_operands(job_line, [*words, *containers]), label))
    return jobs
