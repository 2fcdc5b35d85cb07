"""Clusters that no context reaches: through what their ClusterProfile says, if the user has approved exactly that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from kubectl_mc import errors, kubeconfig, providerfile, providers, trust
from kubectl_mc.access import Target
from kubectl_mc.fleet import Chosen
from kubectl_mc.kubeconfig import Kubeconfig
from kubectl_mc.providers import Offer
from kubectl_mc.selection import Cluster
from kubectl_mc.trust import Approval


def reach(
    targets: Sequence[Target], lost: Collection[int], chosen: Chosen, environment: Mapping[str, str]
) -> list[Target]:
    """The targets, those in the places `lost` by their profiles' offers; one that can't be used says why.

    Raises UserError for a provider file or a record of approvals that can't be read.
    """
    file = chosen.options.clusterprofile_provider_file
    logins = providerfile.read(file) if file else ()
    approved = trust.read(trust.path(kubeconfig.home(environment)))
    hub = chosen.options.hub_context or chosen.mapping.hub_context
    return [
        _reached(
            target, cluster, providers.find(cluster.profile, logins), approved.get(trust.key(hub, cluster.profile))
        )
        if place in lost
        else target
        for place, (cluster, target) in enumerate(zip(chosen.clusters, targets))
    ]


def _reached(target: Target, cluster: Cluster, offer: Offer | providers.Unusable, approval: Approval | None) -> Target:
    if isinstance(offer, providers.Unusable):
        return target._replace(problem=f"{errors.NO_CONTEXT}, and {errors.visible(offer.reason)}")
    problem = trust.problem(cluster.name, trust.verdict(offer, approval))
    own = Kubeconfig(offer.kubeconfig, starts_programs=True)
    return target._replace(context="", kubeconfig=own, way=offer.source, problem=problem)
