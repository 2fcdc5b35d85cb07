# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Ctrl-C, closed pipes and time limits: what was complete is shown, and nothing is left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import MC, MEMBERS, Shell, needs
from tests.e2e.running import Running

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="what is left behind is read from /proc")


@pytest.fixture
def tidy(members: Shell, tmp_path: Path) -> Iterator[Shell]:
    """The fleet for a user whose folder for temporary files is empty at the end."""
    yield members._replace(environment={**members.environment, "TMPDIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


XTERM = {"TERM": "xterm"}


def interrupted(running: Running, number: signal.Signals = signal.SIGINT) -> None:
    """Ctrl-C ends it with 130, and everything that it had started; it says nothing of its own insides."""
    os.killpg(running.process.pid, number)
    assert running.end() == 128 + number
    assert running.left() == []
    assert "Traceback" not in running.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_was_complete_is_shown(tidy: Shell, number: signal.Signals) -> None:
    for cluster in MEMBERS:
        tidy.fleet.clear_requests(cluster)
    with tidy.fault("c2", "hang"), tidy.running("get", "nodes") as get:
        while not (tidy.fleet.requests("c1") and tidy.fleet.requests("c3") and len(children(get)) == 1):
            pass
        interrupted(get, number)
    assert [line.split()[1] for line in get.stdout.splitlines()] == ["CLUSTER", "c1", "c3"]
    assert "c2 (interrupted)" in get.stderr


@needs("kubelet")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_lines_that_were_shown_and_who_had_not_ended(tidy: Shell, number: signal.Signals) -> None:
    words = ("logs", "deploy/cart", "-n", "shop", "-c", "app", "--tail=1")
    with tidy.fault("c2", "hang"), tidy.running(*words) as logs:
        for cluster in ("c1", "c3"):
            logs.until(rf"^\[{cluster}\] line 49 ")
        interrupted(logs, number)
    assert [line[:4] for line in sorted(logs.stdout.splitlines())] == ["[c1]", "[c3]"]
    assert "c2 (interrupted)" in logs.stderr.splitlines()[-1]


def test_a_report_says_who_was_interrupted(tidy: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    report = tmp_path_factory.mktemp("report") / "report.json"
    with tidy.fault("c2", "hang"), tidy.running("events", "-A", f"--report={report}", terminal=True, env=XTERM) as get:
        get.until(r"2/3 answered; waiting for c2")
        interrupted(get)
    told = json.loads(report.read_text())
    entries = [(entry["name"], entry["state"], entry["reason"]) for entry in told["clusters"]]
    assert entries == [("c1", "answered", ""), ("c2", "failed", "interrupted"), ("c3", "answered", "")]
    assert told["exitStatus"] == 130


def children(running: Running) -> list[str]:
    number = running.process.pid
    return Path(f"/proc/{number}/task/{number}/children").read_text().split()


@needs("kubelet")
def test_followed_logs(tidy: Shell) -> None:
    with tidy.running("logs", "deploy/cart", "-n", "shop", "-c", "app", "-f") as logs:
        for cluster in MEMBERS:
            logs.until(rf"^\[{cluster}\] line 49 ")
        kubectls = [line for line in logs.left() if "--context" in line]
        assert len(kubectls) == 2 * len(MEMBERS)  # one for the lines, and one that watches the pods
        interrupted(logs)
    assert logs.stdout.endswith("\n")


def test_a_watch(tidy: Shell) -> None:
    with tidy.running("get", "nodes", "-w") as watch:
        for cluster in MEMBERS:
            watch.until(rf"^{cluster}-node +{cluster} ")
        interrupted(watch)
    assert (len(watch.stdout.splitlines()), watch.stderr) == (1 + len(MEMBERS), "")


@pytest.fixture
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report") / "report.json"


def entries(report: Path) -> list[tuple[str, str, str]]:
    """The name, the state and the reason of each cluster in a report."""
    return [
        (cluster["name"], cluster["state"], cluster["reason"]) for cluster in json.loads(report.read_text())["clusters"]
    ]


@pytest.mark.parametrize("more", [(), ("--no-reconnect",)])
def test_the_report_of_a_watch_says_who_has_answered(tidy: Shell, report: Path, more: tuple[str, ...]) -> None:
    words = ("get", "nodes", "-w", f"--report={report}", *more)
    with tidy.fault("c2", "hang"), tidy.fault("c3", "unauthorized"), tidy.running(*words) as watch:
        watch.until(r"^c1-node ")
        watch.until(r"^.c3. ", "stderr")
        interrupted(watch)
    answered, hung, failed = entries(report)
    assert (answered, hung) == (("c1", "answered", ""), ("c2", "failed", "interrupted"))
    assert failed == ("c3", "failed", "unauthorized")


@needs("kubelet")
def test_followed_logs_of_a_cluster_that_has_not_answered(tidy: Shell, report: Path) -> None:
    words = ("logs", "deploy/cart", "-n", "shop", "-c", "app", "-f", f"--report={report}")
    with tidy.fault("c2", "hang"), tidy.running(*words) as logs:
        for cluster in ("c1", "c3"):
            logs.until(rf"^\[{cluster}\] line 49 ")
        interrupted(logs)
    assert entries(report) == [("c1", "answered", ""), ("c2", "failed", "interrupted"), ("c3", "answered", "")]
    assert "c2 (interrupted)" in logs.stderr.splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_was_waited_for_where_there_is_nothing_to_show(tidy: Shell, report: Path, number: signal.Signals) -> None:
    how = "interrupted" if number == signal.SIGINT else f"ended by signal {number.value} ({number.name})"
    tidy.fleet.clear_requests("hub")
    with tidy.fault("hub", "hang"), tidy.running("get", "nodes", "--refresh", f"--report={report}") as get:
        while not tidy.fleet.requests("hub"):
            pass
        interrupted(get, number)
    assert get.stderr == f"Error: {how} while waiting for the hub\n"
    assert json.loads(report.read_text())["error"] == f"{how} while waiting for the hub"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_report_of_a_change_that_ends_in_the_dry_run(tidy: Shell, report: Path, number: signal.Signals) -> None:
    how = "interrupted" if number == signal.SIGINT else f"ended by signal {number.value} ({number.name})"
    for cluster in MEMBERS:
        tidy.fleet.clear_requests(cluster)
    words = ("label", "cm", "settings", "-n", "shop", "a=b", "--all-clusters", "--yes", f"--report={report}")
    with tidy.fault("c2", "hang"), tidy.running(*words) as change:
        while not (tidy.fleet.requests("c2") and len(children(change)) == 1):
            pass
        interrupted(change, number)
    error, last_line = change.stderr.splitlines()[-2:]
    # That a kubectl has ended may not have been noticed yet.
    assert re.fullmatch(rf"Error: {re.escape(how)} while the change was checked, waiting for (c1, )?c2(, c3)?", error)
    assert last_line == "So nothing was changed"
    assert json.loads(report.read_text())["error"] == error.removeprefix("Error: ")
    assert entries(report) == [(cluster, "not started", "") for cluster in MEMBERS]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_being_ended_ends_what_it_has_started(tidy: Shell, number: signal.Signals) -> None:
    """As by `timeout`, when the terminal is closed, or by Ctrl-\\."""
    with tidy.running("get", "nodes", "-w") as watch:
        watch.until(r"^c2-node ")
        watch.process.send_signal(number)
        assert watch.end() == 128 + number
        assert watch.left() == []
    assert watch.stderr == ""


def test_a_command_that_reads_what_it_was_given(tidy: Shell) -> None:
    """`-f -` is kept for all the clusters while the command runs."""
    manifest = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}"
    with tidy.fault("c1", "hang"):
        done = tidy.mc("get", "-f", "-", "--clusters=c1", "--cluster-timeout=1s", stdin=manifest)
    assert "c1 (timed out after 1s)" in done.stderr


# The limit ends the logs of all clusters, and of the nodes only one.
@pytest.mark.parametrize(
    ("arguments", "status"), [(("get", "nodes"), 3), (("logs", "deploy/cart", "-n", "shop", "-c", "app", "-f"), 1)]
)
def test_a_time_limit_leaves_nothing(tidy: Shell, arguments: tuple[str, ...], status: int) -> None:
    with tidy.fault("c2", "hang"), tidy.running(*arguments, "--cluster-timeout=1s") as limited:
        assert limited.end() == status
        assert limited.left() == []
    assert "c2 (timed out after 1s)" in limited.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "pods", "-A"),
        ("get", "pods", "-A", "-o", "yaml"),
        ("describe", "pods", "-A"),
        ("get", "pods", "-A", "-w"),
        pytest.param(("logs", "-l", "app=cart", "-n", "shop", "-c", "app", "-f"), marks=needs("kubelet")),
        ("--help",),
    ],
)
def test_a_reader_that_has_seen_enough_ends_it_quietly(tidy: Shell, arguments: tuple[str, ...]) -> None:
    read, write = os.pipe()
    with Running([*MC, *arguments], tidy.environment, stdout=write) as command:
        os.close(write)
        head = subprocess.run(["head", "-1"], stdin=read, capture_output=True, text=True, check=True)
        os.close(read)
        command.end()
        assert command.left() == []
    assert len(head.stdout.splitlines()) == 1
    assert command.stderr == ""


