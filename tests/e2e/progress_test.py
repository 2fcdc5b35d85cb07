# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""On a terminal: for whom a command waits, and what Ctrl-C shows then. c2 accepts connections and never answers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from fixtures.fleet import LACKS
from tests.e2e.changing import WEB
from tests.e2e.conftest import MC, Shell, needs
from tests.e2e.fake_plugins import PluginUser
from tests.e2e.running import Running
from tests.e2e.verbs_test import Place
from tests.terminal_screen import Screen

ON_TERMINAL = {"TERM": "xterm"}
WAITING = r"2/3 answered; waiting for c2 \(\d+s of \d+s\) · Ctrl-C shows what is there"
INTERRUPTED = ["2 of 3 clusters answered", "  interrupted   1   c2   try again"]


def screen(running: Running) -> list[str]:
    """The lines that are on the terminal."""
    made = Screen(80)
    made.write(running.stdout)
    return made.text.split("\n")


@contextmanager
def typed(shell: Shell, *words: str, **env: str) -> Iterator[Running]:
    """A command that was typed on a terminal, of which nothing is left behind."""
    with shell.running(*words, terminal=True, env={**ON_TERMINAL, **env}) as running:
        yield running
        assert running.left() == []


def ctrl_c(running: Running) -> int:
    running.type("\x03")
    return running.end()


def test_a_read_with_a_cluster_that_never_answers(members: Shell) -> None:
    with members.fault("c2", "hang"), typed(members, "get", "nodes") as get:
        get.until(WAITING)
        assert screen(get)[-1].startswith("2/3 answered; waiting for c2 (")
        assert ctrl_c(get) == 130
    header, *rows = screen(get)
    assert (header.split()[:2], [row.split()[1] for row in rows[:2]]) == (["NAME", "CLUSTER"], ["c1", "c3"])
    assert rows[2:] == INTERRUPTED


# Of each, what is to be read of c1 and of c3. Those of the second group show their lines as they come.
READS = {
    "get pods -A -o yaml": 'kubectl-mc.k8s.io/cluster: "{}"',
    "get nodes --sort-by=.metadata.name -o name": "{}      node/{}-node",
    "get nodes *": "{}-node ",
    "describe nodes": "CLUSTER: {}",
    "diff -f DIR/new.yaml": "CLUSTER: {}",
    "events -A": "{} ",
    "auth can-i get pods": "[{}] yes",
    "cluster-info": "CLUSTER: {}",
    "logs deploy/cart -n shop -c app --tail=1 --by-time": "[{}",
    "logs deploy/cart -n shop -c app --tail=1": "[{}",
    "logs cart* -n shop -c app --tail=1": "[{}",
    "rollout status deploy/cart -n shop": "[{}",
    "wait --for=jsonpath={.metadata.name}=settings cm/settings -n shop": "[{}",
}


def test_ctrl_c_shows_what_is_there_of_every_verb_and_names_the_rest(place: Place) -> None:
    commands = {text: shown for text, shown in READS.items() if not ("kubelet" in LACKS and text.startswith("logs"))}
    with place.shell.fault("c2", "hang"), ExitStack() as stack:
        started = {text: stack.enter_context(typed(place.shell, *place.words(text))) for text in commands}
        for text, running in started.items():
            running.until(r"2/3 answered; waiting for c2")
            assert ctrl_c(running) == 130, text
            lines = screen(running)
            assert lines[-2:] == INTERRUPTED, text
            for cluster in ("c1", "c3"):
                shown = commands[text].format(cluster, cluster)
                assert any(shown in line for line in lines), (text, lines)


def test_clusters_that_are_checked_are_shown_as_they_answer(members: Shell) -> None:
    with (
        members.fault("c2", "hang"),
        typed(members, "clusters", "--check") as check,
        members.running("clusters", "--check", "--no-headers") as piped,
    ):
        check.until(WAITING)
        piped.until(r"^c[13] .* yes\nc[13] .* yes$")
        assert ctrl_c(check) == 130
    assert ["<unknown> (interrupted)" in line for line in screen(check)[1:]] == [False, False, True]


def test_the_hub(members: Shell) -> None:
    with members.fault("hub", "hang"), typed(members, "get", "nodes", "--refresh") as get:
        get.until(r"Waiting for the hub \(\d+s of 30s\)")
        assert ctrl_c(get) == 130
    assert screen(get) == ["Error: interrupted while waiting for the hub"]


