"""What reaches a cluster: the values that access makes and that a kubectl is started with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import path
from typing import Any, NamedTuple


class Kubeconfig(NamedTuple):
    """A kubeconfig for one context.

    content: the kubeconfig as a mapping; None where only the user's own files will do
    starts_programs: kubectl will start an exec credential plugin, or another program, for it
    variables: environment variables that its kubectl needs, as (name, value)
    """

    content: Mapping[str, Any] | None
    starts_programs: bool
    variables: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        """Describe it without its content, which holds credentials."""
        return f"Kubeconfig({'…' if self.content else None}, {self.starts_programs})"


class Target(NamedTuple):
    """A cluster, or the hub, with what reaches it.

    context: a context of the user's kubeconfig; "" for the current one
    kubeconfig: with content, it is used instead of the user's kubeconfig and the context
    source: what said how to reach it: "mapping", "context", or of the ClusterProfile "provider NAME" or "properties"
    problem: why it cannot be reached; "" if it can, as far as is known
    """

    cluster: str
    context: str
    kubeconfig: Kubeconfig
    source: str = "context"
    problem: str = ""


def own_kubeconfig(paths: Sequence[str]) -> Kubeconfig:
    """The user's own kubeconfig files, of which only is read whether they may make kubectl start a program.

    A program is an exec credential plugin or a legacy auth-provider. The files are searched for the words and are not
    parsed: reading YAML is slow, and "maybe" is a safe answer.
    """
    return Kubeconfig(None, _may_start_programs(paths))


def _may_start_programs(paths: Sequence[str]) -> bool:
    for name in paths:
        if not path.isfile(name):
            continue
        try:
            with open(name, "rb") as file:
                text = file.read()
        except OSError:
            return True
        if b"exec" in text or b"auth-provider" in text:
            return True
    return False


def total_size(paths: Sequence[str]) -> int:
    """The size of these files together, in bytes; a file that cannot be seen counts as 0."""
    return sum(path.getsize(name) for name in paths if path.isfile(name))
