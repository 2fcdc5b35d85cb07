"""The gate: a change's targets, preflight, question, waves and record, in that order. No verb has code of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from kubectl_mc import messages
from kubectl_mc.changes import (
    change_input,
    confirmation,
    edits,
    preflight,
    record,
    redaction,
    summary,
    wave_runner,
    waves,
)
from kubectl_mc.changes.change import Change, Progress, written_command
from kubectl_mc.changes.change_input import ChangeInput
from kubectl_mc.changes.preflight import Finding
from kubectl_mc.changes.record import Outcome
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import seconds
from kubectl_mc.fleet import mapping
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.merge import answers, report
from kubectl_mc.messages import UserError
from kubectl_mc.processes import pipe_files, terminal
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.memory_files import held_file
from kubectl_mc.processes.requests import Request, same_jobs
from kubectl_mc.processes.standard_streams import Steady
from kubectl_mc.processes.targets import Target


def make_change(request: Request, clusters: Sequence[Cluster], targets: Sequence[Target]) -> int:
    """Make a change on the targets, if it is wanted; the exit status. Raises UserError where nothing was changed."""
    options, way = request.options, verbs.mode(request.verb, request.line)
    names = [cluster.name for cluster in clusters]
    check_protection(request, clusters, targets, options.given)
    unhealthy = [cluster.name for cluster in clusters if cluster.profile.healthy is False]
    order = waves.plan_waves(names, options.waves, options.canary, unhealthy)
    check_flags(request, len(names))
    if not options.yes and not terminal.is_available():
        raise messages.needs_yes()
    log = record.open_log(record.record_path(request.environment.home), record.new_run_id())
    record.lock_run(log)
    with prepared_change(request, clusters, targets, log) as work:
        if way == "terminal":
            return change_in_foreground(work, order)
        return carry_out(work, order, {name: Outcome(name, "not started") for name in names})


def check_protection(
    request: Request, clusters: Sequence[Cluster], targets: Sequence[Target], named: Iterable[tuple[str, str | None]]
) -> None:
    """A protected cluster has to be named exactly, by what was typed. Raises UserError.

    named: our flags as they were typed
    """
    known = mapping.read_mapping(request.environment.kube_directory)
    given = [value for flag, value in named if flag in ("clusters", "contexts")]
    typed = {name for value in given for name in (value or "").split(",")}
    contexts = {target.cluster: target.context for target in targets}
    unnamed = [
        cluster.name
        for cluster in clusters
        if cluster.name not in typed
        and known.protects(
            cluster.name, cluster.profile.name, cluster.profile.namespace, contexts.get(cluster.name, "")
        )
    ]
    if unnamed:
        raise messages.protected(unnamed)


def check_flags(request: Request, total: int) -> None:
    """Raises UserError for values that would otherwise be found out in the middle of a run, and for unfit flags."""
    options = request.options
    typed = [name for name, _ in options.given]
    if "show-diff" in typed and request.line.path != ("apply",):
        raise messages.flag_is_not_for("show-diff", request.line.verb, "apply")
    unfit = [name for name in typed if name in _OF_WAVES]
    if unfit and verbs.mode(request.verb, request.line) == "terminal":
        raise messages.one_by_one(unfit[0], request.line.verb)
    waves.tolerated_failures(options.max_failures, total)
    if options.pause == "prompt":
        if not terminal.is_available():
            raise messages.pause_needs_a_terminal()
    elif options.pause is not None:
        seconds("pause", options.pause)


_OF_WAVES = ("waves", "canary", "wave-timeout", "pause", "max-failures")


@contextmanager
def prepared_change(
    request: Request, clusters: Sequence[Cluster], targets: Sequence[Target], log: record.RunLog
) -> Iterator[Change]:
    """The work, with its input read and held. Raises UserError for an input that can't be read."""
    typed, line, stdin = request.line, _unasked(request), request.environment.streams.stdin.buffer.read
    if verbs.mode(request.verb, line) != "captured" or not verbs.is_kubectls(line):
        yield _work(request, typed, ChangeInput(line), clusters, targets, log)
        return
    with pipe_files.held_pipes(line, stdin) as (line, contents):
        given = change_input.read_input(request.environment, line, stdin)
        given = given._replace(piped=tuple(contents.values()), sources=(*given.sources, *contents))
        work = _work(request, typed, given, clusters, targets, log)
        if given.content is None:
            yield work
            return
        with held_file(given.content) as path:
            yield work._replace(request=work.request._replace(stdin=path))


