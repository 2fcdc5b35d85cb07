# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Clusters that a change has to name exactly, as the mapping file protects them."""

from __future__ import annotations

from collections.abc import Container, Sequence

from kubectl_mc import messages
from kubectl_mc.changes.addresses import Address, context_addresses, may_be_same_cluster
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.mapping import ClusterMapping, read_mapping
from kubectl_mc.processes.requests import Request


def check_protection(
    request: Request, clusters: Sequence[Cluster], addresses: Sequence[Address], names: Container[str], flag: str
) -> None:
    """Raise UserError for protected clusters that are not among these names, also by another context of the user's.

    addresses: of the clusters, in the same order; flag: by which they can be named exactly
    """
    mapping = read_mapping(request.environment)
    unnamed = [(cluster, address) for cluster, address in zip(clusters, addresses) if not cluster.is_named(names)]
    protected = protecting_contexts(request, mapping, unnamed)
    if protected:
        raise messages.protected(protected, flag)


def protecting_contexts(
    request: Request, mapping: ClusterMapping, clusters: Sequence[tuple[Cluster, Address]]
) -> dict[str, str]:
    """Return the protected ones of these clusters, with the protected context of the user's that leads to the same one.

    It is "" for a cluster that is protected itself: by its own name, or by that of its context.
    """
    own = {cluster.name for cluster, address in clusters if mapping.is_protected(cluster, address.context)}
    by_place: dict[str, str] = {}
    if mapping.protects_some and len(own) < len(clusters):
        places = context_addresses(request, mapping.protects_context)
        by_place = {
            address.cluster: place.context
            for _, address in clusters
            for place in places
            if may_be_same_cluster(address, place)
        }
    return {
        address.cluster: "" if address.cluster in own else by_place[address.cluster]
        for _, address in clusters
        if address.cluster in own or address.cluster in by_place
    }
