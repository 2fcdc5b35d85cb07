# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Exec credential plugins of the tests, and a user whose kubeconfig logs in with them.

A fake plugin is a Python program that records its runs: what it was started with and by whom, and when it ended. Its
body is given by the test, and uses the names of PROGRAM. While its gate is shut, it waits in `wait()`; so a test acts
between two events, and never sleeps.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.e2e.conftest import MEMBERS, Done, Shell
from tests.e2e.running import DEADLINE, Running

V1, V1BETA1 = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"

POLICY = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: "
"""The beginning of a kuberc with a policy for credential plugins."""

PROGRAM = '''\
#!{python} -IS
import base64, fcntl, json, os, subprocess, sys, time
FOLDER = {folder!r}
args = sys.argv[1:]
info = json.loads(os.environ.get("KUBERNETES_EXEC_INFO", "{{}}"))

def record(**event):
    with open(FOLDER + "/runs", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps({{"run": os.getpid(), **event}}) + "\\n")

def say(text, end="\\n"):
    sys.stderr.write(text + end)
    sys.stderr.flush()

def fail(*lines):
    for line in lines:
        say(line)
    end(1)

def wait():
    with open(FOLDER + "/gate") as file:
        fcntl.flock(file, fcntl.LOCK_SH)

def ask(prompt):
    say(prompt, end="")
    typed = sys.stdin.readline().strip()
    record(event="typed", text=typed)
    return typed

def give(token="admin", version=None, **status):
    if token:
        status["token"] = token
    print(json.dumps({{"apiVersion": version or info["apiVersion"], "kind": "ExecCredential", "status": status}}))

def take_port():
    """Listen on the one port of the program, as those do that wait for a browser."""
    port = open(FOLDER + "/port", "w")
    try:
        fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        fail("listen tcp 127.0.0.1:8000: bind: address already in use")
    while time.process_time() < 0.3:
        pass

def end(status=0):
    sys.stdout.flush()
    record(event="end")
    sys.exit(status)

if os.path.isdir("/proc"):
    with open("/proc/%d/cmdline" % os.getppid()) as file:
        parent = file.read().split("\\0")
    stdin = os.readlink("/proc/self/fd/0")
else:  # macOS: the ps of BSD, and fcntl(2) with F_GETPATH
    parent = subprocess.check_output(["ps", "-ww", "-o", "command=", "-p", str(os.getppid())], text=True).split()
    stdin = os.fsdecode(fcntl.fcntl(0, 50, bytes(1024)).rstrip(b"\\0"))
folder = os.getcwd()
record(event="start", args=args, env=dict(os.environ), terminal=os.isatty(0), stdin=stdin, folder=folder, parent=parent)
try:
    started = os.open(FOLDER + "/started", os.O_WRONLY | os.O_NONBLOCK)
    os.write(started, b"x")
except OSError:
    pass  # no test waits for it

{body}
end()
'''


class Run(NamedTuple):
    """A run of a plugin.

    terminal: whether its stdin was one
    stdin: the file that its stdin was
    folder: its current folder
    parent: the command line of what started it
    """

    args: list[str]
    env: dict[str, str]
    terminal: bool
    stdin: str
    folder: str
    parent: list[str]

    @property
    def info(self) -> Any:
        """The content of KUBERNETES_EXEC_INFO."""
        return json.loads(self.env["KUBERNETES_EXEC_INFO"])

    @property
    def by_kubectl(self) -> bool:
        """Whether a kubectl has started it."""
        return os.path.basename(self.parent[0]) == "kubectl"


