# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Captured commands: the answers of all clusters are collected and merged into one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.merge.output_forms import key_jobs, mergeable_line
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, Request, job_command, note_answers, same_jobs
from kubectl_mc.processes.standard_streams import Phase
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads.name_patterns import name_patterns, namespace_patterns
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.command_line.grammar import CommandLine
    from kubectl_mc.merge.row_filter import RowFilter
    from kubectl_mc.processes.children import Command
    from kubectl_mc.reads.name_filter import NameFilter
    from kubectl_mc.reads.namespaces import Ahead


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
    ahead = _Ahead(request, interrupts)
    asked, failures = asked_jobs(request, targets, ahead)
    jobs, failed_listings = asked, list[Result]()
    if failures or name_patterns(request.row, request.line):
        from kubectl_mc.reads import wildcards

        request, jobs, failed_listings = wildcards.resolve_jobs(request, asked, failures)
    several = len(jobs) + len(request.unreachable) > 1 or any(job.namespace for job in jobs)
    answers = _ask(request, jobs, several, interrupts, ahead.results)
    if several and any(_MISSING_TYPE in answer.result.stderr for answer in answers):
        answers = _ask_without_missing_types(request, answers, interrupts)
    if any(answer.job.namespace and _UNSORTABLE in answer.result.stderr for answer in answers):
        answers = _ask_for_the_unsortable(request, answers, interrupts)
    if name_patterns(request.row, request.line):
        request, answers, partial = _filtered(request, asked, answers, several, interrupts)
        failed_listings += partial
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
    relayed: what the kubectls have written to stderr; interrupts: as of `collect`
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


class _Ahead:
    """Asks clusters in several namespaces as soon as their own jobs are known (`namespaces.Ahead`).

    results: of jobs, by what tells them apart
    """

    def __init__(self, request: Request, interrupts: list[BaseException]) -> None:
        self._request, self.interrupts = request, interrupts
        self._jobs = list[Job]()
        self.results: dict[tuple[str, CommandLine], Result] = {}
        # Names with wildcards, and keys, are looked up first.
        self._waits = bool(name_patterns(request.row, request.line) or grammar.value(request.line, "sort-by"))

    def commands(self, jobs: Sequence[Job]) -> list[Command]:
        """Return the commands for jobs of a cluster; none if something else has to be known first."""
        if self._waits:
            return []
        lines = [job._replace(line=mergeable_line(self._request, job.line, several=True)) for job in jobs]
        new = [*lines, *key_jobs(self._request, jobs, several=True)]
        self._jobs += new
        commands = [job_command(self._request, job) for job in new]
        return [
            command._replace(patience=self._request.patience) if command.patience is None else command
            for command in commands
        ]

    def take(self, results: Sequence[Result], seconds: Sequence[float]) -> None:
        """Take the results of all of these commands, in their order, and the seconds that each took."""
        ended = [item for item in zip(self._jobs, results, seconds) if item[1].status is not None]
        note_answers(self._request, [(job.target, result, took) for job, result, took in ended])
        for job, _, took in ended:
            if report := self._request.environment.report:
                report.took(job.target.cluster, took)
        for job, result in zip(self._jobs, results):
            result = self._request.named(result)._replace(namespace=job.namespace)
            self.results[job.target.cluster, job.line] = result


def asked_jobs(
    request: Request, targets: Sequence[Target], ahead: Ahead | None = None
) -> tuple[list[Job], list[Result]]:
    """Return the jobs for what was typed, and what failed on the way to them. Arguments: of `namespace_jobs`."""
    if not namespace_patterns(request.line):
        return same_jobs(targets, request.line), []
    from kubectl_mc.reads.namespaces import namespace_jobs

    return namespace_jobs(request, targets, ahead)


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


