"""Runs a command with a report for programs (--report=FILE), which is written however the command ends."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_mc import messages
from kubectl_mc.changes import redaction
from kubectl_mc.command_line import grammar, local_files, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.own_commands import COMMANDS
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.report_file import ReportFile


def run(
    path: str, line: CommandLine, environment: Environment, command: Callable[[CommandLine, Environment], int]
) -> int:
    """Run a command, write its report to the file, and return the command's exit status. Raises UserError."""
    report, status, error = ReportFile(path), 1, ""
    words, redact = _without_secrets(line)
    try:
        status = command(line, environment._replace(report=report))
    except messages.UserError as problem:
        status, error = problem.status, str(problem)
        raise
    except KeyboardInterrupt as interrupt:
        status, error = 130, messages.interrupted(interrupt)
        raise
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
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


def _without_secrets(line: CommandLine) -> tuple[list[str], Callable[[str], str]]:
    """Return the words of the command line without secrets, and what leaves them out of a text, as of the record.

    What is given again behind `resume RUN --` may have secrets, and the run has the words.
    """
    if line.path[0] in COMMANDS:
        own = line._replace(tokens=tuple(token for token in line.tokens if not token.verbatim))
        return grammar.typed_words(own), lambda text: redaction.redact_quotes(text, (), of_input=True)
    safe = redaction.redact_line(line, about_secrets=True)
    hidden = redaction.hidden_texts(line, safe)
    has_input = local_files.names_files(line) or verbs.reads_stdin(verbs.find_row(line), line)
    return grammar.typed_words(safe), lambda text: redaction.redact_quotes(text, hidden, has_input)
