# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Files that have to be regular: no pipe is waited for, and no device is read without end, in their place."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress


def opener(path: str, flags: int) -> int:
    """Open a regular file, and return its descriptor: the opener of `open`. A new file is for its owner only.

    Raises OSError, for a pipe, a device and a socket, too. A device isn't opened, as that alone may do something.
    """
    with suppress(FileNotFoundError):
        _check(os.stat(path))
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        _check(os.fstat(descriptor))  # it may be another one by now
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check(state: os.stat_result) -> None:
    if not (stat.S_ISREG(state.st_mode) or stat.S_ISDIR(state.st_mode)):  # of a folder, `open` says it
        raise OSError(errno.EINVAL, "it is no regular file")
