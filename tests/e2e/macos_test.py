# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What Linux has and macOS hasn't, taken away: memfd, /proc, epoll, F_SETSIG, a process's CPU; and 256 open files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import MC, MEMBERS, Shell
from tests.e2e.verbs_test import MANIFESTS

# Read by Python ahead of the program. An audit hook sees each file that is opened, in Python and by its own modules.
MACOS = """
import fcntl, os, resource, select, sys, time
del os.memfd_create, os.sched_getaffinity, fcntl.F_SETSIG, select.epoll
hard = os.environ.pop("HARD_LIMIT", "") or resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (256, int(hard)))
def without_proc(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and str(arguments[0]).startswith(("/proc", "/sys")):
        raise FileNotFoundError(2, "No such file or directory", arguments[0])
sys.addaudithook(without_proc)
real = time.clock_gettime
def clock_gettime(clock):
    if clock < 0:
        raise OSError(22, "Invalid argument")
    return real(clock)
time.clock_gettime = clock_gettime
"""


@pytest.fixture
def macos(changing: Shell, tmp_path: Path) -> Iterator[Shell]:
    """A user on such a system, whose commands leave nothing in TMPDIR."""
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "sitecustomize.py").write_text(MACOS)
    (tmp_path / "temporary").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "settings.yaml").write_text(MANIFESTS["settings.yaml"])
    more = {
        "PYTHONPATH": os.pathsep.join((str(tmp_path / "python"), changing.environment["PYTHONPATH"])),
        "TMPDIR": str(tmp_path / "temporary"),
    }
    user = changing._replace(environment={**changing.environment, **more})
    assert user._run([MC[0], "-c", "import os; os.memfd_create"], None, {}).status == 1
    assert user._run([MC[0], "-c", "open('/proc/self/stat')"], None, {}).status == 1
    yield user
    assert list((tmp_path / "temporary").iterdir()) == []


def test_answers_are_the_same(changing: Shell, macos: Shell, tmp_path: Path) -> None:
    for line in (
        "get nodes -o name",
        "get cm settings -n shop -o yaml",
        "get cm -n shop sett* -o name",
        "clusters -o name",
        f"get -o name -f {tmp_path}/settings.yaml",
        f"diff -f {tmp_path}/settings.yaml --clusters=c2",
        "get nodes nope",
        "config get-contexts -o name",
        "version --client",
    ):
        shown, expected = macos.mc(*line.split()), changing.mc(*line.split())
        if line.startswith("diff"):  # its first lines name temporary files
            shown, expected = (done._replace(stdout=done.stdout.partition("@@")[2]) for done in (shown, expected))
        assert shown == expected, line
        assert "Traceback" not in shown.stderr


def test_changes_are_made_and_can_be_taken_up(changing: Shell, macos: Shell) -> None:
    manifest = MANIFESTS["settings.yaml"].replace("settings", "from-stdin")
    done = macos.mc("apply", "-f", "-", "--all-clusters", "--yes", stdin=manifest)
    assert done.status == 0, done
    for cluster in MEMBERS:
        assert changing.kubectl(f"--context={cluster}", "get", "cm", "from-stdin", "-n", "shop").status == 0
    assert macos.mc("resume", "last", "--yes").status in (0, 1)
    assert macos.mc("audit", "show", "last").stdout.count("created") == len(MEMBERS)


@pytest.mark.parametrize(
    ("words", "shown"),
    [(["get", "nodes", "-w"], "c3-node"), (["proxy", "--port=0", "--clusters=c1"], "Starting to se")],
)
def test_what_lasts_ends_with_ctrl_c_and_leaves_nothing_running(macos: Shell, words: list[str], shown: str) -> None:
    with macos.running(*words) as command:
        command.until(shown)
        command.interrupt()
        command.end()
        command.wait_for_left()


@pytest.mark.parametrize(
    ("hard", "command"),
    [
        ("", ["wait", "cm/settings", "--for=jsonpath={.metadata.name}=settings"]),  # all at once
        ("256", ["get", "cm", "settings", "-o", "name"]),
    ],
)
def test_a_hundred_clusters_need_more_than_256_files(
    macos: Shell, tmp_path: Path, hard: str, command: list[str]
) -> None:
    """The limit is raised as far as it may be; else they take turns."""
    config = yaml.safe_load(macos.fleet.kubeconfig.read_text())
    (context,) = [entry["context"] for entry in config["contexts"] if entry["name"] == "c1"]
    config["contexts"] = [{"name": f"n{number:03}", "context": context} for number in range(100)]
    (tmp_path / "many").write_text(yaml.safe_dump(config))
    flags = ["--contexts=n*", f"--kubeconfig={tmp_path}/many", "-n", "shop"]
    done = macos.mc(*command, *flags, env={"HARD_LIMIT": hard})
    assert (done.status, len(done.stdout.splitlines()), done.stderr) == (0, 100, "")
