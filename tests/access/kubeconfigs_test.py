# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from typing import Any

import pytest

from kubectl_mc.access import kubeconfigs

EXEC = {"exec": {"command": "aws", "args": ["eks"]}}
VIEW: dict[str, Any] = {
    "kind": "Config",
    "current-context": "one",
    "clusters": [
        {"name": "c1", "cluster": {"server": "https://1"}},
        {"name": "c2", "cluster": {"server": "https://2"}},
        {"name": "relative CA", "cluster": {"certificate-authority": "ca.crt"}},
        {"name": "absolute CA", "cluster": {"certificate-authority": "/ca.crt"}},
    ],
    "users": [
        {"name": "u1", "user": {"token": "t1"}},
        {"name": "u2", "user": EXEC},
        {"name": "relative", "user": {"exec": {"command": "./bin/login"}}},
        {"name": "absolute", "user": {"exec": {"command": "/bin/login"}}},
        {"name": "legacy", "user": {"auth-provider": {"name": "oidc"}}},
        {"name": "relative key", "user": {"client-certificate": "/crt", "client-key": "key"}},
        {"name": "relative token", "user": {"tokenFile": "token"}},
    ],
    "contexts": [
        {"name": "one", "context": {"cluster": "c1", "user": "u1", "namespace": "shop"}},
        {"name": "two", "context": {"cluster": "c2", "user": "u2"}},
        {"name": "relative", "context": {"cluster": "c1", "user": "relative"}},
        {"name": "absolute", "context": {"cluster": "c1", "user": "absolute"}},
        {"name": "legacy", "context": {"cluster": "c1", "user": "legacy"}},
        {"name": "relative CA", "context": {"cluster": "relative CA", "user": "u1"}},
        {"name": "absolute CA", "context": {"cluster": "absolute CA", "user": "u1"}},
        {"name": "relative key", "context": {"cluster": "c1", "user": "relative key"}},
        {"name": "relative token", "context": {"cluster": "c1", "user": "relative token"}},
        {"name": "no user", "context": {"cluster": "c1"}},
        {"name": "lost", "context": {"cluster": "nowhere", "user": "nobody"}},
        {"name": "empty"},
    ],
}  # fmt: skip


def minimal(name: str) -> dict[str, Any]:
    content = kubeconfigs.split_contexts(VIEW)[name].content
    assert content is not None
    return dict(content)


def test_each_context_gets_its_own_cluster_and_user_only() -> None:
    assert minimal("one") == {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "contexts": [VIEW["contexts"][0]],
        "clusters": [VIEW["clusters"][0]],
        "users": [VIEW["users"][0]],
    }
    assert minimal("two")["users"] == [VIEW["users"][1]]


def test_flags_name_other_entries_for_every_context() -> None:
    split = kubeconfigs.split_contexts(VIEW, "c2", "u2")
    for name in ("one", "no user", "lost", "empty"):
        content = split[name].content or {}
        assert (content["clusters"], content["users"]) == ([VIEW["clusters"][1]], [VIEW["users"][1]])
        assert content["contexts"][0]["context"].items() >= {("cluster", "c2"), ("user", "u2")}
        assert split[name].starts_programs
    assert (split["one"].content or {})["contexts"][0]["context"]["namespace"] == "shop"
    assert kubeconfigs.split_contexts(VIEW, "", "legacy")["one"] == kubeconfigs.split_contexts(VIEW)["legacy"]


def test_there_is_one_for_every_context() -> None:
    assert list(kubeconfigs.split_contexts(VIEW)) == [entry["name"] for entry in VIEW["contexts"]]


@pytest.mark.parametrize(
    ("context", "whole", "starts_programs"),
    [
        ("one", True, False),
        ("two", True, True),
        ("absolute", True, True),
        ("relative", False, True),
        ("legacy", False, True),
        ("relative CA", False, False),
        ("absolute CA", True, False),
        ("relative key", False, False),
        ("relative token", False, False),
        ("no user", True, False),
        ("lost", True, False),
        ("empty", True, False),
    ],
)
def test_what_needs_its_own_folder_or_file_keeps_it(context: str, whole: bool, starts_programs: bool) -> None:
    split = kubeconfigs.split_contexts(VIEW)[context]
    assert (split.content is not None, split.starts_programs) == (whole, starts_programs)


def test_a_relative_path_is_that_of_its_entrys_folder() -> None:
    folders = {
        ("users", name): f"/folder/{name}" for name in ("u2", "relative", "relative key", "relative token", "absolute")
    }
    view = kubeconfigs.with_absolute_paths(VIEW, {**folders, ("clusters", "relative CA"): "/folder"})
    changed = {
        "relative CA": {"certificate-authority": "/folder/ca.crt"},
        "relative": {"exec": {"command": "/folder/relative/bin/login"}},
        "relative key": {"client-certificate": "/crt", "client-key": "/folder/relative key/key"},
        "relative token": {"tokenFile": "/folder/relative token/token"},
    }
    for kind, field in (("clusters", "cluster"), ("users", "user")):
        expected = [{**entry, field: changed.get(entry["name"], entry[field])} for entry in VIEW[kind]]
        assert view[kind] == expected
    own = [name for name, split in kubeconfigs.split_contexts(view).items() if split.content is None]
    assert own == ["legacy"]
    assert kubeconfigs.with_absolute_paths(VIEW, {}) == VIEW


@pytest.mark.parametrize("context", ["lost", "empty"])
def test_a_context_of_nothing_is_left_for_kubectl_to_complain_of(context: str) -> None:
    assert (minimal(context)["clusters"], minimal(context)["users"]) == ([], [])


@pytest.mark.parametrize("view", [{}, {"contexts": None, "clusters": None, "users": None}])
def test_an_empty_kubeconfig_has_no_contexts(view: dict[str, Any]) -> None:
    assert kubeconfigs.split_contexts(view) == {}


def test_what_is_in_a_kubeconfig_is_not_in_its_repr() -> None:
    assert "t1" not in repr(kubeconfigs.split_contexts(VIEW)["one"])
