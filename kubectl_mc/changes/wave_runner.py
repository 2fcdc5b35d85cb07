"""Making a change, wave by wave: what begins and what ends is written down before the next step is taken."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.changes import edits, record, rollouts
from kubectl_mc.changes.change import DEFAULT_WAVE_TIMEOUT, Change, Progress
from kubectl_mc.changes.record import Outcome
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.options import seconds
from kubectl_mc.merge import answers, object_changes, report
from kubectl_mc.messages import UserError
from kubectl_mc.messages.name_folding import fold_names
from kubectl_mc.processes import event_loop, terminal
from kubectl_mc.processes.event_loop import Chunk, Result
from kubectl_mc.processes.requests import job_command
from kubectl_mc.reads import streamed

# Causes that may come after the server has done what was asked.
_UNSURE = ("connection timeout", "connection lost", "server error")


class Wave(NamedTuple):
    """A wave with its number among `total`."""

    number: int
    total: int
    clusters: tuple[str, ...]


def run_waves(work: Change, waves: Sequence[tuple[str, ...]], progress: Progress) -> None:
    """Run the waves, with a gate and a pause between them, until one has to be the last."""
    try:
        with _stopped_by(_interrupt):
            for number, clusters in enumerate(waves, start=1):
                wave = Wave(number, len(waves), clusters)
                if number > 1 and not _pause(work, wave, progress):
                    return
                if wave.total > 1:
                    work.streams.say([f"Wave {number}/{wave.total}: {fold_names(clusters)}"])
                with _patient(work, progress):
                    _change(work, wave, progress)
                if work.gated and not progress.broken and not progress.interrupted:
                    wait_for_wave(work, clusters, progress)
                if not progress.goes_on:
                    return
    except KeyboardInterrupt:  # while no cluster is being changed
        progress.interrupted = True


# --- A wave ------------------------------------------------------------------------------------------------


def _change(work: Change, wave: Wave, progress: Progress) -> None:
    """Run the command on the clusters of a wave."""
    jobs = [work.jobs[cluster] for cluster in wave.clusters]
    started: dict[int, float] = {}
    written: list[dict[str, list[bytes]]] = [{"stdout": [], "stderr": []} for _ in jobs]
    is_streamed = verbs.mode(work.request.verb, work.request.line) == "streamed"
    screen = streamed.Screen(work.request, jobs) if is_streamed else None

    def allow(place: int) -> bool:
        """Write down that a cluster begins; without that it must not."""
        if not progress.goes_on:
            return False
        cluster = jobs[place].label
        if not _record(work, progress, "begin", cluster=cluster):
            return False
        started[place] = time.monotonic()
        progress.places[cluster] = progress.places[cluster]._replace(state="running", reason="", gated=None)
        return True

    commands = [
        job_command(work.request, job._replace(line=answers.mergeable_line(work.request, job.line))) for job in jobs
    ]
    parallel = work.request.parallel(len(jobs))
    try:
        for event in event_loop.run_commands(
            commands, parallel, work.request.patience, work.request.stdin, allow=allow
        ):
            if screen:
                screen.show(event)
            if isinstance(event, Chunk):
                if not screen or event.stream == "stderr" or verbs.can_rehearse(work.request.verb, work.request.line):
                    written[event.place][event.stream].append(event.text)
                continue
            stdout, stderr = (b"".join(written[event.place][name]) for name in ("stdout", "stderr"))
            result = Result(event.cluster, stdout, stderr, event.status, event.timed_out)
            progress.results[event.cluster] = result
            _ended(work, result, time.monotonic() - started[event.place], progress)
    except KeyboardInterrupt:
        pass  # the second one: what runs has been ended
    except OSError as error:  # a process can't be started any more, and those that ran have been ended
        progress.stopping = error.strerror or str(error)
    for place in started:
        cluster = jobs[place].label
        if cluster not in progress.results:  # ended by a second Ctrl-C
            progress.results[cluster] = Result(cluster, b"", b"", None)
            progress.places[cluster] = Outcome(cluster, "unknown", progress.stopping or "interrupted", unsure=True)
            _record(work, progress, "cluster", **written_outcome(progress.places[cluster]))


def _ended(work: Change, result: Result, took: float, progress: Progress) -> None:
    place = judge_outcome(work, result, took, progress.places[result.cluster])
    progress.places[result.cluster] = place
    progress.judged.add(result.cluster)
    exit_status = None if result.timed_out else result.status
    _record(work, progress, "cluster", exit=exit_status, **written_outcome(place))


def judge_outcome(work: Change, result: Result, took: float, before: Outcome) -> Outcome:
    """What became of a cluster whose kubectl has ended; before: with what the preflight said of its objects."""
    request = work.request
    form, _ = grammar.output_format(request.line)
    said = result.stdout.decode("utf-8", "replace")
    found = tuple(object_changes.parse_changes(said)) if form in ("", "name") else before.objects
    if form == "name" and before.objects:
        found = before.objects  # with what is done to each, which these lines don't say
    known = work.placed(result.cluster, found) if verbs.is_kubectls(request.line) else ()
    why = report.result_cause(result, request)
    if why:
        unsure = result.timed_out or (result.status or 0) < 0 or why.reason in _UNSURE
        reason = _programs_end(result) if request.verb.program and result.status else why.reason
        return Outcome(result.cluster, "failed", reason, took, known, unsure=unsure)
    if object_changes.were_rehearsed(said):  # a kuberc can make that the default
        return Outcome(result.cluster, "unchanged", messages.only_rehearsed(), took)
    silent = verbs.can_rehearse(request.verb, request.line) and form in ("", "name")
    state = "unchanged" if object_changes.are_unchanged(known, silent) else "changed"
    return Outcome(result.cluster, state, "", took, known)


def _programs_end(result: Result) -> str:
    """Why a program failed, without a word of its own: one of the causes that we know, else its exit status."""
    known = [
        line
        for line in messages.outcome_lines(result.stderr.decode("utf-8", "replace"))
        if messages.is_known_cause([line])
    ]
    return messages.find_cause("\n".join(known), result.status or 0).reason if known else f"exit status {result.status}"


def written_outcome(place: Outcome) -> dict[str, object]:
    """A place as it is written down."""
    return {
        "cluster": place.cluster,
        "state": place.state,
        "reason": place.reason,
        "seconds": round(place.seconds, 3),
        "objects": record.written_changes(place.objects),
        **({"unsure": True} if place.unsure else {}),
    }


def _record(work: Change, progress: Progress, event: str, **rest: object) -> bool:
    """Write a line; if that fails, nothing more is begun."""
    try:
        work.log.write(event, **rest)
    except UserError as error:
        progress.broken = error
        return False
    return True


# --- Between waves -----------------------------------------------------------------------------------------


def wait_for_wave(work: Change, clusters: Sequence[str], progress: Progress) -> None:
    """Wait for the rollouts of what these clusters have changed. Ctrl-C ends the waiting, and the run."""
    places = [progress.places[cluster] for cluster in clusters if progress.places[cluster].state == "changed"]
    changed = {place.cluster: object_changes.workloads(place.objects) for place in places}
    lost = sorted({each.resource for found in changed.values() for each in found if not each.namespace})
    if lost:
        work.streams.say([messages.not_waited_for(lost)])
    placed = {cluster: [each for each in found if each.namespace] for cluster, found in changed.items()}
    workloads = {cluster: found for cluster, found in placed.items() if found}
    timeout = work.request.options.wave_timeout
    if not workloads:
        return
    work.streams.say([f"Waiting for the rollouts in {fold_names(workloads)}"])
    try:
        outcome = rollouts.wait_for_rollouts(work, workloads, DEFAULT_WAVE_TIMEOUT if timeout is None else timeout)
    except KeyboardInterrupt:
        progress.interrupted = True
        outcome = dict.fromkeys(workloads, "its rollouts were not waited for")
    progress.judged |= set(outcome)
    for cluster, reason in outcome.items():
        progress.places[cluster] = progress.places[cluster]._replace(gated=not reason, reason=reason)
        _record(work, progress, "rollout", cluster=cluster, done=not reason, reason=reason)


def _pause(work: Change, wave: Wave, progress: Progress) -> bool:
    """Wait or ask ahead of a wave, if that is wanted; go on?"""
    pause = work.request.options.pause
    try:
        if pause == "prompt":
            question = f"Go on with wave {wave.number}/{wave.total} ({fold_names(wave.clusters)})? [y/N]: "
            if terminal.ask_user(question).strip().lower() not in ("y", "yes"):
                progress.stopping = "not wanted"
        elif pause is not None:
            work.streams.say([f"Pausing for {pause}"])
            time.sleep(seconds("pause", pause))
    except KeyboardInterrupt:
        progress.interrupted = True
    except OSError:
        progress.stopping = "no terminal"
    return progress.goes_on


@contextmanager
def _patient(work: Change, progress: Progress) -> Iterator[None]:
    """The first signal lets what runs finish, and starts no more; a second one ends it."""

    def come(number: int, frame: object) -> None:
        if progress.interrupted:
            raise KeyboardInterrupt
        progress.interrupted = True
        work.streams.say([messages.finishing()])

    with _stopped_by(come):
        yield


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def _stopped_by(handler: Callable[[int, object], None]) -> Iterator[None]:
    """Ctrl-C, an end that was asked for and a terminal that is gone are the same; what is ignored (nohup) stays so."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    heeded = {number: was for number, was in before.items() if was not in (signal.SIG_IGN, None)}
    for number in heeded:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, was in heeded.items():
            signal.signal(number, was)


