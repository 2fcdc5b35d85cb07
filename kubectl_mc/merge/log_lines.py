"""Log lines: what a container has written, and where it is."""

from __future__ import annotations

from typing import NamedTuple


class LogSource(NamedTuple):
    """A container whose lines are shown. container: "" where kubectl picks it, and doesn't say which"""

    cluster: str
    namespace: str
    pod: str
    container: str


class LogLine(NamedTuple):
    """One line of a container. time: RFC 3339 with nanoseconds, as the kubelet gives it; text: without line feed"""

    source: LogSource
    time: str
    text: bytes
