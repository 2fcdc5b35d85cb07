"""The texts about a command, or an input, that has to be given again to resume a run."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import PROGRAM
from kubectl_mc.messages.words import UserError, name_list, visible


def command_has_secrets(run: str, argv: str) -> UserError:
    """Say that the record has not all of the command line of the run to resume."""
    return UserError(
        f"the command of run {run} has values that aren't kept. Give it again, after --: "
        f"{PROGRAM} resume {run} -- {visible(argv)}"
    )


def other_command(run: str) -> UserError:
    """Say that the command line given to resume is not that of the run."""
    return UserError(f"that is not the command of run {run}. See: {PROGRAM} audit show {run}")


def needs_no_command(run: str, word: str) -> UserError:
    """Say that resume is given words behind `--`, though the command of the run is recorded as a whole."""
    return UserError(
        f"run {run} needs no command behind --, so '{visible(word)}' would count for nothing. Flags of resume stand "
        f"ahead of it: {PROGRAM} resume {run} --clusters=…"
    )


def flag_behind_command(run: str, flag: str) -> UserError:
    """Say that the command given to resume has a flag of ours that the run hasn't had."""
    return UserError(
        f"{visible(flag)} is not of run {run}, and counts for nothing behind --. Flags of resume stand ahead of it: "
        f"{PROGRAM} resume {run} {visible(flag)}… -- COMMAND"
    )


def other_input(run: str, paths: Sequence[str] = ()) -> UserError:
    """Say that the input has changed since the run to resume. paths: the files that are known to have changed"""
    what = name_list(paths) if paths else "files or what they stand for"
    return UserError(
        f"the input is not what run {run} was given: {what} {'has' if len(paths) == 1 else 'have'} changed since. "
        "A new command takes the new input to all clusters"
    )


def moved_meanwhile(moves: Sequence[str]) -> str:
    """Say that a run stops, as clusters lead elsewhere than when it was confirmed. moves: of `address_differences`"""
    return f"Error: the kubeconfig has been edited meanwhile, so no more clusters are changed: {'; '.join(moves)}"
