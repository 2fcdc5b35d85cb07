# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Runs one command line: chooses the command, and turns errors into a text and an exit status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress

from kubectl_mc import OWN_VERSION, messages
from kubectl_mc.command_line import flag_tables, grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.invocation import Invocation, parse_invocation
from kubectl_mc.command_line.options import OWN_FLAGS, PLUGIN_FLAGS, REPORT, truth
from kubectl_mc.command_line.own_commands import (
    ASKING_AS,
    COMMANDS,
    FLAG_VALUES,
    PLUGIN_RUN,
    REPORTED,
    RETYPED,
    WITHOUT_OPERANDS,
)
from kubectl_mc.messages import UserError
from kubectl_mc.processes import programs
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.kuberc_file import resolved
from kubectl_mc.processes.standard_streams import safe_streams
from kubectl_mc.type_hints import TextIO


def main(argv: Sequence[str], variables: Mapping[str, str], stdin: TextIO, stdout: TextIO, stderr: TextIO) -> int:
    """Run one command line and return its exit status (README.md lists what each means).

    argv: the arguments, without the program's name
    variables: the environment variables
    """
    line: CommandLine | None = None  # as long as it can't be read
    with safe_streams(stdin, stdout, stderr, variables) as streams:
        try:
            with resolved(parse_invocation(argv), Environment(variables, streams)) as (invocation, environment):
                line = invocation.kubectl
                status = _run(invocation, environment)
            streams.stdout.flush()
            return status
        except UserError as error:
            typed = line or _typed_verb(argv)
            error.status = max(error.status, verbs.error_status(typed))
            _report_refusal(argv, variables, error, streams.stderr)
            text = f"{error.prefix}: {error}"
            if not line and _is_for_clusters(typed) and verbs.effect(typed) == "change":
                text += f"\n{messages.NOTHING_CHANGED}"
            return _failed(streams.stderr, text, error.status, _has_colours(argv, variables, stderr))
        except KeyboardInterrupt as interrupt:
            if text := messages.interrupted(interrupt, ""):
                return _failed(streams.stderr, f"Error: {text}", 130)
            return 130
        except SystemExit as ended:  # a signal
            if text := messages.ended_by_signal(ended, ""):
                _failed(streams.stderr, f"Error: {text}")
            raise
        except BrokenPipeError:
            return 0  # the reader (`| head`) needs no more output
        except OSError as error:  # a full disk, for example
            return _failed(streams.stderr, f"Error: {messages.system_error(error)}")


def _check_own_command(line: CommandLine, typed: Sequence[tuple[str, str | None]]) -> None:
    """Raise UserError for a flag or an operand that a command of ours doesn't have, so that it can't run without it.

    Raises it also for a value that a flag of the command can't have.
    typed: our flags, as they were typed
    """
    from kubectl_mc.command_line import help_texts, other_tools

    table = flag_tables.flag_table(line.verb).flags
    shared = help_texts.flag_descriptions(help_texts.command_sections(line.path[0]))
    unexpected = [token.words[0] for token in line.tokens if token.unknown]
    unexpected += [f"--{name}" for name, _ in typed if name not in shared and name not in table]
    unexpected += grammar.operands(line) if line.verb in WITHOUT_OPERANDS else []
    unexpected += grammar.join_tokens(grammar.split_tokens(line)[1]) if line.verb not in RETYPED else []
    if unexpected:
        flags = [f"--{name}" for name in (*table, *shared)]
        hint = other_tools.flag_hint(line.path[0], unexpected[0])
        raise messages.unexpected_argument(line.verb, unexpected[0], flags, hint)
    if line.verb not in ASKING_AS and grammar.values(line, "namespace"):
        raise messages.takes_no_namespace(line.verb, "inventory" in shared)
    kubectls = flag_tables.flag_table("").flags.keys() - {"help"}
    for name, value in (flag for token in line.tokens for flag in token.flags):
        if name not in kubectls and table[name].kind == "bool":
            truth(name, value or "")
    for name in table:
        text, choices = grammar.value(line, name), FLAG_VALUES.get((line.path[0], name), ())
        # An empty -o is none, as kubectl has it.
        if choices and text is not None and text not in choices and (text or name != "output"):
            raise messages.bad_flag_value(name, text, f"one of {', '.join(choices)}")


def _check_read_only(line: CommandLine, environment: Environment) -> None:
    """Raise UserError under --read-only for what is neither a read nor a dry run: before any program is asked."""
    # `create WORD` may be one. A command of ours never is, though a plugin may have its name.
    is_plugin = line.path[0] not in COMMANDS and bool(programs.plugin_name(line, environment.variables))
    effect = "program" if is_plugin else verbs.effect(line)
    if effect:  # only then is the mapping file read for it
        from kubectl_mc.fleet import read_only

        with messages.unchanged_on_error() if effect == "change" else nullcontext():
            reason = read_only.reason(environment)
        if reason:
            if line.path[0] not in COMMANDS:
                line = programs.resolve_plugin(line, environment)  # it tells as ever of a verb that isn't there
            raise messages.read_only(line.verb, effect, reason, "" if is_plugin else verbs.rehearsal(line))


