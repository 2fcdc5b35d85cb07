# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The questions of `setup`, on streams in place of a terminal, and without fzf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access.context_dialogue import CHOSEN, Dialogue, keeps_answers, shared_ways
from kubectl_mc.access.context_proposals import Context, Proposal, propose
from kubectl_mc.fleet.cluster_profiles import MEMBER_ID_LABEL, AccessProvider, ClusterProfile
from kubectl_mc.fleet.clusters import named_clusters
from kubectl_mc.fleet.mapping import ClusterMapping
from kubectl_mc.processes.environment import Environment
from tests.environments import memory_streams, written

NAMES = ("dev-1", "dev-2", "dev-3", "prod-ap", "prod-eu", "prod-us")
ADMINS = [f"{name}-admin" for name in NAMES]
ALL = dict(zip(NAMES, ADMINS))


def proposals(contexts: Sequence[str], profiles: Sequence[ClusterProfile] = ()) -> list[Proposal]:
    """What is proposed for NAMES, or other profiles."""
    profiles = profiles or [ClusterProfile(name, "fleet") for name in NAMES]
    return propose(named_clusters(profiles), [], ClusterMapping(), [Context(name, ("", "")) for name in contexts])


def talk(made: Sequence[Proposal], contexts: Sequence[str], typed: str) -> tuple[dict[str, str], str]:
    """The chosen contexts by cluster, and all that is shown."""
    streams = memory_streams(typed.encode())
    urls = [Context(name, (f"https://{number}:443", "")) for number, name in enumerate(contexts)]
    dialogue = Dialogue(made, urls, Environment({"PATH": "/nowhere"}, streams))
    dialogue.ask()
    chosen = {each.cluster.name: each.context for each in dialogue.proposals if each.how in CHOSEN}
    return chosen, written(streams.stderr)


@pytest.mark.parametrize(
    ("contexts", "typed", "chosen"),
    [
        # A pattern, its preview, and a yes.
        (ADMINS, "{name}-admin\ny\n", ALL),
        # Without a yes, another one may be typed.
        (ADMINS, "{name}-admin\nn\nkind-{name}\n{name}-admin\nyes\n", ALL),
        (ADMINS, "{name}-admin\n\n\n", {}),
        # What is no pattern.
        (ADMINS, "prod-eu-admin\n{nmae}\n{name\ny\n\n", {}),
        # Few are left, and are asked for one by one.
        (ADMINS[:4], "{name}-admin\ny\n1\n\n", {**dict(zip(NAMES[:4], ADMINS)), "prod-eu": "prod-ap-admin"}),
        # Several are left, so that another pattern may be typed.
        (
            ["prod-eu-admin", "kind-dev-2", "other"],
            "{name}-admin\ny\nkind-{name}\ny\n\n\nother\n\n",
            {"prod-eu": "prod-eu-admin", "dev-2": "kind-dev-2", "dev-3": "other"},
        ),
        # One by one; the form of an answer is carried over, if wanted, and offered once.
        (ADMINS, "\nprod-us-admin\n\n", {"dev-1": "prod-us-admin"}),
        (ADMINS, "\ndev-1-admin\ny\n", ALL),
        (ADMINS, "\n\ndev-2-admin\ny\n", {name: ALL[name] for name in NAMES[1:]}),
        (ADMINS, "\ndev-1-admin\nn\ndev-2-admin\ndev-3-admin\n", dict(zip(NAMES[:3], ADMINS))),
        # The end of the input.
        (ADMINS, "", {}),
        (ADMINS, "{name}-admin\n", {}),
        (ADMINS, "\ndev-1-admin\n", {"dev-1": "dev-1-admin"}),
    ],
)
def test_what_the_answers_choose(contexts: Sequence[str], typed: str, chosen: Mapping[str, str]) -> None:
    assert talk(proposals(contexts), contexts, typed)[0] == chosen


def test_the_clusters_are_counted_and_what_is_carried_over_is_shown_first() -> None:
    contexts = [*ADMINS[:4], "other"]
    shown = talk(proposals(contexts), contexts, "\n\ndev-2-admin\ny\n")[1]
    assert "6 open. A pattern for all ({name}), or one by one (empty): " in shown
    assert " These fit:\n  {name}-admin (4 clusters)\n6 open." in shown
    assert "\n[1/6] dev-1: context? (" in shown
    assert "\n[2/6] dev-2: context? (" in shown
    assert (
        "  CLUSTER   CONTEXT         SERVER\n"
        "  dev-3     dev-3-admin     https://2:443\n"
        "  prod-ap   prod-ap-admin   https://3:443\n"
        "  no context like prod-eu-admin for 2 clusters: prod-eu, prod-us\n"
        "It gives a context to 2 clusters, and leaves 2 open\n"
        "The same for the other 4 ({name}-admin matches 2)? [y/N] "
    ) in shown
    assert "\n[5/6] prod-eu: context? (" in shown


