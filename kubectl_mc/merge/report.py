# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The report on the clusters' results: which clusters failed and why, what else they said, the exit status. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.options import reaching_flags
from kubectl_mc.messages import Cause
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.event_loop import Result, UnaskedResult
from kubectl_mc.processes.requests import Request

NOTHING = "No resources found"
_NOTHING_FOUND = r"No (?:resources|events) found(?: in \S+ namespace| in \S+(?:, \S+)* namespaces)?\.?"

# `get -o json|yaml|kyaml` prints a List before its error, also where it got nothing.
_EMPTY_LIST = rb'(?m)^(?:    "items"|items|  items): \[\],?$'
# As some kubectls do with the header of a table.
_LONE_HEADER = rb"[A-Z][A-Z-]*(?: +[A-Z][A-Z-]*)+\n"


class Report(NamedTuple):
    """What is written to stderr, ahead of the answer or, on a terminal, behind it; and the command's exit status.

    lines: ours, and those of kubectls with their clusters
    stderr: what is written ahead of them: that of the only cluster's kubectl, byte for byte
    """

    lines: tuple[str, ...]
    status: int
    stderr: bytes = b""


class Held(NamedTuple):
    """What a job has written to stderr and is not on the screen. label: the job's"""

    label: str
    cluster: str
    text: str


def result_cause(result: Result, request: Request) -> Cause | None:
    """Return why a cluster gave no answer or only a part of one; None if it gave its answer."""
    if isinstance(result, UnaskedResult):
        return messages.problem_cause(_text(result))
    if result.status is None:
        return Cause("interrupted", "interrupted")
    if result.timed_out:
        seconds = request.short_time(result.cluster)
        since = request.short_times.since if request.short_times and seconds else ""
        return Cause("timeout", messages.late_reason(seconds or request.patience, since))
    stderr, meaning = _text(result), request.row.status
    if not result.status or (result.status == meaning.answer and (result.stdout or not messages.complaints(stderr))):
        return None
    cause = messages.find_cause(stderr, result.status)
    if not cause.absent or not meaning.needs_all:
        return cause
    if not request.options.if_present:
        return cause._replace(absent=False)
    from kubectl_mc.merge.presence import lacks_all

    return cause if lacks_all(stderr, request.line, request.content) else messages.lacks_a_part(cause)


def make_report(
    results: Sequence[Result],
    request: Request,
    shown: bool = False,
    held: Sequence[Held] | None = None,
    on_terminal: bool = False,
) -> Report:
    """Judge the results of all selected clusters.

    shown: their stdout is already on the screen, or there is no answer to show
    held: what of their stderr is not on the screen yet; None: all of it
    on_terminal: the report is read behind the answer, so the failures are a table by their causes
    """
    results = [*results, *request.unreachable]
    causes = [(result, result_cause(result, request)) for result in results]
    failures = [
        (result.cluster, _placed(cause, result.namespace)) for result, cause in causes if cause and not cause.absent
    ]
    answered = [result for result, cause in causes if not cause or cause.absent]
    passed_over = [(result.cluster, cause) for result, cause in causes if cause and cause.absent]
    absent = _absent(answered, len(results)) if not any(map(_exists, results, (cause for _, cause in causes))) else []
    status = _status(causes, request, is_absent=bool(absent))
    is_lone = (request.cluster_count or len(results)) == 1
    if is_lone:
        return _lone_report(causes, request, status, held)
    if len(failures) == len(results) and _lack_the_same(causes):  # although each needs it
        causes = [(result, cause and cause._replace(absent=True)) for result, cause in causes]
        absent, failures = _absent(results, len(results)), []
    is_mistake = len(failures) == len(results) >= request.cluster_count and _are_alike(causes)
    lines = _said(causes, request, held, untold=is_mistake)
    if is_mistake:
        return Report(tuple(lines), status)  # the command itself is wrong: kubectl says why
    if held is None or any(messages.absences(message.text) for message in held):  # else all of it is on the screen
        lines += absent
    if not absent and answered and not any(result.stdout for result in results):
        # The namespace in kubectl's line is kept only if it is the same in all clusters.
        nothing = {line for result in answered for line in _text(result).split("\n") if is_nothing_found(line)}
        lines += nothing if len(nothing) < 2 else [NOTHING]
    if request.options.if_present and passed_over and not absent:
        lines.append(messages.passed_over(passed_over))
    parts = [result for result, cause in causes if cause and not cause.absent and has_part(result)]
    if failures and on_terminal:
        flags = reaching_flags(request.options)
        all_names, columns = request.options.verbose, request.environment.columns
        lines += messages.failure_table(failures, len(parts), len(results), flags, all_names, columns)
    elif failures:
        lines += _failure_lines(failures, request)
        if any(result.stdout for result in (*answered, *parts)) and not shown:
            lines.append(messages.showing_partial(len(answered), len(parts), len(results)))
    return Report(tuple(lines), status)


