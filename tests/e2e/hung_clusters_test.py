# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What a cluster has to be asked first holds back that cluster alone: c1's login hangs, c2 never answers, c3 does."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.conftest import needs
from tests.e2e.fake_plugins import PluginUser
from tests.e2e.progress_test import ctrl_c, screen, typed

pytestmark = needs("faults")


@pytest.fixture
def user_of_hung(user: PluginUser) -> Iterator[PluginUser]:
    """A user whose login to c1 hangs, while c2 does."""
    plugin = user.plugin("wait(); give()", name="slow-login")
    user.logs_in_with(plugin.path, clusters=("c1",))
    with plugin.shut(), user.shell.fault("c2", "hang"):
        yield user


STREAMS = (
    "get pods -n shop,default -w",
    "get cm -n sh*,default -w",
    "get cm/s* svc/c* -n sh*,default -w",
    "logs deploy/cart -n sh*,default -c app -f",
    "logs deploy/ca* -n sh*,default -c app -f --no-reconnect",
    "logs deploy/cart -A -c app -f",
)


@needs("kubelet")
def test_a_stream_shows_those_that_have_answered_at_once(user_of_hung: PluginUser) -> None:
    user = user_of_hung
    with ExitStack() as stack:
        started = {text: stack.enter_context(user.shell.running(*text.split())) for text in STREAMS}
        for running in started.values():
            running.until("c3 ")
        for running in [*started.values()][2:4]:  # a watch, and a session that follows
            running.until(r"^\[c2\] can't be reached \(no answer\); it is waited for$", "stderr")
        for text, running in started.items():
            running.interrupt()
            assert running.end() == 130, text


# Of each, what is to be read of c3.
READS = {
    "get pods -n shop,default --sort-by=.metadata.name": "c3 ",
    "get pods -n sh*,default --sort-by=.metadata.name -o name": "c3 ",
    "describe cm s* -n shop": "CLUSTER: c3",
    "describe cm s* -n sh*": "CLUSTER: c3",
    "get cm s* -n shop,default -o jsonpath={.kind}": "List",
    "get cm/s* svc/c* -n shop": "c3 ",
    "logs deploy/cart -n sh*,default -c app --tail=1": "c3 ",
    "compare cm -n sh*": "alike in the 1 cluster that answered",
}


@needs("kubelet")
def test_a_read_asks_each_cluster_to_its_end_meanwhile(user_of_hung: PluginUser) -> None:
    """It names whom it waits for, and Ctrl-C shows the others."""
    user = user_of_hung
    with ExitStack() as stack:
        started = {}
        for number, text in enumerate(READS):
            words = [*shlex.split(text), f"--report={user.home}/{number}"]
            started[text] = stack.enter_context(typed(user.shell, *words))
        for number, (text, running) in enumerate(started.items()):
            running.until(r"1/3 answered; waiting for .*c2")
            assert ctrl_c(running) == 130, text
            assert READS[text] in "\n".join(screen(running)), text
            clusters = json.loads((user.home / str(number)).read_text())["clusters"]
            reasons = {"c1": "interrupted", "c2": "interrupted", "c3": ""}
            assert {entry["name"]: entry["reason"] for entry in clusters} == reasons, text


def test_logins_that_hang_hold_back_no_login_behind_them(user_of_hung: PluginUser) -> None:
    user = user_of_hung
    user.logs_in_with(user.plugin(name="quick-login").path, clusters=("c3",))
    with typed(user.shell, "get", "nodes", "--max-parallel=1", "--contexts=c1,c3") as get:
        get.until(r"1/2 answered; waiting for login with slow-login to c1")
        assert ctrl_c(get) == 130
    assert "c3-node" in "\n".join(screen(get))
