# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What hubs publish of how their clusters are reached, and what the user's provider file replaces of it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import access_test
from tests.e2e.access_test import V1, User, clusters
from tests.e2e.cluster_proxy import cluster_proxy

own, user = access_test.own, access_test.user

ARGS = "clusterprofiles.multicluster.x-k8s.io/exec/additional-args"
ENVS = "clusterprofiles.multicluster.x-k8s.io/exec/additional-envs"


def providers(user: User, *listed: dict[str, Any], **fields: Any) -> str:
    """Write a provider file: what is listed, and then the provider of the fleet's profiles; return our flag."""
    execs = {"apiVersion": V1, "command": "fleet-login", "args": ["admin"], "interactiveMode": "Never"}
    file = user.home / "providers.json"
    file.write_text(json.dumps({"providers": [*listed, {"name": "kubeconfig", "execConfig": execs, **fields}]}))
    return f"--clusterprofile-provider-file={file}"


def published(user: User, cluster: str) -> dict[str, Any]:
    """Return the Cluster that the profile of a cluster publishes."""
    done = user.shell.kubectl("--context", "hub", "-n", "fleet", "get", "clusterprofile", cluster, "-o", "json")
    (access,) = json.loads(done.stdout)["status"]["accessProviders"]
    return dict(access["cluster"])


def publish(user: User, cluster: str, **fields: Any) -> None:
    """Let the hub publish a Cluster with other fields; `_` becomes a dash, and None leaves a field out."""
    changed = {**published(user, cluster), **{name.replace("_", "-"): value for name, value in fields.items()}}
    kept = {name: value for name, value in changed.items() if value is not None}
    user.publish(cluster, {"accessProviders": [{"name": "kubeconfig", "cluster": kept}]})


def test_ocms_cluster_proxy_is_reached_through_a_forwarded_port(user: User) -> None:
    """The published server is a service of the hub: https://SERVICE.NAMESPACE:9092/NAME."""
    service, names = "cluster-proxy-addon-user.open-cluster-management-addon", ("c1", "c2")
    with cluster_proxy(service, {name: published(user, name)["server"] for name in names}) as proxy:
        for name in names:
            config = [{"name": "client.authentication.k8s.io/exec", "extension": {"clusterName": name}}]
            server = f"https://{service}:9092/{name}"
            publish(user, name, server=server, certificate_authority_data=proxy.authority, extensions=config)
        flag = providers(user, server=f"https://127.0.0.1:{proxy.port}/{{path}}", **{"tls-server-name": "{host}"})
        approved = user.mc("trust", "approve", *names, "--yes", flag)
        assert f"  server:                https://127.0.0.1:{proxy.port}/c2\n" in approved.stderr
        assert f"  published-server:      https://{service}:9092/c2\n" in approved.stderr
        done = user.mc("get", "nodes", "--clusters=c1,c2", flag)
        assert (done.status, done.stderr, clusters(done)) == (0, "", ["c1", "c2"])


def test_a_users_server_replaces_one_that_only_the_hub_can_reach(user: User) -> None:
    real = published(user, "c1")["server"]
    port = real.rpartition(":")[2]
    publish(user, "c1", server=f"https://cluster-proxy-addon-user.ocm:{port}/c1")
    unreachable = user.mc("trust", "approve", "c1", "--yes", providers(user))
    assert unreachable.status == 0
    flag = providers(user, server="https://127.0.0.1:{port}")
    refused = user.mc("get", "nodes", "--clusters=c1", flag)
    assert (refused.status, user.started) == (1, 0)
    assert f"server was https://cluster-proxy-addon-user.ocm:{port}/c1 and is {real}" in refused.stderr
    approved = user.mc("trust", "approve", "c1", "--yes", flag)
    assert f"  server:                {real} (was https://cluster-proxy-addon-user.ocm:{port}/c1)\n" in approved.stderr
    assert (
        f"  published-server:      https://cluster-proxy-addon-user.ocm:{port}/c1 (was not there)\n" in approved.stderr
    )
    done = user.mc("get", "nodes", "--clusters=c1", flag)
    assert (done.status, done.stderr, clusters(done), user.started) == (0, "", ["c1"], 1)


def test_what_is_said_about_an_approval_can_be_copied(user: User) -> None:
    file = user.home / "my providers.json"
    Path(providers(user).partition("=")[2]).rename(file)
    flags = [f"--clusterprofile-provider-file={file}", "--hub-namespace=fleet"]
    done = user.mc("get", "nodes", "--clusters=c1", "--max-parallel=1", *flags)
    said = done.stderr.rpartition("approve it: ")[2].rstrip(")\n")
    assert said == (
        f"kubectl mc trust approve c1 --clusterprofile-provider-file='{file}' --inventory=fleet --hub-context=hub"
    )
    assert user.mc(*shlex.split(said)[2:], "--yes").status == 0
    assert clusters(user.mc("get", "nodes", "--clusters=c1", *flags)) == ["c1"]


