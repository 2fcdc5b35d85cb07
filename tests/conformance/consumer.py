# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""kubectl-mc as a consumer: the only file of the conformance tests that knows its flags and its output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.e2e.conftest import Shell

COMMANDS: Mapping[str, Sequence[str]] = {
    "read": ("get", "namespaces"),
    "change": ("label", "namespace", "default", "conformance=yes", "--yes"),
}


class Task(NamedTuple):
    """What a consumer is told to do.

    user: with a home directory of their own, in whose kubeconfig the hub is the current context
    provider_file: the path of the consumer's provider file
    namespaces: all that have ClusterProfiles
    inventories: the namespaces that the consumer is to use; none is named if it is empty
    selected: the names of the ClusterProfiles to act on; None for all
    action: "read" or "change"
    """

    user: Shell
    provider_file: Path
    namespaces: Sequence[str]
    inventories: Sequence[str]
    selected: Sequence[str] | None
    action: str


def act(task: Task) -> str:
    """Do the action as kubectl-mc does it; return what it says beside its answer.

    What the profiles offer is approved first, which other consumers may not need.
    """
    provider_file = f"--clusterprofile-provider-file={task.provider_file}"
    for namespace in task.namespaces:
        approving = ("trust", "approve", "--all-clusters", f"--inventory={namespace}", "--yes", "--refresh")
        task.user.mc(*approving, provider_file)
    flags = [provider_file, *(f"--inventory={namespace}" for namespace in task.inventories)]
    chosen = "--all-clusters" if task.selected is None else f"--clusters={','.join(task.selected)}"
    return task.user.mc(*COMMANDS[task.action], *flags, chosen, "--refresh").stderr
