# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Choices that last: the clusters that commands are for where none are named (kubectl mc use, KUBECTL_MC_CLUSTERS).

A choice is kept as the flags that were typed, so that clusters which come later count as well. It is for reads only: a
change has to name its clusters itself, and a command that does so has no use for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from kubectl_mc import API_VERSION, PROGRAM, is_other_version, messages
from kubectl_mc.command_line.options import (
    SELECTION_FLAGS,
    Options,
    from_flags,
    names_targets,
    with_defaults,
    with_flags,
)
from kubectl_mc.fleet.hub_objects import object_of
from kubectl_mc.messages.lasting_texts import (
    chosen_in_vain,
    of_variable,
    unreadable_choice,
    unwritable_choice,
    use_command,
)
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import private_files
from kubectl_mc.processes.environment import Environment
from kubectl_mc.type_hints import Any

CLUSTERS, SESSION = "KUBECTL_MC_CLUSTERS", "KUBECTL_MC_SESSION"

Flags = tuple[tuple[str, str | None], ...]  # our flags as they were typed: (name, value)

_FLEET_FLAGS = ("hub-context", "inventory")  # those that say from which fleet is chosen

# The flags that a choice may have; --pick asks once.
LASTING_FLAGS = (*(flag for flag in SELECTION_FLAGS if flag != "pick"), *_FLEET_FLAGS)

_KIND = "LastingChoice"

_SESSIONS = 100  # how many sessions' choices are kept: those that were made or used last

_DAY = 86400.0  # seconds


class LastingChoice(NamedTuple):
    """A choice in force. source: who has made it, as it is said: `kubectl mc use 'prod-*'`"""

    flags: Flags
    source: str


class KeptChoices(NamedTuple):
    """What a file of `kubectl mc use` says.

    current: () where nothing is chosen; before: what was chosen until then, None if `use` has not been used before
    """

    current: Flags = ()
    before: Flags | None = None

    def replaced(self, flags: Flags) -> KeptChoices:
        """Return these choices after another one; the same one again leaves the one before."""
        return self if flags == self.current else KeptChoices(flags, self.current)


# --- Which choice is in force -----------------------------------------------------------------------------------


def choice_in_force(environment: Environment, hub: str | None) -> LastingChoice | None:
    """Return the lasting choice that a command is under; None for none, also if it names its clusters or a hub itself.

    hub: the context of the hub where no flag says it
    Raises UserError for a choice that can't be read: it isn't known which clusters are meant, and all are not.
    """
    options = environment.options
    if names_targets(options):
        return None
    if text := environment.variables.get(CLUSTERS):
        with of_variable(CLUSTERS):
            from_flags([("clusters", text)])
        return LastingChoice((("clusters", text),), CLUSTERS)
    path = path_in_force(environment)
    flags = read_choices(path).current if path else ()
    if not flags or options.hub_context not in (None, dict(flags).get("hub-context") or hub):
        return None
    _note_use(path)
    return LastingChoice(flags, use_command(flags))


def with_choice(options: Options, flags: Flags, defaults: Sequence[tuple[str, str]] = ()) -> Options:
    """Return the options with the flags of a choice ahead of what is typed, and then with the mapping file's defaults.

    What is typed narrows the choice further, but an inventory that is typed is read instead of the choice's. Towards
    the defaults, the choice counts as typed. In the result, those of its flags do so that say from which fleet is
    chosen, as another command that the user is told needs them.
    """
    typed = dict(options.typed)
    kept = [(name, value) for name, value in flags if not (name in _FLEET_FLAGS and name in typed)]
    names = dict(kept)
    chosen = with_flags(options, [*kept, *(flag for flag in options.typed if flag[0] in names)])
    completed = with_defaults(chosen._replace(typed=(*kept, *options.typed)), defaults)
    return completed._replace(typed=(*(flag for flag in kept if flag[0] in _FLEET_FLAGS), *options.typed))


@contextmanager
def named_in_errors(choice: LastingChoice | None) -> Iterator[None]:
    """Say with an error of the block which choice it is about, and how to lift that."""
    try:
        yield
    except messages.UserError as error:
        if choice:
            lifted = f"unset {CLUSTERS}" if choice.source == CLUSTERS else f"{PROGRAM} use --none"
            error.args = (chosen_in_vain(str(error), choice.source, lifted),)
        raise


# --- Where choices are kept -------------------------------------------------------------------------------------


