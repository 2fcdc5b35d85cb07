# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What the ClusterProfiles of the chosen clusters offer, and asking the user to approve it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kubectl_mc import messages
from kubectl_mc.access.approvals import (
    Approval,
    Approvals,
    ProfileKey,
    Verdict,
    approvals_path,
    approve,
    context_offer,
    describe_offer,
    judge_offer,
    plain,
    profile_key,
    update_approvals,
)
from kubectl_mc.access.profile_access import Offer, Unusable, find_offer
from kubectl_mc.access.provider_file import read_providers
from kubectl_mc.fleet.choice import Choice
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.environment import Environment


class OfferedAccess(NamedTuple):
    """What the profile of a cluster offers, with the user's approval of an earlier or the same offer."""

    cluster: str
    key: ProfileKey
    offer: Offer | Unusable
    approval: Approval | None
    verdict: Verdict


def offered_access(choice: Choice, approvals: Approvals, contexts: Collection[str] = ()) -> list[OfferedAccess]:
    """Return what each chosen cluster offers, also where it is mapped. Raises UserError for a bad provider file.

    contexts: those of the user. Where one has the name of a cluster that isn't mapped, it comes before the offer.
    """
    path = choice.options.clusterprofile_provider_file
    providers = read_providers(path) if path else ()
    offered = []
    for cluster in choice.clusters:
        profile, context = cluster.profile, cluster.default_context
        key, offer = profile_key(choice.hub_context, profile), find_offer(profile, providers)
        if context in contexts and not choice.mapping.context_for(profile.name, profile.namespace):
            key, offer = profile_key(choice.hub_context, profile, context), context_offer(context)
        approval = approvals.get(key)
        verdict = judge_offer(offer, approval) if isinstance(offer, Offer) else Verdict("unusable")
        offered.append(OfferedAccess(cluster.name, key, offer, approval, verdict))
    return offered


def awaiting_approval(offered: Sequence[OfferedAccess]) -> list[OfferedAccess]:
    """Return the clusters whose offer can be used but is not approved."""
    return [access for access in offered if access.verdict.state in ("unknown", "changed")]


def show_offers(offered: Sequence[OfferedAccess], environment: Environment) -> None:
    """Show on stderr all that would be contacted and run."""
    for access in offered:
        if isinstance(access.offer, Offer):
            environment.streams.say(describe_offer(access.cluster, access.offer, access.verdict))


def ask_for_approval(offered: Sequence[OfferedAccess], environment: Environment) -> bool:
    """Return whether the user approves all of the offers. Raises UserError if stdin is not a terminal."""
    if not environment.streams.stdin.isatty():
        raise messages.approval_needs_terminal()
    environment.streams.stderr.write(f"Approve this for {messages.cluster_count(len(offered))}? [y/N] ")
    environment.streams.stderr.flush()
    return messages.is_yes(environment.streams.stdin.readline())


def record_approvals(offered: Sequence[OfferedAccess], environment: Environment) -> None:
    """Write the approvals of these offers to the user's file. Raises UserError if it cannot be written."""
    offers = {access.key: access.offer for access in offered if isinstance(access.offer, Offer)}
    update_approvals(approvals_path(environment.home), lambda approvals: approve(approvals, offers))
    environment.streams.say([f"approved: {', '.join(plain(access.cluster) for access in offered)}"])
