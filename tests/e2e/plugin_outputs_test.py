# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What a credential plugin prints: we take for a credential what kubectl takes for one."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from kubectl_mc.access import exec_credentials
from kubectl_mc.access.exec_credentials import Credential
from tests.e2e.plugin_entries_test import AUTHORITY, ENTRY, V1, V1BETA1, Place, place

__all__ = ["place"]

KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMmaXoPYvbI1tg70v
BYGOHdOHAbpItw/+oVLopFyKPkyhRANCAASlyME9rIPd4FcEEnjU+zkqqeJvTek5
lFoAW8mgEBeLqpIEyE2uBwNZViu2nNgkfLpYuxFiqY5VwDga1qUT38Ly
-----END PRIVATE KEY-----
"""  # AUTHORITY's, and nobody's else


def answer(status: object, **fields: Any) -> str:
    return json.dumps({"kind": "ExecCredential", "apiVersion": V1, "status": status, **fields})


def without(name: str) -> str:
    return json.dumps({field: value for field, value in json.loads(answer({"token": "t"})).items() if field != name})


def expiring(timestamp: object) -> str:
    return answer({"token": "t", "expirationTimestamp": timestamp})


YAML = f"kind: ExecCredential\napiVersion: {V1}\nstatus:\n  token: t\n"

OUTPUTS = [
    answer({"token": "t"}),
    answer({"token": "t", "clientCertificateData": AUTHORITY, "clientKeyData": KEY}),
    answer({"clientCertificateData": AUTHORITY, "clientKeyData": KEY}),
    answer({"clientCertificateData": f"text\n{AUTHORITY}", "clientKeyData": KEY.replace("\n", "\r\n")}),
    answer({"clientCertificateData": KEY, "clientKeyData": AUTHORITY}),
    answer({"clientCertificateData": "PEM", "clientKeyData": KEY}),
    answer({"clientCertificateData": AUTHORITY, "clientKeyData": "PEM"}),
    answer({"clientCertificateData": AUTHORITY}),
    answer({"token": "t", "clientKeyData": KEY}),
    answer({"token": "t", "clientKeyData": None}),
    answer({"token": 7}),
    answer({"token": False}),
    answer({"token": []}),
    answer({"token": None}),
    answer({"token": ""}),
    answer({"Token": "t"}),
    answer({}),
    answer(None),
    answer(7),
    answer([]),
    answer({"token": "t", "more": 1}, more=1, spec={"interactive": False}),
    answer({"token": "t"}, spec=None),
    answer({"token": "t"}, spec=7),
    answer({"token": "t"}, apiVersion=V1BETA1),
    answer({"token": "t"}, apiVersion="client.authentication.k8s.io/v1alpha1"),
    answer({"token": "t"}, apiVersion=7),
    answer({"token": "t"}, apiVersion=""),
    answer({"token": "t"}, kind="Pod"),
    answer({"token": "t"}, kind=7),
    answer({"token": "t"}, kind=""),
    without("kind"),
    without("apiVersion"),
    without("status"),
    answer({"token": "t"}).replace('"kind"', '"Kind"').replace('"apiVersion"', '"ApiVersion"'),
    answer({"token": "t"}).replace('"status"', '"Status"'),
    answer({"token": "t"}).replace('"t"', '"t", "token": "u"'),
    *map(
        expiring,
        [
            None, "", 7, "tomorrow", "2020-01-01T00:00:00Z", "2120-01-01T00:00:00+02:00", "0001-01-01T00:00:00Z",
            "2120-01-01t00:00:00Z", "2120-01-01T00:00:00z", "2120-01-01T00:00:00", "2120-01-01T00:00:00.123456789Z",
            "2120-01-01T00:00:00,5Z", "2120-13-01T00:00:00Z", "2120-01-01 00:00:00Z", "2120-01-01T00:00:00+0200",
        ],
    ),
    "",
    "{}",
    "[]",
    "null",
    "hello",
    f"hello\n{answer({'token': 't'})}",
    f" \n{answer({'token': 't'})}\n\n",
    f"{answer({'token': 't'})}x",
    f"{answer({'token': 't'})}\n{{}}",
    answer({"token": "t"})[:-1],
    YAML,
    f"---\n# a comment\n{YAML}",
    f"{YAML}---\nkind: Other\n",
    f"{YAML}  expirationTimestamp: 2120-01-01T00:00:00Z\n",
    YAML.replace("token: t", "token: 7"),
    YAML.replace("token: t", "token: true"),
    YAML.replace("token: t", "token: ~"),
    YAML.replace("token: t", "token:t"),
]  # fmt: skip


@pytest.mark.parametrize("output", OUTPUTS)
def test_what_is_a_credential(place: Place, output: str) -> None:
    (place.folder / "output").write_text(output)
    (place.folder / "bin" / "login").write_text(f"#!/bin/sh\ncat '{place.folder}/output'\n")
    place.kubeconfig("config", {"exec": ENTRY})
    words = ["kubectl", "get", "--raw=/", "--context=a"]
    done = subprocess.run(
        words, env=place.variables, cwd=place.folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert ("getting credentials" in done.stderr) != ("connection" in done.stderr), done.stderr
    credential = exec_credentials.parse_credential(output.encode(), V1)
    assert isinstance(credential, Credential) == ("connection" in done.stderr), (done.stderr, credential)
