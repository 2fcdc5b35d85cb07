"""Checks of the commands about an earlier run (`resume`, `undo`): which clusters, and are they still the same."""

from __future__ import annotations

import os
from collections.abc import Container, Sequence
from fnmatch import fnmatchcase

from kubectl_mc import messages
from kubectl_mc.changes import gate
from kubectl_mc.changes.addresses import Address, moves
from kubectl_mc.changes.record import Run
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import Options
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.processes.requests import Request
from kubectl_mc.processes.targets import Target


def narrowed_names(run: Run, names: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Return the names that a pattern of --clusters matches, or all without patterns.

    Raises UserError for a pattern that matches none.
    """
    unmatched = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]
    if unmatched:
        raise messages.not_in_run(run.id, unmatched)
    return [name for name in names if not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)]


def refuse_flags(line: CommandLine, names: Container[str]) -> None:
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


def check_clusters(
    request: Request,
    run: Run,
    option_sets: Sequence[Options],
    clusters: Sequence[Cluster],
    targets: Sequence[Target],
    same_namespace: bool,
) -> list[Address]:
    """Return the addresses of the targets. Raises UserError if a name stands for another cluster than in the run.

    All that the gate checks of a change's targets is checked here as well.

    option_sets: our flags as they were typed for the run, and now
    same_namespace: the context's namespace must be the same as well, unless the command has a namespace
    """
    typed = [flag for options in option_sets for flag in options.typed]
    addresses = gate.check_targets(request, clusters, targets, typed)
    has_namespace = grammar.value(request.line, "namespace") or grammar.is_set(request.line, "all-namespaces")
    lines = moves(run.start["targets"], addresses, namespaces=same_namespace and not has_namespace)
    if lines:
        raise messages.moved(lines)
    return addresses
