# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Captured commands: the answers of all clusters are collected and merged into one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.merge.output_forms import key_jobs, mergeable_line
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, Request, same_jobs
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads.exchanges import ask, run_exchanges
from kubectl_mc.reads.name_patterns import name_patterns, namespace_patterns
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.merge.row_filter import RowFilter
    from kubectl_mc.reads.exchanges import Exchange
    from kubectl_mc.reads.name_filter import NameFilter


class JobAnswer(NamedTuple):
    """The result of a job; keys: the result with its sort keys, None if the answers are not sorted."""

    job: Job
    result: Result
    keys: Result | None


def show_captured(request: Request, targets: Sequence[Target]) -> int:
    """Run the command on all targets, show one merged answer and return the exit status; after Ctrl-C 130.

    After Ctrl-C or another signal, what is there is shown, and then SystemExit is raised for that signal.
    Raises UserError.
    """
    interrupts: list[BaseException] = []
    request = _with_columns(request)
    is_one_of_several = len(targets) + len(request.unreachable) > 1
    exchanges = [_part(request, target, is_one_of_several) for target in targets]
    parts = run_exchanges(request, exchanges, interrupts, lambda: _import_merging(request.shows_colours))
    answers = [answer for part in parts for answer in part.answers]
    request, failed_listings = with_failures(
        request, [failure for part in parts for failure in part.failures], [answer.job for answer in answers]
    )
    several = is_one_of_several or len(answers) > 1 or any(answer.job.namespace for answer in answers)
    from kubectl_mc.merge.answers import merge_answers
    from kubectl_mc.merge.cluster_results import one_result_per_cluster
    from kubectl_mc.merge.report import make_report

    if several:  # one cluster's text stays as kubectl printed it
        answers = _without_empty_documents(request, answers)
    results = [*(answer.result for answer in answers), *request.unreachable]
    keys = [answer.keys for answer in answers if answer.keys]
    row_filter = _row_filter(request)
    clusters = [target.cluster for target in targets]
    merged = merge_answers(results, keys, request, request.look, clusters, row_filter)
    if row_filter:
        answers = [answer._replace(result=row_filter.judged(answer.result)) for answer in answers]
    cluster_results = one_result_per_cluster(
        [*(answer.result._replace(cluster=answer.job.target.cluster) for answer in answers), *failed_listings]
    )
    if request.environment.report:
        from kubectl_mc.merge.report_entries import read_entries

        request.environment.report.tell(read_entries(cluster_results, request))
    problem = row_filter and row_filter.problem(request)
    shows_nothing = bool(row_filter and (problem or not merged))
    report = make_report(cluster_results, request, shown=shows_nothing, on_terminal=request.reports_on_terminal)
    notes = row_filter.notes() if row_filter and not problem else []
    answer = b"" if problem else merged.encode("utf-8", "surrogateescape")
    show_answer(request, answer, [*notes, *report.lines], report.stderr, interrupts)
    if problem:
        raise problem
    return 130 if interrupts else report.status


def show_answer(
    request: Request, answer: bytes, said: Sequence[str], relayed: bytes, interrupts: Sequence[BaseException]
) -> None:
    """Write the answer to stdout, and what is said about it to stderr. Raises SystemExit if a signal said so.

    On a terminal the answer comes first, as else the rest would scroll away, and the request's notice comes last.
    relayed: what the kubectls have written to stderr; interrupts: as of `run_exchanges`
    """
    streams, on_terminal = request.environment.streams, request.reports_on_terminal
    ended = next((error for error in interrupts if isinstance(error, SystemExit)), None)
    with suppress(*([OSError] if ended else [])):  # after SIGHUP the terminal is gone
        if not on_terminal:
            streams.say(said, relayed)
        streams.answer(answer)
        if on_terminal:
            streams.say([*said, *([request.notice] if request.notice else [])], relayed)
    if ended:
        raise ended


def _row_filter(request: Request) -> RowFilter | None:
    options = request.options
    if not options.where and not options.count_by:
        return None
    from kubectl_mc.merge.row_filter import RowFilter

    return RowFilter(options.where, options.count_by)


class _Part(NamedTuple):
    """What came of a cluster. failures: what failed on the way to its jobs"""

    answers: Sequence[JobAnswer]
    failures: Sequence[Result]


