"""Lines: each line of what a cluster printed, with the cluster's name before it."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache


def tabbed(outputs: Iterable[tuple[str, str]]) -> str:
    """`cluster<TAB>line` for each line: for `-o name`, jsonpath and templates, to be cut or read by a program.

    outputs: (cluster, what it printed). A last line without a newline (jsonpath) gets one.
    """
    return _each(((f"{cluster}\t", text) for cluster, text in outputs))


def prefixed(outputs: Iterable[tuple[str, str]]) -> str:
    """`[cluster] line` for each line, as `kubectl logs --prefix` writes `[pod/web/app] line`."""
    return _each(((f"[{cluster}] ", text) for cluster, text in outputs))


def _each(outputs: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f"{prefix}{line}\n" for prefix, text in outputs if text for line in text.removesuffix("\n").split("\n")
    )


class Prefixer:
    """Puts a prefix before each line of a stream that comes in chunks; only whole lines come out.

    Bytes, not text: a log may hold anything, and a busy one should cost little.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix.encode("utf-8", "surrogateescape")
        self._between = b"\n" + self.prefix
        self._begun: list[bytes] = []  # of a line whose end hasn't come yet

    def feed(self, chunk: bytes) -> bytes:
        """The lines that the chunk ends, prefixed."""
        end = chunk.rfind(b"\n")
        if end < 0:
            self._begun.append(chunk)
            return b""
        whole = b"".join((*self._begun, chunk[:end]))
        self._begun = [chunk[end + 1 :]] if end + 1 < len(chunk) else []
        return self.prefix + whole.replace(b"\n", self._between) + b"\n"

    def end(self) -> bytes:
        """The last line, if the stream ended without a newline."""
        return self.feed(b"\n") if self._begun else b""


# What `kubectl logs --timestamps` puts before a line, behind the `[pod/…] ` of --prefix: RFC 3339, in UTC or, where the
# container runtime writes its node's time, with an offset; with or without a fraction, without its trailing zeros.
_STAMP = re.compile(
    r"(?P<prefix>\[pod/\S+\] )?(?P<second>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d+))?"
    r"(?:Z|(?P<offset>[+-]\d\d:\d\d)) "
)


def by_time(outputs: Sequence[tuple[str, str]], keep_stamps: bool) -> str:
    """The lines of `logs --timestamps` of many clusters in the order of their times, prefixed with their cluster.

    outputs: (cluster's prefix, text); keep_stamps: the user asked for the timestamps, too.
    A line without a timestamp belongs to the one above it.
    """
    streams = [sorted(_stamped(prefix, text, keep_stamps), key=lambda line: line[0]) for prefix, text in outputs]
    return "".join(line for _, line in heapq.merge(*streams, key=lambda line: line[0]))


def _stamped(prefix: str, text: str, keep_stamps: bool) -> list[tuple[tuple[str, str], str]]:
    """((second, nine digits), the line as it is shown) for each line."""
    time, lines = ("", ""), []
    for line in text.removesuffix("\n").split("\n") if text else ():
        match = _STAMP.match(line)
        if match:
            second = _in_utc(match["second"], match["offset"]) if match["offset"] else match["second"]
            time = (second, (match["fraction"] or "").ljust(9, "0"))
            line = line if keep_stamps else (match["prefix"] or "") + line[match.end() :]
        lines.append((time, f"{prefix}{line}\n"))
    return lines


@lru_cache
def _in_utc(second: str, offset: str) -> str:
    """The second of a clock that is ahead of UTC by the offset (`+02:00`), in UTC."""
    from datetime import datetime, timezone

    try:
        return datetime.fromisoformat(second + offset).astimezone(timezone.utc).isoformat()[: len(second)]
    except (ValueError, OverflowError):  # no time after all
        return second
