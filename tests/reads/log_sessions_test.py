# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The session of a cluster whose kubectls are played here: what it says, and what it asks for."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from kubectl_mc.command_line.grammar import CommandLine, canonical_words
from kubectl_mc.merge.log_lines import LogSource
from kubectl_mc.processes.event_loop import Chunk, Exit
from kubectl_mc.processes.requests import Job
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.reads.log_requests import followed_logs
from kubectl_mc.reads.log_resume import TimedLines
from kubectl_mc.reads.log_sessions import LogSession
from tests.environments import request

# What kubectl logs when its watch has begun.
BEGUN = b'I1126 09:00:00.1 7 round_trippers.go:632] "Response" url="https://c/api/v1/pods?watch=true" status="200 OK"\n'


class Played:
    """The kubectls of one session. Time goes on only by `wait`.

    lines: of the kubectls, in the order of `start`: what makes each
    waiting: for how many seconds each has waited for its cluster
    """

    def __init__(self, text: str) -> None:
        self.now = 1000.0
        self.lines: list[Callable[[], CommandLine]] = []
        self.owners: list[Callable[[Chunk | Exit], None]] = []
        self.waiting: dict[int, float] = {}
        self.ended: list[int] = []
        self.said: list[str] = []
        self.shown: list[bytes] = []
        self.handed_back: list[Job] = []
        asked = request(text)
        followed = followed_logs(asked.line, asked.options)
        assert followed
        job = Job(Target("c1", "", Kubeconfig(None, starts_programs=False)), asked.line, "c1")
        self.session = LogSession(self, job, followed, lambda pod, container: True, self.now)
        self.wait(0.05)

    def wait(self, seconds: float, waited: float = 0.0) -> None:
        """Let time pass, of which all kubectls have waited for the cluster for some seconds."""
        self.now += seconds
        for index in range(len(self.lines)):
            self.waiting[index] = self.waiting.get(index, 0.0) + waited
        self.session.tick(self.now)

    def list_pods(self, *pods: object) -> None:
        """Let the first kubectl, the watch, list pods."""
        text = "".join(json.dumps({"type": "ADDED", "object": pod}) + "\n" for pod in pods)
        self.owners[0](Chunk(0, "c1", "stdout", text.encode()))
        self.owners[0](Chunk(0, "c1", "stderr", BEGUN))
        for _ in range(4):
            self.wait(0.05)

    def watch(self, kind: str, pod: object) -> None:
        """Let the watch say something of a pod."""
        text = json.dumps({"type": kind, "object": pod}) + "\n"
        self.owners[0](Chunk(0, "c1", "stdout", text.encode()))

    def words(self, index: int) -> list[str]:
        """The words of a kubectl that is started now."""
        return canonical_words(self.lines[index]())

    # --- Kubectls ---------------------------------------------------------------------------------------------

    def start(self, job: Job, line: Callable[[], CommandLine], owner: Callable[[Chunk | Exit], None]) -> int:
        self.lines.append(line)
        self.owners.append(owner)
        return len(self.lines) - 1

    def waited(self, index: int) -> float:
        return self.waiting.get(index, 0.0)

    def end(self, index: int) -> None:
        self.ended.append(index)

    def show(self, source: LogSource, lines: TimedLines) -> None:
        self.shown += lines.texts

    def streams_of(self, cluster: str) -> int:
        return self.session.streams

    def say(self, job: Job, text: str) -> None:
        self.said.append(text)

    def say_once(self, text: str) -> None:
        self.said.append(text)

    def hand_back(self, job: Job) -> None:
        self.handed_back.append(job)

    def renew_login(self, job: Job) -> None:
        pass


def pod(name: str, *containers: str) -> dict[str, object]:
    running = {"state": {"running": {"startedAt": "2026-11-26T09:00:00Z"}}, "restartCount": 0}
    return {
        "metadata": {"name": name, "namespace": "shop", "uid": name, "ownerReferences": [{}]},
        "spec": {"nodeName": "n", "containers": [{"name": container} for container in containers]},
        "status": {"phase": "Running", "containerStatuses": [{"name": item, **running} for item in containers]},
    }


FOLLOWED = "logs -f -n shop -l app=web"