def _part(request: Request, target: Target, is_one_of_several: bool) -> Exchange[_Part]:
    """Ask a cluster to its end. is_one_of_several: of the command's clusters"""
    asked, failures = yield from asked_jobs(request, target)
    jobs = asked
    if name_patterns(request.row, request.line):
        from kubectl_mc.reads import wildcards

        jobs, unnamed = yield from wildcards.resolved_jobs(request, asked)
        failures += unnamed
    several = is_one_of_several or len(jobs) > 1 or any(job.namespace for job in jobs)
    answers = yield from _ask(request, jobs, several)
    if several and any(_MISSING_TYPE in answer.result.stderr for answer in answers):
        answers = yield from _ask_without_missing_types(request, answers)
    if any(answer.job.namespace and _UNSORTABLE in answer.result.stderr for answer in answers):
        answers = yield from _ask_for_the_unsortable(request, answers)
    if name_patterns(request.row, request.line):
        answers, partial = yield from _filtered(request, asked, answers, several)
        failures += partial
    return _Part(answers, failures)


def asked_jobs(request: Request, target: Target) -> Exchange[tuple[list[Job], list[Result]]]:
    """Return the jobs of a cluster for what was typed, and what failed. Raises as `namespace_jobs` does."""
    if not namespace_patterns(request.line):
        return same_jobs([target], request.line), []
    from kubectl_mc.reads.namespaces import namespace_jobs

    return (yield from namespace_jobs(request, target))


def with_failures(request: Request, failures: Sequence[Result], jobs: Sequence[Job]) -> tuple[Request, list[Result]]:
    """Return the request with the clusters that have no jobs as unreachable, and what failed of those that have."""
    if not failures:
        return request, []
    from kubectl_mc.reads import wildcards

    unreachable, partial = wildcards.divided(failures, jobs)
    return request._replace(unreachable=(*request.unreachable, *unreachable)), partial


def _without_empty_documents(request: Request, answers: Sequence[JobAnswer]) -> list[JobAnswer]:
    """Return the answers without what says that there are no objects, where a kubectl of the cluster has failed."""
    from kubectl_mc.merge.answers import without_empty_document

    failed = {answer.job.target.cluster for answer in answers if answer.result.status or answer.result.timed_out}
    kept = []
    for answer in answers:
        result = answer.result
        if answer.job.target.cluster in failed:
            shown = without_empty_document(result._replace(status=result.status or 1), request).stdout
            result = result._replace(stdout=shown)
        kept.append(answer._replace(result=result))
    return kept


def _with_columns(request: Request) -> Request:
    if not grammar.output_format(request.line)[0].startswith("custom-columns"):
        return request
    from kubectl_mc.reads.column_files import with_columns

    return with_columns(request)


def _ask(request: Request, jobs: Sequence[Job], several: bool) -> Exchange[list[JobAnswer]]:
    """Ask with jobs of a cluster, and with those that print their keys.

    several: the answer is merged with that of other jobs
    """
    keys_of_jobs = key_jobs(request, jobs, several)
    if keys_of_jobs and (typed := grammar.value(request.line, "sort-by")):  # which an error is to quote
        _, template = grammar.output_format(keys_of_jobs[0].line)
        request = request._replace(environment=request.environment.with_typed_paths({template: typed}))
    all_jobs = [job._replace(line=mergeable_line(request, job.line, several)) for job in jobs] + keys_of_jobs
    results = yield from ask(request, all_jobs)
    keys: Sequence[Result | None] = results[len(jobs) :] if keys_of_jobs else [None] * len(jobs)
    from kubectl_mc.merge.table_answers import is_unreadable

    unreadable = [
        index for index, (result, key) in enumerate(zip(results, keys)) if is_unreadable(request, result, key)
    ]
    plain_results = yield from ask(request, [jobs[index] for index in unreadable])
    for index, plain_result in zip(unreadable, plain_results):
        results[index] = plain_result
    # Without its keys, an answer can't be merged with others.
    results = [
        key if key and key.status is None and result.status == 0 else result for result, key in zip(results, keys)
    ]
    if not request.row.output.last_cell:
        results = [_mergeable(result, key) for result, key in zip(results, keys)]
    return [JobAnswer(job, result, key) for job, result, key in zip(jobs, results, keys)]


def _mergeable(result: Result, keys: Result | None) -> Result:
    """Return the result, or the failure of its sort keys, without which its rows can't be merged with others.

    Where no object has the field, kubectl fails in every form but a table. That is empty then, or has one row, which
    needs no order.
    """
    if not keys or not keys.status or result.status:
        return result
    needs_none = (
        result.stdout and messages.find_cause(keys.stderr.decode("utf-8", "replace"), keys.status).kind == "error"
    )
    return result if needs_none else keys._replace(stdout=b"")


