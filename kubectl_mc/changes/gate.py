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
from kubectl_mc.changes.change_input import Given
from kubectl_mc.changes.preflight import Finding
from kubectl_mc.changes.record import Place
from kubectl_mc.changes.work import Progress, Work, written
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import seconds
from kubectl_mc.fleet import mapping
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.merge import answers, report
from kubectl_mc.messages import UserError
from kubectl_mc.processes import pipe_files, terminal
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.memory_files import held
from kubectl_mc.processes.requests import Request, same_everywhere
from kubectl_mc.processes.standard_streams import Steady
from kubectl_mc.processes.targets import Target


def run(request: Request, clusters: Sequence[Cluster], targets: Sequence[Target]) -> int:
    """Make a change on the targets, if it is wanted; the exit status. Raises UserError where nothing was changed."""
    options, way = request.options, verbs.mode(request.verb, request.line)
    names = [cluster.name for cluster in clusters]
    check_protection(request, clusters, targets, options.given)
    unhealthy = [cluster.name for cluster in clusters if cluster.profile.healthy is False]
    order = waves.plan(names, options.waves, options.canary, unhealthy)
    check_flags(request, len(names))
    if not options.yes and not terminal.there():
        raise messages.needs_yes()
    log = record.open_log(record.path(request.environment.home), record.new_run())
    record.lock(log)
    with work_for(request, clusters, targets, log) as work:
        if way == "terminal":
            return foreground(work, order)
        return carry_out(work, order, {name: Place(name, "not started") for name in names})


def check_protection(
    request: Request, clusters: Sequence[Cluster], targets: Sequence[Target], named: Iterable[tuple[str, str | None]]
) -> None:
    """A protected cluster has to be named exactly, by what was typed. Raises UserError.

    named: our flags as they were typed
    """
    known = mapping.read(request.environment.kube_directory)
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
    waves.tolerated(options.max_failures, total)
    if options.pause == "prompt":
        if not terminal.there():
            raise messages.pause_needs_a_terminal()
    elif options.pause is not None:
        seconds("pause", options.pause)


_OF_WAVES = ("waves", "canary", "wave-timeout", "pause", "max-failures")


@contextmanager
def work_for(
    request: Request, clusters: Sequence[Cluster], targets: Sequence[Target], log: record.Log
) -> Iterator[Work]:
    """The work, with its input read and held. Raises UserError for an input that can't be read."""
    typed, line, stdin = request.line, _unasked(request), request.environment.streams.stdin.buffer.read
    if verbs.mode(request.verb, line) != "captured" or not verbs.is_kubectls(line):
        yield _work(request, typed, Given(line), clusters, targets, log)
        return
    with pipe_files.held(line, stdin) as (line, contents):
        given = change_input.read(request.environment, line, stdin)
        given = given._replace(piped=tuple(contents.values()), sources=(*given.sources, *contents))
        work = _work(request, typed, given, clusters, targets, log)
        if given.content is None:
            yield work
            return
        with held(given.content) as path:
            yield work._replace(request=work.request._replace(stdin=path))


