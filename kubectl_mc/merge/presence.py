# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Presence: whether a cluster lacks all that a command is about, or only a part. Pure."""

from __future__ import annotations

import re

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge import object_changes
from kubectl_mc.named_tuples import NamedTuple

_NO_NAMESPACE = re.compile(r'Error from server \(NotFound\): namespaces "([^"]+)" not found$')
_NO_MATCH = "error: no matching resources"  # `wait`: there is no object of any of the types


class AskedObject(NamedTuple):
    """An object that a command is about, or all objects of a type. namespace: "" if the object doesn't name it"""

    type: str
    name: str
    namespace: str = ""


def lacks_all(stderr: str, line: CommandLine, content: bytes | None) -> bool:
    """Return whether a kubectl that has failed by absences only finds nothing of what its command is about.

    content: of the -f or -k, None if there is none
    If not, it may have stopped at the first absence (`diff`), and how the others are nobody has seen.
    """
    absences = set(messages.absences(stderr))
    asked = set(_of_content(content) if content is not None else _of_operands(line))
    if len(absences) >= len(asked) > 0 or any(absence.startswith(_NO_MATCH) for absence in absences):
        return True
    if len({item.type for item in asked}) == 1 and messages.find_cause(stderr, 1).kind == "no-such-type":
        return True
    lacking = {match[1] for absence in absences if (match := _NO_NAMESPACE.match(absence))}
    return bool(asked) and all(item.namespace in lacking for item in asked)


def _of_operands(line: CommandLine) -> list[AskedObject]:
    operands = grammar.operands(line)
    if not operands:
        return []
    if "/" in operands[0]:
        references = [operand.partition("/")[::2] for operand in operands]
    else:
        references = [(operands[0], name) for name in operands[1:] or ("",)]
    return [AskedObject(kind, name) for types, name in references for kind in types.split(",")]


def _of_content(content: bytes) -> list[AskedObject]:
    asked = []
    for declared in object_changes.declared_objects(content):
        metadata = declared.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        if not isinstance(declared.get("items"), list):
            declared_type = f"{declared.get('apiVersion')} {declared.get('kind')}"
            name, namespace = str(metadata.get("name")), str(metadata.get("namespace") or "")
            asked.append(AskedObject(declared_type, name, namespace))
    return asked
