# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access import credential_plugins
from kubectl_mc.access.credential_plugins import CredentialPlugin
from tests.hostile import JSON

V1, V1BETA1 = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
ENV = {"PATH": "/usr/bin:/bin"}
SERVERS = ("https://a", "https://b")


def kubeconfig(server: str = "https://c1", cluster: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A kubeconfig whose user's exec entry has these fields, or others in place of some; None for a field left out."""
    entry = {"apiVersion": V1, "command": "sh", "interactiveMode": "Never", **fields}
    return of_user({"exec": {name: value for name, value in entry.items() if value is not None}}, server, cluster)


def of_user(user: object, server: str = "https://c1", cluster: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "other", "context": {}}, {"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "v", "user": {"token": "x"}}, {"name": "u", "user": user}],
    }


def plugin_of(**fields: Any) -> CredentialPlugin:
    plugin = credential_plugins.find_credential_plugin(kubeconfig(**fields), ENV)
    assert plugin
    return plugin


def test_every_field_makes_a_plugin_what_it_is() -> None:
    alike = [
        plugin_of(),
        plugin_of(args=None),
        plugin_of(args=[]),
        plugin_of(env=[]),
        plugin_of(server="https://c2"),
        plugin_of(installHint="x"),
    ]
    assert set(alike) == {plugin_of()}
    others = [
        plugin_of(command="ls"), plugin_of(args=["a"]), plugin_of(args=["a", "b"]), plugin_of(args=["a b"]),
        plugin_of(env=[{"name": "A", "value": "1"}]), plugin_of(env=[{"name": "A", "value": "2"}]),
        plugin_of(apiVersion=V1BETA1), plugin_of(interactiveMode="Always"), plugin_of(provideClusterInfo=True),
        plugin_of(provideClusterInfo=True, server="https://c2"),
        plugin_of(provideClusterInfo=True, cluster={"proxy-url": "http://x"}),
    ]  # fmt: skip
    assert len({plugin_of(), *others}) == len(others) + 1


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("gke-gcloud-auth-plugin", []),
        ("/opt/local/gke-gcloud-auth-plugin", ["--use_application_default_credentials"]),
        ("kubectl", ["oidc-login", "get-token", "--oidc-issuer-url=https://issuer"]),
        ("kubelogin", ["get-token", "--server-id", "x"]),
        ("aws", ["eks", "get-token"]),
    ],
)
def test_a_plugin_known_to_ignore_the_cluster_is_the_same_for_all(command: str, args: list[str]) -> None:
    one, two = (plugin_of(command=command, args=args, provideClusterInfo=True, server=server) for server in SERVERS)
    assert one == two


def test_another_command_of_the_same_program_may_look_at_the_cluster() -> None:
    one, two = (plugin_of(command="kubectl", args=["x"], provideClusterInfo=True, server=server) for server in SERVERS)
    assert one != two


def test_v1beta1_has_a_default_mode() -> None:
    assert plugin_of(apiVersion=V1BETA1, interactiveMode=None).interactive_mode == "IfAvailable"


@pytest.mark.parametrize(
    "config",
    [
        kubeconfig(interactiveMode=None),
        kubeconfig(interactiveMode="Sometimes"),
        kubeconfig(apiVersion="client.authentication.k8s.io/v1alpha1"),
        kubeconfig(apiVersion=None),
        kubeconfig(command=None),
        kubeconfig(command=""),
        kubeconfig(command="./login"),
        kubeconfig(command="bin/login"),
        kubeconfig(command=7),
        kubeconfig(args=[7]),
        kubeconfig(args=7),
        kubeconfig(env=[7]),
        kubeconfig(env=[{"value": "x"}]),
        kubeconfig(provideClusterInfo=True, cluster={"certificate-authority": "/ca.crt"}),
        of_user({}),
        of_user(None),
        of_user({"token": "x"}),
        of_user({"exec": None}),
        of_user({"exec": {"apiVersion": V1, "command": "sh", "interactiveMode": "Never"}, "token": "x"}),
        of_user({"exec": {"apiVersion": V1, "command": "sh", "interactiveMode": "Never"}, "client-certificate": "x"}),
        of_user({"auth-provider": {"name": "gcp"}}),
        {**kubeconfig(), "current-context": "nope"},
        {**kubeconfig(), "contexts": None},
        {**kubeconfig(), "users": None},
        {},
    ],
)
def test_what_is_kubectls_to_judge_is_left_to_it(config: dict[str, Any]) -> None:
    assert credential_plugins.find_credential_plugin(config, ENV) is None


@given(JSON, st.sampled_from(["command", "args", "env", "apiVersion", "interactiveMode", "provideClusterInfo"]))
def test_any_value_in_an_entry_is_a_plugin_or_none(value: Any, field: str) -> None:
    plugin = credential_plugins.find_credential_plugin(kubeconfig(**{field: value}), ENV)
    if plugin:
        assert isinstance(hash(plugin), int)


def program(path: Path, mode: int = 0o755) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return str(path)


def test_a_name_is_searched_in_the_users_path_not_in_the_entrys(tmp_path: Path) -> None:
    first, second = program(tmp_path / "a" / "login"), program(tmp_path / "b" / "login")
    program(tmp_path / "c" / "login", 0o644)
    (tmp_path / "d" / "login").mkdir(parents=True)
    path = os.pathsep.join(str(tmp_path / folder) for folder in "cdab")
    config = kubeconfig(command="login", env=[{"name": "PATH", "value": str(tmp_path / "b")}])
    plugin = credential_plugins.find_credential_plugin(config, {"PATH": path})
    assert plugin
    assert (plugin.path, second != first) == (first, True)


@pytest.mark.parametrize("command", ["nope", "/nope/login", "/", "a\0b"])
def test_a_program_that_is_not_there_has_no_path(command: str) -> None:
    assert plugin_of(command=command).path == ""


def test_what_the_kubeconfig_says_of_a_missing_program_is_kept() -> None:
    assert plugin_of(command="nope", installHint="brew install nope").install_hint == "brew install nope"
    assert plugin_of(installHint="x").install_hint == ""


@pytest.mark.parametrize(
    ("path", "clean"),
    [("", "."), ("a/../b", "b"), ("//a//b/", "/a/b"), ("./a", "a"), ("/..", "/"), ("..//a", "../a"), ("//", "/")],
)
def test_a_path_is_cleaned_as_go_does(path: str, clean: str) -> None:
    assert credential_plugins.clean_path(path) == clean


@pytest.mark.parametrize("path", ["", ".", "a:", ":/usr/bin"])
def test_a_program_of_the_current_folder_does_not_run(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "login")
    program(tmp_path / "a" / "login", 0o644)
    monkeypatch.chdir(tmp_path)
    plugin = credential_plugins.find_credential_plugin(kubeconfig(command="login"), {"PATH": path})
    assert plugin
    assert plugin.path == ""


def test_no_repr_shows_what_may_be_a_clients_secret() -> None:
    plugin = plugin_of(args=["--client-secret=secret"], env=[{"name": "SECRET", "value": "secret"}])
    assert "secret" not in repr(plugin)
