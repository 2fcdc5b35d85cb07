"""A request: one kubectl command line for a fleet, and the commands that it becomes on the clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from kubectl_mc import access, verbs
from kubectl_mc.access import Target
from kubectl_mc.cli import Options, seconds
from kubectl_mc.dispatch import Command, Result, default_parallel
from kubectl_mc.errors import UserError
from kubectl_mc.grammar import CommandLine
from kubectl_mc.verbs import Verb


class Request(NamedTuple):
    """What the user asked: kubectl's command line with the row of its verb, our options, the user's environment.

    stdin: the path of what was given to us on stdin, if the command reads it (`-f -`)
    unreachable: clusters that are not asked, each with its reason, as a kubectl that failed would have said it
    """

    kubectl: str
    verb: Verb
    line: CommandLine
    options: Options
    environment: Mapping[str, str]
    stdin: str | None = None
    unreachable: tuple[Result, ...] = ()

    @property
    def patience(self) -> float:
        """Seconds that each cluster has, 0 for no limit."""
        given = self.options.cluster_timeout
        if given is not None:
            return given
        limit = verbs.limit(self.verb, self.line)
        if limit:
            own = 0.0
            with suppress(UserError):  # it is negative, or wrong, and kubectl will say so
                own = seconds("timeout", limit)
            return own and own + verbs.PATIENCE  # kubectl's limit doesn't count until it has reached the cluster
        return 0.0 if verbs.endless(self.verb, self.line) else self.verb.patience

    def parallel(self, count: int) -> int:
        """How many of `count` kubectls run at a time: what doesn't end by itself, or waits, runs at once."""
        if verbs.endless(self.verb, self.line):
            return max(count, 1)
        return self.options.max_parallel or (max(count, 1) if self.verb.waits else default_parallel())


class Job(NamedTuple):
    """A kubectl command line for one cluster. label: what its answer is shown under, the cluster's name or more."""

    target: Target
    line: CommandLine
    label: str


def command(request: Request, job: Job) -> Command:
    """The process for a job."""
    found = access.command(
        request.kubectl,
        job.target,
        job.line,
        request.environment,
        plugin=not verbs.is_kubectls(job.line),
        lasting=verbs.endless(request.verb, request.line),
    )
    return found._replace(cluster=job.label)


def out_of_reach(target: Target) -> Result:
    """The answer of a cluster that can't be asked."""
    return Result(target.cluster, b"", target.problem.encode(), 1)


def same_everywhere(targets: Sequence[Target], line: CommandLine) -> list[Job]:
    return [Job(target, line, target.cluster) for target in targets]
