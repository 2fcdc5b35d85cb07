# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The report for programs (--report=FILE): one JSON object that says what came of each cluster."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from kubectl_mc import API_VERSION, messages
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any


class ClusterReport(NamedTuple):
    """What came of a cluster.

    state: of a read answered, absent or failed; of a change the state of its outcome
    reason: the kind of the cause (docs/verbs.md), "" without one; message: the cause in words
    exit_status: kubectl's; None if none was started, or if it didn't end by itself
    seconds: that the kubectl took; 0.0 if `took` says it
    """

    name: str
    state: str
    reason: str = ""
    message: str = ""
    exit_status: int | None = None
    seconds: float = 0.0


class ReportFile:
    """The file of a report, which is open from the start of the command on; and what it will say.

    `/dev/fd/N` is the descriptor itself, so a file behind it keeps what it has. Raises UserError if it can't be opened,
    is a file of something else, such as a kubeconfig, or is `-`.

    chosen_by: who has made the lasting choice that the command is under; "" for none
    has_input: whether errors may quote an input, which only the run knows for `resume`; files: the names of its files
    """

    def __init__(self, path: str) -> None:
        if path == "-":
            raise messages.report_not_written(path, "it means stdout, which has the answer. Name a file")
        self._path = path
        self._start, self._began = time.time(), time.monotonic()
        self._places: dict[str, tuple[str, str]] = {}
        self._clusters: dict[str, ClusterReport] = {}
        self._seconds: dict[str, float] = {}
        self._runs: list[str] = []
        self.chosen_by = ""
        self.has_input, self.files = False, tuple[str, ...]()
        standard = {"/dev/stdout": 1, "/dev/stderr": 2}
        number = re.fullmatch(r"/dev/fd/(\d+)", path)
        try:
            if number or path in standard:
                self._descriptor = os.dup(int(number[1]) if number else standard[path])
            else:
                self._descriptor = _opened(path)
        except (OSError, OverflowError) as error:
            raise messages.report_not_written(path, str(getattr(error, "strerror", None) or error)) from None

    def choose(self, places: Iterable[tuple[str, str, str]]) -> None:
        """Say which clusters the command is for: (name, namespace of its ClusterProfile, context), "" for none."""
        self._places |= {name: (namespace, context) for name, namespace, context in places}

    def took(self, name: str, seconds: float) -> None:
        """Say how long a kubectl of a cluster took. Of several, the longest counts."""
        self._seconds[name] = max(seconds, self._seconds.get(name, 0.0))

    def tell(self, clusters: Iterable[ClusterReport], run: str = "") -> None:
        """Say what came of clusters. run: the id of the run, if it is a change that was begun"""
        self._clusters |= {cluster.name: cluster for cluster in clusters}
        self._runs += [run] if run else []

    def write(self, command: Sequence[str], status: int, error: str, redact: Callable[[str], str]) -> None:
        """Write the report and close the file. Raises UserError.

        command: its words, without secrets; error: why it was refused or ended, "" if it was not
        redact: returns a text of a cluster's or of the error without secrets
        """
        for name, cluster in self._clusters.items():
            self._clusters[name] = cluster._replace(message=redact(cluster.message))
        text = json.dumps(self._document(command, status, redact(error)), indent=4) + "\n"
        try:
            with os.fdopen(self._descriptor, "wb", 0) as file:
                from kubectl_mc.processes.standard_streams import write_whole

                write_whole(file, text.encode())
        except OSError as problem:
            raise messages.report_not_written(self._path, problem.strerror or str(problem)) from None

    def _document(self, command: Sequence[str], status: int, error: str) -> Mapping[str, Any]:
        names = list(dict.fromkeys([*self._places, *self._clusters]))
        clusters = [self._clusters.get(name, ClusterReport(name, "not started")) for name in names]
        return {
            "apiVersion": API_VERSION,
            "kind": "CommandReport",
            "command": list(command),
            "start": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._start)),
            "seconds": round(time.monotonic() - self._began, 3),
            "exitStatus": status,
            "error": error,
            "runs": list(dict.fromkeys(self._runs)),
            "chosenBy": self.chosen_by,
            "selected": len(clusters),
            "answered": sum(cluster.state in _ANSWERED for cluster in clusters),
            "failed": sum(cluster.state in _FAILED for cluster in clusters),
            "clusters": [self._entry(cluster) for cluster in clusters],
        }

    def _entry(self, cluster: ClusterReport) -> Mapping[str, Any]:
        namespace, context = self._places.get(cluster.name, ("", ""))
        begun = cluster.state != "not started"  # else only a dry run took a time
        return {
            "name": cluster.name,
            "namespace": namespace,
            "context": context,
            "state": cluster.state,
            "reason": cluster.reason,
            "message": cluster.message,
            "exitStatus": cluster.exit_status,
            "seconds": round(cluster.seconds or self._seconds.get(cluster.name, 0.0), 3) if begun else 0.0,
        }


_READER_PATIENCE = 1.0  # seconds: a pipe's reader that was started together with us may need some


def _opened(path: str) -> int:
    """Open a file for writing. A named pipe that no process reads is an OSError; it is not waited for."""
    deadline = time.monotonic() + _READER_PATIENCE
    while True:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
            descriptor = os.open(path, flags, 0o666)
        except OSError as error:
            if error.errno != errno.ENXIO or not stat.S_ISFIFO(os.stat(path).st_mode):
                raise
            if time.monotonic() > deadline:
                raise OSError(errno.ENXIO, "no process reads this pipe") from None
            time.sleep(0.05)
        else:
            os.set_blocking(descriptor, True)  # so that all of the report is written
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                _empty(path, descriptor)
            return descriptor


def _empty(path: str, descriptor: int) -> None:
    """Empty the file of an earlier report. One that holds anything else keeps it, and is an OSError."""
    with open(path, "rb") as file:
        start = file.read(1000).strip()
    if start and b'"CommandReport"' not in start:
        os.close(descriptor)
        raise OSError(errno.EEXIST, "it is there already, and is no report. Name another file, or delete it")
    os.ftruncate(descriptor, 0)


_ANSWERED = ("answered", "absent", "changed", "unchanged")
_FAILED = ("failed", "refused", "unknown")
