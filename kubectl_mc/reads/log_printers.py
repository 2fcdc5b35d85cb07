# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Printers of log lines: what the kubectls of all jobs print is shown in one style."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import pattern
from kubectl_mc.merge.log_lines import JSON_OUTPUTS, LogRenderer, LogSource, LogStyle, Patterns, is_wanted
from kubectl_mc.merge.log_reader import LogReader, LogRun, log_command, log_form
from kubectl_mc.merge.log_times import TimeWindow
from kubectl_mc.processes.requests import Job, Request
from kubectl_mc.reads.name_patterns import all_namespaces, is_pattern

# Prints a chunk of a job's stdout, or what is left of it at its end (None).
Printer = Callable[[bytes | None], bytes]


def label_parts(request: Request) -> tuple[str, ...]:
    """Return the parts of a source that a label shows: the cluster, and what may differ within one.

    kubectl's own prefix has the names of the pod and its container.
    """
    line, options = request.line, request.options
    is_everywhere, is_prefixed = all_namespaces(line), grammar.is_set(line, "prefix")
    names_namespaces = re.search(r"[,*?\[]", grammar.value(line, "namespace") or "")
    selects_pods = grammar.value(line, "selector") or grammar.is_set(line, "all-pods") or is_everywhere
    names_pods = any(map(is_pattern, grammar.operands(line))) or options.pod_regex or options.exclude_pod_regex
    names_containers = options.container_regex or options.exclude_container_regex
    parts = {
        "cluster": True,
        "namespace": is_everywhere or names_namespaces,
        "pod": (selects_pods or names_pods) and not is_prefixed,
        "container": (grammar.is_set(line, "all-containers") or names_containers) and not is_prefixed,
    }
    return tuple(name for name, is_shown in parts.items() if is_shown)


def wanted_objects(request: Request) -> Callable[[str, str], bool]:
    """Return what says of an object, by its kind and name, whether lines of it may be shown."""
    style = log_style(request)
    return lambda kind, name: kind != "Pod" or is_wanted(name, "", style)


def with_pods(request: Request) -> Request:
    """Return the request for all pods where only regular expressions say which."""
    options, line = request.options, request.line
    names_pods = grammar.operands(line) or grammar.value(line, "selector")
    if names_pods or not (options.pod_regex or options.exclude_pod_regex):
        return request
    return request._replace(line=grammar.with_operands(line, ["*"]))


def log_style(request: Request) -> LogStyle:
    """Return how the request's log lines are shown. Raises UserError for a pattern that is no regular expression."""
    line, options, on_terminal = request.line, request.options, request.shows_on_terminal

    def patterns(flag: str, texts: Sequence[str]) -> Patterns:
        return tuple(pattern(flag, text) for text in texts)

    return LogStyle(
        options.output,
        label_parts(request),
        grammar.is_set(line, "prefix"),
        grammar.is_set(line, "timestamps"),
        patterns("include", options.include),
        patterns("drop", options.drop),
        patterns("highlight", options.highlight) if request.shows_colours else (),
        patterns("pod-regex", options.pod_regex),
        patterns("exclude-pod-regex", options.exclude_pod_regex),
        patterns("container-regex", options.container_regex),
        patterns("exclude-container-regex", options.exclude_container_regex),
        request.shows_colours,
        request.environment.columns // 2 if on_terminal else 0,
    )


class LogPrinters:
    """Prints the log lines of jobs; their labels are aligned together, and with --by-time their lines are in order.

    Logs that have an end are put in order when it has come.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._style = log_style(request)
        self._form = log_form(request.line, request.options, self._style.label)
        self._renderer = LogRenderer(self._style)
        seconds = 1.0 if verbs.is_endless(request.row, request.line) else float("inf")
        self._window = TimeWindow(seconds) if request.options.by_time else None
        self._chooses = bool(
            self._style.pods + self._style.excluded_pods + self._style.containers + self._style.excluded_containers
        )
        self._own_namespaces: dict[str, str] | None = None  # by contexts of the user's kubeconfig
        self._wanted: dict[LogSource, bool] = {}

    def command_line(self, line: CommandLine) -> CommandLine:
        """Return the command line for a job's kubectl. line: the job's"""
        return log_command(line, self._request.options, self._form)

    def printer(self, job: Job, prefix: str) -> Printer:
        """Return what prints the stdout of a job; the prefix of other lines has no meaning for it."""
        source = LogSource(job.target.cluster, self._namespace(job), "", "")
        reader = LogReader(source, self._form)
        self._renderer.add_source(source)
        return lambda chunk: self.show(reader.feed(chunk))

    def _namespace(self, job: Job) -> str:
        """Return the namespace of a job's pods; "" where it is not shown."""
        typed = grammar.value(job.line, "namespace") or ""
        if typed or self._style.output not in JSON_OUTPUTS:
            return typed
        from kubectl_mc.access.kubeconfigs import context_namespaces, own_namespaces

        if job.target.kubeconfig.content is not None:
            return context_namespaces(job.target.kubeconfig.content)[""]
        if self._own_namespaces is None:
            self._own_namespaces = own_namespaces(self._request.environment)
        return self._own_namespaces.get(job.target.context, "")

    def show(self, runs: Sequence[LogRun]) -> bytes:
        """Return what is shown now of lines that have come."""
        if self._chooses:
            runs = [run for run in runs if self._is_wanted(run.source)]
        if not self._window:
            return b"".join([self._renderer.render(*run) for run in runs])
        now = time.monotonic()
        for run in runs:
            self._window.feed(run.lines(), now)
        return b""

    def _is_wanted(self, source: LogSource) -> bool:
        if source not in self._wanted:
            self._wanted[source] = is_wanted(source.pod, source.container, self._style)
        return self._wanted[source]

    def due(self) -> bytes:
        """Return the lines that have waited long enough for those with earlier times. It is to be called regularly."""
        return self._renderer.feed(self._window.due(time.monotonic())) if self._window else b""

    def rest(self) -> bytes:
        """Return the lines that are still waiting."""
        return self._renderer.feed(self._window.rest()) if self._window else b""
