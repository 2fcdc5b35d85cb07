# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Jobs of what streams, each of which begins when the login of its cluster has ended."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.event_loop import Chunk, Exit, Result
from kubectl_mc.processes.requests import Job, Request
from kubectl_mc.reads.wildcards import Resolver


class AfterLogins:
    """Gives the jobs one by one, as their logins end; to be used as a `Resolver`.

    commands: of the logins, to be run in front of all other commands
    jobs: those that wait for none
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        """Take the jobs."""
        self._held, self.jobs = list[Job](), list[Job]()
        for job in jobs:
            login = job.target.login
            (self._held if login and not login.has_ended else self.jobs).append(job)
        self.commands = [kubectl_process.login_command(job.target) for job in self._held]
        self._collector = event_loop.ResultCollector()
        self._failed: set[str] = set()

    def feed(self, event: Chunk | Exit) -> tuple[list[Job], list[Result]]:
        """Return the job whose login ends with this event, or the failure of that, once for a cluster."""
        self._collector.add(event)
        if isinstance(event, Chunk):
            return [], []
        job = self._held[event.command_index]
        if not event.status:
            return [job], []
        is_news = job.target.cluster not in self._failed
        self._failed.add(job.target.cluster)
        return [], [self._collector.result(event.command_index, job.target.cluster)] if is_news else []


def make_resolver(request: Request, asked: Sequence[Job]) -> Resolver | AfterLogins:
    """Return what gives the jobs for those that were asked for: when their names are listed, or their logins ended."""
    resolver = Resolver(request, asked)
    return AfterLogins(resolver.jobs) if resolver.jobs else resolver
