"""Commands whose answers are waited for: every cluster's is merged into one."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import answer, dispatch, report, wildcards
from kubectl_mc.access import Target
from kubectl_mc.request import Request, command
from kubectl_mc.streams import Streams


def run(request: Request, targets: Sequence[Target], streams: Streams) -> int:
    """Show one answer out of those of all targets; the exit status. Raises UserError."""
    jobs = wildcards.jobs(request, targets)
    asked = [command(request, job._replace(line=answer.asked(request, job.line))) for job in jobs]
    keys = [command(request, job) for job in answer.sort_keys(request, jobs)]
    parallel = request.parallel(len(jobs))
    results = dispatch.collect([*asked, *keys], parallel, request.patience, request.stdin, partial=True)
    results, sort_keys = results[: len(jobs)], results[len(jobs) :]
    told = report.report(results, request)
    streams.say(told.lines)
    streams.answer(answer.merge(results, sort_keys, request).encode("utf-8", "surrogateescape"))
    return told.status
