from __future__ import annotations

import os
from pathlib import Path

import pytest

from kubectl_mc import access, grammar, selection
from kubectl_mc.access import Target
from kubectl_mc.hub import ClusterProfile
from kubectl_mc.kubeconfig import Kubeconfig
from kubectl_mc.mapping import ClusterMapping, Entry
from kubectl_mc.selection import Cluster

OWN = Kubeconfig(None, starts_programs=False)
PLUGINS = Kubeconfig(None, starts_programs=True)


def argv(text: str, target: Target, plugin: bool = False) -> list[str]:
    return list(access.command("kubectl", target, grammar.parse(text.split()), {}, plugin).argv)


def test_a_cluster_is_reached_by_its_mapped_context_else_by_one_of_its_name() -> None:
    profiles = [ClusterProfile("a", "fleet"), ClusterProfile("b", "fleet"), ClusterProfile("b", "other")]
    clusters = selection.fleet(profiles)
    mapping = ClusterMapping(None, (Entry("b", "general"), Entry("b", "special", "other")))
    assert access.targets(clusters, mapping, PLUGINS) == [
        Target("a", "a", PLUGINS, "context"),
        Target("fleet/b", "general", PLUGINS, "mapping"),
        Target("other/b", "special", PLUGINS, "mapping"),
    ]


def test_two_profiles_of_one_name_don_t_share_the_context_of_that_name() -> None:
    clusters = selection.fleet([ClusterProfile("eu", "fleet"), ClusterProfile("eu", "other")])
    found = access.targets(clusters, ClusterMapping(), PLUGINS)
    assert [target.context for target in found] == ["fleet/eu", "other/eu"]


def test_a_context_taken_for_a_cluster_is_reached_by_itself() -> None:
    (target,) = access.targets([Cluster("shown", ClusterProfile("raw", ""))], ClusterMapping(), PLUGINS)
    assert (target.cluster, target.context) == ("shown", "raw")


def test_kubectl_gets_the_context_and_the_words_unchanged() -> None:
    words = argv("get pods -n shop -- x", Target("c1", "ctx", OWN))
    assert words == ["kubectl", "--context", "ctx", "get", "pods", "-n", "shop", "--", "x"]


def test_with_a_kubeconfig_of_its_own_it_needs_no_context() -> None:
    command = access.command(
        "kubectl", Target("c1", "ctx", Kubeconfig({"kind": "Config"}, False)), grammar.parse(["get"]), {}
    )
    assert (command.cluster, command.argv, command.kubeconfig) == ("c1", ("kubectl", "get"), b'{"kind": "Config"}')


@pytest.mark.parametrize("text", ["--kubeconfig f get pods -n x", "get pods --kubeconfig=f -n x"])
def test_a_kubeconfig_of_its_own_stands_in_for_the_one_on_the_command_line(text: str) -> None:
    reached = Target("c1", "ctx", Kubeconfig({"kind": "Config"}, False))
    assert argv(text, reached) == ["kubectl", "get", "pods", "-n", "x"]
    assert argv(text, reached._replace(kubeconfig=OWN)) == ["kubectl", "--context", "ctx", *text.split()]


def test_its_kubectl_gets_the_variables_that_a_kubeconfig_needs() -> None:
    reached = Target("c1", "ctx", Kubeconfig({"kind": "Config"}, False, (("LOGIN", "s3cret"),)))
    command = access.command("kubectl", reached, grammar.parse(["get"]), {"LOGIN": "", "HOME": "/h"})
    assert (command.env["LOGIN"], command.env["HOME"]) == ("s3cret", "/h")
    assert "s3cret" not in repr(reached)


def test_a_plugin_gets_its_context_behind_its_name() -> None:
    words = argv("tree deploy x", Target("c1", "ctx", OWN), plugin=True)
    assert words == ["kubectl", "tree", "--context", "ctx", "deploy", "x"]


def test_a_plugins_name_may_have_several_words() -> None:
    line = grammar.parse(["foo", "bar", "x"])._replace(path=("foo", "bar"))
    command = access.command("kubectl", Target("c1", "ctx", OWN), line, {}, plugin=True)
    assert command.argv == ("kubectl", "foo", "bar", "--context", "ctx", "x")


@pytest.mark.parametrize(
    ("size", "count", "worth"), [(1_000_000, 100, True), (10_000, 3, False), (0, 100, False), (1_000_000, 1, False)]
)
def test_a_large_kubeconfig_is_split_for_many_clusters(size: int, count: int, worth: bool) -> None:
    assert access.worth_splitting(size, count) is worth


@pytest.mark.parametrize(
    ("text", "can"),
    [("get pods", True), ("get pods --kubeconfig=x", True), ("--user x get pods", False), ("get --username=x", True)],
)
def test_where_another_user_entry_is_named_kubectl_reads_the_users_own(text: str, can: bool) -> None:
    assert access.can_split(grammar.parse(text.split())) is can


def test_without_memory_files_nothing_is_split_to_be_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    assert not access.worth_splitting(1_000_000, 100)


def test_a_context_that_was_not_split_keeps_the_user_s_own() -> None:
    split = {"a": Kubeconfig({"kind": "Config"}, True)}
    targets = access.split([Target("c1", "a", OWN), Target("c2", "b", OWN)], split)
    assert targets == [Target("c1", "a", split["a"]), Target("c2", "b", OWN)]


@pytest.mark.parametrize(
    ("user", "starts_programs", "locale"),
    [
        ({}, False, access.SMALL_CATALOGUE),
        ({"LANG": "en_US.UTF-8"}, False, access.SMALL_CATALOGUE),
        ({"LC_ALL": "C"}, False, access.SMALL_CATALOGUE),
        ({"LANG": "de_DE.UTF-8"}, False, None),
        ({"LC_MESSAGES": "ja_JP.UTF-8", "LANG": "en_US.UTF-8"}, False, None),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "de_DE.UTF-8"}, False, access.SMALL_CATALOGUE),
        ({"LC_ALL": "zh_CN.GB18030"}, False, "zh_CN.GB18030"),
        ({"LANG": "en_US.UTF-8"}, True, None),
        ({"LC_ALL": "fr_CH.UTF-8"}, True, "fr_CH.UTF-8"),
    ],
)
def test_the_locale_is_left_alone_where_someone_would_see_it(
    user: dict[str, str], starts_programs: bool, locale: str | None
) -> None:
    lean = access.lean_environment("kubectl", user, starts_programs)
    assert lean.get("LC_ALL") == locale
    assert {name: lean[name] for name in user if name != "LC_ALL"} == {n: v for n, v in user.items() if n != "LC_ALL"}


def test_what_the_user_set_for_go_counts() -> None:
    assert access.lean_environment("kubectl", {"GOGC": "50"}, False) == {
        **access.GARBAGE_COLLECTION,
        "GOGC": "50",
        "LC_ALL": access.SMALL_CATALOGUE,
    }


def test_what_lasts_collects_its_garbage() -> None:
    assert "GOGC" not in access.lean_environment("kubectl", {}, False, lasting=True)


@pytest.mark.parametrize(
    ("start", "locale"), [(b"#!/bin/bash\nexec kubectl", None), (b"\x7fELF", access.SMALL_CATALOGUE)]
)
def test_a_shell_would_complain_of_a_locale_that_the_system_lacks(
    start: bytes, locale: str | None, tmp_path: Path
) -> None:
    (tmp_path / "kubectl").write_bytes(start)
    assert access.lean_environment(str(tmp_path / "kubectl"), {}, False).get("LC_ALL") == locale