@pytest.mark.parametrize("text", [FOLLOWED, "logs -f -n shop deploy/web"])
def test_a_kubectl_that_has_no_turn_is_no_silence_of_its_cluster(text: str) -> None:
    played = Played(text)
    for _ in range(300):
        played.wait(0.05)
    assert played.said == []
    for _ in range(101):
        played.wait(0.05, waited=0.05)
    assert played.said == ["can't be reached (no answer); it is waited for"]


def test_a_kubectl_that_starts_late_is_asked_for_what_the_flags_mean_at_the_start() -> None:
    played = Played(f"{FOLLOWED} --since=5m")
    played.list_pods(pod("web", "app"))
    assert "--since=5m" in played.words(1)
    played.wait(19.5)
    assert "--since=320s" in played.words(1)


def test_a_stream_that_starts_late_after_a_break_is_not_taken_to_be_another_file() -> None:
    played = Played(FOLLOWED)
    played.list_pods(pod("web", "app"))
    played.owners[1](Chunk(1, "c1", "stdout", b"2026-11-26T09:00:00.1Z one\n2026-11-26T09:00:00.2Z two\n"))
    played.owners[1](Chunk(1, "c1", "stderr", b"error: unexpected EOF\n"))
    played.owners[1](Exit(1, "c1", 1))
    for _ in range(300):
        played.wait(0.05)
    assert (len(played.lines), played.ended) == (3, [])
    for _ in range(202):
        played.wait(0.05, waited=0.05)
    assert {*played.ended} == {2}  # the kubelet doesn't serve the last lines again


TOO_MANY = (
    b"error: you are attempting to follow 2 log streams, but maximum allowed concurrency is 1, "
    b"use --max-log-requests to increase the limit"
)


def test_too_many_containers_at_the_start_end_the_session_of_their_cluster_only() -> None:
    played = Played(f"{FOLLOWED} --max-log-requests=1")
    played.list_pods(pod("web", "app"), pod("other", "app"))
    result = played.session.result()
    assert (played.session.is_over, result.status, result.stderr, result.stdout) == (True, 1, TOO_MANY, b"")
    assert (played.ended, len(played.lines), played.session.streams) == ([0], 1, 0)


def test_too_many_containers_of_a_cluster_that_was_said_to_be_silent_wait() -> None:
    played = Played(f"{FOLLOWED} --max-log-requests=1")
    played.wait(5.0, waited=5.0)
    played.list_pods(pod("web", "app"), pod("other", "app"))
    assert (played.session.is_over, played.session.streams) == (False, 1)
    assert played.said[1:] == ["1 more to follow than --max-log-requests=1; they wait"]


def test_kubectl_says_what_is_wrong_only_of_a_container_that_has_not_been_asked_for_before() -> None:
    """As one of the name may come that lacks the container, ahead of the first line of all."""
    error = b"error: container app is not valid for pod web\n"
    played = Played(FOLLOWED)
    played.list_pods(pod("web", "app"))
    for index, stderr in enumerate((b"error: unexpected EOF\n", error), 1):
        played.owners[index](Chunk(index, "c1", "stderr", stderr))
        played.owners[index](Exit(index, "c1", 1))
        for _ in range(300):
            played.wait(0.05)
    assert (len(played.lines), played.handed_back) == (4, [])
    other = Played(FOLLOWED)
    other.list_pods(pod("web", "app"))
    other.owners[1](Chunk(1, "c1", "stderr", error))
    other.owners[1](Exit(1, "c1", 1))
    assert len(other.handed_back) == 1


def test_the_stream_of_a_pod_that_has_ended_is_dropped_some_time_after_the_pod() -> None:
    """A CronJob's pods come and go for days. One of the name may take over from a stream for some seconds."""
    played, running = Played(FOLLOWED), pod("web", "app")
    played.list_pods(running)
    state = {"terminated": {"startedAt": "2026-11-26T09:00:00Z", "finishedAt": "2026-11-26T09:01:00Z"}}
    ended = {**running, "status": {"phase": "Succeeded", "containerStatuses": [{"name": "app", "state": state}]}}
    played.watch("MODIFIED", ended)
    for index in (1, 2):  # as it ended while the container ran, it is asked for once more
        played.owners[index](Exit(index, "c1", 0))
        played.wait(5.0)
    assert played.said == ["- pod/web app"]
    played.watch("DELETED", ended)
    dropped = []
    for _ in range(12):
        played.wait(1.0)
        dropped.append(not played.session._streams)
    assert dropped == [False] * 10 + [True] * 2
    assert played.said == ["- pod/web app"]
