# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The gate: a change's targets, preflight, question, waves and record, in that order. No verb has code of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from kubectl_mc import messages
from kubectl_mc.changes import (
    change_report,
    confirmation,
    edits,
    preflight,
    proofs,
    record,
    summary,
    wave_runner,
)
from kubectl_mc.changes.addresses import Address, read_addresses, same_clusters, written_addresses
from kubectl_mc.changes.change import Change, Progress, hidden_texts, written_command
from kubectl_mc.changes.change_input import held_input, written_input
from kubectl_mc.changes.preflight import Finding
from kubectl_mc.changes.protection import check_protection
from kubectl_mc.changes.record import Outcome
from kubectl_mc.changes.waves import plan_waves, refill_waves, tolerated_failures
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.options import WAVE_FLAGS, exact_names, seconds
from kubectl_mc.fleet import members
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.merge import answers
from kubectl_mc.merge.report import Report, make_report, result_cause
from kubectl_mc.messages import RecordError
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import terminal
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Request, same_jobs
from kubectl_mc.processes.targets import Target


def make_change(request: Request, clusters: Sequence[Cluster], targets: Sequence[Target]) -> int:
    """Make a change on the targets and return the exit status. Raises UserError where nothing was changed."""
    options = request.options
    request, clusters, targets, addresses = check_targets(request, clusters, targets, options.typed)
    names = [cluster.name for cluster in clusters]
    unhealthy = [cluster.name for cluster in clusters if cluster.profile.healthy is False]
    waves = plan_waves(names, options.waves, options.canary, unhealthy)
    check_flags(request, len(names))
    if "pause" in dict(options.typed) and not (options.waves or options.canary):
        raise messages.pause_without_waves()
    check_terminal(request)
    log = record.open_log(record.record_path(request.environment.home), record.new_run_id())
    record.lock_run(log)
    with prepared_change(request, clusters, targets, addresses, log) as change:
        if verbs.mode(request.row, request.line) == "terminal":
            return change_in_foreground(change, waves)
        return carry_out(change, waves, {name: Outcome(name, "not started") for name in names})


def check_terminal(request: Request) -> None:
    """Raise UserError if there is no terminal, and the user would be asked there, or type the change into an editor."""
    if terminal.is_available():
        return
    if verbs.opens_editor(request.row, request.line) and edits.needs_terminal(request.environment.variables):
        raise messages.needs_editor(request.line.verb)
    if not request.options.yes:
        raise messages.needs_yes(verbs.rehearsal(request.line))


class CheckedTargets(NamedTuple):
    """The clusters that a change is for, and how they are reached: each of them once."""

    request: Request
    clusters: Sequence[Cluster]
    targets: Sequence[Target]
    addresses: Sequence[Address]


def check_targets(
    request: Request,
    clusters: Sequence[Cluster],
    targets: Sequence[Target],
    typed: Sequence[tuple[str, str | None]],
    may_leave_out: bool = True,
) -> CheckedTargets:
    """Return the clusters and their targets, without those that lead to the same cluster as an older ClusterProfile.

    typed: our flags as they were typed
    may_leave_out: else they are of an earlier run, and names that lead to the same cluster are an error in any case
    Says on stderr which are left out. Raises UserError for protected clusters that are not named exactly, and for names
    that lead to the same cluster, unless the hub itself says the same of them.
    """
    addresses = read_addresses(request, targets)
    flag = "contexts" if request.options.contexts and may_leave_out else "clusters"
    check_protection(request, clusters, addresses, exact_names(typed), flag)
    reachable = [address for target, address in zip(targets, addresses) if not target.problem]
    by_name = {cluster.name: (cluster, target) for cluster, target in zip(clusters, targets)}
    groups = [[by_name[address.cluster] for address in group] for group in same_clusters(reachable)]
    if not groups:
        return CheckedTargets(request, clusters, targets, addresses)
    if unclear := [group for group in groups if not (may_leave_out and _are_duplicates(group))]:
        names = [[cluster.name for cluster, _ in group] for group in unclear]
        raise messages.same_cluster(names, of_run=not may_leave_out)
    duplicates = [members.as_duplicates([cluster for cluster, _ in group]) for group in groups]
    pairs = [(group.kept.name, [cluster.name for cluster in group.others]) for group in duplicates]
    request.environment.streams.say([messages.same_addresses(pairs)])
    left_out = {name for _, names in pairs for name in names}
    return CheckedTargets(
        request._replace(cluster_count=request.cluster_count - len(left_out)),
        [cluster for cluster in clusters if cluster.name not in left_out],
        [target for target in targets if target.cluster not in left_out],
        [address for address in addresses if address.cluster not in left_out],
    )