def run_one_by_one(work: Change, clusters: Sequence[str], progress: Progress) -> int:
    """A command that owns the terminal, on one cluster after another until one fails; the last exit status."""
    status = 0
    try:
        with _stopped_by(_interrupt):
            for number, cluster in enumerate(clusters, start=1):
                if len(clusters) > 1:
                    work.streams.say([f"CLUSTER: {cluster} ({number}/{len(clusters)})"])
                before = _seen(work, cluster)
                if not _record(work, progress, "begin", cluster=cluster):
                    break
                progress.places[cluster] = Outcome(cluster, "unknown", "interrupted", unsure=True)  # until it has ended
                started = time.monotonic()
                try:
                    status = terminal.run_on_target(work.request, work.jobs[cluster].target)
                except SystemExit as ended:  # a signal for us, which has ended the command first
                    status = progress.ending = ended.code if isinstance(ended.code, int) else 1
                took, after = time.monotonic() - started, _seen(work, cluster)
                place = _edited(cluster, status, bool(progress.ending), before, after)._replace(seconds=took)
                progress.places[cluster] = place
                progress.judged.add(cluster)
                if (
                    not _record(work, progress, "cluster", exit=status, **written_outcome(place))
                    or not progress.goes_on
                ):
                    break
    except KeyboardInterrupt:  # while no cluster is being changed
        progress.interrupted = True
    return status


def _edited(
    cluster: str, status: int, interrupted: bool, before: edits.ObjectStates, after: edits.ObjectStates
) -> Outcome:
    """What became of a cluster whose command on the terminal has ended; interrupted: before it was done."""
    same, changes = edits.is_unchanged(before, after), tuple(edits.edited_objects(before, after))
    if interrupted:
        return Outcome(cluster, "failed" if same else "unknown", "interrupted", objects=changes, unsure=not same)
    if status:
        return Outcome(cluster, "failed", f"exit status {status}", objects=changes)
    return Outcome(cluster, "unchanged" if same else "changed", objects=changes)


def _seen(work: Change, cluster: str) -> edits.ObjectStates:
    """The state of what is to be edited, or was; {} where that can't be seen."""
    if not verbs.compares_states(work.request.verb, work.typed):
        return {}
    (result,) = edits.read_states(work, [cluster])
    return edits.parse_states(result.stdout)
