# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The policy for credential plugins: we allow what kubectl allows, and deny what can't be judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubectl_mc.access import plugin_policy
from kubectl_mc.access.credential_plugins import find_credential_plugin
from kubectl_mc.command_line.invocation import parse_invocation
from kubectl_mc.commands.completion import NO_FILES, complete
from kubectl_mc.processes import memory_files
from kubectl_mc.processes.kuberc_file import resolved
from tests import real_kubectl
from tests.e2e.conftest import Shell
from tests.e2e.plugin_entries_test import ENTRY, Place, place

__all__ = ["place"]


def write_kuberc(place: Place, policy: dict[str, Any]) -> None:
    document = {"apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference", **policy}
    (place.folder / "kuberc").write_text(json.dumps(document))


def denial(place: Place, words: Sequence[str] = ("get", "pods")) -> str:
    """Return why the policy of the kuberc forbids the plugin of the kubeconfig, for these words; "" if it may run."""
    with resolved(parse_invocation(words), place.environment) as (_, environment):
        plugin = find_credential_plugin(
            {**json.loads((place.folder / "config").read_text()), "current-context": "a"}, place.variables
        )
        assert plugin
        return plugin_policy.denial(environment.plugin_policy, plugin, place.variables)


def assert_same(place: Place, policy: dict[str, Any], command: str) -> None:
    place.variables["KUBERC"] = "kuberc"
    place.kubeconfig("config", {"exec": {**ENTRY, "command": command}})
    write_kuberc(place, policy)
    ran = place.run_by_kubectl("a") is not None
    assert (denial(place) == "") == ran, (policy, command, denial(place))


def allowlist(*entries: object) -> dict[str, Any]:
    return {"credentialPluginPolicy": "Allowlist", "credentialPluginAllowlist": list(entries)}


HAS_POLICY = real_kubectl.since("1.35", "the policy for credential plugins")
KINDS = ["", "AllowAll", "DenyAll", "Allowlist", "denyall", None]
COMMANDS = ["login", "FOLDER/bin/login", "FOLDER/plugins/login", "FOLDER//bin/../bin/login"]
ENTRIES = [
    "login", "FOLDER/bin/login", "FOLDER/plugins/login", "bin/login", "plugins/login", "other", "FOLDER//bin/login",
    "./login", "", "FOLDER/other/../bin/login", "FOLDER/link/login",
]  # fmt: skip


@HAS_POLICY
@pytest.mark.parametrize(
    "policy",
    [
        {},
        *({"credentialPluginPolicy": kind} for kind in KINDS),
        *({"credentialPluginPolicy": kind, "credentialPluginAllowlist": []} for kind in KINDS),
        *({"credentialPluginPolicy": kind, "credentialPluginAllowlist": None} for kind in KINDS),
        *({"credentialPluginPolicy": kind, "credentialPluginAllowlist": [{"name": "login"}]} for kind in KINDS),
        allowlist(None),
        allowlist({"name": "login"}, {}),
        allowlist({"name": "login", "command": "login"}),
        allowlist({"name": "", "command": "login"}),
        allowlist({"name": "login", "command": "other"}, {"command": "login"}),
        allowlist({"Command": "login"}),
    ],
)
def test_a_policy_forbids_what_kubectls_does(place: Place, policy: dict[str, Any]) -> None:
    assert_same(place, policy, "login")


@HAS_POLICY
@given(data=st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_allowlist_allows_what_kubectls_does(place: Place, data: st.DataObject) -> None:
    (place.folder / "link").unlink(missing_ok=True)
    (place.folder / "link").symlink_to("bin")
    command = data.draw(st.sampled_from(COMMANDS)).replace("FOLDER", str(place.folder))
    entries = data.draw(st.lists(st.tuples(st.sampled_from(["name", "command"]), st.sampled_from(ENTRIES)), max_size=3))
    policy = allowlist(*({field: text.replace("FOLDER", str(place.folder))} for field, text in entries))
    assert_same(place, policy, command)


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (allowlist({"name": "login", "checksum": "x"}), "has fields that are unknown here"),
        (allowlist({"checksum": "x"}), "entry 1 of the kuberc's credential plugin allowlist is empty"),
        ({"credentialPluginPolicy": "AllowSome"}, 'the kuberc\'s credential plugin policy "AllowSome" is unknown'),
        ({"credentialPluginPolicy": "AllowAll\x1b"}, "AllowAll\\x1b"),
    ],
)
def test_what_can_t_be_judged_is_denied_with_words(place: Place, policy: dict[str, Any], reason: str) -> None:
    place.variables["KUBERC"] = "kuberc"
    place.kubeconfig("config", {"exec": ENTRY})
    write_kuberc(place, policy)
    assert reason in denial(place)