def _placed(cause: Cause, namespaces: str) -> Cause:
    """Return why a cluster has failed, with the namespaces in which it has, if it hasn't in all."""
    if not namespaces:
        return cause
    return cause._replace(reason=f"in {messages.name_list(namespaces.split(', '), most=3)}: {cause.reason}")


def _lone_report(
    causes: Sequence[tuple[Result, Cause | None]], request: Request, status: int, held: Sequence[Held] | None
) -> Report:
    """Return the report on the only cluster: kubectl's own stderr, and ours where kubectl doesn't say what failed."""
    lines = [
        line
        for label, cluster, text in held or ()
        for line in _prefixed("" if label == cluster else label, messages.split_messages(text))
    ]
    asked = [result for result, _ in causes if not isinstance(result, UnaskedResult)]
    if held is not None:  # of several namespaces, it is not told one by one
        said = [line for result in asked if result.namespace for line in messages.split_messages(_text(result))]
        lines += filter(is_nothing_found, said)
    for result, cause in causes:
        if cause and not cause.absent:
            says_why = result in asked and not result.timed_out and messages.complaints(_text(result))
            failure = _failure_lines([(result.cluster, cause)], request)
            lines += failure[1:] if says_why else failure
    stderr = b"".join(result.stderr for result in asked) if held is None else b""
    if lines and stderr and not stderr.endswith(b"\n"):
        stderr += b"\n"
    return Report(tuple(lines), status, stderr)


def _failure_lines(failures: Sequence[tuple[str, Cause]], request: Request) -> list[str]:
    action = f"{verbs.spoken_verb(request.line)} in" if request.row.change else "query"
    return [messages.failed_clusters(action, failures), *messages.advice(failures)]


def _exists(result: Result, cause: Cause | None) -> bool:
    """Return whether the cluster has what was asked for; one that failed in a way of its own may have it as well."""
    return not cause or (bool(result.status) and not result.timed_out and cause.kind in messages.OF_COMMAND)


def _lack_the_same(causes: Sequence[tuple[Result, Cause | None]]) -> bool:
    """Return whether all clusters say that the same doesn't exist."""
    absences = {tuple(messages.absences(_text(result))) for result, _ in causes}
    return len(absences) == 1 and all(cause and cause.kind in messages.ABSENT for _, cause in causes)


def _are_alike(causes: Sequence[tuple[Result, Cause | None]]) -> bool:
    """Return whether all kubectls fail with the same error, which has nothing to do with their clusters."""
    errors = {tuple(messages.complaints(_text(result))) for result, _ in causes}
    return len(errors) == 1 and all(cause and cause.kind == "error" for _, cause in causes)


def has_part(result: Result) -> bool:
    """Return whether a cluster that failed is among those shown.

    The List of one that got nothing shows nothing, nor does a table without rows.
    """
    if re.search(_EMPTY_LIST, result.stdout) or re.fullmatch(_LONE_HEADER, result.stdout):
        return False
    return bool(result.stdout)


def _status(causes: Sequence[tuple[Result, Cause | None]], request: Request, is_absent: bool) -> int:
    """Return the exit status: 130 after Ctrl-C, kubectl's own for one cluster, else that of the fleet.

    is_absent: no cluster that answered has what was asked for

    3 says that some clusters have answered and others failed; 1 that none has, or that the object is absent. If a
    status of kubectl is an answer (`diff`: 1 for differences), it is 2 instead. A cluster that lacks the object has
    answered, but given nothing of what was asked for.
    """
    answer, results = request.row.status.answer, [result for result, _ in causes]
    if any(result.status is None and not result.timed_out for result in results):
        return 130
    if len(results) == 1:
        (result,), status = results, results[0].status or 0
        if isinstance(result, UnaskedResult) or result.timed_out:  # there is no status of kubectl's own
            return answer + 1
        return status if status >= 0 else 128 - status  # ended by a signal
    failed = any(cause and not cause.absent for _, cause in causes)
    if failed or is_absent:
        answered = any(not cause or (cause.absent and has_part(result)) for result, cause in causes)
        return messages.PARTIAL if failed and answered else answer + 1
    return answer if any(result.status == answer for result, cause in causes if not cause) else 0


def _text(result: Result) -> str:
    return result.stderr.decode("utf-8", "replace")


# --- What the kubectls said --------------------------------------------------------------------------------------


