# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Each line of a container is shown exactly once, in order, or it is said that lines may be missing.

A model of a kubelet writes, rotates, restarts and cuts at random; no process runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_mc.merge.lines import MAX_BEGUN
from kubectl_mc.merge.log_lines import LogSource
from kubectl_mc.messages import Cause
from kubectl_mc.reads import log_streams
from kubectl_mc.reads.log_resume import NO_LINES, Gap, LogPosition, TimedLines
from kubectl_mc.reads.log_sources import Container, Pod
from kubectl_mc.reads.log_streams import Attempt, LogStream

SECOND = 1_000_000_000
LOST = Cause("lost", "connection lost")

TimedLine = tuple[bytes, bytes]


def stamped(nanoseconds: int, text: bytes) -> TimedLine:
    moment = datetime.fromtimestamp(nanoseconds // SECOND, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{nanoseconds % SECOND:09d}Z".encode(), text


class Line(NamedTuple):
    nanoseconds: int
    text: bytes

    @property
    def served(self) -> bytes:
        return b"%s %s\n" % stamped(*self)


class Instance:
    """An instance of a container. first: of the lines of its file"""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.first = 0
        self.has_ended = False

    def served(self, since: int) -> bytes:
        return b"".join(line.served for line in self.lines[self.first :] if line.nanoseconds >= since)


class Kubelet:
    """A container's instances, and the stream that is open. old: how many lines the user doesn't want (--tail)"""

    def __init__(self, old: int = 0) -> None:
        self.old = old
        self.instances = [Instance()]
        self.pending = b""
        self.streamed: Instance | None = None
        self.is_open = self.follows = False

    def write(self, line: Line) -> None:
        self.instances[-1].lines.append(line)
        if self.is_open and self.follows and self.streamed is self.instances[-1]:
            self.pending += line.served

    def restart(self) -> None:
        self.instances[-1].has_ended = True
        self.instances.append(Instance())

    def open(self, attempt: Attempt) -> bool:
        """Open a stream, and return whether there is one."""
        if attempt.previous and len(self.instances) < 2:
            return False
        since = 0
        if attempt.since:
            since = int(datetime.fromisoformat(attempt.since.replace("Z", "+00:00")).timestamp()) * SECOND
        self.streamed = self.instances[-2 if attempt.previous else -1]
        self.pending, self.follows, self.is_open = self.streamed.served(since), not attempt.previous, True
        if not attempt.since and self.streamed is self.instances[0]:
            self.pending = b"".join(self.pending.splitlines(keepends=True)[self.old :])
        return True

    @property
    def is_finished(self) -> bool:
        assert self.streamed
        return not self.pending and (not self.follows or self.streamed.has_ended)


class Follower:
    """What a session does with one container."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.now = 0.0
        self.is_cut = False
        self.watched = 0  # the instance that the watch has named
        self.stream = LogStream(
            LogSource("c1", "shop", "web", "app"), self.pod(), self.pod().containers[0], kubelet.old > 0, 0.0
        )
        self.shown: list[TimedLine | None] = []  # None: lines may be missing here

    def pod(self) -> Pod:
        restarts = len(self.kubelet.instances) - 1
        return Pod("1", "shop", "web", (Container("app", "", restarts, True, True),))

    def watch(self) -> None:
        self.watched = len(self.kubelet.instances) - 1
        self.stream.update(self.pod())

    def tick(self) -> None:
        self.now += 20.0
        lines = self.kubelet.instances[self.watched].lines
        # A watch isn't so late that it misses an instance of which nothing is shown.
        if not self.is_cut or not any(stamped(*line) in self.shown for line in lines):
            self.watch()
        attempt = self.stream.next_attempt(self.now)
        if attempt and not self.kubelet.open(attempt):
            self.stream.end(Cause("error", "previous terminated container not found"), self.now)

    def deliver(self, size: int) -> None:
        """Give some of what is served to the follower; a stream ends when its instance has."""
        if not self.kubelet.is_open:
            return
        chunk, self.kubelet.pending = self.kubelet.pending[:size], self.kubelet.pending[size:]
        if chunk:
            self._show(self.stream.feed(chunk))
        if self.stream.is_useless or self.kubelet.is_finished:
            self.cut(None)

    def cut(self, cause: Cause | None) -> None:
        if self.kubelet.is_open:
            self.is_cut = not self.kubelet.is_finished
            self.kubelet.is_open = False
            self._show(self.stream.end(cause, self.now))

    def _show(self, lines: TimedLines) -> None:
        gap = self.stream.take_gap()
        self.shown += [None] if gap else []
        self.shown += zip(lines.times, lines.texts)

    def finish(self) -> None:
        """Let everything be served that there is."""
        for _ in range(12):
            self.watch()
            self.tick()
            for _ in range(4):
                self.deliver(1 << 20)
            self.stream.wait(self.now, 0.0)
            self.stream.wait(self.now + 15.0, 15.0)
            self._show(NO_LINES)
            if self.stream.is_useless:
                self.cut(None)


def matches(shown: Sequence[TimedLine | None], written: Sequence[TimedLine]) -> bool:
    """Whether all that is written is shown once, in order, but for what is said to be missing."""
    runs: list[list[TimedLine]] = [[]]
    for line in shown:
        if line is None:
            runs.append([])
        else:
            runs[-1].append(line)
    first, *middle = runs
    if len(runs) == 1:
        return first == list(written)
    if list(written[: len(first)]) != first:
        return False
    position, last = len(first), middle.pop()
    for run in middle:
        ends = [
            end for end in range(position + len(run), len(written) + 1) if list(written[end - len(run) : end]) == run
        ]
        if not ends:
            return False
        position = ends[0]
    return len(written) - len(last) >= position and list(written[len(written) - len(last) :]) == last


writes = st.tuples(
    st.just("write"), st.sampled_from([0, 0, 1, 300_000_000, SECOND, 5 * SECOND, -300_000_007]), st.booleans()
)
cuts = st.tuples(st.just("cut"), st.sampled_from([0, 7, 45, 1 << 20]), st.booleans())
delivers = st.tuples(st.just("deliver"), st.sampled_from([1, 30, 100, 1 << 20]), st.just(False))
others = st.tuples(st.sampled_from(["rotate", "restart", "watch", "tick", "tick"]), st.just(0), st.just(False))
olds = st.lists(st.sampled_from([0, 1, 300_000_000, SECOND]), max_size=5)
steps = st.lists(st.one_of(writes, writes, writes, cuts, delivers, others, others), max_size=60)


def follow(
    actions: Sequence[tuple[str, int, bool]],
    old: Sequence[int] = (),
    earlier: Sequence[int] = (),
    finish: Callable[[Follower], None] = Follower.finish,
) -> tuple[list[TimedLine | None], list[TimedLine]]:
    """Return what is shown, and what is written.

    old: the time between lines ahead of those that are wanted
    earlier: how many lines each instance had that there was before the container was followed
    finish: what happens at the end
    """
    kubelet = Kubelet(len(old))
    time, number = 1_790_000_000 * SECOND, 0
    for count in earlier:
        for _ in range(count):
            time, number = time + 1, number + 1
            kubelet.write(Line(time, b"line %d" % number))
        kubelet.restart()
        time += 1
    follower = Follower(kubelet)
    for step in old:
        time += step
        kubelet.write(Line(time, b"old"))
    begin = [("write", 0, False), ("write", 1, False), ("tick", 0, False), ("deliver", 1 << 20, False)]
    for action, amount, flag in [*begin, *actions]:
        if action == "write":
            time, number = time + max(amount, 0), number + (not flag)
            kubelet.write(Line(time + min(amount, 0), b"line %d" % number))
            time += amount < 0  # a time that has gone back doesn't come back to the same nanosecond
        elif action == "cut":
            follower.deliver(amount)
            # That a kubelet goes away looks like an end, but a log that has an end is read within milliseconds.
            has_end = kubelet.is_open and (not kubelet.follows or kubelet.instances[-1] is not kubelet.streamed)
            follower.cut(LOST if flag or has_end else None)
        elif action == "deliver":
            follower.deliver(amount)
        elif action == "rotate":
            instance = kubelet.instances[-1]
            # Nobody can know what a file had that was rotated ahead of the first line of the instance.
            if any(stamped(*line) in follower.shown for line in instance.lines):
                instance.first = len(instance.lines)
        elif action == "restart":
            time += 1  # no container restarts within a nanosecond
            kubelet.restart()
        elif action == "watch":
            follower.watch()
        else:
            follower.tick()
    finish(follower)
    return follower.shown, [stamped(*line) for instance in kubelet.instances for line in instance.lines][len(old) :]


@settings(deadline=None, max_examples=600)
@given(steps)
def test_each_line_is_shown_once_or_said_to_be_missing(actions: list[tuple[str, int, bool]]) -> None:
    shown, written = follow(actions)
    assert matches(shown, written), (shown, written)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.one_of(writes, writes, cuts, cuts, delivers, others.filter(lambda step: step[0] in ("watch", "tick")))),
    olds,
)
def test_a_file_that_stays_has_no_gaps(actions: list[tuple[str, int, bool]], old: list[int]) -> None:
    shown, written = follow(actions, old)
    if None in shown and sum(action == "cut" for action, *_ in actions) >= log_streams._STUCK:
        assert matches(shown, written)
    else:
        assert shown == written


@pytest.mark.parametrize("cause", [LOST, None])
def test_a_stream_that_breaks_again_and_again_within_what_it_serves_again(cause: Cause | None) -> None:
    """Each stream has the room of three lines; of the last two seconds there are six."""
    pod = Pod("1", "shop", "web", (Container("app", "", 0, True, True),))
    stream = LogStream(LogSource("c1", "shop", "web", "app"), pod, pod.containers[0], False, 0.0)
    begin = 1_790_000_000 * SECOND
    times = [*range(begin, begin + 4), begin + SECOND, begin + SECOND + 1, begin + SECOND + 2]
    written = [Line(time, b"line %d" % number) for number, time in enumerate(times)]
    broken, shown, now = [], list[TimedLine](), 0.0
    for number in range(12):
        now += 20.0
        attempt = stream.next_attempt(now)
        broken.append(stream.take_broken())
        assert attempt
        since = datetime.fromisoformat(attempt.since.replace("Z", "+00:00")).timestamp() if attempt.since else 0
        served = [line.served for line in written if line.nanoseconds >= since * SECOND]
        lines = stream.feed(b"".join(served[: 3 if number else 6]))
        if gap := stream.take_gap():
            assert gap == (b"2026-09-21T14:13:20Z", stamped(*written[5])[0])
        shown += zip(lines.times, lines.texts)
        stream.end(cause, now)
    assert shown == [stamped(*line) for line in written]
    reason = cause.reason if cause else "it has ended"
    assert broken[6] == f"{reason}, 5 times ahead of a new line"
    assert broken[2:6] == [""] * 4


@pytest.mark.parametrize(
    "kind", ["a line, then an end", "a line, then a break", "restarts", "restarts that are missed"]
)
def test_a_server_can_not_have_any_number_of_kubectls_started(kind: str) -> None:
    restarts, now, attempts, second = 0, 0.0, 0, 1_790_000_000
    pod = Pod("1", "shop", "web", (Container("app", "", 0, True, True),))
    stream = LogStream(LogSource("c1", "shop", "web", "app"), pod, pod.containers[0], False, now)
    while now < 60.0:
        now += 0.05
        if "restarts" in kind:
            restarts += 2 if "missed" in kind else 1
        runs = "restarts" not in kind or bool(restarts % 2)
        stream.update(pod._replace(containers=(Container("app", "", restarts, runs, True),)))
        if attempt := stream.next_attempt(now):
            attempts += 1
            if not attempt.previous:
                second += 1
                stream.feed(b"%s %s\n" % stamped(second * SECOND, b"line"))
            stream.end(LOST if "break" in kind else None, now)
    assert attempts < 40


@pytest.mark.parametrize(
    "time",
    [b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59", b"0001-01-01T00:00:00Z", b"2026-99-99T99:99:99Z"],
)
def test_after_lines_of_any_time_a_stream_can_be_asked_for(time: bytes) -> None:
    position = LogPosition()
    assert len(position.feed(time + b" one\n" + time[:-1] + b"9 two\n" + time + b" three\n").texts) == 3
    datetime.strptime(position.since, "%Y-%m-%dT%H:%M:%SZ")


def test_a_part_of_a_line_has_no_time() -> None:
    """Otherwise a container could say from when on its log is taken up again."""
    time, forged = b"2026-01-01T00:00:00.5Z", b"2030-01-01T00:00:00.5Z "
    position = LogPosition()
    line = time + b" " + b"x" * (MAX_BEGUN + 64 - len(time) - 1) + forged + b"y" * MAX_BEGUN + b"\n"
    cuts = [0, 100, MAX_BEGUN + 64, len(line) - 10, len(line)]
    parts = [position.feed(line[start:end]) for start, end in pairwise(cuts)]
    assert [part_time for part in parts for part_time in part.times] == [time, b""]
    assert position.last == time
    assert position.feed(time[:-1] + b"9Z next\n").times == [time[:-1] + b"9Z"]


@settings(deadline=None, max_examples=300)
@given(steps, olds)
def test_what_is_ahead_of_the_start_stays_hidden(actions: list[tuple[str, int, bool]], old: list[int]) -> None:
    forward = [action for action in actions if action[1] >= 0]
    shown, written = follow(forward, old)
    assert matches(shown, written), (shown, written)


def delete(follower: Follower, size: int) -> None:
    """Delete the pod: its container ends, of whose stream some more comes, and the watch says so."""
    kubelet, stream = follower.kubelet, follower.stream
    kubelet.instances[-1].has_ended = True
    follower.deliver(size)
    follower.cut(LOST)
    follower.watch()
    times, texts, _ = stream.take_rest()
    for time, text in zip(times, texts, strict=True):
        assert time or not re.fullmatch(rb"[\dTZ:.-]+", text), "a part of a time is no line"
    follower.shown += [None] if stream.leave() else []


lost_cuts = cuts.map(lambda cut: (cut[0], cut[1], True))


@settings(deadline=None, max_examples=600)
@given(
    st.lists(st.one_of(writes, writes, writes, lost_cuts, delivers, others, others), max_size=40),
    st.sampled_from([0, 45, 1 << 20]),
)
def test_what_a_pod_had_that_is_deleted_is_shown_or_said_to_be_missing(
    actions: list[tuple[str, int, bool]], size: int
) -> None:
    shown, written = follow(actions, finish=lambda follower: delete(follower, size))
    assert matches(shown, written), (shown, written)


@settings(deadline=None, max_examples=300)
@given(steps, st.lists(st.integers(0, 3), min_size=1, max_size=4))
def test_a_container_that_appears_is_shown_from_its_first_instance(
    actions: list[tuple[str, int, bool]], instances: list[int]
) -> None:
    """It has restarted, by the time at which the watch has said that it is there."""
    shown, written = follow(actions, earlier=instances)
    assert matches(shown, written), (shown, written)


@pytest.mark.parametrize("second", ["the new pod", "the old pod", "nothing"])
def test_lines_of_another_pod_of_the_name_are_shown_once(second: str) -> None:
    """kubectl asks by the name: a further stream of the old pod may be one of the new pod."""
    container = Container("app", "", 0, True, True)
    pods, source = [Pod(uid, "shop", "web", (container,)) for uid in "12"], LogSource("c1", "shop", "web", "app")
    olds, news = (
        [Line((1_790_000_000 + number) * SECOND, b"%d" % number) for number in part] for part in ((0, 1), (2, 3, 4))
    )
    shown: list[TimedLine] = []

    gaps: list[Gap | None] = []

    def run(stream: LogStream, written: Sequence[Line], now: float) -> None:
        attempt = stream.next_attempt(now)
        assert attempt
        since = datetime.fromisoformat(attempt.since.replace("Z", "+00:00")).timestamp() if attempt.since else 0
        served = [line for line in written if line.nanoseconds >= since * SECOND and not attempt.previous]
        lines = stream.feed(b"".join(line.served for line in served))
        gaps.append(stream.take_gap())
        shown.extend(zip(lines.times, lines.texts))
        stream.end(Cause("error", "previous terminated container not found") if attempt.previous else LOST, now)
        gaps.append(stream.take_gap())

    old = LogStream(source, pods[0], container, True, 0.0)
    run(old, olds[:1], 0.0)
    for number in range(1, 4):
        run(old, {"the new pod": news[:2], "the old pod": olds, "nothing": []}[second], 20.0 * number)
    assert old.next_attempt(80.0)
    new = LogStream(source, pods[1], container, False, 80.0, former=old)
    assert not old.feed(b"".join(line.served for line in news)).texts
    for number in range(3):
        run(new, news, 100.0 + 20.0 * number)
    assert shown == [stamped(*line) for line in [*(olds if second == "the old pod" else olds[:1]), *news]]
    last, first = (stamped(*line)[0] for line in (olds[second == "the old pod"], news[0]))
    assert [gap for gap in (*gaps, old.leave()) if gap] == [Gap(last, first if second == "the new pod" else b"")]
