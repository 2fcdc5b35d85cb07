"""What the user reads about streams that break and are taken up again."""

from __future__ import annotations


def stream_taken_up(label: str, reason: str) -> str:
    """Return that a stream goes on after a break. label: of its job; reason: in a few words, shown as it is"""
    return f"[{label}] the watch broke ({reason}); taken up again"


def stream_is_down(label: str, reason: str, has_begun: bool) -> str:
    """Return that a stream can't be taken up yet, or hasn't begun at all; it is said once."""
    what = "the watch broke" if has_begun else "the watch can't begin"
    return f"[{label}] {what} ({reason}); it is tried again until it succeeds"


def stream_goes_on(label: str, has_begun: bool) -> str:
    """Return that a stream goes on, or begins, after `stream_is_down`."""
    return f"[{label}] the watch {'goes on' if has_begun else 'begins'}"


ENDED_BY_SERVER = "ended by the server"
