# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access import exec_credentials
from kubectl_mc.access.exec_credentials import Credential, LoginFailure
from tests.hostile import JSON

V1 = "client.authentication.k8s.io/v1"


CERTIFICATE = "CN=x\n-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----"


def answer(**status: Any) -> bytes:
    return json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": status}).encode()


@pytest.mark.parametrize(
    ("status", "credential"),
    [
        ({"token": "t"}, Credential("t", "", "", None)),
        ({"token": "t", "expirationTimestamp": None}, Credential("t", "", "", None)),
        ({"clientCertificateData": CERTIFICATE, "clientKeyData": KEY}, Credential("", CERTIFICATE, KEY, None)),
        (
            {"token": "t", "clientCertificateData": CERTIFICATE, "clientKeyData": KEY},
            Credential("t", CERTIFICATE, KEY, None),
        ),
        ({"token": "t", "expirationTimestamp": "1970-01-01T00:01:40Z"}, Credential("t", "", "", 100.0)),
        ({"token": "t", "expirationTimestamp": "1970-01-01T01:01:40+01:00"}, Credential("t", "", "", 100.0)),
        ({"token": "t", "expirationTimestamp": "1970-01-01T00:01:40.123456789Z"}, Credential("t", "", "", 100.0)),
        ({"token": "t", "expirationTimestamp": "0001-01-01T00:00:00Z"}, Credential("t", "", "", None)),
    ],
)
def test_a_credential_is_read(status: dict[str, Any], credential: Credential) -> None:
    assert exec_credentials.parse_credential(answer(**status), V1) == credential


@pytest.mark.parametrize(
    ("stdout", "reason"),
    [
        (b"", "not an ExecCredential"),
        (b"secret", "not an ExecCredential"),
        (b"[]", "not an ExecCredential"),
        (b"{}", "not an ExecCredential"),
        (b"\xff", "not an ExecCredential"),
        (b"[" * 100_000, "not an ExecCredential"),
        (b'{"kind": "ExecCredential", "apiVersion": "secret"}', "gave another one"),
        (b'{"kind": "ExecCredential", "apiVersion": ["secret"]}', "gave another one"),
        (b'{"kind": "ExecCredential", "apiVersion": "' + V1.encode() + b'beta1"}', f"gave {V1}beta1"),
        (answer(clientCertificateData="secret", clientKeyData=KEY), "no such PEM block"),
        (answer(clientCertificateData=CERTIFICATE, clientKeyData="secret"), "no such PEM block"),
        (answer(clientCertificateData=KEY, clientKeyData=CERTIFICATE), "no such PEM block"),
        (b'{"kind": "ExecCredential", "apiVersion": "' + V1.encode() + b'"}', "didn't return a status field"),
        (answer(), "didn't return a token or cert/key pair"),
        (answer(token=""), "didn't return a token or cert/key pair"),
        (answer(token=["secret"]), "not an ExecCredential"),
        (answer(token="secret\n"), "a token with a line end"),
        (answer(token="secret\x7f"), "another control character"),
        (answer(clientCertificateData="secret"), "only certificate or key"),
        (answer(clientKeyData="secret"), "only certificate or key"),
        (answer(token="secret", expirationTimestamp="tomorrow"), "expirationTimestamp is not a time"),
        (answer(token="secret", expirationTimestamp="2026-13-45T00:00:00Z"), "expirationTimestamp is not a time"),
        (answer(token="secret", expirationTimestamp=7), "expirationTimestamp is not a time"),
    ],
)
def test_what_is_no_credential_is_said_without_a_word_of_it(stdout: bytes, reason: str) -> None:
    failed = exec_credentials.parse_credential(stdout, V1)
    assert isinstance(failed, LoginFailure)
    assert reason in failed.reason
    assert "secret" not in failed.reason


@given(st.one_of(st.binary(), JSON.map(lambda value: answer(token=value, expirationTimestamp=value))))
def test_any_output_is_a_credential_or_a_reason(stdout: bytes) -> None:
    assert isinstance(exec_credentials.parse_credential(stdout, V1), Credential | LoginFailure)


def test_no_repr_shows_a_credential() -> None:
    credential = Credential("secret", "secret", "secret", 7.0)
    assert "secret" not in f"{credential} {credential!r} {[credential]} {(credential,)}"


def test_the_plugin_is_told_what_client_go_tells() -> None:
    """As kubectl 1.37.1 was seen to tell it."""
    cluster = {
        "server": "https://127.0.0.1:1",
        "tls-server-name": "foo",
        "insecure-skip-tls-verify": True,
        "proxy-url": "",
        "extensions": [
            {"name": "other", "extension": 1},
            {"name": "client.authentication.k8s.io/exec", "extension": {"clusterName": "x"}},
        ],
    }
    assert json.loads(exec_credentials.exec_info(V1, False, exec_credentials.cluster_info(cluster))) == {
        "kind": "ExecCredential",
        "apiVersion": V1,
        "spec": {
            "cluster": {
                "server": "https://127.0.0.1:1",
                "tls-server-name": "foo",
                "insecure-skip-tls-verify": True,
                "config": {"clusterName": "x"},
            },
            "interactive": False,
        },
    }
    assert json.loads(exec_credentials.exec_info(V1, True, None))["spec"] == {"interactive": True}


def test_a_credential_takes_the_place_of_exec_and_nothing_else() -> None:
    login = {"exec": {"command": "x"}, "as": "alice", "as-groups": ["ops"]}
    assert exec_credentials.with_credential(login, Credential("t", "", "", None)) == {
        "as": "alice",
        "as-groups": ["ops"],
        "token": "t",
    }
    assert exec_credentials.with_credential(login, Credential("", "PEM", "KEY", None)) == {
        "as": "alice",
        "as-groups": ["ops"],
        "client-certificate-data": "UEVN",
        "client-key-data": "S0VZ",
    }
    assert "exec" in login


def test_what_kubectl_refuses_beside_a_credential_goes_with_exec() -> None:
    login = {"exec": {"command": "x"}, "password": "p", "client-key": "k", "client-key-data": "k"}
    assert exec_credentials.with_credential(login, Credential("t", "", "", None)) == {"token": "t"}
