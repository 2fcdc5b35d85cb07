# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A cache of JSON values in files that only their owner can read, so that most commands need not ask again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any

MAX_AGE = 300.0  # seconds for which an entry is fresh

_LARGEST_PRIME = 4294967291  # of 32 bits

FORMAT = 6  # part of every key, so that entries of another format, older or newer, are not read


class CacheEntry(NamedTuple):
    """A cached value, its age in seconds, and the states that the files it depends on had when it was written."""

    value: Any
    age: float
    file_states: list[Any]

    def is_fresh(self, file_states: list[Any]) -> bool:
        """Return whether the value may be used without asking again, if its files are in these states now."""
        return 0 <= self.age < MAX_AGE and self.file_states == file_states


def cache_key(question: Sequence[object]) -> str:
    """Return the key for a question; two questions with the same words have the same key."""
    return json.dumps([FORMAT, *question])


def file_states(paths: Sequence[str]) -> list[Any]:
    """Return path, size, mtime and ctime of each file that exists; they change whenever the content does.

    A program cannot set the ctime, so a file that is restored with its old mtime is noticed as well.
    """
    states = []
    for path in paths:
        with suppress(OSError):
            stat = os.stat(path)
            states.append([path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns])
    return states


def cache_directory(kube_directory: str) -> str:
    """Return the folder of the cache; kube_directory: the user's ~/.kube."""
    return os.path.join(kube_directory, "cache", "kubectl-mc")


def silence_path(kube_directory: str) -> str:
    """Return the file of the silent clusters (`processes.silence`), which exists only while there are some."""
    return os.path.join(cache_directory(kube_directory), "silent-clusters.json")


def entry_path(directory: str, key: str) -> str:
    """Return the file for a key. Two keys may share a file: it names its key, and the key written last keeps it."""
    checksum = int.from_bytes(key.encode(), "big") % _LARGEST_PRIME  # zlib's would cost its import
    return os.path.join(directory, f"{checksum:08x}.json")


def read_entry(directory: str, key: str) -> CacheEntry | None:
    """Return the entry for a key, of any age; None if there is none, or if it cannot be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        path = entry_path(directory, key)
        if not os.path.isfile(path):  # a pipe would be waited for
            return None
        with open(path, encoding="utf-8") as file:
            fields = json.load(file)
        if fields["key"] == key:
            return CacheEntry(fields["value"], time.time() - fields["time"], fields["files"])
    return None


def write_entry(directory: str, key: str, value: object, states: list[Any]) -> None:
    """Write the entry for a key. A cache that cannot be written is not an error: the next command asks again."""
    from kubectl_mc.processes import private_files

    with suppress(OSError):
        private_files.make_directory(directory)
        text = json.dumps({"key": key, "time": time.time(), "files": states, "value": value})
        private_files.write_privately(entry_path(directory, key), text, sync=False)
