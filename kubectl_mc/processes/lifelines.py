# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Lifelines: what ends our children when this process is killed outright, so that it can end nothing itself.

A pipe into which nothing is ever written has its writing end here only. When this process is gone, however it ended,
the kernel closes that end, and sends a signal to the owner of each reading end that asked for one (O_ASYNC; fcntl(2),
F_SETOWN and F_SETSIG). The child's process group is that owner. A preexec_fn that calls prctl(PR_SET_PDEATHSIG) would
have Python fork instead of vfork for every kubectl, and reach no more than the child itself.

Only Linux has F_SETSIG. Elsewhere a lifeline does nothing.
"""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

from kubectl_mc.named_tuples import NamedTuple


class Lifeline(NamedTuple):
    """What ties a child to this process. inherited: the descriptors that the child must inherit"""

    inherited: tuple[int, ...]

    def bind(self, owner: int) -> None:
        """Have the owner killed when this process is gone. owner: a process id, or the negative id of a group"""
        for descriptor in self.inherited:
            with suppress(OSError):  # the child has ended already
                fcntl.fcntl(descriptor, fcntl.F_SETOWN, owner)
                fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGKILL)
                self._set_flags(os.O_NONBLOCK | os.O_ASYNC)

    def close(self) -> None:
        """Let what the child has left running live on, and close our descriptors."""
        self._set_flags(os.O_NONBLOCK)
        for descriptor in self.inherited:
            os.close(descriptor)

    def _set_flags(self, flags: int) -> None:
        for descriptor in self.inherited:
            fcntl.fcntl(descriptor, fcntl.F_SETFL, flags)


def open_lifeline() -> Lifeline:
    """Open the lifeline of a child that is about to be started."""
    if not hasattr(fcntl, "F_SETSIG"):
        return Lifeline(())
    try:
        # Opened anew, as the owner belongs to an open file description, which a duplicate would share.
        return Lifeline((os.open(f"/proc/self/fd/{_pipe()[0]}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC),))
    except OSError:  # /proc is not mounted
        return Lifeline(())


@contextmanager
def lifeline() -> Iterator[Lifeline]:
    """Open the lifeline of a child for as long as the block runs."""
    line = open_lifeline()
    try:
        yield line
    finally:
        line.close()


@cache
def _pipe() -> tuple[int, int]:
    """Return the pipe of this process: its reading end, and the writing end, which no child inherits."""
    return os.pipe()
