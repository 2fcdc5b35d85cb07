# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.access.approval_dialogue import offered_access
from kubectl_mc.access.approvals import ProfileKey, approve, context_offer
from kubectl_mc.access.profile_access import Offer
from kubectl_mc.fleet.choice import Choice
from kubectl_mc.fleet.cluster_profiles import AccessProvider, ClusterProfile
from kubectl_mc.fleet.clusters import named_clusters
from kubectl_mc.fleet.inventory import Inventory
from kubectl_mc.fleet.mapping import ClusterMapping, MappingEntry
from kubectl_mc.processes.targets import Kubeconfig
from tests.environments import environment

EU = ClusterProfile(
    "eu",
    "fleet",
    properties={"auth.exec.command": "login", "auth.exec.apiVersion": "client.authentication.k8s.io/v1"},
    access_providers=(AccessProvider("aws", {"server": "https://eu.example"}),),
)
MAPPED = ClusterMapping(None, (MappingEntry("eu", "mine"),))


@pytest.mark.parametrize(
    ("contexts", "mapping", "context"),
    [
        ([], ClusterMapping(), ""),
        (["other"], ClusterMapping(), ""),
        (["eu", "other"], ClusterMapping(), "eu"),
        (["eu", "mine"], MAPPED, ""),
    ],
)
def test_a_context_of_a_clusters_name_comes_before_what_its_profile_offers(
    contexts: list[str], mapping: ClusterMapping, context: str
) -> None:
    clusters = tuple(named_clusters([EU]))
    choice = Choice(environment({}), clusters, mapping, Inventory((EU,)), Kubeconfig(None, starts_programs=False))
    approvals = approve({}, {ProfileKey("", "fleet/eu", "eu"): context_offer("eu")})
    (access,) = offered_access(choice, approvals, contexts)
    assert access.key == ProfileKey("", "fleet/eu", context)
    assert (access.offer == context_offer("eu")) == bool(context)
    if not context:
        assert isinstance(access.offer, Offer)
        assert access.offer.fields["server"] == "https://eu.example"
    assert access.verdict.state == ("approved" if context else "unknown")
