# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Backoff: how long a stream that broke waits until it is taken up again. Pure."""

from __future__ import annotations

FIRST_DELAY = 0.2  # seconds
LONGEST_DELAY = 10.0  # seconds


def delay(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: FIRST_DELAY, doubled up to LONGEST_DELAY.

    failures: at least 1
    """
    doublings = min(failures - 1, 16)  # a row may be long, and a float's exponent isn't
    return min(FIRST_DELAY * float(2**doublings), LONGEST_DELAY)


class Tries:
    """The tries of one stream, each with a kubectl. Times are those of any monotonic clock.

    Only a try that has worked for LONGEST_DELAY ends a row of failures: else a server that answers and breaks off at
    once, on and on, would have as many kubectls started as this machine can.

    failures: in a row, by now
    """

    def __init__(self) -> None:
        self.failures = 0
        self._start = 0.0
        self._works = False

    def begin(self, now: float) -> None:
        """Begin the next try."""
        self._start, self._works = now, False

    def work(self) -> None:
        """Take that the try gives what is asked for."""
        self._works = True

    def end(self, now: float) -> float:
        """Take the end of the try, and return the seconds to wait until the next one."""
        if self._works and now - self._start >= LONGEST_DELAY:
            self.failures = 0
        self.failures += 1
        return delay(self.failures)
