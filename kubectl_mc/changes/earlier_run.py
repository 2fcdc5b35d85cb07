# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Shared by `resume` and `undo`: which run, which of its clusters, and whether their addresses are unchanged."""

from __future__ import annotations

import os
from collections.abc import Container, Sequence

from kubectl_mc import messages
from kubectl_mc.access.cluster_access import choose_clusters, reach_clusters, refuse_unapproved_contexts
from kubectl_mc.access.logins import Logins
from kubectl_mc.changes import gate, record
from kubectl_mc.changes.addresses import address_differences, is_recorded_address, read_addresses, same_clusters
from kubectl_mc.changes.gate import CheckedTargets
from kubectl_mc.changes.record import Outcome, Record, Run, RunLog
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.invocation import Invocation, parse_invocation
from kubectl_mc.command_line.options import Options, names_targets
from kubectl_mc.fleet.choice import Choice
from kubectl_mc.fleet.clusters import named_clusters
from kubectl_mc.fleet.name_globs import choose_by_patterns, idle_alternatives, names_profile
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.requests import make_request


def open_run(line: CommandLine, environment: Environment, refused: Container[str]) -> tuple[RunLog, Run, Record]:
    """Open and lock the run that the command line names; return its log, the run and the record. Raises UserError.

    refused: kubectl's flags that the command would ignore
    """
    operands = grammar.operands(line)
    if len(operands) != 1 or names_targets(environment.options._replace(clusters=())):
        raise messages.which_run(line.verb)
    ignored = [f"--{name}" for token in line.tokens for name, _ in token.flags if name in refused]
    if ignored:
        raise messages.unexpected_argument(line.verb, ignored[0], ())
    path = record.record_path(environment.home)
    runs = record.read_record(path)
    environment.streams.say(runs.warnings)
    log = record.open_log(path, runs.find(operands[0]).id)
    record.lock_run(log)
    run, runs = record.reread_record(log)  # another process may have gone on with it, or undone it, until now
    if run.version > record.VERSION:
        raise messages.newer_run(run.id)
    if environment.report:
        environment.report.has_input = bool(run.start.get("input"))
    return log, run, runs


def recorded_invocation(run: Run) -> Invocation:
    """Return the command line of a run, as it is recorded: without its secrets. Raises UserError."""
    return parse_invocation([str(word) for word in run.start["argv"]])


def narrowed_names(run: Run, names: Sequence[str], patterns: Sequence[str], are_contexts: bool) -> list[str]:
    """Return the names that the patterns of --clusters choose, or all without patterns.

    are_contexts: whether the clusters of the run were chosen by --contexts, whose names may have any characters
    Raises UserError for a pattern that matches none, and if no name is left.
    """

    def meant(pattern: str) -> list[str]:
        if pattern in names:
            return [pattern]
        split = [("", "", name) if are_contexts else name.rpartition("/") for name in names]
        return [name for name, (namespace, _, own) in zip(names, split) if names_profile(namespace, own, pattern)]

    unmatched = [text for pattern in patterns for text in idle_alternatives(pattern, meant, names)]
    chosen = choose_by_patterns(patterns, names, meant, names=names)
    if unmatched or not chosen:
        raise messages.not_in_run(run.id, unmatched or patterns)
    return [name for name in names if name in chosen]


def enter_directory(run: Run) -> None:
    """Change to the directory in which the run was typed, for the relative paths in its command. Raises UserError."""
    folder = str(run.start.get("directory") or "")
    try:
        os.chdir(folder)
    except OSError:
        raise messages.no_folder(folder) from None


def reach_clusters_of_run(
    run: Run,
    invocation: Invocation,
    environment: Environment,
    recorded: Options,
    logins: Logins | None,
    same_namespace: bool,
) -> tuple[CheckedTargets, Choice]:
    """Reach the clusters of an invocation. Raises UserError if a name stands for another cluster than in the run.

    All that the gate checks of a change's targets is checked here as well. Returns also the choice of the clusters.

    recorded: our flags as they were typed for the run; those typed now are the environment's
    logins: for one login where clusters share it; None if each kubectl logs in by itself
    same_namespace: the context's namespace must be the same as well, unless the command has a namespace
    """
    line = invocation.kubectl
    choice = choose_clusters(environment.for_invocation(invocation), logins, purpose="change")
    names = {str(address["cluster"]) for address in run.start["targets"]}
    renamed = [cluster.name for cluster in choice.clusters if cluster.name not in names]
    if renamed:  # other inventories are read, or the hub has others
        raise messages.moved([messages.not_a_name_of_run(name) for name in renamed])
    # A name of the run is that of a cluster. It must not be taken for what is now another one's display name.
    chosen = {cluster.name for cluster in choice.clusters}
    for name in invocation.options.clusters:
        if name not in chosen:
            raise messages.unknown_cluster(name, sorted(chosen))
    typed = [*recorded.typed, *environment.options.typed]
    refuse_unapproved_contexts(choice, typed)
    targets = reach_clusters(choice, line, logins)
    request = make_request(choice.environment, line, targets)
    # The run has changed them as different clusters.
    checked = gate.check_targets(request, choice.clusters, targets, typed, may_leave_out=False)
    has_namespace = grammar.value(line, "namespace") or grammar.is_set(line, "all-namespaces")
    compared = same_namespace and not has_namespace
    if differences := address_differences(run.start["targets"], checked.addresses, namespaces=compared):
        raise messages.moved(differences)
    return checked, choice


def settled_under_other_names(
    run: Run, names: Container[str], checked: CheckedTargets, choice: Choice
) -> list[Outcome]:
    """Return the outcomes of those of the clusters that the run has, or may have, changed under another name.

    By the same member id, as the run has recorded it or as it is now, such a cluster is done if it is known that the
    change is made. Else it is refused, also where only the address is the same (recorded or as it is now): that may be
    a mistake in the mapping, and nobody is to be told that a cluster is done which nobody has touched.

    names: the clusters in question; checked, choice: as `reach_clusters_of_run` returns them
    """
    made = {outcome.cluster: outcome for outcome in run.outcomes() if outcome.is_done or outcome.may_be_done}
    in_question = [address for address in checked.addresses if address.cluster in names]
    if not made or not in_question:
        return []
    recorded = run.targets
    now = {messages.visible(cluster.name): cluster for cluster in named_clusters(choice.inventory.profiles)}
    made_now = choice._replace(clusters=tuple(cluster for name, cluster in now.items() if name in made))
    targets = [target for target in reach_clusters(made_now, checked.request.line) if not target.problem]
    addresses = [
        address
        for address in read_addresses(checked.request, targets)
        if not address_differences([*recorded.values()], [address], namespaces=False)
    ]
    ids = {
        name: {str(recorded.get(name, {}).get("memberId") or ""), now[name].profile.member_id if name in now else ""}
        for name in run.clusters
    }
    settled: dict[str, Outcome] = {}
    # Of several, one where it is known that the change is made.
    for name, outcome in sorted(made.items(), key=lambda item: not item[1].is_done):
        for address in in_question:
            cluster = address.cluster
            if cluster in (name, *settled):
                continue
            same_id = bool((ids[name] & ids[cluster]) - {""})
            same_address = is_recorded_address(recorded.get(name, {}), address) or same_clusters(
                [address, *(other for other in addresses if other.cluster == name)]
            )
            if same_id and outcome.is_done:
                settled[cluster] = Outcome(cluster, "unchanged", messages.same_as(name))
            elif same_id or same_address:
                settled[cluster] = Outcome(cluster, "refused", messages.changed_as(name, outcome.is_done))
    return list(settled.values())
