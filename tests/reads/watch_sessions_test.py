# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Watches that are taken up again, with kubectls and a cluster that are played here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.messages import Cause, Kind
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.event_loop import Chunk, Exit
from kubectl_mc.processes.requests import Job
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.reads import watch_lines, watch_printers, watch_sessions
from kubectl_mc.reads.screen import Screen
from kubectl_mc.reads.watch_sessions import Sessions
from tests.environments import request, written
from tests.merge.ages import human_duration

FORBIDDEN = 'Error from server (Forbidden): pods is forbidden: User "x" cannot list resource "pods"\n'
EOF = "error: unexpected error when reading response body. Please retry. Original error: unexpected EOF\n"
REFUSED = "The connection to the server c1:6443 was refused - did you specify the right host or port?\n"


class Object(NamedTuple):
    state: str
    created: float


class Change(NamedTuple):
    type: str
    name: str
    object: Object


class Kubectl:
    """A kubectl that lists, and then shows what changes. rows: what it has still to write"""

    def __init__(self, is_list: bool) -> None:
        self.is_list = is_list
        self.rows: list[Change] = []
        self.has_header = False
        self.position: int | None = None  # in the changes; None ahead of its list


class Cluster:
    """A cluster whose objects change, and the kubectls that watch it. Time goes on only by `wait`."""

    def __init__(self, text: str = "get pods -w --output-watch-events") -> None:
        self.now = 1000.0
        self.objects: dict[str, Object] = {}
        self.changes: list[Change] = []
        self.kubectls: dict[int, Kubectl] = {}
        self.is_busy = False  # the machine: no kubectl has a turn
        self._starts: dict[int, float] = {}
        self.commands: list[Command] = []
        self.request = request(text)._replace(cluster_count=1)
        target = Target("c1", "", Kubeconfig(None, starts_programs=False))
        jobs = watch_lines.jobs_by_type([Job(target, self.request.line, "c1")])
        with self.clock():
            self.screen = Screen(self.request, jobs)
            self.sessions = Sessions(self.request, self.screen, self._append, self._waited)
            self.sessions.add(jobs)

    def _append(self, command: Command, cluster: str) -> int:
        self.commands.append(command)
        words = command.argv[1:]
        self.kubectls[len(self.commands) - 1] = Kubectl(not any(word.startswith("--watch") for word in words))
        self._starts[len(self.commands) - 1] = self.now
        return len(self.commands) - 1

    def _waited(self, index: int) -> float:
        return 0.0 if self.is_busy else self.now - self._starts[index]

    @contextmanager
    def clock(self) -> Iterator[None]:
        """Let all clocks show the time of this cluster."""
        with mock.patch.object(watch_sessions, "time") as theirs, mock.patch.object(watch_printers, "time") as wall:
            theirs.monotonic = wall.time = lambda: self.now
            yield

    @property
    def stdout(self) -> str:
        return written(self.request.environment.streams.stdout)

    @property
    def stderr(self) -> str:
        return written(self.request.environment.streams.stderr)

    def change(self, type_: str, name: str, state: str = "") -> None:
        """Create, modify or delete an object, if that is possible."""
        before = self.objects.get(name)
        if (type_ == "ADDED") == (before is not None):
            return
        after = before if type_ == "DELETED" and before else Object(state, before.created if before else self.now)
        if after == before and type_ != "DELETED":
            return
        self.objects[name] = after
        if type_ == "DELETED":
            del self.objects[name]
        self.changes.append(Change(type_, name, after))

    def write(self, index: int, rows: int = 1 << 30) -> None:
        """Let a kubectl go on with its work, and write so many rows."""
        kubectl = self.kubectls[index]
        changes = [] if kubectl.is_list else self.changes[kubectl.position :]
        if kubectl.position is None:
            changes = [Change("ADDED", name, item) for name, item in sorted(self.objects.items())]
        kubectl.position = len(self.changes)
        kubectl.rows += changes
        shown, kubectl.rows = kubectl.rows[:rows], kubectl.rows[rows:]
        text = "".join(
            self._line(kubectl, row.type, row.name, row.object.state, human_duration(self.now - row.object.created))
            for row in shown
        )
        if shown and not kubectl.has_header:
            kubectl.has_header = True
            text = self._line(kubectl, "EVENT", "NAME", "STATE", "AGE") + text
        if shown:
            self._take(Chunk(index, "c1", "stdout", text.encode()))

    def _line(self, kubectl: Kubectl, event: str, name: str, state: str, age: str) -> str:
        return f"{'' if kubectl.is_list else event.ljust(11)}{name:<7}{state:<8}{age}\n"

    def end(self, index: int, error: str = "", status: int = 0) -> None:
        """Let a kubectl end: a list when it is written, if there is no error."""
        if error:
            self._take(Chunk(index, "c1", "stderr", error.encode()))
        del self.kubectls[index]
        self._take(Exit(index, "c1", status or (1 if error else 0)))

    def _take(self, event: Chunk | Exit) -> None:
        with self.clock():
            self.sessions.take(event)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        with self.clock():
            self.sessions.tick()

    def settle(self) -> None:
        """Let everything come to its end, without further breaks."""
        for _ in range(30):
            for index, kubectl in list(self.kubectls.items()):
                self.write(index)
                if kubectl.is_list:
                    self.end(index)
            self.wait(4.0)

    def rows(self) -> list[tuple[str, str, str]]:
        """The (event, name, state) of all rows that were shown."""
        lines = [line.split() for line in self.stdout.splitlines()]
        return [(line[0], line[1], line[3]) for line in lines if line[0] != "EVENT"]