def _import_merging(colours: bool) -> None:
    """Import what the answers are merged and painted with, while their kubectls run: it takes milliseconds."""
    from kubectl_mc.merge import answers, cluster_results, report  # noqa: F401

    if colours:
        from kubectl_mc.messages import painting  # noqa: F401


def _ask_without_missing_types(request: Request, answers: Sequence[JobAnswer]) -> Exchange[list[JobAnswer]]:
    """Ask a cluster that does not have a type for the other types, until it reports no missing type."""
    from kubectl_mc.reads.missing_types import jobs_without_missing_types

    answers = list(answers)
    while jobs := jobs_without_missing_types([answer.job for answer in answers], [answer.result for answer in answers]):
        for index, answer in zip(jobs, (yield from _ask(request, list(jobs.values()), several=True))):
            before, after = answers[index].result, answer.result
            if after.status is None:
                answers[index] = answer
                continue
            # The error about the missing type stays: a type that no cluster has is a failure.
            answers[index] = answer._replace(
                result=after._replace(stderr=before.stderr + after.stderr, status=after.status or before.status)
            )
    return answers


_MISSING_TYPE = b"have a resource type"

# What kubectl says of --sort-by if no object has the field (k8s.io/kubectl/pkg/cmd/get/sorter.go).
_UNSORTABLE = b"couldn't find any field with path"


def _ask_for_the_unsortable(request: Request, answers: Sequence[JobAnswer]) -> Exchange[list[JobAnswer]]:
    """Ask namespaces in which no object has the field of --sort-by without it, if others of the cluster have objects.

    With -A, kubectl has such objects first.
    """
    from kubectl_mc.merge.report import has_part

    unsortable = [index for index, answer in enumerate(answers) if _UNSORTABLE in answer.result.stderr]
    answers = list(answers)
    if not any(has_part(answer.result) for index, answer in enumerate(answers) if index not in unsortable):
        return answers
    lines = [grammar.without(answers[index].job.line, ("sort-by",)) for index in unsortable]
    jobs = [answers[index].job._replace(line=line) for index, line in zip(unsortable, lines)]
    for index, answer in zip(unsortable, (yield from _ask(request, jobs, several=True))):
        before = answers[index].result
        said = [line for line in before.stderr.splitlines(keepends=True) if _MISSING_TYPE in line]
        status = answer.result.status or (before.status if said else 0)
        stderr = b"".join((*said, answer.result.stderr))
        answers[index] = answer._replace(result=answer.result._replace(stderr=stderr, status=status))
    return answers


def _filtered(
    request: Request, asked: Sequence[Job], answers: Sequence[JobAnswer], several: bool
) -> Exchange[tuple[list[JobAnswer], list[Result]]]:
    """Return the answers with only the objects whose names match, unless only those were asked for; and what failed.

    asked: the jobs for what was typed, one for each answer
    A cluster whose table doesn't tell the names lists them, and is asked for the objects that match if some of its
    names can't be printed in a table.
    """
    from kubectl_mc.reads import name_filter, wildcards

    is_kept = name_filter.name_filter(request)
    if not is_kept:
        return [*answers], []
    filtered = [_only_kept(request, answer, is_kept) for answer in answers]
    uncertain = [index for index, answer in enumerate(filtered) if not answer]
    jobs, failures = list[tuple[int, Job]](), list[Result]()
    listed = yield from wildcards.listings_of(request, [asked[index] for index in uncertain])
    for index, listings in zip(uncertain, listed):
        if wildcards.are_plain(listings.values()):
            filtered[index] = _only_kept(request, answers[index], is_kept, plain_names=True)
        if not filtered[index]:
            own_jobs, own_failures = wildcards.resolved_job(request, asked[index], listings)
            jobs += [(index, job) for job in own_jobs]  # one, or none
            failures += own_failures
    for (index, _), answer in zip(jobs, (yield from _ask(request, [job for _, job in jobs], several))):
        filtered[index] = answer
    return [answer for answer in filtered if answer], failures


def _only_kept(request: Request, answer: JobAnswer, is_kept: NameFilter, plain_names: bool = False) -> JobAnswer | None:
    """Return the answer with only the objects that are kept; None if it doesn't tell which."""
    from kubectl_mc.merge import sorting
    from kubectl_mc.reads import name_filter

    result = name_filter.filtered_result(answer.result, is_kept, request, plain_names)
    if keys := answer.keys:
        stdout = sorting.only_keys(keys.stdout.decode("utf-8", "replace"), is_kept).encode()
        keys = keys._replace(stdout=stdout)
    return JobAnswer(answer.job, result, keys) if result else None