def test_a_quiet_watch_ends_when_nobody_reads_it_any_more(tidy: Shell) -> None:
    """All that there is has been read, and nothing more comes, so no write fails."""
    read, write = os.pipe()
    with Running([*MC, "get", "nodes", "-w"], tidy.environment, stdout=write) as command:
        os.close(write)
        with open(read, encoding="utf-8") as reader:
            for _ in range(1 + len(MEMBERS)):
                assert reader.readline()
        command.end()
        assert command.left() == []
    assert command.stderr == ""


def test_a_reader_that_is_gone_from_the_start(tidy: Shell) -> None:
    read, write = os.pipe()
    os.close(read)
    with Running([*MC, "get", "pods", "-A"], tidy.environment, stdout=write) as command:
        os.close(write)
        command.end()
    assert command.stderr == ""


def test_an_answer_that_cannot_be_written_is_one_line(tidy: Shell) -> None:
    with open("/dev/full", "wb") as full, Running([*MC, "get", "pods"], tidy.environment, stdout=full.fileno()) as get:
        assert get.end() == 1
    assert get.stderr == "Error: No space left on device\n"


def test_too_few_open_files_leave_no_cluster_out_unsaid(tidy: Shell) -> None:
    limited = ["bash", "-c", 'ulimit -n 56; exec "$0" "$@"', *MC, "get", "nodes", "-w"]
    with Running(limited, tidy.environment) as watch:
        assert watch.end() == 1
    assert watch.stdout == ""
    assert "(ulimit -n 57)" in watch.stderr


@needs("kubelet")
def test_too_few_open_files_for_logs_name_what_all_clusters_take(tidy: Shell, report: Path) -> None:
    words = ("logs", "-f", "deploy/cart", "-n", "shop", "-c", "app", f"--report={report}")
    with Running(["bash", "-c", 'ulimit -n 50; exec "$0" "$@"', *MC, *words], tidy.environment) as logs:
        assert logs.end() == 1
    assert "this takes 6 kubectls at a time" in logs.stderr
    assert not any(state == "answered" for _, state, _ in entries(report))
