# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Clusters that the user has no context for: reached by what their ClusterProfiles say, once it is approved."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from fixtures.fleet import fleet
from tests.e2e.conftest import ADMIN, HUBS, MEMBERS, Shell, needs, shell
from tests.e2e.dialogue import PROMPT, talk

V1 = "client.authentication.k8s.io/v1"


class User(NamedTuple):
    """A user whose kubeconfig has the hub only, with an exec plugin on PATH that gives a token and records its runs."""

    shell: Shell
    home: Path
    runs: Path

    def mc(self, *words: str) -> Any:
        return self.shell.mc(*words, "--hub-context=hub", env={"HOME": str(self.home), "KUBECONFIG": ""})

    @property
    def started(self) -> int:
        return len(self.runs.read_text().splitlines()) if self.runs.exists() else 0

    def publish(self, cluster: str, status: dict[str, Any]) -> None:
        """Let the hub say this of a cluster."""
        patch = json.dumps({"status": status})
        arguments = (
            "-n",
            "fleet",
            "patch",
            "clusterprofile",
            cluster,
            "--subresource=status",
            "--type=merge",
            "-p",
            patch,
        )
        done = self.shell.kubectl("--context", "hub", *arguments)
        assert done.status == 0, done.stderr

    def properties(self, cluster: str, **properties: str) -> None:
        named = [{"name": f"auth.exec.{name}", "value": value} for name, value in properties.items()]
        self.publish(cluster, {"properties": named})


class System(NamedTuple):
    """What a user has: a hub, by the versions of the standard's API that it serves, and memfd, or not (macOS)."""

    hub_versions: tuple[str, ...]
    memfd: bool


SYSTEMS = (System(HUBS[1], memfd=True), System(HUBS[0], memfd=False), System(HUBS[2], memfd=True))


@pytest.fixture(scope="module", params=SYSTEMS, ids=["both", "v1alpha1, in files", "v1alpha2"])
def own(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shell, System]]:
    with fleet(MEMBERS, tmp_path_factory.mktemp("fleet"), hub_versions=request.param.hub_versions) as found:
        yield shell(found), request.param


@pytest.fixture
def user(own: tuple[Shell, System], tmp_path: Path) -> Iterator[User]:
    """Somebody with a hub and a plugin."""
    own_shell, system = own
    own_shell.fleet.reset("hub")
    (tmp_path / ".kube").mkdir()
    config = yaml.safe_load(own_shell.fleet.kubeconfig.read_text())
    for kind in ("clusters", "contexts"):
        config[kind] = [entry for entry in config[kind] if entry["name"] == "hub"]
    (tmp_path / ".kube" / "config").write_text(yaml.safe_dump(config))
    runs, plugin = tmp_path / "runs", tmp_path / "bin" / "fleet-login"
    plugin.parent.mkdir()
    status = """{"token": "'"$1"'", "expirationTimestamp": "2099-01-01T00:00:00Z"}"""
    credential = f'{{"apiVersion": "{V1}", "kind": "ExecCredential", "status": {status}}}'
    plugin.write_text(f"""#!/bin/sh
echo "$@" >> '{runs}'
[ "$2" = tells ] && echo visit https://issuer >&2
[ "$1" = hang ] && exec sleep 1000
echo '{credential}'
""")
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {
        **own_shell.environment,
        "PATH": f"{plugin.parent}:{own_shell.environment['PATH']}",
        "PYTHONPATH": str(tmp_path / "python"),
        "TMPDIR": str(temporary),
    }
    if not system.memfd:
        (tmp_path / "python").mkdir()
        (tmp_path / "python" / "sitecustomize.py").write_text("import os\ndel os.memfd_create\n")
    yield User(own_shell._replace(environment=environment), tmp_path, runs)
    assert list(temporary.iterdir()) == []


def provider_file(user: User, **more: object) -> str:
    file = user.home / "providers.json"
    execs = {"apiVersion": V1, "command": "fleet-login", "args": ["admin"], "interactiveMode": "Never"}
    file.write_text(json.dumps({"providers": [{"name": "kubeconfig", "execConfig": execs, **more}]}))
    return f"--clusterprofile-provider-file={file}"