NAMES, STATES = ("a", "b", "c"), ("Up", "Down")

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.sampled_from(["ADDED", "MODIFIED", "DELETED"]), st.sampled_from(NAMES),
                  st.sampled_from(STATES)),
        st.tuples(st.just("write"), st.integers(0, 3), st.sampled_from([1, 2, 9, 9])),
        st.tuples(st.just("end"), st.integers(0, 3), st.sampled_from(["", REFUSED])),
        st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 30.0, 3600.0])),
    ),
    min_size=10,
    max_size=40,
)  # fmt: skip


@given(STEPS)
def test_what_is_shown_is_what_there_is_and_nothing_twice(steps: list[tuple[object, ...]]) -> None:
    cluster = Cluster()
    for step in steps:
        play(cluster, *step)
    cluster.settle()
    shown: dict[str, str] = {}
    deleted_ever = {change.name for change in cluster.changes if change.type == "DELETED"}
    for event, name, state in cluster.rows():
        if event == "DELETED":
            shown.pop(name, None)
            continue
        # What was deleted and made again may look as before.
        assert shown.get(name) != state or name in deleted_ever, cluster.stdout
        shown[name] = state
    assert shown == {name: item.state for name, item in cluster.objects.items()}
    assert not cluster.sessions.awaits()
    assert [kubectl.is_list for kubectl in cluster.kubectls.values()] == [False]


def play(cluster: Cluster, action: object, *arguments: object) -> None:
    if action == "change":
        cluster.change(*arguments)  # type: ignore[arg-type]
    elif action == "wait":
        cluster.wait(*arguments)  # type: ignore[arg-type]
    elif cluster.kubectls:
        number, argument = arguments
        index = sorted(cluster.kubectls)[int(str(number)) % len(cluster.kubectls)]
        if action == "write":
            cluster.write(index, argument)  # type: ignore[arg-type]
        elif not cluster.kubectls[index].is_list:
            cluster.end(index, argument)  # type: ignore[arg-type]
        elif argument:
            cluster.end(index, REFUSED)
        else:
            cluster.write(index)
            cluster.end(index)


def broken(cluster: Cluster, change: Callable[[], None] = lambda: None) -> None:
    """Break the only watch after it has written what there is, and let it go on after a change."""
    (index,) = cluster.kubectls
    cluster.write(index)
    cluster.end(index)
    change()
    cluster.settle()


def test_a_deletion_in_the_gap_is_shown() -> None:
    cluster = Cluster()
    cluster.change("ADDED", "a", "Up")
    cluster.change("ADDED", "b", "Up")
    broken(cluster, lambda: cluster.change("DELETED", "a"))
    assert cluster.rows() == [("ADDED", "a", "Up"), ("ADDED", "b", "Up"), ("DELETED", "a", "Up")]
    assert cluster.stderr == "[c1] the watch ended; taken up again\n"


def test_the_deletion_of_the_last_object_is_shown() -> None:
    cluster = Cluster()
    cluster.change("ADDED", "a", "Up")
    broken(cluster, lambda: cluster.change("DELETED", "a"))
    assert cluster.rows() == [("ADDED", "a", "Up"), ("DELETED", "a", "Up")]
    assert cluster.stderr == "[c1] the watch ended; taken up again\n"


