"""A user at a terminal, and the home where what they set up is kept."""

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
DEADLINE = 60.0  # seconds after which a dialogue is stuck


def kubeconfig(shell: Shell, **names: str) -> str:
    """The fleet's kubeconfig with these contexts only (name -> cluster), and the hub's; a dash for each `_`."""
    document = yaml.safe_load(shell.fleet.kubeconfig.read_text())
    document["contexts"] = [
        {"name": name.replace("_", "-"), "context": {"cluster": cluster, "user": "admin"}}
        for name, cluster in {"hub": "hub", **names}.items()
    ]
    return json.dumps(document)


def home(shell: Shell) -> Path:
    return Path(shell.environment["HOME"])


def written(shell: Shell) -> dict[str, str]:
    """Profile -> context, by the mapping file."""
    document = yaml.safe_load((home(shell) / FILE).read_text())
    return {entry["name"]: entry["context"] for entry in document["clusters"]}


class Dialogue(NamedTuple):
    status: int
    stdout: str
    screen: str


def talk(shell: Shell, arguments: Sequence[str], turns: Sequence[tuple[str, str]]) -> Dialogue:
    """Run a command with stdin and stderr on a terminal; turns: (what must have appeared, what is then typed)."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*MC, *arguments],
        env=shell.environment,
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C is a signal
    ) as process:
        os.close(theirs)
        try:
            screen = ""
            for expected, typed in turns:
                screen = _until(ours, screen, expected)
                os.write(ours, typed.encode())
                screen += "\0"  # what comes next is behind this
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
    """Read until the expected text has come after the last answer; None: to the end."""
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
