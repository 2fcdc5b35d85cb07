# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The record of all runs: a file with one JSON object per line for each event of a run.

A line is appended with one write and synced before the next step is taken, so the file shows how far a run had come,
whenever the machine stops.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.changes import redaction
from kubectl_mc.merge.object_changes import ObjectChange
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import private_files, regular_files
from kubectl_mc.type_hints import Any, Literal, get_args

Event = Mapping[str, Any]

# What the lines of a run mean, in the events of its start and of its resumptions. It grows when a version that doesn't
# know a line would take the run for something else. Runs of versions before 0.1.0 have none, and are of version 1.
VERSION = 1


def record_path(home: str) -> str:
    """Return the path of the record below the user's home directory."""
    return os.path.join(home, ".kube", "kubectl-mc", "audit.jsonl")


def new_run_id() -> str:
    """Return an id that sorts by time and can be typed: `20260114-093012-3f9a`."""
    import secrets

    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"


class RunLog(NamedTuple):
    """The record, opened to append the events of one run.

    hidden: the secrets of the command line, which the reasons of failures are not to quote
    has_input: the command has an input, which they are not to quote either, but for the names of its files
    """

    descriptor: int
    run: str
    path: str
    hidden: tuple[str, ...] = ()
    has_input: bool = False
    files: tuple[str, ...] = ()

    def write(self, event: str, **fields: Any) -> None:
        """Append a line for an event. Raises UserError if it can't be written: then nothing more may be changed."""
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03}Z"
        if "reason" in fields:
            fields["reason"] = redaction.redact_quotes(fields["reason"], self.hidden, self.has_input, self.files)
        line = json.dumps({"run": self.run, "time": stamp, "event": event, **fields}).encode()
        try:
            size = os.fstat(self.descriptor).st_size
            cut_off = size and os.pread(self.descriptor, 1, size - 1) != b"\n"  # the write of the line before was
            text = (b"\n" if cut_off else b"") + line + b"\n"
            if os.write(self.descriptor, text) != len(text):
                raise OSError("the disk is full")
            os.fsync(self.descriptor)
        except OSError as error:
            raise messages.RecordError(self.path, error.strerror or str(error)) from None


