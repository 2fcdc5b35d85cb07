"""Which of the user's contexts is probably the way to a cluster of the hub. Pure.

A hub is not trusted: a proposal is only taken unasked if it rests on the user's own names, or on a server that no other
profile of the hub claims and no other context has.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.mapping import ClusterMapping
from kubectl_mc.messages.natural_order import natural_key

# A server: its URL in one spelling, and the name its certificate is for where that is another one. Several clusters
# behind one proxy (Teleport, for one) differ in nothing else.
Server = tuple[str, str]

CLOSE = 0.6  # difflib's own cutoff for close matches

# What tools put around a cluster's name: gcloud, aws, kind, k3d, az --admin, and `user@cluster` of kubeadm and eksctl.
_AFFIXES = re.compile(
    r"gke_[^_]+_[^_]+_(.+)|arn:[^:]*:eks:[^:]*:[^:]*:cluster/(.+)|(?:kind|k3d)-(.+)|[^@]+@([^@]+?)(?:\.[^.]+\.eksctl\.io)?"
    r"|(.+)-admin"
)


class Context(NamedTuple):
    """A context of the user's kubeconfig and the server it goes to."""

    name: str
    server: Server


class Proposal(NamedTuple):
    """A cluster of the hub with the context that should reach it.

    context: "" while it is open
    how: "mapped", "same name", "same server"; while it is open, why it is
    candidates: for an open one, the contexts that might be meant, likeliest first
    """

    cluster: Cluster
    context: str
    how: str
    candidates: tuple[str, ...] = ()


def parse_contexts(view: Mapping[str, Any]) -> list[Context]:
    """The contexts of `kubectl config view -o json`, in natural order."""
    servers = {each.get("name"): server(each.get("cluster") or {}) for each in _named(view, "clusters")}
    found = [(each["name"], (each.get("context") or {}).get("cluster")) for each in _named(view, "contexts")]
    return sorted(
        (Context(name, servers.get(to, ("", ""))) for name, to in found), key=lambda each: natural_key(each.name)
    )


def _named(view: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [each for each in view.get(kind) or () if isinstance(each, dict) and isinstance(each.get("name"), str)]


def server(cluster: Mapping[str, Any]) -> Server:
    """The server of a kubeconfig's cluster entry: case, default port and a slash at the end make no difference."""
    url, name = cluster.get("server"), cluster.get("tls-server-name")
    return _normal(url) if isinstance(url, str) else "", name if isinstance(name, str) else ""


def _normal(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    host = (parts.hostname or "").rstrip(".")
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host}:{port or default}{parts.path.rstrip('/')}" if host else url


def bare(context: str) -> str:
    """A context's name without what tools put around a cluster's."""
    match = _AFFIXES.fullmatch(context)
    return next(group for group in match.groups() if group) if match else context


def propose(
    clusters: Sequence[Cluster], profiles: Iterable[ClusterProfile], mapping: ClusterMapping, known: Sequence[Context]
) -> list[Proposal]:
    """A proposal for each cluster; profiles: all of the hub's."""
    claims = Counter(claimed for profile in profiles for claimed in _servers(profile))
    return [_propose(cluster, claims, mapping, known) for cluster in clusters]


def _servers(profile: ClusterProfile) -> set[Server]:
    return {server(provider.cluster) for provider in profile.access_providers} - {("", "")}


def _propose(
    cluster: Cluster, claims: Mapping[Server, int], mapping: ClusterMapping, known: Sequence[Context]
) -> Proposal:
    names = [context.name for context in known]
    mapped = mapping.context_for(cluster.profile.name, cluster.profile.namespace)
    if mapped in names:
        return Proposal(cluster, mapped or "", "mapped")
    if cluster.name in names:  # which is namespace/name where two profiles have one name
        return Proposal(cluster, cluster.name, "same name")
    wanted = _servers(cluster.profile)
    same = [context.name for context in known if context.server in wanted]
    if len(same) == 1 and all(claims[each] == 1 for each in wanted):
        return Proposal(cluster, same[0], "same server")
    likeness = _likeness(cluster.profile.name, names)
    ranked = sorted(names, key=lambda name: (name not in same, -likeness[name]))
    close = [name for name in ranked if likeness[name] and name not in same]
    return Proposal(cluster, "", _why(mapped, same, close), tuple(ranked))


def _likeness(profile: str, names: Iterable[str]) -> dict[str, float]:
    """How like the profile's name each context's is, with or without its affixes; 0.0 for one that isn't close."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(b=profile, autojunk=False)

    def ratio(name: str) -> float:
        matcher.set_seq1(name)
        cheap = min(matcher.real_quick_ratio(), matcher.quick_ratio())
        return found if cheap >= CLOSE and (found := matcher.ratio()) >= CLOSE else 0.0

    return {name: max(ratio(spelling) for spelling in {name, bare(name)}) for name in names}


def _why(mapped: str | None, same: Sequence[str], close: Sequence[str]) -> str:
    """Why a cluster is open, in a few words."""
    if same:
        return f"its server is that of {', '.join(same[:3])}" + (" …" if len(same) > 3 else "")
    if close:
        return f"close name: {', '.join(close[:3])}"
    return f"mapped to {mapped}, which doesn't exist" if mapped else "no context"
