# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The progress line: what a command waits for, in one line of a terminal. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_mc.messages.words import visible
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Literal

# What a command waits for: the hub's inventory, logins, the answers, lines that are shown as they come, checks of
# access; and of a change the dry run, the clusters of a wave, the kinds that it makes, and the rollouts.
PhaseKind = Literal["hub", "logins", "answers", "lines", "checks", "preflight", "wave", "kinds", "rollouts"]


class _Texts(NamedTuple):
    """The texts of a phase. {names}: for whom it waits; {count}: how many are done, as 38/40

    progress: ahead of the time
    interrupted: behind "interrupted while", where Ctrl-C ends the command; "" where it shows what is there
    hints: what Ctrl-C would do, the longest first; shown when something is done
    """

    progress: str
    interrupted: str = ""
    hints: tuple[str, ...] = ()


_ANSWERED = "{count} answered; waiting for {names}"
_TEXTS: dict[PhaseKind, _Texts] = {
    "hub": _Texts("Waiting for {names}", "waiting for {names}"),
    "logins": _Texts("Waiting for the login to {names}", "waiting for the login to {names}"),
    "answers": _Texts(_ANSWERED, hints=("Ctrl-C shows what is there", "Ctrl-C to see")),
    "lines": _Texts(_ANSWERED),
    "checks": _Texts(_ANSWERED, "the clusters were checked, waiting for {names}"),
    "preflight": _Texts(
        "Checking the change: {count}; waiting for {names}", "the change was checked, waiting for {names}"
    ),
    "wave": _Texts("{count} done; waiting for {names}"),
    "kinds": _Texts("{count} have the kinds; waiting for {names}"),
    "rollouts": _Texts("{count} rolled out; waiting for {names}", hints=("Ctrl-C ends the waiting",)),
}


class Awaited(NamedTuple):
    """What a phase waits for.

    done, total: how many clusters are done, and of how many
    names: the others, those first that have been asked first
    seconds: since the first of these was asked; None if none has been
    patience: the seconds that it has; 0 for no limit
    logins: those of the names that wait for a login -> the program that logs in
    """

    done: int
    total: int
    names: Sequence[str]
    seconds: float | None
    patience: float
    logins: Mapping[str, str] = {}


_MOST_NAMES = 10


def progress_line(kind: PhaseKind, awaited: Awaited, width: int, title: str = "") -> str:
    """Return the line for a terminal of this width, in cells; the last cell stays free. title: ahead of it

    The names go ahead of the hint, and at least two of them are named where they fit; if need be without the programs
    that log in to them.
    """
    texts, free = _TEXTS[kind], width - 1
    total = f" of {awaited.patience:g}s" if awaited.patience else ""
    time = "" if awaited.seconds is None else f" ({int(awaited.seconds)}s{total})"
    most = min(len(awaited.names), _MOST_NAMES)
    short = awaited._replace(logins=dict.fromkeys(awaited.logins, ""))
    hints = [f" · {hint}" for hint in (texts.hints if awaited.done else ())]
    lines = [
        title + _filled(texts.progress, named, number) + time + hint
        for named, hint in (*((awaited, hint) for hint in hints), (awaited, ""), (short, ""))
        for number in range(most, min(most, 2) - 1, -1)
    ]
    lines += [title + _filled(texts.progress, short, 1) + time]
    return next((line for line in lines if cells(line) <= free), None) or _cut(lines[-1], free)


def interruption(kind: PhaseKind, awaited: Awaited) -> str:
    """Return what was done when Ctrl-C ended the command, behind "interrupted while"; "" where that isn't said."""
    return _filled(_TEXTS[kind].interrupted, awaited, _MOST_NAMES)


def _filled(text: str, awaited: Awaited, most: int) -> str:
    """Return a text with the names, at most so many, and the count."""
    shown = awaited.names[:most]
    programs: dict[str, list[str]] = {}
    for name in shown:
        if name in awaited.logins:
            programs.setdefault(awaited.logins[name], []).append(visible(name))
    parts = [visible(name) for name in shown if name not in awaited.logins]
    for program, names in programs.items():
        parts.append(f"login {f'with {visible(program)} ' if program else ''}to {', '.join(names)}")
    more = len(awaited.names) - len(shown)
    line = f"{', '.join(parts)}{f' and {more} more' if more else ''}".replace("\t", "\\t")  # which has no width
    return text.format(count=f"{awaited.done}/{awaited.total}", names=line)


def cells(text: str) -> int:
    """Return how many cells a text takes on a terminal, or more: a width that differs among terminals counts as 2."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def _cells(character: str) -> int:
    if character.isascii():
        return 1
    import unicodedata

    if unicodedata.combining(character):
        return 0
    # A, as the dot ahead of the hint: wide in fonts for East Asian languages.
    return 2 if unicodedata.east_asian_width(character) in "WFA" else 1


def _cut(text: str, free: int) -> str:
    """Return the beginning of a text that fits into these cells, with a mark where there is room for it."""
    text, mark = text[: 4 * max(free, 0)], "..." if free > 3 else ""
    while text and cells(text + mark) > free:
        text = text[:-1]
    return text + mark
