# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What clusters say on a terminal: it can be read, and steers nothing. In a pipe it is as it was."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import real_kubectl
from tests.e2e.conftest import MC, MEMBERS, Shell
from tests.messages.terminal_text_test import is_safe

HOSTILE = (
    "over\rwritten \x1b[2K\x1b[1A\x1b]0;title\x07 \u009b31m \u202ebidi \x1b[31mred \x1b[8mhidden \x00\x08\x7f\n"
    "CLUSTER: c9\n\x1b[1mCLUSTER: c8\r\nCLUSTERS (2): c7\n"
)

# It says to stdout and stderr what the folder of the test holds, in the form that is asked for.
KUBECTL = """#!/bin/sh
case " $* " in *" config "*|*clusterprofiles*) exec REAL "$@" ;; esac
cat DIR/stderr >&2
case " $* " in
  *" name"*|*=name*) printf 'pod/'; cat DIR/stdout ;;
  *json*) printf '{\\n    "apiVersion": "v1",\\n    "kind": "Pod",\\n    "metadata": {\\n        "name": "'
          tr -d '\\n' < DIR/stdout; printf '"\\n    }\\n}\\n' ;;
  *yaml*) printf 'apiVersion: v1\\nkind: Pod\\nmetadata:\\n  name: x\\ntext: |\\n'; sed 's/^/  /' DIR/stdout ;;
  *" get "*pods*) printf 'NAME   STATUS\\na      '; cat DIR/stdout ;;
  *) cat DIR/stdout ;;
esac
exit "$(cat DIR/status)"
"""

COMMANDS = [
    "logs a",
    "logs a -f --no-reconnect",
    "get pods",
    "get pods -w --no-reconnect",
    "get pods --fold",
    "get pods -o name",
    "get pods -o name --fold",
    "get pods -o jsonpath={.x}",
    "get pods -o json",
    "get pods -o yaml",
    "get pods -w --no-reconnect -o yaml",
    "get --raw /x",
    "describe pod a",
    "version",
    "events",
    "api-versions",
    "wait pod/a --for=delete",
    "exec a --yes -- ls",
    "rollout history deploy/a",
    "top pods",
    "auth can-i get pods",
]


@pytest.fixture
def hostile(members: Shell, tmp_path: Path) -> Shell:
    assert members.mc("get", "nodes").status == 0  # the hub's answer is kept
    real = real_kubectl.program()
    (tmp_path / "kubectl").write_text(KUBECTL.replace("DIR", str(tmp_path)).replace("REAL", real))
    (tmp_path / "kubectl").chmod(0o755)
    (tmp_path / "stdout").write_bytes(HOSTILE.encode() + b"\xff\x9b2J\n")
    (tmp_path / "stderr").write_bytes(b"Warning: " + HOSTILE.encode())
    (tmp_path / "status").write_text("0")
    path = os.pathsep.join((str(tmp_path), members.environment["PATH"]))
    return members._replace(environment={**members.environment, "PATH": path, "HOSTILE": str(tmp_path)})


@pytest.mark.parametrize("status", [0, 1])
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("clusters", ["--all-clusters", "--clusters=c2"])
def test_nothing_steers_the_terminal(hostile: Shell, command: str, clusters: str, status: int) -> None:
    Path(hostile.environment["HOSTILE"], "status").write_text(str(status))
    verb, *words = command.split()
    with hostile.running(verb, clusters, *words, terminal=True) as running:
        running.end()
        # The terminal itself makes \r\n of \n.
        screen = running.stdout.replace("\r\n", "\n")
    assert is_safe(screen), screen
    headings = [
        line for line in screen.splitlines() if line.removeprefix("\x1b[1m").startswith(("CLUSTER:", "CLUSTERS ("))
    ]
    assert {line.partition(": ")[2] for line in headings} <= {*MEMBERS, ", ".join(MEMBERS)}
    if not status:
        assert "over\\rwritten \\x1b[2K" in screen


@pytest.mark.parametrize(
    "command", ["logs a", "logs a -f --no-reconnect", "get --raw /x", "describe pod a", "get pods -o name"]
)
def test_in_a_pipe_bytes_are_as_they_were(hostile: Shell, command: str) -> None:
    read = subprocess.run(
        [*MC, *command.split(), "--clusters=c2"], env=hostile.environment, capture_output=True, check=True, timeout=60
    )
    folder = Path(hostile.environment["HOSTILE"])
    for line in (folder / "stdout").read_bytes().splitlines(keepends=True):
        assert line in read.stdout


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("proxy", "--port=0", "--clusters=c2"), "Starting to serve on "),
        (("port-forward", "svc/cart", ":80", "-n", "shop", "--clusters=c2"), "Forwarding from "),
        (("get", "nodes", "-w"), r"^c3-node "),
    ],
)
def test_a_command_that_is_killed_outright_leaves_no_kubectl(
    members: Shell, arguments: tuple[str, ...], shown: str
) -> None:
    with members.running(*arguments, terminal=True) as running:
        running.until(shown)
        assert len(running.left()) > 1
        running.process.kill()
        running.process.wait()
        while running.left():  # the deadline of the test run only ends it
            pass
