# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Errors of `compare`."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import PROGRAM
from kubectl_mc.messages.words import UserError, did_you_mean, name_list, visible


def nothing_to_compare() -> UserError:
    """Neither a type nor a file is named."""
    return UserError(f"name what to compare, e.g. `{PROGRAM} compare deployments -n shop`, or a file with -f")


def wrong_path(path: str, position: int, reason: str) -> UserError:
    """Say that a value of --ignore is no path. position: of the mistake, from 0"""
    shown = visible(path)
    at = len(visible(path[:position]))
    return UserError(
        f"--ignore={shown}: {reason}\n  {shown}\n  {' ' * at}^\n"
        "a path is one of kubectl's, such as .spec.replicas, .spec.template.spec.containers[*].image or "
        r".metadata.annotations.example\.com/x"
    )


def not_among_chosen(name: str, chosen: Sequence[str]) -> UserError:
    """Say that the cluster of --against is not among the chosen ones."""
    hint = did_you_mean(name, chosen) or f" They are {name_list(chosen, most=10)}"
    return UserError(f"--against={visible(name)}: this cluster is not among those that are compared.{hint}")


def reference_failed(name: str) -> UserError:
    """Say that the cluster of --against could not be asked."""
    return UserError(f"nothing can be compared with {visible(name)}, as it has not answered")


def one_reference() -> UserError:
    """Both a file and a cluster are to be compared with."""
    return UserError("--against doesn't go with -f and -k: all clusters are compared with the file")


def choice_from_file(flag: str) -> UserError:
    """Say that a flag that chooses objects of clusters stands beside a file. flag: without its dashes"""
    return UserError(f"--{flag} doesn't go with -f and -k: the objects of the file are compared, and no others")


def no_objects_in_file() -> UserError:
    """Say that the input of -f or -k has no objects."""
    return UserError("there are no objects in what is to be compared (-f, -k), or it is not valid YAML or JSON")


def unreadable_objects(reason: str) -> UserError:
    """Say that the input of -f or -k has something that can't be compared."""
    return UserError(f"what is to be compared (-f, -k) can't be: {visible(reason)}")


def unreadable_answer(reason: str) -> str:
    """A cluster has answered with something else than a list of the objects. It is as an error of kubectl's."""
    return f"error: the answer can't be compared: {visible(reason)}"
