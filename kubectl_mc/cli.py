"""Runs one command line: the one place where a command is chosen, and where an error becomes text and a status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TextIO

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.invocation import Invocation, parse_invocation
from kubectl_mc.command_line.options import OWN_FLAGS
from kubectl_mc.command_line.own_commands import COMMANDS, SECTIONS, WITHOUT_OPERANDS
from kubectl_mc.messages import UserError
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.standard_streams import Streams


def main(argv: Sequence[str], variables: Mapping[str, str], stdin: TextIO, stdout: TextIO, stderr: TextIO) -> int:
    """Run one command line and return its exit status (README.md says what each status means).

    argv: without the program's name
    variables: the environment variables
    """
    try:
        status = _run(parse_invocation(argv), Environment(variables, Streams(stdin, stdout, stderr)))
        stdout.flush()
        return status
    except UserError as error:
        return _failed(stderr, str(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0  # the reader (`| head`) has seen enough
    except OSError as error:  # a full disk, for example
        return _failed(stderr, messages.trouble(error))
    finally:
        for stream in (stdout, stderr):
            with suppress(OSError):
                stream.flush()


def _failed(stderr: TextIO, text: str) -> int:
    with suppress(OSError):
        stderr.write(f"Error: {text}\n")
    return 1


def _run(invocation: Invocation, environment: Environment) -> int:
    line, stdout = invocation.kubectl, environment.streams.stdout
    if invocation.wants == "help":
        from kubectl_mc.command_line import help_texts

        stdout.write(help_texts.HELP)
        return 0
    if invocation.wants == "version":
        from kubectl_mc import __version__

        stdout.write(f"kubectl-mc {__version__}\n")
        return 0
    if not line.path:
        raise messages.no_verb()
    environment = environment.for_invocation(invocation)
    if line.path[0] not in COMMANDS:
        from kubectl_mc.commands import kubectl

        return kubectl.run(line, environment)
    from importlib import import_module

    command = import_module(f"kubectl_mc.commands.{line.path[0]}")
    if grammar.is_set(line, "help"):
        from kubectl_mc.command_line import help_texts

        stdout.write(command.HELP + help_texts.sections_text(SECTIONS[line.path[0]]))
        return 0
    _refuse_unknown(line)
    return int(command.run(line, environment))


def _refuse_unknown(line: CommandLine) -> None:
    """Raise UserError for a flag that the command of ours does not have: it must not be run without it."""
    known = grammar.flag_table(line.verb).takes_value
    given = [name for token in line.tokens for name, _ in token.flags]
    words = [f"--{name}" if len(name) > 1 else f"-{name}" for name in given if name not in known]
    words += grammar.operands(line) if line.verb in WITHOUT_OPERANDS else []
    if words:
        raise messages.unexpected_argument(line.verb, words[0], [f"--{name}" for name in (*known, *OWN_FLAGS)])