def test_a_context_with_another_server_than_the_profile_says_is_pointed_out() -> None:
    published = (AccessProvider("x", {"server": "https://0"}),)
    profiles = [ClusterProfile(name, "fleet", access_providers=published if "dev-" in name else ()) for name in NAMES]
    shown = talk(proposals(ADMINS[:2], profiles), ADMINS[:2], "{name}-admin\nn\n")[1]
    assert "  not the server that the ClusterProfile says: dev-2\n  no context like " in shown


def test_few_clusters_are_asked_for_without_a_pattern_and_a_count() -> None:
    few = proposals(ADMINS, [ClusterProfile(name, "fleet") for name in NAMES[:3]])
    chosen, shown = talk(few, ADMINS, "dev-1-admin\ndev-2-admin\ndev-3-admin\n")
    assert chosen == dict(zip(NAMES[:3], ADMINS))
    assert "pattern" not in shown
    assert "\nWhich context reaches dev-1? (close name: " in shown
    assert "The same" not in shown


def test_that_clusters_share_a_context_is_said() -> None:
    shown = talk(proposals(ADMINS), ADMINS, "\nother\nprod-us-admin\nprod-us-admin\n")[1]
    assert "Note: prod-us-admin is the context of dev-1, too\n" in shown
    same = [ClusterProfile("a", namespace, labels={MEMBER_ID_LABEL: "m"}) for namespace in ("n1", "n2")]
    assert "Note" not in talk(proposals(ADMINS, same), ADMINS, "dev-1-admin\ndev-1-admin\n")[1]


def test_contexts_of_several_member_clusters() -> None:
    profiles = [ClusterProfile(name, "fleet", labels={MEMBER_ID_LABEL: id}) for name, id in zip("abcd", "mm  ")]
    made = [proposal._replace(context="x") for proposal in proposals([], profiles)]
    assert shared_ways(made) == [["a", "b", "c", "d"]]
    assert shared_ways(made[:2]) == []
    assert shared_ways([proposal._replace(context=proposal.cluster.name) for proposal in made]) == []


@pytest.mark.parametrize(
    ("chosen", "typed", "kept"),
    [(2, "\n", True), (2, "y\n", True), (2, "n\n", False), (2, "x\n", False), (2, "", False), (0, "y\n", False)],
)
def test_answers_are_kept_if_there_are_some_and_the_user_says_so(chosen: int, typed: str, kept: bool) -> None:
    streams = memory_streams(typed.encode())
    made = [
        proposal._replace(context="x", how="chosen") if index < chosen else proposal
        for index, proposal in enumerate(proposals([]))
    ]
    assert keeps_answers(made, streams) == kept
    assert ("Keep the 2 answers? [Y/n] " in written(streams.stderr)) == bool(chosen)
    assert ("nothing is written" in written(streams.stderr)) != kept


def test_foreign_names_are_shown_with_visible_control_characters() -> None:
    evil = [ClusterProfile(name, "fleet", display_name="\x1b[2J") for name in NAMES]
    contexts = ["\x1b[2J-a", "dev-1\x1b[1A", "b"]
    shown = talk(proposals(contexts, evil), contexts, "{display}-b\n{display}-a\n\x1b{name}\n{\x1b}\n\n1\n")[1]
    assert "\x1b" not in shown
    assert "\\x1b[2J-b" in shown


WORDS = st.text("abn{}me", min_size=1, max_size=4)


@given(st.sets(WORDS, max_size=6), st.sets(WORDS, max_size=8), st.lists(st.sampled_from(["{name}", "a", "b"])))
def test_what_a_preview_shows_is_what_is_taken(names: set[str], contexts: set[str], pattern: Sequence[str]) -> None:
    contexts |= {"".join(pattern).replace("{name}", name) for name in sorted(names)[::2]}
    made = proposals(sorted(contexts), [ClusterProfile(name, "fleet") for name in sorted({*names, *NAMES})])
    chosen, shown = talk(made, sorted(contexts), f"{''.join(pattern)}\ny\n")
    rows = [line.split() for line in shown.splitlines() if line.startswith("  ") and "https://" in line]
    assert {row[0]: row[1] for row in rows if len(row) == 3 and not row[0].isdecimal()} == chosen
    assert {*chosen.values()} <= contexts
