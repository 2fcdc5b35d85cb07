# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The stream of one container: which kubectl is started next for it, and what its end means. Pure.

A container's lines are those of its instances, one after another. A kubelet serves the instance that runs, or has run
last, and with `--previous` the one before it (validateContainerLogStatus in pkg/kubelet/kubelet_pods.go).
"""

from __future__ import annotations

from kubectl_mc.merge.log_lines import LogSource
from kubectl_mc.messages import Cause
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.reads.backoff import Tries
from kubectl_mc.reads.log_resume import NO_LINES, Gap, LogPosition, Proof, TimedLines
from kubectl_mc.reads.log_sources import Container, Pod

# Seconds that the watch has, after a stream has ended as a log does, to say that the container has.
_WATCH_DELAY = 1.0

# Seconds that a kubelet has to serve the last lines again, and to end the stream of an instance that has ended.
_SILENCE = 10.0

# After so many streams in a row that break within what they serve again, this is said, and less is asked for.
_STUCK = 5


class Attempt(NamedTuple):
    """What a kubectl is asked for.

    previous: for the instance before the one that runs, to its end
    since: from this time on (RFC 3339, whole seconds); "" for all of it
    is_first: no line of the container is shown yet
    was_empty: an earlier stream was there, and had no line
    age: the seconds since the container is followed, at the start of the kubectl
    """

    previous: bool
    since: str
    is_first: bool
    age: float
    was_empty: bool = False


class LogStream:
    """What is shown of one container, and what is not shown yet. Times are those of any monotonic clock.

    is_initial: the container was there at the start, so the user's flags say where its lines begin
    is_running: a kubectl of it runs
    kubectl: the index of its command
    is_useless: what that kubectl prints is of no use any more
    is_over: all of its lines are shown that there will be
    pod_is_gone: its pod is deleted
    leave_by: until when its kubectl may go on then, and another pod of the name take over from it
    broken: why its stream has to be taken up again; "" if it hasn't, or if that is said already
    """

    def __init__(
        self,
        source: LogSource,
        pod: Pod,
        container: Container,
        is_initial: bool,
        now: float,
        former: LogStream | None = None,
    ) -> None:
        """former: that of an earlier pod of the name. It may have shown lines of this one: kubectl asks by the name"""
        self.source = source
        self.is_initial = is_initial
        self.is_running = self.is_useless = self.is_over = self.pod_is_gone = False
        self.kubectl, self.leave_by = -1, float("inf")
        self.broken = ""
        self.pod, self._container = pod, container
        self._start = now
        self._due = now
        self._behind_since = float("inf")  # since when there is a newer instance than that of the stream
        self._former_gap = former.missing() if former else None  # said if nothing shown is of this pod
        position = former.hand_over() if former else None
        self._is_former = position is not None  # whether nothing shows yet that its position is one in this log
        self._position = position or LogPosition(is_initial)
        self._has_lines = self._is_former
        # One that appears is shown from its first instance on: as if one ahead of that were shown.
        is_begun = is_initial or self._is_former
        self._instance = container.restarts if is_begun else -1
        self._is_complete = not is_begun  # whether all lines of this instance are shown
        self._newest = container.restarts  # the newest instance, when the kubectl that runs was started
        self._proof: Proof = "needed"
        self._asks_previous = False
        self._previous = False  # whether the kubectl that runs does
        self._container_ran = True  # at its start
        self._tries = Tries()
        self._is_clean = False  # whether the last stream has ended as at the end of a log
        self._is_read = False  # whether it has, and nothing is missing ahead of that
        self._is_said = False  # that it is broken
        self._stuck = 0  # streams in a row that have broken within the lines that they serve again
        self._was_open = False  # a stream of it
        self._attempts = 0
        self._may_be_others = False  # whether lines are shown of a stream behind the first one
        self._is_left = False  # whether what comes is left to another stream

    @property
    def is_begun(self) -> bool:
        """Whether a line is shown."""
        return self._has_lines

    @property
    def is_retried(self) -> bool:
        """Whether a kubectl of it is not the first one."""
        return self._attempts > 1

    @property
    def needs_watch(self) -> bool:
        """Whether only the watch tells which instance is streamed next, as no line of it could show that."""
        return not self._has_lines or self._proof == "known" or self._container.restarts > self._instance

    @property
    def is_idle(self) -> bool:
        """Whether no kubectl is needed until another instance of the container runs."""
        return self._is_complete and not self.is_running and self._container.restarts == self._instance

    @property
    def is_steady(self) -> bool:
        """Whether nothing is to be done until its kubectl prints lines or ends, or the watch says more of its pod."""
        if not self.is_running or self.is_useless or self.pod_is_gone:
            return False
        return self._position.is_steady and self._container.restarts == self._instance

    def age(self, now: float) -> float:
        """Return the seconds since the container is followed."""
        return now - self._start

    def update(self, pod: Pod) -> None:
        """Take what the watch says of the pod."""
        container = next((item for item in pod.containers if item.name == self._container.name), self._container)
        # Of the first end only: a container that restarts on and on is shown at the pace of other streams that end.
        if container != self._container and self._is_clean and self._tries.failures == 1:
            self._due = 0.0
        self.pod, self._container = pod, container

    def next_attempt(self, now: float) -> Attempt | None:
        """Return what a kubectl is to be asked for now; None for nothing."""
        if self.is_running or self.is_over or now < self._due or not self._container.has_log:
            return None
        restarts, previous, proof = self._container.restarts, False, self._proof
        if self._is_complete and restarts == self._instance + 1:
            self._instance, self._is_complete, self._is_read, proof = restarts, False, False, "known"
        elif restarts > self._instance:
            previous = True
            proof = "known" if self._is_complete and restarts == self._instance + 2 else "wanted"
        elif self._is_complete:
            self.is_over = self.pod.is_over
            return None
        elif self._asks_previous:
            previous, proof = True, "wanted"
        elif self._is_clean and self._container.runs:
            self._break("it has ended, and the container runs")
        self._proof, self._previous, self._container_ran = proof, previous, self._container.runs
        self._behind_since, self._newest = float("inf"), restarts
        self._position.begin(proof, is_short=self._stuck >= _STUCK)
        if previous and not self._position.last and restarts > self._instance + 1 + self._is_complete:
            self._position.gap = Gap(b"", b"")  # nothing serves what the instances before the last two had
        self._tries.begin(now)
        self._attempts += 1
        self.is_running, self.is_useless = True, False
        was_empty = self._was_open and not self._has_lines
        return Attempt(previous, self._position.since, not self._has_lines, self.age(now), was_empty)

    def feed(self, chunk: bytes) -> TimedLines:
        """Return the new lines in what the kubectl has printed."""
        if self._is_left:
            return NO_LINES
        lines = self._position.feed(chunk)
        self.is_useless = self.is_useless or self._position.stopped is not None
        if lines.texts:
            self._has_lines, self._is_said, self._stuck = True, False, 0
            self._is_former, self._may_be_others = False, self._may_be_others or self.is_retried
            self._tries.work()
        return lines

    def wait(self, now: float, waited: float) -> None:
        """Take that the kubectl still runs: it may be silent, or its instance may not be the one that is meant.

        waited: the seconds for which it has waited for the kubelet
        """
        if not self.is_running or self._previous:
            return
        if waited >= _SILENCE:
            self._position.take_silence()
            self.is_useless = self.is_useless or self._position.stopped is not None
        is_behind = self._container.restarts > self._instance
        self._behind_since = min(self._behind_since, now) if is_behind else float("inf")
        self.is_useless = self.is_useless or now >= self._behind_since + _SILENCE

    def take_gap(self) -> Gap | None:
        """Return between which times lines may be missing ahead of the lines that `feed` has returned, once."""
        gap, self._position.gap = self._position.gap, None
        return gap

    def end(self, cause: Cause | None, now: float, was_open: bool = True) -> TimedLines:
        """Take the end of the kubectl, and return the last line if that has no line feed.

        cause: why the kubectl has failed; None if it hasn't
        was_open: it had an answer, whether there were lines or not
        """
        self.is_running = False
        if self._is_left:
            return NO_LINES
        self._was_open = self._was_open or (was_open and not self._previous)
        if self._is_former and (self._position.stopped or (cause is None and not self._container_ran)):
            # All that was shown is of the earlier pod. This one is shown from its first instance on.
            self._position, self._instance, self._is_complete = LogPosition(), -1, True
            self._position.gap, self._is_former, self._has_lines = self._former_gap, False, False
            return NO_LINES
        if self._position.stopped:  # another instance may be there, or another file
            self._asks_previous, self._is_read = True, False
            return NO_LINES
        if self._previous:
            self._end_previous(cause, now)
            return NO_LINES
        is_taken_up = self._position.is_taken_up
        if cause is None and not self._container_ran and self._container.restarts == self._instance:
            lines = self._position.end()
            if not is_taken_up and self._proof == "needed":  # the file is another one
                self._asks_previous = True
            else:
                if not is_taken_up:
                    self._position.gap = Gap(self._position.last, b"")
                self._is_complete, self._is_clean, self._proof = True, True, "needed"
                self._due = now + self._tries.end(now)
            return lines
        if is_taken_up and self._position.has_served:
            self._proof = "needed"
        if cause is None or cause.kind != "not-found":
            self._is_clean, self._is_read = cause is None, cause is None and is_taken_up
        delay = self._tries.end(now)
        self._due = now + (delay if cause or self._tries.failures > 1 else _WATCH_DELAY)
        if cause and cause.kind != "not-found":
            self._break(cause.reason)
        self._stuck += self._position.is_behind
        if self._stuck == _STUCK:
            self.broken = f"{cause.reason if cause else 'it has ended'}, {_STUCK} times ahead of a new line"
        return NO_LINES

    def _end_previous(self, cause: Cause | None, now: float) -> None:
        self._due = now + self._tries.end(now)
        if cause and cause.kind not in ("error", "not-found"):
            self._break(cause.reason)
            return
        is_bridge = cause is None and self._position.is_taken_up and self._position.has_last
        self._proof = "known" if is_bridge else "wanted"
        self._asks_previous = self._is_read = False
        if self._newest > self._instance:
            self._instance, self._is_complete = (self._newest - 1, True) if is_bridge else (self._newest, False)
        elif is_bridge:  # the watch hasn't said yet that there is another instance
            self._instance += 1

    def _break(self, reason: str) -> None:
        if not self._is_said:
            self._is_said, self.broken = True, reason

    def take_broken(self) -> str:
        """Return why the stream has to be taken up again, once."""
        broken, self.broken = self.broken, ""
        return broken

    def take_rest(self) -> TimedLines:
        """Return the last line if its end has not come."""
        return self._position.rest()

    def hand_over(self) -> LogPosition | None:
        """Leave what comes to the stream of another pod of the name, which kubectl may be asking for.

        Return where it goes on; None if it begins anew, as no lines of its pod can be shown.
        """
        if not self.is_retried:
            return None
        self.is_useless = self._is_left = True
        position, self._position = self._position, LogPosition()
        self._position.last = position.last
        if not self._may_be_others:
            return None
        self._instance, self._is_complete = self._container.restarts, True
        return position

    def leave(self) -> Gap | None:
        """Let the container go, whose pod is gone. Return which lines may be missing; None for none."""
        self.is_over = True
        return self.missing()

    def missing(self) -> Gap | None:
        """Return which lines may be missing if no more come; None for none."""
        is_shown = (self._is_complete or self._is_read) and self._container.restarts <= self._instance
        return None if is_shown else Gap(self._position.last, b"")
