# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Choices that last: which one is in force, what it makes of a command's options, and how it is kept."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line.options import Options, from_flags, names_targets
from kubectl_mc.fleet import lasting_choice
from kubectl_mc.fleet.choice import Choice, Purpose, choose
from kubectl_mc.fleet.cluster_profiles import MEMBER_ID_LABEL, ClusterProfile
from kubectl_mc.fleet.inventory import Inventory
from kubectl_mc.fleet.lasting_choice import CLUSTERS, SESSION, Flags, KeptChoices, with_choice
from kubectl_mc.fleet.mapping import FILES, ClusterMapping
from kubectl_mc.messages import UserError, lasting_texts
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.targets import own_kubeconfig
from tests.environments import environment
from tests.fleet.profiles import conditions

PROD: Flags = (("clusters", "prod-*"),)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def user(
    home: Path, variables: Mapping[str, str] | None = None, typed: Flags = (), terminal: bool = True
) -> Environment:
    own = environment({"HOME": str(home), **(variables or {})}, from_flags(typed))
    return own._replace(streams=own.streams._replace(stderr=Terminal())) if terminal else own


def keep(own: Environment, flags: Flags) -> None:
    lasting_choice.write_choices(lasting_choice.choice_path(own), KeptChoices(flags))


@pytest.mark.parametrize(
    ("typed", "flags", "defaults", "left"),
    [
        ((), PROD, (), {"clusters": ("prod-*",)}),
        ((("exclude", "a"),), (*PROD, ("exclude", "b")), (), {"clusters": ("prod-*",), "exclude": ("b", "a")}),
        ((("healthy", None),), PROD, (), {"clusters": ("prod-*",), "healthy": True}),
        ((("healthy", "false"),), (("healthy", None),), (), {}),
        ((("inventory", "x"),), (*PROD, ("inventory", "y")), (), {"clusters": ("prod-*",), "inventory": ("x",)}),
        # Towards the mapping file's defaults, the choice counts as typed.
        ((), PROD, (("clusters", "dev"), ("exclude", "a")), {"clusters": ("prod-*",), "exclude": ("a",)}),
        ((("exclude", "b"),), PROD, (("exclude", "a"),), {"clusters": ("prod-*",), "exclude": ("b",)}),
        ((), (("all-clusters", None),), (("clusters", "dev"), ("exclude", "a")), {"all_clusters": True}),
        ((), (("contexts", "kind-*"),), (("hub-context", "h"), ("healthy", "true")), {"contexts": ("kind-*",)}),
        ((), (("placement", "p"),), (("contexts", "kind-*"),), {"placement": "p"}),
    ],
)
def test_a_choice_stands_between_what_is_typed_and_the_defaults(
    typed: Flags, flags: Flags, defaults: tuple[tuple[str, str], ...], left: dict[str, object]
) -> None:
    assert with_choice(from_flags(typed), flags, defaults)._replace(typed=()) == Options(**left)  # type: ignore[arg-type]


def test_of_a_choice_only_the_fleet_counts_as_typed() -> None:
    """So that what a message tells the user to type is for the same hub; names count as typed only if they were."""
    chosen = with_choice(from_flags([("exclude", "a")]), (*PROD, ("hub-context", "h")))
    assert chosen.typed == (("hub-context", "h"), ("exclude", "a"))


def test_what_else_a_command_is_to_do_is_left() -> None:
    own = from_flags([("cluster-timeout", "3s")])._replace(output="json", refresh=True)
    assert with_choice(own, PROD)._replace(clusters=()) == own


@pytest.mark.parametrize(
    ("typed", "variables", "hub", "source"),
    [
        ((), {}, None, "kubectl mc use 'prod-*'"),
        ((("exclude", "a"),), {}, None, "kubectl mc use 'prod-*'"),
        ((), {CLUSTERS: "dev"}, None, CLUSTERS),
        ((), {CLUSTERS: ""}, None, "kubectl mc use 'prod-*'"),
        ((), {SESSION: "1"}, None, None),
        ((), {SESSION: ""}, None, "kubectl mc use 'prod-*'"),
        ((("clusters", "a"),), {CLUSTERS: "dev"}, None, None),
        ((("pick", None),), {}, None, None),
        # The names of one hub mean nothing on another one.
        ((("hub-context", "h"),), {}, "h", "kubectl mc use 'prod-*'"),
        ((("hub-context", "h"),), {}, "other", None),
        ((("hub-context", "h"),), {}, None, None),
        ((("hub-context", "h"),), {CLUSTERS: "dev"}, None, CLUSTERS),
    ],
)
def test_one_choice_at_a_time_is_in_force(
    tmp_path: Path, typed: Flags, variables: dict[str, str], hub: str | None, source: str | None
) -> None:
    keep(user(tmp_path), PROD)
    choice = lasting_choice.choice_in_force(user(tmp_path, variables, typed), hub)
    assert (choice and choice.source) == source