def clusters(done: Any) -> list[str]:
    return [row[1] for row in done.rows[1:]]


def test_nothing_is_contacted_or_run_before_it_is_approved(user: User) -> None:
    user.properties("c1", command="fleet-login", args="admin", apiVersion=V1)
    user.shell.fleet.clear_requests("c1")
    done = user.mc("get", "nodes", "--clusters=c1")
    assert (done.status, done.stdout, user.started) == (1, "", 0)
    advice = "to see what it would run and approve it: kubectl mc trust approve c1 --hub-context=hub)"
    assert f"c1 (not approved; {advice}" in done.stderr
    assert user.shell.fleet.requests("c1") == []


def test_an_approved_profile_reaches_its_cluster_with_the_plugins_token(user: User) -> None:
    user.properties("c1", command="fleet-login", args="admin", apiVersion=V1)
    approved = user.mc("trust", "approve", "c1", "--yes")
    assert approved.status == 0, approved.stderr
    assert "fleet-login" in approved.stdout + approved.stderr
    done = user.mc("get", "nodes", "--clusters=c1")
    assert (done.status, done.stderr, clusters(done)) == (0, "", ["c1"])
    assert user.runs.read_text() == "admin\n"
    listed = user.mc("clusters", "--clusters=c1")
    assert listed.rows[1][4] == "properties"


@needs("faults")
@pytest.mark.parametrize(
    "change",
    [
        {"command": "other-login"},
        {"args": "viewer"},
        {"env": "LD_PRELOAD=/tmp/evil.so"},
        {"env": "AWS_PROFILE=theirs"},
    ],
)
def test_a_profile_that_changes_after_its_approval_is_refused(user: User, change: dict[str, str]) -> None:
    before = {"command": "fleet-login", "args": "admin", "apiVersion": V1}
    user.properties("c1", **before)
    assert user.mc("trust", "approve", "c1", "--yes").status == 0
    user.properties("c1", **{**before, **change})
    user.shell.fleet.clear_requests("c1")
    done = user.mc("get", "nodes", "--clusters=c1", "--refresh")
    assert (done.status, done.stdout, user.started) == (1, "", 0)
    assert "changed since it was approved" in done.stderr or "can't be used" in done.stderr
    assert user.shell.fleet.requests("c1") == []


def test_another_server_is_refused_with_what_changed(user: User) -> None:
    file = provider_file(user)
    assert user.mc("trust", "approve", "c1", "--yes", file).status == 0
    assert clusters(user.mc("get", "nodes", "--clusters=c1", file)) == ["c1"]
    profile = user.shell.kubectl("--context", "hub", "-n", "fleet", "get", "clusterprofile", "c1", "-o", "json").stdout
    (access,) = json.loads(profile)["status"]["accessProviders"]
    user.publish(
        "c1", {"accessProviders": [{**access, "cluster": {**access["cluster"], "server": "https://192.0.2.1"}}]}
    )
    done = user.mc("get", "nodes", "--clusters=c1", "--refresh", file)
    assert done.status == 1
    assert "server was https://127.0.0.1:" in done.stderr
    assert "and is https://192.0.2.1" in done.stderr
    assert "kubectl mc trust approve c1" in done.stderr


def test_the_users_own_provider_logs_in_once_for_all(user: User) -> None:
    file = provider_file(user)
    assert user.mc("trust", "approve", *MEMBERS, "--yes", file).status == 0
    done = user.mc("get", "nodes", file)
    assert (done.status, done.stderr, clusters(done)) == (0, "", list(MEMBERS))
    assert user.started == 1


def test_the_unapproved_fail_and_the_others_are_shown(user: User) -> None:
    file = provider_file(user)
    assert user.mc("trust", "approve", "c1", "c3", "--yes", file).status == 0
    done = user.mc("get", "nodes", file)
    assert (done.status, clusters(done)) == (3, ["c1", "c3"])
    assert "Error: Failed to query 1 cluster: c2 (not approved" in done.stderr
    assert "Showing results from 2/3 clusters:" in done.stderr