def choice_path(environment: Environment) -> str:
    """Return the file with the choice of this session, or of the user without KUBECTL_MC_SESSION."""
    session = environment.variables.get(SESSION)
    return os.path.join(environment.choice_directory, f"session-{_digest(session)}.json" if session else "user.json")


def path_in_force(environment: Environment) -> str | None:
    """Return the file with the choice that counts here; None where none does.

    The user's own counts only where stderr is a terminal, so that nothing that runs by itself is narrowed by it. A
    session has its own.
    """
    may_count = environment.variables.get(SESSION) or environment.streams.stderr.isatty()
    path = choice_path(environment) if may_count else ""
    return path if path and os.path.lexists(path) else None


def read_choices(path: str) -> KeptChoices:
    """Return what the file says; nothing is chosen without one. Raises UserError if it can't be read."""
    if os.path.lexists(path) and not os.path.isfile(path):  # a pipe would be waited for, and a link leads to nothing
        raise unreadable_choice(path, "it is no regular file")
    try:
        with open(path, encoding="utf-8") as file:
            return _parsed(json.load(file))
    except FileNotFoundError:
        return KeptChoices()
    except (OSError, ValueError, RecursionError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise unreadable_choice(path, problem) from None


def write_choices(path: str, choices: KeptChoices) -> None:
    """Write the file, for its owner only, and delete those of the sessions that were used longest ago.

    Raises UserError.
    """
    document = {"apiVersion": API_VERSION, "kind": _KIND, **choices._asdict()}
    directory = os.path.dirname(path)
    try:
        private_files.make_directory(directory)
        private_files.write_privately(path, json.dumps(document, indent=2) + "\n")
    except OSError as error:
        raise unwritable_choice(path, error.strerror or str(error)) from None
    with suppress(OSError):  # another process may clean up, too
        with os.scandir(directory) as entries:
            sessions = [(entry.stat().st_mtime, entry.path) for entry in entries if entry.name.startswith("session-")]
        for _, old in sorted(sessions, reverse=True)[_SESSIONS:]:
            if old != path:  # it is the newest, whatever the clock was when the others were written
                os.unlink(old)


def _parsed(document: Any) -> KeptChoices:
    """Return the choices in a file's JSON. Raises ValueError: it was damaged, or a later version has written it."""
    fields = object_of(document)
    version, kind = str(fields.get("apiVersion")), fields.get("kind")
    if kind == _KIND and is_other_version(version):
        raise ValueError(messages.of_other_version(version, API_VERSION))
    if (version, kind) != (API_VERSION, _KIND):
        raise ValueError(f"it is not {API_VERSION} {_KIND}")
    current, before = fields.get("current"), fields.get("before")
    return KeptChoices(_flags(current), None if before is None else _flags(before))


def _flags(pairs: Any) -> Flags:
    """Return flags from a file's JSON. Raises ValueError."""
    if not isinstance(pairs, list) or not all(_is_flag(pair) for pair in pairs):
        raise ValueError("it has something else than flags that choose clusters")
    flags = tuple((name, value) for name, value in pairs)
    try:
        from_flags(flags)
    except messages.UserError as error:
        raise ValueError(str(error)) from None
    return flags


def _is_flag(pair: Any) -> bool:
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and pair[0] in LASTING_FLAGS
        and (pair[1] is None or isinstance(pair[1], str))
    )


def _digest(session: str) -> str:
    """Return a file's name for a session. The ids of processes, as in `$$`, begin anew with the machine."""
    from hashlib import sha256

    return sha256(_boot() + b"\0" + os.fsencode(session)).hexdigest()[:32]


_BOOT_ID = "/proc/sys/kernel/random/boot_id"  # Linux
_SYSCTL = ("/usr/sbin/sysctl", "-n", "kern.bootsessionuuid")  # macOS


def _boot() -> bytes:
    """Return what tells this run of the machine from others; b"" where nothing does."""
    with suppress(OSError), open(_BOOT_ID, "rb") as file:
        return file.read()
    from subprocess import DEVNULL, PIPE, run

    with suppress(OSError):
        return run(_SYSCTL, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, check=False).stdout
    return b""


def _note_use(path: str | None) -> None:
    """Keep the choice of a session that still uses it from being deleted."""
    from time import time

    with suppress(OSError):
        if path and os.stat(path).st_mtime < time() - _DAY:
            os.utime(path)
