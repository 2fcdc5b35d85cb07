# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from kubectl_mc.access import credential_plugins, exec_credentials, kubeconfig_files
from kubectl_mc.access.exec_credentials import Credential
from kubectl_mc.processes.targets import Kubeconfig, Target
from tests.access.exec_credentials_test import CERTIFICATE, KEY

OWN = Kubeconfig(None, starts_programs=True)
EXEC = {"as": "bob", "exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "login"}}


def kubeconfig(user: dict[str, Any], **cluster: str) -> dict[str, Any]:
    return {
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://c1", **cluster}}],
        "users": [{"name": "u", "user": user}],
    }


def reached(content: dict[str, Any] | None, context: str = "x", starts_programs: bool = True) -> Target:
    return Target("c1", context, Kubeconfig(content, starts_programs))


def after_login(before: Target, credential: Credential) -> Target:
    content = dict(before.kubeconfig.content or {})
    login = exec_credentials.with_credential(credential_plugins.current_entry(content, "user"), credential)
    return before._replace(kubeconfig=Kubeconfig(credential_plugins.with_login(content, login), starts_programs=False))


@pytest.mark.parametrize(
    "credential",
    [
        Credential("s3cret'$`", "", "", None),
        Credential("", CERTIFICATE, KEY, None),
        Credential("s3cret", CERTIFICATE + "\n", KEY + "\n", None),
    ],
)
def test_a_shared_credential_is_printed_from_the_environment_and_is_nowhere_else(credential: Credential) -> None:
    before = reached(kubeconfig(EXEC))
    (target,) = kubeconfig_files.targets_in_files([before], [after_login(before, credential)], OWN)
    assert target.kubeconfig.content is not None
    login = credential_plugins.current_entry(target.kubeconfig.content, "user")
    assert set(login) == {"as", "exec"}
    written = json.dumps(target.kubeconfig.content)
    assert not any(word in written for word in ("s3cret", "BEGIN", "CN=x", "data"))
    entry = login["exec"]
    printed = subprocess.run(
        [entry["command"], *entry["args"]], env=dict(target.kubeconfig.variables), capture_output=True, check=True
    )
    assert exec_credentials.parse_credential(printed.stdout, entry["apiVersion"]) == credential


def test_a_context_that_shares_no_login_is_reached_through_the_users_own_kubeconfig() -> None:
    for user in ({"token": "s3cret"}, {"password": "s3cret"}, EXEC):
        target = reached(kubeconfig(user))
        assert kubeconfig_files.targets_in_files([target], [target], OWN) == [target._replace(kubeconfig=OWN)]


def test_so_is_one_with_a_password_for_its_proxy() -> None:
    before = reached(kubeconfig(EXEC, **{"proxy-url": "http://user:s3cret@proxy"}))
    (target,) = kubeconfig_files.targets_in_files([before], [after_login(before, Credential("t", "", "", None))], OWN)
    assert target.kubeconfig == OWN


def test_what_only_a_profile_reaches_is_left_as_it_is() -> None:
    target = reached(kubeconfig(EXEC), context="")
    assert kubeconfig_files.targets_in_files([target], [target], OWN) == [target]


def test_what_was_not_split_stays_so() -> None:
    target = reached(None)
    assert kubeconfig_files.targets_in_files([target], [target], OWN) == [target]
