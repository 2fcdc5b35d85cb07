"""What holds for a command about an earlier run: which of its clusters, and are these still the same."""

from __future__ import annotations

import os
from collections.abc import Container, Sequence
from fnmatch import fnmatchcase

from kubectl_mc import messages
from kubectl_mc.changes import addresses, gate
from kubectl_mc.changes.record import Run
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import Options
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.processes.requests import Request
from kubectl_mc.processes.targets import Target


def narrowed_names(run: Run, names: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Those of the names that a pattern of --clusters matches, all for no pattern. Raises UserError if none is left."""
    lost = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]
    if lost:
        raise messages.not_in_run(run.id, lost)
    return [name for name in names if not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)]


def refuse_flags(line: CommandLine, names: Container[str]) -> None:
    """Raises UserError for a flag of kubectl's that would be passed over."""
    typed = [name for token in line.tokens if not token.verbatim for name, _ in token.flags if name in names]
    if typed:
        raise messages.unexpected_argument(line.verb, f"--{typed[0]}", ())


def enter_directory(run: Run) -> None:
    """Go to where the run was typed, from where names of files on its command line count. Raises UserError."""
    folder = str(run.start.get("directory") or "")
    try:
        os.chdir(folder)
    except OSError:
        raise messages.no_folder(folder) from None


def check_clusters(
    request: Request,
    run: Run,
    given: Sequence[Options],
    clusters: Sequence[Cluster],
    targets: Sequence[Target],
    same_namespace: bool,
) -> None:
    """Raises UserError if a name stands for another cluster by now, or for a protected one that nobody has named.

    given: our flags, as they were typed for the run and now
    same_namespace: the namespace of a context counts as well, unless the command says where
    """
    gate.check_protection(request, clusters, targets, [flag for options in given for flag in options.given])
    reached = {target.cluster: target for target in targets if not target.problem}
    now = addresses.addresses_of(request, reached, list(reached))
    moves = addresses.moves(run.start["targets"], now, "server")
    says_where = grammar.value(request.line, "namespace") or grammar.is_set(request.line, "all-namespaces")
    if same_namespace and not says_where:
        moves += addresses.moves(run.start["targets"], now, "namespace")
    if moves:
        raise messages.moved(moves)