@pytest.mark.parametrize(
    "words",
    [
        ["clusters", "--check"], ["setup", "--yes"], ["resume", "last"], ["undo", "last"], ["trust", "approve", "c1"],
        ["get", "pods"], ["apply", "-f", "x"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("flag", [False, True])
def test_it_holds_for_our_own_commands(place: Place, words: list[str], flag: bool) -> None:
    place.kubeconfig("config", {"exec": ENTRY})
    write_kuberc(place, {"credentialPluginPolicy": "DenyAll"})
    del place.variables["KUBERC"]
    if flag:
        words = [*words, "--kuberc=kuberc"]
    else:
        (place.folder / ".kube").mkdir()
        (place.folder / "kuberc").rename(place.folder / ".kube" / "kuberc")
    assert denial(place, words) == 'plugin "login" not allowed: the kuberc\'s credential plugin policy is "DenyAll"'


PRINTED = allowlist({"name": "/bin/sh"})


@pytest.mark.parametrize(
    ("policy", "handed_over"),
    [
        ({"credentialPluginPolicy": "AllowAll"}, {"credentialPluginPolicy": "AllowAll"}),
        ({"credentialPluginPolicy": "DenyAll"}, PRINTED),
        (allowlist({"command": "login"}), allowlist({"name": "login"}, {"name": "/bin/sh"})),
        (allowlist(), allowlist()),
        ({**PRINTED, "credentialPluginPolicy": "DenyAll"}, {**PRINTED, "credentialPluginPolicy": "DenyAll"}),
    ],
)
def test_where_kubeconfigs_are_files_our_own_entry_may_print_a_credential(
    place: Place, policy: dict[str, Any], handed_over: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_files, "available", lambda: False)
    monkeypatch.setattr("tempfile.tempdir", str(place.folder))
    place.variables["KUBERC"] = "kuberc"
    write_kuberc(place, policy)
    with resolved(parse_invocation(["get", "pods"]), place.environment) as (_, environment):
        document = json.loads(Path(environment.kuberc).read_text())
    header = {"apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference"}
    assert (document, environment.plugin_policy) == ({**header, **handed_over}, policy)


@pytest.fixture
def denied(fresh_home: Callable[..., Shell], members: Shell, tmp_path: Path) -> tuple[Shell, Path]:
    """A user whose kuberc forbids the plugins of the hub and the clusters, and a file that shows a run of one."""
    runs = tmp_path / "runs"
    (tmp_path / "login").write_text(f"#!/bin/sh\necho run >> '{runs}'\nexit 1\n")
    (tmp_path / "login").chmod(0o755)
    kubeconfig = yaml.safe_load(members.fleet.kubeconfig.read_text())
    for entry in kubeconfig["users"]:
        entry["user"] = {"exec": {**ENTRY, "command": str(tmp_path / "login")}}
    user = fresh_home(kubeconfig=json.dumps(kubeconfig))
    (tmp_path / ".kube" / "kuberc").write_text(
        "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n"
    )
    user.environment.pop("KUBERC", None)
    return user, runs


@pytest.mark.parametrize("words", [["clusters"], ["clusters", "--check"], ["setup", "--check"], ["get", "pods"]])
def test_no_command_runs_a_plugin_that_is_denied(denied: tuple[Shell, Path], words: list[str]) -> None:
    user, runs = denied
    allowed = user.mc(*words, "--hub-context=hub", env={"KUBERC": "off"})
    assert (allowed.status, runs.exists()) == (1, True)
    runs.unlink()
    done = user.mc(*words, "--hub-context=hub")
    assert (done.status, runs.exists()) == (1, False)
    assert "policy" in done.stderr


def test_completion_runs_no_plugin_that_is_denied(denied: tuple[Shell, Path]) -> None:
    user, runs = denied
    words = ["get", "pods", "--hub-context=hub", "--clusters", ""]
    complete(words, {**user.environment, "KUBERC": "off"})
    assert runs.exists()
    runs.unlink()
    assert complete(words, user.environment) == ([], NO_FILES)
    assert not runs.exists()
