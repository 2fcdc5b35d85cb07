# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`compare`: the objects of each cluster are read as they come, and only what is compared of them is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.merge.cluster_results import one_result_per_cluster
from kubectl_mc.merge.comparable_objects import ObjectKey, Unreadable, read_objects, shown_key
from kubectl_mc.merge.comparison import Comparison, without_duplicates
from kubectl_mc.merge.report import Report, make_report, result_cause
from kubectl_mc.merge.report_entries import read_entries
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, Request
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads import captured
from kubectl_mc.reads.exchanges import ask, run_exchanges
from kubectl_mc.reads.missing_types import jobs_without_missing_types
from kubectl_mc.reads.name_patterns import name_patterns, types_by_name
from kubectl_mc.type_hints import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubectl_mc.reads.exchanges import Exchange

Objects = Sequence[tuple[ObjectKey, bytes]]  # as `read_objects` yields them


class Comparable(NamedTuple):
    """What came of the clusters of a comparison, whose objects are in it.

    outside: the clusters that could not be compared
    interrupts: the exception of Ctrl-C or another signal
    """

    report: Report
    outside: tuple[str, ...]
    interrupts: tuple[BaseException, ...]


def read_clusters(
    request: Request,
    targets: Sequence[Target],
    comparison: Comparison,
    with_status: bool,
    renamed: Callable[[ObjectKey], ObjectKey],
    asked: Sequence[Mapping[str, Any]] | None = None,
) -> Comparable:
    """Read the objects of all clusters into the comparison. Raises UserError.

    with_status: the status counts as well
    renamed: returns the key by which an object is compared
    asked: what is asked for, if not what the command line says (declared_objects.identities)
    A cluster that has failed is not compared, nor is one whose answer is no list of the objects that were asked for.
    """
    interrupts: list[BaseException] = []
    reader = _Reader(request, with_status, renamed, asked)
    parts = run_exchanges(request, [reader.read(target) for target in targets], interrupts)
    failures = [failure for part in parts for failure in part.failures]
    jobs = [job for part in parts for job in part.jobs]
    request, failed_listings = captured.with_failures(request, failures, jobs)
    results = [
        result._replace(cluster=job.target.cluster) for part in parts for job, result in zip(part.jobs, part.results)
    ]
    cluster_results = one_result_per_cluster([*results, *failed_listings])
    objects = {
        target.cluster: [item for _, own in sorted(part.objects.items()) for item in own]
        for target, part in zip(targets, parts)
    }
    outside = [result.cluster for result in request.unreachable]
    for index, result in enumerate(cluster_results):
        cause = result_cause(result, request)
        if cause and not cause.absent:
            outside.append(result.cluster)
            cluster_results[index] = result._replace(stdout=b"")  # so it isn't said to be shown in part
            continue
        try:
            comparison.add(result.cluster, without_duplicates(objects[result.cluster]))
        except Unreadable as problem:
            cluster_results[index] = _unreadable(result, problem)
            outside.append(result.cluster)
    if request.environment.report:
        request.environment.report.tell(read_entries(cluster_results, request))
    report = make_report(
        cluster_results, request, shown=not comparison.has_reference, on_terminal=request.reports_on_terminal
    )
    return Comparable(report, tuple(outside), tuple(interrupts))


# What kubectl says of an object whose kind the server lacks (NoKindMatchError in k8s.io/apimachinery/pkg/api/meta).
_NO_KIND = re.compile(rb'no matches for kind "([^"]+)" in version "([^"]+)"')


class _Part(NamedTuple):
    """What came of a cluster.

    results: of its jobs; their stdout only says whether there were objects
    failures: what failed on the way to its jobs
    objects: by the index of a job
    """

    jobs: Sequence[Job]
    results: Sequence[Result]
    failures: Sequence[Result]
    objects: Mapping[int, Objects]


