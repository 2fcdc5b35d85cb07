# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A credential that expires during a command: what starts later has a new one."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import yaml

from kubectl_mc.processes import memory_files
from tests.e2e.conftest import Shell

V1 = "client.authentication.k8s.io/v1"

# Each run after the first waits to be told to go on. The first credential is one user's, all others are another's.
PLUGIN = """#!/bin/sh
echo run >> "$0.runs"
if [ $(wc -l < "$0.runs") = 1 ]; then echo '{first}'; else read word < "$0.go"; echo '{other}'; fi
"""


@pytest.mark.skipif(not memory_files.available(), reason="tokens are renewed in memory")
def test_the_second_wave_has_a_new_token(changing: Shell, tmp_path: Path) -> None:
    plugin, go = tmp_path / "login", tmp_path / "login.go"
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    first, other = (
        json.dumps(
            {
                "apiVersion": V1,
                "kind": "ExecCredential",
                "status": {"token": token, "expirationTimestamp": expires},
            }
        )
        for token in ("admin", "viewer")
    )
    plugin.write_text(PLUGIN.format(first=first, other=other))
    plugin.chmod(0o755)
    os.mkfifo(go)
    config = yaml.safe_load(changing.fleet.kubeconfig.read_text())
    entry = {"apiVersion": V1, "command": str(plugin), "interactiveMode": "Never"}
    config["users"].append({"name": "renewed", "user": {"exec": entry}})
    for context in config["contexts"]:
        if context["name"] in ("c1", "c2"):
            context["context"]["user"] = "renewed"
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    environment = {"KUBECONFIG": str(tmp_path / "config")}
    words = ("label", "ns", "default", "x=y", "--clusters=c1,c2", "--waves=1", "--pause=prompt", "--yes")
    with changing.running(*words, env=environment, terminal=True) as command:
        command.until(r"Go on with wave 2/2 \(c2\)\? \[y/N\]: $")
        go.write_text("go\n")  # this waits for the second run
        go.write_text("go\n")  # this waits for the third, and so for the second one's token to be written
        command.type("y\n")
        assert command.end() == 3
        assert "c2 (forbidden" in command.stdout
    assert "x=y" in changing.kubectl("--context=c1", "get", "ns", "default", "--show-labels").stdout
    assert "x=y" not in changing.kubectl("--context=c2", "get", "ns", "default", "--show-labels").stdout