def open_log(path: str, run: str) -> RunLog:
    """Open the record for a run, readable by its owner only. Raises UserError."""
    folder = os.path.dirname(path)
    try:
        private_files.make_directory(folder)
        if os.stat(folder).st_uid == os.getuid():  # in a pod, a volume's folder is root's
            os.chmod(folder, 0o700)
        descriptor = regular_files.opener(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        if os.fstat(descriptor).st_uid == os.getuid():
            os.fchmod(descriptor, 0o600)
    except OSError as error:  # that of regular_files has no file's name: what is there is no regular file
        raise messages.RecordError(path, error.strerror or str(error), folder if error.filename else "") from None
    return RunLog(descriptor, run, path)


def lock_run(log: RunLog) -> None:
    """Lock the run for as long as this process lives. Raises UserError if another process holds the lock."""
    import fcntl
    from zlib import crc32

    # Each run locks a byte of its own, beyond any end of the file. Such a lock needs no lock file.
    offset = 1 << 61 | crc32(log.run.encode())
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


State = Literal["not started", "unknown", "changed", "unchanged", "failed", "refused", "running"]


class Outcome(NamedTuple):
    """What became of a cluster in a run.

    state: "not started", "unknown" (it was begun, and its end is not recorded), "changed", "unchanged", "failed",
        "refused"; "running" while its kubectl runs
    rolled_out: whether its rollouts were complete; None if nobody waited for them
    unsure: it failed in a way that doesn't show whether the server made the change
    done_before: it is unchanged, as the run had made the change already when a resumption came to it
    """

    cluster: str
    state: State
    reason: str = ""
    seconds: float = 0.0
    objects: tuple[ObjectChange, ...] = ()
    rolled_out: bool | None = None
    unsure: bool = False
    done_before: bool = False

    @property
    def is_done(self) -> bool:
        """Whether the change is made, or there was nothing to change."""
        return self.state in ("changed", "unchanged")

    @property
    def may_be_done(self) -> bool:
        """Whether the change may have been made, but nobody knows."""
        return self.state == "unknown" or self.unsure

    @property
    def may_roll_out(self) -> bool:
        """Whether the run has made the change, also if only a resumption has seen that."""
        return self.state == "changed" or self.done_before


class Run(NamedTuple):
    """A run as the record has it.

    start: the event of its start; events: all of its events, in order; unreadable: how many of its lines are left out
    """

    id: str
    start: Event
    events: tuple[Event, ...]
    unreadable: int = 0

    @property
    def version(self) -> int:
        """The version of its lines: of its start or a later resumption, whichever is newer."""
        return max(int(event.get("version", 1)) for event in self.events if event["event"] in ("start", "resume"))

    @property
    def ended(self) -> bool:
        """Whether the end of the run is recorded."""
        return str(self.events[-1]["event"]) == "end"

    @property
    def clusters(self) -> list[str]:
        """The names of its clusters, in the order of the waves."""
        return [str(cluster) for wave in self.start["waves"] for cluster in wave]

    @property
    def targets(self) -> dict[str, Event]:
        """What is recorded of how each cluster was reached: by its name, as of the last time."""
        return {
            str(target["cluster"]): target
            for event in self.events
            if event["event"] in ("start", "resume")
            for target in event["targets"]
        }

    def outcomes(self) -> list[Outcome]:
        """Return the outcome of each cluster; its later events count.

        A line that can't be read may be the one that says that a cluster has begun.
        """
        before: tuple[State, str] = ("unknown", messages.NOT_READABLE) if self.unreadable else ("not started", "")
        outcomes = {cluster: Outcome(cluster, *before) for cluster in self.clusters}
        for event in self.events:
            if event["event"] in ("begin", "rollout", "cluster") and event["cluster"] in outcomes:
                outcomes[event["cluster"]] = _outcome_after(outcomes[event["cluster"]], event)
        return list(outcomes.values())


def _outcome_after(outcome: Outcome, event: Event) -> Outcome:
    """Return the outcome of a cluster after one more of its events."""
    if event["event"] == "begin":
        return outcome._replace(state="unknown", reason="interrupted", rolled_out=None)
    if event["event"] == "rollout":
        return outcome._replace(rolled_out=bool(event["done"]), reason=event.get("reason", ""))
    objects = tuple(
        ObjectChange(fields["resource"], fields.get("result", ""), fields.get("namespace", ""))
        for fields in event.get("objects", ())
    )
    return outcome._replace(
        state=event["state"],
        reason=event.get("reason", ""),
        seconds=event.get("seconds", 0.0),
        objects=objects,
        unsure=bool(event.get("unsure")),
        done_before=bool(event.get("done_before")),
    )


class Record(NamedTuple):
    """What is in the record. runs: oldest first; unreadable: how many lines are left out"""

    path: str
    runs: tuple[Run, ...]
    unreadable: int

    def find(self, name: str) -> Run:
        """Return the run whose id is `name` or begins with it, or the latest for "last". Raises UserError."""
        matching = self.runs[-1:] if name == "last" else [run for run in self.runs if run.id.startswith(name)]
        if len(matching) != 1:
            raise messages.no_run(name, [run.id for run in matching], [run.id for run in self.runs])
        return matching[0]

    @property
    def warnings(self) -> list[str]:
        """Lines that say what is left out, or isn't known here."""
        newer = [run.id for run in self.runs if run.version > VERSION]
        return [
            *([messages.unreadable_lines(self.path, self.unreadable)] if self.unreadable else []),
            *([messages.newer_runs(newer)] if newer else []),
        ]


def read_record(path: str) -> Record:
    """Read the record, whatever is in the file. Raises UserError if the file itself can't be read."""
    try:
        with open(path, encoding="utf-8", errors="replace", opener=regular_files.opener) as file:
            return _parse_record(path, file)
    except FileNotFoundError:
        return Record(path, (), 0)
    except OSError as error:
        raise messages.unreadable_record(path, error.strerror or str(error)) from None


def reread_record(log: RunLog) -> tuple[Run, Record]:
    """Read the run of a log, and the record, through the log's descriptor: closing another one would end the lock.

    Raises UserError.
    """
    with open(log.descriptor, encoding="utf-8", errors="replace", closefd=False) as file:
        file.seek(0)
        record = _parse_record(log.path, file)
    return record._replace(runs=tuple(run for run in record.runs if run.id == log.run)).find(log.run), record


def _parse_record(path: str, lines: Iterable[str]) -> Record:
    """Return the runs in the lines of a record; a line that isn't valid is counted, and left out."""
    unreadable = 0
    events: dict[str, list[Event]] = {}
    damages: Counter[str] = Counter()
    for line in lines:
        event = _parse_object(line)
        run = event.get("run")
        if isinstance(run, str) and _RUN_ID.fullmatch(run):
            if _is_valid(event):
                events.setdefault(run, []).append(event)
                continue
            damages[run] += 1
        unreadable += bool(line.strip())
    runs = []
    for run, run_events in events.items():
        if start := next((event for event in run_events if event["event"] == "start"), None):
            runs.append(Run(run, start, tuple(run_events), damages[run]))
        else:
            unreadable += len(run_events)
    return Record(path, tuple(runs), unreadable)


def _parse_object(line: str) -> Event:
    """Return the JSON object in a line, {} if it has none: a full disk cuts lines off, and people edit files."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


# --- What a line must have, so that all that is read from it is there and has its type -----------------------

_RUN_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)

FieldCheck = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value  # no argument and no path has a NUL


def _is_hex(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch("(?:[0-9a-f]{2})*", value))


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9


def _list_of(check: FieldCheck) -> FieldCheck:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _fields(optional: Mapping[str, FieldCheck], **required: FieldCheck) -> FieldCheck:
    """Return the check of an object: its fields, as far as they are named here."""
    checks = {**optional, **required}
    return lambda value: (
        isinstance(value, dict)
        and all(name in value for name in required)
        and all(check(value[name]) for name, check in checks.items() if name in value)
    )


def _or_null(check: FieldCheck) -> FieldCheck:
    return lambda value: value is None or check(value)


_PROOF = _or_null(_fields({}, salt=_is_hex, scrypt=_is_hex))
_FILE = _fields({}, path=_is_text, salt=_is_hex, scrypt=_is_hex)
_INPUT = _or_null(
    _fields({"sources": _list_of(_is_text), "digest": _is_text, "proof": _PROOF, "files": _list_of(_FILE)})
)
_ADDRESS = (
    "context", "server", "tlsServerName", "proxy", "authority", "kubeconfigCluster", "kubeconfigUser", "login", "user",
    "namespace", "memberId",
)  # fmt: skip
_TARGET = _fields({**dict.fromkeys(_ADDRESS, _is_text), "proof": _PROOF}, cluster=_is_text)
_START = _fields(
    {
        **dict.fromkeys(("time", "user", "directory", "what"), _is_text),
        "input": _INPUT,
        "proof": _PROOF,
        "version": lambda value: type(value) is int and value > 0,
    },
    waves=_list_of(_list_of(_is_text)),
    argv=lambda value: _list_of(_is_text)(value) and bool(value),
    targets=_list_of(_TARGET),
)
_OBJECT = _fields({"result": _is_text, "namespace": _is_text}, resource=_is_text)

# What is known of events. One of another name, as a later version may write, is read and has no meaning.
_EVENTS: Mapping[str, FieldCheck] = {
    "start": _START,
    "resume": _START,
    "begin": _fields({}, cluster=_is_text),
    "rollout": _fields({"reason": _is_text}, cluster=_is_text, done=_is_flag),
    "cluster": _fields(
        {
            "reason": _is_text,
            "seconds": _is_number,
            "objects": _list_of(_OBJECT),
            "unsure": _is_flag,
            "done_before": _is_flag,
        },
        cluster=_is_text,
        state=lambda value: value in get_args(State),
    ),
}


def _is_valid(event: Event) -> bool:
    name = event.get("event")
    return isinstance(name, str) and _EVENTS.get(name, lambda value: True)(event)
