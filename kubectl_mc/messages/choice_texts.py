# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts about the flags that choose clusters."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import PROGRAM
from kubectl_mc.messages.words import UserError, did_you_mean, name_list, shortened, visible

_LONGEST = 100  # characters of a flag's value
_BY_PROFILE = ("property", "cluster-manager", "healthy")  # flags that choose by what a ClusterProfile says


def no_cluster_left(total: int, steps: Sequence[tuple[str, str | None, bool, int]]) -> UserError:
    """Say that the selection flags together choose no cluster, of so many in total.

    steps: each flag in turn, its value, None for a switch; whether it was typed, and how many clusters it leaves
    """
    from shlex import quote

    parts: list[str] = []
    for flag, value, is_typed, count in steps:
        shown = value and shortened(value, _LONGEST)
        text = f"--{flag}" if shown is None else f"--{flag}={quote(visible(shown))}"
        verb = "leaves" if parts or flag in ("exclude", "healthy") else "chooses"
        origin = "" if is_typed else " (not typed)"
        parts.append(f"{text}{origin} {verb} {count}{'' if parts else f' of {total}'}")
    hint = f". What the hub says of each: {PROGRAM} clusters -o wide" if steps[-1][0] in _BY_PROFILE else ""
    return UserError(f"no cluster is left: {', '.join(parts)}{hint}")


def ambiguous_cluster(name: str, names: Sequence[str]) -> UserError:
    """Say that several clusters have this id or display name. names: theirs"""
    return UserError(
        f"'{visible(name)}' is the id or display name of several clusters: say which of {name_list(names)}"
    )


def chosen_by_other_name(name: str, names: Sequence[str]) -> str:
    """Say which clusters an id or a display name has chosen."""
    return f"Note: '{visible(name)}' is the id or display name of {name_list(names)}"


def left_out_by_defaults(names: Sequence[str]) -> str:
    """Say which clusters are named exactly, and left out all the same."""
    return f"Note: left out by the defaults of the mapping file, though named: {name_list(names)}"


def protects_nothing(patterns: Sequence[str]) -> str:
    """Say that what the mapping file protects is nothing here, as it may be mistyped."""
    quoted = name_list([f"'{pattern}'" for pattern in patterns])  # there may be a blank at its end
    return f"Note: protected by the mapping file, but the name of no cluster here, and of no context: {quoted}"


def excludes_nothing(pattern: str, names: Sequence[str]) -> UserError:
    """Say that what is to be left out of a change is none of the clusters with these names."""
    return UserError(
        f"no cluster matches '{visible(pattern)}', which is to be left out. Known clusters: {name_list(names)}"
    )


def unknown_context(pattern: str, names: Sequence[str], wider: str = "") -> UserError:
    """Say that --contexts matches no context. wider: a glob that was perhaps meant, and matches some; "" for none"""
    if not names:
        return UserError(f"no context matches '{visible(pattern)}': the kubeconfig has none")
    hint = f", but '{visible(wider)}' does." if wider else f".{did_you_mean(pattern, names)}"
    return UserError(f"no context matches '{visible(pattern)}'{hint} The kubeconfig has: {name_list(names)}")


def contexts_without_hub() -> UserError:
    """Say that --contexts is used with a flag that needs a hub."""
    return UserError(
        "--contexts takes the kubeconfig's contexts for the fleet, without a hub: of the flags that choose clusters, "
        "only --clusters, --exclude and --pick go with it"
    )