def _are_duplicates(group: Sequence[tuple[Cluster, Target]]) -> bool:
    """Return whether clusters of one address are ClusterProfiles of the same cluster, of which one is the oldest.

    That is so where the hub gives them the address, or the name to which the user maps one context. If only the user's
    mapping leads several names to one context, or if the hub gives them different member ids, it may be a mistake.
    """
    ids = {cluster.profile.member_id for cluster, _ in group} - {""}
    names = {cluster.profile.name for cluster, _ in group}
    contexts = {target.context for _, target in group}
    agree = len(ids) < 2 and (contexts == {""} or (len(contexts) == 1 and len(names) == 1))
    return agree and not members.as_duplicates([cluster for cluster, _ in group]).tied


def check_flags(request: Request, total: int) -> None:
    """Raise UserError for flags that don't fit the command, and for values that would only fail during the run."""
    options = request.options
    typed = [name for name, _ in options.typed]
    if "show-diff" in typed and request.line.path != ("apply",):
        raise messages.flag_is_not_for("show-diff", request.line.verb, "apply")
    if verbs.stores_words(request.line):  # of a run of an earlier version
        raise messages.stores_words()
    wave_flags = [name for name in typed if name in WAVE_FLAGS]
    if wave_flags and verbs.mode(request.row, request.line) == "terminal":
        raise messages.one_by_one(wave_flags[0], request.line.verb)
    tolerated_failures(options.max_failures, total)
    if options.pause == "prompt":
        if not terminal.is_available():
            raise messages.flag_needs_a_terminal("pause=prompt", "pause=30s")
    elif options.pause is not None:
        seconds("pause", options.pause)


@contextmanager
def prepared_change(
    request: Request,
    clusters: Sequence[Cluster],
    targets: Sequence[Target],
    addresses: Sequence[Address],
    log: record.RunLog,
) -> Iterator[Change]:
    """Read the input, and yield the change while it is held. Raises UserError for an input that can't be read."""
    typed = request.line
    with held_input(request._replace(line=verbs.without_question(request.row, request.line)), for_change=True) as (
        request,
        change_input,
    ):
        jobs = same_jobs([target for target in targets if not target.problem], request.line)
        yield Change(
            request,
            typed,
            change_input,
            {cluster.name: cluster for cluster in clusters},
            {job.label: job for job in jobs},
            log,
            addresses,
        )


def carry_out(
    change: Change,
    waves: Sequence[tuple[str, ...]],
    outcomes: Mapping[str, Outcome],
    awaiting_rollout: Sequence[str] = (),
    settled: Sequence[Outcome] = (),
) -> int:
    """Run the preflight, ask the question, run the waves and return the exit status.

    outcomes: of all clusters of the run, also those that are in none of the waves
    awaiting_rollout: changed clusters whose rollouts are waited for ahead of the first wave
    settled: outcomes that are not recorded yet, of clusters in none of the waves
    """
    request, options, clusters = change.request, change.request.options, [name for wave in waves for name in wave]
    findings, refusals = _preflight(change, clusters)
    if clusters and len(refusals) == len(clusters):
        return _report_refusals(change, findings)
    # If there is nothing to change where the change may have been made before, it was made.
    done = [finding.cluster for finding in findings if finding.unchanged and outcomes[finding.cluster].may_be_done]
    going = [name for name in clusters if name not in refusals and name not in done]
    if options.show_diff and change.typed.path == ("apply",):
        preflight.show_differences(request, [change.jobs[name] for name in going], change.streams)
    _ask(change, findings, going)
    expected = {finding.cluster: finding.objects for finding in findings}
    stops = request.row.as_change.stops or options.waves or options.canary or options.max_failures
    progress = Progress(
        {name: outcome._replace(objects=expected.get(name, outcome.objects)) for name, outcome in outcomes.items()},
        tolerated_failures(options.max_failures, len(outcomes)) if stops else None,
    )
    change = _record_start(change, waves, findings, len(going))
    with messages.midway(change.log.run):
        progress.dry_runs = change_report.dry_runs(findings)
        _settle(change, progress, [*settled, *(Outcome(name, "refused", reason) for name, reason in refusals.items())])
        _settle(change, progress, [_found_done(change, finding) for finding in findings if finding.cluster in done])
        awaiting_rollout = [*awaiting_rollout, *(done if change.waits_for_rollouts else ())]
        wave_runner.run_waves(change, refill_waves(waves, going), progress, awaiting_rollout)
        return _finish(change, progress, _show(change, progress))


