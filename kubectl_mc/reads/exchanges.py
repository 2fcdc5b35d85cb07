# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Exchanges: what a read asks one cluster, step by step, as the answers to one step say what the next one asks.

Those of all clusters run side by side in one event loop. So a cluster that hangs, or whose login does, holds back what
is asked of itself, and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.children import Chunk, Command, Exit, interrupts_postponed
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, Request, job_command, note_answers
from kubectl_mc.processes.standard_streams import Phase
from kubectl_mc.processes.targets import Target
from kubectl_mc.type_hints import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import TypeVar

    T = TypeVar("T")
    # It yields the questions of each step, gets their results in the same order, and returns what came of it.
    Exchange = Generator[Sequence["Question"], Sequence[Result], T]


_LONG = 5.0  # seconds without an answer after which that is said where no progress line says it


def _whole(result: Result) -> Result:
    return result


class Question(NamedTuple):
    """A command with which a cluster is asked.

    keep: returns what is kept of its result, so that a long output need not be
    tells: whether its answer is the cluster's, and not what its kubectl remembers of an earlier one
    """

    target: Target
    command: Command
    keep: Callable[[Result], Result] = _whole
    tells: bool = True


def ask(
    request: Request, jobs: Sequence[Job], keep: Callable[[int, Result], Result] = lambda index, result: result
) -> Exchange[list[Result]]:
    """Ask with jobs of a cluster, and return their results. keep: as of a `Question`, with the index of the job"""

    def question(index: int, job: Job) -> Question:
        def kept(result: Result) -> Result:
            return keep(index, request.named(result)._replace(namespace=job.namespace))

        return Question(job.target, job_command(request, job), kept)

    return list((yield [question(*numbered) for numbered in enumerate(jobs)]))


class _Step(NamedTuple):
    """A step of an exchange. results: by the place of each question, of those that have an answer"""

    exchange: Exchange[None]
    questions: Sequence[Question]
    results: dict[int, Result]


class Exchanges:
    """The exchanges of a command, by the indexes of their commands in the event loop.

    append: appends the command of a question to those of the loop, and returns its index
    """

    def __init__(self, append: Callable[[Question], int]) -> None:
        self._append = append
        self._places: dict[int, tuple[_Step, int]] = {}  # of the questions without an answer
        self._collector = event_loop.ResultCollector()
        self._named: set[str] = set()

    def __bool__(self) -> bool:
        """Return whether an exchange goes on."""
        return bool(self._places)

    def __contains__(self, command_index: int) -> bool:
        """Return whether a command is a question's that has no answer yet."""
        return command_index in self._places

    def silent(self, waited: Callable[[int], float]) -> list[str]:
        """Return the clusters that have been silent to a question for long, each cluster once.

        waited: returns for how many seconds a command has waited for its cluster, 0.0 if it isn't started yet
        """
        targets = (
            step.questions[place].target for index, (step, place) in self._places.items() if waited(index) >= _LONG
        )
        silent = [name for name in dict.fromkeys(target.cluster for target in targets) if name not in self._named]
        self._named.update(silent)
        return silent

    def begin(self, exchange: Exchange[None]) -> None:
        """Begin an exchange."""
        self._go_on(exchange, None)

    def feed(self, event: Chunk | Exit) -> None:
        """Take what the command of a question has written, or its end."""
        self._collector.add(event)
        if isinstance(event, Exit):
            self.take(event.command_index, self._collector.take(event.command_index, event.cluster))

    def take(self, command_index: int, result: Result) -> None:
        """Take the result of a question, and go on with its exchange if it was the last one of its step."""
        step, place = self._places.pop(command_index)
        step.results[place] = step.questions[place].keep(result)
        if len(step.results) == len(step.questions):
            self._go_on(step.exchange, [result for _, result in sorted(step.results.items())])

    def end(self) -> None:
        """Go on to the ends of all exchanges, with results whose status is None, as nothing more is asked."""
        while self._places:
            index, (step, place) = next(iter(self._places.items()))
            self.take(index, Result(step.questions[place].command.cluster, b"", b"", None))

    def _go_on(self, exchange: Exchange[None], results: Sequence[Result] | None) -> None:
        questions: Sequence[Question] = ()
        while not questions:
            try:
                questions = next(exchange) if results is None else exchange.send(results)
            except StopIteration:
                return
            results = ()
        step = _Step(exchange, questions, {})
        self._places |= {self._append(question): (step, place) for place, question in enumerate(questions)}


def run_exchanges(
    request: Request,
    exchanges: Sequence[Exchange[T]],
    interrupts: list[BaseException],
    meanwhile: Callable[[], None] = lambda: None,
) -> list[T]:
    """Run the exchanges of a read that is shown at its end, and return what came of each.

    interrupts: gets the exception of Ctrl-C or another signal; then the status of what has no answer is None
    meanwhile: called once, while the first commands run
    """
    questions: list[Question] = []
    commands: list[Command] = []  # of the questions
    results: dict[int, Result] = {}
    took: dict[int, float] = {}
    outcomes: list[tuple[Target, Result, float]] = []
    values: dict[int, T] = {}

    def noted(number: int, exchange: Exchange[T]) -> Exchange[None]:
        values[number] = yield from exchange

    def append(question: Question) -> int:
        questions.append(question)
        # It is waited for by the name of its cluster; the result has its label.
        commands.append(question.command._replace(cluster=question.target.cluster))
        return len(questions) - 1

    def on_end(index: int, seconds: float) -> None:
        took[index] = seconds
        if report := request.environment.report:
            report.took(questions[index].target.cluster, seconds)

    def keep(index: int, result: Result) -> Result:
        question = questions[index]
        results[index] = result._replace(cluster=question.command.cluster)
        if index in took and (question.tells or result.status):
            outcomes.append((question.target, result._replace(stdout=result.stdout[:1]), took[index]))
        return result._replace(stdout=b"", stderr=b"")  # the exchange has the whole

    def after(index: int, _: Result) -> Sequence[Command]:
        first = len(commands)
        with interrupts_postponed():  # an exchange that broke off would tell nothing of its cluster
            running.take(index, results.pop(index))
        return commands[first:]

    running = Exchanges(append)
    for numbered in enumerate(exchanges):
        running.begin(noted(*numbered))
    streams, parallel = request.environment.streams, request.parallel(sys.maxsize)
    phase = Phase("answers", streams, [command.cluster for command in commands], request.patience)
    if commands:
        event_loop.collect_results(
            [*commands],
            parallel,
            request.patience,
            request.stdin,
            interrupts,
            on_end=on_end,
            phase=phase,
            at_once=request.at_once,
            meanwhile=meanwhile,
            keep=keep,
            after=after,
        )
    running.end()
    note_answers(request, outcomes)
    return [values[number] for number in range(len(exchanges))]


def log_in(target: Target) -> Exchange[list[Result]]:
    """Wait until the login of a target has ended, and return its failure, if it has failed."""
    if not target.login or target.login.has_ended:
        return []
    (result,) = yield [Question(target, kubectl_process.login_command(target))]
    return [result] if result.status else []
