# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Which clusters of an earlier run `resume` and `undo` are narrowed to."""

from __future__ import annotations

import pytest

from kubectl_mc.changes.earlier_run import narrowed_names
from kubectl_mc.changes.record import Run
from kubectl_mc.messages import UserError

RUN = Run("r", {}, ())
NAMES = ["prod-fleet/dev", "test/prod-eu", "prod-us"]


@pytest.mark.parametrize(
    ("names", "patterns", "are_contexts", "narrowed"),
    [
        (NAMES, [], False, NAMES),
        (NAMES, ["prod-*"], False, ["test/prod-eu", "prod-us"]),
        (NAMES, ["prod-*/*"], False, ["prod-fleet/dev"]),
        (NAMES, ["dev", "prod-us"], False, ["prod-fleet/dev", "prod-us"]),
        (NAMES, ["*"], False, NAMES),
        (NAMES, ["{dev,prod-us}"], False, ["prod-fleet/dev", "prod-us"]),
        (NAMES, ["/^prod/"], False, ["test/prod-eu", "prod-us"]),
        (NAMES, ["!dev"], False, ["test/prod-eu", "prod-us"]),
        (["arn:cluster/a", "b"], ["arn*"], True, ["arn:cluster/a"]),
        (["!a", "a", "b"], ["!a"], True, ["!a"]),
        (["{a,b}", "a", "b", "/a/"], ["{a,b}", "/a/"], True, ["{a,b}", "/a/"]),
        (["arn:cluster/a", "a"], ["a"], True, ["a"]),
        (["arn:cluster/a", "a"], ["*a"], True, ["arn:cluster/a", "a"]),
    ],
)
def test_a_glob_means_of_a_run_what_it_means_of_the_fleet(
    names: list[str], patterns: list[str], are_contexts: bool, narrowed: list[str]
) -> None:
    assert narrowed_names(RUN, names, patterns, are_contexts) == narrowed


@pytest.mark.parametrize(
    ("pattern", "are_contexts"), [("test*", False), ("x", False), ("dev", True), ("{dev,x}", False), ("!prod*", False)]
)
def test_a_pattern_of_no_cluster_of_the_run_is_an_error(pattern: str, are_contexts: bool) -> None:
    with pytest.raises(UserError):
        narrowed_names(RUN, NAMES, ["prod-us", pattern], are_contexts)