def test_a_change(place: Place) -> None:
    """The cluster doesn't answer to the dry run; then not to the change, behind the question."""
    words = place.words("label cm settings -n shop a=b --clusters=c1,c2 --waves=1")
    with place.shell.fault("c2", "hang"), typed(place.shell, *words) as label:
        label.until(r"Checking the change: 1/2; waiting for c2 \(")
        assert ctrl_c(label) == 130
    assert screen(label) == [
        "Error: interrupted while the change was checked, waiting for c2",
        "So nothing was changed",
    ]
    with typed(place.shell, *words) as label:
        label.until(r"\[y/N\]: ")
        with place.shell.fault("c2", "hang"):
            label.type("y\n")
            label.until(r"Wave 2/2: 0/1 done; waiting for c2 \(")
            label.type("\x03")
            label.until("Ctrl-C again")
            assert ctrl_c(label) == 130
    lines = screen(label)
    assert "waiting for c2" not in "".join(lines)
    assert lines[-3:-1] == ["  changed in 1 cluster: c1", "  unknown in 1 cluster: c2 (interrupted)"]


def test_where_the_answer_goes_elsewhere_and_where_the_line_is_not_wanted(place: Place) -> None:
    cases = [("> DIR/answer", ON_TERMINAL), ("| cat", ON_TERMINAL), ("", {}), ("2> DIR/said", ON_TERMINAL)]
    with place.shell.fault("c2", "hang"), ExitStack() as stack:
        commands = []
        for redirected, env in cases:
            words = f"{shlex.join(MC)} get nodes --cluster-timeout=2s {redirected.replace('DIR', str(place.folder))}"
            command = Running(["bash", "-c", words], {**place.shell.environment, **env}, terminal=True)
            commands.append(stack.enter_context(command))
        assert [command.end() for command in commands] == [3, 0, 3, 3]
    assert ["2/3 answered; waiting for c2" in command.stdout for command in commands] == [True, True, False, False]
    screens = ["\n".join(screen(command)) for command in commands]
    assert ["waiting" in text for text in screens] == [False] * 4
    assert ["c1-node" in text for text in screens] == [False, True, True, True]
    assert "waiting" not in (place.folder / "said").read_text()


def test_a_watch_names_the_clusters_that_had_failed(members: Shell) -> None:
    with members.fault("c2", "refuse"), typed(members, "get", "nodes", "-w") as watch:
        for text in ("^c1-node ", "^c3-node ", r"c2.*connection refused"):
            watch.until(text)
        assert ctrl_c(watch) == 130
    assert screen(watch)[-2].startswith("2 of 3 clusters answered")
    assert "connection refused" in screen(watch)[-1]


def test_logins(user: PluginUser) -> None:
    """What a plugin asks for stays above the line."""
    plugin = user.plugin('say("Visit us"); wait(); give()')
    user.logs_in_with(plugin.path)
    with plugin.shut() as gate, typed(user.shell, "get", "nodes") as get:
        waiting = "0/3 answered; waiting for login with fake-login to c1, c2, c3"
        get.until(rf"Visit us\r\n(.|\n)*{waiting} \(\d+s of 300s\)")
        assert screen(get)[0].endswith("] Visit us")
        assert screen(get)[1].startswith(f"{waiting} (")
        assert ctrl_c(get) == 130
        gate.open()
    assert screen(get)[1:3] == ["0 of 3 clusters answered", "  interrupted   3   c1, c2, c3   try again"]


def test_the_hubs_login(user: PluginUser) -> None:
    user.logs_in_with((plugin := user.plugin("wait(); give()")).path, clusters=("hub",))
    with plugin.shut() as gate, typed(user.shell, "get", "nodes", "--refresh") as get:
        get.until(r"Waiting for the login to hub \(\d+s of 300s\)")
        assert ctrl_c(get) == 130
        gate.open()
    assert screen(get) == ["Error: interrupted while waiting for the login to hub"]


@needs("controllers")
def test_rollouts(place: Place) -> None:
    """The Deployment is paused, so that its rollout never ends."""
    (place.folder / "stuck.yaml").write_text(WEB.replace("spec:\n  sel", "spec:\n  paused: true\n  sel"))
    words = place.words("apply -f DIR/stuck.yaml --clusters=c1,c3 --canary=c1 --wave-timeout=30s --yes")
    with typed(place.shell, *words) as apply:
        apply.until(r"0/1 rolled out; waiting for c1 \(\d+s of 30s\)")
        assert ctrl_c(apply) == 130
    assert "(its rollouts were not waited for)" in "".join(screen(apply))
    assert "waiting for c1" not in "".join(screen(apply))
