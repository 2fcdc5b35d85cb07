"""Backoff: how long a stream that broke waits until it is taken up again. Pure."""

from __future__ import annotations

FIRST_DELAY = 0.2  # seconds
LONGEST_DELAY = 10.0  # seconds


def delay(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: FIRST_DELAY, doubled up to LONGEST_DELAY.

    failures: at least 1. A try that succeeds ends the row.
    """
    doublings = min(failures - 1, 16)  # a row may be long, and a float's exponent isn't
    return min(FIRST_DELAY * float(2**doublings), LONGEST_DELAY)
