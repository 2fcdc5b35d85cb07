# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Targets for clusters that no context reaches: through what their ClusterProfiles offer, if the user approved it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kubectl_mc import messages
from kubectl_mc.access.approvals import approval_problem, approvals_path, judge_offer, profile_key, read_approvals
from kubectl_mc.access.profile_access import Unusable, find_offer
from kubectl_mc.access.provider_file import read_providers
from kubectl_mc.fleet.choice import Choice
from kubectl_mc.processes.targets import Kubeconfig, Target


def reach_by_profile(targets: Sequence[Target], indexes: Collection[int], choice: Choice) -> list[Target]:
    """Return the targets; those at `indexes` are reached by what their profiles offer, or get a problem that says why.

    Raises UserError if the provider file or the file of approvals cannot be read.
    """
    path = choice.options.clusterprofile_provider_file
    providers = read_providers(path) if path else ()
    approvals = read_approvals(approvals_path(choice.environment.home))
    reached = list(targets)
    for index in indexes:
        cluster, target = choice.clusters[index], targets[index]
        offer = find_offer(cluster.profile, providers)
        if isinstance(offer, Unusable):
            problem = f"{messages.NO_CONTEXT}, and {messages.visible(offer.reason)}"
            reached[index] = target._replace(problem=problem)
        else:
            verdict = judge_offer(offer, approvals.get(profile_key(choice.hub_context, cluster.profile)))
            problem = approval_problem(cluster.name, verdict, choice.environment.access_flags)
            kubeconfig = Kubeconfig(offer.kubeconfig, starts_programs=True)
            reached[index] = target._replace(context="", kubeconfig=kubeconfig, source=offer.source, problem=problem)
    return reached
