# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Where a followed log is, so that it is taken up again without a line lost or shown twice. Pure.

A kubelet serves one file of an instance of a container, from a time on that kubectl rounds down to a whole second
(`--since-time`: metav1.Time in PodLogOptions). So the lines of the last seconds are served again, and compared.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from functools import lru_cache
from itertools import compress, groupby
from operator import itemgetter

from kubectl_mc.merge.lines import MAX_BEGUN
from kubectl_mc.merge.log_times import divided_by_times
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Literal

# A container's lines are stamped by several writers (stdout, stderr), so a time may be a little earlier than the one
# before it. Lines are compared from so many seconds before the last one on.
SLACK = 1

# A longer line without an end is shown in parts, in bytes: as elsewhere, and with room for its time.
_LONGEST = MAX_BEGUN + 64


class TimedLines(NamedTuple):
    """Lines of one container, one after another, in columns, as a busy log must cost little.

    times: as the kubelet gives them; b"" of a text of its own, and of a further part of a long line
    texts: without line feeds
    keys: the hash of each line with its time, by which it is known again
    """

    times: Sequence[bytes] = ()
    texts: Sequence[bytes] = ()
    keys: Sequence[int] = ()

    @classmethod
    def read(cls, printed: bytes, begins_inside: bool = False) -> TimedLines:
        """Return lines as kubectl prints them with `--timestamps`.

        printed: without the line feed of the last
        begins_inside: the first is a further part of a line, so it has no time, whatever it looks like
        """
        lines = printed.split(b"\n")
        times, texts = divided_by_times(lines)
        if begins_inside:
            times[0], texts[0] = b"", lines[0]
        return cls(times, texts, list(map(hash, lines)))

    def chosen(self, are_chosen: Sequence[bool]) -> TimedLines:
        """Return the lines that are chosen. are_chosen: of the first lines; others aren't"""
        times, texts = (list(compress(column, are_chosen)) for column in (self.times, self.texts))
        return TimedLines(times, texts, list(compress(self.keys, are_chosen)))


NO_LINES = TimedLines()

# What is done where a resumed stream doesn't show that it goes on behind the last line: it is stopped; lines may be
# missing, which is said; or nothing, as it is known that it does go on there.
Proof = Literal["needed", "wanted", "known"]


_LATEST = 253402300799  # 9999-12-31T23:59:59Z

# What may have come of a line's time.
_PART_OF_TIME = re.compile(rb"\d{1,4}(?:-[\d-]{0,5}(?:T[\d:]{0,8}(?:\.\d*)?(?:[+-][\d:]{0,5})?)?)?")

_TO_SECOND = len("2026-11-26T09:18:29")


class Gap(NamedTuple):
    """Lines after the time `last`, and before the time `first`, may be missing."""

    last: bytes
    first: bytes


@lru_cache(maxsize=256)
def _seconds(second: bytes, zone: bytes) -> int:
    """Return the seconds since the epoch of `2026-11-26T09:18:29` in a zone (`Z`, `+02:00`); 0 for no real time.

    A time that isn't of the years 1970 to 9999 in UTC counts as the nearest one that is: it couldn't be asked for.
    """
    try:
        text = (second + (b"+00:00" if zone == b"Z" else zone)).decode()
        return max(0, min(int(datetime.fromisoformat(text).timestamp()), _LATEST))
    except (ValueError, OverflowError):
        return 0


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _second(time: bytes) -> int:
    return _seconds(time[:_TO_SECOND], b"Z" if time.endswith(b"Z") else time[-6:])