def test_another_published_server_has_to_be_approved_anew(user: User) -> None:
    port = published(user, "c1")["server"].rpartition(":")[2]
    flag = providers(user, server=f"https://127.0.0.1:{port}")
    assert user.mc("trust", "approve", "c1", "--yes", flag).status == 0
    publish(user, "c1", server="https://elsewhere/c1")
    done = user.mc("get", "nodes", "--clusters=c1", "--refresh", flag)
    assert (done.status, done.stdout) == (1, "")
    assert "published-server was https://127.0.0.1:" in done.stderr
    assert "and is https://elsewhere/c1" in done.stderr


def test_a_users_name_and_authority_replace_what_does_not_fit(user: User) -> None:
    other = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="
    publish(user, "c1", tls_server_name="elsewhere", certificate_authority_data=other)
    ca = user.home / "ca.pem"
    ca.write_bytes((user.shell.fleet.directory / "ca.pem").read_bytes())
    flag = providers(user, **{"tls-server-name": "{host}", "certificate-authority": "ca.pem"})
    approved = user.mc("trust", "approve", "c1", "--yes", flag)
    assert f"  certificate-authority: {ca}\n" in approved.stderr
    assert "  tls-server-name:       127.0.0.1\n" in approved.stderr
    done = user.mc("get", "nodes", "--clusters=c1", flag)
    assert (done.status, done.stderr, clusters(done)) == (0, "", ["c1"])


@pytest.mark.parametrize(
    ("server", "problem"),
    [
        ("https://p/{cluster}", "provider kubeconfig: server has no placeholder {cluster}, only {name}, {namespace}"),
        ("https://p/{name", "provider kubeconfig: server has a brace without its other one: https://p/{name"),
    ],
)
def test_a_mistake_in_the_template_is_said(user: User, server: str, problem: str) -> None:
    done = user.mc("get", "nodes", providers(user, server=server))
    assert (done.status, done.stdout, user.started) == (1, "", 0)
    assert problem in done.stderr


def test_a_provider_that_no_profile_offers_may_be_wrong(user: User) -> None:
    flag = providers(user, {"name": "gone"}, {"name": "newer", "profileSourcedCLIArgsPolicy": "Prepend"})
    assert user.mc("trust", "approve", "c1", "--yes", flag).status == 0
    done = user.mc("get", "nodes", "--clusters=c1", flag)
    assert (done.status, done.stderr, clusters(done)) == (0, "", ["c1"])


def test_what_the_api_server_can_store_is_added(user: User) -> None:
    extensions = [{"name": ARGS, "extension": {"args": ["--port", 1, True]}}, {"name": ENVS, "extension": {"A": "1"}}]
    publish(user, "c1", extensions=extensions)
    flag = providers(user, profileSourcedCLIArgsPolicy="Append", profileSourcedEnvVarsPolicy="Replace")
    approved = user.mc("trust", "approve", "c1", "--yes", flag)
    assert "  args:                  --port 1 true\n" in approved.stderr
    assert "  env A:                 1\n" in approved.stderr
    done = user.mc("get", "nodes", "--clusters=c1", flag)
    assert (done.status, done.stderr, clusters(done)) == (0, "", ["c1"])
    assert user.runs.read_text() == "admin --port 1 true\n"


@pytest.fixture
def unencrypted(user: User) -> Iterator[str]:
    """The URL of a server without TLS that answers for c1: kubectl proxy."""
    with subprocess.Popen(
        ["kubectl", "proxy", "--port=0", "--context=c1"],
        env=user.shell.environment, stdout=subprocess.PIPE, text=True,
    ) as proxy:  # fmt: skip
        try:
            assert proxy.stdout is not None
            address = re.search(r"127\.0\.0\.1:\d+", proxy.stdout.readline())
            assert address
            yield f"http://{address[0]}"
        finally:
            proxy.terminate()


def test_a_server_without_tls_has_to_be_approved_and_gets_no_login(user: User, unencrypted: str) -> None:
    publish(user, "c1", server=unencrypted)
    flag = providers(user)
    user.shell.fleet.clear_requests("c1")
    refused = user.mc("get", "nodes", "--clusters=c1", flag)
    assert (refused.status, refused.stdout) == (1, "")
    assert user.shell.fleet.requests("c1") == []
    approved = user.mc("trust", "approve", "c1", "--yes", flag)
    assert f"  server:                {unencrypted} (unencrypted, so without a login)\n" in approved.stderr
    done = user.mc("get", "nodes", "--clusters=c1", flag)
    assert (done.status, done.stderr, clusters(done), user.started) == (0, "", ["c1"], 0)
    changed = user.mc("label", "namespace", "shop", "x=y", "--overwrite", "--clusters=c1", "--yes", flag)
    assert (changed.status, user.started) == (0, 0), changed.stderr
    listed = user.mc("trust", "list", "--clusters=c1", flag)
    assert f"{unencrypted} (unencrypted, so without a login)" in listed.stdout
