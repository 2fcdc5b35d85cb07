# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What `kubectl logs` prints, read into lines of containers; and what it has to be asked for, so that it can be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import Options
from kubectl_mc.merge.lines import LineSplitter
from kubectl_mc.merge.log_lines import JSON_OUTPUTS, LogLine, LogSource
from kubectl_mc.merge.log_times import divided_by_times
from kubectl_mc.named_tuples import NamedTuple


class LogRun(NamedTuple):
    """Lines of one source, one after another.

    texts: without line feeds
    times: of each line; () if they were not asked for
    """

    source: LogSource
    texts: Sequence[bytes]
    times: Sequence[str] = ()

    def lines(self) -> list[LogLine]:
        """Return the lines one by one."""
        return [LogLine(self.source, time, text) for time, text in zip(self.times, self.texts)]


class LogForm(NamedTuple):
    """What a kubectl writes ahead of each line, and is read: `[pod/NAME/CONTAINER] ` (--prefix), and the time."""

    prefix: bool = False
    times: bool = False


def log_form(line: CommandLine, options: Options, label: Sequence[str]) -> LogForm:
    """Return what has to be read of each line, for what is shown and by what lines are chosen.

    line: as the user typed it
    label: the parts of a source that are shown ahead of its lines
    """
    as_object = options.output in JSON_OUTPUTS
    has_message = options.include or options.drop or options.highlight
    patterns = options.pod_regex + options.exclude_pod_regex + options.container_regex + options.exclude_container_regex
    return LogForm(
        bool(as_object or patterns or {"pod", "container"} & {*label}) or grammar.is_set(line, "prefix"),
        as_object or options.by_time or bool(has_message and grammar.is_set(line, "timestamps")),
    )


def log_command(line: CommandLine, options: Options, form: LogForm) -> CommandLine:
    """Return the command line for a cluster's kubectl. line: as the user typed it, or with the names of one job"""
    asked = {"prefix": form.prefix, "timestamps": form.times}
    if (options.container_regex or options.exclude_container_regex) and not _names_container(line):
        asked["all-containers"] = True
    flags = [name for name, is_asked in asked.items() if is_asked]
    return grammar.with_flags(grammar.without(line, flags), *((name, "true") for name in flags)) if flags else line


def _names_container(line: CommandLine) -> bool:
    return bool(grammar.values(line, "container")) or len(grammar.operands(line)) > 1


# As kubectl writes it (k8s.io/kubectl/pkg/cmd/logs/logs.go, addPrefixIfNeeded).
_PREFIX = re.compile(rb"\[pod/([^/\s]+)/(\S*)\] ")

_AHEAD_OF_PREFIX = re.compile(rb"\n(?=%b)" % _PREFIX.pattern)


@lru_cache(maxsize=4096)
def _ahead_of_others(prefix: bytes) -> re.Pattern[bytes]:
    """Return what finds the line feed ahead of a line that doesn't have this prefix."""
    return re.compile(rb"\n(?!%b)" % re.escape(prefix))


class LogReader:
    """Reads what a kubectl prints, in chunks that may end anywhere.

    A line without a prefix, or without a time, has those of the line above: a very long one comes in parts, of which
    only the first has them.
    """

    def __init__(self, source: LogSource, form: LogForm) -> None:
        """source: of the lines, as far as it is certain without their prefixes"""
        self._source, self._form = source, form
        self._current, self._prefix, self._time = source, b"", ""
        self._splitter = LineSplitter(in_parts=True)

    def feed(self, chunk: bytes | None) -> list[LogRun]:
        """Return the lines that end in the chunk, or what is left at the end (None)."""
        text = self._splitter.end() if chunk is None else self._splitter.feed(chunk)
        if text is None:
            return []
        runs = list[LogRun]()
        if self._splitter.begins_inside:  # whatever it looks like
            part, line_feed, text = text.partition(b"\n")
            runs = [LogRun(self._current, [part], [self._time] * self._form.times)]
            if not line_feed:
                return runs
        return [*runs, *(self._runs(text) if self._form.prefix else [self._run(self._source, text.split(b"\n"))])]

    def _runs(self, text: bytes) -> Iterator[LogRun]:
        """Yield the runs of lines that have the same prefix, or none."""
        start = len(self._prefix)
        if start and text.startswith(self._prefix):  # as of most chunks, all lines have the prefix of those before them
            texts = text[start:].split(b"\n" + self._prefix)
            if len(texts) == text.count(b"\n") + 1:
                yield self._run(self._current, texts)
                return
        start = 0
        while start <= len(text):
            match = _PREFIX.match(text, start)
            if match and match[0] != self._prefix:
                pod, container = (name.decode("utf-8", "backslashreplace") for name in match.groups())
                self._current, self._prefix = self._source._replace(pod=pod, container=container), match[0]
            prefix, ends = (match[0], _ahead_of_others(match[0])) if match else (b"", _AHEAD_OF_PREFIX)
            end_match = ends.search(text, start)
            end = end_match.start() if end_match else len(text)
            yield self._run(self._current, text[start + len(prefix) : end].split(b"\n" + prefix))
            start = end + 1

    def _run(self, source: LogSource, lines: Sequence[bytes]) -> LogRun:
        """Return the run of lines that have no prefix any more."""
        if not self._form.times:
            return LogRun(source, lines)
        stamps, texts = divided_by_times(lines)
        times = b"\n".join(stamps).decode().split("\n")
        if "" in times:
            last = self._time
            for index, time in enumerate(times):
                times[index] = last = time or last
        self._time = times[-1]
        return LogRun(source, texts, times)
