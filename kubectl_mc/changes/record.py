"""The audit file: what a run was to change, where it had begun, what it has done. One JSON object a line.

A line is appended with one write and synced before the next step is taken, so that a machine that stops at any moment
leaves a file that says how far the run had come.
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
    """Where the record is. home: the user's home directory"""
    return os.path.join(home, ".kube", "kubectl-mc", "audit.jsonl")


def new_run_id() -> str:
    """An id that sorts by time and can be typed: 20260114-093012-3f9a."""
    import secrets

    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"


class RunLog(NamedTuple):
    """An open audit file, for one run."""

    descriptor: int
    run: str
    path: str

    def write(self, event: str, **fields: Any) -> None:
        """Append a line. Raises UserError if it can't be kept: then nothing more may be changed."""
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03}Z"
        line = json.dumps({"run": self.run, "time": stamp, "event": event, **fields}).encode()
        try:
            text = b"" if _ends_a_line(self.descriptor) else b"\n"
            text += line + b"\n"
            if os.write(self.descriptor, text) != len(text):
                raise OSError("the disk is full")
            os.fsync(self.descriptor)
        except OSError as error:
            raise messages.no_audit(self.path, error.strerror or str(error)) from None


def _ends_a_line(descriptor: int) -> bool:
    """Is the file at the start of a line? Not after a write that was cut off."""
    size = os.fstat(descriptor).st_size
    return not size or os.pread(descriptor, 1, size - 1) == b"\n"


def open_log(where: str, run: str) -> RunLog:
    """Open the file for appending, for its owner only. Raises UserError."""
    folder = os.path.dirname(where)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        os.chmod(folder, 0o700)
        descriptor = os.open(where, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(descriptor).st_uid == os.getuid():
            os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise messages.no_audit(where, error.strerror or str(error)) from None
    return RunLog(descriptor, run, where)


def lock_run(log: RunLog) -> None:
    """Hold the run for as long as this process lives. Raises UserError if another process has it."""
    import fcntl

    # One byte for each run, beyond any end of the file: a record lock needs no file of its own, and leaves none behind.
    place = 1 << 61 | int(log.run.replace("-", "")[-8:], 16)
    try:
        fcntl.lockf(log.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
    except OSError:
        raise messages.run_is_running(log.run) from None


def os_user() -> str:
    """The name of the user of the operating system who runs this."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def current_directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""  # it was removed


def written_changes(found: Sequence[ObjectChange]) -> list[dict[str, str]]:
    """Objects as they are written down."""
    return [{name: value for name, value in each._asdict().items() if value} for each in found]


# --- Reading -----------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What became of a cluster in a run.

    state: "not started", "unknown" (begun, and no end of it written down), "changed", "unchanged", "failed", "refused"
    gated: None: nobody waited for its rollouts; else whether they were done
    unsure: it failed in a way that leaves open whether the server has done it
    """

    cluster: str
    state: str
    reason: str = ""
    seconds: float = 0.0
    objects: tuple[ObjectChange, ...] = ()
    gated: bool | None = None
    unsure: bool = False


class Run(NamedTuple):
    """All that is written of a run. start: its first line; events: all lines, in order."""

    id: str
    start: Event
    events: tuple[Event, ...]

    @property
    def ended(self) -> bool:
        return str(self.events[-1]["event"]) == "end"

    @property
    def clusters(self) -> list[str]:
        """In the order of the waves."""
        return [str(cluster) for wave in self.start["waves"] for cluster in wave]

    def places(self) -> list[Outcome]:
        """What the lines say of each cluster; the later line counts."""
        found = {cluster: Outcome(cluster, "not started") for cluster in self.clusters}
        for event in self.events:
            cluster = event.get("cluster")
            if cluster in found:
                found[cluster] = _after(found[cluster], event)
        return list(found.values())


def _after(place: Outcome, event: Event) -> Outcome:
    if event["event"] == "begin":
        return place._replace(state="unknown", reason="interrupted", gated=None)
    if event["event"] == "rollout":
        return place._replace(gated=bool(event["done"]), reason=event.get("reason", ""))
    if event["event"] != "cluster":
        return place
    objects = tuple(ObjectChange(**{"result": "", **each}) for each in event.get("objects", ()))
    return place._replace(
        state=event["state"],
        reason=event.get("reason", ""),
        seconds=event.get("seconds", 0.0),
        objects=objects,
        unsure=bool(event.get("unsure")),
    )


def reread_run(log: RunLog) -> Run:
    """The log's run. The file is read through the log itself: closing another descriptor of it would end the lock."""
    with open(log.descriptor, encoding="utf-8", errors="replace", closefd=False) as file:
        file.seek(0)
        events = [event for event in _events(file) if event["run"] == log.run]
    return Run(log.run, events[0], tuple(events))


def read_runs(where: str) -> list[Run]:
    """Every run of the file, oldest first; lines that are none (of a full disk) are left out. Raises UserError."""
    found: dict[str, list[Event]] = {}
    try:
        with open(where, encoding="utf-8", errors="replace") as file:
            for event in _events(file):
                found.setdefault(event["run"], []).append(event)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise messages.no_audit(where, error.strerror or str(error)) from None
    return [Run(name, events[0], tuple(events)) for name, events in found.items() if events[0]["event"] == "start"]


def _events(lines: Iterator[str]) -> Iterator[Event]:
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and isinstance(event.get("run"), str) and isinstance(event.get("event"), str):
            yield event


def find_run(where: str, name: str) -> Run:
    """The run of this id, or of the only id that begins so; "last" is the latest. Raises UserError."""
    known = read_runs(where)
    matching = known[-1:] if name == "last" else [run for run in known if run.id.startswith(name)]
    if len(matching) != 1:
        raise messages.no_run(name, [run.id for run in matching or known])
    return matching[0]
