# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts about clusters that failed, and those that lack what was asked for: what is said with an answer."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import PROGRAM
from kubectl_mc.messages.causes import NO_CONTEXT, TIMED_OUT, Cause, Kind, had_short_time
from kubectl_mc.messages.words import approve_command, cluster_count, name_list, visible
from kubectl_mc.named_tuples import NamedTuple

_LONG = 40  # characters; a shorter reason is repeated for each cluster, and a longer cell makes no column wider
_FEW = 3  # clusters that failed have a reason each
_MOST_NAMES = 10  # of a row on the terminal
_MOST_ROWS = 10


class _Group(NamedTuple):
    """Clusters that failed alike.

    clusters: their names, at least one; approval_flags: what their approval needs behind the names, with a blank ahead
    """

    kind: Kind
    reason: str
    clusters: Sequence[str]
    approval_flags: str = ""


def failed_clusters(action: str, failures: Sequence[tuple[str, Cause]]) -> str:
    """Return `Error: Failed to query 2 clusters: c3 (connection timeout), …`; failures: (cluster, cause).

    A long reason that several clusters share, such as that of their login, is shown once: `c1, c2 (login failed: …)`;
    of more than three clusters each reason is, that of the most ahead.
    """
    return visible(f"Error: Failed to {action} {cluster_count(len(failures))}: {_with_reasons(failures)}")


def passed_over(absences: Sequence[tuple[str, Cause]]) -> str:
    """Say which clusters lack what the command is about, and are passed over (--if-present)."""
    return visible(f"Passed over {cluster_count(len(absences))}: {_with_reasons(absences)}")


def _with_reasons(causes: Sequence[tuple[str, Cause]]) -> str:
    if len(causes) > _FEW:
        return ", ".join(f"{', '.join(group.clusters)} ({group.reason})" for group in _groups(causes))
    groups: dict[tuple[str, str], list[str]] = {}
    for cluster, cause in causes:
        groups.setdefault((cause.message, "" if len(cause.message) > _LONG else cluster), []).append(cluster)
    return ", ".join(f"{', '.join(clusters)} ({reason})" for (reason, _), clusters in groups.items())


def _groups(causes: Sequence[tuple[str, Cause]]) -> list[_Group]:
    """Return the clusters by their cause, the largest group first. causes: (cluster, cause)

    What the servers of a group have said stands in it if it is the same.
    """
    groups: dict[tuple[Kind, str], list[tuple[str, Cause]]] = {}
    for cluster, cause in causes:
        groups.setdefault((cause.kind, _shared_reason(cause)), []).append((cluster, cause))
    largest_first = sorted(groups.items(), key=lambda group: -len(group[1]))
    return [
        _Group(
            kind,
            members[0][1].message
            if members[0][1].words and len({cause.words for _, cause in members}) == 1
            else reason,
            [cluster for cluster, _ in members],
            _approval_flags(*members[0]) if kind == "not-approved" else "",
        )
        for (kind, reason), members in largest_first
    ]


def _shared_reason(cause: Cause) -> str:
    """Return a reason without what is said of its cluster alone: how it is approved, and what has changed there."""
    return cause.reason.partition(";")[0].partition(":")[0] if cause.kind == "not-approved" else cause.reason


def _approval_flags(cluster: str, cause: Cause) -> str:
    """Return the flags behind the name in the command by which the cause says how to approve its cluster."""
    return cause.reason.partition(approve_command([cluster], ""))[2]


def lacks_a_part(cause: Cause) -> Cause:
    """Return the failure of a cluster that lacks only a part of what the command is about. cause: the absence"""
    return cause._replace(reason=f"lacks a part: {cause.reason}", absent=False)


def showing_partial(answered: int, parts: int, selected: int) -> str:
    """Say that the results are those of a part of the fleet. parts: how many that failed have answered in part"""
    return f"Showing results from {answered}/{selected} clusters{_in_part(parts)}:"


def _in_part(parts: int) -> str:
    return f", {parts} more in part" if parts else ""


def everywhere(message: str, count: int, total: int) -> list[str]:
    """Say what the kubectls of all clusters that answered print on stderr, e.g. that no pod has that name."""
    where = f" (in all {count} clusters{'' if count == total else ' that answered'})"
    line, *rest = map(visible, message.split("\n"))
    return [line + (where if count > 1 else ""), *rest]


# --- What to do ------------------------------------------------------------------------------------------------------

CHECK = f"{PROGRAM} clusters --check"

# What to do about clusters that failed, by the kind of their cause. {it}: it or them; {names}: theirs, for a shell;
# {flags}: those that select the clusters
_ADVICE: dict[Kind, str] = {
    "timeout": f"to see what answers at all: {CHECK}{{flags}}",
    "refused": "check the address (kubectl config view), and whether the API server runs",
    "dns": "check the address (kubectl config view), and the way there (VPN, DNS)",
    "tls": "check the certificate authority (kubectl config view)",
    "unreachable": "check the way there (VPN, proxy)",
    "lost": "try again",
    "unauthorized": f"log in again; to see as whom you are known: {CHECK}{{flags}}",
    "forbidden": f"to see as whom you are known there: {PROGRAM} auth whoami{{flags}}",
    "login": f"to try the login alone: {CHECK}{{flags}}",
    "not-approved": f"to see it and approve it: {PROGRAM} trust approve {{names}}{{approval_flags}}",
    "no-context": f"to map {{it}}: {PROGRAM} setup{{flags}}",
    "kubeconfig": "check the kubeconfig: kubectl config view",
    "not-found": "to go without {it}: --exclude={names}",
    "no-such-type": "to go without {it}: --exclude={names}",
    "server": "try again, or ask the administrator",
    "too-many-requests": "try again later",
    "interrupted": "try again",
    "killed": "try again",
    "exit": "to see all that it says: add --verbose",
    "error": "to see all that it says: add --verbose",
}

