# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Shell completion: `kubectl_complete-mc` as kubectl calls it, on the fleet."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_mc.access.cloud_clis import CLOUDS
from kubectl_mc.commands.completion import DEFAULT, KEEP_ORDER, NO_FILES, complete
from tests.e2e.conftest import Shell


@pytest.mark.parametrize(
    ("words", "candidates"),
    [
        (["get", "pods", "--clusters", ""], ["c1", "c2", "c3"]),
        (["get", "pods", "--clusters=c1,"], ["c1,c2", "c1,c3"]),
        (["get", "pods", "--clusters=c{1,2},!c1,!"], ["c{1,2},!c1,!c2", "c{1,2},!c1,!c3"]),
        (["get", "pods", "--clusters=c1,c{2,"], []),
        (["--exclude", "c"], ["c1", "c2", "c3"]),
        (["get", "deploy", "-n", "shop", ""], ["cart"]),
        (["-n", "shop", "get", "deploy", "ca"], ["cart"]),
        (["--clusters=c2", "get", "ns", "only"], ["only-c2"]),
        (["--clusters=c2", "get", "pods", "-n", "shop,o"], ["shop,only-c2"]),
        (["--clusters=c2", "get", "pods", "--namespace=shop,o"], ["shop,only-c2"]),
        (["--clusters=c2", "delete", "pods", "-n", "shop,o"], []),
        (["compare", "deploy", "-n", "shop", ""], ["cart"]),
        (["compare", "--ignore=.x", "-n", "shop", "deploy", "--against=c1", "ca"], ["cart"]),
        (["compare", "deploy", "--clusters=c2", "-n", "only"], ["only-c2"]),
        (["compare", "deploy", "--against", ""], ["c1", "c2", "c3"]),
        (["compare", "deploy", "--against=c"], ["c1", "c2", "c3"]),
        (["get", "pods", "--hub-context", "h"], ["hub"]),
        (["get", "pods", "--contexts", "c"], ["c1", "c2", "c3"]),
        (["get", "pods", "--contexts=c1,c"], ["c1,c2", "c1,c3"]),
        (["trust", ""], ["list", "approve", "revoke", "export"]),
        (["audit", "s"], ["show"]),
        (["trust", "approve", ""], ["c1", "c2", "c3"]),
        (["trust", "approve", "c1", "c"], ["c2", "c3"]),
        (["clusters", "c2", ""], ["c1", "c3"]),
        (["audit", "show", "x", "--o"], ["--output"]),
        (["audit", "show", "x", "--color="], ["auto", "always", "never"]),
        (["get", "pods", "--color=a"], ["auto", "always"]),
        (["get", "pods", "--max-parallel=x", "--clusters", ""], []),
    ],
)
def test_candidates(members: Shell, words: list[str], candidates: list[str]) -> None:
    assert complete(words, members.environment) == (candidates, NO_FILES)


def test_verbs_are_kubectls_own(members: Shell) -> None:
    candidates, _ = complete(["desc"], members.environment)
    assert [candidate.partition("\t")[0] for candidate in candidates] == ["describe"]


def names(members: Shell, *words: str) -> list[str]:
    """The candidates without their descriptions."""
    return [each.partition("\t")[0] for each in complete(words, members.environment)[0]]


def test_our_commands_stand_beside_kubectls(members: Shell) -> None:
    assert names(members, "cl") == ["cluster-info", "clusters"]
    assert names(members, "help", "cl") == ["cluster-info", "clusters"]
    assert {"clusters", "setup", "trust", "audit", "resume", "undo", "get"} <= set(names(members, ""))
    assert names(members, "get", "cl")[0] != "clusters"


@pytest.mark.parametrize(
    ("words", "offered", "not_offered"),
    [
        ("clusters --", "--check --output --clusters --refresh --help", "--yes --waves --namespace"),
        ("compare --", "--against --ignore --with-status --selector --verbose", "--fold --if-present --yes --watch"),
        ("setup --", "--check --provider --yes --exclude", "--waves --output"),
        ("trust approve --", "--yes --clusters --hub-context", "--waves --output"),
        ("resume x --", "--repeat-unknown --yes --waves --verbose --clusters", "--exclude --check"),
        ("get pods --", "--clusters --fold --watch --where --count-by", "--waves --yes --by-time --if-present"),
        ("wait pod/x --", "--if-present --for", "--yes --by-time --where"),
        ("auth can-i --", "--list --where --count-by", "--by-time"),
        ("logs x --", "--by-time --follow --include --exclude-container-regex --output", "--waves"),
        ("logs x -o json --", "--by-time --follow", "--waves"),
        ("delete pod x --", "--yes --waves --clusters --grace-period", "--by-time --context"),
        ("--", "--clusters --yes --namespace --help --version --where", "--context --server"),
    ],
)
def test_the_flags_that_a_command_makes_use_of(members: Shell, words: str, offered: str, not_offered: str) -> None:
    found = names(members, *words.split(" "))
    assert set(offered.split()) <= set(found)
    assert not set(not_offered.split()) & set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("clusters -o ", "wide json yaml name"),
        ("compare -o ", "json name"),
        ("clusters --output ", "wide json yaml name"),
        ("clusters --output=n", "name"),
        ("trust list -o j", "json"),
        ("audit show x --output ", "json yaml"),
        ("setup --provider ", " ".join(CLOUDS)),
        ("setup --provider=a", "aws azure ali"),
        ("clusters --namespace ", ""),
        ("logs x -o ", "json extjson raw"),
        ("logs x --output=e", "extjson"),
    ],
)
def test_values_of_our_commands_flags(members: Shell, words: str, values: str) -> None:
    assert complete(words.split(" "), members.environment) == (values.split(), NO_FILES)


