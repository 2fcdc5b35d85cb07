# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A dialogue at a terminal, and the files in the home directory of the user."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import selectors
import subprocess
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from tests.e2e.conftest import MC, Shell

FILE = ".kube/kubectl-mc-clusters.yaml"
PROMPT = "Number or name, empty to skip: "
DEADLINE = 60.0  # seconds after which a test fails


def kubeconfig(shell: Shell, **names: str) -> str:
    """Return the kubeconfig of the fleet with only these contexts (name -> cluster) and `hub`; `_` becomes a dash."""
    document = yaml.safe_load(shell.fleet.kubeconfig.read_text())
    document["contexts"] = [
        {"name": name.replace("_", "-"), "context": {"cluster": cluster, "user": "admin"}}
        for name, cluster in {"hub": "hub", **names}.items()
    ]
    return json.dumps(document)


def home(shell: Shell) -> Path:
    """Return the home directory of the user."""
    return Path(shell.environment["HOME"])


def written(shell: Shell) -> dict[str, str]:
    """Return the contents of the mapping file: ClusterProfile -> context."""
    document = yaml.safe_load((home(shell) / FILE).read_text())
    return {entry["name"]: entry["context"] for entry in document["clusters"]}


def with_fzf(shell: Shell, folder: Path, script: str = "exit 2") -> Shell:
    """Return the user with this shell script as fzf, which is in `folder`; by default it fails, as if there were none.

    It reads the lines as `INDEX<TAB>TEXT`, and prints the picked ones.
    """
    (folder / "fzf").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "fzf").chmod(0o755)
    path = os.pathsep.join((str(folder), shell.environment["PATH"]))
    return shell._replace(environment={**shell.environment, "PATH": path})


class Dialogue(NamedTuple):
    """What a command left behind; `screen` is all that appeared on the terminal."""

    status: int
    stdout: str
    screen: str


def talk(shell: Shell, arguments: Sequence[str], turns: Sequence[tuple[str, str]]) -> Dialogue:
    """Run a command with stdin and stderr on a terminal. turns: (the text to wait for, the text to type then)"""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*MC, *arguments],
        env=shell.environment,
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C sends a signal
    ) as process:
        os.close(theirs)
        try:
            screen = ""
            for expected, typed in turns:
                screen = _until(ours, screen, expected)
                os.write(ours, typed.encode())
                screen += "\0"  # separates the output before and after the typed text
            screen = _until(ours, screen, None)
            assert process.stdout
            stdout = process.stdout.read()
        except BaseException:
            process.kill()
            raise
        finally:
            os.close(ours)
    return Dialogue(process.returncode, stdout, screen.replace("\0", "").replace("\r\n", "\n"))


def _until(terminal: int, screen: str, expected: str | None) -> str:
    """Read until the expected text appears after the last typed text, or to the end for None."""
    deadline = time.monotonic() + DEADLINE
    with selectors.DefaultSelector() as selector:
        selector.register(terminal, selectors.EVENT_READ)
        while expected is None or expected not in screen.rpartition("\0")[2]:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise AssertionError(f"{expected!r} never came: {screen}")
            try:
                chunk = os.read(terminal, 1 << 16)
            except OSError:  # EIO: the other end is closed
                chunk = b""
            if not chunk:
                assert expected is None, f"{expected!r} never came: {screen}"
                break
            screen += chunk.decode()
    return screen