class LogPosition:
    """The last lines of one container that are shown, as far as they could be served again.

    last: the time of the last one; b"" ahead of the first
    stopped: where a resumed stream was stopped, as lines before that may be missing
    gap: the same where it went on
    """

    def __init__(self, has_older: bool = False) -> None:
        """has_older: there may be lines ahead of the first one that is shown, as the user wants only later ones."""
        self.last = b""
        self.stopped: Gap | None = None
        self.gap: Gap | None = None
        self._before = b""  # the time of the last line ahead of those with the time of the last one
        self._newest = 0  # of all times, in whole seconds
        self._has_older = has_older
        self._start = b""  # the time of the first line of all
        self._seen: dict[int, array[int]] = {}  # second -> the hash of each line of it that is shown
        self._last_lines: Counter[int] = Counter()  # those with the time of the last one
        self._begun, self._is_inside = b"", False  # of a line, and whether parts of it have been returned
        self._proof: Proof = "known"
        self._expected: Counter[int] = Counter()  # what a resumed stream serves again
        self._first: int | None = None  # the line that the stream has begun with
        self._passes_over = False  # whether the last line of a resumed stream was shown before
        self._is_short = False  # whether the stream begins later than it should

    @property
    def has_served(self) -> bool:
        """Whether the stream has had a line."""
        return self._first is not None

    @property
    def is_taken_up(self) -> bool:
        """Whether it is known that the stream goes on behind the last line."""
        return self._proof == "known" or self._goes_on()

    @property
    def has_last(self) -> bool:
        """Whether the stream has served the last line again, as far as it is to be known again."""
        return not any(self._expected[key] > 0 for key in self._last_lines)

    @property
    def is_steady(self) -> bool:
        """Whether nothing but further lines can change what is known of the stream, and nothing is to be said of it."""
        return self.is_taken_up and not (self.gap or self.stopped)

    @property
    def is_behind(self) -> bool:
        """Whether the stream has served lines that are shown, and not yet all of them."""
        return self.has_served and any(count > 0 for count in self._expected.values())

    @property
    def since(self) -> str:
        """The time from which on a stream has to be asked for; "" for all of it."""
        if not self.last:
            return ""
        return _time(self._latest if self._is_short else self._oldest)

    @property
    def _oldest(self) -> int:
        """The second of the oldest lines that are compared. One of them stands ahead of the last line."""
        return min(self._newest - SLACK, _second(self._before) if self._before else self._newest)

    @property
    def _latest(self) -> int:
        """The latest second from which on a stream shows that it goes on behind the last line."""
        return min(_second(self.last), _second(self._before or self.last))

    def begin(self, proof: Proof = "needed", is_short: bool = False) -> None:
        """Begin with another stream, from `since` on. A line whose end has not come is dropped: it is served again.

        is_short: as few lines as possible are to be served again; those whose times go back may be missing then
        """
        self._begun, self._is_inside = b"", False
        self._first, self.stopped, self.gap = None, None, None
        self._proof = proof if self.last else "known"
        self._passes_over = self._proof != "known"
        self._expected = Counter()
        self._is_short = is_short and bool(self.last) and self._latest > self._oldest
        for second, hashes in self._seen.items():
            if not self._is_short or second >= self._latest:
                self._expected.update(hashes)

    def feed(self, chunk: bytes) -> TimedLines:
        """Return the new lines of a chunk, in order; none any more when it has stopped."""
        if self.stopped:
            return NO_LINES
        lines = self._split(chunk)
        if self._expected or self._proof != "known":
            lines = lines.chosen(self._are_new(lines))
        if any(lines.times):
            self._note(lines if all(lines.times) else lines.chosen([*map(bool, lines.times)]))
        return lines

    def take_silence(self) -> None:
        """Take that the stream doesn't serve the last lines again: the file that had them is another one now."""
        if self.stopped or self.is_taken_up:
            return
        gap = Gap(self.last, b"")
        if self._proof == "needed":
            self.stopped = gap
        else:
            self.gap, self._proof = gap, "known"

    def end(self) -> TimedLines:
        """Return the last line of a log whose end has come, if it has no line feed."""
        return self.feed(b"\n") if self._begun else NO_LINES

    def rest(self) -> TimedLines:
        """Return what has come of the last line, unless it may be a part of one that is shown already, or of a time."""
        is_time = _PART_OF_TIME.fullmatch(self._begun) and not self._is_inside
        return NO_LINES if self._passes_over or is_time else self.end()

    def _split(self, chunk: bytes) -> TimedLines:
        end = chunk.rfind(b"\n")
        if end < 0:
            self._begun += chunk
            if len(self._begun) < _LONGEST:
                return NO_LINES
            # A part of a line ends always at the same place, so it is known again.
            whole, self._begun = self._begun[:_LONGEST], self._begun[_LONGEST:]
        else:
            whole, self._begun = self._begun + chunk[:end], chunk[end + 1 :]
        begins_inside, self._is_inside = self._is_inside, end < 0
        return TimedLines.read(whole, begins_inside)

    def _are_new(self, lines: TimedLines) -> list[bool]:
        """Return of each line of a resumed stream whether it is not shown yet; up to where it is stopped."""
        are_new: list[bool] = []
        newest = b""
        for time, key in zip(lines.times, lines.keys):
            is_expected = bool(time and self._expected.get(key))
            if time:  # otherwise it is a part of the line before, or what the kubelet says itself
                self._passes_over = is_expected or self._is_older(time)
            if is_expected:
                self._first = key if self._first is None else self._first
                self._expected[key] -= 1
            elif time and not self._passes_over:
                if self._proof != "known" and not self._goes_on():
                    gap = Gap(self.last, time)
                    if self._proof == "needed":
                        self.stopped = gap
                        return are_new
                    self.gap = gap
                self._proof = "known"
                if self._is_short:
                    self.gap, self._is_short = self.gap or Gap(_time(self._oldest).encode(), self.last), False
                newest = time
            are_new.append(not self._passes_over)
        if newest and _second(newest) > self._newest + SLACK:
            self._expected.clear()
        return are_new

    def _is_older(self, time: bytes) -> bool:
        """Return whether a resumed stream serves a line that stands ahead of the first one that is shown."""
        is_behind = not self._has_older or self._first is not None
        return not is_behind and (_second(time), time) <= (_second(self._start), self._start)

    def _goes_on(self) -> bool:
        """Return whether no line is left out between the last one shown and the first new one.

        A rotation begins a new file: if a line from before the last one is served again, none has come since. Of a line
        with the last one's time, nobody knows whether it is the same or only equal: it counts where it is the first.
        """
        if self._first is None:
            return False
        if self._first not in self._last_lines:
            return True
        return not self._before and self.has_last

    def _note(self, lines: TimedLines) -> None:
        """Remember the lines, which all have times, as shown."""
        times, _, keys = lines
        if self._first is None:
            self._first = keys[0]
        self._start = self._start or times[0]
        last = times[-1]
        if last != self.last:
            self._before = next((time for time in reversed(times) if time != last), self.last)
            self._last_lines.clear()
        self.last = last
        is_lone = times.count(last) == 1
        self._last_lines.update(keys[-1:] if is_lone else compress(keys, [time == last for time in times]))
        for second, keys_of_second in _by_second(lines):
            self._newest = max(self._newest, second)
            self._seen.setdefault(second, array("q")).extend(array("q", keys_of_second))
        oldest = self._oldest
        for second in [second for second in self._seen if second < oldest]:
            del self._seen[second]


def _by_second(lines: TimedLines) -> Iterator[tuple[int, Sequence[int]]]:
    """Yield seconds since the epoch with the keys of lines that follow each other in them."""
    times, _, keys = lines
    if min(times)[:_TO_SECOND] == max(times)[:_TO_SECOND]:
        yield _second(times[0]), keys
        return
    seconds = map(itemgetter(slice(_TO_SECOND)), times)
    start = 0
    for _, group in groupby(seconds):
        end = start + sum(1 for _ in group)
        yield _second(times[start]), keys[start:end]
        start = end
