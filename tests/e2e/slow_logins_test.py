# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A login that hangs, or waits for the user, holds back the kubectls of its own clusters, and no others."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack

import pytest

from tests.e2e.conftest import MEMBERS, needs
from tests.e2e.fake_plugins import FakePlugin, PluginUser, lines_with
from tests.e2e.progress_test import ctrl_c, screen, typed

NODES = ("get", "nodes")


@pytest.fixture
def slow(user: PluginUser) -> FakePlugin:
    """The plugin of c1, which waits; that of c2 answers at once, and c3 needs none."""
    plugin = user.plugin("wait(); give()", name="slow-login")
    user.logs_in_with(plugin.path, clusters=("c1",))
    user.logs_in_with(user.plugin(name="quick-login").path, clusters=("c2",))
    return plugin


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        (("get", "nodes", "-w"), ("c2-node", "c3-node", "c1-node")),
        pytest.param(
            ("logs", "deploy/cart", "-n", "shop", "-c", "app", "-f"), (r"\bc2\b", r"\bc3\b", r"\bc1\b"),
            marks=needs("kubelet"),
        ),
        (("get", "node", "c*-node", "-w", "-o", "name"), (r"\bc2\b", r"\bc3\b", r"\bc1\b")),
        (("clusters", "--check"), ("^c2 .* yes", "^c3 .* yes", "^c1 .* yes")),
    ],
)  # fmt: skip
def test_what_others_show_is_there_before_the_login_ends(
    user: PluginUser, slow: FakePlugin, words: tuple[str, ...], rows: tuple[str, ...]
) -> None:
    with slow.shut() as gate, user.shell.running(*words) as command:
        gate.wait_for_starts(1, command)
        for row in rows[:2]:
            command.until(row)
        assert (slow.ended, len(slow.runs)) == (0, 1)
        gate.open()
        command.until(rows[2])
        if words[0] != "clusters":
            command.interrupt()
        command.end()
    assert (len(slow.runs), slow.runs[0].by_kubectl) == (1, False)


@pytest.mark.parametrize("words", [NODES, ("get", "node", "c*-node"), ("get", "cm", "-n", "shop,team*")])
def test_a_login_that_hangs_is_its_own_clusters_failure(
    user: PluginUser, slow: FakePlugin, words: tuple[str, ...]
) -> None:
    """It takes no place of a kubectl's either."""
    path = user.home / "report"
    with slow.shut():
        done = user.mc(*words, "--cluster-timeout=1s", "--max-parallel=1", f"--report={path}")
    assert (done.status, {row[done.rows[0].index("CLUSTER")] for row in done.rows[1:]}) == (3, {"c2", "c3"})
    assert lines_with(done.stderr, "c1", "login failed: slow-login timed out after 1s"), done.stderr
    reasons = {entry["name"]: entry["reason"] for entry in json.loads(path.read_text())["clusters"]}
    assert reasons == {"c1": "login", "c2": "", "c3": ""}


def test_it_is_named_while_it_is_waited_for_and_ctrl_c_shows_the_others(user: PluginUser, slow: FakePlugin) -> None:
    with slow.shut(), typed(user.shell, *NODES) as get:
        get.until(r"2/3 answered; waiting for login with slow-login to c1 \(\d+s of 300s\)")
        assert ctrl_c(get) == 130
        get.wait_for_left()
    text = "\n".join(screen(get))
    assert ("c2-node" in text, "c3-node" in text, "2 of 3 clusters answered" in text) == (True, True, True)
    assert slow.ended == 0


@pytest.mark.parametrize(
    "words", [("get", "pods", "-n", "shop,default"), ("describe", "cm", "-n", "sh*"), ("events", "-n", "sh*")]
)
def test_others_answer_in_several_namespaces_meanwhile(
    user: PluginUser, slow: FakePlugin, words: tuple[str, ...]
) -> None:
    path = user.home / "report"
    with slow.shut(), typed(user.shell, *words, f"--report={path}") as read:
        read.until(r"2/3 answered; waiting for login with slow-login to c1 \(")
        assert ctrl_c(read) == 130
    text = "\n".join(screen(read))
    assert ("c2 " in text or "CLUSTER: c2" in text, screen(read)[-2:]) == (
        True,
        ["2 of 3 clusters answered", "  interrupted   1   c1   try again"],
    )
    report = json.loads(path.read_text())
    assert {entry["name"]: entry["reason"] for entry in report["clusters"]} == {"c1": "interrupted", "c2": "", "c3": ""}


