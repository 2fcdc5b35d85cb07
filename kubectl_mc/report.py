"""What is said about a fleet's answers: which clusters failed and why, warnings, the exit status. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kubectl_mc import errors
from kubectl_mc.dispatch import Result
from kubectl_mc.errors import Cause

_NOTHING = "No resources found"


class Report(NamedTuple):
    """lines: for stderr, ahead of the results; failed: a cluster failed, or what was asked for is nowhere."""

    lines: tuple[str, ...]
    failed: bool


def cause(result: Result, timeout: float) -> Cause | None:
    """Why a cluster gave no (full) answer; None if it did."""
    if result.timed_out:
        return Cause(f"timed out after {timeout:g}s")
    return errors.cause(_text(result.stderr), result.status) if result.status else None


def report(results: Sequence[Result], timeout: float, action: str = "query", verbose: bool = False) -> Report:
    """Judge the results of all selected clusters."""
    causes = [(result, cause(result, timeout)) for result in results]
    failures = [(result, why) for result, why in causes if why and not why.absent]
    answered = [result for result, why in causes if not why or why.absent]
    lines = _verbose(results) if verbose else [*_warnings(answered)]
    common = _said_by_all(results)
    if failures and len(failures) == len(results) and common and not errors.is_known(common):
        return Report((*lines, *common), failed=True)  # the command itself is wrong, as kubectl says
    absent = _absent_everywhere(answered)
    lines += [errors.everywhere(line, len(answered)) for line in absent]
    if not absent and answered and not any(result.stdout for result in results):
        lines += _nothing_found(answered)
    if failures:
        lines.append(errors.failed_clusters(action, [(result.cluster, why.reason) for result, why in failures]))
        lines += errors.advice([(result.cluster, why.reason) for result, why in failures])
        if any(result.stdout for result in results):
            lines.append(errors.showing_partial(len(answered), len(results)))
    return Report(tuple(lines), bool(failures or absent))


def _text(stderr: bytes) -> str:
    return stderr.decode("utf-8", "replace")


def _verbose(results: Sequence[Result]) -> list[str]:
    return [
        f"{result.cluster}: {errors.visible(line)}" for result in results for line in _text(result.stderr).splitlines()
    ]


def _said_by_all(results: Sequence[Result]) -> list[str]:
    """The lines that every cluster's kubectl said, if all said the same."""
    spoken = {tuple(errors.said(_text(result.stderr))) for result in results if not result.timed_out}
    return [errors.visible(line) for line in spoken.pop()] if len(spoken) == 1 else []


def _warnings(results: Sequence[Result]) -> list[str]:
    """What kubectl said beside its answer, each line once; with its clusters where not all said it."""
    speakers: dict[str, list[str]] = {}
    for result in results:
        for line in dict.fromkeys(_text(result.stderr).splitlines()):
            if line.strip() and not line.startswith(_NOTHING) and not errors.is_known([line]):
                speakers.setdefault(line, []).append(result.cluster)
    return [
        errors.visible(line) if len(clusters) == len(results) else f"{errors.visible(line)} ({', '.join(clusters)})"
        for line, clusters in speakers.items()
    ]


def _absent_everywhere(answered: Sequence[Result]) -> list[str]:
    """What every cluster that answered said not to have; what one of them has is no error."""
    if not answered:
        return []
    spoken = [errors.absences(_text(result.stderr)) for result in answered]
    return [line for line in spoken[0] if all(line in lines for lines in spoken[1:])]


def _nothing_found(answered: Sequence[Result]) -> list[str]:
    """kubectl's own line; the namespace only if it was the same everywhere."""
    spoken = {line for result in answered for line in _text(result.stderr).splitlines() if line.startswith(_NOTHING)}
    if not spoken:
        return []
    return [spoken.pop() if len(spoken) == 1 else _NOTHING]
