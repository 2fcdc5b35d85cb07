"""Which of the chosen clusters could be reached by what their profiles say, and asking the user to approve it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kubectl_mc import errors, kubeconfig, providerfile, providers, trust
from kubectl_mc.fleet import Chosen
from kubectl_mc.providers import Offer, Unusable
from kubectl_mc.streams import Streams
from kubectl_mc.trust import Approval, Key, Record, Verdict


class Entry(NamedTuple):
    """A cluster with what its profile offers, and what was said to it before."""

    cluster: str
    key: Key
    offer: Offer | Unusable
    approved: Approval | None
    verdict: Verdict


def file(environment: Mapping[str, str]) -> str:
    """Where the user's approvals are recorded."""
    return trust.path(kubeconfig.home(environment))


def entries(chosen: Chosen, record: Record) -> list[Entry]:
    """The chosen clusters, whether or not a context reaches them. Raises UserError for a bad provider file."""
    named = chosen.options.clusterprofile_provider_file
    logins = providerfile.read(named) if named else ()
    hub = chosen.options.hub_context or chosen.mapping.hub_context
    found = []
    for cluster in chosen.clusters:
        where, offer = trust.key(hub, cluster.profile), providers.find(cluster.profile, logins)
        approved = record.get(where)
        verdict = trust.verdict(offer, approved) if isinstance(offer, Offer) else Verdict("unusable")
        found.append(Entry(cluster.name, where, offer, approved, verdict))
    return found


def waiting(found: Sequence[Entry]) -> dict[str, Entry]:
    """Those that offer a way which isn't approved, by cluster."""
    return {each.cluster: each for each in found if each.verdict.state in ("unknown", "changed")}


def show(found: Sequence[Entry], streams: Streams) -> None:
    """All that would be contacted and run."""
    for each in found:
        if isinstance(each.offer, Offer):
            streams.say(trust.shown(each.cluster, each.offer, each.verdict))


def agreed(found: Sequence[Entry], streams: Streams) -> bool:
    """Did the user say yes to all of it? Raises UserError where there is nobody to ask."""
    if not streams.stdin.isatty():
        raise errors.approval_needs_terminal()
    streams.stderr.write(f"Approve this for {errors.clusters(len(found))}? [y/N] ")
    streams.stderr.flush()
    return streams.stdin.readline().strip().lower() in ("y", "yes")


def write(found: Sequence[Entry], environment: Mapping[str, str], streams: Streams) -> None:
    """Record the approvals. Raises UserError if they can't be written."""
    offers = {each.key: each.offer for each in found if isinstance(each.offer, Offer)}
    trust.change(file(environment), lambda record: trust.approve(record, offers))
    streams.say([f"approved: {', '.join(trust.plain(each.cluster) for each in found)}"])