def _work(
    request: Request,
    typed: CommandLine,
    given: Given,
    clusters: Sequence[Cluster],
    targets: Sequence[Target],
    log: record.Log,
) -> Work:
    jobs = {job.label: job for job in same_everywhere([each for each in targets if not each.problem], given.line)}
    return Work(
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
    work: Work,
    order: Sequence[tuple[str, ...]],
    places: Mapping[str, Place],
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
        preflight.differences(request, [work.jobs[name] for name in going], work.streams.say)
    _question(work, findings, going)
    expected = {each.cluster: each.objects for each in findings}
    known = {name: place._replace(objects=expected.get(name, place.objects)) for name, place in places.items()}
    progress = Progress(known, _tolerated(request, len(places)))
    work = _start(work, order, findings, len(going))
    _settle(work, progress, [Place(name, "refused", reason) for name, reason in refusals.items()])
    _settle(work, progress, [Place(name, "unchanged", messages.found_done()) for name in done])
    if stuck:
        wave_runner.gate(work, stuck, progress)
    steps = [tuple(name for name in wave if name in going) for wave in order]
    if progress.goes_on:
        wave_runner.run(work, [wave for wave in steps if wave], progress)
    return _finish(work, progress)


def _refusals(work: Work, findings: Sequence[Finding], total: int) -> dict[str, str]:
    """Why, by cluster. Raises UserError if they stop the others."""
    refusals = {each.cluster: each.refusal for each in findings if each.refusal}
    if 0 < len(refusals) < total and not work.request.options.continue_on_preflight_error:
        raise messages.refused_before(list(refusals.items()), total)
    return refusals


def _may_be_done(place: Place) -> bool:
    """Had it begun before, so that its end isn't known? If there is nothing to change now, it was done."""
    return place.state == "unknown" or place.unsure


def _tolerated(request: Request, total: int) -> int | None:
    """How many clusters may fail; None for any number: where one's failure says nothing of the others."""
    options = request.options
    stops = request.verb.stops or options.waves or options.canary or options.max_failures
    return waves.tolerated(options.max_failures, total) if stops else None


def _findings(work: Work, clusters: Sequence[str]) -> list[Finding]:
    """What each cluster says to the change; only what is known beforehand where kubectl has no dry run."""
    out_of_reach = [preflight.judged(result, work.request) for result in work.request.unreachable]
    found = [each for each in out_of_reach if each.cluster in clusters]
    if verbs.looks(work.request.verb, work.typed):
        seen = edits.ask(work, [name for name in clusters if name in work.jobs])
        found += [preflight.judged(result._replace(stdout=b""), work.request) for result in seen]
    elif verbs.mode(work.request.verb, work.typed) != "terminal" and verbs.can_rehearse(work.request.verb, work.typed):
        found += preflight.ask(work.request, [work.jobs[name] for name in clusters if name in work.jobs])
    return sorted(found, key=lambda each: clusters.index(each.cluster))


def _all_refused(work: Work, findings: Sequence[Finding]) -> int:
    """Every cluster refuses: the command is wrong, or the fleet is down. Said as kubectl says it."""
    results = [each.result._replace(stdout=b"") for each in findings if each.result]  # what won't be done isn't shown
    told = report.report(results, _judging(work, results))
    work.streams.say(told.lines)
    return told.status or 1


def _question(work: Work, findings: Sequence[Finding], going: Sequence[str]) -> None:
    """Ask, unless --yes; raises UserError if the answer is no."""
    if work.request.options.yes or not going:
        return
    known = [each for each in findings if each.cluster in going]
    clusters = [work.clusters[name] for name in going]
    shown = [*confirmation.shown(work.typed, clusters), *preflight.told(findings)]
    if not verbs.can_rehearse(work.request.verb, work.request.line):
        shown.append(messages.not_rehearsed())
    work.streams.say(shown)
    counted = confirmation.is_counted(work.request, work.typed, known, len(going))
    question = confirmation.sentence(work.request, work.typed, known, len(going))
    unseen = [] if work.streams.stderr.isatty() else shown  # nobody says yes blindly, `2>file` or not
    confirmation.ask(unseen, question, len(going) if counted else None)


def _settle(work: Work, progress: Progress, places: Sequence[Place]) -> None:
    """Write down what is known of clusters on which nothing is begun."""
    for place in places:
        progress.places[place.cluster] = place
        work.log.write("cluster", **wave_runner.fields(place))


def _start(work: Work, order: Sequence[tuple[str, ...]], findings: Sequence[Finding], count: int) -> Work:
    """Write the line ahead of the first change; the work with what was found out for it."""
    (safe, argv), targets = written(work), work.addresses
    work.log.write(
        "resume" if work.resumes else "start",
        user=record.os_user(),
        directory=record.directory(),
        argv=argv,
        **({} if safe == work.typed else {"proof": redaction.proof(grammar.join(work.typed.tokens))}),
        what=confirmation.sentence(work.request, safe, findings, count),
        input=change_input.written(work.given) or None,
        waves=[list(wave) for wave in order],
        targets=targets,
    )
    return work._replace(namespaces={each["cluster"]: each["namespace"] for each in targets})


def _finish(work: Work, progress: Progress) -> int:
    """Show the answer and the summary; write the last line."""
    results = [progress.results[name] for name in work.clusters if name in progress.results]
    request = _judging(work, results)
    streamed = verbs.mode(request.verb, request.line) == "streamed"
    told = report.report(results, request, shown=streamed) if results else report.Report((), 0)
    work.streams.say(told.lines)
    if results and not streamed:
        work.streams.answer(answers.merge(results, (), request).encode("utf-8", "surrogateescape"))
    return _close(work, progress, told.status)


def _judging(work: Work, results: Sequence[Result]) -> Request:
    """The request by which the results are judged: what isn't there wasn't changed, unless it is nowhere."""
    request = work.request._replace(unreachable=())  # they are among the findings, or have not begun
    nowhere = all((why := report.cause(each, request)) and why.absent for each in results)
    return request if nowhere else request._replace(verb=request.verb._replace(needs_all=True))


def _close(work: Work, progress: Progress, told: int) -> int:
    """Write the last line and show the summary; the exit status, which for one cluster is what kubectl told."""
    places = list(progress.places.values())
    status = progress.ending or summary.status(places, progress.interrupted)
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
        work.streams.say(summary.lines(work.log.run, places, whole=written(work)[0] == work.typed))
    return status or (1 if progress.broken else 0)


def _counts(places: Sequence[Place]) -> dict[str, dict[str, int]]:
    states = [place.state for place in places]
    return {"clusters": {state: states.count(state) for state in dict.fromkeys(states)}}


def foreground(work: Work, order: Sequence[tuple[str, ...]]) -> int:
    """A command that owns the terminal: asked about if it goes through several clusters, and written down."""
    names = [name for wave in order for name in wave]
    findings = _findings(work, names)
    refusals = _refusals(work, findings, len(names))
    if len(refusals) == len(names):
        return _all_refused(work, findings)
    going = [name for name in names if name not in refusals]
    if len(names) > 1:
        _question(work, (), going)
    progress = Progress({name: Place(name, "not started") for name in names}, tolerated=0)
    work = _start(work, order, (), len(going))
    _settle(work, progress, [Place(name, "refused", reason) for name, reason in refusals.items()])
    return _close(work, progress, wave_runner.in_foreground(work, going, progress))
