"""Files that only their owner can read."""

from __future__ import annotations

import os
from contextlib import suppress


def write_privately(target: str, text: str, sync: bool = True) -> None:
    """Write a file for its owner only, as a whole or not at all; for a link, the file it points at. Raises OSError.

    sync: the file has to survive a crash of the machine
    """
    path = os.path.realpath(target)
    # The name is random: in a container, process ids repeat, and an earlier process may have left its draft.
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