class FakePlugin(NamedTuple):
    """A program that a kubeconfig names; `folder` holds its record."""

    path: Path
    folder: Path

    @property
    def events(self) -> list[dict[str, Any]]:
        """What the runs did, in its order; one event a run at least, `start`."""
        record = self.folder / "runs"
        return [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []

    @property
    def runs(self) -> list[Run]:
        """The runs, in the order of their beginning."""
        starts = [event for event in self.events if event["event"] == "start"]
        return [Run(*(event[field] for field in Run._fields)) for event in starts]

    @property
    def first_arguments(self) -> list[str]:
        """The first argument of each run, sorted: by default the clusters that it ran for."""
        return sorted(run.args[0] for run in self.runs)

    @property
    def ended(self) -> int:
        """How many runs have come to their end."""
        return sum(event["event"] == "end" for event in self.events)

    @property
    def alternates(self) -> bool:
        """Whether each run began after the end of the one before."""
        kinds = [event["event"] for event in self.events if event["event"] in ("start", "end")]
        return kinds == ["start", "end"] * (len(kinds) // 2)

    @contextmanager
    def shut(self) -> Iterator[Gate]:
        """Let `wait()` wait until the gate is opened, or the block ends."""
        with open(self.folder / "gate", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            started = os.open(self.folder / "started", os.O_RDWR | os.O_NONBLOCK)
            try:
                yield Gate(file.fileno(), started)
            finally:
                os.close(started)


class Gate(NamedTuple):
    """What a plugin waits for, and how many have started since it was shut."""

    gate: int
    started: int

    def open(self) -> None:
        """Let all go on that wait, or will."""
        fcntl.flock(self.gate, fcntl.LOCK_UN)

    def wait_for_starts(self, count: int, command: Running) -> None:
        """Wait until so many runs have started. Fail if the command ends before."""
        deadline, seen = time.monotonic() + DEADLINE, 0
        process = os.pidfd_open(command.process.pid)
        try:
            while seen < count:
                ready, _, _ = select.select([self.started, process], [], [], max(0.0, deadline - time.monotonic()))
                assert self.started in ready, f"{seen} runs instead of {count}"
                seen += len(os.read(self.started, count))
        finally:
            os.close(process)


class PluginUser(NamedTuple):
    """A user of the fleet with a home directory of their own; KUBECONFIG is not set."""

    shell: Shell
    home: Path

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig that is read where nothing else is said."""
        return self.home / ".kube" / "config"

    def mc(self, *words: str, **env: str) -> Done:
        """Run kubectl-mc."""
        return self.shell.mc(*words, env=env)

    def with_env(self, **env: str) -> PluginUser:
        """Return the same user with more environment variables."""
        return self._replace(shell=self.shell._replace(environment={**self.shell.environment, **env}))

    def plugin(self, body: str = "give()", name: str = "fake-login", folder: Path | None = None) -> FakePlugin:
        """Install a program with this body; in a folder on PATH, if no other is said."""
        folder = folder or self.home / "bin"
        path, record = folder / name, self.home / "records" / str(len(list((self.home / "records").glob("*"))))
        for needed in (folder, record):
            needed.mkdir(parents=True, exist_ok=True)
        (record / "gate").touch()
        os.mkfifo(record / "started")
        path.write_text(PROGRAM.format(python=sys.executable, folder=str(record), body=body))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return FakePlugin(path, record)

    def logs_in_with(self, command: object, *words: str, clusters: Sequence[str] = MEMBERS, **fields: Any) -> None:
        """Let contexts log in with an exec entry each, whose arguments are `words` and the cluster's name.

        fields: of the entry, as a kubeconfig has them; None leaves one out
        """
        document = yaml.safe_load(self.kubeconfig.read_text())
        for context in document["contexts"]:
            if context["name"] in clusters:
                context["context"]["user"] = f"login-{context['name']}"
        names = [f"login-{cluster}" for cluster in clusters]
        document["users"] = [user for user in document["users"] if user["name"] not in names]
        for cluster in clusters:
            entry: dict[str, Any] = {"apiVersion": V1, "interactiveMode": "Never", "command": str(command)}
            entry |= {"args": [*words, cluster], **fields}
            entry = {field: value for field, value in entry.items() if value is not None}
            document["users"].append({"name": f"login-{cluster}", "user": {"exec": entry}})
        self.kubeconfig.write_text(yaml.safe_dump(document))

    def changes_clusters(self, **fields: Any) -> None:
        """Let the `cluster` entry of each member have these fields, too; None takes one away."""
        document = yaml.safe_load(self.kubeconfig.read_text())
        for entry in document["clusters"]:
            if entry["name"] in MEMBERS:
                entry["cluster"] = {
                    field: value for field, value in {**entry["cluster"], **fields}.items() if value is not None
                }
        self.kubeconfig.write_text(yaml.safe_dump(document))

    def maps(self, text: str = "") -> None:
        """Write the mapping file, with more lines behind the clusters."""
        mapping = self.shell.fleet.mapping.read_text()
        (self.home / ".kube" / "kubectl-mc-clusters.yaml").write_text(f"{mapping}{text}")

    def files_with(self, text: str) -> list[Path]:
        """Return the files below the home directory, TMPDIR and the cache that contain a text; not the plugins."""
        roots = (self.home, Path(self.shell.environment["KUBECACHEDIR"]))
        found = [
            path for root in roots for path in root.rglob("*") if path.is_file() and text.encode() in path.read_bytes()
        ]
        return [path for path in found if path.parent.name != "bin"]


def without_memory_files(user: PluginUser) -> PluginUser:
    """Return the same user on a system without memfd (macOS), where kubeconfigs are files."""
    folder = user.home / "python"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import os\ndel os.memfd_create\n")
    return user.with_env(PYTHONPATH=os.pathsep.join((str(folder), user.shell.environment["PYTHONPATH"])))


def plugin_user(shell: Shell, home: Path) -> PluginUser:
    """Return a user of the fleet whose kubeconfig is the fleet's, in this home directory."""
    for folder in (".kube", "bin", "temporary", "records"):
        (home / folder).mkdir()
    environment = {
        **shell.environment,
        "HOME": str(home),
        "TMPDIR": str(home / "temporary"),
        "PATH": os.pathsep.join((str(home / "bin"), shell.environment["PATH"])),
    }
    del environment["KUBECONFIG"]
    user = PluginUser(shell._replace(environment=environment), home)
    user.kubeconfig.write_text(shell.fleet.kubeconfig.read_text())
    user.maps()
    return user


def of(chosen: Sequence[str]) -> str:
    """Return the flag that chooses these clusters."""
    return f"--clusters={','.join(chosen)}"


def clusters(done: Done) -> list[str]:
    """Return the clusters in a table's second column."""
    return [row[1] for row in done.rows[1:]]


def lines_with(text: str, *parts: str) -> list[str]:
    """Return the lines that contain all parts."""
    return [line for line in text.splitlines() if all(part in line for part in parts)]
