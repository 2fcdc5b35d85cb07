# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access import provider_file
from kubectl_mc.messages import UserError
from tests.hostile import JSON

V1, V1BETA1 = provider_file.API_VERSIONS

FULL: dict[str, Any] = {
    "name": "google",
    "execConfig": {
        "apiVersion": V1,
        "command": "gke-gcloud-auth-plugin",
        "args": ["--use_application_default_credentials"],
        "env": [{"name": "A", "value": "1"}],
        "provideClusterInfo": True,
        "interactiveMode": "Never",
        "installHint": "gcloud components install gke-gcloud-auth-plugin",
    },
    "profileSourcedCLIArgsPolicy": "Append",
    "profileSourcedEnvVarsPolicy": "AppendIfNotExists",
}


def parse(*listed: object, path: str = "/home/alice/providers.json") -> tuple[provider_file.Provider, ...]:
    return provider_file.parse_providers(json.dumps({"providers": listed}), path)


def changed(**fields: object) -> dict[str, Any]:
    return {**FULL, "execConfig": {**FULL["execConfig"], **fields}}


def test_every_field_is_read() -> None:
    (provider,) = parse(FULL)
    assert provider == provider_file.Provider("google", FULL["execConfig"], "Append", "AppendIfNotExists")


def test_what_upstream_requires_is_enough() -> None:
    (provider,) = parse({"name": "a", "execConfig": {"apiVersion": V1BETA1, "command": "login"}})
    assert provider == provider_file.Provider(
        "a",
        {
            "apiVersion": V1BETA1,
            "command": "login",
            "args": [],
            "env": [],
            "provideClusterInfo": False,
            "interactiveMode": "IfAvailable",
        },
        "Ignore",
        "Ignore",
    )


@pytest.mark.parametrize(
    ("command", "resolved"),
    [
        ("login", "login"),
        ("/usr/bin/login", "/usr/bin/login"),
        ("./bin/login", "/home/alice/bin/login"),
        ("../login", "/home/login"),
    ],
)
def test_a_relative_command_is_in_the_files_folder(command: str, resolved: str) -> None:
    assert parse(changed(command=command))[0].exec["command"] == resolved


@pytest.mark.parametrize(
    ("provider", "problem"),
    [
        (7, "a provider has no name"),
        ({}, "a provider has no name"),
        ({"name": ""}, "a provider has no name"),
        ({"name": "a", "execConfig": []}, "provider a: execConfig is not an object"),
        (changed(command=7), "provider google: command is not a string"),
        (changed(args="a b"), "provider google: args of execConfig is not a list"),
        (changed(args=[1]), "provider google: execConfig.args is not a string"),
        (changed(args=["a\0b"]), "provider google: execConfig.args holds what no command line can"),
        (changed(env={"A": "1"}), "provider google: env of execConfig is not a list"),
        (changed(env=[{"name": 1}]), "provider google: name is not a string"),
        (changed(env=["A=1"]), "provider google: execConfig.env is not a list of {name, value}"),
        (changed(provideClusterInfo="true"), "provider google: execConfig.provideClusterInfo is not a boolean"),
        ({**FULL, "profileSourcedCLIArgsPolicy": 1}, "provider google: profileSourcedCLIArgsPolicy is not a string"),
        ({**FULL, "server": ["https://p"]}, "provider google: server is not a string"),
        ({**FULL, "server": "https://p/{nam}"}, "provider google: server has no placeholder {nam}, only {name}, "),
        ({**FULL, "server": "https://p/{name"}, "provider google: server has a brace without its other one"),
        ({**FULL, "tls-server-name": "{path}"}, "provider google: tls-server-name has no placeholder {path}"),
    ],
)
def test_a_mistake_is_said_with_the_file_and_the_provider(provider: object, problem: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(provider)
    assert str(caught.value).startswith(
        ("/home/alice/providers.json: provider", "/home/alice/providers.json: a provider")
    )
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("provider", "problem"),
    [
        ({"name": "google"}, "execConfig is missing"),
        ({"name": "google", "execConfig": None}, "execConfig is missing"),
        (changed(command=""), "execConfig.command is missing"),
        (changed(apiVersion=None), "apiVersion is not one of client.authentication.k8s.io/v1, "),
        (changed(apiVersion="client.authentication.k8s.io/v1alpha1"), "apiVersion is not one of"),
        (changed(interactiveMode="Sometimes"), "interactiveMode is not one of Never, IfAvailable, Always"),
    ],
)
def test_what_no_kubectl_would_run_is_a_problem_of_its_provider_alone(provider: object, problem: str) -> None:
    broken, whole = parse(provider, FULL)
    assert problem in broken.problem
    assert (broken.exec, whole.problem) == ({}, "")


def test_the_users_own_server_and_certificate_authority(tmp_path: Path) -> None:
    own = {"server": "https://p/{name}", "tls-server-name": "{host}", "certificate-authority": "ca.pem"}
    path = tmp_path / "providers.json"
    path.write_text(json.dumps({"providers": [{**FULL, **own}]}))
    assert (
        provider_file.read_providers(str(path))[0].problem
        == f"{tmp_path}/ca.pem can't be read: No such file or directory"
    )
    (tmp_path / "ca.pem").write_bytes(b"hello")
    assert provider_file.read_providers(str(path))[0].problem == f"{tmp_path}/ca.pem holds no certificate in PEM"
    (tmp_path / "ca.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\n")
    (provider,) = provider_file.read_providers(str(path))
    assert (provider.server, provider.server_name) == (("https", "p", "/{name}"), "{host}")
    assert (provider.authority_path, provider.authority) == (f"{tmp_path}/ca.pem", b"-----BEGIN CERTIFICATE-----\n")


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"providers": {}}', "[" * 100_000])
def test_what_is_no_provider_file_is_a_user_error(text: str) -> None:
    with pytest.raises(UserError, match=r"^/p: (not JSON|not an object|providers of the file is not a list)"):
        provider_file.parse_providers(text, "/p")


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "providers.json"
    path.write_text(json.dumps({"providers": [changed(command="./login")]}))
    assert provider_file.read_providers(str(path))[0].exec["command"] == f"{tmp_path}/login"


def test_a_file_that_cannot_be_read_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be read: No such file"):
        provider_file.read_providers(str(tmp_path / "nope"))
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="can't be read"):
        provider_file.read_providers(str(tmp_path / "binary"))


@given(st.one_of(st.text(), JSON.map(json.dumps), JSON.map(lambda value: json.dumps({"providers": value}))))
def test_garbage_is_at_worst_a_user_error(text: str) -> None:
    with contextlib.suppress(UserError):
        assert isinstance(provider_file.parse_providers(text, "/p"), tuple)
