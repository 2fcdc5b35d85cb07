"""The way of one kubectl command: its row in the verb table says which way it goes; here the parts are joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TextIO

from kubectl_mc import errors, fleet, grammar, programs, verbs
from kubectl_mc.access import Target
from kubectl_mc.cli import Invocation, names_targets
from kubectl_mc.grammar import CommandLine
from kubectl_mc.memory import held
from kubectl_mc.request import Request, out_of_reach
from kubectl_mc.streams import Streams
from kubectl_mc.verbs import Verb


def run(invocation: Invocation, environment: Mapping[str, str], streams: Streams) -> int:
    """Run kubectl's command line on the fleet, show the answer, return the exit status. Raises UserError."""
    options, line = invocation.options, programs.named(invocation.kubectl, environment)
    kubectl, verb = programs.find_kubectl(environment), verbs.find(line)
    way = verbs.way(verb, line)
    if way == "local":
        return _local(kubectl, line, environment, streams)
    alone, unnamed = verbs.needs_one(verb, line), verbs.changes(verb, line) and not names_targets(options)
    if unnamed and not alone:
        raise errors.no_targets_for_change(line.verb, verb.preposition)
    if options.by_time and not verb.by_time:
        raise errors.by_time_is_for_logs(line.verb)
    if options.by_time and verbs.endless(verb, line):
        raise errors.by_time_needs_an_end()
    login = fleet.login_for(line, streams)
    chosen = fleet.choose(kubectl, options, line, environment, streams.say, login=login)
    if alone and (unnamed or len(chosen.clusters) > 1):
        raise errors.needs_one_cluster(line.verb, [cluster.name for cluster in chosen.clusters])
    if chosen.options.by_time and not verbs.sorts_by_time(verb, line):  # a default of the mapping file's
        chosen = chosen._replace(options=chosen.options._replace(by_time=False))
    targets = fleet.reach(kubectl, line, environment, chosen, login if way != "terminal" else None)
    unhealthy = [cluster.name for cluster in chosen.clusters if cluster.profile.healthy is False]
    if unhealthy:
        streams.say([errors.reported_unhealthy(unhealthy)])
    unreachable = tuple(out_of_reach(target) for target in targets if target.problem)
    if verbs.changes(verb, line):
        from kubectl_mc.writes import gate

        request = Request(kubectl, verb, line, chosen.options, environment, None, unreachable)
        return gate.run(request, chosen.clusters, targets, streams)
    with _given(verb, line, streams.stdin) as (line, given):
        request = Request(kubectl, verb, line, chosen.options, environment, given, unreachable)
        return _WAYS[way](request, [target for target in targets if not target.problem], streams)


def _terminal(request: Request, targets: Sequence[Target], streams: Streams) -> int:
    from kubectl_mc import report, terminal

    if not targets:
        streams.say(report.report([], request, shown=True).lines)
        return 1
    return terminal.run(request, targets[0])  # what owns the terminal needs one cluster (verbs.needs_one)


def _streamed(request: Request, targets: Sequence[Target], streams: Streams) -> int:
    if request.options.by_time:
        return _captured(request, targets, streams)
    from kubectl_mc import stream

    return stream.run(request, targets, streams)


def _captured(request: Request, targets: Sequence[Target], streams: Streams) -> int:
    from kubectl_mc import captured

    return captured.run(request, targets, streams)


def _local(kubectl: str, line: CommandLine, environment: Mapping[str, str], streams: Streams) -> int:
    """Run kubectl once, as if it had been called itself; a verb's help, wherever -h stands, is followed by ours."""
    from kubectl_mc import terminal, usage

    explains = grammar.is_set(line, "help") and verbs.is_kubectls(line)
    words = [*line.path, "--help"] if explains else grammar.join(line.tokens)
    status = terminal.foreground([kubectl, *words], environment)
    if explains:
        streams.stdout.write(f"\n{usage.FLAGS_HELP}")
    return status


_WAYS: Mapping[str, Callable[[Request, Sequence[Target], Streams], int]] = {
    "captured": _captured,
    "streamed": _streamed,
    "terminal": _terminal,
}


@contextmanager
def _given(verb: Verb, line: CommandLine, stdin: TextIO) -> Iterator[tuple[CommandLine, str | None]]:
    """The command line, and the path under which each kubectl finds what was given to us on stdin (`-f -`), else None.

    It is read once, so that every cluster gets the same bytes; where possible it is on no disk.
    """
    if "-" in grammar.values(line, "filename"):
        with held(stdin.buffer.read()) as path:
            yield line, path
    elif verbs.rehearses(verb, line):
        from kubectl_mc.writes import piped

        with piped.held(line, stdin.buffer.read) as (line, _):
            yield line, None
    else:
        yield line, None
