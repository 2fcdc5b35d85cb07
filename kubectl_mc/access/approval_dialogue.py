"""Which of the chosen clusters could be reached by what their profiles say, and asking the user to approve it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.access import approvals, profile_access, provider_file
from kubectl_mc.access.approvals import Approval, Approvals, ProfileKey, Verdict
from kubectl_mc.access.profile_access import Offer, Unusable
from kubectl_mc.fleet.choice import Choice
from kubectl_mc.processes.environment import Environment


class OfferedAccess(NamedTuple):
    """A cluster with what its profile offers, and what was said to it before."""

    cluster: str
    key: ProfileKey
    offer: Offer | Unusable
    approved: Approval | None
    verdict: Verdict


def offered_access(choice: Choice, record: Approvals) -> list[OfferedAccess]:
    """The chosen clusters, whether or not a context reaches them. Raises UserError for a bad provider file."""
    named = choice.options.clusterprofile_provider_file
    logins = provider_file.read_providers(named) if named else ()
    hub = choice.hub_context
    found = []
    for cluster in choice.clusters:
        where, offer = approvals.profile_key(hub, cluster.profile), profile_access.find_offer(cluster.profile, logins)
        approved = record.get(where)
        verdict = approvals.judge_offer(offer, approved) if isinstance(offer, Offer) else Verdict("unusable")
        found.append(OfferedAccess(cluster.name, where, offer, approved, verdict))
    return found


def awaiting_approval(found: Sequence[OfferedAccess]) -> dict[str, OfferedAccess]:
    """Those that offer a way which isn't approved, by cluster."""
    return {each.cluster: each for each in found if each.verdict.state in ("unknown", "changed")}


def show_offers(found: Sequence[OfferedAccess], environment: Environment) -> None:
    """All that would be contacted and run."""
    for each in found:
        if isinstance(each.offer, Offer):
            environment.streams.say(approvals.describe_offer(each.cluster, each.offer, each.verdict))


def ask_for_approval(found: Sequence[OfferedAccess], environment: Environment) -> bool:
    """Did the user say yes to all of it? Raises UserError where there is nobody to ask."""
    if not environment.streams.stdin.isatty():
        raise messages.approval_needs_terminal()
    environment.streams.stderr.write(f"Approve this for {messages.cluster_count(len(found))}? [y/N] ")
    environment.streams.stderr.flush()
    return environment.streams.stdin.readline().strip().lower() in ("y", "yes")


def record_approvals(found: Sequence[OfferedAccess], environment: Environment) -> None:
    """Record the approvals. Raises UserError if they can't be written."""
    offers = {each.key: each.offer for each in found if isinstance(each.offer, Offer)}
    approvals.update_approvals(
        approvals.approvals_path(environment.home), lambda record: approvals.approve(record, offers)
    )
    environment.streams.say([f"approved: {', '.join(approvals.plain(each.cluster) for each in found)}"])
