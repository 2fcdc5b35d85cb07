"""JSON values that are kept, so that most commands needn't ask again: in files for their owner only."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from kubectl_mc.processes import private_files

MAX_AGE = 300.0  # seconds for which a value counts as fresh
_FORMAT = 3  # of what is kept: another one is not read


class CacheEntry(NamedTuple):
    """A value as it was `age` seconds ago; rests_on: the `states` of the files that it rested on then."""

    value: Any
    age: float
    rests_on: list[Any]

    def fresh(self, rests_on: list[Any]) -> bool:
        """May it be used unasked, the files being in these states now?"""
        return 0 <= self.age < MAX_AGE and self.rests_on == rests_on


def cache_key(question: Sequence[object]) -> str:
    """What makes two questions the same: their words."""
    return json.dumps([_FORMAT, *question])


def file_states(files: Sequence[str]) -> list[Any]:
    """The files as they are now; a size and two times stand for what is in one. (st_ctime can't be set by anyone.)"""
    return [[path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns] for path in files if (stat := _stat(path))]


def _stat(path: str) -> os.stat_result | None:
    with suppress(OSError):
        return os.stat(path)
    return None


def cache_directory(kube_directory: str) -> str:
    """Where things are kept; kube_directory: the user's ~/.kube."""
    return os.path.join(kube_directory, "cache", "kubectl-mc")


def entry_path(directory: str, key: str) -> str:
    """The file for a key. Two keys may share one: the file says whose it is, and the later one wins."""
    from zlib import crc32

    return os.path.join(directory, f"{crc32(key.encode()):08x}.json")


def read_entry(directory: str, key: str) -> CacheEntry | None:
    """What is kept for `key`, of any age; None if there is nothing, or nothing that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        with open(entry_path(directory, key), encoding="utf-8") as file:
            kept = json.load(file)
        if kept["key"] == key:
            return CacheEntry(kept["value"], time.time() - kept["time"], kept["files"])
    return None


def write_entry(directory: str, key: str, value: object, rests_on: list[Any]) -> None:
    """Keep a value in place of the one before. A cache that can't be written is no error: next time, it is empty."""
    with suppress(OSError):
        os.makedirs(directory, mode=0o700, exist_ok=True)
        text = json.dumps({"key": key, "time": time.time(), "files": rests_on, "value": value})
        private_files.write_privately(entry_path(directory, key), text, sync=False)