class _Reader:
    """Reads the objects of clusters, each answer as soon as it is there."""

    def __init__(
        self,
        request: Request,
        with_status: bool,
        renamed: Callable[[ObjectKey], ObjectKey],
        asked: Sequence[Mapping[str, Any]] | None,
    ) -> None:
        """Arguments: of `read_clusters`."""
        self._request, self._with_status, self._renamed, self._asked = request, with_status, renamed, asked
        typed = request.line
        names = (
            types_by_name(typed) if len(grammar.operands(typed)) > 1 or "/" in "".join(grammar.operands(typed)) else ()
        )
        self._names = [name.rpartition("/")[2] for name in names]
        self._drops = bool(name_patterns(request.row, typed))
        self._namespace = "" if grammar.is_set(typed, "all-namespaces") else grammar.value(typed, "namespace") or ""
        self._contents: dict[bytes, bytes] = {}

    def read(self, target: Target) -> Exchange[_Part]:
        """Read the objects of a cluster."""
        jobs, failures = yield from captured.asked_jobs(self._request, target)
        if name_patterns(self._request.row, self._request.line):
            from kubectl_mc.reads import wildcards

            jobs, unnamed = yield from wildcards.resolved_jobs(self._request, jobs)
            failures += unnamed
        objects: dict[int, Objects] = {}
        if self._asked is not None:
            (job,) = jobs  # -f and -k take no list of namespaces
            result = yield from self._declared(job, self._asked, objects)
            return _Part(jobs, [result], failures, objects)
        results = yield from self._ask(dict(enumerate(jobs)), objects)
        while again := jobs_without_missing_types(jobs, [results[index] for index in range(len(jobs))]):
            jobs = [again.get(index, job) for index, job in enumerate(jobs)]
            for index, after in (yield from self._ask(again, objects)).items():
                before = results[index]
                # The error about the missing type stays: a type that no cluster has is a failure.
                joined = after._replace(stderr=before.stderr + after.stderr, status=after.status or before.status)
                results[index] = after if after.status is None else joined
        return _Part(jobs, [results[index] for index in range(len(jobs))], failures, objects)

    def _declared(self, job: Job, asked: Sequence[Mapping[str, Any]], objects: dict[int, Objects]) -> Exchange[Result]:
        """Return the result of a job that gets objects from its stdin; of those whose kinds its cluster has."""
        line = grammar.without(job.line, ("filename", "kustomize", "recursive"))
        line = grammar.with_flags(line, ("filename", "-"), ("ignore-not-found", "true"))
        while True:
            text = json.dumps({"apiVersion": "v1", "kind": "List", "items": asked}).encode()
            result = (yield from self._ask({0: job._replace(line=line, stdin=text)}, objects))[0]
            lacking = {(kind.decode(), version.decode()) for kind, version in _NO_KIND.findall(result.stderr)}
            rest = [item for item in asked if (item["kind"], item["apiVersion"]) not in lacking]
            if not result.status or result.timed_out or len(rest) == len(asked):
                return result
            if not rest:
                return result._replace(status=0, stderr=b"")
            asked = rest

    def _ask(self, jobs: Mapping[int, Job], objects: dict[int, Objects]) -> Exchange[dict[int, Result]]:
        """Ask with jobs, by their indexes, and return their results. objects: gets what they have answered"""
        indexes = [*jobs]

        def keep(place: int, result: Result) -> Result:
            if result.timed_out or result.status is None:
                return result._replace(stdout=b"")
            index = indexes[place]
            try:
                objects[index] = self._objects(jobs[index], result.stdout)
            except Unreadable as problem:
                return _unreadable(result, problem)
            return result._replace(stdout=b"." if objects[index] else b"")

        return dict(zip(indexes, (yield from ask(self._request, [*jobs.values()], keep))))

    def _objects(self, job: Job, stdout: bytes) -> Objects:
        """Return the objects in an answer. Raises Unreadable for anything else."""
        return [
            (self._renamed(key), self._contents.setdefault(content, content))
            for key, content in read_objects(stdout, self._with_status)
            if self._is_asked_for(key, job)
        ]

    def _is_asked_for(self, key: ObjectKey, job: Job) -> bool:
        """Return whether the object counts. Raises Unreadable for one that a cluster can't have been asked for."""
        namespace = job.namespace or ("" if any(letter in ",*?[" for letter in self._namespace) else self._namespace)
        if key.namespace and namespace not in ("", key.namespace):
            raise Unreadable(f"it has {shown_key(key)}, which was not asked for")
        if not self._names or any(fnmatchcase(key.name, name) for name in self._names):
            return True
        if self._drops:
            return False
        raise Unreadable(f"it has {shown_key(key)}, which was not asked for")


def _unreadable(result: Result, problem: Unreadable) -> Result:
    """Return the result of a cluster that has answered with something else than the objects."""
    if result.status:  # what has failed says why
        return result._replace(stdout=b"")
    error = messages.unreadable_answer(str(problem)).encode("utf-8", "replace")
    return result._replace(stdout=b"", stderr=result.stderr + error + b"\n", status=1)


def exit_status(report: Report, differs: bool) -> int:
    """Return the exit status: 0 all alike, 1 some differ, 2 none could be compared, 3 some could not, 130 Ctrl-C."""
    if report.status in (0, messages.PARTIAL):
        return report.status or int(differs)
    return report.status if report.status > 128 else 2  # a signal's


def show(request: Request, comparable: Comparable, answer: str, differs: bool) -> int:
    """Write the answer, and what is said about it, and return the exit status. Raises SystemExit after a signal."""
    report = comparable.report
    text = answer.encode("utf-8", "backslashreplace")
    captured.show_answer(request, text, report.lines, report.stderr, comparable.interrupts)
    return 130 if comparable.interrupts else exit_status(report, differs)
