# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Where and how it is said which clusters failed: behind the answer on a terminal, ahead of it in a pipe."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import MC, MEMBERS, Shell
from tests.e2e.interrupt_test import children
from tests.e2e.running import Running

UNMAPPED = [f"far-{number}" for number in range(1, 151)]
REFUSED = ("  connection refused   1   c2   ", "Error: Failed to query 1 cluster: c2 (connection refused)")
SHOWING = "Showing results from 2/3 clusters:"


def screen_of(running: Running) -> list[str]:
    running.end()
    return running.stdout.replace("\r\n", "\n").splitlines()


def test_on_a_terminal_the_failures_stand_behind_the_answer(members: Shell) -> None:
    with members.fault("c2", "refuse"), members.running("get", "nodes", terminal=True) as running:
        lines = screen_of(running)
        assert running.process.returncode == 3
    assert [line.split()[0] for line in lines[:3]] == ["NAME", "c1-node", "c3-node"]
    assert lines[3] == "2 of 3 clusters answered"
    assert lines[4].startswith(REFUSED[0])
    assert len(lines) == 5


def test_in_a_pipe_they_stand_ahead_of_it(members: Shell) -> None:
    with members.fault("c2", "refuse"):
        both = subprocess.run(
            [*MC, "get", "nodes"],
            env=members.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
    lines = both.stdout.splitlines()
    assert (both.returncode, lines[:2], len(lines)) == (3, [REFUSED[1], SHOWING], 5)


@pytest.mark.parametrize("behind", ["| cat", "2>&1 | cat", "> FILE", "2> FILE"])
def test_where_one_of_both_is_no_terminal_it_is_as_in_a_pipe(members: Shell, tmp_path: Path, behind: str) -> None:
    """As `| head` may end the answer, and `| less` has the screen while it comes."""
    command = ["sh", "-c", f"{shlex.join([*MC, 'get', 'nodes'])} {behind.replace('FILE', str(tmp_path / 'file'))}"]
    with members.fault("c2", "refuse"), Running(command, members.environment, terminal=True) as running:
        lines = screen_of(running)
    if ">" in behind and "|" not in behind:
        written = (tmp_path / "file").read_text().splitlines()
        lines = lines + written if behind.startswith(">") else written + lines
    assert (lines[:2], len(lines)) == ([REFUSED[1], SHOWING], 5)


def test_what_no_cluster_has_is_said_behind_what_they_have(members: Shell) -> None:
    with members.running("get", "ns", "shop", "nope", terminal=True) as running:
        lines = screen_of(running)
        assert running.process.returncode == 1
    assert [line.split()[0] for line in lines[:4]] == ["NAME", "shop", "shop", "shop"]
    assert lines[4:] == ['Error from server (NotFound): namespaces "nope" not found (in all 3 clusters)']


def test_behind_a_stream_the_failures_are_the_same_table(members: Shell) -> None:
    words = ("logs", "deploy/cart", "-n", "shop", "-c", "app", "--tail=1")
    with members.fault("c2", "refuse"), members.running(*words, terminal=True) as running:
        lines = screen_of(running)
        assert running.process.returncode == 3
    assert lines[-2] == "2 of 3 clusters answered"
    assert lines[-1].startswith(REFUSED[0])


def test_after_ctrl_c_the_table_names_what_is_missing(members: Shell) -> None:
    for cluster in MEMBERS:
        members.fleet.clear_requests(cluster)
    with members.fault("c2", "hang"), members.running("get", "nodes", terminal=True) as running:
        while not (members.fleet.requests("c1") and members.fleet.requests("c3") and len(children(running)) == 1):
            pass
        running.type("\x03")
        lines = screen_of(running)
        assert running.process.returncode == 130
    assert lines[-2:] == ["2 of 3 clusters answered", "  interrupted   1   c2   try again"]


@pytest.fixture
def unmapped(changing: Shell) -> Iterator[Shell]:
    """A hub with 150 more clusters, to which the user has no context."""
    listed = changing.kubectl("--context=hub", "-n", "fleet", "get", "clusterprofile", "c1", "-o", "json")
    model = {name: part for name, part in json.loads(listed.stdout).items() if name in ("apiVersion", "kind", "spec")}
    items = [{**model, "metadata": {"name": name, "namespace": "fleet"}} for name in UNMAPPED]
    path = changing.fleet.directory / "unmapped.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    made = changing.kubectl("--context=hub", "create", "-f", str(path))
    assert made.status == 0, made.stderr
    assert changing.mc("clusters", "--refresh", "-o", "name").stdout.count("\n") == 153
    yield changing
    changing.fleet.reset("hub")
    changing.mc("clusters", "--refresh", "-o", "name")


def test_many_clusters_without_a_context_are_one_line(unmapped: Shell) -> None:
    done = unmapped.mc("get", "nodes")
    error, advice, showing = done.stderr.splitlines()
    assert (done.status, error.count("(no context)")) == (3, 1)
    assert all(f"{name}, " in error or f"{name} (" in error for name in UNMAPPED)
    assert advice == "To map each of these 150 clusters to a context of yours: kubectl mc setup"
    assert showing == "Showing results from 3/153 clusters:"
    with unmapped.running("get", "nodes", "--clusters=c*,far-*", terminal=True) as running:
        lines = screen_of(running)
    assert lines[4:] == [
        "3 of 153 clusters answered",
        f"  no context   150   {', '.join(UNMAPPED[:10])} and 140 more   "
        "to map them: kubectl mc setup --clusters='c*,far-*'; "
        "to list them: kubectl mc clusters --check --clusters='c*,far-*'",
    ]


def test_a_check_and_a_refused_change_lead_to_the_set_up_too(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\nclusters: [{name: c2, context: gone}]\n")
    advice = "To map c2 to a context of yours: kubectl mc setup\n"
    checked = user.mc("clusters", "--check")
    assert (checked.status, checked.stderr) == (3, advice)
    refused = user.mc("label", "ns", "shop", "a=b", "--clusters=c1,c2", "--yes")
    assert (refused.status, advice in refused.stderr) == (1, True)


def test_one_cluster_keeps_kubectl_s_own_words(members: Shell, fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\nclusters: [{name: c2, context: gone}]\n")
    with user.running("get", "nodes", "--clusters=c2", terminal=True) as running:
        lines = screen_of(running)
    words = "Error in configuration: context was not found for specified context: gone"
    assert lines == [words, "To map c2 to a context of yours: kubectl mc setup"]


def test_failed_tries_of_a_garbled_cluster_are_told_by_its_cause(members: Shell) -> None:
    with members.fault("c2", "garbage"):
        done = members.mc("api-resources")
    reason = "invalid character '<' looking for beginning of value"
    assert done.stderr == f"Error: Failed to query 1 cluster: c2 ({reason})\nShowing results from 2/3 clusters:\n"
