# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A change that is about to be made, and its progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_mc.changes import redaction
from kubectl_mc.changes.addresses import Address
from kubectl_mc.changes.change_input import ChangeInput
from kubectl_mc.changes.record import Outcome, RunLog
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import OWN_FLAGS, PLUGIN_FLAGS
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.merge import object_changes
from kubectl_mc.merge.object_changes import ObjectChange
from kubectl_mc.messages import RecordError
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, Request, job_command
from kubectl_mc.processes.standard_streams import Streams

DEFAULT_WAVE_TIMEOUT = 300.0  # seconds


class Change(NamedTuple):
    """A change that is about to be made.

    request: with the command line that takes `input`, and the results of the clusters that can't be reached
    typed: the command line as the user typed it
    jobs: of the clusters that can be reached, by name
    resumes: the change goes on with a run that was begun before
    namespaces: of each cluster, the one that kubectl uses without -n, if it is known
    """

    request: Request
    typed: CommandLine
    input: ChangeInput
    clusters: Mapping[str, Cluster]
    jobs: Mapping[str, Job]
    log: RunLog
    addresses: Sequence[Address]
    resumes: bool = False
    namespaces: Mapping[str, str] = {}

    @property
    def streams(self) -> Streams:
        """Where the change reads and writes."""
        return self.request.environment.streams

    @property
    def waits_for_rollouts(self) -> bool:
        """Whether each wave's rollouts are waited for: with waves, a canary, or a time limit for them."""
        options = self.request.options
        return any(value is not None for value in (options.waves, options.canary, options.wave_timeout))

    def command(self, cluster: str, line: CommandLine) -> Command:
        """Return the command of another kubectl command line on a cluster of the change."""
        request = self.request._replace(row=verbs.find_row(line), line=line)
        return job_command(request, self.jobs[cluster]._replace(line=line))

    def with_namespaces(self, cluster: str, objects: Sequence[ObjectChange]) -> tuple[ObjectChange, ...]:
        """Return a cluster's object changes with their namespaces, as far as these are known."""
        everywhere, typed = grammar.is_set(self.typed, "all-namespaces"), grammar.value(self.typed, "namespace")
        namespace = "" if everywhere else typed or self.namespaces.get(cluster, "")
        content = self.input.content
        declared = None if typed or content is None else object_changes.declared_workloads(content)
        return tuple(object_changes.with_namespaces(objects, namespace, declared))


class Progress:
    """How far a change has come.

    outcomes: of each cluster of the run; results: of each kubectl that has ended; dry_runs: of the preflight
    finished: the clusters whose kubectl has ended, or whose rollouts were waited for, in this process
    tolerated: how many clusters may fail before no more are started; None for any number
    stop_reason: why no more clusters are started
    record_error: why the record can't be written any more; unrecorded: the events that it lacks, with their clusters
    interrupted: by Ctrl-C or another signal; signal_status: our exit status, if it was another one
    """

    def __init__(self, outcomes: Mapping[str, Outcome], tolerated: int | None) -> None:
        self.outcomes = dict(outcomes)
        self.results: dict[str, Result] = {}
        self.dry_runs: Mapping[str, Result] = {}
        self.finished: set[str] = set()
        self.tolerated = tolerated
        self.stop_reason = ""
        self.record_error: RecordError | None = None
        self.unrecorded: list[tuple[str, str]] = []
        self.interrupted = False
        self.signal_status = 0

    @property
    def may_continue(self) -> bool:
        """Whether more clusters may be started."""
        finished = [self.outcomes[cluster] for cluster in self.finished]
        failures = sum(outcome.state in ("failed", "unknown") or outcome.rolled_out is False for outcome in finished)
        too_many = self.tolerated is not None and failures > self.tolerated
        return not (self.stop_reason or self.record_error or self.interrupted or self.signal_status or too_many)


def written_command(change: Change) -> tuple[CommandLine, list[str]]:
    """Return what is recorded of the command, without secrets: kubectl's command line, and all words with our flags."""
    safe = redaction.redact_line(change.typed, about_secrets=b"Secret" in (change.input.content or b""))
    ours = [
        (name, f"--{name}" if value is None or (not OWN_FLAGS[name] and not value) else f"--{name}={value}")
        for name, value in change.request.options.typed
    ]
    # Behind a plugin's name, some of them would be the plugin's.
    ahead = [word for name, word in ours if verbs.is_plugin(safe) and name not in PLUGIN_FLAGS]
    behind = [word for _, word in ours if word not in ahead]
    before, after = map(grammar.join_tokens, grammar.split_tokens(safe))
    return safe, [*ahead, *safe.path, *before, *behind, *after]


def hidden_texts(change: Change) -> tuple[str, ...]:
    """Return what neither the record nor a report may quote, the longest first.

    That is what `written_command` leaves out, and the credentials of the clusters, which a server may echo.
    """
    typed = redaction.hidden_texts(change.typed, written_command(change)[0])
    configs = (job.target.kubeconfig.content for job in change.jobs.values())
    return tuple(
        sorted({*typed, *(text for config in configs for text in redaction.credentials(config))}, key=len, reverse=True)
    )
