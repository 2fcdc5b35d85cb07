# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The parts of all texts for the user: the exception that carries one, and how names and foreign text are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kubectl_mc import PROGRAM


class UserError(Exception):
    """An error that the user can fix. The text says what, where and what to do next.

    It becomes an exit status in cli.main alone.

    status: the exit status
    prefix: what the text is behind; "error" for a text of kubectl's
    is_reported: whether the report for programs says it, or could not be opened
    """

    status = 1
    prefix = "Error"
    is_reported = False


def interrupted(interrupt: KeyboardInterrupt, otherwise: str = "interrupted") -> str:
    """Return a text such as `interrupted while waiting for the hub`. otherwise: for one that says no more

    The argument of the exception is what was done, if a phase of the command says so.
    """
    doing = str(interrupt.args[0]) if interrupt.args else ""
    return f"interrupted while {doing}" if doing else otherwise


def ended_by_signal(ended: SystemExit, otherwise: str | None = None) -> str:
    """Return a text such as `ended by signal 15 (SIGTERM) while waiting for the hub`.

    The arguments of the exception are the status of the signal, and what was done, as of a KeyboardInterrupt.

    otherwise: for one that says no more; None: the signal alone
    """
    status = ended.code if isinstance(ended.code, int) else 1
    doing = str(ended.args[1]) if len(ended.args) > 1 else ""
    signal = f"ended by {signal_name(status - 128)}"
    return f"{signal} while {doing}" if doing else signal if otherwise is None else otherwise


# The exit status where some clusters have answered, or were changed, and others have not.
PARTIAL = 3


def fleet_status(done: bool, failed: bool) -> int:
    """Return the exit status for several clusters. done, failed: whether some of them are done, and some have failed"""
    return 0 if not failed else PARTIAL if done else 1


# The same on all systems.
_SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    6: "SIGABRT",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
}


def signal_name(number: int) -> str:
    """Return a signal with its name: `signal 9 (SIGKILL)`."""
    return f"signal {number} ({_SIGNALS[number]})" if number in _SIGNALS else f"signal {number}"


def visible(text: str) -> str:
    """Return foreign text for the terminal, with control, direction and invisible characters as escapes."""
    return re.sub(
        r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u200b\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]",
        lambda match: match.group().encode("unicode_escape").decode(),
        text,
    )


def approve_command(names: Sequence[str], flags: str) -> str:
    """Return the command that approves clusters, to be copied to a shell. flags: more words of it; "" for none"""
    from shlex import join

    return f"{PROGRAM} trust approve {join(map(visible, names))}{f' {visible(flags)}' if flags else ''}"


def is_yes(answer: str) -> bool:
    """Return whether the answer to a question with `[y/N]` is yes."""
    return answer.strip().lower() in ("y", "yes")


def clusters_flag(names: Sequence[str], flag: str = "clusters") -> str:
    """Return the flag that chooses exactly these clusters, or another flag with them, to be copied to a shell."""
    from shlex import quote

    return f"--{flag}={quote(','.join(map(visible, names)))}"


def cluster_count(count: int) -> str:
    """Return the count with its noun: `1 cluster`, `3 clusters`."""
    return f"{count} cluster" if count == 1 else f"{count} clusters"


def shortened(text: str, length: int = 200) -> str:
    """Return a text; of one that is longer than this, in characters, only its beginning."""
    return text if len(text) <= length else f"{text[:length]}…"


def with_reason(text: str, reason: str) -> str:
    """Return a text with its reason: `unhealthy (LeaseExpired)`. reason: "" for none; a long one is cut"""
    return f"{text} ({shortened(reason)})" if reason else text


def rough_time(seconds: float) -> str:
    """Return a time in its largest unit of which there are two: `2 hours`, `100 minutes`, `1 second`."""
    units = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
    size, unit = next((size, unit) for size, unit in units if seconds >= 2 * size or size == 1)
    count = f"{seconds / size:.0f}"
    return f"{count} {unit}" if count == "1" else f"{count} {unit}s"


def nearest(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the candidate that the user probably meant."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(candidates), n=1, cutoff=cutoff)), None)


def did_you_mean(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> str:
    """Return a question, behind a blank, for the candidate that the user probably meant; "" for none."""
    meant = nearest(word, candidates, cutoff)
    return f" Did you mean {visible(meant)}?" if meant else ""


def name_list(names: Sequence[str], most: int = 20) -> str:
    """Return the names in a line, at most `most` of them."""
    shown = ", ".join(visible(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