def test_no_list_is_asked_for_if_all_objects_have_come_again() -> None:
    cluster = Cluster()
    cluster.change("ADDED", "a", "Up")
    broken(cluster)
    assert len(cluster.commands) == 2


def test_all_kubectls_of_a_watch_and_all_its_lists_are_the_same_commands() -> None:
    cluster = Cluster()
    for _ in range(5):
        cluster.change("ADDED", "a", "Up")
        cluster.change("ADDED", "b", "Up")
        broken(cluster, lambda: cluster.change("DELETED", "a"))
    assert len(cluster.commands) > 10
    assert len({id(command) for command in cluster.commands}) == 2


def test_an_answer_that_breaks_off_is_told_by_the_notice_alone() -> None:
    cluster = Cluster()
    for index in range(3):
        number = f"E1126 10:58:0{index}.930332   1413{index} request.go:1198] "
        cluster.end(index, f'{number}"Unexpected error when reading response body" err="unexpected EOF"\n{EOF}')
        cluster.wait(10.0)
    assert cluster.stderr == "[c1] the watch can't begin (connection lost); it is tried again until it succeeds\n"


def test_what_is_said_of_a_cluster_whose_types_end_differently() -> None:
    cluster = Cluster("get pods,svc -w --output-watch-events")
    cluster.change("ADDED", "a", "Up")
    pods, services = sorted(cluster.kubectls)
    for index in (pods, services):
        cluster.write(index)
    for index in (pods, services):
        cluster.end(index, REFUSED)
    assert len(cluster.stderr.splitlines()) == 1
    cluster.wait(11.0)
    pods, services = sorted(cluster.kubectls)
    cluster.write(pods)
    assert "goes on" not in cluster.stderr
    cluster.end(services, FORBIDDEN)
    assert cluster.stderr.endswith("[c1] the watch goes on\n")  # that of pods
    cluster.end(pods)
    cluster.settle()
    said = [line for line in cluster.stderr.splitlines() if "services" not in line]
    assert said[-1] == "[c1] the watch ended; taken up again"


@pytest.mark.parametrize("error", [FORBIDDEN, 'Error from server (NotFound): pods "a" not found\n'])
def test_a_watch_that_is_over_at_the_start_is_not_called_silent(error: str) -> None:
    cluster = Cluster("get pods a b -w")
    cluster.change("ADDED", "b", "Up")
    absent, other = sorted(cluster.kubectls)
    cluster.write(other)
    cluster.end(absent, error)
    for _ in range(20):
        cluster.wait(1.0)
    assert "again" not in cluster.stderr


def test_a_cluster_that_does_not_answer_is_named() -> None:
    cluster = Cluster()
    cluster.change("ADDED", "a", "Up")
    (index,) = cluster.kubectls
    cluster.write(index)
    cluster.end(index)
    for _ in range(10):
        cluster.wait(1.0)
    assert cluster.stderr == "[c1] the watch broke (no answer); it is tried again until it succeeds\n"
    cluster.settle()
    assert cluster.stderr.splitlines()[1:] == ["[c1] the watch goes on"]


def test_a_cluster_whose_kubectl_has_no_turn_is_not_said_to_give_no_answer() -> None:
    cluster = Cluster()
    cluster.is_busy = True
    for _ in range(30):
        cluster.wait(1.0)
    assert (cluster.stderr, len(cluster.commands)) == ("", 1)  # nor does a list make the machine busier
    cluster.is_busy = False
    for _ in range(10):
        cluster.wait(1.0)
    assert "no answer" in cluster.stderr


def test_a_cluster_that_does_not_answer_at_the_start_is_named() -> None:
    cluster = Cluster()
    for _ in range(12):
        cluster.wait(1.0)
    said = "[c1] the watch can't begin (no answer); it is tried again until it succeeds\n"
    assert (cluster.stderr, len(cluster.commands)) == (said, 2)  # the second one is a list, which has no answer either
    assert (cluster.sessions.is_named(0), cluster.sessions.has_answered(0)) == (True, False)
    watch, _ = cluster.kubectls
    cluster.change("ADDED", "a", "Up")
    cluster.write(watch)
    assert cluster.stderr == f"{said}[c1] the watch begins\n"
    assert (cluster.sessions.is_named(0), cluster.sessions.has_answered(0)) == (False, True)


