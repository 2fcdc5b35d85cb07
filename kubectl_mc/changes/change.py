"""A change that is about to be made, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kubectl_mc.changes import addresses, redaction
from kubectl_mc.changes.change_input import ChangeInput
from kubectl_mc.changes.record import Outcome, RunLog
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.merge import object_changes
from kubectl_mc.merge.object_changes import ObjectChange
from kubectl_mc.messages import UserError
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, Request
from kubectl_mc.processes.standard_streams import Streams

DEFAULT_WAVE_TIMEOUT = 300.0  # seconds


class Change(NamedTuple):
    """typed: the command line as the user gave it; request and jobs: with the input in place of the files' names.

    jobs: of the clusters that can be reached, by name; those that can't are in request.unreachable
    resumes: it goes on with a run that has begun
    namespaces: where kubectl looks on each cluster without -n, as far as it is known
    """

    request: Request
    typed: CommandLine
    given: ChangeInput
    clusters: Mapping[str, Cluster]
    jobs: Mapping[str, Job]
    log: RunLog
    resumes: bool = False
    namespaces: Mapping[str, str] = {}

    @property
    def streams(self) -> Streams:
        """Where the change reads and writes."""
        return self.request.environment.streams

    @property
    def gated(self) -> bool:
        """Are rollouts waited for? Where the change goes in steps, or the user says how long to wait."""
        options = self.request.options
        return any(value is not None for value in (options.waves, options.canary, options.wave_timeout))

    @property
    def addresses(self) -> list[dict[str, str]]:
        """Of the clusters of the work, see `addresses.of`."""
        return addresses.addresses_of(
            self.request, {name: job.target for name, job in self.jobs.items()}, list(self.clusters)
        )

    def placed(self, cluster: str, changes: Sequence[ObjectChange]) -> tuple[ObjectChange, ...]:
        """The cluster's changes with their namespaces, as far as they are known."""
        everywhere, typed = grammar.is_set(self.typed, "all-namespaces"), grammar.value(self.typed, "namespace")
        namespace = "" if everywhere else typed or self.namespaces.get(cluster, "")
        declared = (
            None if typed or self.given.content is None else object_changes.declared_workloads(self.given.content)
        )
        return tuple(object_changes.with_namespaces(changes, namespace, declared))


class Progress:
    """What has become of each cluster so far.

    judged: the clusters whose command has ended, or whose rollouts were waited for, in this process
    stopping: no more clusters are to be started, for this reason; broken: the audit can't be written any more
    interrupted: by Ctrl-C; ending: our exit status, where a signal has ended a command that had the terminal
    """

    def __init__(self, places: Mapping[str, Outcome], tolerated: int | None) -> None:
        self.places = dict(places)
        self.results: dict[str, Result] = {}
        self.judged: set[str] = set()
        self.tolerated = tolerated
        self.stopping = ""
        self.broken: UserError | None = None
        self.interrupted = False
        self.ending = 0

    @property
    def failures(self) -> int:
        """Clusters that failed, or whose rollouts did."""
        judged = [self.places[cluster] for cluster in self.judged]
        return sum(place.state in ("failed", "unknown") or place.gated is False for place in judged)

    @property
    def goes_on(self) -> bool:
        too_many = self.tolerated is not None and self.failures > self.tolerated
        return not (self.stopping or self.broken or self.interrupted or self.ending or too_many)


def written_command(work: Change) -> tuple[CommandLine, list[str]]:
    """What may be written down, without secrets: kubectl's command line, and all of it with our flags."""
    from kubectl_mc.command_line.options import OWN_FLAGS

    safe = redaction.redact_line(work.typed, about_secrets=b"Secret" in (work.given.content or b""))
    ours = [
        f"--{name}" if value is None or (not OWN_FLAGS[name] and not value) else f"--{name}={value}"
        for name, value in work.request.options.given
    ]
    end = next((index for index, token in enumerate(safe.tokens) if token.verbatim), len(safe.tokens))
    return safe, [*grammar.join_tokens(safe.tokens[:end]), *ours, *grammar.join_tokens(safe.tokens[end:])]
