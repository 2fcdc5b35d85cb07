"""Names with wildcards (`get pod 'nginx-*'`): each cluster lists its names first and is asked for those that match."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.command_line import flag_tables, grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine, Token
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Chunk, Command, Exit, Result, UnaskedResult
from kubectl_mc.processes.requests import Job, Request, job_command, same_jobs
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads.name_patterns import DEFAULT_TYPES, is_pattern, name_patterns


class Object(NamedTuple):
    """An object of a cluster.

    kind: its type as the user typed it
    reference: TYPE/NAME
    namespace: "" without --all-namespaces, and for an object without a namespace
    """

    kind: str
    reference: str
    namespace: str = ""

    @property
    def name(self) -> str:
        """The name without the type."""
        return self.reference.rpartition("/")[2]


def resolve_jobs(request: Request, targets: Sequence[Target]) -> tuple[Request, list[Job]]:
    """Return the jobs of all clusters, with the names that the wildcards stand for on each cluster.

    The request's `unreachable` gets the clusters that have no jobs. Raises UserError as `Resolver`.
    """
    resolver = Resolver(request, targets)
    if not resolver.commands:
        return request, resolver.jobs
    parallel = request.parallel(len(resolver.commands))
    results = iter(event_loop.collect_results(resolver.commands, parallel, verbs.PATIENCE))
    jobs: list[Job] = []
    failures: list[Result] = []
    for target in targets:
        target_jobs, target_failures = resolver.resolve(target, list(islice(results, len(resolver.types))))
        jobs += target_jobs
        failures += target_failures
    return request._replace(unreachable=(*request.unreachable, *failures)), jobs


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
    return 1 if messages.find_cause(result.stderr.decode("utf-8", "replace"), result.status).absent else 2


class Resolver:
    """Resolves the names of a request cluster by cluster, as soon as a cluster's listings have ended.

    types: the types that each cluster lists; [] if no names have to be listed
    commands: the listings, one for each type and cluster, to be run in front of all other commands
    jobs: the jobs of all clusters if no names have to be listed
    """

    def __init__(self, request: Request, targets: Sequence[Target]) -> None:
        """Raises UserError for names that cannot be resolved."""
        line = request.line
        self._request = request
        self._targets = targets
        self._collector = event_loop.ResultCollector()
        # A cluster must not hold up the others, so a listing has a limit even if the jobs after it have none.
        timeout = request.options.cluster_timeout
        self._patience = verbs.PATIENCE if timeout is None else timeout
        self._types_by_name: Mapping[str, Sequence[str]] = {}
        self.types: list[str] = []
        self.jobs: list[Job] = []
        if not name_patterns(request.row, line):
            self.jobs = same_jobs(targets, line)
        else:
            from kubectl_mc.reads import name_filter

            if name_filter.name_filter(request):
                self.jobs = same_jobs(targets, name_filter.without_names(line))
            elif targets and line.verb == "get" and _all_namespaces(line) and grammar.is_set(line, "sort-by"):
                raise messages.no_sorting_of_wildcards()
            else:
                self._types_by_name = _types_by_name(request)
                everywhere = _all_namespaces(line)
                listed = [kinds for name, kinds in self._types_by_name.items() if is_pattern(name) or everywhere]
                self.types = list(dict.fromkeys(kind for kinds in listed for kind in kinds))
        self.commands: list[Command] = [
            job_command(request, Job(target, _listing(line, kind), target.cluster))._replace(patience=self._patience)
            for target in targets
            for kind in self.types
        ]

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
        """Return the jobs of a cluster from the results of its listings, one for each of `types`.

        If the names cannot be listed or none matches, return the result that a failed kubectl would have given instead.
        """
        failure = _listing_failure(results, self._patience)
        if failure:
            return [], [failure]
        objects = self._matching_objects(dict(zip(self.types, results)))
        if objects or grammar.is_set(self._request.line, "ignore-not-found"):
            return _object_jobs(self._request, target, objects), []
        error = messages.no_match(name_patterns(self._request.row, self._request.line))
        return [], [Result(target.cluster, b"", error.encode("utf-8", "replace"), 1)]

    def _matching_objects(self, listings: Mapping[str, Result]) -> list[Object]:
        """Return the objects of one cluster that the names mean, each once; listings: type -> its listing."""
        everywhere = _all_namespaces(self._request.line)
        listed = {kind: _listed_objects(kind, listing, everywhere) for kind, listing in listings.items()}
        objects: list[Object] = []
        any_match = False
        for name, kinds in self._types_by_name.items():
            pattern = name.rpartition("/")[2]
            matching = [item for kind in kinds for item in listed.get(kind, ()) if fnmatchcase(item.name, pattern)]
            any_match = any_match or bool(matching)
            if not matching and not everywhere:
                # kubectl has to report what is missing, so it gets the name as it was typed, with each type that the
                # cluster may have.
                kinds = [kind for kind in kinds if kind not in listings or not listings[kind].status]
                matching = [Object(kind, f"{kind}/{pattern}") for kind in kinds]
            objects += matching
        return list(dict.fromkeys(objects)) if any_match or not all(map(is_pattern, self._types_by_name)) else []


# A verb that has no -A of its own is parsed with the unknown flag `A`.
_ALL_NAMESPACES_FLAGS = ("all-namespaces", "A")


def _all_namespaces(line: CommandLine) -> bool:
    return any(grammar.is_set(line, name) for name in _ALL_NAMESPACES_FLAGS)


def _types_by_name(request: Request) -> dict[str, list[str]]:
    """Return the operands that are names with their types: {"web-*": ["pods", "svc"]}, {"deploy/web-*": ["deploy"]}.

    The types stay separate because a cluster may not have one of them.
    """
    line, patterns = request.line, name_patterns(request.row, request.line)
    operands = grammar.operands(line)
    default_type = ""  # of names without a type: `pods` in `get pods 'web-*'`
    if any("/" not in pattern for pattern in patterns):
        default_type = DEFAULT_TYPES.get(line.verb) or operands[0]
    names = patterns if line.verb in DEFAULT_TYPES else operands[1 if default_type else 0 :]
    return {name: (name.rpartition("/")[0] if "/" in name else default_type).split(",") for name in names}


_NAMESPACE_AND_NAME = "custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name"


def _listing(line: CommandLine, kind: str) -> CommandLine:
    """Return `get KIND -o name` with the line's flags that say where and as whom; with -A also the namespaces."""
    kept_flags = {*flag_tables.flag_table("").flags}
    output = [("output", "name")]
    if _all_namespaces(line):
        kept_flags |= {"selector", "field-selector"} if line.verb == "get" else set()
        output = [("output", _NAMESPACE_AND_NAME), ("no-headers", "true"), ("all-namespaces", "true")]
    flags = {name for token in line.tokens for name, _ in token.flags}
    flag_tokens = tuple(token for token in grammar.without(line, flags - kept_flags).tokens if token.flags)
    return grammar.with_flags(CommandLine(("get",), (Token((kind,)), *flag_tokens)), *output)


