# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The session of one cluster whose logs are followed: its pods are watched, and each container has a stream."""

from __future__ import annotations

from functools import partial

from kubectl_mc import messages
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge.log_lines import LogSource
from kubectl_mc.messages import Cause
from kubectl_mc.messages.causes import Kind
from kubectl_mc.messages.stream_texts import NO_ANSWER
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job
from kubectl_mc.reads import log_requests, log_sources
from kubectl_mc.reads.backoff import Tries
from kubectl_mc.reads.log_kubectls import Kubectls, Reader, WatchReader
from kubectl_mc.reads.log_requests import FollowedLogs
from kubectl_mc.reads.log_resume import NO_LINES, TimedLines
from kubectl_mc.reads.log_sources import Container, IsWanted, Pod, PodEvent
from kubectl_mc.reads.log_streams import Attempt, LogStream
from kubectl_mc.reads.name_patterns import all_namespaces

# Causes that may pass. With another one at the start, kubectl's own `logs -f` is run, which says what is wrong.
_PASSING: tuple[Kind, ...] = (
    "timeout", "refused", "dns", "unreachable", "lost", "server", "too-many-requests", "interrupted", "killed",
)  # fmt: skip

# Causes that do not pass, of a container's kubectl.
_LASTING: tuple[Kind, ...] = ("forbidden", "login", "tls", "kubeconfig", "no-context")

# Seconds that the stream of a pod that is gone may go on.
_LAST_LINES = 10.0

# Seconds without an event of a watch after which its list counts as complete, if kubectl's log hasn't said so.
_QUIET = 2.0

# Seconds after which it is said that a cluster gives no answer at the start.
_SILENCE = 5.0

# Seconds in which streams that break are said together.
_TOGETHER = 0.3


