"""Shell completion: `kubectl_complete-mc` as kubectl calls it, on the fleet."""

from __future__ import annotations

import os

import pytest

from kubectl_mc.commands.complete import NO_FILES, complete
from tests.e2e.conftest import Shell


@pytest.mark.parametrize(
    ("words", "candidates"),
    [
        (["get", "pods", "--clusters", ""], ["c1", "c2", "c3"]),
        (["get", "pods", "--clusters=c1,"], ["c1,c2", "c1,c3"]),
        (["--exclude", "c"], ["c1", "c2", "c3"]),
        (["get", "deploy", "-n", "shop", ""], ["cart"]),
        (["-n", "shop", "get", "deploy", "ca"], ["cart"]),
        (["--clusters=c2", "get", "ns", "only"], ["only-c2"]),
        (["get", "pods", "--hub-context", "h"], ["hub"]),
    ],
)
def test_candidates(members: Shell, words: list[str], candidates: list[str]) -> None:
    assert complete(words, members.environment) == (candidates, NO_FILES)


def test_verbs_are_kubectls_own(members: Shell) -> None:
    candidates, _ = complete(["desc"], members.environment)
    assert [candidate.partition("\t")[0] for candidate in candidates] == ["describe"]


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
