# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Clusters that a change has to name exactly, as the mapping file protects them."""

from __future__ import annotations

from collections.abc import Container, Sequence

from kubectl_mc import messages
from kubectl_mc.changes.addresses import Address, context_addresses, may_be_same_cluster
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.mapping import read_mapping
from kubectl_mc.processes.requests import Request


def check_protection(
    request: Request, clusters: Sequence[Cluster], addresses: Sequence[Address], names: Container[str], flag: str
) -> None:
    """Raise UserError for protected clusters that are not among these names, also by another context of the user's.

    addresses: of the clusters, in the same order; flag: by which they can be named exactly
    """
    mapping = read_mapping(request.environment)
    unnamed = [(cluster, address) for cluster, address in zip(clusters, addresses) if not cluster.is_named(names)]
    protected = {cluster.name: "" for cluster, address in unnamed if mapping.is_protected(cluster, address.context)}
    if mapping.protects_some and len(protected) < len(unnamed):
        places = context_addresses(request, mapping.protects_context)
        by_place = {
            address.cluster: place.context
            for _, address in unnamed
            for place in places
            if may_be_same_cluster(address, place)
        }
        names_in_order = [cluster.name for cluster, _ in unnamed if cluster.name in {*protected, *by_place}]
        protected = {name: protected.get(name, by_place.get(name, "")) for name in names_in_order}
    if protected:
        raise messages.protected(protected, flag)