def test_without_a_terminal_only_what_is_set_for_the_process_counts(tmp_path: Path) -> None:
    keep(user(tmp_path), PROD)
    keep(user(tmp_path, {SESSION: "1"}), (("clusters", "dev"),))
    for variables, flags in (
        ({}, None),
        ({SESSION: "1"}, (("clusters", "dev"),)),
        ({CLUSTERS: "x"}, (("clusters", "x"),)),
    ):
        choice = lasting_choice.choice_in_force(user(tmp_path, variables, terminal=False), None)
        assert (choice and choice.flags) == flags


# --- Changes ------------------------------------------------------------------------------------------------------

NAMES = [f"{tier}-{number}" for tier in ("dev", "prod") for number in (1, 2)]
INVENTORY = Inventory(
    tuple(ClusterProfile(name, "fleet", conditions=conditions(healthy=name != "dev-1")) for name in NAMES)
)
GLOBS = st.lists(st.sampled_from([*NAMES, "dev-*", "prod-*", "*"]), min_size=1, max_size=2).map(",".join)


def flag(name: str) -> st.SearchStrategy[tuple[str, str]]:
    values = GLOBS if name in ("clusters", "exclude") else st.sampled_from(["true", "false"])
    return st.tuples(st.just(name), values)


FLAG_LISTS = st.lists(
    st.sampled_from(("clusters", "exclude", "all-clusters", "healthy")).flatmap(flag), max_size=3
).map(tuple)


def chosen(own: Environment, purpose: Purpose) -> list[str] | str:
    """The names of the clusters that a command is for; the error without those."""
    try:
        choice = choose(own, lambda *_: pytest.fail("the hub is asked"), lambda name: False, purpose=purpose)
    except UserError as error:
        return str(error)
    return [cluster.name for cluster in choice.clusters]


@given(
    typed=FLAG_LISTS,
    kept=FLAG_LISTS,
    variable=st.one_of(st.just(""), GLOBS),
    defaults=FLAG_LISTS,
    session=st.booleans(),
    purpose=st.sampled_from(("read", "change")),
)
def test_what_names_its_clusters_is_for_those_alone(
    tmp_path_factory: pytest.TempPathFactory,
    typed: Flags,
    kept: Flags,
    variable: str,
    defaults: Flags,
    session: bool,
    purpose: Purpose,
) -> None:
    """As every change does: else `commands.kubectl` refuses it, by what is typed (tests/e2e/use_test.py).

    What names none is narrowed by the choice, and never for more clusters than the choice is.
    """
    folder = tmp_path_factory.mktemp("home")
    (folder / ".kube").mkdir()
    (folder / ".kube" / "config").write_text("")
    values = {name: [text for other, text in defaults if other == name] for name, _ in defaults}
    (folder / ".kube" / FILES[0]).write_text(json.dumps({"defaults": values}))
    own = user(folder, {CLUSTERS: variable, SESSION: "1" if session else ""}, typed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kubectl_mc.fleet.choice.get_inventory", lambda *_, **__: INVENTORY)
        alone = chosen(own._replace(variables={"HOME": str(folder)}), purpose)
        keep(own, kept)
        clusters = chosen(own, purpose)
        if names_targets(own.options) or not (kept or variable):
            assert clusters == alone
        elif isinstance(clusters, list):
            flags = (("clusters", variable),) if variable else kept
            unnarrowed = chosen(user(folder, typed=(*flags, ("all-clusters", None))), purpose)
            assert ("healthy", "false") in typed or set(clusters) <= set(unnarrowed)


def test_the_fleet_is_counted_by_its_member_clusters(tmp_path: Path) -> None:
    profiles = [("a", "1"), ("b", "1"), ("c", ""), ("d", "")]
    inventory = Inventory(
        tuple(ClusterProfile(name, "fleet", labels={MEMBER_ID_LABEL: member_id}) for name, member_id in profiles)
    )
    assert Choice(user(tmp_path), (), ClusterMapping(), inventory, own_kubeconfig([])).fleet_size == 3


# --- How choices are kept -----------------------------------------------------------------------------------------


def test_a_choice_is_kept_with_the_one_before(tmp_path: Path) -> None:
    path = str(tmp_path / "new" / "user.json")
    assert lasting_choice.read_choices(path) == KeptChoices()
    kept = KeptChoices().replaced(PROD)
    assert kept == KeptChoices(PROD, ())
    assert kept.replaced(PROD) == kept
    again = kept.replaced((("healthy", None),))
    lasting_choice.write_choices(path, again)
    assert lasting_choice.read_choices(path) == again == KeptChoices((("healthy", None),), PROD)


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "{}", "\x00", "[" * 100_000, '"x"', "1",
        '{"apiVersion": "kubectl-mc.k8s.io/v2", "kind": "LastingChoice", "current": []}',
        '{"apiVersion": "kubectl-mc.k8s.io/v1alpha1", "kind": "Other", "current": []}',
        *(
            json.dumps({"apiVersion": "kubectl-mc.k8s.io/v1alpha1", "kind": "LastingChoice", "current": current})
            for current in list[object]((
                None, {}, [1], [["clusters"]], [["clusters", 1]], [["clusters", ""]], [["yes", None]], [[[], None]],
                [["clusterprofile-provider-file", "/evil"]], [["healthy", "maybe"]],
            ))
        ),
    ],
)  # fmt: skip
def test_what_is_no_choice_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "user.json").write_text(text)
    with pytest.raises(UserError, match=r"it isn't known which clusters are chosen, as .*user\.json can't be read: "):
        lasting_choice.read_choices(str(tmp_path / "user.json"))


