"""TODO."""

from __future__ import annotations

import os
from contextlib import suppress


def write_privately(target: str, text: str, sync: bool = True) -> None:
    """Write a file whole or not at all, for its owner only; where there is a link, what it points at. Raises OSError.

    sync: it has to be there after a crash of the machine, too
    """
    path = os.path.realpath(target)
    # Not by the process's number: in a container it is that of the one before, which may have left a draft.
    draft = f"{path}.{os.urandom(8).hex()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
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
