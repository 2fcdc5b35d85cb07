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
from kubectl_mc.reads.missing_types import jobs_without_missing_types
from kubectl_mc.reads.name_patterns import name_patterns, types_by_name
from kubectl_mc.type_hints import Any

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
    jobs, failures = captured.asked_jobs(request, targets)
    failed_listings = list[Result]()
    typed = request.line
    if failures or name_patterns(request.row, request.line):
        from kubectl_mc.reads import wildcards

        request, jobs, failed_listings = wildcards.resolve_jobs(request, jobs, failures)
    reader = _Reader(request, typed, with_status, renamed)
    if asked is not None:
        line = grammar.without(request.line, ("filename", "kustomize", "recursive"))
        line = grammar.with_flags(line, ("filename", "-"), ("ignore-not-found", "true"))
        jobs = [job._replace(line=line) for job in jobs]
        results = _collect_declared(reader, jobs, asked, interrupts)
    else:
        results = reader.collect(jobs, interrupts)
    while again := jobs_without_missing_types(jobs, results):
        jobs = [again.get(index, job) for index, job in enumerate(jobs)]
        for index, after in zip(again, reader.collect([*again.values()], interrupts, [*again])):
            if after.status is not None:
                # The error about the missing type stays: a type that no cluster has is a failure.
                stderr, status = results[index].stderr + after.stderr, after.status or results[index].status
                after = after._replace(stderr=stderr, status=status)
            results[index] = after
        if interrupts:
            break
    named = [result._replace(cluster=job.target.cluster) for job, result in zip(jobs, results)]
    cluster_results = one_result_per_cluster([*named, *failed_listings])
    objects: dict[str, list[tuple[ObjectKey, bytes]]] = {}
    for index, job in enumerate(jobs):
        objects.setdefault(job.target.cluster, []).extend(reader.objects.get(index, ()))
    outside = [result.cluster for result in request.unreachable]
    for index, result in enumerate(cluster_results):
        cause = result_cause(result, request)
        if cause and not cause.absent:
            outside.append(result.cluster)
            continue
        try:
            comparison.add(result.cluster, without_duplicates(objects.get(result.cluster, ())))
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


def _collect_declared(
    reader: _Reader, jobs: Sequence[Job], asked: Sequence[Mapping[str, Any]], interrupts: list[BaseException]
) -> list[Result]:
    """Return the results of jobs that get objects from their stdin; of those whose kinds their cluster has."""
    parts = [[*asked] for _ in jobs]
    results: dict[int, Result] = {}
    waiting = [*range(len(jobs))]
    while waiting:
        texts = {
            index: json.dumps({"apiVersion": "v1", "kind": "List", "items": parts[index]}).encode() for index in waiting
        }
        again = []
        own_jobs = [jobs[index]._replace(stdin=texts[index]) for index in waiting]
        for index, result in zip(waiting, reader.collect(own_jobs, interrupts, waiting)):
            results[index] = result
            lacking = {(kind.decode(), version.decode()) for kind, version in _NO_KIND.findall(result.stderr)}
            rest = [item for item in parts[index] if (item["kind"], item["apiVersion"]) not in lacking]
            if result.status and not result.timed_out and len(rest) < len(parts[index]):
                parts[index] = rest
                if rest:
                    again.append(index)
                else:
                    results[index] = result._replace(status=0, stderr=b"")
        waiting = again
    return [results[index] for index in range(len(jobs))]


class _Reader:
    """Runs jobs, and reads the objects of each as soon as it has ended. objects: by the index of the job"""

    def __init__(
        self,
        request: Request,
        typed: grammar.CommandLine,
        with_status: bool,
        renamed: Callable[[ObjectKey], ObjectKey],
    ) -> None:
        """typed: the command line with the names as they were typed."""
        self._request, self._with_status, self._renamed = request, with_status, renamed
        names = (
            types_by_name(typed) if len(grammar.operands(typed)) > 1 or "/" in "".join(grammar.operands(typed)) else ()
        )
        self._names = [name.rpartition("/")[2] for name in names]
        self._drops = bool(name_patterns(request.row, typed))
        self._namespace = "" if grammar.is_set(typed, "all-namespaces") else grammar.value(typed, "namespace") or ""
        self._contents: dict[bytes, bytes] = {}
        self.objects: dict[int, Objects] = {}

    def collect(
        self, jobs: Sequence[Job], interrupts: list[BaseException], places: Sequence[int] | None = None
    ) -> list[Result]:
        """Run the jobs and return their results, whose stdout only says whether there were objects.

        interrupts: gets the exception of Ctrl-C or another signal; places: the indexes of the jobs in `objects`
        """

        def keep(index: int, result: Result) -> Result:
            return self._read(places[index] if places else index, jobs[index], result)

        return captured.collect(self._request, jobs, interrupts, keep)

    def _read(self, place: int, job: Job, result: Result) -> Result:
        if result.timed_out:
            return result._replace(stdout=b"")
        try:
            objects = [
                (self._renamed(key), self._contents.setdefault(content, content))
                for key, content in read_objects(result.stdout, self._with_status)
                if self._is_asked_for(key, job)
            ]
        except Unreadable as problem:
            return _unreadable(result, problem)
        self.objects[place] = objects
        return result._replace(stdout=b"." if objects else b"")

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