def _work(
    request: Request,
    typed: CommandLine,
    given: ChangeInput,
    clusters: Sequence[Cluster],
    targets: Sequence[Target],
    log: record.RunLog,
) -> Change:
    jobs = {job.label: job for job in same_jobs([each for each in targets if not each.problem], given.line)}
    return Change(
        _steady(request)._replace(line=given.line), typed, given, {each.name: each for each in clusters}, jobs, log
    )


def _steady(request: Request) -> Request:
    """The request with streams that don't stop the change when nobody reads them any more."""
    environment = request.environment
    return request._replace(environment=environment._replace(streams=Steady(*environment.streams)))


def _unasked(request: Request) -> CommandLine:
    """Without kubectl's own question: ours stands for it, and a kubectl of ours has nobody to ask.

    A kuberc can make it the default. Where there is none, nothing is added, as an old kubectl doesn't know the flag.
    """
    flag = request.verb.asks_by
    if not flag:
        return request.line
    line = grammar.without(request.line, (flag,))
    preset = request.environment.has_kuberc(grammar.value(line, "kuberc"))
    return grammar.with_flags(line, (flag, "false")) if preset else line


def carry_out(
    work: Change,
    order: Sequence[tuple[str, ...]],
    places: Mapping[str, Outcome],
    stuck: Sequence[str] = (),
) -> int:
    """Preflight, question, waves, summary.

    places: of all clusters of the run; those of `order` are to be changed
    stuck: clusters that were changed, whose rollouts are to be waited for ahead of all
    """
    request, clusters = work.request, [name for wave in order for name in wave]
    findings = _findings(work, clusters)
    refusals = _refusals(work, findings, len(clusters))
    if clusters and len(refusals) == len(clusters):
        return _all_refused(work, findings)
    done = [each.cluster for each in findings if each.unchanged and _may_be_done(places[each.cluster])]
    going = [name for name in clusters if name not in refusals and name not in done]
    if request.options.show_diff and work.typed.path == ("apply",):
        preflight.show_differences(request, [work.jobs[name] for name in going], work.streams.say)
    _question(work, findings, going)
    expected = {each.cluster: each.objects for each in findings}
    known = {name: place._replace(objects=expected.get(name, place.objects)) for name, place in places.items()}
    progress = Progress(known, _tolerated(request, len(places)))
    work = _start(work, order, findings, len(going))
    _settle(work, progress, [Outcome(name, "refused", reason) for name, reason in refusals.items()])
    _settle(work, progress, [Outcome(name, "unchanged", messages.found_done()) for name in done])
    if stuck:
        wave_runner.wait_for_wave(work, stuck, progress)
    steps = [tuple(name for name in wave if name in going) for wave in order]
    if progress.goes_on:
        wave_runner.run_waves(work, [wave for wave in steps if wave], progress)
    return _finish(work, progress)


def _refusals(work: Change, findings: Sequence[Finding], total: int) -> dict[str, str]:
    """Why, by cluster. Raises UserError if they stop the others."""
    refusals = {each.cluster: each.refusal for each in findings if each.refusal}
    if 0 < len(refusals) < total and not work.request.options.continue_on_preflight_error:
        raise messages.refused_before(list(refusals.items()), total)
    return refusals


def _may_be_done(place: Outcome) -> bool:
    """Had it begun before, so that its end isn't known? If there is nothing to change now, it was done."""
    return place.state == "unknown" or place.unsure


def _tolerated(request: Request, total: int) -> int | None:
    """How many clusters may fail; None for any number: where one's failure says nothing of the others."""
    options = request.options
    stops = request.verb.stops or options.waves or options.canary or options.max_failures
    return waves.tolerated_failures(options.max_failures, total) if stops else None


def _findings(work: Change, clusters: Sequence[str]) -> list[Finding]:
    """What each cluster says to the change; only what is known beforehand where kubectl has no dry run."""
    out_of_reach = [preflight.judge_finding(result, work.request) for result in work.request.unreachable]
    found = [each for each in out_of_reach if each.cluster in clusters]
    if verbs.compares_states(work.request.verb, work.typed):
        seen = edits.read_states(work, [name for name in clusters if name in work.jobs])
        found += [preflight.judge_finding(result._replace(stdout=b""), work.request) for result in seen]
    elif verbs.mode(work.request.verb, work.typed) != "terminal" and verbs.can_rehearse(work.request.verb, work.typed):
        found += preflight.ask_clusters(work.request, [work.jobs[name] for name in clusters if name in work.jobs])
    return sorted(found, key=lambda each: clusters.index(each.cluster))


def _all_refused(work: Change, findings: Sequence[Finding]) -> int:
    """Every cluster refuses: the command is wrong, or the fleet is down. Said as kubectl says it."""
    results = [each.result._replace(stdout=b"") for each in findings if each.result]  # what won't be done isn't shown
    told = report.make_report(results, _judging(work, results))
    work.streams.say(told.lines)
    return told.status or 1


