# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_mc.command_line import invocation, name_sets
from kubectl_mc.command_line.options import exact_names, names_targets
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.messages import UserError

PLAIN = st.text("ab-*?[]!", min_size=1, max_size=4)
SETS = st.builds(
    lambda before, parts, after: f"{before}{{{','.join(parts)}}}{after}",
    st.text("ab-*", max_size=2),
    st.lists(st.text("ab*", max_size=2) | st.just("{a,b}"), min_size=2, max_size=3),
    st.text("ab", max_size=2),
)
EXPRESSIONS = st.text("ab,.|{}^$2", min_size=1, max_size=6).map(lambda text: f"/{text}/")
VALUES = PLAIN | st.builds("{}{}".format, st.sampled_from(["", "!"]), SETS | EXPRESSIONS)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a", ["a"]),
        ("a,b,,c", ["a", "b", "", "c"]),
        ("prod-{eu,us},dev", ["prod-{eu,us}", "dev"]),
        ("{a,{b,c}},!{d,e}", ["{a,{b,c}}", "!{d,e}"]),
        ("a{b,c", ["a{b", "c"]),
        ("a},{b", ["a}", "{b"]),
        ("{a},{b}", ["{a}", "{b}"]),
        ("/a{2,3},b/,c", ["/a{2,3},b/", "c"]),
        ("!/a,b/,c", ["!/a,b/", "c"]),
        (r"/a\/,b/,c", [r"/a\/,b/", "c"]),
        ("/a/b/,c", ["/a/b/", "c"]),
        ("/a,b", ["/a", "b"]),
        ("//,b", ["//", "b"]),
        ("fleet/a,kueue/b", ["fleet/a", "kueue/b"]),
        ("arn:aws:eks:cluster/x,arn:aws:eks:cluster/y", ["arn:aws:eks:cluster/x", "arn:aws:eks:cluster/y"]),
    ],
)  # fmt: skip
def test_commas_separate_values_but_not_what_is_in_them(text: str, values: list[str]) -> None:
    assert name_sets.split_list(text) == values


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_a_list_is_split_where_it_was_joined(values: list[str]) -> None:
    assert name_sets.split_list(",".join(values)) == values


@given(st.text("ab,/!{}\\", max_size=12))
def test_nothing_is_lost_by_splitting(text: str) -> None:
    assert ",".join(name_sets.split_list(text)) == text


@given(st.text("ab,!*[]:", max_size=12))
def test_without_sets_and_expressions_each_comma_separates(text: str) -> None:
    assert name_sets.split_list(text) == text.split(",")


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@settings(max_examples=30, deadline=None)
@given(st.lists(st.text("ab{},", max_size=10) | SETS, min_size=20, max_size=40))
def test_sets_are_those_of_bash(texts: list[str]) -> None:
    words = [f"x{text}" for text in texts]  # bash drops empty words, and leaves a `{}` at the start of a word
    script = "set -f\n" + "".join(f"printf '%s ' {word}; echo\n" for word in words)
    lines = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()
    assert [[text for text, _ in name_sets.alternatives(word)] for word in words] == [line.split() for line in lines]


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--clusters=/a(/"], "missing ), unterminated subpattern at position 1"),
        (["--exclude=!/*/"], "invalid argument '*' for --exclude: not a regular expression (Python's): nothing to"),
        (["--contexts=a,{/[/,b}"], "unterminated character set at position 0"),
        ([f"--clusters={'{a,b}' * 10}"], "it must be a set of at most 1000 names"),
        ([f"--clusters={'{a,b}' * 1100}"], "it must be a set of at most 1000 names"),
    ],
)  # fmt: skip
def test_what_can_t_be_read_is_an_error_with_its_place(flags: list[str], problem: str) -> None:
    with pytest.raises(UserError) as raised:
        invocation.parse_invocation(["get", "pods", *flags])
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--clusters=a"], True),
        (["--clusters=!a"], False),
        (["--clusters=!a,!{b,c}", "--exclude=d"], False),
        (["--clusters=!a,*"], True),
        (["--clusters=/a/"], True),
        (["--contexts=!a"], False),
        (["--contexts=a"], True),
        (["--exclude=!a"], False),
        (["--all-clusters", "--clusters=!a"], True),
    ],
)
def test_what_is_left_out_names_no_targets_of_a_change(flags: list[str], named: bool) -> None:
    assert names_targets(invocation.parse_invocation(flags).options) is named


NAMES = st.sampled_from(["a", "b", "ab", "prod-eu", "fleet/a"])


# @ stands for the name of a cluster.
FORMS = ("!@", "{@,x}", "{x,@,y}", "{@}", "!{x,@}", "/@/", "!/@/", "/x,@,y/", "/^@$/", "{@,{x,@}}", "@{,}", "x,!@")


@given(st.lists(st.sampled_from(FORMS), min_size=1, max_size=4), NAMES, st.sampled_from(["clusters", "contexts"]))
def test_no_form_of_a_pattern_names_a_cluster_exactly(forms: list[str], name: str, flag: str) -> None:
    """A protected cluster is changed only where one of exact_names is its name (gate_test.py)."""
    names = exact_names([(flag, ",".join(forms).replace("@", name))])
    namespace, _, own_name = name.rpartition("/")
    assert not Cluster(name, ClusterProfile(own_name, namespace or "fleet")).is_named(names)
    assert Cluster(name, ClusterProfile(own_name, namespace or "fleet")).is_named(exact_names([(flag, f"x,{name}")]))
