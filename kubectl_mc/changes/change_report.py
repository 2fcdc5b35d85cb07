# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What the report for programs (--report) says of a change: what its summary says, cluster by cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kubectl_mc.changes import redaction
from kubectl_mc.changes.change import Change, hidden_texts
from kubectl_mc.changes.change_input import written_input
from kubectl_mc.changes.preflight import Finding
from kubectl_mc.changes.record import Outcome
from kubectl_mc.merge.report import result_cause
from kubectl_mc.merge.report_entries import own_status
from kubectl_mc.messages import Cause
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.report_file import ClusterReport


def tell_clusters(change: Change) -> None:
    """Tell the report for which clusters the change is, if there is one: each is not started until it is told."""
    if change.request.environment.report:
        change.request.environment.report.choose(
            (name, cluster.profile.namespace, change.jobs[name].target.context if name in change.jobs else "")
            for name, cluster in change.clusters.items()
        )


def tell_outcomes(
    change: Change,
    outcomes: Iterable[Outcome],
    results: Mapping[str, Result],
    refusals: Mapping[str, Result],
    run: str = "",
) -> None:
    """Tell the report the outcomes, if there is one.

    results: of the kubectls that have made the change; refusals: of the dry runs; run: its id, if it was begun
    """
    report = change.request.environment.report
    if not report:
        return
    # The record's log knows what it hides once the run has begun, and refusals come before.
    hidden = hidden_texts(change)
    has_input = bool(written_input(change.input))
    files = tuple(name.name for name in change.request.input_names.values())
    report.has_input, report.files = has_input, files
    entries = []
    for outcome in outcomes:
        result = results.get(outcome.cluster)
        decisive = refusals.get(outcome.cluster) if outcome.state == "refused" else result
        cause = result_cause(decisive, change.request) if decisive else None
        text = cause.message if cause and cause.reason == outcome.reason else outcome.reason
        message = redaction.redact_quotes(text, hidden, has_input, files)
        reason, status = _reason_word(outcome, cause), own_status(decisive) if decisive else None
        entries.append(ClusterReport(outcome.cluster, outcome.state, reason, message, status, outcome.seconds))
    report.tell(entries, run)


def _reason_word(outcome: Outcome, cause: Cause | None) -> str:
    """Return the kind of the cause of an outcome; "" where nothing failed. cause: of the kubectl that decided it"""
    if outcome.rolled_out is False:
        return "not-rolled-out"
    if outcome.state not in ("failed", "refused", "unknown"):
        return ""
    if cause:
        return cause.kind
    words = {"interrupted": "interrupted", "exit status": "exit"}  # of a command on the terminal
    return next((word for text, word in words.items() if outcome.reason.startswith(text)), "error")


def tell_refusals(change: Change, findings: Sequence[Finding], clusters: Iterable[str]) -> None:
    """Tell the report that nothing was begun, as clusters refuse. clusters: all of the change"""
    refusals = {finding.cluster: finding.refusal for finding in findings if finding.refusal}
    outcomes = [
        Outcome(name, "refused", refusals[name]) if name in refusals else Outcome(name, "not started")
        for name in clusters
    ]
    tell_outcomes(change, outcomes, {}, dry_runs(findings))


def dry_runs(findings: Iterable[Finding]) -> dict[str, Result]:
    """Return the results of the dry runs, by cluster."""
    return {finding.cluster: finding.result for finding in findings if finding.result}
