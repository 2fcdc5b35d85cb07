# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The versions of the standard's API (multicluster.x-k8s.io) that we read, and which of them a hub is asked for.

A hub serves v1alpha1 alone, v1alpha2 beside it (cluster-inventory-api v0.2), or v1alpha2 alone. A request names its
version, because kubectl otherwise takes the one that the server prefers, which may be a later one. So the newest that
we read is asked for first, and the next one if the hub has no such type. What a hub served is kept for a day: an old
hub costs one more process a day, and a hub that was upgraded is noticed. Pure.
"""

from __future__ import annotations

GROUP = "multicluster.x-k8s.io"
VERSIONS = ("v1alpha2", "v1alpha1")  # the newest first
API_VERSIONS = tuple(f"{GROUP}/{version}" for version in VERSIONS)
MAX_AGE = 86400.0  # seconds for which a hub is asked first for the version that it served


def resource(plural: str, version: str) -> str:
    """Return the resource type as kubectl's arguments name it."""
    return f"{plural}.{version}.{GROUP}"


def versions_to_try(version: str | None) -> list[str]:
    """Return all versions in the order in which a hub is asked for them. version: the one that it served last"""
    return sorted(VERSIONS, key=lambda candidate: (candidate != version, VERSIONS.index(candidate)))


def next_version(version: str, stderr: bytes) -> str:
    """Return the version to ask for next time, after an answer in `version`, from what kubectl wrote to stderr.

    An API server that serves a newer version warns of a deprecated one and names the newer one
    (defaultDeprecationWarning in k8s.io/apiextensions-apiserver).
    """
    return next((newer for newer in VERSIONS if f"{GROUP}/{newer} ".encode() in stderr + b" "), version)
