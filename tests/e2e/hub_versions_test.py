# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A hub is asked for the newest version of the standard's API that it serves and that we read, and nobody is warned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Shell

TYPES = ("clusterprofiles", "placementdecisions")
COMMANDS = (
    ("get", "nodes", "--placement=all", "--clusterset=prod"),
    ("clusters", "-o", "wide"),
    ("clusters", "--check", "--healthy"),
    ("setup", "--check"),
    ("trust",),
    ("label", "ns", "default", "x=y", "--all-clusters", "--dry-run=server"),
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "kubectl-mc-clusters.yaml").write_text("hubContext: hub\n")
    return tmp_path


def user(running: Shell, home: Path) -> Shell:
    """Somebody who has never asked this hub; kubectl's own cache is new, too."""
    (home / ".kube" / "config").write_text(running.fleet.kubeconfig.read_text())
    own = {"HOME": str(home), "KUBECONFIG": "", "KUBECACHEDIR": str(home / "kubectl-cache")}
    return running._replace(environment={**running.environment, **own})


@pytest.fixture
def changing_hub(changing: Shell, home: Path) -> Iterator[Shell]:
    """A hub that serves both versions, and that a test may change."""
    yield user(changing, home)
    changing.fleet.reset("hub")


def serve(shell: Shell, *versions: str) -> None:
    """Let the hub serve these versions of its two that are there already, and others beside them."""
    for plural in TYPES:
        crd = f"{plural}.multicluster.x-k8s.io"
        old = json.loads(shell.kubectl("--context=hub", "get", "crd", crd, "-o", "json").stdout)["spec"]["versions"]
        by_name = {version["name"]: version for version in old}
        kept = [
            {**version, "served": version["name"] in versions, "deprecated": len(versions) > 1 and version["storage"]}
            for version in old
        ]
        more = [{**by_name["v1alpha2"], "name": name} for name in versions if name not in by_name]
        patch = json.dumps({"spec": {"versions": [*kept, *more]}})
        done = shell.kubectl("--context=hub", "patch", "crd", crd, "--type=merge", "-p", patch)
        assert done.status == 0, done.stderr


def asked(shell: Shell) -> list[str]:
    """The versions in which the hub was asked for the standard's objects since the last look, and other paths of it."""
    requests = shell.fleet.requests("hub")
    shell.fleet.clear_requests("hub")
    paths = [request["path"] for request in requests]
    standard = {f"/apis/multicluster.x-k8s.io/{version}": version for version in ("v1alpha1", "v1alpha2", "v1beta1")}
    return sorted(next((standard[root] for root in standard if path.startswith(f"{root}/")), path) for path in paths)


def test_the_newest_version_is_asked_for_and_no_command_warns(each_hub: Shell, home: Path) -> None:
    somebody = user(each_hub, home)
    version = json.loads(somebody.kubectl("--context=hub", "get", "--raw", "/apis/multicluster.x-k8s.io").stdout)[
        "preferredVersion"
    ]["version"]
    for words in COMMANDS:
        done = somebody.mc(*words)
        assert (done.status, "eprecated" in done.stdout + done.stderr) == (0, False), done.stderr
    asked(somebody)
    done = somebody.mc("get", "nodes", "--placement=all", "--refresh")
    assert (done.status, done.stderr, len(done.rows)) == (0, "", 4)
    assert asked(somebody) == [version, version]  # no other version is tried, and no discovery is made again


@pytest.mark.parametrize(
    ("before", "after", "version"),
    [
        (("v1alpha1",), ("v1alpha1", "v1alpha2"), "v1alpha2"),
        (("v1alpha1",), ("v1alpha2",), "v1alpha2"),
        (("v1alpha1", "v1alpha2"), ("v1alpha1",), "v1alpha1"),
        (("v1alpha1", "v1alpha2"), ("v1alpha2", "v1beta1"), "v1alpha2"),
    ],
)
def test_a_hub_that_changes_its_versions_is_noticed_without_harm(
    changing_hub: Shell, before: tuple[str, ...], after: tuple[str, ...], version: str
) -> None:
    query = ("--refresh", "--placement=all")
    serve(changing_hub, *before)
    for _ in range(2):
        assert changing_hub.mc("get", "nodes", *query).stderr == ""
    serve(changing_hub, *after)
    for _ in range(2):
        done = changing_hub.mc("get", "nodes", *query)
        assert (done.status, done.stderr, len(done.rows)) == (0, "", 4)
    asked(changing_hub)
    changing_hub.mc("get", "nodes", *query)
    assert asked(changing_hub) == [version, version]


def test_a_hub_of_later_versions_alone_is_said(changing_hub: Shell) -> None:
    serve(changing_hub, "v1beta1")
    done = changing_hub.mc("get", "nodes")
    assert (done.status, done.stdout) == (1, "")
    assert "is not installed there (v1alpha2 or v1alpha1)" in done.stderr


def test_what_only_v1alpha1_says_of_access_goes_with_it(changing_hub: Shell) -> None:
    """credentialProviders: the migration notes of v0.2 ask managers for accessProviders before consumers switch."""
    providers = [{"name": "old", "cluster": {"server": "https://c1.example"}}]
    status = json.dumps({"status": {"credentialProviders": providers, "accessProviders": None}})
    resource = "clusterprofiles.v1alpha1.multicluster.x-k8s.io"
    patch = ("patch", resource, "c1", "-n", "fleet", "--subresource=status", "--type=merge", "-p", status)
    assert changing_hub.kubectl("--context=hub", *patch).status == 0
    changing_hub.kubectl("config", "delete-context", "c1")
    executable = {"apiVersion": "client.authentication.k8s.io/v1", "command": "true", "interactiveMode": "Never"}
    file = Path(changing_hub.environment["HOME"]) / "providers.json"
    file.write_text(json.dumps({"providers": [{"name": "old", "execConfig": executable}]}))

    def access() -> str:
        flags = ("--clusters=c1", "--refresh", f"--clusterprofile-provider-file={file}")
        return changing_hub.mc("clusters", *flags).rows[1][4]

    assert access() == "<none>"
    serve(changing_hub, "v1alpha1")
    assert access() != "<none>"
