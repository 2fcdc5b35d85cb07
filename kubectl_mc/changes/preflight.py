# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The preflight: a dry run on every cluster before the first one is changed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubectl_mc import messages
from kubectl_mc.changes import input_kinds, redaction
from kubectl_mc.command_line import flag_tables, grammar, verb_rows, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge import object_changes, report
from kubectl_mc.merge.object_changes import ObjectChange
from kubectl_mc.messages.colours import painted_diff
from kubectl_mc.messages.name_folding import fold_names
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, Request, job_command
from kubectl_mc.processes.standard_streams import Phase, Streams

# Flags for the form of the output. Without them, kubectl prints for each object what it would do.
_OUTPUT_FLAGS = ("output", "template", "show-managed-fields", "allow-missing-template-keys")

_NO_NAMESPACE = re.compile(r'namespaces "([^"]+)" not found$')


class Finding(NamedTuple):
    """What a cluster says to the change.

    refusal: why it would not make it, in a few words; "" if it would
    result: of the dry run
    """

    cluster: str
    objects: tuple[ObjectChange, ...]
    refusal: str = ""
    result: Result | None = None

    @property
    def complaints(self) -> tuple[str, ...]:
        """What kubectl says of the refusal, line by line."""
        stderr = self.result.stderr.decode("utf-8", "replace") if self.result and not self.result.timed_out else ""
        return tuple(dict.fromkeys(messages.visible(line) for line in messages.outcome_lines(stderr)))

    @property
    def explanation(self) -> str:
        """The refusal in full: in kubectl's own words, with the few words ahead of them where they say more."""
        words = "; ".join(self.complaints)
        return self.refusal if not words else words if self.refusal in words else f"{self.refusal}: {words}"

    @property
    def unchanged(self) -> bool:
        """Whether the change would change nothing."""
        return not self.refusal and object_changes.are_unchanged(self.objects, silent_is_unchanged=True)


def ask_clusters(request: Request, jobs: Sequence[Job], content: bytes | None = None) -> list[Finding]:
    """Make the dry run for every job. content: of the input. Raises KeyboardInterrupt."""
    if request.options.cluster_timeout is None:  # the change itself may wait for objects, a dry run never does
        request = request.with_options(request.options._replace(cluster_timeout=verb_rows.PATIENCE))
    dry_run = request.row.as_change.dry_run
    commands = [job_command(request, job._replace(line=rehearsal_line(job.line, dry_run))) for job in jobs]
    results = event_loop.collect_results(
        commands,
        request.parallel(len(jobs)),
        request.patience,
        request.stdin,
        on_end=request.reports_time([job.target.cluster for job in jobs]),
        phase=_phase(request, jobs),
    )
    results = [request.named(result) for result in results]
    findings = [judge_finding(result, request, content) for result in results]
    timed_out = messages.dry_run_timed_out(dry_run, request.patience)
    return [
        finding._replace(refusal=timed_out) if result.timed_out else finding
        for finding, result in zip(findings, results)
    ]


def _phase(request: Request, jobs: Sequence[Job]) -> Phase:
    return Phase("preflight", request.environment.streams, [job.label for job in jobs], request.patience)


def rehearsal_line(line: CommandLine, dry_run: str) -> CommandLine:
    """Return the command line of the dry run. dry_run: the value of --dry-run"""
    return grammar.with_flags(grammar.without(line, (*_OUTPUT_FLAGS, "dry-run")), ("dry-run", dry_run))


def judge_finding(result: Result, request: Request, content: bytes | None = None) -> Finding:
    """Return the finding of a dry run. Any failure is a refusal, as a missing object can't be changed either.

    content: of the input. What only it lacks that the input makes first, the change itself will find: a Namespace, or
    a kind, of which the dry run says nothing more.
    """
    objects = tuple(object_changes.parse_changes(result.stdout.decode("utf-8", "replace")))
    complaints = messages.outcome_lines(result.stderr.decode("utf-8", "replace"))
    if kinds := input_kinds.awaited_kinds(result, request, content):
        objects += tuple(awaited for kind in kinds for awaited in kind.objects)
        result = result._replace(stderr=input_kinds.without_awaited(result.stderr, kinds))
    cause = report.result_cause(result, request)
    created = {change.name for change in objects if change.kind == "namespace" and change.result == "created"}
    lines = messages.outcome_lines(result.stderr.decode("utf-8", "replace"))
    missing = [_NO_NAMESPACE.search(line) for line in lines]
    creates_missing = complaints and all(match is not None and match[1] in created for match in missing)
    return Finding(result.cluster, objects, cause.reason if cause and not creates_missing else "", result)


