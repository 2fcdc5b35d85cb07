# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.changes import edits
from kubectl_mc.command_line import grammar, invocation

HEAD = "apps/v1 Deployment web shop"


def states(*rows: str) -> edits.ObjectStates:
    return edits.parse_states("".join(f"{row}\n" for row in rows).encode())


@pytest.mark.parametrize(
    ("before", "after", "changed", "unchanged"),
    [
        (f"{HEAD} 1 10", f"{HEAD} 1 10", [], True),
        (f"{HEAD} 1 10", f"{HEAD} 2 11", [("deployment.apps/web", "shop")], False),
        (f"{HEAD} 1 10", f"{HEAD} 1 11", [], False),
        ("v1 ConfigMap a shop <none> 10", "v1 ConfigMap a shop <none> 11", [("configmap/a", "shop")], False),
        ("v1 Node a <none> <none> 10", "v1 Node a <none> <none> 11", [("node/a", "")], False),
        ("", f"{HEAD} 1 10", [], False),
        ("", "", [], False),
    ],
)
def test_what_was_edited_is_told_by_its_versions(
    before: str, after: str, changed: list[tuple[str, str]], unchanged: bool
) -> None:
    edited = edits.edited_objects(states(before), states(after))
    assert [(change.resource, change.namespace) for change in edited] == changed
    assert edits.is_unchanged(states(before), states(after)) is unchanged


@pytest.mark.parametrize(
    ("kube_editor", "editor", "needs"),
    [
        ("", "", True),
        ("", "vim", True),
        ("", " /usr/bin/nano ", True),
        ("nvim", "sed -i s/a/b/", True),
        ("sed -i s/a/b/", "vim", False),
        ("", "vim -es -c wq", False),
        ("", "./change.sh", False),
        ("", "code", False),
        (" ", "vim", False),
    ],
)
def test_an_editor_that_needs_a_terminal(kube_editor: str, editor: str, needs: bool) -> None:
    assert edits.needs_terminal({"KUBE_EDITOR": kube_editor, "EDITOR": editor}) is needs


def test_what_is_looked_at_is_what_is_edited() -> None:
    line = invocation.parse_invocation(
        ["edit", "-f", "a.yaml", "deploy/a", "-n", "shop", "--as=bob", "-o", "json", "-R"]
    ).kubectl
    words = grammar.canonical_words(edits.reading_line(line))
    assert words[:-2] == [
        *("get", "--no-headers=true", "--namespace=shop", "--as=bob", "--filename=a.yaml", "--recursive=true"),
    ]
    assert words[-1] == "deploy/a"
