# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Content that a process which we start reads as a file: in memory where the system can (Linux, by memfd_create).

Elsewhere (macOS) it is a file that only its owner can read, and which is removed with the process. A kubeconfig with a
credential must not be in such a file: see `access.kubeconfig_files`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from kubectl_mc.named_tuples import NamedTuple


class HeldContent(NamedTuple):
    """Content that is held for a process.

    path: where the process that inherits the descriptors reads it, as often as it likes
    inherited: the descriptors that the path needs; to be closed once the process has them
    """

    path: str
    inherited: tuple[int, ...]

    def close(self) -> None:
        """Close our own descriptors."""
        for descriptor in self.inherited:
            os.close(descriptor)

    def remove(self) -> None:
        """Remove the file, once nobody reads it any more."""
        if not self.inherited:
            os.unlink(self.path)


def available() -> bool:
    """Return whether content can be held in memory."""
    return hasattr(os, "memfd_create")


def hold(content: bytes) -> HeldContent:
    """Hold content in memory or in a file. Raises OSError if there is no room for it."""
    if available():
        descriptor = os.memfd_create("kubectl-mc")
        held = HeldContent(f"/dev/fd/{descriptor}", (descriptor,))
    else:
        from tempfile import mkstemp

        descriptor, path = mkstemp(prefix="kubectl-mc-")
        held = HeldContent(path, ())
    with open(descriptor, "wb", closefd=not held.inherited) as file:
        file.write(content)
    return held


@contextmanager
def held_file(content: bytes) -> Iterator[str]:
    """Hold content during the block; the path is for this process, and for those that inherit no descriptors."""
    held = hold(content)
    try:
        yield f"/proc/{os.getpid()}/fd/{held.inherited[0]}" if held.inherited else held.path
    finally:
        held.close()
        held.remove()