def describe_findings(findings: Sequence[Finding]) -> list[str]:
    """Return lines that say which clusters would change and how, which would not, and which refuse."""
    lines = []
    groups: dict[tuple[ObjectChange, ...], list[str]] = {}
    for finding in findings:
        if not finding.refusal and not finding.unchanged:
            groups.setdefault(finding.objects, []).append(finding.cluster)
    several = len({change.namespace for changes in groups for change in changes if change.namespace}) > 1
    for changes, clusters in groups.items():
        lines.append(f"Would change {messages.cluster_count(len(clusters))}: {fold_names(clusters)}")
        for change in changes[:10]:
            where = f" in namespace {change.namespace}" if several and change.namespace else ""
            lines.append(f"  {messages.visible(f'{change.resource} {change.result}{where}')}")
        if len(changes) > 10:
            lines.append(f"  and {len(changes) - 10} more")
    if unchanged := [finding.cluster for finding in findings if finding.unchanged]:
        lines.append(f"Would change nothing in {messages.cluster_count(len(unchanged))}: {fold_names(unchanged)}")
    if refusals := [finding for finding in findings if finding.refusal]:
        lines += [f"Refused by {messages.cluster_count(len(refusals))}:", *describe_refusals(refusals)]
    return lines


def describe_refusals(refusals: Sequence[Finding]) -> list[str]:
    """Return a line for each reason in full, with the clusters that have it, and what mends a missing context."""
    groups: dict[str, list[str]] = {}
    for finding in refusals:
        groups.setdefault(finding.explanation, []).append(finding.cluster)
    lines = [f"  {fold_names(clusters)}: {explanation}" for explanation, clusters in groups.items()]
    return lines + messages.context_advice([(finding.cluster, finding.refusal) for finding in refusals])


def subject(request: Request, findings: Sequence[Finding]) -> str:
    """Return what the question says the change is about: the objects of the findings, else the words or files typed."""
    changes = [change for finding in findings for change in finding.objects]
    objects = dict.fromkeys((change.kind, change.name, change.namespace) for change in changes)
    resources = dict.fromkeys((kind, name) for kind, name, _ in objects)
    if 0 < len(objects) <= 3 and len(resources) == len(objects):
        return ", ".join(f"{kind.partition('.')[0]} '{messages.visible(name)}'" for kind, name in resources)
    if objects:
        return f"{len(objects)} objects"
    # What is set (`app=new`) is no object: no name has a "=".
    words = [word for word in grammar.operands(request.line) if redaction.REDACTED not in word and "=" not in word]
    if len(words) > 1 and not any("/" in word for word in words[:2]):
        names = ", ".join(f"'{messages.visible(word)}'" for word in words[1:])
        return f"{messages.visible(words[0])} {names}"
    if words:
        kind, slash, name = words[0].partition("/")
        return f"{messages.visible(kind)} '{messages.visible(name)}'" if slash else f"'{messages.visible(words[0])}'"
    files = [file for flag in ("filename", "kustomize") for file in grammar.values(request.line, flag) if file]
    return ", ".join(f"'{messages.visible(file)}'" for file in files) if verbs.is_kubectls(request.line) else ""


_DIFF_FLAGS = flag_tables.flag_table("diff").flags
_ONLY_APPLY_FLAGS = tuple(name for name in flag_tables.flag_table("apply").flags if name not in _DIFF_FLAGS)


def show_differences(request: Request, jobs: Sequence[Job], streams: Streams) -> None:
    """Show what `kubectl diff` prints for each cluster, those with the same differences together (--show-diff)."""
    line = grammar.without(request.line, _ONLY_APPLY_FLAGS)
    line = line._replace(path=("diff",))
    diff = request._replace(row=verbs.find_row(line), line=line)
    commands = [job_command(diff, job._replace(line=line)) for job in jobs]
    phase = _phase(diff, jobs)
    results = event_loop.collect_results(
        commands, request.parallel(len(jobs)), diff.patience, request.stdin, phase=phase
    )
    results = [request.named(result) for result in results]
    groups: dict[str, list[str]] = {}
    for result in results:
        cause = report.result_cause(result, diff)
        text = f"{cause.reason}\n" if cause else result.stdout.decode("utf-8", "replace")
        groups.setdefault(_without_paths(text), []).append(result.cluster)
    for text, clusters in groups.items():
        lines = [messages.visible(line) for line in text.splitlines()] or [messages.NO_DIFFERENCES]
        streams.say_heading(fold_names(clusters))
        streams.say(painted_diff("\n".join(lines)).split("\n") if streams.has_colours else lines)


def _without_paths(text: str) -> str:
    """Return the differences without diff's temporary folders and times, which differ for every cluster."""
    lines = [line for line in text.splitlines() if not line.startswith("diff -")]
    return "\n".join(re.sub(r"^(---|\+\+\+) \S*/(?:LIVE|MERGED)-\d+/(\S+).*", r"\1 \2", line) for line in lines)