def test_a_choice_of_another_version_is_said(tmp_path: Path) -> None:
    document = {"apiVersion": "kubectl-mc.k8s.io/v2", "kind": "LastingChoice", "current": [], "new": 7}
    (tmp_path / "user.json").write_text(json.dumps(document))
    words = r"it is of kubectl-mc\.k8s\.io/v2, as another version of kubectl-mc writes it; this is .*use --none"
    with pytest.raises(UserError, match=words):
        lasting_choice.read_choices(str(tmp_path / "user.json"))


def test_what_can_t_be_read_or_written_is_said(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to("nothing")
    for path in (tmp_path, pipe, link):
        with pytest.raises(UserError, match=r"can't be read: it is no regular file"):
            lasting_choice.read_choices(str(path))
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="the choice can't be kept"):
        lasting_choice.write_choices(str(tmp_path / "file" / "user.json"), KeptChoices())


@given(session=st.text(min_size=1).filter(lambda text: text.isprintable() or "/" in text), other=st.text(min_size=1))
def test_the_name_of_a_session_is_no_path(session: str, other: str) -> None:
    home = Path("/home/u")
    paths = [lasting_choice.choice_path(user(home, {SESSION: name})) for name in (session, other)]
    for path in paths:
        assert os.path.dirname(path) == "/home/u/.kube/kubectl-mc/choices"
        assert os.path.normpath(path) == path
        assert os.path.basename(path).lower() == os.path.basename(path)  # most file systems of macOS tell no case
    assert (paths[0] == paths[1]) == (session == other)


@pytest.mark.parametrize("source", ["a file (Linux)", "a program (macOS)", "nothing"])
def test_a_session_ends_with_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Else `$$` would name the choice of another shell. Where nothing tells the machine's runs apart, it is kept."""
    monkeypatch.setattr(lasting_choice, "_BOOT_ID", str(tmp_path / "boot_id"))
    monkeypatch.setattr(lasting_choice, "_SYSCTL", (str(tmp_path / "sysctl"),))
    paths = []
    for boot in ("one", "one", "two"):
        if "file" in source:
            (tmp_path / "boot_id").write_text(boot)
        elif "program" in source:
            (tmp_path / "sysctl").write_text(f"#!/bin/sh\necho {boot}\n")
            (tmp_path / "sysctl").chmod(0o700)
        paths.append(lasting_choice.choice_path(user(tmp_path, {SESSION: "1"})))
    assert (paths[0] == paths[1], paths[1] == paths[2]) == (True, source == "nothing")


def test_the_sessions_that_were_used_last_are_kept(tmp_path: Path) -> None:
    sessions = [user(tmp_path, {SESSION: str(number)}) for number in range(102)]
    keep(user(tmp_path), PROD)
    for age, session in enumerate(sessions[:100]):
        keep(session, PROD)
        os.utime(lasting_choice.choice_path(session), (0, age))
    assert lasting_choice.choice_in_force(sessions[0], None)  # it is old, but in use
    for session in sessions[100:]:
        keep(session, PROD)
    left = [lasting_choice.path_in_force(session) is not None for session in sessions]
    assert left == [True, False, False, *[True] * 99]
    assert lasting_choice.path_in_force(user(tmp_path))
    for file in Path(tmp_path).glob("**/session-*"):
        os.utime(file, (1e10, 1e10))
    keep(sessions[1], PROD)  # the clock has been set back
    assert lasting_choice.choice_in_force(sessions[1], None)


# --- How a choice is said -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "command"),
    [
        (PROD, "kubectl mc use 'prod-*'"),
        ((*PROD, ("clusters", "c1")), "kubectl mc use 'prod-*' c1"),
        ((("healthy", None), ("exclude", "a b")), "kubectl mc use --healthy --exclude='a b'"),
        ((("clusters", "-x"),), "kubectl mc use --clusters=-x"),
        ((("clusters", "\x1b[2J"),), "kubectl mc use '\\x1b[2J'"),
        ((("clusters", ",".join(NAMES * 9)),), "kubectl mc use"),
    ],
)
def test_a_choice_is_said_as_the_command_that_makes_it(flags: Flags, command: str) -> None:
    assert lasting_texts.use_command(flags) == command