def test_without_a_provider_that_it_knows_a_cluster_has_no_context(user: User) -> None:
    done = user.mc("get", "nodes", "--clusters=c1")
    assert (done.status, user.started) == (1, 0)
    why = "none of its access providers (kubeconfig) is in a provider file of yours (--clusterprofile-provider-file)"
    assert f"c1 (no context, and {why})" in done.stderr
    assert user.mc("trust", "approve", "c1", "--yes", provider_file(user)).status == 0
    listed = user.mc("trust", "list")
    assert listed.stdout.split("\n")[1].split()[:2] == ["c1", "unusable"]
    assert listed.stderr == f"c1: {why}\n"


def test_a_context_of_the_name_comes_before_the_profile(user: User) -> None:
    whole = yaml.safe_load(user.shell.fleet.kubeconfig.read_text())
    (user.home / ".kube" / "config").write_text(yaml.safe_dump(whole))
    done = user.mc("get", "nodes", provider_file(user))
    assert (done.status, clusters(done), user.started) == (0, list(MEMBERS), 0)


def contexts_with_plugin(user: User, args: dict[str, list[str]], mode: str = "Never") -> None:
    """The user's own contexts, whose users log in with the plugin."""
    config = yaml.safe_load(user.shell.fleet.kubeconfig.read_text())
    for context in config["contexts"]:
        if context["name"] in args:
            context["context"]["user"] = context["name"]
    config["users"] += [
        {
            "name": name,
            "user": {"exec": {"apiVersion": V1, "command": "fleet-login", "args": words, "interactiveMode": mode}},
        }
        for name, words in args.items()
    ]
    (user.home / ".kube" / "config").write_text(yaml.safe_dump(config))


def test_contexts_with_one_login_start_its_plugin_once(user: User) -> None:
    contexts_with_plugin(user, {name: ["admin"] for name in MEMBERS})
    done = user.mc("get", "secrets", "-A")
    assert (done.status, done.stderr) == (0, "")
    assert {row[2] for row in done.rows[1:]} == set(MEMBERS)
    assert user.started == 1


@pytest.mark.parametrize(
    "text", ["get nodes -w", pytest.param("logs deploy/cart -n shop -c app -f", marks=needs("kubelet"))]
)
def test_what_lasts_starts_it_once_too(user: User, text: str) -> None:
    contexts_with_plugin(user, {name: ["admin"] for name in MEMBERS})
    environment = {"HOME": str(user.home), "KUBECONFIG": ""}
    with user.shell.running(*text.split(), "--hub-context=hub", env=environment) as lasting:
        for cluster in MEMBERS:
            lasting.until(rf"\b{cluster}\b.*\n")
        lasting.interrupt()
        lasting.end()
    assert user.started == 1


@pytest.mark.parametrize("text", ["clusters --check", "setup --check"])
def test_checks_share_the_login_and_let_it_ask_as_other_commands_do(user: User, text: str) -> None:
    contexts_with_plugin(user, {name: ["admin"] for name in MEMBERS}, mode="Always")
    unattended = user.mc(*text.split())
    assert (unattended.status, user.started) == (1, 0)
    assert unattended.stdout.count("fleet-login has to ask, and standard input is not a terminal") == len(MEMBERS)
    environment = {**user.shell.environment, "HOME": str(user.home), "KUBECONFIG": ""}
    attended = talk(user.shell._replace(environment=environment), [*text.split(), "--hub-context=hub"], [])
    assert (attended.status, attended.stdout.count(ADMIN), user.started) == (0, len(MEMBERS), 1)


