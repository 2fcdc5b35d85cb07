"""What all texts for the user are made of: one exception type, and how names and foreign text are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


class UserError(Exception):
    """Something the user can mend. Its text says what, where and what to do next; caught in one place, cli.main."""


def visible(text: str) -> str:
    """Text from elsewhere for the terminal: control characters and direction marks shown as escapes."""
    return re.sub(
        r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]",
        lambda match: match.group().encode("unicode_escape").decode(),
        text,
    )


def cluster_count(count: int) -> str:
    """ "1 cluster", "3 clusters"."""
    return f"{count} cluster" if count == 1 else f"{count} clusters"


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that `word` was probably meant to be."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=cutoff)), None)


def name_list(names: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(visible(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
