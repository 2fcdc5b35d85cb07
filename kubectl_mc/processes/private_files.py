# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Files and directories that only their owner can read."""

from __future__ import annotations

import os
from contextlib import suppress


def make_directory(path: str) -> None:
    """Make a directory for its owner only, and those above it, as far as they don't exist. Raises OSError.

    os.makedirs gives those above it the mode of the umask.
    """
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    if above and above != path:
        make_directory(above)
    try:
        os.mkdir(path, 0o700)
        os.chmod(path, 0o700)  # the umask may take even the owner's rights
    except FileExistsError:  # another process has made it in the meantime, or it is a file
        if not os.path.isdir(path):
            raise


def write_privately(target: str, text: str, sync: bool = True) -> None:
    """Write a file for its owner only, as a whole or not at all; for a link, the file it points at. Raises OSError.

    sync: the file has to survive a crash of the machine
    """
    path = os.path.realpath(target)
    # The name is random: in a container, process ids repeat, and an earlier process may have left its draft.
    draft = f"{path}.{os.urandom(8).hex()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        os.fchmod(descriptor, 0o600)  # the umask may take even the owner's rights
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
