"""What is said about a fleet's answers: which clusters failed and why, warnings, the exit status. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.messages import Cause
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Request

NOTHING = "No resources found"


class Report(NamedTuple):
    """lines: for stderr, ahead of the results; status: the command's exit status."""

    lines: tuple[str, ...]
    status: int


def result_cause(result: Result, request: Request) -> Cause | None:
    """Why a cluster gave no (full) answer; None if it did."""
    if result.status is None:
        return Cause("interrupted")
    if result.timed_out:
        return Cause(f"timed out after {request.patience:g}s")
    if result.status == request.verb.answer and (result.stdout or not messages.complaints(_text(result.stderr))):
        return None
    why = messages.find_cause(_text(result.stderr), result.status) if result.status else None
    return why and why._replace(absent=why.absent and not request.verb.needs_all)


def make_report(results: Sequence[Result], request: Request, shown: bool = False) -> Report:
    """Judge the results of all selected clusters; shown: what they answered, and said beside it, is on the screen."""
    results = [*results, *request.unreachable]
    causes = [(result, result_cause(result, request)) for result in results]
    failures = [(result, why) for result, why in causes if why and not why.absent]
    answered = [result for result, why in causes if not why or why.absent]
    # What one cluster has isn't nowhere; and one that fails for a reason of its own has it, perhaps.
    somewhere = any(not why or (result.status and not why.absent and not _is_known(result)) for result, why in causes)
    absent = [] if somewhere else _absent(answered, len(results))
    status = _status(results, request, failed=bool(failures), absent=bool(absent))
    lines = [] if shown else _verbose(results) if request.options.verbose else _warnings(causes)
    common = [] if request.unreachable else _said_by_all(results)
    if failures and len(failures) == len(results) and common and not messages.is_known_cause(common):
        return Report((*lines, *(() if shown else common)), status)  # the command itself is wrong, as kubectl says
    lines += absent
    if not absent and answered and not any(result.stdout for result in results):
        lines += _nothing_found(answered)
    if failures:
        reasons = [(result.cluster, why.reason) for result, why in failures]
        lines += [messages.failed_clusters(_action(request), reasons), *messages.advice(reasons)]
        if any(result.stdout for result in results) and not shown:
            shown_of = [result for result, why in causes if result.stdout or not why or why.absent]
            lines.append(messages.showing_partial(len(shown_of), len(results)))
    return Report(tuple(lines), status)


def _action(request: Request) -> str:
    """ "Failed to query 2 clusters", "Failed to scale in 2 clusters"."""
    return f"{request.line.verb} in" if request.verb.changes else "query"


def _status(results: Sequence[Result], request: Request, failed: bool, absent: bool) -> int:
    """130 after Ctrl-C; kubectl's own for one cluster; else 1 if a cluster failed or what was asked for is nowhere.

    Where kubectl's status is an answer (`diff`: 1 for differences), a failure is more than the answer.
    """
    statuses = [1 if result.timed_out else result.status for result in results]
    if None in statuses:
        return 130
    known = [abs(status) for status in statuses if status is not None]
    if len(known) == 1:
        return known[0] if not results[0].timed_out else request.verb.answer + 1
    if failed:
        return max(known) if request.verb.answer and max(known) > request.verb.answer else request.verb.answer + 1
    return 1 if absent else max((status for status in known if status == request.verb.answer), default=0)


def _text(stderr: bytes) -> str:
    return stderr.decode("utf-8", "replace")


def _verbose(results: Sequence[Result]) -> list[str]:
    return [
        f"{result.cluster}: {messages.visible(line)}"
        for result in results
        for line in _text(result.stderr).splitlines()
    ]


def _said_by_all(results: Sequence[Result]) -> list[str]:
    """The lines that every cluster's kubectl said, if all said the same."""
    spoken = {tuple(messages.outcome_lines(_text(result.stderr))) for result in results if not result.timed_out}
    return [messages.visible(line) for line in spoken.pop()] if len(spoken) == 1 else []


def _warnings(causes: Sequence[tuple[Result, Cause | None]]) -> list[str]:
    """What kubectl said beside its answer, each line once; with its clusters where not all said it."""
    answered = [(result, why) for result, why in causes if not why or why.absent]
    said = [
        (line, result.cluster)
        for result, why in answered
        for line in dict.fromkeys(_text(result.stderr).splitlines())
        if line.strip() and not line.startswith(NOTHING) and not _is_told(line, why)
    ]
    return _once(said, len(answered))


def _is_told(line: str, why: Cause | None) -> bool:
    """Is the line the cluster's failure, told elsewhere, or one that it got over? A warning beside an answer is not."""
    return messages.is_known_cause([line]) and (why is not None or not line.startswith("Warning: "))


def _once(said: Sequence[tuple[str, str]], count: int) -> list[str]:
    """Each line of the (line, cluster)s once, with its clusters where not all `count` of them said it."""
    speakers: dict[str, list[str]] = {}
    for line, cluster in said:
        speakers.setdefault(line, []).append(cluster)
    return [
        messages.visible(line) if len(clusters) == count else f"{messages.visible(line)} ({', '.join(clusters)})"
        for line, clusters in speakers.items()
    ]


def _is_known(result: Result) -> bool:
    """Is it a failure as any command may have it there?"""
    return result.timed_out or messages.is_known_cause(messages.outcome_lines(_text(result.stderr)))


def _absent(answered: Sequence[Result], total: int) -> list[str]:
    """What no cluster that answered, of `total`, has; what one of them has is no error."""
    if not answered:
        return []
    spoken = [list(dict.fromkeys(messages.absences(_text(result.stderr)))) for result in answered]
    everywhere = [line for line in spoken[0] if all(line in lines for lines in spoken[1:])]
    if everywhere or not all(spoken) or any(result.stdout for result in answered):
        return [messages.everywhere(line, len(answered), total) for line in everywhere]
    # No object here, no such type there: it is nowhere, too.
    said = [(line, result.cluster) for result, lines in zip(answered, spoken) for line in lines]
    return _once(said, len(answered))


def _nothing_found(answered: Sequence[Result]) -> list[str]:
    """kubectl's own line; the namespace only if it was the same everywhere."""
    spoken = {line for result in answered for line in _text(result.stderr).splitlines() if line.startswith(NOTHING)}
    if not spoken:
        return []
    return [spoken.pop() if len(spoken) == 1 else NOTHING]