def _question(work: Change, findings: Sequence[Finding], going: Sequence[str]) -> None:
    """Ask, unless --yes; raises UserError if the answer is no."""
    if work.request.options.yes or not going:
        return
    known = [each for each in findings if each.cluster in going]
    clusters = [work.clusters[name] for name in going]
    shown = [*confirmation.describe_change(work.typed, clusters), *preflight.describe_findings(findings)]
    if not verbs.can_rehearse(work.request.verb, work.request.line):
        shown.append(messages.not_rehearsed())
    work.streams.say(shown)
    counted = confirmation.is_counted(work.request, work.typed, known, len(going))
    question = confirmation.sentence(work.request, work.typed, known, len(going))
    unseen = [] if work.streams.stderr.isatty() else shown  # nobody says yes blindly, `2>file` or not
    confirmation.ask_confirmation(unseen, question, len(going) if counted else None)


def _settle(work: Change, progress: Progress, places: Sequence[Outcome]) -> None:
    """Write down what is known of clusters on which nothing is begun."""
    for place in places:
        progress.places[place.cluster] = place
        work.log.write("cluster", **wave_runner.written_outcome(place))


def _start(work: Change, order: Sequence[tuple[str, ...]], findings: Sequence[Finding], count: int) -> Change:
    """Write the line ahead of the first change; the work with what was found out for it."""
    (safe, argv), targets = written_command(work), work.addresses
    work.log.write(
        "resume" if work.resumes else "start",
        user=record.os_user(),
        directory=record.current_directory(),
        argv=argv,
        **({} if safe == work.typed else {"proof": redaction.make_proof(grammar.join_tokens(work.typed.tokens))}),
        what=confirmation.sentence(work.request, safe, findings, count),
        input=change_input.written_input(work.given) or None,
        waves=[list(wave) for wave in order],
        targets=targets,
    )
    return work._replace(namespaces={each["cluster"]: each["namespace"] for each in targets})


def _finish(work: Change, progress: Progress) -> int:
    """Show the answer and the summary; write the last line."""
    results = [progress.results[name] for name in work.clusters if name in progress.results]
    request = _judging(work, results)
    streamed = verbs.mode(request.verb, request.line) == "streamed"
    told = report.make_report(results, request, shown=streamed) if results else report.Report((), 0)
    work.streams.say(told.lines)
    if results and not streamed:
        work.streams.answer(answers.merge_answers(results, (), request).encode("utf-8", "surrogateescape"))
    return _close(work, progress, told.status)


def _judging(work: Change, results: Sequence[Result]) -> Request:
    """The request by which the results are judged: what isn't there wasn't changed, unless it is nowhere."""
    request = work.request._replace(unreachable=())  # they are among the findings, or have not begun
    nowhere = all((why := report.result_cause(each, request)) and why.absent for each in results)
    return request if nowhere else request._replace(verb=request.verb._replace(needs_all=True))


def _close(work: Change, progress: Progress, told: int) -> int:
    """Write the last line and show the summary; the exit status, which for one cluster is what kubectl told."""
    places = list(progress.places.values())
    status = progress.ending or summary.exit_status(places, progress.interrupted)
    if status == 1 and len(places) == 1 and told:
        status = told
    try:
        if not progress.broken:
            work.log.write("end", exit=status, **_counts(places))
    except UserError as error:
        progress.broken = error
    if progress.broken:
        work.streams.say([f"Error: {progress.broken}"])
    if len(places) > 1 or verbs.mode(work.request.verb, work.request.line) != "terminal":
        work.streams.say(summary.summary_lines(work.log.run, places, whole=written_command(work)[0] == work.typed))
    return status or (1 if progress.broken else 0)


def _counts(places: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    states = [place.state for place in places]
    return {"clusters": {state: states.count(state) for state in dict.fromkeys(states)}}


def change_in_foreground(work: Change, order: Sequence[tuple[str, ...]]) -> int:
    """A command that owns the terminal: asked about if it goes through several clusters, and written down."""
    names = [name for wave in order for name in wave]
    findings = _findings(work, names)
    refusals = _refusals(work, findings, len(names))
    if len(refusals) == len(names):
        return _all_refused(work, findings)
    going = [name for name in names if name not in refusals]
    if len(names) > 1:
        _question(work, (), going)
    progress = Progress({name: Outcome(name, "not started") for name in names}, tolerated=0)
    work = _start(work, order, (), len(going))
    _settle(work, progress, [Outcome(name, "refused", reason) for name, reason in refusals.items()])
    return _close(work, progress, wave_runner.run_one_by_one(work, going, progress))