def _ask(
    request: Request,
    jobs: Sequence[Job],
    several: bool,
    interrupts: list[BaseException],
    ahead: Mapping[tuple[str, CommandLine], Result] = {},
) -> list[JobAnswer]:
    """Run the jobs, and the jobs that print their keys.

    several: the answer is merged with that of other jobs; interrupts: as of `collect`
    ahead: results of jobs that have run already
    """
    keys_of_jobs = key_jobs(request, jobs, several)
    if keys_of_jobs and (typed := grammar.value(request.line, "sort-by")):  # which an error is to quote
        _, template = grammar.output_format(keys_of_jobs[0].line)
        request = request._replace(environment=request.environment.with_typed_paths({template: typed}))
    all_jobs = [job._replace(line=mergeable_line(request, job.line, several)) for job in jobs] + keys_of_jobs
    others = [job for job in all_jobs if (job.target.cluster, job.line) not in ahead]
    collected = iter(collect(request, others, interrupts) if others else ())
    results = [ahead.get((job.target.cluster, job.line)) or next(collected) for job in all_jobs]
    keys: Sequence[Result | None] = results[len(jobs) :] if keys_of_jobs else [None] * len(jobs)
    from kubectl_mc.merge.table_answers import is_unreadable

    unreadable = [
        index for index, (result, key) in enumerate(zip(results, keys)) if is_unreadable(request, result, key)
    ]
    plain_results = collect(request, [jobs[index] for index in unreadable], interrupts) if unreadable else []
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


def collect(
    request: Request,
    jobs: Sequence[Job],
    interrupts: list[BaseException],
    keep: Callable[[int, Result], Result] = lambda index, result: result,
) -> list[Result]:
    """Run the jobs, and return their results; after Ctrl-C or another signal those of the jobs that had ended.

    interrupts: gets the exception of the signal; once it has one, no jobs are run
    keep: as of `event_loop.collect_results`
    """
    if interrupts:
        return [_interrupted(job) for job in jobs]
    commands = [job_command(request, job) for job in jobs]
    parallel, report = request.parallel(len(jobs)), request.environment.report
    took: dict[int, float] = {}

    def on_end(index: int, seconds: float) -> None:
        took[index] = seconds
        if report:
            report.took(jobs[index].target.cluster, seconds)

    phase = Phase("answers", request.environment.streams, [job.target.cluster for job in jobs], request.patience)
    results = event_loop.collect_results(
        commands,
        parallel,
        request.patience,
        request.stdin,
        interrupts,
        on_end=on_end,
        phase=phase,
        at_once=request.at_once,
        meanwhile=lambda: _import_merging(request.shows_colours),
        keep=keep,
    )
    note_answers(request, ((jobs[index].target, results[index], seconds) for index, seconds in took.items()))
    return [request.named(result)._replace(namespace=job.namespace) for job, result in zip(jobs, results)]


def _import_merging(colours: bool) -> None:
    """Import what the answers are merged and painted with, while their kubectls run: it takes milliseconds."""
    from kubectl_mc.merge import answers, cluster_results, report  # noqa: F401

    if colours:
        from kubectl_mc.messages import painting  # noqa: F401


def _interrupted(job: Job) -> Result:
    """Return the result of a job for which Ctrl-C came too early."""
    return Result(job.label, b"", b"", None)


def _ask_without_missing_types(
    request: Request, answers: Sequence[JobAnswer], interrupts: list[BaseException]
) -> list[JobAnswer]:
    """Ask clusters that do not have a type for the other types, until no cluster reports a missing type."""
    from kubectl_mc.reads.missing_types import jobs_without_missing_types

    answers = list(answers)
    while jobs := jobs_without_missing_types([answer.job for answer in answers], [answer.result for answer in answers]):
        for index, answer in zip(jobs, _ask(request, list(jobs.values()), several=True, interrupts=interrupts)):
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