class LogSession:
    """What is followed in one cluster. Times are those of time.monotonic.

    has_lines: a line is shown
    is_listed: the pods of the start are known
    is_over: nothing can come any more
    is_handed_back: kubectl's own `logs -f` is run instead
    """

    def __init__(self, kubectls: Kubectls, job: Job, followed: FollowedLogs, is_wanted: IsWanted, now: float) -> None:
        self.job = job
        self.has_lines = self.is_over = self.is_listed = self.is_handed_back = False
        self._kubectls, self._followed, self._is_wanted = kubectls, followed, is_wanted
        self._selector = followed.selector
        self._needs_object = bool(followed.reference)
        self._asking: int | None = None  # the kubectl that asks for the object, or watches the pods
        self._now = self._due = now
        self._tries = Tries()  # to ask for the object, and to watch
        self._is_said = False  # that the cluster, or the watch, is lost
        self._failure = b""  # why it is, in kubectl's words
        self._lists = False  # whether the watch may still list what there was at its start
        self._begins = 0  # ticks since it has begun
        self._last_event = now
        self._pods: dict[str, Pod] = {}
        self._listed: set[str] = set()  # the pods that a new watch has named
        self._streams: dict[tuple[str, str], LogStream] = {}
        self._one = ""  # the only pod that is followed
        self._is_last = False  # whether none follows the only pod that is meant
        self._is_checked = False  # whether the object has been asked for whether its pods are all
        self._has_changed = False  # what may be followed
        self._waits = False  # whether others wait for room, which is said
        self._broken: list[tuple[LogSource, str]] = []
        self._broken_since = 0.0

    @property
    def streams(self) -> int:
        """How many containers are followed."""
        return sum(not (stream.is_over or stream.is_idle) for stream in self._streams.values())

    @property
    def is_settled(self) -> bool:
        """Whether it is known what comes of the start, or said that it isn't."""
        return self.is_listed or self.is_over or self._is_said

    def result(self) -> Result:
        """Return what has come of the cluster so far. Its stdout only says whether there was any.

        Its status is None if it hasn't answered yet.
        """
        stdout = b"shown" * self.has_lines
        has_answered = self.has_lines or self.is_listed or self.is_over
        status = 1 if self._failure else 0 if has_answered else None
        return Result(self.job.target.cluster, stdout, self._failure, status, namespace=self.job.namespace)

    def tick(self, now: float) -> None:
        """Start what is due."""
        self._now = now
        if self.is_over:
            return
        if self._begins or (self._lists and self._listed and now > self._last_event + _QUIET):
            self._begins += 1
            if self._begins > 2:  # all that was printed ahead of it has been read
                self._end_list()
                if self.is_over:
                    return
        if self._asking is None and now >= self._due:
            self._ask()
        elif self._has_no_answer():
            self._is_said = True
            self._say(f"can't be reached ({NO_ANSWER}); it is waited for")
        if self.is_listed and (self._has_changed or self._waits):
            self._has_changed = False
            self._join(is_initial=False)
        for key, stream in [*self._streams.items()]:
            self._step(key, stream)
        if self._broken and self._now >= self._broken_since + _TOGETHER:
            self.say_broken()
        if self.is_listed:
            self._end_with_pods()

    def _has_no_answer(self) -> bool:
        """Return whether it has to be said that the cluster gives no answer at the start."""
        is_awaited = not (self.is_listed or self._is_said or self._listed or self._begins)
        return is_awaited and self._asking is not None and self._kubectls.waited(self._asking) >= _SILENCE

    # --- The pods --------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        """Ask for the object whose pods are meant, or watch the pods."""
        self._tries.begin(self._now)
        if self._needs_object:
            line = partial(log_requests.object_line, self.job.line, self._followed.reference)
            self._asking = self._kubectls.start(self.job, line, Reader(self._take_object).take)
            return
        line = partial(log_requests.pods_line, self.job.line, self._followed, self._selector)
        self._listed, self._lists, self._begins = set(), True, 0
        reader = WatchReader(self.take, self._begin_watch, self._end_watch)
        self._asking = self._kubectls.start(self.job, line, reader.take)

    def _take_object(self, cause: Cause | None, stdout: bytes, stderr: bytes) -> None:
        self._asking = None
        if cause:
            self._fail(cause, stderr)
            return
        self._needs_object = False
        self._selector = log_sources.object_selector(stdout)
        if not self._selector:
            self._hand_back()  # kubectl says why it has no logs

    def _begin_watch(self) -> None:
        """Take that the watch has begun: what there is has been printed."""
        self._begins = self._begins or int(self._lists)

    def _end_watch(self, cause: Cause | None, stderr: bytes) -> None:
        """Take that the watch has ended. cause: why its kubectl has failed; None if it hasn't"""
        self._asking, self._lists, self._begins = None, False, 0
        self._fail(cause, stderr)

    def _fail(self, cause: Cause | None, stderr: bytes) -> None:
        """Ask again later."""
        if self.is_over:
            return
        self._failure = stderr if cause else b""
        if not self.is_listed and (not cause or cause.kind not in _PASSING):
            if cause and self._pods:
                self._say(f"its pods can't be watched ({cause.reason}): others that appear are not shown")
            self._hand_back()
            return
        if cause and cause.kind == "unauthorized":
            self._kubectls.renew_login(self.job)
        self._due = self._now + self._tries.end(self._now)
        if cause and not self._is_said:
            self._is_said = True
            broken = f"the watch of its pods is broken ({cause.reason}), and taken up again"
            self._say(broken if self.is_listed else f"can't be reached ({cause.reason}); it is tried again")

    def _hand_back(self) -> None:
        """Let kubectl follow by itself."""
        self.is_handed_back = True
        self._end()
        self._kubectls.hand_back(self.job)

    def _end(self) -> None:
        self.is_over = True
        running = [stream.kubectl for stream in self._streams.values() if stream.is_running]
        for index in (*running, *([] if self._asking is None else [self._asking])):
            self._kubectls.end(index)

    def take(self, event: PodEvent) -> None:
        """Take what the watch says of a pod."""
        pod, self._last_event, self._has_changed = event.pod, self._now, True
        if not self._followed.pods.is_meant(pod):
            return
        if event.is_gone:
            was_there = self._pods.pop(pod.uid, None)
            self._is_last = not pod.is_owned
            if was_there and self.is_listed and not self._followed.pods.one:
                for container in self._unfollowed(pod):  # it came and went between two ticks, or has waited for room
                    name = self._name(self._source(pod, container))
                    self._say(messages.lines_may_be_missing(name, b"", b""))
        else:
            self._pods[pod.uid] = pod
            self._listed.add(pod.uid)
        for (uid, _), stream in self._streams.items():
            if uid == pod.uid:
                stream.update(pod)
                if event.is_gone and not stream.pod_is_gone:
                    stream.pod_is_gone, stream.leave_by = True, self._now + _LAST_LINES

    def _end_list(self) -> None:
        """Take that all pods have been listed: others are gone."""
        self._lists, self._begins = False, 0
        for uid in self._pods.keys() - self._listed:
            self.take(PodEvent(self._pods[uid], is_gone=True))
        self._tries.work()
        is_late = bool(self._is_said or self._tries.failures)
        self._is_said, self._failure = False, b""
        if self.is_listed:
            return
        pods, followed = [*self._pods.values()], self._followed
        if followed.pod and not pods and all_namespaces(self.job.line):  # kubectl's `logs` has no -A
            self._failure = messages.no_match([followed.pod]).encode()
            self._end()
            return
        if (followed.pod or pods) and not any(map(followed.containers.containers, pods)):
            self._hand_back()  # kubectl says what is missing
            return
        self.is_listed = True
        self._join(is_initial=True, may_fail=not is_late)  # a late one waits for room, as others are followed by then
        if self.is_over:
            return
        if followed.pods.one and len(pods) > 1:
            self._say(f"Found {len(pods)} pods, using pod/{self._pods[self._one].name}")
        if not self._streams and (followed.pod or followed.reference):
            self._say(f"{followed.reference or f'pod/{followed.pod}'} has no logs yet; they are waited for")

    # --- The containers --------------------------------------------------------------------------------------

    def _join(self, is_initial: bool, may_fail: bool = False) -> None:
        """Join the containers that are meant and not followed yet. may_fail: too many of them are an error"""
        new = [(pod, container) for pod in self._meant_pods() for container in self._unfollowed(pod)]
        if not new:
            self._waits = False
            return
        limit = self._followed.limit
        count = self._kubectls.streams_of(self.job.target.cluster)
        room = max(0, limit - count)
        if may_fail and len(new) > room:
            self._failure = messages.too_many_log_requests(count + len(new), limit).encode()
            self._end()
            return
        if len(new) > room and not self._waits:
            self._say(f"{len(new) - room} more to follow than --max-log-requests={limit}; they wait")
        self._waits = len(new) > room
        for pod, container in new[:room]:
            source = self._source(pod, container)
            if notice := self._followed.containers.notice(pod):
                self._kubectls.say_once(notice)
            if not is_initial:
                self._say(f"+ {self._name(source)}")
            newest_first = () if is_initial else reversed(self._streams.values())
            former = next((stream for stream in newest_first if stream.source == source), None)
            self._streams[pod.uid, container.name] = LogStream(source, pod, container, is_initial, self._now, former)

    def _unfollowed(self, pod: Pod) -> list[Container]:
        """Return the containers of a pod that are meant, have a log, and are not followed yet."""
        return [
            container
            for container in self._followed.containers.containers(pod)
            if container.has_log
            and (pod.uid, container.name) not in self._streams
            and self._is_wanted(pod.name, container.name)
        ]

    def _source(self, pod: Pod, container: Container) -> LogSource:
        return LogSource(self.job.target.cluster, pod.namespace, pod.name, container.name)

    def _meant_pods(self) -> list[Pod]:
        """Return the pods that are followed; of only one, its successor when it has ended and is shown to its end."""
        pods = [*self._pods.values()]
        if not self._followed.pods.one or not pods:
            return pods
        pod = self._pods.get(self._one)
        is_shown = all(stream.is_over for (uid, _), stream in self._streams.items() if uid == self._one)
        if self._one and not (is_shown and (not pod or pod.is_over)):
            return [pod] if pod else []
        new = log_sources.successor(pods) if self._one else log_sources.preferred(pods)
        if new:
            self._one = new.uid
        return [new] if new else []

    def _step(self, key: tuple[str, str], stream: LogStream) -> None:
        """Start the kubectl that a stream needs, end one of no use, and let go what is over."""
        if stream.is_over and self._now > stream.leave_by:  # no other pod of the name takes over from it any more
            del self._streams[key]
        if stream.is_over or stream.is_steady:
            return
        stream.wait(self._now, self._kubectls.waited(stream.kubectl))
        self._show(stream)
        if stream.is_running and stream.is_useless:
            self._kubectls.end(stream.kubectl)
        if stream.pod_is_gone:
            self._part(key, stream)
            return
        if stream.needs_watch and (self._lists or self._asking is None):
            return
        attempt = stream.next_attempt(self._now)
        if reason := stream.take_broken():
            self._broken_since = self._broken_since if self._broken else self._now
            self._broken.append((stream.source, reason))
        if attempt:
            line = partial(self._lines_line, stream, attempt)
            reader = Reader(partial(self._end_stream, stream), lambda chunk: self._show(stream, stream.feed(chunk)))
            stream.kubectl = self._kubectls.start(self.job, line, reader.take)
        if stream.is_over:
            self._has_changed = True
            self._say(f"- {self._name(stream.source)}")

    def _lines_line(self, stream: LogStream, attempt: Attempt) -> CommandLine:
        """Return the command line of a kubectl that is started now."""
        aged = attempt._replace(age=stream.age(self._now))
        return log_requests.lines_line(self.job.line, stream.source, aged, stream.is_initial)

    def _part(self, key: tuple[str, str], stream: LogStream) -> None:
        """Let the container of a pod that is gone go, as soon as its stream has ended."""
        if stream.is_running:
            stream.is_useless = stream.is_useless or self._now > stream.leave_by
            return
        self._show(stream, stream.take_rest())
        if missing := stream.leave():
            self._say(messages.lines_may_be_missing(self._name(stream.source), *missing))
        del self._streams[key]
        self._has_changed = True
        if not any(uid == key[0] for uid, _ in self._streams):
            self._say(f"- pod/{stream.source.pod}")

    def _end_with_pods(self) -> None:
        """End the session when its pods have ended, and none follows them."""
        pods, followed = self._pods.values(), self._followed
        if not all(stream.is_over for stream in self._streams.values()) or not all(pod.is_over for pod in pods):
            self._is_checked = False
        elif followed.pod and (pods or self._is_last):
            self._end()
        elif followed.reference and pods and self._streams and not self._is_checked:
            self._is_checked = True
            line = partial(log_requests.object_line, self.job.line, followed.reference)
            self._kubectls.start(self.job, line, Reader(self._take_end).take)

    def _take_end(self, cause: Cause | None, stdout: bytes, stderr: bytes) -> None:
        """Take what the object is like whose pods have ended: whether it makes others."""
        if not self.is_over and log_sources.has_finished(stdout):
            self._end()

    def _name(self, source: LogSource) -> str:
        namespace = f" in {source.namespace}" if all_namespaces(self.job.line) else ""
        return f"pod/{source.pod} {source.container}{namespace}"

    def _say(self, text: str) -> None:
        self._kubectls.say(self.job, text)

    # --- Their lines -----------------------------------------------------------------------------------------

    def _show(self, stream: LogStream, lines: TimedLines = NO_LINES) -> None:
        """Show lines of a container, and say ahead of them what may be missing."""
        if gap := stream.take_gap():
            self._say(messages.lines_may_be_missing(self._name(stream.source), *gap))
        if lines.texts:
            self.has_lines = True
            self._kubectls.show(stream.source, lines)

    def _end_stream(self, stream: LogStream, cause: Cause | None, stdout: bytes, stderr: bytes) -> None:
        """Take the end of a stream's kubectl."""
        lasts = cause and (cause.kind in _LASTING or (cause.kind == "error" and b"Error from server" not in stderr))
        if lasts and not (self.has_lines or self.is_over or stream.is_retried):
            self._hand_back()  # kubectl says what is wrong
            return
        if cause and cause.kind == "unauthorized":
            self._kubectls.renew_login(self.job)
        if cause and stream.is_useless and stream.is_begun:  # it was ended here
            cause = cause._replace(reason=NO_ANSWER)
        # client-go's errors of a request that has no answer begin with it.
        was_open = not cause or (cause.kind == "lost" and b'Get "' not in stderr)
        self._show(stream, stream.end(cause, self._now, was_open))

    def say_broken(self) -> None:
        """Say which streams are broken, those that have broken for the same reason together."""
        reasons: dict[str, list[LogSource]] = {}
        for source, reason in self._broken:
            reasons.setdefault(reason, []).append(source)
        for reason, sources in reasons.items():
            name = self._name(sources[0]) if len(sources) == 1 else f"{len(sources)} containers"
            self._say(f"{name}: broken ({reason}), and taken up again")
        self._broken = []
