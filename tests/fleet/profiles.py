# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""ClusterProfiles for the tests."""

from __future__ import annotations

from kubectl_mc.fleet.cluster_profiles import Condition


def conditions(healthy: bool | None, joined: bool | None = None) -> tuple[Condition, ...]:
    """The conditions ControlPlaneHealthy and Joined; without those that are None."""
    values = {"ControlPlaneHealthy": healthy, "Joined": joined}
    return tuple(Condition(name, str(value)) for name, value in values.items() if value is not None)
