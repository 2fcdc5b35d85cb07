"""Shared by `resume` and `undo`: which run, which of its clusters, and whether their addresses are unchanged."""

from __future__ import annotations

import os
from collections.abc import Container, Sequence

from kubectl_mc import messages
from kubectl_mc.access.cluster_access import choose_clusters, reach_clusters, refuse_unapproved_contexts
from kubectl_mc.access.logins import Logins
from kubectl_mc.changes import gate, record
from kubectl_mc.changes.addresses import address_differences
from kubectl_mc.changes.gate import CheckedTargets
from kubectl_mc.changes.record import Record, Run, RunLog
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.invocation import Invocation
from kubectl_mc.command_line.options import Options, names_targets
from kubectl_mc.fleet.name_globs import matches_profile
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.requests import make_request


def open_run(line: CommandLine, environment: Environment, refused: Container[str]) -> tuple[RunLog, Run, Record]:
    """Open and lock the run that the command line names; return its log, the run and the record. Raises UserError.

    refused: kubectl's flags that the command would ignore
    """
    operands = grammar.operands(line)
    if len(operands) != 1 or names_targets(environment.options._replace(clusters=())):
        raise messages.which_run(line.verb)
    _refuse_flags(line, refused)
    path = record.record_path(environment.home)
    runs = record.read_record(path)
    environment.streams.say(runs.warnings)
    log = record.open_log(path, runs.find(operands[0]).id)
    record.lock_run(log)
    return log, record.reread_run(log), runs


def narrowed_names(run: Run, names: Sequence[str], patterns: Sequence[str], are_contexts: bool) -> list[str]:
    """Return the names that a pattern of --clusters matches, or all without patterns.

    are_contexts: whether the clusters of the run were chosen by --contexts, so that a `/` is a part of their names
    Raises UserError for a pattern that matches none.
    """

    def is_meant(name: str, pattern: str) -> bool:
        namespace, _, own_name = ("", "", name) if are_contexts else name.rpartition("/")
        return matches_profile(namespace, own_name, pattern)

    unmatched = [pattern for pattern in patterns if not any(is_meant(name, pattern) for name in names)]
    if unmatched:
        raise messages.not_in_run(run.id, unmatched)
    return [name for name in names if not patterns or any(is_meant(name, pattern) for pattern in patterns)]


def _refuse_flags(line: CommandLine, names: Container[str]) -> None:
    """Raise UserError if one of these flags of kubectl is typed, which would be ignored."""
    typed = [name for token in line.tokens if not token.verbatim for name, _ in token.flags if name in names]
    if typed:
        raise messages.unexpected_argument(line.verb, f"--{typed[0]}", ())


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
    option_sets: Sequence[Options],
    logins: Logins | None,
    same_namespace: bool,
) -> CheckedTargets:
    """Reach the clusters of an invocation. Raises UserError if a name stands for another cluster than in the run.

    All that the gate checks of a change's targets is checked here as well.

    option_sets: our flags as they were typed for the run, and now
    logins: for one login where clusters share it; None if each kubectl logs in by itself
    same_namespace: the context's namespace must be the same as well, unless the command has a namespace
    """
    line = invocation.kubectl
    choice = choose_clusters(environment.for_invocation(invocation), logins, purpose="change")
    recorded = {str(address["cluster"]) for address in run.start["targets"]}
    renamed = [cluster.name for cluster in choice.clusters if cluster.name not in recorded]
    if renamed:  # other inventories are read, or the hub has others
        raise messages.moved([messages.not_a_name_of_run(name) for name in renamed])
    # A name of the run is that of a cluster. It must not be taken for what is now another one's display name.
    chosen = {cluster.name for cluster in choice.clusters}
    for name in invocation.options.clusters:
        if name not in chosen:
            raise messages.unknown_cluster(name, sorted(chosen))
    typed = [flag for options in option_sets for flag in options.typed]
    refuse_unapproved_contexts(choice, typed)
    targets = reach_clusters(choice, line, logins)
    request = make_request(choice.environment, line, targets)
    # The run has changed them as different clusters.
    checked = gate.check_targets(request, choice.clusters, targets, typed, may_leave_out=False)
    has_namespace = grammar.value(line, "namespace") or grammar.is_set(line, "all-namespaces")
    compared = same_namespace and not has_namespace
    if differences := address_differences(run.start["targets"], checked.addresses, namespaces=compared):
        raise messages.moved(differences)
    return checked
