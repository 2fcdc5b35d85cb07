# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts about several names of one member cluster."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import PROGRAM
from kubectl_mc.messages.words import UserError, clusters_flag, name_list, visible


def same_members(groups: Sequence[tuple[str, Sequence[str], bool]], for_change: bool, in_one_inventory: bool) -> str:
    """Say which of the chosen ClusterProfiles are left out, as they are of the same member cluster as another.

    groups: the name of the cluster that is kept, those of the ones that are left out, and whether no profile is the
        only oldest
    """
    tie = ", and a change acts on none, as no single one has the oldest creationTimestamp"
    pairs = name_list(
        [
            f"none of {name_list([kept, *others])}"
            if for_change and tied
            else f"{kept} (not {name_list(others)}{tie if tied else ''})"
            for kept, others, tied in groups
        ]
    )
    action = "the change acts on the oldest ClusterProfile only" if for_change else "counted once"
    text = f"the same cluster by their inventory-member-id, so {action}: {pairs}"
    if not in_one_inventory:
        return f"Note: {text}"
    return f"Warning: in one inventory, {text}. Its administrator should delete all but one of them"


def same_ways(groups: Sequence[Sequence[str]]) -> str:
    """Say which ClusterProfiles without a common member id lead to the same cluster. groups: their names, by cluster"""
    same = name_list([f"({name_list(names)})" for names in groups])
    return f"Warning: reached in the same way, so the same cluster, of which a change acts on one at most: {same}"


def tied_profiles(names: Sequence[str]) -> str:
    """Say why a change acts on none of several ClusterProfiles of the same member cluster."""
    return (
        f"{name_list(names)} are the same cluster by their inventory-member-id, and no single one has the oldest "
        "creationTimestamp, so a change acts on none of them; to choose one, leave out the others with --exclude "
        "(resume and undo: name it with --clusters)"
    )


def same_cluster(groups: Sequence[Sequence[str]], of_run: bool) -> UserError:
    """Say that several of the chosen names lead to the same cluster.

    groups: the names, by cluster; of_run: they are those of an earlier run, of which --clusters chooses some
    """
    same = "; ".join(f"{name_list(names)} lead to the same cluster" for names in groups)
    rest = [name for names in groups for name in names[1:]]
    advice = (
        "name one of them: --clusters=NAME" if of_run else f"leave out all but one: {clusters_flag(rest, 'exclude')}"
    )
    return UserError(
        f"{visible(same)}, which would be changed more than once. Map each to its own context ({PROGRAM} setup), or "
        f"{advice}"
    )


def same_addresses(groups: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Say which ClusterProfiles are left out of a change, as they lead to the same cluster as an older one.

    groups: the name of the cluster that is kept, and the names of those that are left out
    """
    pairs = name_list([f"{kept} (not {name_list(others)})" for kept, others in groups])
    return f"Note: the same cluster by their address, so the change acts on the oldest ClusterProfile only: {pairs}"


def same_as(other: str) -> str:
    """Say why nothing is left to do for a cluster: the run has made the change under its other name."""
    return f"the same cluster as {visible(other)}"


def counts_as_done(name: str, reason: str) -> str:
    """Say that a run isn't resumed for a cluster, as it has made the change under its other name. reason: `same_as`"""
    return visible(f"Note: {name} is {reason}, where the run has made the change, so it counts as done")


def changed_as(other: str, is_done: bool) -> str:
    """Say why a run isn't resumed for a cluster: it has made the change under the other name, or may have."""
    if is_done:
        return (
            f"it leads to the same cluster as {visible(other)}, where the run has made the change; if that is a "
            f"mistake, map each to its own context ({PROGRAM} setup)"
        )
    return (
        f"the same cluster as {visible(other)}, where the change may have been made already; to go on with that one: "
        f"{clusters_flag([other])}"
    )
