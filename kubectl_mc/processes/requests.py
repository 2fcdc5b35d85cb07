"""A request: one kubectl command line for a fleet, and the processes that it becomes on the clusters."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from kubectl_mc.command_line import verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import Options, seconds
from kubectl_mc.command_line.verbs import VerbRow
from kubectl_mc.messages import UserError
from kubectl_mc.processes import kubectl_process
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Command, Result, default_parallel
from kubectl_mc.processes.targets import Target


class Request(NamedTuple):
    """What the user asked of the fleet.

    environment: what the kubectls run with
    verb: the row of the verb table
    line: kubectl's command line
    stdin: the path of what was read from our stdin, if the command reads it (`-f -`)
    unreachable: a result for each cluster that is not asked, as a kubectl that failed would have given it
    """

    environment: Environment
    verb: VerbRow
    line: CommandLine
    stdin: str | None = None
    unreachable: tuple[Result, ...] = ()

    @property
    def options(self) -> Options:
        """Our own flags."""
        return self.environment.options

    def with_options(self, options: Options) -> Request:
        """The same request with other options."""
        return self._replace(environment=self.environment._replace(options=options))

    @property
    def patience(self) -> float:
        """The time that each cluster has, in seconds; 0 for no limit."""
        timeout = self.options.cluster_timeout
        if timeout is not None:
            return timeout
        limit = verbs.kubectl_time_limit(self.verb, self.line)
        if limit:
            own = 0.0
            with suppress(UserError):  # it is negative or wrong, and kubectl will say so
                own = seconds("timeout", limit)
            return own and own + verbs.PATIENCE  # kubectl's limit does not count until it has reached the cluster
        return 0.0 if verbs.is_endless(self.verb, self.line) else self.verb.patience

    def parallel(self, count: int) -> int:
        """How many of `count` kubectls run at a time. Those that do not end by themselves, or wait, all run at once."""
        if verbs.is_endless(self.verb, self.line):
            return max(count, 1)
        return self.options.max_parallel or (max(count, 1) if self.verb.waits else default_parallel())


class Job(NamedTuple):
    """A kubectl command line for one cluster. label: what its answer is shown under, the cluster's name or more."""

    target: Target
    line: CommandLine
    label: str


def job_command(request: Request, job: Job) -> Command:
    """The process for a job."""
    process = kubectl_process.target_command(
        request.environment,
        job.target,
        job.line,
        plugin=not verbs.is_kubectls(job.line),
        lasting=verbs.is_endless(request.verb, request.line),
    )
    return process._replace(cluster=job.label)


def unreachable_result(target: Target) -> Result:
    """The result of a cluster that cannot be asked."""
    return Result(target.cluster, b"", target.problem.encode(), 1)


def same_jobs(targets: Sequence[Target], line: CommandLine) -> list[Job]:
    """A job with the same command line for each target."""
    return [Job(target, line, target.cluster) for target in targets]
