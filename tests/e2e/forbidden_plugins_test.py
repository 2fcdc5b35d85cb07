# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The policy for credential plugins in the user's kuberc: what it forbids is not started, by whatever command."""

from __future__ import annotations

import re

import pytest

from tests import real_kubectl
from tests.e2e.conftest import MEMBERS
from tests.e2e.fake_plugins import POLICY, PluginUser, clusters, of

NODES = ("get", "nodes")
LABEL = ("label", "cm", "settings", "-n", "shop", "a=b", "--yes")
CHOICES = [("c1",), MEMBERS]


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("DenyAll", NODES),
        ("DenyAll", LABEL),
        ("Allowlist\ncredentialPluginAllowlist:\n- command: another-login", NODES),
        ("Allowlist\ncredentialPluginAllowlist:\n- command: another-login", ("get", "nodes", "-w")),
        ("Allowlist", NODES),
        ("Sometimes", NODES),
    ],
)
def test_a_plugin_that_the_users_kuberc_forbids_is_not_started(
    user: PluginUser, policy: str, words: tuple[str, ...], chosen: tuple[str, ...]
) -> None:
    plugin = user.plugin()
    user.logs_in_with(plugin.path)
    (user.kubeconfig.parent / "kuberc").write_text(POLICY + policy)
    done = user.mc(*words, of(chosen))
    assert (done.status, done.stdout, plugin.runs) == (1, "", [])
    assert re.search("(?i)policy|allowlist|not (allowed|permitted)", done.stderr), done.stderr
    has_policy = real_kubectl.version() >= (1, 35)
    assert user.shell.kubectl("--context", "c1", *NODES).status == int(has_policy)


@pytest.mark.parametrize("chosen", CHOICES)
@pytest.mark.parametrize("entry", ["PATH", "fake-login", "AllowAll"])
def test_a_plugin_that_the_users_kuberc_allows_is_run_by_us(
    user: PluginUser, entry: str, chosen: tuple[str, ...]
) -> None:
    plugin = user.plugin()
    user.logs_in_with("fake-login")
    listed = f"Allowlist\ncredentialPluginAllowlist:\n- command: {entry.replace('PATH', str(plugin.path))}\n"
    (user.kubeconfig.parent / "kuberc").write_text(POLICY + ("AllowAll\n" if entry == "AllowAll" else listed))
    assert user.shell.kubectl("--context", "c1", *NODES).status == 0
    done = user.mc(*NODES, of(chosen))
    assert (done.status, done.stderr, clusters(done)) == (0, "", list(chosen))
    assert [run.by_kubectl for run in plugin.runs] == [True] + [False] * len(chosen)


@pytest.mark.parametrize("words", [("clusters", "--check"), ("setup", "--check"), ("clusters",), NODES])
def test_a_kuberc_counts_for_our_own_commands_and_the_hub_too(user: PluginUser, words: tuple[str, ...]) -> None:
    plugin = user.plugin()
    user.logs_in_with(plugin.path, clusters=("hub",) if words in (("clusters",), NODES) else MEMBERS)
    (user.kubeconfig.parent / "kuberc").write_text(f"{POLICY}DenyAll\n")
    done = user.mc(*words)
    assert (done.status, plugin.runs) == (1, [])
    assert re.search("(?i)policy|not allowed", done.stdout + done.stderr), done.stderr


def test_a_kuberc_that_is_named_counts(user: PluginUser) -> None:
    plugin = user.plugin()
    user.logs_in_with(plugin.path)
    named = user.home / "named"
    named.write_text(f"{POLICY}DenyAll\n")
    for words, env in (((f"--kuberc={named}",), {}), ((), {"KUBERC": str(named)})):
        done = user.mc(*NODES, *words, **env)
        assert (done.status, done.stdout, plugin.runs) == (1, "", [])
    (user.kubeconfig.parent / "kuberc").write_text(f"{POLICY}DenyAll\n")
    assert user.mc(*NODES, KUBERC="off").status == 0
    assert plugin.first_arguments == list(MEMBERS)
