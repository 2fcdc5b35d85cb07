# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Which credential plugin an entry means: what we find is what kubectl runs, with the same words and variables.

kubectl runs a plugin before it connects, so no server is needed.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kubectl_mc.access import exec_credentials, kubeconfigs
from kubectl_mc.access.credential_plugins import CredentialPlugin, find_credential_plugin
from kubectl_mc.processes import programs
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.standard_streams import Streams
from tests import real_kubectl

V1, V1BETA1 = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
SERVER = "https://127.0.0.1:1"

AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBdDCCARugAwIBAgIUWs3r1J32ROjKVonZAq5X3mVfWhcwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjYwNjIxNTZaGA8yMTI2MTEwMjA2MjE1
NlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKXI
wT2sg93gVwQSeNT7OSqp4m9N6TmUWgBbyaAQF4uqkgTITa4HA1lWK7ac2CR8uli7
EWKpjlXAOBrWpRPfwvKjUzBRMB0GA1UdDgQWBBTxzNlY50fBwnxA4C55ID8eIQ8u
pDAfBgNVHSMEGDAWgBTxzNlY50fBwnxA4C55ID8eIQ8upDAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0cAMEQCIHtPIcy6kcwLCRWZeydSI+EJj56WZ2F0WkW6
gMAWj2X3AiA/INvOBrfe9I+3PNbxPAHUT55aw2IhZpp2n/ZGFnzu/g==
-----END CERTIFICATE-----
"""
DATA = base64.b64encode(AUTHORITY.encode()).decode()

RECORDER = """#!PYTHON
import json, os, sys
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
variables = {name: value for name, value in os.environ.items() if name.startswith("TEST_")}
with open("TOLD", "w") as file:
    json.dump([os.path.abspath(sys.argv[0]), sys.argv[1:], variables, info], file)