def test_a_watch_that_has_nothing_to_show_has_answered() -> None:
    cluster = Cluster()
    for _ in range(6):
        cluster.wait(1.0)
    _, listing = cluster.kubectls
    cluster.write(listing)
    cluster.end(listing)
    assert (cluster.sessions.is_named(0), cluster.sessions.has_answered(0)) == (False, True)


def test_a_watch_that_has_nothing_to_show_is_not_said_to_have_no_answer() -> None:
    cluster = Cluster()
    cluster.wait(5.0)
    _, listing = cluster.kubectls
    cluster.end(listing)
    for _ in range(12):
        cluster.wait(1.0)
    assert (cluster.stderr, len(cluster.commands)) == ("", 2)


def test_a_list_from_before_another_break_tells_nothing() -> None:
    """Object b is made again, seen, and not yet seen after a second break, when a list ends that hasn't it."""
    cluster = Cluster()
    cluster.change("ADDED", "a", "Up")
    cluster.change("ADDED", "b", "Up")
    (index,) = cluster.kubectls
    cluster.write(index)
    cluster.end(index)
    cluster.change("DELETED", "b")
    cluster.wait(1.0)
    (index,) = cluster.kubectls
    cluster.write(index)
    cluster.wait(1.0)
    listing = max(cluster.kubectls)
    cluster.write(listing)
    cluster.change("ADDED", "b", "Down")
    cluster.write(index)
    cluster.end(index)
    cluster.end(listing)
    cluster.settle()
    assert cluster.rows() == [("ADDED", "a", "Up"), ("ADDED", "b", "Up"), ("ADDED", "b", "Down")]


def test_a_watch_of_news_shows_what_changed_in_the_gap() -> None:
    cluster = Cluster("get pods --watch-only --output-watch-events")
    cluster.change("ADDED", "a", "Up")
    cluster.change("ADDED", "b", "Up")
    (index,) = cluster.kubectls
    cluster.kubectls[index].position = len(cluster.changes)  # kubectl doesn't show what it lists
    cluster.wait(0.1)
    listing = max(cluster.kubectls)
    assert cluster.kubectls[listing].is_list
    cluster.write(listing)
    cluster.end(listing)
    cluster.end(index)
    cluster.change("MODIFIED", "b", "Down")
    cluster.settle()
    assert cluster.rows() == [("ADDED", "b", "Down")]
    assert "--watch=true" in cluster.commands[-1].argv or "--watch=true" in cluster.commands[-2].argv


def test_a_cluster_that_is_down_is_named_once_and_grows_nothing() -> None:
    """Ten minutes of tries: one line, one command, and fewer than a try in eight seconds."""
    cluster = Cluster()
    cluster.change("ADDED", "a", "Up")
    broken(cluster)
    for _ in range(1200):
        for index in list(cluster.kubectls):
            cluster.end(index, REFUSED)
        cluster.wait(0.5)
    (result,) = cluster.screen.results()
    assert (result.status, result.stderr.decode()) == (1, REFUSED)  # if Ctrl-C comes now
    down = "[c1] the watch broke (connection refused); it is tried again until it succeeds\n"
    assert cluster.stderr == "[c1] the watch ended; taken up again\n" + down
    assert len(cluster.commands) < 75
    assert len({id(command) for command in cluster.commands}) <= 2
    assert not cluster.sessions._lists
    cluster.wait(11.0)
    cluster.settle()
    assert cluster.stderr.endswith("[c1] the watch goes on\n")
    assert cluster.screen.results()[0].status is None
    assert cluster.rows() == [("ADDED", "a", "Up")]


@pytest.mark.parametrize(
    ("kind", "at_start", "later"),
    [
        ("refused", True, True), ("lost", True, True), ("timeout", True, True), ("dns", True, True),
        ("server", True, True), ("too-many-requests", True, True), ("killed", True, True),
        ("not-found", False, True), ("unauthorized", False, True), ("login", False, True), ("tls", False, True),
        ("forbidden", False, False), ("no-such-type", False, False), ("error", False, False),
        ("no-context", False, False), ("kubeconfig", False, False), ("exit", False, False),
    ],
)  # fmt: skip
def test_which_causes_pass(kind: Kind, at_start: bool, later: bool) -> None:
    assert watch_lines.is_passing(Cause(kind, ""), has_begun=False) == at_start
    assert watch_lines.is_passing(Cause(kind, ""), has_begun=True) == later
    again = later or kind in ("error", "exit")  # not a mistake in the command, which another kubectl has understood
    assert watch_lines.is_passing(Cause(kind, ""), has_begun=True, is_restarted=True) == again
    assert watch_lines.is_passing(None, has_begun=False)


