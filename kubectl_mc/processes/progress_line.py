# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The progress line, drawn on a terminal below all that stands there, and cleared without a trace."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

# The cursor rests at the line's beginning. Where a terminal becomes narrower and wraps the line, its rows are below the
# cursor then, so erasing from there on erases all of it, and nothing of what stands above.
_CLEAR = b"\r\x1b[J"


class ProgressLine:
    """The line. It is drawn only while this process has the foreground of the terminal, and cleared for Ctrl-Z."""

    def __init__(self, write: Callable[[bytes], None], descriptor: int, lock: AbstractContextManager[object]) -> None:
        """write: writes to the terminal, or raises OSError; descriptor: of the terminal; lock: of who writes there"""
        self._write, self._descriptor, self._lock = write, descriptor, lock
        self._drawn = ""
        self._is_drawing = False
        self._postponed = 0  # the signal that has come meanwhile
        self._stop_handler = signal.getsignal(signal.SIGTSTP)
        if self._stop_handler is signal.SIG_DFL:
            signal.signal(signal.SIGTSTP, self._stop)

    def draw(self, text: Callable[[int], str]) -> None:
        """Draw the line, unless it is there. text: returns it for the width of the terminal, in cells"""
        try:
            width = os.get_terminal_size(self._descriptor).columns or 80  # 0: it doesn't say
            if not _has_foreground(self._descriptor):
                return
        except OSError:
            return
        line = text(width)
        with self._lock, suppress(OSError):
            if line != self._drawn:
                self._is_drawing = True
                try:
                    self._write(f"\r{line}\x1b[J\r".encode("utf-8", "replace"))
                    self._drawn = line
                finally:
                    self._is_drawing = False
        if self._postponed:
            self._stop(self._postponed, None)

    def clear(self) -> None:
        """Clear the line, if it is there."""
        with self._lock, suppress(OSError):
            if self._drawn:
                self._write(_CLEAR)
                self._drawn = ""

    def close(self) -> None:
        """Clear the line for good."""
        self.clear()
        if self._stop_handler is signal.SIG_DFL:
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)

    def _stop(self, number: int, frame: object) -> None:
        """Stop, as Ctrl-Z wants, with a clear terminal. In the middle of a drawing, what to clear isn't known yet."""
        self._postponed = number if self._is_drawing else 0
        if self._is_drawing:
            return
        self.clear()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, self._stop)


def clear_echo(write: Callable[[bytes], None], descriptor: int) -> None:
    """Clear what the terminal itself has written for Ctrl-C, `^C`, at the beginning of a line. Raises OSError."""
    if _has_foreground(descriptor):
        write(_CLEAR)


def _has_foreground(descriptor: int) -> bool:
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # it is not the terminal of our session
        return True
