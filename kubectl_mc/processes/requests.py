# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Requests: a kubectl command line for the fleet, and the jobs that it consists of, one per cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from os.path import exists

from kubectl_mc.command_line import verb_rows, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import Options, seconds
from kubectl_mc.command_line.verb_rows import VerbRow
from kubectl_mc.messages import UserError
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import cache, kubectl_process
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Result, UnaskedResult
from kubectl_mc.processes.targets import Target
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from kubectl_mc.messages.input_names import InputName
    from kubectl_mc.processes.silence import ShortTimes


class Look(NamedTuple):
    """How an answer is shown. on_terminal: a person reads it, so that lines that look like a heading are marked."""

    on_terminal: bool = False
    colours: bool = False


PLAIN = Look()  # as a program reads it


class Request(NamedTuple):
    """One kubectl command line for the fleet.

    row: of the verb table
    stdin: the path of the content of our stdin, if the command reads it (`-f -`)
    content: of the command's -f or -k, where it is known
    input_names: of what its kubectls read as its input (see `with_input_names`)
    unreachable: the results of the clusters that are not asked, as if their kubectls had failed
    cluster_count: how many clusters the command is for; 0: as many as there are results
    newest: returns a target with its newest credential; after a True, that its cluster refuses the one it has
    short_times: the silent clusters, which have less than `patience`
    notice: what else is said behind the answer on a terminal; "" for nothing
    """

    environment: Environment
    row: VerbRow
    line: CommandLine
    stdin: str | None = None
    content: bytes | None = None
    unreachable: tuple[Result, ...] = ()
    input_names: Mapping[str, InputName] = {}
    cluster_count: int = 0
    newest: Callable[[Target, bool], Target] = lambda target, is_refused: target
    short_times: ShortTimes | None = None
    notice: str = ""

    @property
    def options(self) -> Options:
        """Our own flags."""
        return self.environment.options

    def with_options(self, options: Options) -> Request:
        """Return the request with other options."""
        return self._replace(environment=self.environment.with_options(options))

    def named(self, result: Result) -> Result:
        """Return a result whose errors name the user's files."""
        if not self.input_names:
            return result
        from kubectl_mc.messages.input_names import with_input_names

        return result._replace(stderr=with_input_names(result.stderr, self.input_names))

    def reports_time(self, clusters: Sequence[str]) -> Callable[[int, float], None]:
        """Return what tells the report for programs, if there is one, how long the kubectls of clusters took.

        It is called with the index of a cluster, and with seconds, as `event_loop.collect_results` does.
        """
        report = self.environment.report
        return lambda index, seconds: report.took(clusters[index], seconds) if report else None

    @property
    def shows_on_terminal(self) -> bool:
        """Whether the answer is read on a terminal."""
        return self.environment.streams.stdout.isatty()

    @property
    def shows_colours(self) -> bool:
        """Whether the answer has colours."""
        return self.environment.has_colours(self.environment.streams.stdout)

    @property
    def look(self) -> Look:
        """How the answer is shown."""
        return Look(self.shows_on_terminal, self.shows_colours)

    @property
    def reports_on_terminal(self) -> bool:
        """Whether the answer and what is said about it are both read on a terminal."""
        return self.environment.reports_on_terminal

    @property
    def patience(self) -> float:
        """The seconds that each cluster has; 0 for no limit."""
        timeout = self.options.cluster_timeout
        if timeout is not None:
            return timeout
        limit = verbs.kubectl_time_limit(self.row, self.line)
        if limit:
            own = 0.0
            with suppress(UserError):  # it is negative or malformed, which kubectl reports
                own = seconds("timeout", limit)
            return own and own + verb_rows.PATIENCE  # kubectl's limit does not count until it has reached the cluster
        return 0.0 if verbs.is_endless(self.row, self.line) else self.row.waiting.patience

    def short_time(self, cluster: str) -> float | None:
        """Return the seconds that a silent cluster has; None for one that has the patience of all."""
        short = self.short_times
        return short.seconds if short and cluster in short.clusters else None

    def parallel(self, count: int) -> int:
        """Return how many of `count` kubectls may run at a time."""
        is_endless = verbs.is_endless(self.row, self.line)
        return max(count, 1) if is_endless else self.options.max_parallel or max(count, 1)

    @property
    def at_once(self) -> bool:
        """Whether they all run at once, however many places there are: they wait, or don't end by themselves."""
        return verbs.is_endless(self.row, self.line) or bool(self.row.waiting.kubectl_timeout)


def make_request(environment: Environment, line: CommandLine, targets: Sequence[Target]) -> Request:
    """Return the request for a command line. The targets that have a problem are unreachable."""
    unreachable = tuple(unreachable_result(target) for target in targets if target.problem)
    return Request(environment, verbs.find_row(line), line, unreachable=unreachable, cluster_count=len(targets))


class Job(NamedTuple):
    """The part of a request for one cluster.

    label: the title of its answer, the name of the cluster or more
    stdin: what its kubectl reads from stdin; None: the request's
    namespace: the one of several that its line is for; "" if it isn't for one of several
    """

    target: Target
    line: CommandLine
    label: str
    stdin: bytes | None = None
    namespace: str = ""


def job_command(request: Request, job: Job) -> Command:
    """Return the command for a job."""
    command = kubectl_process.target_command(
        request.environment,
        job.target,
        job.line,
        plugin=not verbs.is_kubectls(job.line),
        lasting=verbs.is_endless(request.row, request.line),
    )
    return command._replace(cluster=job.label, stdin=job.stdin, patience=request.short_time(job.target.cluster))


def note_answers(request: Request, results: Iterable[tuple[Target, Result, float]]) -> None:
    """Note for later reads which clusters have answered and which are silent.

    results: with the seconds that each took, 0 if they are not known
    Where all have answered and none was silent, nothing is read or written. A change notes nothing, nor does its dry
    run, which admission webhooks may hold up. What waits for an object may be late although the server answers.
    """
    if request.row.change:
        return
    waits = request.row.waiting != verb_rows.Waiting()
    outcomes = [(target, result, 0.0 if waits else seconds) for target, result, seconds in results]
    failed = any(result.status or result.timed_out for _, result, _ in outcomes)
    if failed or exists(cache.silence_path(request.environment.kube_directory)):
        from kubectl_mc.processes import silence

        silence.note(request.environment, outcomes, request.short_times)


def unreachable_result(target: Target) -> Result:
    """Return the result of a cluster that cannot be reached."""
    return UnaskedResult(target.cluster, b"", target.problem.encode(), 1)


def same_jobs(targets: Sequence[Target], line: CommandLine) -> list[Job]:
    """Return a job with the same command line for each target."""
    return [Job(target, line, target.cluster) for target in targets]