def test_runs_are_named_the_newest_first(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home()
    assert complete(["resume", ""], user.environment) == ([], NO_FILES)
    for words in ("label ns shop a=b --clusters=c1 --overwrite", "label ns shop a- --clusters=c1"):
        assert user.mc(*words.split(), "--yes").status == 0
    listed = [row[0] for row in user.mc("audit").rows[1:]]
    assert len(listed) == 2
    for asked in (["resume", "2"], ["undo", ""], ["audit", "show", ""]):
        candidates, directive = complete(asked, user.environment)
        assert [each.partition("\t")[0] for each in candidates] == listed[::-1]
        assert "Label namespace 'shop' in 1 cluster" in candidates[0]
        assert directive == NO_FILES | KEEP_ORDER
    assert complete(["resume", listed[0], ""], user.environment) == ([], NO_FILES)


def test_a_file_is_for_the_shell_to_complete(members: Shell) -> None:
    assert complete(["get", "pods", "--clusterprofile-provider-file", ""], members.environment) == ([], DEFAULT)


def test_a_plugins_own_completion_is_asked_with_the_context_behind_its_name(members: Shell, tmp_path: Path) -> None:
    for name, script in (("kubectl-foo-bar", ""), ("kubectl_complete-foo-bar", 'echo "$*"; echo :4')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    path = os.pathsep.join((str(tmp_path), members.environment["PATH"]))
    found = complete(["foo", "bar", "--include", "a", "--clusters=c2", ""], {**members.environment, "PATH": path})
    assert found == (["--context c2 --include a"], NO_FILES)


def test_plugins_are_completed_behind_plugin_run(members: Shell, tmp_path: Path) -> None:
    for name, script in (("kubectl-clusters", ""), ("kubectl_complete-clusters", 'echo "$*"; echo :4')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    user = {**members.environment, "PATH": os.pathsep.join((str(tmp_path), members.environment["PATH"]))}
    names = [candidate.partition("\t")[0] for candidate in complete(["plugin", ""], user)[0]]
    assert names == ["list", "run"]
    assert complete(["plugin", "run", "cl"], user) == (["clusters"], NO_FILES)
    found = complete(["--fold", "plugin", "run", "clusters", "--verbose", "--clusters=c2", ""], user)
    assert found == (["--context c2 --verbose"], NO_FILES)
    read_only = {**user, "KUBECTL_MC_READ_ONLY": "1"}  # a plugin's candidates are from a program
    assert complete(["plugin", "run", "clusters", "--clusters=c2", ""], read_only) == ([], DEFAULT)
    flags = {candidate.partition("\t")[0] for candidate in complete(["plugin", "run", "clusters", "--"], user)[0]}
    assert {"--clusters", "--yes", "--read-only"} < flags
    assert not {"--verbose", "--fold", "--include", "--refresh"} & flags


def test_our_flags_stand_beside_kubectls_but_not_those_we_refuse(members: Shell) -> None:
    candidates, _ = complete(["get", "pods", "--c"], members.environment)
    names = [candidate.partition("\t")[0] for candidate in candidates]
    assert {"--clusters", "--cluster-timeout", "--chunk-size"} <= set(names)
    assert not {"--cluster", "--context"} & set(names)


def test_a_cluster_that_is_down_is_passed_over(members: Shell) -> None:
    with members.fault("c1", "refuse"):
        assert complete(["get", "deploy", "-n", "shop", ""], members.environment) == (["cart"], NO_FILES)


def test_without_kubeconfig_there_are_no_candidates_and_no_error(members: Shell) -> None:
    environment = {"PATH": members.environment["PATH"], "HOME": os.devnull}
    assert complete(["get", "pods", "--clusters", ""], environment) == ([], NO_FILES)
