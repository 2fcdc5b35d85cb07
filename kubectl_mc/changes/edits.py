# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What `kubectl edit` has changed. Its output goes to the terminal, so the objects before and after are compared."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from kubectl_mc.changes import rollouts
from kubectl_mc.changes.change import Change
from kubectl_mc.command_line import grammar, verb_rows
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge.object_changes import WORKLOADS, ObjectChange
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.standard_streams import Phase

_FIELDS = (
    "apiVersion", "kind", "metadata.name", "metadata.namespace", "metadata.generation", "metadata.resourceVersion",
)  # fmt: skip
_NONE = "<none>"


# Editors that draw on a terminal. Without one they wait for ever, or leave the file as it is.
_SCREEN_EDITORS = ("vi", "vim", "nvim", "view", "nano", "pico", "micro", "hx", "helix", "kak", "joe", "mcedit", "ne")


def needs_terminal(variables: Mapping[str, str]) -> bool:
    """Return whether the editor that kubectl opens needs a terminal: vi by default, or one that is known to.

    kubectl starts whatever KUBE_EDITOR, else EDITOR says (k8s.io/kubectl/pkg/cmd/util/editor). With arguments, as in
    `vim -es -c …`, an editor may do without.
    """
    program, *arguments = (variables.get("KUBE_EDITOR") or variables.get("EDITOR") or "vi").split() or [""]
    return not arguments and os.path.basename(program) in _SCREEN_EDITORS


class ObjectState(NamedTuple):
    """generation: counts changes of the spec; version: differs after any change. "<none>" where the object has none."""

    generation: str
    version: str


ObjectStates = Mapping[tuple[str, str], ObjectState]


def read_states(change: Change, clusters: Sequence[str]) -> list[Result]:
    """Ask each cluster for the objects that are edited (see `parse_states`). Raises KeyboardInterrupt."""
    line = reading_line(change.request.line)
    commands = [change.command(cluster, line) for cluster in clusters]
    parallel, patience = change.request.parallel(len(commands)), verb_rows.PATIENCE
    phase = Phase("preflight", change.streams, list(clusters), patience)
    on_end = change.request.reports_time(clusters)
    return event_loop.collect_results(commands, parallel, patience, on_end=on_end, phase=phase)


def reading_line(edit: CommandLine) -> CommandLine:
    """Return the `kubectl get` for the objects of an edit."""
    inputs = [(name, value) for name in ("filename", "kustomize", "recursive") for value in grammar.values(edit, name)]
    columns = ",".join(f"C{number}:.{field}" for number, field in enumerate(_FIELDS))
    words = ["get", *grammar.operands(edit), "--no-headers", f"--output=custom-columns={columns}"]
    line = rollouts.related_line(edit, words, grammar.value(edit, "namespace") or "")
    return grammar.with_flags(line, *inputs)


def parse_states(stdout: bytes) -> ObjectStates:
    """Parse the output of `reading_line` to (resource, namespace) -> state."""
    rows = [line.split() for line in stdout.decode("utf-8", "replace").splitlines()]
    states = {}
    for api_version, kind, name, namespace, *state in (row for row in rows if len(row) == len(_FIELDS)):
        group, slash, _ = api_version.partition("/")
        resource = f"{kind.lower()}.{group}/{name}" if slash else f"{kind.lower()}/{name}"
        states[resource, "" if namespace == _NONE else namespace] = ObjectState(*state)
    return states


def edited_objects(before: ObjectStates, after: ObjectStates) -> list[ObjectChange]:
    """Return the objects that were edited. For workloads the generation counts, as their status changes by itself."""
    return [
        ObjectChange(resource, "edited", namespace)
        for (resource, namespace), state in after.items()
        if (earlier := before.get((resource, namespace))) and earlier.version != state.version
        if resource.partition("/")[0] not in WORKLOADS or earlier.generation != state.generation
    ]


def is_unchanged(before: ObjectStates, after: ObjectStates) -> bool:
    """Return whether it is sure that nothing was edited, which it is not if no object could be read."""
    return bool(before) and before == after
