"""A credential that expires while a kubectl runs: it is renewed, and the kubectl goes on."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from kubectl_mc.processes import memory_files
from tests.e2e.conftest import Shell

V1 = "client.authentication.k8s.io/v1"

# The first run gives a token that no server takes, and that expires soon. The second one waits to be told to go on.
PLUGIN = """#!/bin/sh
echo run >> "$0.runs"
if [ $(wc -l < "$0.runs") = 1 ]; then echo '{stale}'; else read word < "$0.go"; echo '{good}'; fi
"""


@pytest.mark.skipif(not memory_files.available(), reason="tokens are renewed in memory")
def test_proxy_goes_on_with_a_new_token(members: Shell, tmp_path: Path) -> None:
    plugin = tmp_path / "login"
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    status = {"token": "stale", "expirationTimestamp": expires}
    answers = [
        json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": fields})
        for fields in (status, {"token": "admin"})
    ]
    plugin.write_text(PLUGIN.format(stale=answers[0], good=answers[1]))
    plugin.chmod(0o755)
    os.mkfifo(f"{plugin}.go")
    config = yaml.safe_load(members.fleet.kubeconfig.read_text())
    entry = {"apiVersion": V1, "command": str(plugin), "interactiveMode": "Never"}
    config["users"].append({"name": "renewed", "user": {"exec": entry}})
    next(entry for entry in config["contexts"] if entry["name"] == "c1")["context"]["user"] = "renewed"
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    with members.running("proxy", "--port=0", "--clusters=c1", env={"KUBECONFIG": str(tmp_path / "config")}) as proxy:
        shown = proxy.until(r"Starting to serve on [\d.:]+$")
        match = re.search(r"[\d.]+:\d+", shown)
        assert match
        url = f"http://{match[0]}/api/v1/namespaces/default"
        assert status_of(url) == 401
        Path(f"{plugin}.go").write_text("go\n")  # this waits for the second run
        # kubectl reads the file again after a 401.
        assert any(status_of(url) == 200 for _ in range(20) if not time.sleep(4))
    assert Path(f"{plugin}.runs").read_text() == "run\nrun\n"


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
