# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The user picks clusters with fzf, as in kubectx, or from a numbered list if fzf is not installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress

from kubectl_mc import messages
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.mapping import ClusterMapping
from kubectl_mc.processes import terminal


def pick_clusters(clusters: Sequence[Cluster], mapping: ClusterMapping, variables: Mapping[str, str]) -> list[Cluster]:
    """Return the clusters that the user picks on the terminal (--pick).

    variables: the environment variables for fzf
    Raises UserError without a terminal, or if no cluster is picked.
    """
    return _pick(
        clusters, mapping, variables, "clusters (TAB marks)> ", "Clusters (e.g. 1 3-5, or all): ", several=True
    )


def pick_one(verb: str, clusters: Sequence[Cluster], mapping: ClusterMapping, variables: Mapping[str, str]) -> Cluster:
    """Return the one cluster that the user picks on the terminal for a verb that needs exactly one.

    variables: the environment variables for fzf
    Raises UserError without a terminal, or if no cluster is picked.
    """
    question = messages.which_cluster(verb)
    prompt, numbers = f"{question}> ", f"{question}, by its number: "
    return _pick(clusters, mapping, variables, prompt, numbers, several=False)[0]


def _pick(
    clusters: Sequence[Cluster],
    mapping: ClusterMapping,
    variables: Mapping[str, str],
    prompt: str,
    question: str,
    several: bool,
) -> list[Cluster]:
    """Return the clusters that are picked with fzf, below its prompt, or by the answer to the question."""
    header, *lines = _listing(clusters, mapping)
    try:
        indexes = terminal.pick_lines(lines, prompt, variables, header, several)
    except KeyboardInterrupt:
        indexes = []
    if indexes is None:
        width = len(str(len(lines)))
        numbered = [f"{number:>{width}}  {line}\n" for number, line in enumerate(lines, start=1)]
        answer = _ask(f"{' ' * width}  {header}\n{''.join(numbered)}{question}")
        indexes = parse_numbers(answer, len(lines), several)
    if not indexes:
        raise messages.nothing_picked()
    return [clusters[index] for index in sorted(set(indexes))]


def _listing(clusters: Sequence[Cluster], mapping: ClusterMapping) -> list[str]:
    """Return the header and a line for each cluster: its name, and what the hub says of it, if there is a hub."""
    from kubectl_mc.messages.own_tables import render_table

    rows = [("NAME", "HEALTH", "VERSION", "PROTECTED")]
    for cluster in clusters:
        profile = cluster.profile
        health = messages.with_reason(profile.health, profile.health_reason) if profile.namespace else ""
        context = mapping.context_for(profile.name, profile.namespace) or cluster.default_context
        is_protected = mapping.is_protected(cluster, context)
        rows.append((cluster.name, health, profile.version, "protected" if is_protected else ""))
    filled = [any(cells) for cells in zip(*rows[1:])]
    return render_table((), [tuple(compress(row, filled)) for row in rows]).splitlines()


def parse_numbers(answer: str, count: int, several: bool = True) -> list[int]:
    """Return the indexes that an answer names by the numbers of a list from 1 to `count`: `1 3-5`, or `all`.

    Raises UserError for a number that is not in the list, and for several if only one line can be picked.
    """
    words = answer.replace(",", " ").split()
    if words == ["all"] and several:
        return list(range(count))
    indexes: list[int] = []
    for word in words:
        first, dash, last = word.partition("-")
        last = last if dash else first
        if not (first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last) <= count):
            raise messages.no_such_number(word, count, several)
        indexes += range(int(first) - 1, int(last))
    if not several and len(indexes) > 1:
        raise messages.no_such_number(answer.strip(), count, several)
    return indexes


def _ask(question: str) -> str:
    """Return a line typed on the terminal, even if stdin and stdout are redirected. Raises UserError without one."""
    try:
        return terminal.ask_user(question)
    except OSError:
        raise messages.flag_needs_a_terminal("pick", "clusters=NAME,…") from None