def _is_for_clusters(line: CommandLine) -> bool:
    """Return whether the command is one of kubectl's, or one of ours that runs these on clusters."""
    return bool(line.path) and (line.path[0] not in COMMANDS or line.path[0] in REPORTED)


def _typed_verb(argv: Sequence[str]) -> CommandLine:
    """Return a command line that can't be read, or at least its verb, as far as it can be known."""
    try:
        return grammar.parse_line(argv, OWN_FLAGS, PLUGIN_FLAGS)
    except UserError:
        words = tuple(word for word in argv if not word.startswith("-"))
        paths = [CommandLine(words[:length], ()) for length in (2, 1)]
        return next((path for path in paths if verbs.is_kubectls(path)), paths[-1])


def _has_colours(argv: Sequence[str], variables: Mapping[str, str], stderr: TextIO) -> bool:
    """Return whether an error has colours, also where the command line can't be read."""
    from kubectl_mc.messages.colours import wants_colour

    typed = argv[: argv.index("--")] if "--" in argv else argv
    choices = [
        word[len("--color=") :] or "always" for word in typed if word.startswith("--color=") or word == "--color"
    ]
    return wants_colour(stderr.isatty(), variables, choices[-1] if choices else "auto")


def _failed(stderr: TextIO, text: str, status: int = 1, has_colours: bool = False) -> int:
    if has_colours:
        from kubectl_mc.messages.painted_notices import painted_notices

        text = painted_notices(text)
    with suppress(OSError):
        stderr.write(f"{text}\n")
    return status


def _report_refusal(argv: Sequence[str], variables: Mapping[str, str], error: UserError, stderr: TextIO) -> None:
    """Write the report for programs where the command line itself is wrong, so that no command has written it."""
    if error.is_reported or not (REPORT in variables or any(word.startswith("--report") for word in argv)):
        return
    from kubectl_mc.commands import reported

    try:
        reported.report_refusal(argv, variables, error)
    except UserError as problem:
        _failed(stderr, f"Error: {problem}")


def _run(invocation: Invocation, environment: Environment) -> int:
    """Show our help or version, or run the command and write its report. Return the exit status. Raises UserError."""
    line = invocation.kubectl
    if invocation.wants in ("brief", "help"):
        from kubectl_mc.command_line import help_texts

        environment.show_help(help_texts.BRIEF if invocation.wants == "brief" else help_texts.HELP)
        return 0
    if invocation.wants == "version":
        environment.streams.stdout.write(f"{OWN_VERSION}\n")
        return 0
    if not line.path:
        from kubectl_mc.command_line import other_tools

        words = [f"--{name}" for name, _ in invocation.options.typed] + grammar.join_tokens(line.tokens)
        hints = (other_tools.flag_hint("", word) for word in words if word.startswith("-"))
        raise messages.no_verb(next(filter(None, hints), ""))
    if line.path == PLUGIN_RUN and grammar.is_set(line, "help"):
        from kubectl_mc.command_line import help_texts

        environment.show_help(help_texts.PLUGIN_RUN_HELP)
        return 0
    environment = environment.for_invocation(invocation)
    _check_read_only(line, environment)
    path = environment.options.report or environment.variables.get(REPORT)
    if line.path[0] in COMMANDS and line.path[0] not in REPORTED:
        if environment.options.report:
            raise messages.flag_is_not_for(
                "report", line.verb, f"kubectl's verbs, {', '.join(REPORTED[:-1])} and {REPORTED[-1]}"
            )
        path = None
    if not path:
        return _run_command(line, environment)
    from kubectl_mc.commands import reported

    return reported.run(path, line, environment, _run_command)


def _run_command(line: CommandLine, environment: Environment) -> int:
    if line.path[0] not in COMMANDS:
        from kubectl_mc.commands import kubectl

        return kubectl.run(line, environment)
    from importlib import import_module

    command = import_module(f"kubectl_mc.commands.{line.path[0]}")
    if grammar.is_set(line, "help"):
        from kubectl_mc.command_line import help_texts

        environment.show_help(command.HELP + help_texts.sections_text(help_texts.command_sections(line.path[0])))
        return 0
    from kubectl_mc.processes import pipe_files

    try:
        _check_own_command(line, environment.options.typed)
        with pipe_files.held_access(line, environment) as (line, environment):
            return int(command.run(line, environment))
    except UserError as error:
        error.status = max(error.status, verbs.error_status(line))
        raise
