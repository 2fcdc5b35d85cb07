# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What is shown ahead of a change, and the question whether it is to be made."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from kubectl_mc import messages
from kubectl_mc.changes import preflight
from kubectl_mc.changes.preflight import Finding
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.messages.name_folding import fold_names
from kubectl_mc.processes import terminal
from kubectl_mc.processes.requests import Request

_HEALTH = {True: "healthy", False: "unhealthy", None: "health unknown"}


def describe_change(typed: CommandLine, clusters: Iterable[Cluster]) -> list[str]:
    """Return lines with the command and the clusters, those of the same health and version together.

    Of contexts without a hub, which alone have no namespace, nothing is said but their names.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for cluster in clusters:
        profile = cluster.profile
        health = messages.with_reason(_HEALTH[profile.healthy], profile.health_reason)
        state = (health, profile.version or "version unknown") if profile.namespace else ()
        groups.setdefault(state, []).append(cluster.name)
    lines = [
        "  " + ": ".join(filter(None, (fold_names(names), messages.visible(", ".join(state)))))
        for state, names in groups.items()
    ]
    return [messages.visible(f"kubectl {shlex.join(grammar.typed_words(typed))}"), *lines]


def sentence(request: Request, typed: CommandLine, findings: Sequence[Finding], count: int) -> str:
    """Return a sentence such as `Delete deployment 'nginx' from 10 clusters`, in the words of the verb's row."""
    about = preflight.subject(request._replace(line=typed), findings)
    done = verbs.spoken_verb(typed, about)
    return f"{done[:1].upper()}{done[1:]} {request.row.as_change.preposition} {messages.cluster_count(count)}"


def is_counted(request: Request, typed: CommandLine, findings: Sequence[Finding], count: int) -> bool:
    """Return whether the change affects so much, in several clusters, that their number has to be typed."""
    kinds = {change.kind for finding in findings for change in finding.objects}
    large = any(verbs.is_counted_type(request.row, kind) for kind in kinds)
    return count > 1 and (verbs.needs_count(request.row, typed) or large)


def ask_confirmation(shown: Sequence[str], question: str, counted: int | None) -> None:
    """Ask on the terminal. Raises UserError if the answer is no.

    shown: lines that are shown there first; counted: the number that has to be typed, None for a yes
    """
    question = "".join(f"{line}\n" for line in shown) + question
    try:
        if counted is None:
            confirmed = messages.is_yes(terminal.ask_user(f"{question}? [y/N]: "))
        else:
            typed = terminal.ask_user(f"{question}? To confirm, type the number of clusters: ")
            confirmed = typed.strip() == str(counted)
    except OSError:
        raise messages.needs_yes() from None
    if not confirmed:
        raise messages.not_confirmed()
