"""Commands whose answers are waited for: every cluster's is merged into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kubectl_mc.merge import answers, report
from kubectl_mc.merge.answers import merge_answers
from kubectl_mc.messages import UserError
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, Request, job_command
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads import name_patterns, wildcards


class JobAnswer(NamedTuple):
    """What a job printed, and the keys to sort that by, if it is to be sorted."""

    job: Job
    result: Result
    keys: Result | None


def show_captured(request: Request, targets: Sequence[Target]) -> int:
    """Show one answer out of those of all targets; the exit status. Raises UserError."""
    streams = request.environment.streams
    request, jobs = wildcards.resolve_jobs(request, targets)
    several = len(jobs) + len(request.unreachable) > 1
    answers = _ask(request, jobs, several)
    if several and any(b"have a resource type" in each.result.stderr for each in answers):
        answers = _ask_for_less(request, answers)
    if name_patterns.name_patterns(request.verb, request.line):
        answers = [_matching(each, request) for each in answers]
    of_clusters = wildcards.one_result_per_cluster(
        [each.result._replace(cluster=each.job.target.cluster) for each in answers]
    )
    results = [*(each.result for each in answers), *request.unreachable]
    keys = [each.keys for each in answers if each.keys]
    coloured = _coloured(request, jobs) if request.options.by_time else {}
    try:
        merged = merge_answers(results, keys, request, coloured)
    except UserError:
        streams.say(report.make_report(of_clusters, request, shown=True).lines)  # who failed, but nothing that is shown
        raise
    told = report.make_report(of_clusters, request)
    streams.say(told.lines)
    streams.answer(merged.encode("utf-8", "surrogateescape"))
    return told.status


def _matching(answered: JobAnswer, request: Request) -> JobAnswer:
    """The answer with those objects only whose names match; as it is if they were asked for by their names."""
    from kubectl_mc.merge import sorting
    from kubectl_mc.reads import name_filter

    kept = name_filter.name_filter(request)
    if not kept:
        return answered
    keys = answered.keys
    keys = keys and keys._replace(stdout=sorting.only_keys(keys.stdout.decode("utf-8", "replace"), kept).encode())
    return answered._replace(result=name_filter.filtered_result(answered.result, kept, request), keys=keys)


def _coloured(request: Request, jobs: Sequence[Job]) -> dict[str, str]:
    """The labels as a terminal shows them."""
    from kubectl_mc.messages.colours import coloured, wants_colour

    wanted = wants_colour(request.environment.streams.stdout, request.environment.variables)
    return {job.label: coloured(job.label, job.target.cluster) for job in jobs} if wanted else {}


def _ask(request: Request, jobs: Sequence[Job], several: bool) -> list[JobAnswer]:
    """several: the jobs, or those that they stand for, are of several clusters."""
    asked = [
        job_command(request, job._replace(line=answers.mergeable_line(request, job.line, several))) for job in jobs
    ]
    sorting = answers.sort_key_jobs(request, jobs) if several else []
    everything = [*asked, *(job_command(request, job) for job in sorting)]
    found = event_loop.collect_results(
        everything, request.parallel(len(jobs)), request.patience, request.stdin, partial=True
    )
    keys: Sequence[Result | None] = found[len(jobs) :] if sorting else [None] * len(jobs)
    return [JobAnswer(job, _sortable(result, key), key) for job, result, key in zip(jobs, found, keys)]


def _sortable(result: Result, keys: Result | None) -> Result:
    """The result, or a failed one where its keys failed: rows whose place isn't known can't stand among others."""
    return keys._replace(stdout=b"") if keys and keys.status != 0 and result.status == 0 else result


def _ask_for_less(request: Request, answers: Sequence[JobAnswer]) -> list[JobAnswer]:
    """Ask clusters that lack a type for the others, until none complains."""
    from kubectl_mc.reads import missing_types

    found = list(answers)
    while fewer := missing_types.jobs_without_missing_types(
        [each.job for each in found], [each.result for each in found]
    ):
        for place, again in zip(fewer, _ask(request, list(fewer.values()), several=True)):
            # What it lacks is said all the same: where every cluster lacks it, that is an error.
            before, after = found[place].result, again.result
            found[place] = again._replace(
                result=after._replace(stderr=before.stderr + after.stderr, status=after.status or before.status)
            )
    return found
