# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Making a change, wave by wave. What begins and what ends is recorded before the next step is taken."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from kubectl_mc import messages
from kubectl_mc.changes import edits, input_kinds, record, rollouts
from kubectl_mc.changes.addresses import moved_addresses
from kubectl_mc.changes.change import DEFAULT_WAVE_TIMEOUT, Change, Progress
from kubectl_mc.changes.input_kinds import InputKind
from kubectl_mc.changes.record import Outcome, State
from kubectl_mc.changes.unclear_failures import leaves_open
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.options import seconds
from kubectl_mc.merge import object_changes, output_forms, report
from kubectl_mc.messages import RecordError
from kubectl_mc.messages.name_folding import fold_names
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import event_loop, terminal
from kubectl_mc.processes.event_loop import Exit, Result, ResultCollector
from kubectl_mc.processes.requests import job_command
from kubectl_mc.processes.standard_streams import Phase
from kubectl_mc.processes.targets import Target
from kubectl_mc.reads.screen import Screen


def run_waves(
    change: Change, waves: Sequence[tuple[str, ...]], progress: Progress, awaiting_rollout: Sequence[str] = ()
) -> None:
    """Run the waves one after another, with rollouts and pauses between them, as long as the change may continue.

    awaiting_rollout: changed clusters whose rollouts are waited for ahead of the first wave
    """
    with interruptible(progress):
        if awaiting_rollout:
            _wait_for_wave(change, awaiting_rollout, progress)
        for number, clusters in enumerate(waves, start=1):
            if not progress.may_continue:
                return
            position, names = f"{number}/{len(waves)}", fold_names(clusters)
            if number > 1 and not _pause(change, f"Go on with wave {position} ({names})? [y/N]: ", progress):
                return
            if _have_moved(change, [change.jobs[cluster].target for cluster in clusters], progress):
                return
            title = f"Wave {position}: " if len(waves) > 1 else ""
            if title:
                change.streams.say([f"{title}{names}"])
            with _finishing_on_signal(change, progress):
                _run_wave(change, clusters, progress, title)
            if change.waits_for_rollouts and not progress.record_error and not progress.interrupted:
                _wait_for_wave(change, clusters, progress)


def _have_moved(change: Change, targets: Sequence[Target], progress: Progress) -> bool:
    """Return whether targets lead elsewhere than when they were confirmed, and say so. Then no more are started."""
    if moves := moved_addresses(change.request, targets, change.addresses):
        progress.stop_reason = "moved"
        change.streams.say([messages.moved_meanwhile(moves)])
    return bool(moves)


class _Begun(NamedTuple):
    """A cluster that has begun. started: a time of time.monotonic; before: the outcome until then"""

    started: float
    before: Outcome


def _run_wave(change: Change, clusters: Sequence[str], progress: Progress, title: str) -> None:
    """Run the command on the clusters of a wave, and once more where it has made kinds that its own input needs.

    title: ahead of the progress line
    """
    begun: dict[str, _Begun] = {}
    awaiting: dict[str, Result] = {}  # the first run of a cluster whose second has not ended
    kinds: dict[str, Sequence[InputKind]] = {}
    try:
        for result in _run_jobs(change, clusters, progress, begun, title):
            if awaited := input_kinds.awaited_kinds(result, change.request, change.input.content):
                awaiting[result.cluster], kinds[result.cluster] = result, awaited
            else:
                _settle_result(change, progress, result, begun)
        if awaiting:
            crds = list(dict.fromkeys(kind.crd for awaited in kinds.values() for kind in awaited))
            names = fold_names([cluster for cluster in clusters if cluster in awaiting])
            change.streams.say([messages.waiting_for_kinds(crds, names)])
            for cluster, reason in input_kinds.wait_for_kinds(change, kinds).items():
                if reason:
                    failed = input_kinds.failed_result(awaiting.pop(cluster), kinds[cluster], reason)
                    _settle_result(change, progress, failed, begun)
            for second in _run_jobs(change, list(awaiting), progress, begun, title):
                result = input_kinds.joined_result(awaiting.pop(second.cluster), second, change.request)
                _settle_result(change, progress, result, begun)
    except KeyboardInterrupt:
        pass  # the second one, and the event loop has ended the kubectls
    except OSError as error:  # of the event loop itself, which has ended the kubectls
        progress.stop_reason = error.strerror or str(error)
    for cluster in begun:
        if cluster not in progress.results:  # it was ended
            first = awaiting.get(cluster, Result(cluster, b"", b"", None))
            progress.results[cluster] = first._replace(status=None)
            objects = change.with_namespaces(
                cluster, object_changes.parse_changes(first.stdout.decode(errors="replace"))
            )
            outcome = Outcome(cluster, "unknown", progress.stop_reason or "interrupted", objects=objects, unsure=True)
            progress.outcomes[cluster] = outcome
            _record(change, progress, "cluster", **written_outcome(outcome))


