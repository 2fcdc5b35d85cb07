"""Content for a process that we start to read as a file: in memory where the system can (Linux, by memfd).

Elsewhere (macOS) it is a file of the owner's alone, which is gone when the process is. A kubeconfig with a credential
must not be there: see `ondisk`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class HeldContent(NamedTuple):
    """Content that is held for a process.

    path: where the process reads it, from its start each time
    inherited: the descriptors without which the path leads nowhere; to be closed once the process has them
    """

    path: str
    inherited: tuple[int, ...]

    def close(self) -> None:
        """Give up our own descriptors."""
        for descriptor in self.inherited:
            os.close(descriptor)

    def remove(self) -> None:
        """Once nobody reads it any more."""
        if not self.inherited:
            os.unlink(self.path)


def available() -> bool:
    """Can content be held in memory?"""
    return hasattr(os, "memfd_create")


def hold(content: bytes) -> HeldContent:
    """Raises OSError, where there is no memory or no room for a file."""
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
    """The path under which this process can open the content, again and again."""
    holding = hold(content)
    try:
        yield holding.path
    finally:
        holding.close()
        holding.remove()
