# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Targets: clusters with what reaches them, for the start of a kubectl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os.path import getsize, isfile

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any, Protocol


class Kubeconfig(NamedTuple):
    """A kubeconfig for one context.

    content: the kubeconfig as a mapping; None for the user's own files
    starts_programs: kubectl may start an exec credential plugin or another program for it
    variables: environment variables that its kubectl needs, as (name, value)
    exec_entry: the entry of the credential plugin whose credential the content has in its place; None without one
    """

    content: Mapping[str, Any] | None
    starts_programs: bool
    variables: tuple[tuple[str, str], ...] = ()
    exec_entry: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        """Return a description without the content, which holds credentials."""
        return f"Kubeconfig({'…' if self.content else None}, {self.starts_programs})"


class Login(Protocol):
    """The login of one or more targets. It runs when an event loop has a command that needs it.

    program: of its credential plugin
    label: the names of its clusters, made visible
    started: when its plugin was started (time.monotonic); None if it wasn't
    patience: the seconds that the plugin has; 0 for no limit
    """

    program: str
    label: str
    started: float | None
    patience: float

    @property
    def has_ended(self) -> bool:
        """Whether it is known what has come of it."""

    def logged_in(self, target: Target) -> Target:
        """Return a target with the credential, or with the problem, of the login, which has ended."""

    def runs(self) -> Any:
        """Return what runs such logins of the same command in one event loop: a `login_children.LoginRuns`."""


class Target(NamedTuple):
    """A cluster, or the hub, with what reaches it.

    context: a context of the user's kubeconfig; "" for the current one
    kubeconfig: with content, it is used instead of the user's kubeconfig and the context
    source: where this comes from: "mapping", "context", or in the ClusterProfile "provider NAME" or "properties"
    problem: why it cannot be reached; "" if no reason is known
    login: what has to end before a kubectl can be started; the kubeconfig is that before the login
    """

    cluster: str
    context: str
    kubeconfig: Kubeconfig
    source: str = "context"
    problem: str = ""
    login: Login | None = None


def own_kubeconfig(paths: Sequence[str]) -> Kubeconfig:
    """Return the kubeconfig that stands for the user's own files.

    Whether they may make kubectl start a program (an exec credential plugin or a legacy auth-provider) is searched for
    by words. The files are not parsed: reading YAML is slow, and it is safe to assume a program where there is none.
    """
    return Kubeconfig(None, any(_may_start_programs(path) for path in paths if isfile(path)))


def _may_start_programs(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError:
        return True
    return b"exec" in text or b"auth-provider" in text


def total_size(paths: Sequence[str]) -> int:
    """Return the total size of files in bytes; a file that does not exist counts as 0."""
    return sum(getsize(path) for path in paths if isfile(path))
