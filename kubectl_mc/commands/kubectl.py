"""`kubectl mc VERB`: a kubectl command on the fleet. This is the way of every verb of kubectl's, and of its plugins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TextIO

from kubectl_mc import messages
from kubectl_mc.access.cluster_access import reach_clusters
from kubectl_mc.access.logins import hub_target, logins_for
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import Options, names_targets
from kubectl_mc.command_line.verbs import VerbRow
from kubectl_mc.fleet.choice import choose
from kubectl_mc.processes import programs
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.memory_files import held_file
from kubectl_mc.processes.requests import Request, unreachable_result
from kubectl_mc.processes.targets import Target


def run(line: CommandLine, environment: Environment) -> int:
    """Run kubectl's command line on the fleet and show the answer; the exit status. Raises UserError."""
    line, environment = programs.named(line, environment), programs.with_kubectl(environment)
    verb = verbs.find_row(line)
    mode = verbs.mode(verb, line)
    if mode == "local":
        return _local(line, environment)
    alone = verbs.needs_one_cluster(verb, line)
    unnamed = verbs.is_change(verb, line) and not names_targets(environment.options)
    if unnamed and not alone:
        raise messages.no_targets_for_change(line.verb, verb.preposition)
    _check_by_time(verb, line, environment.options)
    logins = logins_for(line, environment.streams)
    choice = choose(environment, partial(hub_target, logins))
    if alone and (unnamed or len(choice.clusters) > 1):
        raise messages.needs_one_cluster(line.verb, [cluster.name for cluster in choice.clusters])
    targets = reach_clusters(choice, line, logins if mode != "terminal" else None)
    unhealthy = [cluster.name for cluster in choice.clusters if cluster.profile.healthy is False]
    if unhealthy:
        environment.streams.say([messages.reported_unhealthy(unhealthy)])
    request = Request(
        choice.environment,
        verb,
        line,
        unreachable=tuple(unreachable_result(target) for target in targets if target.problem),
    )
    if request.options.by_time and not verbs.sorts_by_time(verb, line):  # a default of the mapping file's
        request = request.with_options(request.options._replace(by_time=False))
    if verbs.is_change(verb, line):
        from kubectl_mc.changes import gate

        return gate.make_change(request, choice.clusters, targets)
    with _held_stdin(verb, line, environment.streams.stdin) as (line, stdin):
        reachable = [target for target in targets if not target.problem]
        return _MODES[mode](request._replace(line=line, stdin=stdin), reachable)


def _check_by_time(verb: VerbRow, line: CommandLine, options: Options) -> None:
    """Raise UserError where --by-time is typed for what it can't sort."""
    if options.by_time and not verb.by_time:
        raise messages.by_time_is_for_logs(line.verb)
    if options.by_time and verbs.is_endless(verb, line):
        raise messages.by_time_needs_an_end()


def _terminal(request: Request, targets: Sequence[Target]) -> int:
    from kubectl_mc.merge import report
    from kubectl_mc.processes import terminal

    if not targets:
        request.environment.streams.say(report.make_report([], request, shown=True).lines)
        return 1
    return terminal.run_on_target(request, targets[0])  # what owns the terminal needs one cluster (verbs.needs_one)


def _streamed(request: Request, targets: Sequence[Target]) -> int:
    if request.options.by_time:
        return _captured(request, targets)
    from kubectl_mc.reads import streamed

    return streamed.show_streamed(request, targets)


def _captured(request: Request, targets: Sequence[Target]) -> int:
    from kubectl_mc.reads import captured

    return captured.show_captured(request, targets)


_MODES: Mapping[str, Callable[[Request, Sequence[Target]], int]] = {
    "captured": _captured,
    "streamed": _streamed,
    "terminal": _terminal,
}


def _local(line: CommandLine, environment: Environment) -> int:
    """Run kubectl once, as if the user had called it. Below the help of one of its verbs, our flags are listed."""
    from kubectl_mc.command_line import help_texts
    from kubectl_mc.processes import terminal

    explains = grammar.is_set(line, "help") and verbs.is_kubectls(line)
    words = [*line.path, "--help"] if explains else grammar.join_tokens(line.tokens)
    status = terminal.run_in_foreground([environment.kubectl, *words], environment.variables)
    if explains:
        environment.streams.stdout.write(f"\n{help_texts.FLAGS_HELP}")
    return status


@contextmanager
def _held_stdin(verb: VerbRow, line: CommandLine, stdin: TextIO) -> Iterator[tuple[CommandLine, str | None]]:
    """The command line, and the path under which each kubectl finds what we read from stdin (`-f -`); None for nothing.

    Stdin is read once, so that every cluster gets the same bytes. Where possible they are on no disk.
    """
    if "-" in grammar.values(line, "filename"):
        with held_file(stdin.buffer.read()) as path:
            yield line, path
    elif verbs.is_dry_run(verb, line):
        from kubectl_mc.processes import pipe_files

        with pipe_files.held_pipes(line, stdin.buffer.read) as (line, _):
            yield line, None
    else:
        yield line, None
