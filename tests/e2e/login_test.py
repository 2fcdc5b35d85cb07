# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Real kubectl on the simulated fleet, logged in by what its ClusterProfiles say and an exec plugin gives."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kubectl_mc.access import exec_credentials, profile_access, provider_file
from kubectl_mc.access.logins import Logins, complete_logins
from kubectl_mc.access.profile_access import Offer
from kubectl_mc.fleet import cluster_profiles, hub_objects
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.targets import Kubeconfig, Target
from tests import environments
from tests.e2e.conftest import MEMBERS, WHOAMI, Shell

V1 = "client.authentication.k8s.io/v1"


class Plugin(NamedTuple):
    """An exec plugin that gives the token of its first argument, and records its runs and what it was told of each.

    file: a provider file
    """

    path: Path
    runs: Path
    told: Path
    file: Path

    @property
    def started(self) -> int:
        return len(self.runs.read_text().splitlines()) if self.runs.exists() else 0


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    found = Plugin(tmp_path / "login", tmp_path / "runs", tmp_path / "told", tmp_path / "providers.json")
    credential = {"apiVersion": V1, "kind": "ExecCredential", "status": {"token": "TOKEN"}}
    answer = json.dumps(credential).replace("TOKEN", "'\"$1\"'")
    records = f"echo \"$1\" >> '{found.runs}'; printf %s \"$KUBERNETES_EXEC_INFO\" > '{found.told}'"
    found.path.write_text(f"#!/bin/sh\n{records}\necho '{answer}'\n")
    found.path.chmod(found.path.stat().st_mode | stat.S_IXUSR)
    return found


def configured(plugin: Plugin, provider: str, token: str, cluster_info: bool = False) -> Plugin:
    execs: dict[str, object] = {"apiVersion": V1, "command": "./login", "args": [token], "interactiveMode": "Never"}
    execs |= {"provideClusterInfo": cluster_info}
    plugin.file.write_text(json.dumps({"providers": [{"name": provider, "execConfig": execs}]}))
    return plugin


def offers(members: Shell, plugin: Plugin) -> dict[str, Offer]:
    """What the hub's profiles and the plugin's provider file are, by the cluster's name."""
    listed = members.kubectl("--context", "hub", *cluster_profiles.profiles_words(None)).stdout
    logins = provider_file.read_providers(str(plugin.file))
    found = {
        profile.name: profile_access.find_offer(profile, logins)
        for profile in cluster_profiles.parse_profiles(hub_objects.list_items(listed.encode()))
    }
    return {name: offer for name, offer in found.items() if isinstance(offer, Offer)}


def targets(kubeconfigs: Mapping[str, Mapping[str, Any]]) -> list[Target]:
    return [Target(name, "", Kubeconfig(content, starts_programs=True)) for name, content in kubeconfigs.items()]


def logged_in(members: Shell, before: Sequence[Target]) -> list[Target]:
    environment = environments.environment(members.environment)
    return complete_logins(Logins(may_ask=False, lasts=False).begin(before, environment), environment.streams)


def run(members: Shell, reached: Sequence[Target], *words: str) -> list[Result]:
    """A kubectl for each, with nothing but its kubeconfig in memory."""
    commands = [
        Command(
            target.cluster, ("kubectl", *words), members.environment, json.dumps(target.kubeconfig.content).encode()
        )
        for target in reached
    ]
    return event_loop.collect_results(commands, 8, 60)


def provider_name(members: Shell) -> str:
    listed = members.kubectl("--context", "hub", *cluster_profiles.profiles_words(None)).stdout
    (name,) = {
        profile.access_providers[0].name
        for profile in cluster_profiles.parse_profiles(hub_objects.list_items(listed.encode()))
    }
    return name


@WHOAMI
@pytest.mark.parametrize(("token", "status"), [("admin", 0), ("viewer", 1)])
def test_kubectl_logs_in_with_the_plugins_token(members: Shell, plugin: Plugin, token: str, status: int) -> None:
    found = offers(members, configured(plugin, provider_name(members), token))
    before = targets({name: offer.kubeconfig for name, offer in found.items()})
    assert sorted(found) == sorted(MEMBERS)
    for result in run(members, before, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"):
        assert (result.status, result.stdout, result.stderr) == (0, token.encode(), b"")
    assert plugin.started == len(MEMBERS)
    assert {result.status for result in run(members, before, "get", "secrets", "-A")} == {status}


@WHOAMI
def test_all_log_in_with_one_run_of_it(members: Shell, plugin: Plugin) -> None:
    found = offers(members, configured(plugin, provider_name(members), "viewer"))
    before = targets({name: offer.kubeconfig for name, offer in found.items()})
    after = logged_in(members, before)
    assert ({target.problem for target in after}, plugin.started) == ({""}, 1)
    for result in run(members, after, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"):
        assert (result.status, result.stdout, result.stderr) == (0, b"viewer", b"")
    assert plugin.started == 1


def test_the_plugin_is_told_what_kubectl_tells_it(members: Shell, plugin: Plugin) -> None:
    found = offers(members, configured(plugin, provider_name(members), "admin", cluster_info=True))
    config = json.loads(json.dumps(found["c1"].kubeconfig))
    extension = {
        "name": exec_credentials.CLUSTER_CONFIG,
        "extension": {"clusterName": "c1", "list": [1, None, {"a": "é<"}]},
    }
    config["clusters"][0]["cluster"] |= {"extensions": [extension], "disable-compression": True}
    run(members, targets({"c1": config}), "get", "nodes")
    theirs = json.loads(plugin.told.read_text())
    plugin.told.unlink()
    logged_in(members, targets({"c1": config}))
    assert json.loads(plugin.told.read_text()) == theirs
    assert theirs["spec"]["cluster"]["config"] == extension["extension"]


def test_a_wrong_token_is_unauthorized_everywhere(members: Shell, plugin: Plugin) -> None:
    found = offers(members, configured(plugin, provider_name(members), "nobody"))
    before = targets({name: offer.kubeconfig for name, offer in found.items()})
    after = logged_in(members, before)
    assert all(
        b"Unauthorized" in result.stderr or b"logged in" in result.stderr
        for result in run(members, after, "get", "nodes")
    )


def test_another_certificate_authority_is_no_way_in(members: Shell, plugin: Plugin) -> None:
    """What was approved is checked: a server with another certificate gets no token."""
    found = offers(members, configured(plugin, provider_name(members), "admin"))
    members.fleet.clear_requests("c1")
    config = json.loads(json.dumps(found["c1"].kubeconfig))
    del config["clusters"][0]["cluster"]["certificate-authority-data"]
    (result,) = run(members, targets({"c1": config}), "get", "nodes")
    assert b"x509: certificate signed by unknown authority" in result.stderr
    assert members.fleet.requests("c1") == []
