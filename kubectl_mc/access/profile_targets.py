"""Clusters that no context reaches: through what their ClusterProfile says, if the user has approved exactly that."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kubectl_mc import messages
from kubectl_mc.access import approvals, profile_access, provider_file
from kubectl_mc.access.approvals import Approval
from kubectl_mc.access.profile_access import Offer
from kubectl_mc.fleet.choice import Choice
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.processes.targets import Kubeconfig, Target


def reach_by_profile(targets: Sequence[Target], lost: Collection[int], choice: Choice) -> list[Target]:
    """The targets, those in the places `lost` by their profiles' offers; one that can't be used says why.

    Raises UserError for a provider file or a record of approvals that can't be read.
    """
    file = choice.options.clusterprofile_provider_file
    logins = provider_file.read_providers(file) if file else ()
    approved = approvals.read_approvals(approvals.approvals_path(choice.environment.home))
    hub = choice.hub_context
    return [
        _reached(
            target,
            cluster,
            profile_access.find_offer(cluster.profile, logins),
            approved.get(approvals.profile_key(hub, cluster.profile)),
        )
        if place in lost
        else target
        for place, (cluster, target) in enumerate(zip(choice.clusters, targets))
    ]


def _reached(
    target: Target, cluster: Cluster, offer: Offer | profile_access.Unusable, approval: Approval | None
) -> Target:
    if isinstance(offer, profile_access.Unusable):
        return target._replace(problem=f"{messages.NO_CONTEXT}, and {messages.visible(offer.reason)}")
    problem = approvals.approval_problem(cluster.name, approvals.judge_offer(offer, approval))
    own = Kubeconfig(offer.kubeconfig, starts_programs=True)
    return target._replace(context="", kubeconfig=own, source=offer.source, problem=problem)
