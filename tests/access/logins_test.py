# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import base64
import json
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kubectl_mc.access.logins import Logins, complete_logins, hub_target, logins_for
from kubectl_mc.command_line.invocation import parse_invocation
from kubectl_mc.processes import memory_files
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.targets import Kubeconfig, Target
from tests import environments
from tests.access.credential_plugins_test import of_user
from tests.access.exec_credentials_test import CERTIFICATE, KEY
from tests.access.fake_plugin import FakePlugin


@pytest.fixture
def user(tmp_path: Path) -> Environment:
    return environments.environment({"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})


def target(name: str, kubeconfig: dict[str, Any], context: str = "here") -> Target:
    return Target(name, context, Kubeconfig(kubeconfig, starts_programs=True))


def users(targets: list[Target]) -> list[dict[str, Any]]:
    return [(target.kubeconfig.content or {})["users"][1]["user"] for target in targets]


def at(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def short() -> Logins:
    return Logins(may_ask=False, lasts=False)


def lasting() -> Logins:
    return Logins(may_ask=False, lasts=True, is_endless=True)


def log_in(logins: Logins, targets: Sequence[Target], environment: Environment) -> list[Target]:
    """Return the targets after their logins, which are run to their ends."""
    return complete_logins(logins.begin(targets, environment), environment.streams)


@pytest.mark.parametrize("context", [None, "here"])
def test_the_hub_is_logged_in_to_by_its_context_or_the_current_one(
    plugin: FakePlugin, user: Environment, tmp_path: Path, context: str | None
) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(plugin.kubeconfig())}\nEND\n")
    kubectl.chmod(0o755)
    own = Kubeconfig(None, starts_programs=True)
    hub = hub_target(short(), user._replace(kubectl=str(kubectl)), context, own)
    assert [entry["user"] for entry in (hub.kubeconfig.content or {})["users"]] == [{"token": "secret-token"}]


def test_one_entry_of_a_hundred_contexts_runs_once(plugin: FakePlugin, user: Environment) -> None:
    targets = [target(f"c{n}", plugin.kubeconfig(f"https://c{n}", args=["get-token"])) for n in range(100)]
    logged_in = log_in(short(), targets, user)
    assert plugin.runs == ["get-token"]
    assert users(logged_in) == [{"token": "secret-token"}] * 100
    assert [after.kubeconfig.content["clusters"] for after in logged_in if after.kubeconfig.content] == [
        before.kubeconfig.content["clusters"] for before in targets if before.kubeconfig.content
    ]
    assert {(after.kubeconfig.starts_programs, after.problem) for after in logged_in} == {(False, "")}
    assert {str(after.kubeconfig.exec_entry and after.kubeconfig.exec_entry["args"]) for after in logged_in} == {
        "['get-token']"
    }
    assert "secret" not in repr(logged_in)


def test_one_cluster_alone_is_logged_in_too(plugin: FakePlugin, user: Environment) -> None:
    assert users(log_in(short(), [target("c1", plugin.kubeconfig())], user)) == [{"token": "secret-token"}]


def test_cluster_info_makes_entries_different(plugin: FakePlugin, user: Environment) -> None:
    names = ("c1", "c1", "c2")
    log_in(
        short(), [target(name, plugin.kubeconfig(f"https://{name}", provideClusterInfo=True)) for name in names], user
    )
    assert sorted(told["spec"]["cluster"]["server"] for told in plugin.told) == ["https://c1", "https://c2"]


def test_what_a_plugin_has_given_in_this_command_is_not_asked_for_again(plugin: FakePlugin, user: Environment) -> None:
    logins = short()
    for count in (1, 3, 1):
        logged_in = log_in(logins, [target(f"c{n}", plugin.kubeconfig()) for n in range(count)], user)
        assert users(logged_in) == [{"token": "secret-token"}] * count
    assert len(plugin.runs) == 1


def test_targets_that_kubectl_itself_logs_in_stay_as_they_are(plugin: FakePlugin, user: Environment) -> None:
    others = [
        target("t", of_user({"token": "x"})),
        target("n", {}),
        target("r", plugin.kubeconfig(apiVersion="x")),
        Target("own", "own", Kubeconfig(None, starts_programs=True)),
        target("bad", plugin.kubeconfig())._replace(problem="not approved"),
    ]
    logged_in = log_in(short(), [*others, target("c1", plugin.kubeconfig(args=["c1"]))], user)
    assert logged_in[:-1] == others
    assert plugin.runs == ["c1"]


def test_a_failed_login_is_the_targets_problem(plugin: FakePlugin, user: Environment) -> None:
    plugin.does('[ "$1" = c1 ] && { echo The token is expired >&2; exit 1; }\n' + plugin.answer(token="t"))
    logins = short()
    for _ in range(2):
        c1, c2 = log_in(logins, [target(name, plugin.kubeconfig(args=[name])) for name in ("c1", "c2")], user)
        assert (c1.problem, c2.problem) == ("login failed: The token is expired", "")
        assert users([c2]) == [{"token": "t"}]
    assert len(plugin.runs) == 2


def test_a_plugin_that_the_policy_forbids_is_not_run(plugin: FakePlugin, user: Environment) -> None:
    forbidding = user._replace(plugin_policy={"credentialPluginPolicy": "DenyAll"})
    (c1,) = log_in(short(), [target("c1", plugin.kubeconfig())], forbidding)
    assert (c1.problem.startswith("login failed: "), plugin.runs) == (True, [])


def test_a_certificate_is_used_too(plugin: FakePlugin, user: Environment) -> None:
    plugin.gives(clientCertificateData=CERTIFICATE, clientKeyData=KEY)
    encoded = {
        "client-certificate-data": base64.b64encode(CERTIFICATE.encode()).decode(),
        "client-key-data": base64.b64encode(KEY.encode()).decode(),
    }
    assert users(log_in(short(), [target("c1", plugin.kubeconfig())], user)) == [encoded]


@pytest.mark.parametrize("seconds", [3600, 30, -30])
def test_a_short_command_takes_the_token_whenever_it_expires(
    plugin: FakePlugin, user: Environment, seconds: float
) -> None:
    plugin.gives(token="t", expirationTimestamp=at(seconds))
    assert users(log_in(short(), [target("c1", plugin.kubeconfig())], user)) == [{"token": "t"}]


def test_what_lasts_reads_its_token_from_a_file_in_memory(plugin: FakePlugin, user: Environment) -> None:
    plugin.gives(token="t", expirationTimestamp=at(3600))
    logged_in = log_in(lasting(), [target(f"c{n}", plugin.kubeconfig()) for n in range(3)], user)
    (path,) = {login["tokenFile"] for login in users(logged_in)}
    assert users(logged_in) == [{"tokenFile": path}] * 3
    assert (path.startswith("/proc/"), Path(path).read_text()) == (True, "t")


def test_what_lasts_takes_a_token_that_doesn_t_expire(plugin: FakePlugin, user: Environment) -> None:
    assert users(log_in(lasting(), [target("c1", plugin.kubeconfig())], user)) == [{"token": "secret-token"}]


@pytest.mark.parametrize(("seconds", "kept"), [(12 * 3600, False), (900, True)])
def test_a_certificate_that_ends_too_soon_is_left_to_what_lasts(
    plugin: FakePlugin, user: Environment, seconds: float, kept: bool
) -> None:
    plugin.gives(clientCertificateData=CERTIFICATE, clientKeyData=KEY, expirationTimestamp=at(seconds))
    of_context, of_profile = log_in(
        lasting(), [target("c1", plugin.kubeconfig()), target("c2", plugin.kubeconfig(), context="")], user
    )
    assert (of_context.kubeconfig.content is None, "exec" in users([of_profile])[0]) == (kept, kept)


def test_without_memory_files_what_lasts_has_its_plugin(
    plugin: FakePlugin, user: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_files, "available", lambda: False)
    plugin.gives(token="t", expirationTimestamp=at(900))
    (c1,) = log_in(lasting(), [target("c1", plugin.kubeconfig())], user)
    assert c1.kubeconfig == Kubeconfig(None, starts_programs=True)


@pytest.mark.parametrize(
    ("words", "lasts"),
    [
        ("get pods", False),
        ("describe pod x", False),
        ("top pods", False),
        ("clusters", False),
        ("apply -f x --dry-run=server", False),
        ("get pods -w", True),
        ("logs -f x", True),
        ("wait pod/x --for=condition=Ready", True),
        ("drain n1", True),
        ("delete pod x", True),
        ("apply -f x", True),
        ("proxy", True),
        ("port-forward x 80", True),
        ("exec -it x -- sh", True),
        ("edit cm x", True),
    ],
)
def test_what_may_outlive_a_credential(words: str, lasts: bool) -> None:
    logins = logins_for(parse_invocation(shlex.split(words)).kubectl, environments.memory_streams())
    assert logins
    assert logins.lasts is lasts


@pytest.mark.parametrize(
    ("flags", "for_members"),
    [
        ("--token=x", False),
        ("--username=x", False),
        ("--client-certificate=x --client-key=y", False),
        ("--token=", True),
        ("--username= --password=x", True),
        ("--client-key=/x", True),
    ],
)
def test_a_flag_that_logs_in_leaves_the_hubs_login_only(flags: str, for_members: bool) -> None:
    line = parse_invocation(shlex.split(f"get pods {flags}")).kubectl
    assert logins_for(line, environments.memory_streams()).for_members is for_members


def test_stdin_is_not_for_plugins_if_the_command_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin.__class__, "isatty", lambda self: True, raising=False)
    streams = environments.memory_streams()
    monkeypatch.setattr(streams.stdin.buffer, "isatty", lambda: True, raising=False)
    for words, may_ask in (("get pods", True), ("exec -it x -- sh", True), ("apply -f -", False)):
        logins = logins_for(parse_invocation(shlex.split(words)).kubectl, streams)
        assert logins
        assert logins.may_ask is may_ask
