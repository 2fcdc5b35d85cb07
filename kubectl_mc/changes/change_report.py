"""What the report for programs (--report) says of a change: what its summary says, cluster by cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kubectl_mc.changes import redaction
from kubectl_mc.changes.change import Change, written_command
from kubectl_mc.changes.change_input import written_input
from kubectl_mc.changes.preflight import Finding
from kubectl_mc.changes.record import Outcome
from kubectl_mc.merge.report import result_cause
from kubectl_mc.merge.report_entries import own_status
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.report_file import ClusterReport


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
    hidden = redaction.hidden_texts(change.typed, written_command(change)[0])
    has_input = bool(written_input(change.input))
    files = tuple(name.name for name in change.request.input_names.values())
    entries = []
    for outcome in outcomes:
        result = results.get(outcome.cluster)
        decisive = refusals.get(outcome.cluster) if outcome.state == "refused" else result
        message = redaction.redact_quotes(outcome.reason, hidden, has_input, files)
        reason, status = _reason_word(change, outcome, decisive), own_status(result) if result else None
        entries.append(ClusterReport(outcome.cluster, outcome.state, reason, message, status, outcome.seconds))
    report.choose(
        (name, cluster.profile.namespace, change.jobs[name].target.context if name in change.jobs else "")
        for name, cluster in change.clusters.items()
    )
    report.tell(entries, run)


def _reason_word(change: Change, outcome: Outcome, result: Result | None) -> str:
    """Return the kind of the cause of an outcome; "" where nothing failed. result: of the kubectl that decided it"""
    if outcome.rolled_out is False:
        return "not-rolled-out"
    if outcome.state not in ("failed", "refused", "unknown"):
        return ""
    cause = result_cause(result, change.request) if result else None
    words = {"interrupted": "interrupted", "exit status": "exit"}  # of a command on the terminal
    return (
        cause.kind
        if cause
        else next((word for text, word in words.items() if outcome.reason.startswith(text)), "error")
    )


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
