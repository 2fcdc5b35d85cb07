"""Requests: a kubectl command line for the fleet, and the jobs that it consists of, one per cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from kubectl_mc.command_line import verb_rows, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import Options, seconds
from kubectl_mc.command_line.verb_rows import VerbRow
from kubectl_mc.messages import UserError
from kubectl_mc.processes import kubectl_process
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Result, UnaskedResult, default_parallel
from kubectl_mc.processes.targets import Target

if TYPE_CHECKING:
    from kubectl_mc.messages.input_names import InputName


class Request(NamedTuple):
    """One kubectl command line for the fleet.

    row: of the verb table
    stdin: the path of the content of our stdin, if the command reads it (`-f -`)
    content: of the command's -f or -k, where it is known
    input_names: of what its kubectls read as its input (see `with_input_names`)
    unreachable: the results of the clusters that are not asked, as if their kubectls had failed
    cluster_count: how many clusters the command is for; 0: as many as there are results
    newest: returns a target with its newest credential; after a True, that its cluster refuses the one it has
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

    @property
    def options(self) -> Options:
        """Our own flags."""
        return self.environment.options

    def with_options(self, options: Options) -> Request:
        """Return the request with other options."""
        return self._replace(environment=self.environment._replace(options=options))

    def named(self, result: Result) -> Result:
        """Return a result whose errors name the user's files."""
        if not self.input_names:
            return result
        from kubectl_mc.messages.input_names import with_input_names

        return result._replace(stderr=with_input_names(result.stderr, self.input_names))

    @property
    def shows_on_terminal(self) -> bool:
        """Whether the answer is read on a terminal."""
        return self.environment.streams.stdout.isatty()

    @property
    def reports_on_terminal(self) -> bool:
        """Whether the answer and what is said about it are both read on a terminal."""
        return self.shows_on_terminal and self.environment.streams.stderr.isatty()

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

    def parallel(self, count: int) -> int:
        """Return how many of `count` kubectls run at a time: all of them if they wait, or do not end by themselves."""
        if verbs.is_endless(self.row, self.line):
            return max(count, 1)
        return self.options.max_parallel or (max(count, 1) if self.row.waiting.kubectl_timeout else default_parallel())


def make_request(environment: Environment, line: CommandLine, targets: Sequence[Target]) -> Request:
    """Return the request for a command line. The targets that have a problem are unreachable."""
    unreachable = tuple(unreachable_result(target) for target in targets if target.problem)
    return Request(environment, verbs.find_row(line), line, unreachable=unreachable, cluster_count=len(targets))


class Job(NamedTuple):
    """The part of a request for one cluster.

    label: the title of its answer, the name of the cluster or more
    stdin: what its kubectl reads from stdin; None: the request's
    """

    target: Target
    line: CommandLine
    label: str
    stdin: bytes | None = None


def job_command(request: Request, job: Job) -> Command:
    """Return the command for a job."""
    command = kubectl_process.target_command(
        request.environment,
        job.target,
        job.line,
        plugin=not verbs.is_kubectls(job.line),
        lasting=verbs.is_endless(request.row, request.line),
    )
    return command._replace(cluster=job.label, stdin=job.stdin)


def unreachable_result(target: Target) -> Result:
    """Return the result of a cluster that cannot be reached."""
    return UnaskedResult(target.cluster, b"", target.problem.encode(), 1)


def same_jobs(targets: Sequence[Target], line: CommandLine) -> list[Job]:
    """Return a job with the same command line for each target."""
    return [Job(target, line, target.cluster) for target in targets]