def _run_jobs(
    change: Change, clusters: Sequence[str], progress: Progress, begun: dict[str, _Begun], title: str
) -> Iterator[Result]:
    """Run the command on clusters, and yield the results as they come.

    begun: gets the clusters that begin now; one that is in it has its second run
    title: ahead of the progress line
    """
    request, jobs = change.request, [change.jobs[cluster] for cluster in clusters]
    collector = ResultCollector()
    screen = Screen(request, jobs) if verbs.mode(request.row, request.line) == "streamed" else None
    # A screen shows stdout at once; it is kept as well only if it says what became of the objects.
    keeps_stdout = not screen or verbs.can_rehearse(request.row, request.line)

    def may_start(index: int) -> bool:
        """Record that a cluster begins. It must not begin if that fails."""
        cluster = jobs[index].label
        if cluster in begun:
            return True
        if not progress.may_continue or not _record(change, progress, "begin", cluster=cluster):
            return False
        begun[cluster] = _Begun(time.monotonic(), progress.outcomes[cluster])
        progress.outcomes[cluster] = begun[cluster].before._replace(state="running", reason="", rolled_out=None)
        return True

    def on_start_error(index: int, error: OSError) -> None:
        """Let the others finish, and start no more."""
        if jobs[index].label in second_runs:
            progress.stop_reason = messages.system_error(error)
        else:
            _settle_unstarted(change, progress, begun.pop(jobs[index].label).before, error)

    second_runs = set(begun)
    commands = [job_command(request, job._replace(line=output_forms.mergeable_line(request, job.line))) for job in jobs]
    parallel = request.parallel(len(jobs))
    phase = Phase("wave", change.streams, clusters, request.patience, title)
    try:
        with phase:
            for event in event_loop.run_commands(
                commands, parallel, request.patience, request.stdin, at_once=request.at_once,
                on_start=phase.begin, may_start=may_start, on_start_error=on_start_error, on_tick=phase.on_tick,
            ):  # fmt: skip
                if screen:
                    screen.show(event)
                if isinstance(event, Exit) or keeps_stdout or event.stream == "stderr":
                    collector.add(event)
                if isinstance(event, Exit):
                    phase.end(event.command_index)
                    yield request.named(collector.take(event.command_index, event.cluster))
    finally:
        if screen:
            screen.show_rest()


def _settle_result(change: Change, progress: Progress, result: Result, begun: Mapping[str, _Begun]) -> None:
    """Record the outcome of a cluster whose kubectl has ended."""
    progress.results[result.cluster] = result
    took = time.monotonic() - begun[result.cluster].started
    outcome = judge_outcome(change, result, took, progress.outcomes[result.cluster])
    progress.outcomes[result.cluster] = outcome
    progress.finished.add(result.cluster)
    exit_status = None if result.timed_out else result.status
    _record(change, progress, "cluster", exit=exit_status, **written_outcome(outcome))


def _settle_unstarted(change: Change, progress: Progress, before: Outcome, error: OSError) -> None:
    """Record that the process of a cluster couldn't be started. before: the outcome so far, which holds on"""
    problem = messages.system_error(error)
    progress.stop_reason = problem
    outcome = before if before.may_be_done else before._replace(state="not started", reason=problem)
    progress.outcomes[before.cluster] = outcome
    _record(change, progress, "cluster", **written_outcome(outcome))
    change.streams.say([messages.cannot_start(before.cluster, problem)])