def _said(
    causes: Sequence[tuple[Result, Cause | None]], request: Request, held: Sequence[Held] | None, untold: bool
) -> list[str]:
    """Return what the kubectls said beside their answers and the causes of their failures.

    untold: the report doesn't tell the causes
    """
    if held is None:
        held = said_by([result for result, _ in causes])
        if request.options.verbose:
            return [
                f"{label}: {messages.visible(line)}"
                for label, _, text in held
                for message in messages.split_messages(text)
                for line in message.split("\n")
            ]
    elsewhere = {} if untold else {result.cluster: told_messages(result, cause, request) for result, cause in causes}
    said = [
        (label, [message for message in messages.split_messages(text) if message not in elsewhere.get(cluster, ())])
        for label, cluster, text in held
    ]
    if logs_requests(request):
        return [line for label, own in said for line in _prefixed(label, own)]
    unasked = sum(isinstance(result, UnaskedResult) for result, _ in causes)
    return merge_messages(said, max(len(held) + unasked, request.cluster_count))


def said_by(results: Sequence[Result]) -> list[Held]:
    """Return what the kubectls of these clusters have written to stderr."""
    asked = [result for result in results if not isinstance(result, UnaskedResult)]
    return [Held(result.cluster, result.cluster, _text(result)) for result in asked]


def logs_requests(request: Request) -> bool:
    """Return whether the user has kubectl log what it does (-v): then no line of its log is noise."""
    return grammar.value(request.line, "v") not in (None, "0") or grammar.is_set(request.line, "vmodule")


def told_messages(result: Result, cause: Cause | None, request: Request) -> set[str]:
    """Return the messages of a cluster's stderr that the report tells, or that the other clusters' answers outweigh."""
    stderr = _text(result)
    told: set[str] = set()
    if cause and not logs_requests(request):
        told |= messages.logged_failures(stderr, cause)
    if cause and result.status and not result.timed_out:
        told |= messages.told_errors(stderr, cause)
    if not cause or cause.absent:
        told |= {message for message in messages.split_messages(stderr) if is_nothing_found(message)}
    return told


def is_nothing_found(line: str) -> bool:
    """Return whether kubectl says with this line that there are no objects."""
    return bool(re.fullmatch(_NOTHING_FOUND, line))


def merge_messages(said: Sequence[tuple[str, Sequence[str]]], count: int) -> list[str]:
    """Return the lines of all speakers' messages, those of each in its order.

    said: (the name of the speaker, its messages); count: how many speakers there could be. What all of them say
    equally often, and in the same order, stands there once, as it came; what some say, behind their names.
    """
    counts = [Counter(own) for _, own in said]
    common = {
        message for message in (counts[0] if counts else ()) if len({counter[message] for counter in counts}) == 1
    }
    sequences = {tuple(message for message in own if message in common) for _, own in said}
    if len(said) != count or len(sequences) != 1:
        common, sequences = set(), {()}
    parts = [(name, _parts(own, common)) for name, own in said]
    lines: list[str] = []
    for index, message in enumerate([*sequences.pop(), None]):
        groups: dict[tuple[str, ...], list[str]] = {}
        for name, own_parts in parts:
            if own_parts[index]:
                groups.setdefault(tuple(own_parts[index]), []).append(name)
        lines += [line for part, names in groups.items() for line in _prefixed(_name_list(names), part)]
        if message is not None:
            lines += map(messages.visible, message.split("\n"))
    return lines


def _parts(own: Iterable[str], common: set[str]) -> list[list[str]]:
    """Return the messages ahead of, between and behind the common ones."""
    parts: list[list[str]] = [[]]
    for message in own:
        if message in common:
            parts.append([])
        else:
            parts[-1].append(message)
    return parts


def _prefixed(name: str, own: Iterable[str]) -> list[str]:
    prefix = f"[{name}] " if name else ""
    return [prefix + messages.visible(line) for message in own for line in message.split("\n")]


def _name_list(names: Sequence[str]) -> str:
    if len(names) == 1:
        return messages.visible(names[0])
    from kubectl_mc.messages.name_folding import fold_names

    return fold_names(names)


def _absent(answered: Sequence[Result], total: int) -> list[str]:
    """Return what all clusters that answered (of `total`) lack; what one of them has is not an error."""
    if not answered:
        return []
    absences = [list(dict.fromkeys(messages.absences(_text(result)))) for result in answered]
    common = [message for message in absences[0] if all(message in others for others in absences[1:])]
    if total > len(answered) == 1:
        return merge_messages([(answered[0].cluster, common)], total)
    if common or not all(absences) or any(result.stdout for result in answered):
        return [line for message in common for line in messages.everywhere(message, len(answered), total)]
    # One cluster lacks the object and another one the type: it is absent in both.
    return merge_messages([(result.cluster, lines) for result, lines in zip(answered, absences)], total)
