"""The inventory of a hub, kept for some minutes, so that most commands start no hub process.

In ~/.kube/cache/kubectl-mc/, readable by its owner only, written atomically. What it holds is what the hub says of
its clusters; no credential is among it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from kubectl_mc.hub import AccessProvider, ClusterProfile

MAX_AGE = 300.0  # seconds for which an inventory counts as fresh
_FORMAT = 1


class Inventory(NamedTuple):
    """The ClusterProfiles of a hub as they were `age` seconds ago; outdated: the hub couldn't be asked again."""

    profiles: tuple[ClusterProfile, ...]
    age: float
    outdated: bool = False

    @property
    def fresh(self) -> bool:
        return 0 <= self.age < MAX_AGE


def key(context: str | None, namespace: str | None, kubeconfigs: Sequence[str]) -> str:
    """What makes two queries the same: the hub's context, the namespace, and the kubeconfig files as they are now.

    Their sizes and times stand for what is in them: the current context, the hub's address, who asks.
    """
    files = [(path, stat.st_size, stat.st_mtime_ns) for path in kubeconfigs if (stat := _stat(path))]
    return json.dumps([_FORMAT, context, namespace, files])


def _stat(path: str) -> os.stat_result | None:
    with suppress(OSError):
        return os.stat(path)
    return None


def path(directory: str, query: str) -> str:
    """The file for a key. Two keys may share one: the file says whose it is, and the later one wins."""
    from zlib import crc32

    return os.path.join(directory, f"{crc32(query.encode()):08x}.json")


def read(directory: str, query: str) -> Inventory | None:
    """The inventory kept for `query`, of any age; None if there is none, or none that can be read."""
    try:
        with open(path(directory, query), encoding="utf-8") as file:
            kept = json.load(file)
        if kept["key"] != query:
            return None
        profiles = tuple(_profile(fields) for fields in kept["profiles"])
        return Inventory(profiles, time.time() - kept["time"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _profile(fields: Mapping[str, object]) -> ClusterProfile:
    providers = tuple(AccessProvider(*provider) for provider in fields["access_providers"])  # type: ignore[attr-defined]
    return ClusterProfile(**{**fields, "access_providers": providers})  # type: ignore[arg-type]


def write(directory: str, query: str, profiles: Sequence[ClusterProfile]) -> None:
    """Keep an inventory. A cache that can't be written is no error: the hub is asked again next time."""
    kept = {"key": query, "time": time.time(), "profiles": [profile._asdict() for profile in profiles]}
    target = path(directory, query)
    with suppress(OSError):
        os.makedirs(directory, mode=0o700, exist_ok=True)
        draft = f"{target}.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        os.replace(draft, target)