def _listing_failure(listings: Sequence[Result], patience: float) -> Result | None:
    """Return why a cluster's names cannot be listed, as a failed kubectl's result; None if they are listed.

    Missing types are a reason only if the cluster has none of the types.
    """
    missing_type = None
    for listing in listings:
        if listing.timed_out:
            return UnaskedResult(listing.cluster, b"", messages.timed_out(patience).encode(), 1)
        if listing.status:
            if not messages.find_cause(listing.stderr.decode("utf-8", "replace"), listing.status).absent:
                return listing._replace(stdout=b"")
            missing_type = missing_type or listing._replace(stdout=b"")
    return missing_type if all(listing.status for listing in listings) else None


# A name becomes one word of kubectl's command line, TYPE/NAME, or a term of a field selector. So a line that begins
# with no type, and what a name can't have or a selector would read otherwise, is not taken from a cluster: that could
# be a flag. The names of RBAC objects may have colons and blanks (apimachinery, path.IsValidPathSegmentName).
_NAME = re.compile(r"[^\s/%,=\\\x00-\x1f\x7f](?:[^/%,=\\\x00-\x1f\x7f]*[^\s/%,=\\\x00-\x1f\x7f])?")
_TYPE = re.compile(r"[a-z][a-z0-9.-]*")
_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9-]*")


def _listed_objects(kind: str, listing: Result, everywhere: bool) -> list[Object]:
    """Return the objects of a listing, one for each line that can be nothing but a name."""
    objects = []
    for line in listing.stdout.decode("utf-8", "replace").split("\n"):
        if everywhere:
            namespace, _, name = (part.strip(" ") for part in line.partition(" "))
            if _NAME.fullmatch(name) and (namespace == "<none>" or _NAMESPACE.fullmatch(namespace)):
                objects.append(Object(kind, f"{kind}/{name}", "" if namespace == "<none>" else namespace))
        else:
            listed_type, _, name = line.partition("/")
            if _TYPE.fullmatch(listed_type) and _NAME.fullmatch(name):
                objects.append(Object(kind, line))
    return objects


def _object_jobs(request: Request, target: Target, objects: Sequence[Object]) -> list[Job]:
    """Return the jobs of one cluster for its objects: one for each object, name or namespace, or one for all."""
    line, everywhere = request.line, _all_namespaces(request.line)
    single = line.verb in DEFAULT_TYPES or verbs.is_endless(request.row, line)  # `logs` and a watch take one object
    if everywhere and line.verb == "get":
        return _field_selector_jobs(target, line, objects, single)
    containers = [word for word in grammar.operands(line) if not is_pattern(word)] if line.verb in DEFAULT_TYPES else []
    groups: dict[Object | str, list[Object]] = {}
    for item in objects:
        groups.setdefault(item if single else item.namespace, []).append(item)
    jobs = []
    for group in groups.values():
        namespace = group[0].namespace
        job_line = grammar.without(line, (*_ALL_NAMESPACES_FLAGS, "namespace")) if everywhere else line
        if namespace:
            job_line = grammar.with_flags(job_line, ("namespace", namespace))
        job_line = grammar.with_operands(job_line, [*(item.reference for item in group), *containers])
        label = f"{target.cluster} {f'{namespace}/' if namespace else ''}{group[0].name}" if single else target.cluster
        jobs.append(Job(target, job_line, label))
    return jobs


def _field_selector_jobs(target: Target, line: CommandLine, objects: Sequence[Object], single: bool) -> list[Job]:
    """Return a job `get TYPE -A` for each name, with the name in a field selector.

    kubectl accepts no name with -A, and without -A it shows no namespace.
    """
    types_by_name: dict[tuple[str, str], dict[str, None]] = {}
    for item in objects:
        types_by_name.setdefault((item.name, item.kind if single else ""), {})[item.kind] = None
    own_selector = grammar.value(line, "field-selector")
    selector = f"{own_selector},metadata.name" if own_selector else "metadata.name"
    return [
        Job(
            target,
            grammar.with_flags(
                grammar.with_operands(line, [",".join(types)]), ("field-selector", f"{selector}={name}")
            ),
            f"{target.cluster} {name}" if single else target.cluster,
        )
        for (name, _), types in types_by_name.items()
    ]
