# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""How the hub is asked for its ClusterProfiles."""

from __future__ import annotations

HUB = "get --all-namespaces=true --output=json clusterprofiles.v1alpha2.multicluster.x-k8s.io"


def hub_line(flag: str) -> str:
    """Return how the hub is asked with a flag of ours."""
    return HUB.replace("get ", f"get {flag} ", 1)
