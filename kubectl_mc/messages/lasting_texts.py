# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts about choices that last. They are imported only where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kubectl_mc import PROGRAM
from kubectl_mc.messages.words import UserError, cluster_count, name_list, visible

_LONGEST = 80  # characters of a choice that are said with each answer


def use_command(flags: Sequence[tuple[str, str | None]], longest: int = _LONGEST) -> str:
    """Return the command that makes this choice: `kubectl mc use 'prod-*' --exclude=prod-ap`.

    longest: of a longer one, only `kubectl mc use` is returned
    """
    from shlex import quote

    words = [f"{PROGRAM} use"]
    for name, value in flags:
        text = visible(value or "")
        is_operand = name == "clusters" and not text.startswith("-")
        flag = f"--{name}" if value is None else f"--{name}={quote(text)}"
        words.append(quote(text) if is_operand else flag)
    command = " ".join(words)
    return command if len(command) <= longest else words[0]


def chosen_by(count: int, total: int, source: str) -> str:
    """Say how many of the fleet's clusters a lasting choice has left. source: who has made it"""
    return f"{count} of {cluster_count(total)} (chosen by {source})"


def chosen_in_vain(problem: str, source: str, lifted: str) -> str:
    """Say that the error is about a lasting choice. lifted: the command that lifts it"""
    return f"{problem}\nThe clusters are chosen by {source}. To lift that: {lifted}"


@contextmanager
def of_variable(variable: str) -> Iterator[None]:
    """Say with an error of the block that a variable has the wrong value."""
    try:
        yield
    except UserError as error:
        error.args = (f"{variable}: {error}",)
        raise


def unreadable_choice(path: str, problem: str) -> UserError:
    """Say that it isn't known what is chosen."""
    return UserError(
        f"it isn't known which clusters are chosen, as {visible(path)} can't be read: {visible(problem)}. "
        f"To choose none in particular: {PROGRAM} use --none. For one command: --all-clusters, or --clusters"
    )


def unwritable_choice(path: str, problem: str) -> UserError:
    """Say that a choice can't be kept."""
    return UserError(f"the choice can't be kept: {visible(path)} can't be written: {visible(problem)}")


def chosen_clusters(names: Sequence[str], total: int) -> str:
    """Return which clusters a choice is of now: `2 of 5 clusters: prod-eu, prod-us`."""
    return f"{len(names)} of {cluster_count(total)}: {name_list(names)}"


def none_chosen(flags: str) -> str:
    """Say that nothing is chosen. flags: the mapping file's defaults that choose clusters, each behind a blank"""
    others = f"those of the mapping file's defaults,{flags}" if flags else "all of them"
    return f"no choice: commands that name no clusters are for {others}"


def no_choice_before() -> UserError:
    """Say that there is no choice to go back to."""
    return UserError(f"no clusters were chosen before. To choose some: {PROGRAM} use 'prod-*'")


def use_takes_one_thing(word: str) -> UserError:
    """Say that `-` and --none stand alone."""
    return UserError(f"{PROGRAM} use {word} takes nothing else")


def not_kept(flag: str) -> UserError:
    """Say that a flag is no part of a choice."""
    return UserError(f"--{flag} says how clusters are reached, not which: {PROGRAM} use doesn't keep it")


def chosen_for(session: str, has_terminal: bool) -> str:
    """Say where a choice counts.

    session: the variable that names a session, if it is set; has_terminal: whether the choice counts here without one
    """
    if session:
        return f"Note: for this session ({session})"
    if not has_terminal:
        return (
            "Note: for all your terminals, but not here, where stderr is no terminal; for what runs here, first: "
            "export KUBECTL_MC_SESSION=$$"
        )
    return "Note: for all your terminals; for one alone, first: export KUBECTL_MC_SESSION=$$"


def fleet_is_not_changed(flags: str) -> str:
    """Say that commands which name clusters don't take the fleet from the choice. flags: those that name it"""
    return f"Note: changes, and other commands that name clusters themselves, need {flags} themselves"


def overruled_choice(variable: str) -> str:
    """Say that a variable has precedence over what `kubectl mc use` chooses."""
    return f"Note: {variable} is set, and has precedence"