@pytest.mark.parametrize("text", ["get nodes", "clusters --check", "setup --check"])
def test_the_hub_and_its_clusters_share_one_login_that_may_ask(user: User, text: str) -> None:
    contexts_with_plugin(user, {name: ["admin"] for name in ("hub", *MEMBERS)}, mode="Always")
    unattended = user.mc(*text.split())
    assert (unattended.status, unattended.stdout, user.started) == (1, "", 0)
    reason = "login failed: fleet-login has to ask, and standard input is not a terminal"
    assert unattended.stderr == f"Error: Cannot list ClusterProfiles with hub context 'hub': {reason}\n"
    environment = {**user.shell.environment, "HOME": str(user.home), "KUBECONFIG": ""}
    attended = talk(user.shell._replace(environment=environment), [*text.split(), "--hub-context=hub"], [])
    assert (attended.status, user.started) == (0, 1)
    assert all(cluster in attended.stdout for cluster in MEMBERS)


def test_the_hubs_plugin_runs_once_and_is_heard(user: User) -> None:
    contexts_with_plugin(user, {"hub": ["admin", "tells"]})
    done = user.mc("clusters")
    assert (done.status, len(done.rows), user.started) == (0, 1 + len(MEMBERS), 1)
    assert done.stderr == "[hub] visit https://issuer\n"
    assert (user.mc("clusters").stderr, user.started) == ("", 1)  # what is kept needs no login


@needs("faults")
def test_what_is_gone_on_with_shares_the_login_too(user: User) -> None:
    contexts_with_plugin(user, {name: ["admin"] for name in MEMBERS})
    change = ("label", "namespace", "shop", "x=y", "--overwrite", "--all-clusters", "--yes")
    refused = user.mc(*change)
    assert (refused.status, user.started) == (1, 0)  # nobody is logged in where only a name leads
    assert "kubectl mc trust approve c1 c2 c3" in refused.stderr
    assert user.mc("trust", "approve", *MEMBERS, "--yes").status == 0
    with user.shell.fault("c2", "refuse"), user.shell.fault("c3", "refuse"):
        done = user.mc(*change, "--continue-on-preflight-error")
    assert (done.status, user.started) == (3, 1)
    assert user.mc("resume", done.stderr.split()[-1], "--yes").status == 0
    assert user.started == 2


def test_a_login_that_hangs_has_the_clusters_time_and_does_not_hide_the_others(user: User) -> None:
    contexts_with_plugin(user, {"c1": ["hang"], "c2": ["hang"]})
    done = user.mc("get", "nodes", "--cluster-timeout=2s")
    assert (done.status, clusters(done)) == (3, ["c3"])
    assert "c1, c2 (login failed: fleet-login timed out after 2s)" in done.stderr


def test_contexts_with_different_logins_start_each(user: User) -> None:
    contexts_with_plugin(user, {"c1": ["admin", "1"], "c2": ["admin", "2"], "c3": ["viewer", "3"]})
    done = user.mc("get", "pods", "-n", "shop")
    assert (done.status, done.stderr) == (0, "")
    assert sorted(set(clusters(done))) == list(MEMBERS)
    assert user.started == 3


def test_a_file_that_is_missing_matters_to_its_own_context_only(user: User) -> None:
    """`kubectl config view --flatten` fails because of it."""
    contexts_with_plugin(user, {"c1": ["admin"], "c2": ["admin"]})
    path = user.home / ".kube" / "config"
    config = yaml.safe_load(path.read_text())
    config["users"].append({"name": "gone", "user": {"client-certificate": "/nonexistent", "client-key": "gone.key"}})
    config["contexts"] = [each for each in config["contexts"] if each["name"] != "c3"]
    config["contexts"].append({"name": "unrelated", "context": {"cluster": "c3", "user": "gone"}})
    path.write_text(yaml.safe_dump(config))
    file = provider_file(user)
    assert user.mc("trust", "approve", "c3", "--yes", file).status == 0
    done = user.mc("get", "nodes", file)
    assert (done.status, done.stderr, clusters(done)) == (0, "", list(MEMBERS))
    assert user.started == 1


