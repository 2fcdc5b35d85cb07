# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The times of log lines, how they are read, and the order of lines by them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from operator import itemgetter

from kubectl_mc.merge.log_lines import LogLine, LogSource

# What `kubectl logs --timestamps` writes in front of a line: RFC 3339 in UTC, or with an offset if the container
# runtime uses its node's time zone; the fraction is optional and has no trailing zeros.
TIME = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|([+-]\d\d:\d\d))"
_TIME = re.compile(TIME)
_TIMED = re.compile(rb"(" + TIME.encode() + rb")(?: |\Z)")

# Each digit -> 0: times that are equal then have the same form.
_FORM = bytes.maketrans(b"123456789", b"000000000")


def divided_by_times(lines: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return the times that stand ahead of lines, and the texts behind them. A line without one has the time b"".

    A kubelet writes all times of a node in one form (RFC3339NanoFixed in k8s.io/cri-client/pkg/logs). So it is seen at
    once whether all lines have a time of the first one's form, and a busy log costs little.
    """
    first = _TIMED.match(lines[0])
    if first and len(lines) > 1:
        width = len(first[1])
        times = list(map(itemgetter(slice(width)), lines))
        with suppress(IndexError):  # of a time without a space behind it
            are_spaces = {*map(itemgetter(width), lines)} == {ord(" ")}
            if are_spaces and b"".join(times).translate(_FORM) == first[1].translate(_FORM) * len(lines):
                return times, list(map(itemgetter(slice(width + 1, None)), lines))
    matches = [_TIMED.match(line) for line in lines]
    texts = [line[match.end() :] if match else line for line, match in zip(lines, matches)]
    return [match[1] if match else b"" for match in matches], texts


def time_key(time: str) -> str:
    """Return what a time is ordered by, as a text. time: RFC 3339; "" is ahead of all"""
    if time.endswith("Z"):
        return time[:-1]  # a fraction with fewer digits is less, as a text, than what it is the beginning of
    match = _TIME.fullmatch(time)
    if not match:
        return ""
    second, fraction, offset = match.groups("")
    return f"{_in_utc(second, offset)}{'.' * bool(fraction)}{fraction}"


@lru_cache
def _in_utc(second: str, offset: str) -> str:
    """Return in UTC a second of a clock that is ahead of UTC by the offset (`+02:00`)."""
    from datetime import datetime, timezone

    try:
        return datetime.fromisoformat(second + offset).astimezone(timezone.utc).isoformat()[: len(second)]
    except (ValueError, OverflowError):  # it only looks like a time
        return second


class TimeWindow:
    """Puts lines that come from everywhere, and go on coming, into the order of their times, as far as they come soon.

    A line waits for `seconds`, in which lines with earlier times may come. Lines of one source stay in the order in
    which they have come. A line that comes later still is not held back any longer.
    Its clock is that of the caller, in seconds, and never goes back.
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._waiting: list[tuple[str, int, LogLine]] = []
        self._arrivals: deque[tuple[float, str]] = deque()  # of lines that came together, with the latest time
        self._count = 0
        self._latest: dict[LogSource, str] = {}
        self._horizon = ""  # lines up to this time wait no longer

    def feed(self, lines: Sequence[LogLine], now: float) -> None:
        """Add lines that have come."""
        latest, waiting, newest = self._latest, self._waiting, ""
        for count, line in enumerate(lines, self._count):
            key, source = time_key(line.time), line.source
            if key < (last := latest.get(source, "")):
                key = last
            latest[source] = key
            newest = max(newest, key)
            waiting.append((key, count, line))
        self._count += len(lines)
        self._arrivals.append((now, newest))

    def due(self, now: float) -> list[LogLine]:
        """Return the lines that have waited long enough, with those of earlier times between them, in order."""
        while self._arrivals and self._arrivals[0][0] + self._seconds <= now:
            self._horizon = max(self._horizon, self._arrivals.popleft()[1])
        self._waiting.sort()  # quick, as it has been in order up to what was added
        end = bisect_left(self._waiting, (self._horizon, self._count))
        due, self._waiting = self._waiting[:end], self._waiting[end:]
        return [line for _, _, line in due]

    def rest(self) -> list[LogLine]:
        """Return the lines that are still waiting, in order."""
        return self.due(float("inf"))
