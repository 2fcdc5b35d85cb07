"""Is it wanted? What is shown ahead of a change, and the question."""

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

HEALTH = {True: "healthy", False: "unhealthy", None: "health unknown"}


def describe_change(typed: CommandLine, clusters: Iterable[Cluster]) -> list[str]:
    """The command and the clusters, those of the same health and version together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for cluster in clusters:
        state = (HEALTH[cluster.profile.healthy], cluster.profile.version or "version unknown")
        groups.setdefault(state, []).append(cluster.name)
    lines = [f"  {fold_names(names)}: {messages.visible(', '.join(state))}" for state, names in groups.items()]
    return [messages.visible(f"kubectl {shlex.join(grammar.join_tokens(typed.tokens))}"), *lines]


def sentence(request: Request, typed: CommandLine, findings: Sequence[Finding], count: int) -> str:
    """`Delete deployment 'nginx' from 10 clusters`."""
    found = any(finding.objects for finding in findings)
    verb = "create" if found and typed.path[0] == "create" else typed.verb  # "Create configmap 'x'", not twice the kind
    words = [verb.capitalize(), preflight.subject(request._replace(line=typed), findings)]
    return f"{' '.join(filter(None, words))} {request.verb.preposition} {messages.cluster_count(count)}"


def is_counted(request: Request, typed: CommandLine, findings: Sequence[Finding], count: int) -> bool:
    """Does it take so much with it, in more than one cluster, that a yes is not enough?"""
    kinds = {each.kind for finding in findings for each in finding.objects}
    large = any(verbs.is_counted_type(request.verb, kind) for kind in kinds)
    return count > 1 and (verbs.needs_count(request.verb, typed) or large)


def ask_confirmation(shown: Sequence[str], question: str, counted: int | None) -> None:
    """Ask on the terminal; counted: the number that has to be typed. Raises UserError if the answer is no.

    shown: lines to be shown there first
    """
    question = "".join(f"{line}\n" for line in shown) + question
    try:
        if counted is None:
            confirmed = terminal.ask_user(f"{question}? [y/N]: ").strip().lower() in ("y", "yes")
        else:
            typed = terminal.ask_user(f"{question}? To confirm, type the number of clusters: ")
            confirmed = typed.strip() == str(counted)
    except OSError:
        raise messages.needs_yes() from None
    if not confirmed:
        raise messages.not_confirmed()