def test_a_kubeconfig_on_the_command_line_shares_and_leads_to_profiles_too(user: User) -> None:
    hub = (user.home / ".kube" / "config").read_text()
    contexts_with_plugin(user, {"c1": ["admin"], "c2": ["admin"]})
    named = user.home / "named"
    config = yaml.safe_load((user.home / ".kube" / "config").read_text())
    config["contexts"] = [each for each in config["contexts"] if each["name"] != "c3"]
    named.write_text(yaml.safe_dump(config))
    (user.home / ".kube" / "config").write_text(hub)
    file = provider_file(user)
    assert user.mc("trust", "approve", "c3", "--yes", file).status == 0
    done = user.mc("get", "nodes", file, f"--kubeconfig={named}")
    assert (done.status, done.stderr, clusters(done)) == (0, "", list(MEMBERS))
    assert user.started == 1


def test_a_failing_login_is_the_clusters_own_failure(user: User) -> None:
    contexts_with_plugin(user, {"c1": ["admin"], "c2": ["nobody"], "c3": ["nobody"]})
    done = user.mc("get", "nodes")
    assert (done.status, clusters(done)) == (3, ["c1"])
    assert "c2 (unauthorized), c3 (unauthorized)" in done.stderr


def test_a_token_on_the_command_line_starts_no_plugin(user: User) -> None:
    contexts_with_plugin(user, {name: ["nobody"] for name in MEMBERS})
    done = user.mc("get", "nodes", "--token=admin")
    assert (done.status, clusters(done), user.started) == (0, list(MEMBERS), 0)


def test_setup_shows_what_a_profile_would_run_and_records_the_approval(user: User) -> None:
    user.properties("c1", command="fleet-login", args="admin", apiVersion=V1)
    unattended = user.mc("setup", "--yes", "--clusters=c1")
    assert "kubectl mc trust approve c1" in unattended.stderr
    assert not (user.home / ".kube" / "kubectl-mc-trust.yaml").exists()
    environment = {**user.shell.environment, "HOME": str(user.home), "KUBECONFIG": ""}
    at_home = user.shell._replace(environment=environment)
    asked = talk(at_home, ["setup", "--clusters=c1", "--hub-context=hub"], [(PROMPT, "\n"), ("[y/N] ", "y\n")])
    assert "fleet-login" in asked.screen
    assert "approved: c1" in asked.screen
    assert asked.status == 0
    assert asked.stdout.splitlines()[1].split() == ["c1", "<none>", "its", "profile,", "approved", "yes", ADMIN]
    assert clusters(user.mc("get", "nodes", "--clusters=c1")) == ["c1"]


def test_setup_finds_out_whether_an_approved_profile_logs_in(user: User) -> None:
    for cluster, command in {"c1": "fleet-login", "c2": "no-such-login"}.items():
        user.properties(cluster, command=command, args="admin", apiVersion=V1)
    assert user.mc("trust", "approve", "c1", "c2", "--yes").status == 0
    done = user.mc("setup", "--check", "--clusters=c1,c2")
    assert [line.split()[5:] for line in done.stdout.splitlines()[1:]] == [
        ["yes", ADMIN],
        ["<unknown>", "<none>", *["login", "failed:", "executable", "no-such-login", "not", "found"]],
    ]
    assert done.status == 3


def test_an_unhealthy_cluster_is_tried_and_noted(user: User) -> None:
    file = provider_file(user)
    assert user.mc("trust", "approve", "c1", "c2", "--yes", file).status == 0
    since = "2026-11-23T04:00:00Z"
    down = {
        "type": "ControlPlaneHealthy",
        "status": "False",
        "reason": "Down",
        "message": "It is down.",
        "lastTransitionTime": since,
    }
    user.publish("c2", {"conditions": [down]})
    done = user.mc("get", "nodes", "--clusters=c1,c2", "--refresh", file)
    assert (done.status, clusters(done)) == (0, ["c1", "c2"])
    assert done.stderr == "Note: the hub reports as unhealthy: c2 (Down)\n"
    assert clusters(user.mc("get", "nodes", "--healthy", "--clusters=c1,c2", file)) == ["c1"]
