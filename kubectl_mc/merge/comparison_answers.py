# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What is shown of compared objects: texts with diffs, a document, or names. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import lru_cache

from kubectl_mc import messages
from kubectl_mc.merge.comparable_objects import shown_key
from kubectl_mc.merge.comparison import ComparedObject, Group
from kubectl_mc.merge.hidden_secrets import hidden_values, is_secret
from kubectl_mc.merge.object_lines import diff_lines, object_lines
from kubectl_mc.merge.owned_fields import MISSING, canonical
from kubectl_mc.messages.colours import BOLD, painted, painted_diff
from kubectl_mc.messages.group_names import group_heading
from kubectl_mc.messages.painting import painted_heading
from kubectl_mc.type_hints import Any

THE_FILE = "THE FILE"


def without_secrets(compared: ComparedObject) -> ComparedObject:
    """Return the object as it may be shown."""
    if not is_secret(compared.key.kind):
        return compared
    hidden = hidden_values([group.value for group in compared.groups])
    groups = tuple(group._replace(value=value) for group, value in zip(compared.groups, hidden))
    reference = None if compared.reference is None else groups[compared.groups.index(compared.reference)]
    return compared._replace(groups=groups, reference=reference)


def difference_text(compared: ComparedObject, outside: Collection[str], coloured: bool) -> str:
    """Return what is shown of an object that differs: its groups, then how each differs from the reference.

    outside: the clusters that could not be compared, so that no glob means them
    """
    compared = without_secrets(compared)
    headings = {id(group): _heading(group, compared.groups, outside) for group in compared.groups}
    title = shown_key(compared.key)
    lines = [painted(title, BOLD) if coloured else title]
    for group in compared.groups:
        heading = painted_heading(headings[id(group)]) if coloured else headings[id(group)]
        lines.append(f"  {heading}{' (absent)' if group.is_absent else ''}")
    lines += _notes(compared)
    reference = compared.reference
    for group in compared.groups if reference else ():
        if reference is None or group is reference or group.is_absent:
            continue
        files = [f"--- {_cut(headings[id(reference)])}", f"+++ {_cut(headings[id(group)])}"]
        diff = "\n".join([*files, *diff_lines(object_lines(reference.value), object_lines(group.value))])
        lines += ["", painted_diff(diff) if coloured else diff]
    return "".join(f"{line}\n" for line in lines)


def _notes(compared: ComparedObject) -> list[str]:
    paths = ", ".join(messages.visible(path) for path in compared.not_compared)
    return [f"  not compared, as a subresource sets it: {paths}"] if paths else []


def _heading(group: Group, groups: Sequence[Group], outside: Collection[str]) -> str:
    others = tuple(cluster for other in groups if other is not group for cluster in other.clusters)
    is_lone = all(len(other.clusters) <= 1 for other in groups)
    of_clusters = _clusters_heading(group.clusters, (*others, *outside), is_lone) if group.clusters else ""
    return " and ".join(filter(None, (THE_FILE if group.has_file else "", of_clusters)))


@lru_cache(maxsize=1024)  # many objects have the same groups
def _clusters_heading(names: tuple[str, ...], others: tuple[str, ...], is_lone: bool) -> str:
    return group_heading(names, others, is_lone)


def _cut(heading: str) -> str:
    """Return the heading of a diff, without the names that make it long: all of them stand above the diffs."""
    return heading if len(heading) <= _LONGEST else f"{heading[:_LONGEST].rpartition(', ')[0]}, …"


_LONGEST = 100


def alike_text(compared: ComparedObject, everywhere: str) -> str:
    """Return what is shown of an object that all clusters have alike. everywhere: such as "all 3 clusters" """
    lines = [f"{shown_key(compared.key)}: alike in {everywhere}", *_notes(compared)]
    return "".join(f"{line}\n" for line in lines)


def document(compared: ComparedObject) -> dict[str, Any]:
    """Return an object as -o json has it (docs/compare.md)."""
    compared, alike = without_secrets(compared), compared.is_alike
    key, reference = compared.key, compared.reference
    lines = object_lines(reference.value) if reference and not alike else []
    groups = []
    for group in compared.groups:
        fields: dict[str, Any] = {"clusters": [*group.clusters], "absent": group.is_absent}
        if group.has_file:
            fields["file"] = True
        if group is reference:
            fields["reference"] = True
        if not alike and group.value is not MISSING:
            if reference is None or group is reference:
                fields["object"] = json.loads(canonical(group.value))  # with its keys in order
            else:
                fields["diff"] = "".join(f"{line}\n" for line in diff_lines(lines, object_lines(group.value)))
        groups.append(fields)
    return {
        "name": key.resource,
        "group": key.group,
        "kind": key.kind,
        **({"namespace": key.namespace} if key.namespace else {}),
        "alike": alike,
        "groups": groups,
        **({"notCompared": [*compared.not_compared]} if compared.not_compared else {}),
    }