def test_what_a_proxy_answers_in_a_gap_is_no_end() -> None:
    cluster = Cluster()
    cluster.change("ADDED", "a", "Up")
    (index,) = cluster.kubectls
    cluster.write(index)
    cluster.end(index)
    for _ in range(3):
        cluster.wait(11.0)
        index = max(cluster.kubectls)
        logged = 'E1126 10:54:37.585997    5077 request.go:1198] "Unexpected error when reading response body"\n'
        cluster.end(index, f"{logged}error: serializer for text/html doesn't exist\n")
    cluster.settle()
    assert cluster.stderr == (
        "[c1] the watch broke (serializer for text/html doesn't exist); it is tried again until it succeeds\n"
        "[c1] the watch goes on\n"
    )


def test_a_watch_goes_on_also_where_its_object_is_gone() -> None:
    cluster = Cluster("get pods a -w --output-watch-events")
    cluster.change("ADDED", "a", "Up")
    (index,) = cluster.kubectls
    cluster.write(index)
    cluster.end(index, REFUSED)
    cluster.change("DELETED", "a")
    for _ in range(2):
        cluster.wait(11.0)
        cluster.end(max(cluster.kubectls), 'Error from server (NotFound): pods "a" not found\n')
    assert cluster.rows() == [("ADDED", "a", "Up"), ("DELETED", "a", "Up")]
    assert [line.partition(" (")[0] for line in cluster.stderr.splitlines()] == [
        "[c1] the watch broke", "[c1] the watch goes on",
    ]  # fmt: skip
    cluster.change("ADDED", "a", "New")
    cluster.wait(11.0)
    cluster.write(max(cluster.kubectls))
    assert cluster.rows()[2:] == [("ADDED", "a", "New")]
    assert len(cluster.stderr.splitlines()) == 2


def test_a_definite_error_ends_a_watch_also_after_a_break() -> None:
    cluster = Cluster()
    cluster.change("ADDED", "a", "Up")
    (index,) = cluster.kubectls
    cluster.write(index)
    cluster.end(index)
    cluster.wait(1.0)
    for error in (REFUSED, FORBIDDEN):
        (index,) = cluster.kubectls
        cluster.end(index, error)
        cluster.wait(1.0)
    assert cluster.stderr.splitlines()[0].endswith("(connection refused); it is tried again until it succeeds")
    assert "goes on" not in cluster.stderr
    assert not cluster.sessions.awaits()
    (result,) = cluster.screen.results()
    assert (result.status, result.stderr.decode()) == (1, FORBIDDEN)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("get pods -w", ["get pods"]),
        ("get pods web -w", ["get pods web"]),
        ("get pods,svc -w", ["get pods", "get svc"]),
        ("get pods,svc a b -w", ["get pods a", "get pods b", "get svc a", "get svc b"]),
        ("get pod/a svc/b -w", ["get pod/a", "get svc/b"]),
        ("get -f x.yaml -w", ["get"]),
        ("events -w", ["events"]),
    ],
)
def test_each_type_has_a_kubectl_of_its_own(text: str, parts: list[str]) -> None:
    target = Target("c1", "", Kubeconfig(None, starts_programs=False))
    jobs = watch_lines.jobs_by_type([Job(target, request(text).line, "c1")])
    words = [[*job.line.path, *(token.words[0] for token in job.line.tokens if token.is_operand)] for job in jobs]
    assert [" ".join(each) for each in words] == parts
    assert (len({job.label for job in jobs}), jobs[0].label == "c1") == (len(parts), len(parts) == 1)


@pytest.mark.parametrize(
    ("text", "is_resumed"),
    [
        ("get pods -w", True), ("events -w", True), ("get pods --watch-only", True), ("get pods", False),
        ("get pods -w --no-reconnect", False), ("get pods -w --request-timeout=5m", False),
        ("get pods -w --request-timeout=0s", True), ("get pods -w --cluster-timeout=5m", False),
        ("logs -f web", False),
    ],
)  # fmt: skip
def test_which_watches_are_taken_up_again(text: str, is_resumed: bool) -> None:
    assert watch_lines.is_resumed(request(text)) == is_resumed
