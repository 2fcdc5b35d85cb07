# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The command lines of watches: one for each type, and those with which a watch is taken up again. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.verb_rows import VerbRow
from kubectl_mc.messages import Cause, Kind
from kubectl_mc.processes.requests import Job, Request


def is_resumed(request: Request) -> bool:
    """Return whether a watch that breaks is taken up again: not if the user has limited it to a time."""
    is_limited = request.patience or (grammar.value(request.line, "request-timeout") or "").strip("0smh")
    return verbs.is_watch(request.row, request.line) and not request.options.no_reconnect and not is_limited


def jobs_by_type(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs of a watch with one for each type, and each name, of those that name several.

    kubectl watches one object, or the objects of one type ("you may only specify a single resource type").
    """
    return [part for job in jobs for part in _parts(job)]


def _parts(job: Job) -> list[Job]:
    words = grammar.operands(job.line)
    if not words:
        return [job]
    if "/" in words[0]:
        parts = [[word] for word in words]
    else:
        types, names = words[0].split(","), words[1:]
        parts = [[kind, *name] for kind in types for name in ([[name] for name in names] or [[]])]
    if len(parts) == 1:
        return [job]
    return [
        job._replace(
            line=grammar.with_operands(job.line, part), label=f"{job.label} {messages.visible('/'.join(part))}"
        )
        for part in parts
    ]


def from_list(row: VerbRow, line: CommandLine) -> CommandLine:
    """Return the command line of a watch that begins with what is there."""
    if not grammar.is_set(line, row.output.news_by):
        return line
    return grammar.with_flags(grammar.without(line, (row.output.news_by,)), (row.modes.streamed_by[0], "true"))


def list_alone(row: VerbRow, line: CommandLine) -> CommandLine:
    """Return the command line that lists what a watch begins with, and ends. line: as kubectl gets it"""
    return grammar.without(line, (*row.modes.streamed_by, row.output.events_by))


# Causes that go away by themselves; the others only while a watch that has been there is taken up again.
_PASSING: tuple[Kind, ...] = (
    "refused", "timeout", "unreachable", "lost", "dns", "server", "too-many-requests", "killed",
)  # fmt: skip
_PASSING_LATER: tuple[Kind, ...] = ("tls", "login", "unauthorized", "not-found")


# Any other words of a further kubectl, as when a proxy answers: the command itself has been understood.
_PASSING_AGAIN: tuple[Kind, ...] = ("error", "exit")


def is_passing(cause: Cause | None, has_begun: bool, is_restarted: bool = False) -> bool:
    """Return whether a watch whose kubectl has ended for this cause may go on with another one.

    cause: None if it has ended without an error, as it does at the end of the server's answer
    has_begun: the watch has shown, or could have shown, what is there
    is_restarted: the kubectl is a further one; the first one may have failed for a mistake in the command
    """
    if cause is None or cause.kind in _PASSING:
        return True
    return has_begun and (cause.kind in _PASSING_LATER or (is_restarted and cause.kind in _PASSING_AGAIN))
