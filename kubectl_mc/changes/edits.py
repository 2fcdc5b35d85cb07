"""What `kubectl edit` has changed: told by what its objects are before and after, for its words go to the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kubectl_mc.changes import rollouts
from kubectl_mc.changes.change import Change
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge.object_changes import WORKLOADS, ObjectChange
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import job_command

_FIELDS = (
    "apiVersion", "kind", "metadata.name", "metadata.namespace", "metadata.generation", "metadata.resourceVersion",
)  # fmt: skip
_PATIENCE = 30.0  # seconds
_NONE = "<none>"


class ObjectState(NamedTuple):
    """generation: counts changes of the spec; version: changes of anything. Both "<none>" where there is none."""

    generation: str
    version: str


ObjectStates = Mapping[tuple[str, str], ObjectState]


def read_states(work: Change, clusters: Iterable[str]) -> list[Result]:
    """What `kubectl get` says of the objects that are to be edited. Raises KeyboardInterrupt."""
    line = reading_line(work.typed)
    reading = work.request._replace(verb=verbs.find_row(line), line=line)
    commands = [job_command(reading, work.jobs[cluster]._replace(line=line)) for cluster in clusters]
    return event_loop.collect_results(commands, work.request.parallel(len(commands)), _PATIENCE)


def reading_line(typed: CommandLine) -> CommandLine:
    """`kubectl get` of what an edit is about."""
    names = [
        word
        for token in typed.tokens
        if token.flags and all(name in ("filename", "kustomize", "recursive") for name, _ in token.flags)
        for word in token.words
    ]
    columns = ",".join(f"C{place}:.{field}" for place, field in enumerate(_FIELDS))
    words = ["get", *grammar.operands(typed), *names, "--no-headers", f"--output=custom-columns={columns}"]
    return rollouts.related_line(typed, words, grammar.value(typed, "namespace") or "")


def parse_states(stdout: bytes) -> ObjectStates:
    """(resource, namespace) -> its state, of what `ask` had printed."""
    rows = [line.split() for line in stdout.decode("utf-8", "replace").splitlines()]
    found = {}
    for api, kind, name, namespace, *state in (row for row in rows if len(row) == len(_FIELDS)):
        group, slash, _ = api.partition("/")
        resource = f"{kind.lower()}.{group}/{name}" if slash else f"{kind.lower()}/{name}"
        found[resource, "" if namespace == _NONE else namespace] = ObjectState(*state)
    return found


def edited_objects(before: ObjectStates, after: ObjectStates) -> list[ObjectChange]:
    """What has been edited meanwhile. A workload's status changes by itself, so there the generation counts."""
    return [
        ObjectChange(resource, "edited", namespace)
        for (resource, namespace), now in after.items()
        if (was := before.get((resource, namespace))) and was.version != now.version
        if resource.partition("/")[0] not in WORKLOADS or was.generation != now.generation
    ]


def is_unchanged(before: ObjectStates, after: ObjectStates) -> bool:
    """Is it sure that nothing was edited? Not where nothing is known."""
    return bool(before) and before == after
