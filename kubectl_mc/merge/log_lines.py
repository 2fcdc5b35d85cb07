# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Log lines: what a container has written, where it is, and how it is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import compress, groupby, repeat
from json import JSONDecoder
from json.encoder import encode_basestring
from operator import itemgetter

from kubectl_mc.merge.highlights import highlighted, plain_lines
from kubectl_mc.messages.colours import coloured
from kubectl_mc.messages.words import visible
from kubectl_mc.named_tuples import NamedTuple


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


JSON_OUTPUTS = ("json", "extjson")

Patterns = tuple["re.Pattern[str]", ...]


class LogStyle(NamedTuple):
    """Which log lines are shown, and how.

    output: "" for lines behind a label; "raw" for lines without one; "json" and "extjson" for an object a line, of
        which extjson's has a message that is JSON as a value and not as a string
    label: the parts of a source, by the names of LogSource's fields, that the label shows
    prefix, timestamps: kubectl's `[pod/NAME/CONTAINER] ` and the time stand ahead of a line, as the user asked for them
    include, drop: only lines that any of the first matches are shown (without one: all), and that none of the second
        matches
    highlight: what is shown in a colour
    pods, excluded_pods, containers, excluded_containers: as include and drop, for the names of pods and containers
    is_coloured: labels have colours
    room: the columns within which labels are aligned; 0: they are not
    """

    output: str = ""
    label: tuple[str, ...] = ("cluster",)
    prefix: bool = False
    timestamps: bool = False
    include: Patterns = ()
    drop: Patterns = ()
    highlight: Patterns = ()
    pods: Patterns = ()
    excluded_pods: Patterns = ()
    containers: Patterns = ()
    excluded_containers: Patterns = ()
    is_coloured: bool = False
    room: int = 0


def is_wanted(pod: str, container: str, style: LogStyle) -> bool:
    """Return whether the lines of a container are shown. container: "" where it isn't known, and then passes"""
    (is_pod,) = _chosen([pod], style.pods, style.excluded_pods)
    (is_container,) = _chosen([container], style.containers, style.excluded_containers)
    return is_pod and (is_container or not container)


def _chosen(texts: Sequence[str], wanted: Patterns, unwanted: Patterns) -> list[bool]:
    """Return of each text whether any of the wanted patterns matches (without one: all), and none of the unwanted."""
    chosen = _matched(texts, wanted) if wanted else [True] * len(texts)
    return [is_chosen and not is_dropped for is_chosen, is_dropped in zip(chosen, _matched(texts, unwanted))]


def _matched(texts: Sequence[str], patterns: Patterns) -> list[bool]:
    matched = [False] * len(texts)
    for pattern in patterns:
        search = pattern.search
        matched = [is_matched or search(text) is not None for is_matched, text in zip(matched, texts)]
    return matched


class LogRenderer:
    """Shows log lines of any sources in a style. The sources are those that are wanted (`is_wanted`).

    It goes through lines source by source: what many lines have in common is done once for all of them.
    """

    def __init__(self, style: LogStyle) -> None:
        self._style = style
        self._heads: dict[LogSource, bytes] = {}  # what stands ahead of each line
        self._width = 0  # of the widest label so far that is within the room, in columns

    def add_source(self, source: LogSource) -> None:
        """Make room for the label of a source ahead of its first line."""
        width = len(_label(source, self._style))
        if self._width < width <= self._style.room:
            self._width = width
            self._heads.clear()

    def feed(self, lines: Sequence[LogLine]) -> bytes:
        """Return what is shown of these lines, with a line feed at the end of each."""
        parts = []
        for source, group in groupby(lines, key=itemgetter(0)):
            members = list(group)
            parts.append(self.render(source, [line.text for line in members], [line.time for line in members]))
        return b"".join(parts)

    def render(self, source: LogSource, texts: Sequence[bytes], times: Sequence[str] = ()) -> bytes:
        """Return what is shown of lines of one source.

        texts: of each line, without its line feed
        times: of each line; () if no time is shown, and none is in the output
        """
        style = self._style
        if style.include or style.drop:
            is_shown = _chosen(plain_lines(b"\n".join(texts)), style.include, style.drop)
            texts, times = list(compress(texts, is_shown)), list(compress(times, is_shown))
        if not texts:
            return b""
        if style.output in JSON_OUTPUTS:
            return self._objects(source, texts, times)
        if style.highlight:
            texts = [highlighted(text, style.highlight) for text in texts]
        head = self._head(source)
        if style.timestamps and times:
            stamps = [time.encode("utf-8", "surrogateescape") for time in times]
            return b"".join([b"%b%b %b\n" % (head, *timed) for timed in zip(stamps, texts)])
        return b"".join((head, (b"\n" + head).join(texts), b"\n"))

    def _head(self, source: LogSource) -> bytes:
        """Return what stands ahead of each line of a source: the label, and kubectl's prefix."""
        head = self._heads.get(source)
        if head is None:
            self.add_source(source)
            label = _label(source, self._style)
            padding = " " * (self._width - len(label) if self._style.room else 0)
            shown = _label(source, self._style, self._style.is_coloured)
            ahead = "" if self._style.output == "raw" else f"[{shown}] {padding}"
            is_prefixed = self._style.prefix and source.pod  # kubectl's own errors are of no pod
            prefix = f"[pod/{visible(source.pod)}/{visible(source.container)}] " if is_prefixed else ""
            head = self._heads[source] = f"{ahead}{prefix}".encode("utf-8", "surrogateescape")
        return head

    def _objects(self, source: LogSource, texts: Sequence[bytes], times: Sequence[str]) -> bytes:
        """Return a JSON object for each line."""
        head = self._heads.get(source)
        if head is None:
            members = "".join(f'"{name}":{_json_text(value)},' for name, value in source._asdict().items())
            head = self._heads[source] = f"{{{members}".encode("utf-8", "replace")
        value = _json_text if self._style.output == "json" else _json_value
        return b"".join(
            b'%b"time":%b,"message":%b}\n'
            % (head, _json_text(time).encode("utf-8", "replace"), value(text.decode("utf-8", "replace")).encode())
            for time, text in zip(times or repeat(""), texts)
        )


_json_text = encode_basestring


def _no_number(name: str) -> None:
    raise ValueError(name)  # Python takes NaN and Infinity for JSON


# Numbers are not converted: they stay as they were written, of any length.
_decode = JSONDecoder(parse_int=len, parse_float=len, parse_constant=_no_number).decode


def _json_value(text: str) -> str:
    """Return a message as a JSON value: itself if it is JSON (stern's extjson, cmd/cmd.go), else a string."""
    try:
        _decode(text)
    except (ValueError, RecursionError):
        return _json_text(text)
    return text.strip()


def _label(source: LogSource, style: LogStyle, is_coloured: bool = False) -> str:
    """Return what stands between the label's brackets, `prod-eu shop/cart-7c9 app`, as far as the style shows it."""
    shown = {name: visible(value) for name, value in source._asdict().items() if name in style.label}
    pod = "/".join(filter(None, (shown.get("namespace"), shown.get("pod"))))
    parts = [(shown.get("cluster"), source.cluster), (pod, source.pod), (shown.get("container"), source.pod)]
    return " ".join(coloured(part, name) if is_coloured else part for part, name in parts if part)
