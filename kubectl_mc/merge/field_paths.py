# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Paths of fields as kubectl's custom-columns take them: `.spec.replicas`, `{.spec.containers[*].image}`. Pure.

The syntax is that of k8s.io/client-go/util/jsonpath, of whose filters those for one value are read. The braces and the
first dot may be left out (RelaxedJSONPathExpression in k8s.io/kubectl/pkg/cmd/get/customcolumn.go).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any


class WrongPath(ValueError):
    """A text is no path. position: of the mistake in it, from 0; reason: what is wrong there"""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason)
        self.position, self.reason = position, reason


class Step(NamedTuple):
    """A step of a path.

    field: the name of a field; None for items of a list
    place: of the item, from the end if it is negative; None for all of them, or for those that match
    matches: (the names of fields that lead to a value, the value) of the items that are meant
    """

    field: str | None = None
    place: int | None = None
    matches: tuple[tuple[str, ...], object] | None = None


FieldPath = tuple[Step, ...]

_NAME = re.compile(r"(?:\\.|[^\\.\[\]{}'\"\s*?@()=])+")
_QUOTED = re.compile(r"\[\s*(?:'((?:\\.|[^'\\])*)'|\"((?:\\.|[^\"\\])*)\")\s*\]")
_INDEX = re.compile(r"\[\s*(-?\d{1,9})\s*\]")
_ALL = re.compile(r"\[\s*\*\s*\]|\.\*")
_FILTER = re.compile(
    r"\[\s*\?\(\s*@((?:\.(?:\\.|[\w/-])+)+)\s*==\s*"
    r"(?:'((?:\\.|[^'\\])*)'|\"((?:\\.|[^\"\\])*)\"|(-?\d{1,15}|true|false))\s*\)\s*\]"
)


def parse_path(text: str) -> FieldPath:
    """Return the steps of a path. Raises WrongPath."""
    position, end = 0, len(text)
    if text.startswith("{"):
        if not text.endswith("}"):
            raise WrongPath(end, "} is missing")
        position, end = 1, end - 1
    if text.startswith("$", position):  # the object, in which a path begins anyway
        position += 1
    if text[position:end] and text[position] not in ".[":
        name = _NAME.match(text, position, end)
        if not name:
            raise WrongPath(position, "a field is expected")
        steps, position = [Step(_unescaped(name[0]))], name.end()
    else:
        steps = []
    while position < end:
        step, position = _next_step(text, position, end)
        steps.append(step)
    if not steps:
        raise WrongPath(position, "a field is expected")
    return tuple(steps)


def _next_step(text: str, position: int, end: int) -> tuple[Step, int]:
    """Return the step at this position, and where it ends."""
    if match := _ALL.match(text, position, end):
        return Step(), match.end()
    if match := _QUOTED.match(text, position, end):
        return Step(_unescaped(match[1] if match[1] is not None else match[2])), match.end()
    if match := _INDEX.match(text, position, end):
        return Step(place=int(match[1])), match.end()
    if match := _FILTER.match(text, position, end):
        names = tuple(_unescaped(name) for name in re.findall(r"\.((?:\\.|[\w/-])+)", match[1]))
        quoted = next((quoted for quoted in (match[2], match[3]) if quoted is not None), None)
        return Step(matches=(names, json.loads(match[4]) if quoted is None else _unescaped(quoted))), match.end()
    if text[position] == "[":
        raise WrongPath(position, "[*], [0], ['NAME'] or [?(@.FIELD==\"VALUE\")] is expected")
    if text[position] != ".":
        raise WrongPath(position, ". or [ is expected")
    match = _NAME.match(text, position + 1, end)
    if not match:
        raise WrongPath(position + 1, "a field is expected")
    return Step(_unescaped(match[0])), match.end()


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def remove_fields(value: Any, path: Sequence[Step]) -> None:
    """Take what the path means out of a JSON value, in its place. What the value lacks is passed over.

    What is empty then goes as well: where one cluster has only an ignored label, others have no labels at all.
    """
    step, rest = path[0], path[1:]
    for key in _keys(value, step):
        if rest:
            remove_fields(value[key], rest)
        if not rest or (isinstance(value, dict) and value[key] in ({}, [])):
            del value[key]


def _keys(value: Any, step: Step) -> list[Any]:
    """Return the keys of a map, or the indexes of a list, that the step means: the last one first."""
    if isinstance(value, dict):
        if step.field is None:
            return list(value) if step.place is None and step.matches is None else []
        return [step.field] if step.field in value else []
    if not isinstance(value, list) or step.field is not None:
        return []
    if step.place is not None:
        return [step.place] if -len(value) <= step.place < len(value) else []
    if step.matches is None:
        return list(reversed(range(len(value))))
    names, wanted = step.matches
    return [index for index in reversed(range(len(value))) if _is(_value(value[index], names), wanted)]


def _is(value: object, wanted: object) -> bool:
    return type(value) is type(wanted) and value == wanted


def _value(value: Any, names: Sequence[str]) -> object:
    """Return the value to which the names lead; None without it."""
    for name in names:
        with suppress(TypeError, KeyError):
            value = value[name]
            continue
        return None
    return value
