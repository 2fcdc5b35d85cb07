"""The times of log lines, and the order of lines by them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from heapq import heappop, heappush, merge

from kubectl_mc.merge.log_lines import LogLine, LogSource

# What `kubectl logs --timestamps` writes in front of a line: RFC 3339 in UTC, or with an offset if the container
# runtime uses its node's time zone; the fraction is optional and has no trailing zeros.
TIME = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|([+-]\d\d:\d\d))"
_TIME = re.compile(TIME)

# (second in UTC, nine digits of nanoseconds or more); in their order, also without a time.
TimeKey = tuple[str, str]
_NO_TIME = ("", "")


def time_key(time: str) -> TimeKey:
    """Return what a time is ordered by. time: RFC 3339; "" is ahead of all"""
    match = _TIME.fullmatch(time)
    if not match:
        return _NO_TIME
    second, fraction, offset = match.groups("")
    return (_in_utc(second, offset) if offset else second, fraction.ljust(9, "0"))


@lru_cache
def _in_utc(second: str, offset: str) -> str:
    """Return in UTC a second of a clock that is ahead of UTC by the offset (`+02:00`)."""
    from datetime import datetime, timezone

    try:
        return datetime.fromisoformat(second + offset).astimezone(timezone.utc).isoformat()[: len(second)]
    except (ValueError, OverflowError):  # it only looks like a time
        return second


def by_time(sequences: Iterable[Sequence[LogLine]]) -> Iterator[LogLine]:
    """Return the lines of several sequences in the order of their times. Of each sequence, equal times keep theirs."""
    sorted_lines = [sorted(lines, key=lambda line: time_key(line.time)) for lines in sequences]
    return merge(*sorted_lines, key=lambda line: time_key(line.time))


class TimeWindow:
    """Puts lines that come from everywhere, and go on coming, into the order of their times, as far as they come soon.

    A line waits for `seconds`, in which lines with earlier times may come. Lines of one source stay in the order in
    which they have come. A line that comes later still is not held back any longer.
    Its clock is that of the caller, in seconds, and never goes back.
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._waiting: list[tuple[TimeKey, int, LogLine]] = []  # a heap
        self._arrivals: deque[tuple[float, TimeKey]] = deque()
        self._count = 0
        self._latest: dict[LogSource, TimeKey] = {}
        self._horizon = _NO_TIME  # lines up to this time wait no longer

    def feed(self, lines: Sequence[LogLine], now: float) -> None:
        """Add lines that have come."""
        for line in lines:
            key = max(time_key(line.time), self._latest.get(line.source, _NO_TIME))
            self._latest[line.source] = key
            heappush(self._waiting, (key, self._count, line))
            self._count += 1
            self._arrivals.append((now, key))

    def due(self, now: float) -> list[LogLine]:
        """Return the lines that have waited long enough, with those of earlier times between them, in order."""
        while self._arrivals and self._arrivals[0][0] + self._seconds <= now:
            self._horizon = max(self._horizon, self._arrivals.popleft()[1])
        lines = []
        while self._waiting and self._waiting[0][0] <= self._horizon:
            lines.append(heappop(self._waiting)[2])
        return lines

    def rest(self) -> list[LogLine]:
        """Return the lines that are still waiting, in order."""
        return self.due(float("inf"))
