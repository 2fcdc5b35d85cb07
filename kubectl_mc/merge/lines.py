# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Lines: each line that a cluster printed, with the cluster's name in front of it."""

from __future__ import annotations

import re
from collections.abc import Iterable


def tabbed(outputs: Iterable[tuple[str, str]], colours: bool = False) -> str:
    """Return `cluster<TAB>line` for each line: for `-o name`, jsonpath and templates, which programs read.

    outputs: (cluster, what it printed). A last line without a newline (jsonpath) gets one.
    """
    return _prefix_lines((f"{label(cluster, colours)}\t", text) for cluster, text in outputs)


def prefixed(outputs: Iterable[tuple[str, str]], colours: bool = False) -> str:
    """Return `[cluster] line` for each line, as `kubectl logs --prefix` writes `[pod/web/app] line`."""
    if colours:
        from kubectl_mc.messages.painted_notices import painted_line

        outputs = [(cluster, "\n".join(map(painted_line, text.split("\n")))) for cluster, text in outputs]
    return _prefix_lines((f"[{label(cluster, colours)}] ", text) for cluster, text in outputs)


def label(cluster: str, colours: bool) -> str:
    """Return the name of a cluster, in its colour where there are colours."""
    if not colours:
        return cluster
    from kubectl_mc.messages.colours import coloured

    return coloured(cluster, cluster)


def _prefix_lines(outputs: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f"{prefix}{line}\n" for prefix, text in outputs if text for line in text.removesuffix("\n").split("\n")
    )


# A longer line without an end is shown in parts, in bytes.
MAX_BEGUN = 1 << 20

# The last letter of a text in UTF-8 that may not be whole.
_BEGUN_LETTER = rb"[\xc0-\xff][\x80-\xbf]{0,2}\Z"


class LineSplitter:
    """Finds the whole lines of a stream that arrives in chunks.

    in_parts: a line that gets longer than MAX_BEGUN before its end arrives is returned as several lines
    begins_inside: what was returned last begins with a further part of a line
    It works on bytes: a log may hold anything, and a busy one must cost little.
    """

    def __init__(self, in_parts: bool = False) -> None:
        self._in_parts = in_parts
        self.begins_inside = self._ends_inside = False
        self._begun: list[bytes] = []  # chunks of a line whose end has not arrived yet
        self._begun_size = 0  # of those without a newline

    def feed(self, chunk: bytes) -> bytes | None:
        """Return the lines that end in the chunk, without the line feed of the last; None if none does."""
        end = chunk.rfind(b"\n")
        if end < 0:
            part = self._part() if self._in_parts and self._begun_size >= MAX_BEGUN else None
            self._begun.append(chunk)
            self._begun_size += len(chunk)
            return part
        self._begun_size = 0
        self.begins_inside, self._ends_inside = self._ends_inside, False
        whole_lines = b"".join((*self._begun, memoryview(chunk)[:end]))
        self._begun = [chunk[end + 1 :]] if end + 1 < len(chunk) else []
        return whole_lines

    def _part(self) -> bytes:
        """Return what has arrived of a line as a line of its own, but for a letter that may not be whole."""
        text = b"".join(self._begun)
        letter = re.compile(_BEGUN_LETTER).search(text, len(text) - 3)
        end = letter.start() if letter else len(text)
        self._begun, self._begun_size = [text[end:]], 0
        self.begins_inside, self._ends_inside = self._ends_inside, True
        return text[:end]

    def end(self) -> bytes | None:
        """Return the last line if the stream ended without a newline, else None."""
        return self.feed(b"\n") if self._begun else None


class Prefixer:
    """Puts a prefix in front of each line of a stream that arrives in chunks; only whole lines are returned.

    in_parts: as for LineSplitter
    """

    def __init__(self, prefix: str, in_parts: bool = False) -> None:
        self.prefix = prefix.encode("utf-8", "surrogateescape")
        self._between = b"\n" + self.prefix
        self._splitter = LineSplitter(in_parts)

    def feed(self, chunk: bytes) -> bytes:
        """Return the lines that end in the chunk, prefixed."""
        return self._prefixed(self._splitter.feed(chunk))

    def end(self) -> bytes:
        """Return the last line, prefixed, if the stream ended without a newline, else b""."""
        return self._prefixed(self._splitter.end())

    def _prefixed(self, lines: bytes | None) -> bytes:
        return b"" if lines is None else b"".join((self.prefix, lines.replace(b"\n", self._between), b"\n"))