sys.exit(1)
"""


class Place(NamedTuple):
    """A folder with plugins, in which a user starts kubectl."""

    folder: Path
    variables: dict[str, str]

    @property
    def environment(self) -> Environment:
        """What our commands of this user run with."""
        return programs.with_kubectl(Environment(self.variables, Streams(StringIO(), StringIO(), StringIO())))

    def program(self, name: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(RECORDER.replace("PYTHON", sys.executable).replace("TOLD", f"{self.folder}/told"))
        path.chmod(0o755)

    def kubeconfig(self, name: str, login: object, server: object = None, **names: str) -> None:
        """Write a kubeconfig. names: of its context, its cluster and its user, "a" by default"""
        context = {"cluster": names.get("cluster", "a"), "user": names.get("user", "a")}
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "contexts": [{"name": names.get("context", "a"), "context": context}],
            "clusters": [{"name": context["cluster"], "cluster": server or {"server": SERVER}}],
            "users": [{"name": context["user"], "user": login}],
        }
        path.write_text(json.dumps(content))

    def run_by_kubectl(self, context: str) -> Any:
        """Return what the plugin was told; None if it didn't run."""
        told = self.folder / "told"
        told.unlink(missing_ok=True)
        subprocess.run(
            ["kubectl", "get", "--raw=/", f"--context={context}"],
            env=self.variables,
            cwd=self.folder,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return json.loads(told.read_text()) if told.exists() else None

    def found(self, context: str) -> CredentialPlugin | None:
        """Return the plugin that we find. The current folder has to be this one."""
        view = kubeconfigs.view_with_credentials(self.environment)
        content = kubeconfigs.split_contexts(view or {})[context].content
        return find_credential_plugin(content, self.variables) if content else None


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    path = os.pathsep.join([real_kubectl.folder(), f"{tmp_path}//bin/", os.environ.get("PATH", os.defpath)])
    variables = {
        "PATH": path, "HOME": str(tmp_path), "PWD": str(tmp_path), "KUBECONFIG": "config", "TEST_OWN": "1",
        "KUBERC": "off",
    }  # fmt: skip
    place = Place(tmp_path, variables)
    for name in ("bin/login", "plugins/login", "other/plugins/login"):
        place.program(name)
    (tmp_path / "ca.crt").write_text(AUTHORITY)
    return place


def assert_same(place: Place, context: str = "a") -> CredentialPlugin | None:
    """Check that kubectl runs the plugin that we find; return it."""
    told, plugin = place.run_by_kubectl(context), place.found(context)
    assert (told is not None) == bool(plugin and plugin.path), (told, plugin)
    if plugin and plugin.path:
        variables = {**place.variables, **dict(plugin.env)}
        variables = {name: value for name, value in variables.items() if name.startswith("TEST_")}
        info = exec_credentials.exec_info(
            plugin.api_version, False, json.loads(plugin.cluster_info) if plugin.cluster_info else None
        )
        assert told == [plugin.path, list(plugin.args), variables, json.loads(info)]
    return plugin


ENTRY = {"command": "login", "apiVersion": V1, "interactiveMode": "Never"}
CLUSTER = {"server": SERVER, "proxy-url": "http://127.0.0.1:2", "tls-server-name": "name", "disable-compression": True}


@pytest.mark.parametrize(
    "user",
    [
        {"exec": ENTRY},
        {"exec": {**ENTRY, "args": ["a b", ""], "env": []}},
        {"exec": {**ENTRY, "env": [{"name": "TEST_A", "value": "1"}, {"name": "TEST_A", "value": "2"}]}},
        {"exec": {**ENTRY, "env": [{"name": "TEST_A"}, {"name": "TEST_OWN", "value": "2"}]}},
        {"exec": {**ENTRY, "env": [{"name": "TEST_A=B", "value": "2"}]}},
        {"exec": {**ENTRY, "env": [{"name": "PATH", "value": "/bin"}]}},
        {"exec": {**ENTRY, "env": [{"name": "", "value": "2"}]}},
        {"exec": {**ENTRY, "apiVersion": V1BETA1, "interactiveMode": ""}},
        {"exec": {**ENTRY, "interactiveMode": ""}},
        {"exec": {**ENTRY, "interactiveMode": "Sometimes"}},
        {"exec": {**ENTRY, "interactiveMode": "IfAvailable"}},
        {"exec": {**ENTRY, "apiVersion": "client.authentication.k8s.io/v1alpha1"}},
        {"exec": {**ENTRY, "apiVersion": ""}},
        {"exec": {**ENTRY, "command": ""}},
        {"exec": {**ENTRY, "command": "missing"}},
        {"exec": {**ENTRY, "command": "plugins/login"}},
        {"exec": {**ENTRY, "command": "./other/..//plugins/login"}},
        {"exec": {**ENTRY, "command": "./login"}},
        {"exec": ENTRY, "token": "t"},
        {"exec": ENTRY, "tokenFile": "ca.crt"},
        {"exec": ENTRY, "tokenFile": "missing"},
        {"exec": ENTRY, "username": "u"},
        {"exec": ENTRY, "password": "p"},
        {"exec": ENTRY, "client-certificate": "ca.crt"},
        {"exec": ENTRY, "client-key": "ca.crt"},
        {"exec": ENTRY, "auth-provider": {"name": "oidc"}},
        {"exec": ENTRY, "as": "alice", "as-groups": ["ops"]},
        {"exec": ENTRY, "as-groups": ["ops"]},
        {"exec": ENTRY, "as-uid": "7"},
        {"exec": ENTRY, "as-user-extra": {"reason": ["x"]}},
    ],
)
def test_an_entry_of_a_user(place: Place, user: dict[str, Any]) -> None:
    place.kubeconfig("config", user)
    assert_same(place)


@pytest.mark.parametrize(
    "cluster",
    [
        CLUSTER,
        {**CLUSTER, "insecure-skip-tls-verify": True},
        {**CLUSTER, "certificate-authority": "ca.crt"},
        {**CLUSTER, "certificate-authority": "missing"},
        {**CLUSTER, "certificate-authority-data": DATA},
        {**CLUSTER, "certificate-authority-data": DATA, "certificate-authority": "ca.crt"},
        {**CLUSTER, "certificate-authority-data": DATA, "insecure-skip-tls-verify": True},
        {**CLUSTER, "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}]},
        {**CLUSTER, "extensions": [{"name": "other", "extension": {"audience": "x"}}]},
        {"server": f"{SERVER}/path?query#fragment"},
        {"server": f"{SERVER}/?query"},
        {"server": f"{SERVER}?query"},
        {"server": "HTTPS://127.0.0.1:1"},
        {"server": "HTTPS://127.0.0.1:1/path"},
        {"server": "http://127.0.0.1:1"},
        {"server": "127.0.0.1:1", "insecure-skip-tls-verify": True},
        {"server": "https://"},
        {"server": SERVER, "proxy-url": "socks5://127.0.0.1:2"},
        {"server": SERVER, "proxy-url": "HTTP://127.0.0.1:2"},
        {"server": SERVER, "proxy-url": "ftp://127.0.0.1:2"},
        {"server": SERVER, "proxy-url": "127.0.0.1:2"},
        {"server": SERVER, "proxy-url": "proxy"},
        {"server": ""},
    ],
)
@pytest.mark.parametrize("told", [True, False])
def test_a_cluster_that_the_plugin_is_told_of(place: Place, cluster: dict[str, Any], told: bool) -> None:
    place.kubeconfig("config", {"exec": {**ENTRY, "provideClusterInfo": told}}, cluster)
    assert_same(place)


RELATIVE = {"exec": {**ENTRY, "command": "./plugins/login"}}


def test_a_relative_command_is_in_the_folder_of_the_first_file_with_its_entry(place: Place) -> None:
    place.kubeconfig("config", RELATIVE)
    place.kubeconfig("other/config", RELATIVE)
    place.kubeconfig("third/config", RELATIVE, context="b", user="b")
    place.kubeconfig("fourth/config", {**RELATIVE, "tokenFile": "x"}, context="b", user="b")
    place.program("third/plugins/login")
    files = [
        "missing",
        "other/config",
        str(place.folder / "config"),
        "other/config",
        "",
        "third/config",
        "fourth/config",
    ]
    place.variables["KUBECONFIG"] = os.pathsep.join(files)
    for context, folder in (("a", "other"), ("b", "third")):
        plugin = assert_same(place, context)
        assert plugin
        assert plugin.path == str(place.folder / folder / "plugins/login")


def test_a_link_to_a_kubeconfig_is_not_followed(place: Place) -> None:
    place.kubeconfig("other/config", RELATIVE)
    (place.folder / "config").symlink_to("other/config")
    plugin = assert_same(place)
    assert plugin
    assert plugin.path == str(place.folder / "plugins/login")


def test_a_command_in_a_pipe_is_relative_to_the_pipes_folder(place: Place) -> None:
    """As kubectl has it, which reads the pipe itself. Here the pipe's content is in another file, which we made."""
    place.kubeconfig("config", RELATIVE)
    environment = place.environment.with_typed_paths({"config": str(place.folder / "other/pipe")})
    view = kubeconfigs.view_with_credentials(environment)
    assert view
    assert view["users"][0]["user"]["exec"]["command"] == str(place.folder / "other/plugins/login")


def test_the_current_folder_is_that_of_pwd(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above a link to a folder is the folder of the link."""
    place.kubeconfig("config", {"exec": {**ENTRY, "command": "../plugins/login"}})
    (place.folder / "deep").mkdir()
    (place.folder / "deep" / "link").symlink_to(place.folder / "other")
    place.program("deep/plugins/login")
    place.kubeconfig("other/config", {"exec": {**ENTRY, "command": "../plugins/login"}})
    there = place._replace(folder=place.folder / "deep" / "link")
    monkeypatch.chdir(there.folder)
    for pwd, folder in ((str(there.folder), place.folder / "deep"), ("/", place.folder), ("", place.folder)):
        plugin = there._replace(variables={**place.variables, "PWD": pwd}).found("a")
        assert plugin
        assert plugin.path == str(folder / "plugins/login")


@pytest.mark.parametrize("path", ["", ".", "bin", ":{}/bin", "{}/other:bin", "{}/bin/.."])
def test_a_program_that_path_finds_in_the_current_folder_does_not_run(place: Place, path: str) -> None:
    place.kubeconfig("config", {"exec": ENTRY})
    place.program("login")
    place.variables["PATH"] = os.pathsep.join((real_kubectl.folder(), path.format(place.folder, place.folder)))
    assert_same(place)


def test_a_context_with_relative_files_has_a_kubeconfig_of_its_own(place: Place) -> None:
    place.kubeconfig("other/config", {"client-certificate": "x.crt", "client-key": "x.key", "tokenFile": "token"})
    place.variables["KUBECONFIG"] = "other/config"
    view = kubeconfigs.view_with_credentials(place.environment)
    content = kubeconfigs.split_contexts(view or {})["a"].content
    assert content
    assert content["users"][0]["user"] == {
        "client-certificate": str(place.folder / "other/x.crt"),
        "client-key": str(place.folder / "other/x.key"),
        "tokenFile": str(place.folder / "other/token"),
    }