def judge_outcome(change: Change, result: Result, took: float, before: Outcome) -> Outcome:
    """Return the outcome of a cluster whose kubectl has ended.

    took: in seconds; before: the outcome so far, with the objects of the preflight
    """
    request = change.request
    form, _ = grammar.output_format(request.line)
    stdout = result.stdout.decode("utf-8", "replace")
    objects = tuple(object_changes.parse_changes(stdout)) if form in ("", "name") else before.objects
    if form == "name" and before.objects:
        objects = before.objects  # the lines of -o name don't say what was done
    objects = change.with_namespaces(result.cluster, objects) if verbs.is_kubectls(request.line) else ()
    if cause := report.result_cause(result, request):
        runs_program = request.row.as_change.runs_program
        unsure = leaves_open(result, cause, runs_program or not verbs.is_kubectls(request.line))
        reason = _program_failure(result) if runs_program and result.status else cause.reason
        return Outcome(result.cluster, "failed", reason, took, objects, unsure=unsure)
    # What has a dry run names its objects; of the rest, some lines name none (the token of `create token`).
    names_all = verbs.can_rehearse(request.row, request.line) or not stdout.strip()
    silent_is_unchanged = names_all and verbs.tells_changes(request.row, request.line) and form in ("", "name")
    state: State = "unchanged" if object_changes.are_unchanged(objects, silent_is_unchanged) else "changed"
    return Outcome(result.cluster, state, "", took, objects)


def _program_failure(result: Result) -> str:
    """Return why a program failed without quoting it: a known cause, else its exit status."""
    status = result.status or 0
    cause = messages.find_cause(result.stderr.decode("utf-8", "replace"), status)
    return (messages.find_cause("", status) if cause.kind in messages.OF_COMMAND else cause).reason


def written_outcome(outcome: Outcome) -> dict[str, object]:
    """Return the JSON of an outcome in the record."""
    return {
        "cluster": outcome.cluster,
        "state": outcome.state,
        "reason": outcome.reason,
        "seconds": round(outcome.seconds, 3),
        "objects": record.written_changes(outcome.objects),
        **({"unsure": True} if outcome.unsure else {}),
        **({"done_before": True} if outcome.done_before else {}),
    }


def _record(change: Change, progress: Progress, event: str, **fields: object) -> bool:
    """Record an event and return whether it could be written. If not, no more clusters are started."""
    try:
        change.log.write(event, **fields)
    except RecordError as error:
        progress.record_error = error
        progress.unrecorded.append((event, str(fields["cluster"])))
        return False
    return True


# --- Between waves -----------------------------------------------------------------------------------------


def _wait_for_wave(change: Change, clusters: Sequence[str], progress: Progress) -> None:
    """Wait for the rollouts of the workloads that were changed. Ctrl-C ends the waiting, and the run."""
    outcomes = [progress.outcomes[cluster] for cluster in clusters]
    changed = {
        outcome.cluster: object_changes.workloads(outcome.objects) for outcome in outcomes if outcome.may_roll_out
    }
    without_namespace = sorted(
        {workload.resource for group in changed.values() for workload in group if not workload.namespace}
    )
    if without_namespace:
        change.streams.say([messages.not_waited_for(without_namespace)])
    workloads = {
        cluster: [workload for workload in group if workload.namespace]
        for cluster, group in changed.items()
        if any(workload.namespace for workload in group)
    }
    if not workloads:
        return
    change.streams.say([f"Waiting for the rollouts in {fold_names(workloads)}"])
    timeout = change.request.options.wave_timeout
    try:
        reasons = rollouts.wait_for_rollouts(change, workloads, DEFAULT_WAVE_TIMEOUT if timeout is None else timeout)
    except KeyboardInterrupt:
        progress.interrupted = True
        reasons = dict.fromkeys(workloads, "its rollouts were not waited for")
    progress.finished |= set(reasons)
    for cluster, reason in reasons.items():
        progress.outcomes[cluster] = progress.outcomes[cluster]._replace(rolled_out=not reason, reason=reason)
        _record(change, progress, "rollout", cluster=cluster, done=not reason, reason=reason)