def _ask_for_the_unsortable(
    request: Request, answers: Sequence[JobAnswer], interrupts: list[BaseException]
) -> list[JobAnswer]:
    """Ask namespaces in which no object has the field of --sort-by without it, if others of the cluster have objects.

    With -A, kubectl has such objects first.
    """
    from kubectl_mc.merge.report import has_part

    unsortable = [index for index, answer in enumerate(answers) if _UNSORTABLE in answer.result.stderr]
    others = [answer for index, answer in enumerate(answers) if index not in unsortable]
    with_objects = {answer.job.target.cluster for answer in others if has_part(answer.result)}
    indexes = [index for index in unsortable if answers[index].job.target.cluster in with_objects]
    lines = [grammar.without(answers[index].job.line, ("sort-by",)) for index in indexes]
    jobs = [answers[index].job._replace(line=line) for index, line in zip(indexes, lines)]
    answers = list(answers)
    for index, answer in zip(indexes, _ask(request, jobs, True, interrupts)):
        before = answers[index].result
        said = [line for line in before.stderr.splitlines(keepends=True) if _MISSING_TYPE in line]
        status = answer.result.status or (before.status if said else 0)
        stderr = b"".join((*said, answer.result.stderr))
        answers[index] = answer._replace(result=answer.result._replace(stderr=stderr, status=status))
    return answers


def _filtered(
    request: Request, asked: Sequence[Job], answers: Sequence[JobAnswer], several: bool, interrupts: list[BaseException]
) -> tuple[Request, list[JobAnswer], list[Result]]:
    """Return the answers with only the objects whose names match, unless only those were asked for.

    asked: the jobs for what was typed, one for each answer
    A cluster whose table doesn't tell the names lists them, and is asked for the objects that match if some of its
    names can't be printed in a table. The other values are as in `wildcards.resolve_jobs`.
    """
    from kubectl_mc.reads import name_filter, wildcards

    is_kept = name_filter.name_filter(request)
    if not is_kept:
        return request, list(answers), []
    filtered = [_only_kept(request, answer, is_kept) for answer in answers]
    uncertain = [index for index, answer in enumerate(filtered) if not answer]
    resolver = wildcards.Resolver(request, [asked[index] for index in uncertain], always=True)
    jobs, failures = list[tuple[int, Job]](), list[Result]()
    listed: list[list[Result]] = []
    try:
        listed = resolver.run() if uncertain and not interrupts else []
    except (KeyboardInterrupt, SystemExit) as error:
        interrupts.append(error)
    if interrupts:
        for index in uncertain:
            job = answers[index].job
            filtered[index] = JobAnswer(job, _interrupted(job), None)
    for number, (index, listings) in enumerate(zip(uncertain, listed)):
        if wildcards.are_plain(listings):
            filtered[index] = _only_kept(request, answers[index], is_kept, plain_names=True)
        if not filtered[index]:
            own_jobs, own_failures = resolver.resolve(number, listings)
            jobs += [(index, job) for job in own_jobs]  # one, or none
            failures += own_failures
    for (index, _), answer in zip(jobs, _ask(request, [job for _, job in jobs], several, interrupts) if jobs else ()):
        filtered[index] = answer
    kept = [answer for answer in filtered if answer]
    unreachable, partial = wildcards.divided(failures, [answer.job for answer in kept])
    return request._replace(unreachable=(*request.unreachable, *unreachable)), kept, partial


def _only_kept(request: Request, answer: JobAnswer, is_kept: NameFilter, plain_names: bool = False) -> JobAnswer | None:
    """Return the answer with only the objects that are kept; None if it doesn't tell which."""
    from kubectl_mc.merge import sorting
    from kubectl_mc.reads import name_filter

    result = name_filter.filtered_result(answer.result, is_kept, request, plain_names)
    if keys := answer.keys:
        stdout = sorting.only_keys(keys.stdout.decode("utf-8", "replace"), is_kept).encode()
        keys = keys._replace(stdout=stdout)
    return JobAnswer(answer.job, result, keys) if result else None
