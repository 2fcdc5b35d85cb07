# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A pod on the hub, as far as a process in it can tell: its service account, mounted volumes, a read-only home.

The process runs in a mount namespace of its own (unshare). As root, it gets a uid without a passwd entry and without
capabilities, but for reading what is only root's: the tests' Python may be.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from kubectl_mc.processes.environment import SERVICE_ACCOUNT
from tests.e2e.conftest import MC, Done, Shell

UID = 54321

ROOT = "/mnt"  # in the pod: what takes the place of its root directory

_UNSHARE = ("unshare", "-m") if os.getuid() == 0 else ("unshare", "-rm")
_READ_ALL = "-all,+dac_read_search"
_AS_USER = (
    ("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", f"--inh-caps={_READ_ALL}",
     f"--ambient-caps={_READ_ALL}", f"--bounding-set={_READ_ALL}", "--")
    if os.getuid() == 0 else ()
)  # fmt: skip

# $1: the files of the service account, or ""; $2: the pod's file system; $3: a volume, or ""; $4: where it is mounted
_MOUNTS = f"""
set -e
mount -t tmpfs -o mode=755 tmpfs "$(realpath /var/run)"
if [ "$1" ]; then mkdir -p {SERVICE_ACCOUNT}; mount --bind "$1" {SERVICE_ACCOUNT}; fi
mount --bind "$2" {ROOT}
mount -o remount,ro,bind {ROOT}
if [ "$3" ]; then mount --bind "$3" {ROOT}"$4"; fi
shift 4
cd /
exec "$@"
"""


@cache
def why_impossible() -> str:
    """Why this machine has no pods; "" if it has."""
    words = [*_UNSHARE, "sh", "-c", f"mount -t tmpfs tmpfs /mnt && exec {' '.join(_AS_USER)} true"]
    if not shutil.which("unshare"):
        return "no unshare"
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""


needs_pods = pytest.mark.skipif(bool(why_impossible()), reason=f"no mount namespaces: {why_impossible()}")


class Pod(NamedTuple):
    """A pod. folder: what is prepared for it; volume: (a folder that can be written, where it is mounted in the pod)"""

    shell: Shell
    folder: Path
    volume: tuple[str, str] = ("", "")
    has_account: bool = True

    @property
    def root(self) -> Path:
        """The folder that is ROOT in the pod, where it is read-only."""
        return self.folder / "root"

    @property
    def variables(self) -> dict[str, str]:
        kubeconfig = yaml.safe_load(self.shell.fleet.kubeconfig.read_text())
        (server,) = [entry["cluster"]["server"] for entry in kubeconfig["clusters"] if entry["name"] == "hub"]
        host, _, port = server.removeprefix("https://").rpartition(":")
        shown = {name: self.shell.environment[name] for name in ("PATH", "PYTHONPATH")}
        return {**shown, "HOME": f"{ROOT}/home/mc", "KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}

    def mount(self, path: str, files: Mapping[str, str]) -> None:
        """Mount a ConfigMap as the kubelet does: its keys are links to a folder that it replaces as a whole."""
        _project(self.root / path.lstrip("/"), files)

    def with_volume(self, path: str) -> Pod:
        """Return the pod with a volume like an emptyDir, which is root's and open to all, mounted there."""
        volume = self.folder / "volume"
        volume.mkdir()
        volume.chmod(0o777)
        (self.root / path.lstrip("/")).mkdir(parents=True)
        return self._replace(volume=(str(volume), path))

    def mc(self, *words: str, env: Mapping[str, str | None] | None = None) -> Done:
        """Run kubectl-mc in the pod. env: variables that differ; None: it isn't set"""
        return self.run(*MC, *words, env=env)

    def run(self, *argv: str, env: Mapping[str, str | None] | None = None) -> Done:
        """Run a program in the pod."""
        account = str(self.folder / "account") if self.has_account else ""
        command = [*_UNSHARE, "sh", "-c", _MOUNTS, "sh", account, str(self.root), *self.volume, *_AS_USER, *argv]
        variables = {name: value for name, value in {**self.variables, **(env or {})}.items() if value is not None}
        done = subprocess.run(
            command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=120, start_new_session=True,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)


def _project(folder: Path, files: Mapping[str, str]) -> None:
    data = folder / "..2026_11_26_06_00_00.1"
    data.mkdir(parents=True)
    (folder / "..data").symlink_to(data.name)
    for name, content in files.items():
        (data / name).write_text(content)
        (data / name).chmod(0o644)
        (folder / name).symlink_to(f"..data/{name}")


def make_pod(shell: Shell, folder: Path, namespace: str, account: str) -> Pod:
    """Return a pod with the token of a service account of the hub."""
    token = shell.kubectl("--context=hub", "create", "token", account, f"--namespace={namespace}")
    assert token.status == 0, token.stderr
    authority = (shell.fleet.directory / "ca.pem").read_text()
    _project(folder / "account", {"token": token.stdout.strip(), "ca.crt": authority, "namespace": namespace})
    pod = Pod(shell, folder)
    (pod.root / "home" / "mc").mkdir(parents=True)
    return pod
