"""The record of all runs: a file with one JSON object per line for each event of a run.

A line is appended with one write and synced before the next step is taken, so the file shows how far a run had come,
whenever the machine stops.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_mc import messages
from kubectl_mc.merge.object_changes import ObjectChange

Event = Mapping[str, Any]


def record_path(home: str) -> str:
    """Return the path of the record below the user's home directory."""
    return os.path.join(home, ".kube", "kubectl-mc", "audit.jsonl")


def new_run_id() -> str:
    """Return an id that sorts by time and can be typed: `20260114-093012-3f9a`."""
    import secrets

    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"


class RunLog(NamedTuple):
    """The record, opened to append the events of one run."""

    descriptor: int
    run: str
    path: str

    def write(self, event: str, **fields: Any) -> None:
        """Append a line for an event. Raises UserError if it can't be written: then nothing more may be changed."""
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03}Z"
        line = json.dumps({"run": self.run, "time": stamp, "event": event, **fields}).encode()
        try:
            size = os.fstat(self.descriptor).st_size
            cut_off = size and os.pread(self.descriptor, 1, size - 1) != b"\n"  # the write of the line before was
            text = (b"\n" if cut_off else b"") + line + b"\n"
            if os.write(self.descriptor, text) != len(text):
                raise OSError("the disk is full")
            os.fsync(self.descriptor)
        except OSError as error:
            raise messages.no_audit(self.path, error.strerror or str(error)) from None


def open_log(path: str, run: str) -> RunLog:
    """Open the record for a run, readable by its owner only. Raises UserError."""
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        os.chmod(folder, 0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(descriptor).st_uid == os.getuid():
            os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise messages.no_audit(path, error.strerror or str(error)) from None
    return RunLog(descriptor, run, path)


def lock_run(log: RunLog) -> None:
    """Lock the run for as long as this process lives. Raises UserError if another process holds the lock."""
    import fcntl

    # Each run locks a byte of its own, beyond any end of the file. Such a lock needs no lock file.
    offset = 1 << 61 | int(log.run.replace("-", "")[-8:], 16)
    try:
        fcntl.lockf(log.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
    except OSError:
        raise messages.run_is_running(log.run) from None


def os_user() -> str:
    """Return the operating system's name of the user, or the number if there is none."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def current_directory() -> str:
    """Return the current directory; "" if it was removed."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def written_changes(objects: Sequence[ObjectChange]) -> list[dict[str, str]]:
    """Return the JSON of object changes in the record."""
    return [{name: value for name, value in change._asdict().items() if value} for change in objects]


class Outcome(NamedTuple):
    """What became of a cluster in a run.

    state: "not started", "unknown" (it was begun, and its end is not recorded), "changed", "unchanged", "failed",
        "refused"; "running" while its kubectl runs
    rolled_out: whether its rollouts were complete; None if nobody waited for them
    unsure: it failed in a way that doesn't show whether the server made the change
    """

    cluster: str
    state: str
    reason: str = ""
    seconds: float = 0.0
    objects: tuple[ObjectChange, ...] = ()
    rolled_out: bool | None = None
    unsure: bool = False

    @property
    def may_be_done(self) -> bool:
        """Whether the change may have been made, but nobody knows."""
        return self.state == "unknown" or self.unsure


class Run(NamedTuple):
    """A run as the record has it. start: its first event; events: all of them, in order."""

    id: str
    start: Event
    events: tuple[Event, ...]

    @property
    def ended(self) -> bool:
        """Whether the end of the run is recorded."""
        return str(self.events[-1]["event"]) == "end"

    @property
    def clusters(self) -> list[str]:
        """The names of its clusters, in the order of the waves."""
        return [str(cluster) for wave in self.start["waves"] for cluster in wave]

    def outcomes(self) -> list[Outcome]:
        """Return the outcome of each cluster; its later events count."""
        outcomes = {cluster: Outcome(cluster, "not started") for cluster in self.clusters}
        for event in self.events:
            cluster = event.get("cluster")
            if cluster in outcomes:
                outcomes[cluster] = _outcome_after(outcomes[cluster], event)
        return list(outcomes.values())


def _outcome_after(outcome: Outcome, event: Event) -> Outcome:
    if event["event"] == "begin":
        return outcome._replace(state="unknown", reason="interrupted", rolled_out=None)
    if event["event"] == "rollout":
        return outcome._replace(rolled_out=bool(event["done"]), reason=event.get("reason", ""))
    if event["event"] != "cluster":
        return outcome
    objects = tuple(ObjectChange(**{"result": "", **fields}) for fields in event.get("objects", ()))
    return outcome._replace(
        state=event["state"],
        reason=event.get("reason", ""),
        seconds=event.get("seconds", 0.0),
        objects=objects,
        unsure=bool(event.get("unsure")),
    )


def reread_run(log: RunLog) -> Run:
    """Read the run of a log through its own descriptor: closing another one of the file would end the lock."""
    with open(log.descriptor, encoding="utf-8", errors="replace", closefd=False) as file:
        file.seek(0)
        events = [event for event in _events(file) if event["run"] == log.run]
    return Run(log.run, events[0], tuple(events))


def read_runs(path: str) -> list[Run]:
    """Read all runs, oldest first, without lines that a full disk has cut off. Raises UserError."""
    runs: dict[str, list[Event]] = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for event in _events(file):
                runs.setdefault(event["run"], []).append(event)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise messages.no_audit(path, error.strerror or str(error)) from None
    return [Run(name, events[0], tuple(events)) for name, events in runs.items() if events[0]["event"] == "start"]


def _events(lines: Iterator[str]) -> Iterator[Event]:
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and isinstance(event.get("run"), str) and isinstance(event.get("event"), str):
            yield event


def find_run(path: str, name: str) -> Run:
    """Return the run whose id is `name` or begins with it, or the latest for "last". Raises UserError."""
    runs = read_runs(path)
    matching = runs[-1:] if name == "last" else [run for run in runs if run.id.startswith(name)]
    if len(matching) != 1:
        raise messages.no_run(name, [run.id for run in matching or runs])
    return matching[0]