def _pause(change: Change, question: str, progress: Progress) -> bool:
    """Wait or ask ahead of a wave, as --pause says, and return whether the change may continue."""
    pause = change.request.options.pause
    try:
        if pause == "prompt":
            if not messages.is_yes(terminal.ask_user(question)):
                progress.stop_reason = "not wanted"
        elif pause is not None:
            change.streams.say([f"Pausing for {pause}"])
            time.sleep(seconds("pause", pause))
    except KeyboardInterrupt:
        progress.interrupted = True
    except OSError:
        progress.stop_reason = "no terminal"
    return progress.may_continue


@contextmanager
def _finishing_on_signal(change: Change, progress: Progress) -> Iterator[None]:
    """On the first signal, the kubectls that run may finish, and no more are started. A second signal ends them."""

    def finish(number: int, frame: object) -> None:
        if progress.interrupted:
            raise KeyboardInterrupt
        _note(progress, number)
        change.streams.say([messages.FINISHING])

    with _signals_handled_by(finish):
        yield


@contextmanager
def interruptible(progress: Progress) -> Iterator[None]:
    """On a signal, leave the block, in which no cluster is being changed."""

    def interrupt(number: int, frame: object) -> None:
        _note(progress, number)
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt), _signals_handled_by(interrupt):
        yield


def _note(progress: Progress, number: int) -> None:
    progress.interrupted = True
    if number != signal.SIGINT:
        progress.signal_status = 128 + number


@contextmanager
def _signals_handled_by(handler: Callable[[int, object], None]) -> Iterator[None]:
    """Handle Ctrl-C, SIGTERM and a closed terminal alike. A signal that is ignored (nohup) stays so."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    replaced = {number: before for number, before in handlers.items() if before not in (signal.SIG_IGN, None)}
    for number in replaced:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, before in replaced.items():
            signal.signal(number, before)


# --- On the terminal ---------------------------------------------------------------------------------------


def run_one_by_one(change: Change, clusters: Sequence[str], progress: Progress) -> int:
    """Run a command that owns the terminal on one cluster after another, until one fails; return the last status."""
    status = 0
    with interruptible(progress):
        for number, cluster in enumerate(clusters, start=1):
            if len(clusters) > 1:
                change.streams.say_heading(f"{cluster} ({number}/{len(clusters)})")
                if _have_moved(change, [terminal.foreground_target(change.jobs[cluster].target)], progress):
                    break
            before, outcome = _object_states(change, cluster), progress.outcomes[cluster]
            if not _record(change, progress, "begin", cluster=cluster):
                break
            progress.outcomes[cluster] = Outcome(cluster, "unknown", "interrupted", unsure=True)  # until it ends
            started = time.monotonic()
            try:
                status = terminal.run_on_target(change.request, change.jobs[cluster].target)
            except SystemExit as ended:  # a signal for us, which has ended the command first
                status = progress.signal_status = ended.code if isinstance(ended.code, int) else 1
            except OSError as error:
                status = 1
                _settle_unstarted(change, progress, outcome, error)
                break
            took, after = time.monotonic() - started, _object_states(change, cluster)
            outcome = _judge_edit(cluster, status, bool(progress.signal_status), before, after)._replace(seconds=took)
            progress.outcomes[cluster] = outcome
            progress.finished.add(cluster)
            recorded = _record(change, progress, "cluster", exit=status, **written_outcome(outcome))
            if not recorded or not progress.may_continue:
                break
    return status


def _judge_edit(
    cluster: str, status: int, interrupted: bool, before: edits.ObjectStates, after: edits.ObjectStates
) -> Outcome:
    """Return the outcome of a cluster whose command on the terminal has ended. interrupted: by a signal"""
    unchanged, objects = edits.is_unchanged(before, after), tuple(edits.edited_objects(before, after))
    if interrupted:
        state: State = "failed" if unchanged else "unknown"
        return Outcome(cluster, state, "interrupted", objects=objects, unsure=not unchanged)
    if status:
        return Outcome(cluster, "failed", f"exit status {status}", objects=objects)
    return Outcome(cluster, "unchanged" if unchanged else "changed", objects=objects)


def _object_states(change: Change, cluster: str) -> edits.ObjectStates:
    """Return the states of the objects that are edited; {} where they can't be read."""
    if not change.request.row.as_change.one_by_one:
        return {}
    (result,) = edits.read_states(change, [cluster])
    return edits.parse_states(result.stdout)