def _show(change: Change, progress: Progress) -> int:
    """Show the answer and the report of the kubectls that have run, and return the exit status for them."""
    request = change.request
    results = [progress.results[name] for name in change.clusters if name in progress.results]
    judging = _judging_request(change, results)
    is_streamed = verbs.mode(request.row, request.line) == "streamed"
    held = () if is_streamed else None
    report = make_report(results, judging, shown=is_streamed, held=held) if results else Report((), 0)
    with wave_runner.interruptible(progress):  # nobody may read on
        change.streams.say(report.lines, report.stderr)
        if results and not is_streamed:
            answer = answers.merge_answers(results, (), judging, judging.look, [*change.clusters])
            change.streams.answer(answer.encode("utf-8", "surrogateescape"))
    return report.status


def _found_done(change: Change, finding: Finding) -> Outcome:
    """Return the outcome of a cluster where the run has made the change, but its record doesn't say so."""
    # The dry run says "unchanged", which would start no rollout.
    objects = [object_change._replace(result=messages.FOUND_DONE) for object_change in finding.objects]
    made = change.with_namespaces(finding.cluster, objects)
    return Outcome(finding.cluster, "unchanged", messages.FOUND_DONE, objects=made, done_before=True)


def change_in_foreground(change: Change, waves: Sequence[tuple[str, ...]], settled: Sequence[Outcome] = ()) -> int:
    """Run a command that owns the terminal on one cluster after another, and return the exit status.

    The question is asked only if there are several clusters.

    settled: outcomes that are not recorded yet, of clusters in none of the waves
    """
    clusters = [name for wave in waves for name in wave]
    findings, refusals = _preflight(change, clusters)
    if len(refusals) == len(clusters):
        return _report_refusals(change, findings)
    going = [name for name in clusters if name not in refusals]
    if len(clusters) > 1:
        _ask(change, (), going)
    progress = Progress({name: Outcome(name, "not started") for name in clusters}, tolerated=0)
    change = _record_start(change, waves, (), len(going))
    with messages.midway(change.log.run):
        progress.dry_runs = change_report.dry_runs(findings)
        _settle(change, progress, [*settled, *(Outcome(name, "refused", reason) for name, reason in refusals.items())])
        return _finish(change, progress, wave_runner.run_one_by_one(change, going, progress))


def _preflight(change: Change, clusters: Sequence[str]) -> tuple[list[Finding], dict[str, str]]:
    """Return the findings, and the reasons of the clusters that refuse.

    Without a dry run of the verb, only the clusters that can't be reached have a finding. Raises UserError if some
    clusters refuse, and the user hasn't said that the others are to be changed.
    """
    request, typed = change.request, change.typed
    change_report.tell_clusters(change)  # whatever ends the preflight
    unreachable = [preflight.judge_finding(result, request) for result in request.unreachable]
    findings = [finding for finding in unreachable if finding.cluster in clusters]
    reachable = [name for name in clusters if name in change.jobs]
    if request.row.as_change.one_by_one:  # an editor's change has no dry run
        results = edits.read_states(change, reachable)
        findings += [preflight.judge_finding(result._replace(stdout=b""), request) for result in results]
    elif verbs.mode(request.row, typed) != "terminal" and verbs.can_rehearse(request.row, typed):
        findings += preflight.ask_clusters(request, [change.jobs[name] for name in reachable], change.input.content)
    findings.sort(key=lambda finding: clusters.index(finding.cluster))
    refusals = {finding.cluster: finding.refusal for finding in findings if finding.refusal}
    # A tie says nothing about the change, so it doesn't stop that of other clusters.
    stopping = [finding for finding in findings if finding.refusal and not change.clusters[finding.cluster].tie]
    canary = request.options.canary
    if len(refusals) == len(clusters):
        return findings, refusals
    if canary in refusals:
        change_report.tell_refusals(change, findings, clusters)
        lines = preflight.describe_refusals([finding for finding in findings if finding.refusal])
        raise messages.canary_refuses(canary, lines)
    if stopping and not request.options.continue_on_preflight_error:
        change_report.tell_refusals(change, findings, clusters)
        lines = preflight.describe_refusals(stopping)
        raise messages.refused_before(lines, len(stopping), len(clusters))
    return findings, refusals


