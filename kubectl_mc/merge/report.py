"""The report on the clusters' results: which clusters failed and why, warnings, the exit status. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.messages import Cause
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Request

NOTHING = "No resources found"


class Report(NamedTuple):
    """lines: what is written to stderr ahead of the answer; status: the command's exit status."""

    lines: tuple[str, ...]
    status: int


def result_cause(result: Result, request: Request) -> Cause | None:
    """Return why a cluster gave no answer or only a part of one; None if it gave its answer."""
    if result.status is None:
        return Cause("interrupted")
    if result.timed_out:
        return Cause(f"timed out after {request.patience:g}s")
    stderr, meaning = _text(result.stderr), request.row.status
    if not result.status or (result.status == meaning.answer and (result.stdout or not messages.complaints(stderr))):
        return None
    cause = messages.find_cause(stderr, result.status)
    return cause._replace(absent=cause.absent and not meaning.needs_all)


def make_report(results: Sequence[Result], request: Request, shown: bool = False) -> Report:
    """Judge the results of all selected clusters. shown: their stdout and stderr are already on the screen."""
    results = [*results, *request.unreachable]
    causes = [(result, result_cause(result, request)) for result in results]
    failures = [(result.cluster, cause.reason) for result, cause in causes if cause and not cause.absent]
    answered = [result for result, cause in causes if not cause or cause.absent]
    # What one cluster has is not absent; a cluster that failed in a way of its own may have it as well.
    exists = any(
        not cause or (result.status and not cause.absent and not _is_cluster_failure(result))
        for result, cause in causes
    )
    absent = [] if exists else _absent(answered, len(results))
    status = _status(results, request, failed=bool(failures), absent=bool(absent))
    lines = [] if shown else _all_stderr(results) if request.options.verbose else _warnings(causes)
    common = [] if request.unreachable else _common_lines(results)
    if failures and len(failures) == len(results) and common and not messages.is_known_cause(common):
        return Report((*lines, *(() if shown else common)), status)  # the command itself is wrong: kubectl says why
    lines += absent
    if not absent and answered and not any(result.stdout for result in results):
        # The namespace in kubectl's line is kept only if it is the same in all clusters.
        nothing = {
            line for result in answered for line in _text(result.stderr).splitlines() if line.startswith(NOTHING)
        }
        lines += nothing if len(nothing) < 2 else [NOTHING]
    if failures:
        action = f"{request.line.verb} in" if request.row.change else "query"
        lines += [messages.failed_clusters(action, failures), *messages.advice(failures)]
        if any(result.stdout for result in results) and not shown:
            showing = [result for result, cause in causes if result.stdout or not cause or cause.absent]
            lines.append(messages.showing_partial(len(showing), len(results)))
    return Report(tuple(lines), status)


def _status(results: Sequence[Result], request: Request, failed: bool, absent: bool) -> int:
    """Return 130 after Ctrl-C, kubectl's status for one cluster, else 1 if a cluster failed or the object is absent.

    If a status of kubectl is an answer (`diff`: 1 for differences), that of a failure is higher than the answer.
    """
    answer = request.row.status.answer
    statuses = [abs(status) for result in results if (status := 1 if result.timed_out else result.status) is not None]
    if len(statuses) < len(results):
        return 130
    if len(statuses) == 1:
        return answer + 1 if results[0].timed_out else statuses[0]
    if failed:
        return max(statuses) if answer and max(statuses) > answer else answer + 1
    return 1 if absent else answer if answer in statuses else 0


def _text(stderr: bytes) -> str:
    return stderr.decode("utf-8", "replace")


def _all_stderr(results: Sequence[Result]) -> list[str]:
    return [
        f"{result.cluster}: {messages.visible(line)}"
        for result in results
        for line in _text(result.stderr).splitlines()
    ]


def _common_lines(results: Sequence[Result]) -> list[str]:
    """Return what kubectl said about the outcome, if it said the same for every cluster; else []."""
    texts = {tuple(messages.outcome_lines(_text(result.stderr))) for result in results if not result.timed_out}
    return [messages.visible(line) for line in texts.pop()] if len(texts) == 1 else []


def _warnings(causes: Sequence[tuple[Result, Cause | None]]) -> list[str]:
    """Return what kubectl said beside its answers, each line once, with its clusters unless all said it."""
    answered = [(result, cause) for result, cause in causes if not cause or cause.absent]
    warnings = [
        (line, result.cluster)
        for result, cause in answered
        for line in dict.fromkeys(_text(result.stderr).splitlines())
        if line.strip() and not line.startswith(NOTHING) and not _is_failure(line, cause)
    ]
    return _each_line_once(warnings, len(answered))


def _is_failure(line: str, cause: Cause | None) -> bool:
    """Return whether the line is about a failure: the cluster's own, which is reported anyway, or one kubectl got over.

    A warning beside an answer is not.
    """
    return messages.is_known_cause([line]) and (cause is not None or not line.startswith("Warning: "))


def _each_line_once(line_clusters: Sequence[tuple[str, str]], count: int) -> list[str]:
    """Return each line of the (line, cluster)s once, with its clusters unless all `count` clusters said it."""
    clusters_by_line: dict[str, list[str]] = {}
    for line, cluster in line_clusters:
        clusters_by_line.setdefault(line, []).append(cluster)
    return [
        messages.visible(line) if len(clusters) == count else f"{messages.visible(line)} ({', '.join(clusters)})"
        for line, clusters in clusters_by_line.items()
    ]


def _is_cluster_failure(result: Result) -> bool:
    """Return whether the cluster failed in a way that has nothing to do with the command."""
    return result.timed_out or messages.is_known_cause(messages.outcome_lines(_text(result.stderr)))


def _absent(answered: Sequence[Result], total: int) -> list[str]:
    """Return what all clusters that answered (of `total`) lack; what one of them has is not an error."""
    if not answered:
        return []
    absences = [list(dict.fromkeys(messages.absences(_text(result.stderr)))) for result in answered]
    common = [line for line in absences[0] if all(line in lines for lines in absences[1:])]
    if common or not all(absences) or any(result.stdout for result in answered):
        return [messages.everywhere(line, len(answered), total) for line in common]
    # One cluster lacks the object and another one the type: it is absent in both.
    line_clusters = [(line, result.cluster) for result, lines in zip(answered, absences) for line in lines]
    return _each_line_once(line_clusters, len(answered))
