"""What a change would do, asked of every cluster before the first one is changed: `--dry-run=server`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.changes import redaction
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.merge import object_changes, report
from kubectl_mc.merge.object_changes import ObjectChange
from kubectl_mc.messages.name_folding import fold_names
from kubectl_mc.processes import event_loop
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, Request, job_command

# Flags that say how the answer is shown: without them kubectl says of each object what it would do.
SHOWING = ("output", "template", "show-managed-fields", "allow-missing-template-keys")

PATIENCE = 30.0  # seconds that a cluster has by default

_NO_NAMESPACE = re.compile(r'namespaces "([^"]+)" not found$')


class Finding(NamedTuple):
    """What a cluster said. refusal: why it would not do it, "" if it would; result: all of it."""

    cluster: str
    objects: tuple[ObjectChange, ...]
    refusal: str = ""
    result: Result | None = None

    @property
    def unchanged(self) -> bool:
        return not self.refusal and object_changes.are_unchanged(self.objects, silent_is_unchanged=True)


def ask_clusters(request: Request, jobs: Sequence[Job]) -> list[Finding]:
    """Ask every job's cluster. Raises KeyboardInterrupt."""
    if request.options.cluster_timeout is None:  # nothing is waited for here, unlike in the change itself
        request = request.with_options(request.options._replace(cluster_timeout=PATIENCE))
    asked = [job_command(request, job._replace(line=rehearsal_line(job.line))) for job in jobs]
    results = event_loop.collect_results(asked, request.parallel(len(jobs)), request.patience, request.stdin)
    return [judge_finding(result, request) for result in results]


def rehearsal_line(line: CommandLine) -> CommandLine:
    return grammar.with_flags(grammar.without(line, (*SHOWING, "dry-run")), ("dry-run", "server"))


def judge_finding(result: Result, request: Request) -> Finding:
    """Any failure is a refusal: of what isn't there, nothing can be changed either."""
    found = tuple(object_changes.parse_changes(result.stdout.decode("utf-8", "replace")))
    why = report.result_cause(result, request)
    if why is None or _creates_its_namespace(result, found):
        return Finding(result.cluster, found, "", result)
    return Finding(result.cluster, found, why.reason, result)


def _creates_its_namespace(result: Result, found: Sequence[ObjectChange]) -> bool:
    """Is a Namespace, which the same input would create first, all that is missing? A dry run leaves nothing behind."""
    created = {each.name for each in found if each.kind == "namespace" and each.result == "created"}
    said = messages.outcome_lines(result.stderr.decode("utf-8", "replace"))
    missing = [_NO_NAMESPACE.search(line) for line in said]
    return bool(missing) and all(match is not None and match[1] in created for match in missing)


# --- What is said of it ------------------------------------------------------------------------------------


def describe_findings(findings: Sequence[Finding]) -> list[str]:
    """The findings in a few lines: what would change, where nothing would, who refuses."""
    lines = []
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for each in findings:
        if not each.refusal and not each.unchanged:
            groups.setdefault(tuple((one.resource, one.result) for one in each.objects), []).append(each.cluster)
    for what, clusters in groups.items():
        lines.append(f"Would change {messages.cluster_count(len(clusters))}: {fold_names(clusters)}")
        lines += [f"  {messages.visible(f'{resource} {result}')}" for resource, result in what[:10]]
        lines += [f"  and {len(what) - 10} more"] if len(what) > 10 else []
    same = [each.cluster for each in findings if each.unchanged]
    lines += [f"Would change nothing in {messages.cluster_count(len(same))}: {fold_names(same)}"] if same else []
    refusals = [f"{messages.visible(each.cluster)} ({each.refusal})" for each in findings if each.refusal]
    lines += [f"Refused by {messages.cluster_count(len(refusals))}: {', '.join(refusals)}"] if refusals else []
    return lines


def subject(request: Request, findings: Sequence[Finding]) -> str:
    """What the change is about, for the question: the objects that were found, else the words or files typed."""
    found = list(dict.fromkeys((each.kind, each.name) for one in findings for each in one.objects))
    if 0 < len(found) <= 3:
        return ", ".join(f"{kind.partition('.')[0]} '{messages.visible(name)}'" for kind, name in found)
    if found:
        return f"{len(found)} objects"
    words = [word for word in grammar.operands(request.line) if redaction.GONE not in word]
    if len(words) > 1 and not any("/" in word or "=" in word for word in words[:2]):
        named = ", ".join(f"'{messages.visible(word)}'" for word in words[1:])
        return f"{messages.visible(words[0])} {named}"
    if words:
        kind, slash, name = words[0].partition("/")
        return f"{messages.visible(kind)} '{messages.visible(name)}'" if slash else f"'{messages.visible(words[0])}'"
    files = [file for flag in ("filename", "kustomize") for file in grammar.values(request.line, flag) if file]
    return ", ".join(f"'{messages.visible(file)}'" for file in files) if verbs.is_kubectls(request.line) else ""


def show_differences(request: Request, jobs: Sequence[Job], say: Callable[[Sequence[str]], None]) -> None:
    """--show-diff: what `kubectl diff` prints for each cluster; clusters with the same differences together."""
    line = grammar.without(request.line, _NOT_OF_DIFF)
    tokens = tuple(
        token._replace(words=("diff",)) if token.words == ("apply",) and not token.flags else token
        for token in line.tokens
    )
    asking = line._replace(path=("diff",), tokens=tokens)
    comparing = request._replace(verb=verbs.find_row(asking), line=asking)
    commands = [job_command(comparing, job._replace(line=asking)) for job in jobs]
    results = event_loop.collect_results(commands, request.parallel(len(jobs)), comparing.patience, request.stdin)
    groups: dict[str, list[str]] = {}
    for result in results:
        why = report.result_cause(result, comparing)
        text = f"{why.reason}\n" if why else result.stdout.decode("utf-8", "replace")
        groups.setdefault(_without_paths(text), []).append(result.cluster)
    for text, clusters in groups.items():
        lines = [messages.visible(one) for one in text.splitlines()] or [messages.no_differences()]
        say([f"CLUSTER: {fold_names(clusters)}", *lines])


def _without_paths(text: str) -> str:
    """The differences without the names of diff's temporary folders and times, which differ each time."""
    kept = [line for line in text.splitlines() if not line.startswith("diff -")]
    return "\n".join(re.sub(r"^(---|\+\+\+) \S*/(?:LIVE|MERGED)-\d+/(\S+).*", r"\1 \2", line) for line in kept)


_KEPT_BY_DIFF = grammar.flag_table("diff").takes_value
_NOT_OF_DIFF = tuple(name for name in grammar.flag_table("apply").takes_value if name not in _KEPT_BY_DIFF)
