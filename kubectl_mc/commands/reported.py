# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Runs a command with a report for programs (--report=FILE), which is written however the command ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import pairwise

from kubectl_mc import messages
from kubectl_mc.changes import redaction
from kubectl_mc.command_line import grammar, local_files, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.invocation import parse_invocation
from kubectl_mc.command_line.options import OWN_FLAGS, PLUGIN_FLAGS, REPORT
from kubectl_mc.command_line.own_commands import ASKING_AS, COMMANDS, REPORTED
from kubectl_mc.processes import programs
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.report_file import ReportFile


def run(
    path: str, line: CommandLine, environment: Environment, command: Callable[[CommandLine, Environment], int]
) -> int:
    """Run a command, write its report to the file, and return the command's exit status. Raises UserError."""
    with _before(line):
        report = ReportFile(path)
    status, error = 1, ""
    words, redact = _without_secrets(line, report)
    try:
        status = command(line, environment._replace(report=report))
    except messages.UserError as problem:
        status, error, problem.is_reported = problem.status, str(problem), True
        raise
    except KeyboardInterrupt as interrupt:
        status, error = 130, messages.interrupted(interrupt)
        raise
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
        error = messages.ended_by_signal(ended, "")
        raise
    except BrokenPipeError:  # the reader needs no more output
        status = 0
        raise
    except OSError as problem:
        error = messages.system_error(problem)
        raise
    finally:
        try:
            # What follows the first line of an error is of the clusters, or says that nothing was changed.
            report.write(words, status, error.partition("\n")[0], redact)
        except messages.UserError as problem:
            environment.streams.say([f"Error: {problem}"])
            status = status or messages.PARTIAL
    return status


@contextmanager
def _before(line: CommandLine) -> Iterator[None]:
    """Say with an error ahead of the command what it says with its own: that nothing was changed. Raises UserError."""
    row = None if line.path[0] in COMMANDS else verbs.find_row(line)
    is_read = line.path[0] in ASKING_AS if row is None else not verbs.is_change(row, line)
    try:
        with nullcontext() if is_read else messages.unchanged_on_error():
            yield
    except messages.UserError as error:
        error.is_reported = True
        error.status = max(error.status, verbs.error_status(line))
        raise


def report_refusal(argv: Sequence[str], variables: Mapping[str, str], error: messages.UserError) -> None:
    """Write the report of a command line that is refused before a command is run, if one is wanted. Raises UserError.

    Its words are [] if they can't be read, as then it isn't known what is secret in them.
    """
    try:
        line = grammar.parse_line(argv, OWN_FLAGS, PLUGIN_FLAGS)
        if verbs.is_plugin(line) and not programs.plugin_name(line, variables):  # an alias, or a verb that isn't there
            line = grammar.parse_line(argv, OWN_FLAGS, OWN_FLAGS)
    except messages.UserError:
        path, line = _typed_path(argv, variables), CommandLine((), ())
    else:
        path, line = grammar.value(line, "report"), grammar.without(line, OWN_FLAGS)
    if path is None and _takes_report(line):
        path = variables.get(REPORT)
    if path:
        report = ReportFile(path)
        words, redact = _without_secrets(line, report)
        report.write(words, error.status, str(error).partition("\n")[0], redact)


def _typed_path(argv: Sequence[str], variables: Mapping[str, str]) -> str | None:
    """Return the value of the last --report in words that can't be parsed; None without one, and of a plugin."""
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    verb = next((word for word in words if not word.startswith("-")), "")
    if verbs.is_plugin(line := CommandLine((verb,), ())) and programs.plugin_name(line, variables):
        return None
    values = [word.partition("=")[2] for word in words if word.startswith("--report=")]
    values += [value for flag, value in pairwise(words) if flag == "--report"]
    return values[-1] if values else None


def _takes_report(line: CommandLine) -> bool:
    """Return whether the command writes a report if the variable names one: all but most of our own commands."""
    return not line.path or line.path[0] not in COMMANDS or line.path[0] in REPORTED


def _without_secrets(line: CommandLine, report: ReportFile) -> tuple[list[str], Callable[[str], str]]:
    """Return the words of the command line without secrets, and what leaves them out of a text, as of the record.

    What is given again behind `resume RUN --` may have secrets, and the run has the words.
    """
    own = bool(line.path) and line.path[0] in COMMANDS
    if own:
        hidden = _hidden_behind(line)
        words = grammar.typed_words(line._replace(tokens=grammar.split_tokens(line)[0]))
    elif line.path:
        safe = redaction.redact_line(line, about_secrets=True)
        hidden, words = redaction.hidden_texts(line, safe), grammar.typed_words(safe)
        report.has_input = local_files.names_files(line) or verbs.reads_stdin(verbs.find_row(line), line)
    else:
        hidden, words, report.has_input = (), [], True
    return words, lambda text: redaction.redact_quotes(text, hidden, report.has_input, report.files)


def _hidden_behind(line: CommandLine) -> tuple[str, ...]:
    """Return what is secret in a command line that is given again behind `--`: all of it if it can't be parsed."""
    words = grammar.words_behind(line)
    try:
        typed = parse_invocation(words).kubectl
    except messages.UserError:
        return tuple(words)
    return redaction.hidden_texts(typed, redaction.redact_line(typed, about_secrets=True)) if typed.path else ()
