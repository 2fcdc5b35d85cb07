"""Runs a command with a report for programs (--report=FILE), which is written however the command ends."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_mc import messages
from kubectl_mc.changes import redaction
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.own_commands import COMMANDS
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.report_file import ReportFile


def run(
    path: str, line: CommandLine, environment: Environment, command: Callable[[CommandLine, Environment], int]
) -> int:
    """Run a command, write its report to the file, and return the command's exit status. Raises UserError."""
    if (
        line.path[0] in COMMANDS
    ):  # what is given again behind `resume RUN --` may have secrets, and the run has its words
        safe = line._replace(tokens=tuple(token for token in line.tokens if not token.verbatim))
    else:
        safe = redaction.redact_line(line, about_secrets=True)
    hidden = redaction.hidden_texts(line, safe) if line.path[0] not in COMMANDS else ()
    report, status, error = ReportFile(path), 1, ""
    try:
        status = command(line, environment._replace(report=report))
    except messages.UserError as problem:
        status, error = problem.status, str(problem)
        raise
    except KeyboardInterrupt:
        status, error = 130, "interrupted"
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
            report.write(grammar.typed_words(safe), status, redaction.redact_quotes(error, hidden, of_input=False))
        except messages.UserError as problem:
            environment.streams.say([f"Error: {problem}"])
            status = status or messages.PARTIAL
    return status
