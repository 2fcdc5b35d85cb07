# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Kinds that the input of a change defines itself, by a CustomResourceDefinition beside the objects of that kind.

kubectl's own first run makes such a CRD, and says of the objects that there are no matches for their kind; when the
CRD is established, a second run of the same command makes the objects.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache

from kubectl_mc import messages
from kubectl_mc.changes.change import Change
from kubectl_mc.changes.rollouts import related_line, run_waiting
from kubectl_mc.command_line import grammar, verb_rows, verbs
from kubectl_mc.fleet.hub_objects import object_of
from kubectl_mc.merge import object_changes
from kubectl_mc.merge.object_changes import ObjectChange
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Request

_CRD = "customresourcedefinition.apiextensions.k8s.io"


class InputKind(NamedTuple):
    """A kind that an input defines. crd: the name of its CRD; objects: those of the kind in the same input"""

    crd: str
    api_version: str
    kind: str
    objects: tuple[ObjectChange, ...]


@lru_cache(maxsize=1)  # it is called for every cluster with the same input
def defined_kinds(content: bytes) -> tuple[InputKind, ...]:
    """Return the kinds that an input defines and has objects of; () for invalid YAML."""
    documents = object_changes.declared_objects(content)
    objects: dict[tuple[str, str], list[ObjectChange]] = {}
    for document in documents:
        api_version, kind = str(document.get("apiVersion")), str(document.get("kind"))
        metadata = document.get("metadata")
        if isinstance(metadata, dict):
            resource = f"{kind.lower()}.{api_version.partition('/')[0]}/{metadata.get('name')}"
            change = ObjectChange(resource, messages.AWAITS_KIND, str(metadata.get("namespace") or ""))
            objects.setdefault((api_version, kind), []).append(change)
    return tuple(
        InputKind(crd, api_version, kind, tuple(objects[api_version, kind]))
        for document in documents
        for crd, api_version, kind in _definitions(document)
        if (api_version, kind) in objects
    )


def _definitions(document: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """Yield (CRD, apiVersion, kind) of each version that a CRD serves."""
    if document.get("kind") != "CustomResourceDefinition":
        return
    spec, metadata = object_of(document.get("spec")), object_of(document.get("metadata"))
    versions = spec.get("versions")
    for version in map(object_of, versions if isinstance(versions, list) else ()):
        if version.get("served"):
            api_version = f"{spec.get('group')}/{version.get('name')}"
            yield str(metadata.get("name")), api_version, str(object_of(spec.get("names")).get("kind"))


# The errors of cli-runtime (pkg/resource/mapper.go), alone or in a list `[…, …]`. The second form is that of a kubectl
# whose cached discovery still has a kind that the server hasn't got any more.
_NO_MATCH = re.compile(
    r"(?:error: )?"
    r"(?:resource mapping not found for name: .*? namespace: .*? from .*?: |unable to recognize (?:\S+: )?)?"
    r'no matches for kind "(?P<kind>[^"]+)" in version "(?P<api_version>[^"]+)"(?:\nensure CRDs are installed first)?'
    r"|Error from server \(NotFound\): (?:error when \w+ .*?: )?the server could not find the requested resource "
    r"\(\w+ (?P<crd>[^ )]+)(?: \S+)?\)"
)
_OF_A_LIST = re.compile(r"(?:error: )?[\[\], ]*")


def awaited_kinds(result: Result, request: Request, content: bytes | None) -> tuple[InputKind, ...]:
    """Return the kinds that kubectl didn't find, but whose CRDs it has made by the same command, or would make.

    content: of the input
    """
    row = request.row
    if content is None or not result.status or result.status < 0 or result.timed_out:
        return ()
    if not row.as_change.defines_kinds or not verbs.can_rehearse(row, request.line):
        return ()
    stderr = result.stderr.decode("utf-8", "replace")
    if not _NO_MATCH.search(stderr):
        return ()
    missing = [_identity(match) for match in _NO_MATCH.finditer(stderr)]
    kinds = [kind for kind in defined_kinds(content) if kind.crd in missing or (kind.api_version, kind.kind) in missing]
    if grammar.output_format(request.line)[0] in ("", "name"):
        made = {change.resource for change in object_changes.parse_changes(_text(result.stdout))}
        kinds = [kind for kind in kinds if f"{_CRD}/{kind.crd}" in made]
    return tuple(kinds)


def _identity(match: re.Match[str]) -> object:
    return match["crd"] or (match["api_version"], match["kind"])


def without_awaited(stderr: bytes, kinds: Collection[InputKind]) -> bytes:
    """Return stderr without the errors about these kinds."""
    awaited = {identity for kind in kinds for identity in (kind.crd, (kind.api_version, kind.kind))}
    text = _NO_MATCH.sub(
        lambda match: "" if _identity(match) in awaited else match[0], stderr.decode("utf-8", "replace")
    )
    return "".join(line for line in text.splitlines(keepends=True) if not _OF_A_LIST.fullmatch(line.strip())).encode()


def wait_for_kinds(change: Change, kinds: Mapping[str, Sequence[InputKind]]) -> dict[str, str]:
    """Wait until the CRDs of these kinds are established, by cluster. Raises KeyboardInterrupt.

    Returns for each cluster why one is not; "" if all are.
    """
    timeout = change.request.options.cluster_timeout or verb_rows.PATIENCE
    commands = []
    for cluster, awaited in kinds.items():
        crds = dict.fromkeys(f"{_CRD}/{kind.crd}" for kind in awaited)
        line = related_line(change.typed, ["wait", "--for=condition=Established", *crds, f"--timeout={timeout:g}s"], "")
        commands.append(change.command(cluster, line))
    reasons = {}
    for (cluster, awaited), result in zip(kinds.items(), run_waiting(change, "kinds", commands, timeout)):
        cause = messages.find_cause(result.stderr.decode("utf-8", "replace"), result.status or 0).reason
        crds = dict.fromkeys(kind.crd for kind in awaited)
        failed = result.status != 0
        reasons[cluster] = messages.not_established(list(crds), f"{timeout:g}s", cause) if failed else ""
    return reasons


def failed_result(first: Result, kinds: Collection[InputKind], reason: str) -> Result:
    """Return the result of a run after which a CRD is not established. reason: why"""
    return first._replace(stderr=without_awaited(first.stderr, kinds) + f"error: {reason}\n".encode())


def joined_result(first: Result, second: Result, request: Request) -> Result:
    """Return the result of both runs of one command as that of one. An error of the first that lasts is in the second.

    Where the second prints that an object is unchanged, what the first has done to it counts.
    """
    stdout = second.stdout
    if not grammar.output_format(request.line)[0]:
        stdout = object_changes.joined_lines(*(_text(result.stdout) for result in (first, second))).encode(
            "utf-8", "surrogateescape"
        )
    elif second.status is None or second.timed_out:
        stdout = second.stdout or first.stdout
    said = second.stderr.splitlines()
    warnings = [
        line + b"\n" for line in first.stderr.splitlines() if line.startswith(b"Warning: ") and line not in said
    ]
    return second._replace(stdout=stdout, stderr=b"".join(warnings) + second.stderr)


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape")