# Causes that `clusters --check` finds again, as they are not those of one command.
_OF_ACCESS: tuple[Kind, ...] = (
    "timeout", "refused", "dns", "tls", "unreachable", "lost", "unauthorized", "login", "not-approved", "no-context",
    "kubeconfig",
)  # fmt: skip


def advice(failures: Sequence[tuple[str, Cause]]) -> list[str]:
    """Return what is said below `failed_clusters`: which command of ours mends it. failures: (cluster, cause)

    The reason of a cluster that is not approved says so itself, unless it stands with others.
    """
    lines = context_advice([(cluster, cause.reason) for cluster, cause in failures if cause.kind == "no-context"])
    lines += _short_time_advice([cluster for cluster, cause in failures if had_short_time(cause)])
    if len(failures) > _FEW:
        unapproved = [group for group in _groups(failures) if group.kind == "not-approved"]
        lines += [f"{text[0].upper()}{text[1:]}" for text in map(_group_advice, unapproved)]
    return lines


def context_advice(problems: Sequence[tuple[str, str]]) -> list[str]:
    """Return how to map the clusters that have no context; [] if none lacks one. problems: (cluster, why it failed)"""
    names = [cluster for cluster, problem in problems if problem.startswith(NO_CONTEXT)]
    return [f"To map {_each(names)} to a context of yours: {PROGRAM} setup"] if names else []


def _short_time_advice(names: Sequence[str]) -> list[str]:
    return [f"To wait longer for {_each(names)}: --cluster-timeout=30s"] if names else []


def _each(names: Sequence[str]) -> str:
    return visible(names[0]) if len(names) == 1 else f"each of these {cluster_count(len(names))}"


def _group_advice(group: _Group, flags: str = "") -> str:
    """Return what to do about the cause that the clusters of a group have; "" for nothing."""
    if group.kind == "timeout" and group.reason.startswith(TIMED_OUT):
        return "for more time: --cluster-timeout"
    names = [visible(name) for name in group.clusters]
    if "{names}" in _ADVICE[group.kind]:
        from shlex import quote

        separator = " " if group.kind == "not-approved" else ","
        joined = separator.join(map(quote, names)) if len(names) <= _MOST_NAMES else "NAMES"
    else:
        joined = ""
    it = "it" if len(names) == 1 else "them"
    return _ADVICE[group.kind].format(it=it, names=joined, flags=flags, approval_flags=group.approval_flags)


def failure_table(
    failures: Sequence[tuple[str, Cause]],
    parts: int,
    total: int,
    flags: str,
    all_names: bool = False,
    columns: int = 0,
) -> list[str]:
    """Return the lines that say on a terminal how many clusters have answered, and which have failed, by their cause.

    failures: (cluster, cause); parts: how many of these have answered in part; total: of the selected clusters
    flags: those that select the clusters, as they were typed; all_names: else at most ten in a line
    columns: of the terminal; what to do stands below a row that would be wider, and names go on below names. 0: not
        known
    """
    groups = _groups(failures)
    if len(groups) > _MOST_ROWS:
        rest = [cluster for group in groups[_MOST_ROWS - 1 :] for cluster in group.clusters]
        groups = [*groups[: _MOST_ROWS - 1], _Group("error", "other causes", rest)]
    most = len(failures) if all_names else _MOST_NAMES
    rows = [
        (
            visible(group.reason),
            str(len(group.clusters)),
            name_list(group.clusters, most),
            _next_steps(group, most, flags),
        )
        for group in groups
    ]
    widths = [max((len(cell) for cell in column if len(cell) <= _LONG), default=0) for column in zip(*rows)]
    lines = [f"{total - len(failures)} of {cluster_count(total)} answered{_in_part(parts)}"]
    for row in rows:
        line = "  " + "   ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        if not 0 < columns < len(line):
            lines.append(line)
            continue
        lines += _folded(line[: -len(row[-1])].rstrip(), sum(widths[:2]) + 8, columns)
        lines.append(f"      {row[-1]}")  # a command in it is copied as a whole
    return lines


def _folded(line: str, indent: int, columns: int) -> list[str]:
    """Return a line in parts that fit the terminal, broken at blanks; all but the first are indented by so many."""
    from textwrap import wrap

    indentation = " " * min(indent, columns // 2)
    return wrap(line, columns, subsequent_indent=indentation, break_long_words=False, break_on_hyphens=False)


def _next_steps(group: _Group, most: int, flags: str) -> str:
    """Return what to do about the clusters, and the command that lists them if they are not all named."""
    steps = _group_advice(group, flags)
    if len(group.clusters) <= most:
        return steps
    to_list = f"{CHECK}{flags}" if group.kind in _OF_ACCESS else "add --verbose"
    return f"{steps}; to list them: {to_list}"