def _report_refusals(change: Change, findings: Sequence[Finding]) -> int:
    """Report in kubectl's words that every cluster refuses, and return the exit status."""
    change_report.tell_refusals(change, findings, [finding.cluster for finding in findings])
    # Without stdout: it says what would have been done.
    results = [finding.result._replace(stdout=b"") for finding in findings if finding.result]
    report = make_report(results, _judging_request(change, results))
    # Of some causes (a missing right) the report has the name only.
    shown, complaints = "\n".join(report.lines), findings[0].complaints
    is_named_only = len(findings) > 1 and complaints and not any(line in shown for line in complaints)
    if is_named_only or len({finding.explanation for finding in findings}) > 1:
        reasons = preflight.describe_refusals(findings)
        report = Report((messages.all_refuse(len(findings)), *reasons), report.status)
    change.streams.say([*report.lines, messages.NOTHING_CHANGED], report.stderr)
    return report.status or 1


def _ask(change: Change, findings: Sequence[Finding], going: Sequence[str]) -> None:
    """Ask the question, unless the user has said --yes. Raises UserError if the answer is no."""
    if change.request.options.yes or not going:
        return
    shown = confirmation.describe_change(change.typed, [change.clusters[name] for name in going])
    shown += preflight.describe_findings(findings)
    if not verbs.can_rehearse(change.request.row, change.request.line):
        shown.append(messages.NOT_REHEARSED)
    change.streams.say(shown)
    accepted = [finding for finding in findings if finding.cluster in going]
    counted = confirmation.is_counted(change.request, change.typed, accepted, len(going))
    question = confirmation.sentence(change.request, change.typed, accepted, len(going))
    # Where stderr is redirected, the terminal shows all of it.
    unseen = [] if change.streams.stderr.isatty() else shown
    confirmation.ask_confirmation(unseen, question, len(going) if counted else None)


def _record_start(change: Change, waves: Sequence[tuple[str, ...]], findings: Sequence[Finding], count: int) -> Change:
    """Record the start ahead of the first change, and return the change with its namespaces."""
    (safe, argv), written = written_command(change), written_input(change.input)
    change.log.write(
        "resume" if change.resumes else "start",
        version=record.VERSION,
        user=record.os_user(),
        directory=record.current_directory(),
        argv=argv,
        **({} if safe == change.typed else {"proof": proofs.make_proof(grammar.typed_words(change.typed))}),
        what=confirmation.sentence(change.request, safe, findings, count),
        input=written or None,
        waves=[list(wave) for wave in waves],
        targets=[
            {**address, "memberId": change.clusters[address["cluster"]].profile.member_id}
            for address in written_addresses(change.addresses)
        ],
    )
    files = tuple(name.name for name in change.request.input_names.values())
    change = change._replace(log=change.log._replace(hidden=hidden_texts(change), has_input=bool(written), files=files))
    return change._replace(namespaces={address.cluster: address.namespace for address in change.addresses})


def _settle(change: Change, progress: Progress, outcomes: Sequence[Outcome]) -> None:
    """Record the outcomes of clusters on which nothing is started."""
    for outcome in outcomes:
        progress.outcomes[outcome.cluster] = outcome
        change.log.write("cluster", **wave_runner.written_outcome(outcome))


def _judging_request(change: Change, results: Sequence[Result]) -> Request:
    """Return the request by which results are judged: a missing object is a failure, unless every cluster lacks it."""
    request = change.request._replace(unreachable=())  # they are among the findings, or have not begun
    nowhere = all((cause := result_cause(result, request)) and cause.absent for result in results)
    status = request.row.status._replace(needs_all=not nowhere)
    return request._replace(row=request.row._replace(status=status))


def _finish(change: Change, progress: Progress, kubectl_status: int) -> int:
    """Record the end, show the summary, and return the exit status: for one cluster kubectl's own."""
    outcomes = list(progress.outcomes.values())
    change_report.tell_outcomes(change, outcomes, progress.results, progress.dry_runs, change.log.run)
    status = progress.signal_status or (130 if progress.interrupted else summary.exit_status(outcomes))
    if status in (1, messages.PARTIAL) and len(outcomes) == 1 and kubectl_status:
        status = kubectl_status
    states = [outcome.state for outcome in outcomes]
    try:
        if not progress.record_error:
            change.log.write(
                "end", exit=status, clusters={state: states.count(state) for state in dict.fromkeys(states)}
            )
    except RecordError as error:
        progress.record_error = error
        progress.unrecorded.append(("end", ""))
    if progress.record_error:
        change.streams.say([messages.not_recorded(progress.unrecorded, progress.record_error.problem)])
    if len(outcomes) > 1 or verbs.mode(change.request.row, change.request.line) != "terminal":
        whole = written_command(change)[0] == change.typed
        change.streams.say(summary.summary_lines(change.log.run, outcomes, whole))
    if change.streams.problem:
        change.streams.say([messages.not_shown(change.streams.problem)])
    return status or summary.exit_status(outcomes, failed=bool(progress.record_error or change.streams.problem))