def test_it_is_named_once_below_what_has_no_end(user: PluginUser, slow: FakePlugin) -> None:
    cases = (("get", "pods", "-n", "shop", "-w"), ("logs", "deploy/cart", "-n", "shop", "-c", "app", "-f"))
    said = "[c1] waiting for login with slow-login (5s of 40s)"
    with slow.shut() as gate, ExitStack() as stack:
        flags = ("--cluster-timeout=40s", "--no-reconnect")
        started = [stack.enter_context(user.shell.running(*words, *flags)) for words in cases]
        for running in started:
            running.until(re.escape(said), "stderr")
        gate.open()
        for running in started:
            running.until(r"\bc1\b")
            running.interrupt()
            running.end()
            assert running.stderr.count("waiting for login") == 1


@needs("kubelet")
def test_those_that_fail_alike_are_named_in_their_order(user: PluginUser) -> None:
    last = user.plugin("wait(); fail('denied')", name="last-login")
    user.logs_in_with(last.path, clusters=("c1",))
    user.logs_in_with(user.plugin("fail('denied')", name="first-login").path, clusters=("c2",))
    with last.shut() as gate, user.shell.running("logs", "deploy/cart", "-n", "shop", "-c", "app", "-f") as logs:
        logs.until(r"^\[c2\] ended: login failed: denied$", "stderr")
        gate.open()
        logs.until(r"^\[c1\] ended: login failed: denied$", "stderr")
        logs.until(r"\bc3\b")
        logs.interrupt()
        logs.end()
    assert lines_with(logs.stderr, "Failed to query 2 clusters", "c1 (login failed: denied), c2 (login failed: denied)")


def test_who_is_asked_on_the_terminal_is_not_kept_waiting_by_a_login_that_hangs(
    user: PluginUser, slow: FakePlugin
) -> None:
    """While it asks, nothing else is on the terminal; what has come meanwhile is shown after Ctrl-C."""
    asking = user.plugin("ask('MFA code: '); give()", name="asking-login")
    user.logs_in_with(asking.path, clusters=("c3",), interactiveMode="Always")
    with slow.shut(), typed(user.shell, *NODES) as get:
        get.until("MFA code: ")
        get.type("123456\n")
        get.until(r"2/3 answered; waiting for login with slow-login to c1")
        assert ctrl_c(get) == 130
    assert {"c2-node", "c3-node"} <= {line.split()[0] for line in screen(get) if line}


def test_ctrl_c_at_a_question_shows_what_has_come_meanwhile(user: PluginUser) -> None:
    asking = user.plugin("ask('MFA code: '); give()", name="asking-login")
    user.logs_in_with(asking.path, clusters=("c1",), interactiveMode="Always")
    with typed(user.shell, *NODES) as get:
        get.until("MFA code: ")
        while any("nodes" in line and "kubectl " in line for line in get.left()):
            pass  # nothing else tells that the kubectls have ended
        assert ctrl_c(get) == 130
    assert [f"{name}-node" in get.stdout for name in MEMBERS] == [False, True, True]
    assert lines_with(get.stdout, "interrupted", "c1"), get.stdout


def test_a_change_is_checked_elsewhere_meanwhile_and_made_when_all_are_logged_in(
    user: PluginUser, slow: FakePlugin
) -> None:
    words = ("label", "cm", "settings", "-n", "shop", "slow=yes", "--all-clusters", "--yes")
    with slow.shut(), typed(user.shell, *words) as label:
        label.until(r"Checking the change: 2/3; waiting for login with slow-login to c1 \(")
        assert ctrl_c(label) == 130
    interrupted = "interrupted while the change was checked, waiting for login with slow-login to c1"
    assert lines_with(label.stdout.replace("\r\n", ""), interrupted), label.stdout
    with slow.shut() as gate, user.shell.running(*words, "--dry-run=server") as label:
        gate.wait_for_starts(1, label)
        gate.open()
        assert label.end() == 0
    assert user.mc("get", "cm", "-l", "slow=yes", "-n", "shop").stdout == ""
