# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Proposing which of the user's contexts reaches each cluster of the hub. Pure.

A hub is not trusted: a context is only chosen without a question if the user's mapping or its name say so, or if its
server is that of one member cluster and of one context only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from kubectl_mc.access.proxies import normal_server
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.mapping import ClusterMapping
from kubectl_mc.messages.natural_order import natural_key
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any

# The normalized URL of a server, and its tls-server-name or "". Clusters behind one proxy, such as Teleport, differ in
# the second only.
Server = tuple[str, str]


class Context(NamedTuple):
    """A context of the user's kubeconfig, and its server."""

    name: str
    server: Server


class Proposal(NamedTuple):
    """A cluster of the hub with the context that probably reaches it.

    context: "" if the user has to choose it
    how: "mapped", "same name" or "same server"; without a context, why there is none
    candidates: without a context, those that the user can choose from, the likeliest first
    """

    cluster: Cluster
    context: str
    how: str
    candidates: tuple[str, ...] = ()


def parse_contexts(view: Mapping[str, Any]) -> list[Context]:
    """Return the contexts of `kubectl config view -o json`, in natural order."""
    servers = {entry["name"]: server(entry.get("cluster") or {}) for entry in _named(view, "clusters")}
    contexts = [
        Context(entry["name"], servers.get((entry.get("context") or {}).get("cluster"), ("", "")))
        for entry in _named(view, "contexts")
    ]
    return sorted(contexts, key=lambda context: natural_key(context.name))


def _named(view: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [entry for entry in view.get(kind) or () if isinstance(entry, dict) and isinstance(entry.get("name"), str)]


def server(cluster: Mapping[str, Any]) -> Server:
    """Return the server of a kubeconfig's cluster, whatever the case, the default port and a trailing slash are."""
    url, name = cluster.get("server"), cluster.get("tls-server-name")
    return normal_server(url) if isinstance(url, str) else "", name if isinstance(name, str) else ""


# What tools add to a cluster's name: gcloud, aws, kind, k3d, az --admin, and `user@cluster` of kubeadm and eksctl.
_AFFIXES = re.compile(
    r"gke_[^_]+_[^_]+_(.+)|arn:[^:]*:eks:[^:]*:[^:]*:cluster/(.+)|(?:kind|k3d)-(.+)|[^@]+@([^@]+?)(?:\.[^.]+\.eksctl\.io)?"
    r"|(.+)-admin"
)


def bare(context: str) -> str:
    """Return the name of a context without what tools add to the name of its cluster."""
    match = _AFFIXES.fullmatch(context)
    return next(group for group in match.groups() if group) if match else context


def propose(
    clusters: Sequence[Cluster],
    profiles: Iterable[ClusterProfile],
    mapping: ClusterMapping,
    contexts: Sequence[Context],
) -> list[Proposal]:
    """Propose a context for each cluster. profiles: all of the hub's."""
    # Profiles of one member cluster have one server.
    servers = {
        (profile.member_id or profile[:2], claimed) for profile in profiles for claimed in published_servers(profile)
    }
    claims = Counter(claimed for _, claimed in servers)
    return [_propose(cluster, claims, mapping, contexts) for cluster in clusters]


def published_servers(profile: ClusterProfile) -> set[Server]:
    """Return the servers that a ClusterProfile says to be its cluster's."""
    return {server(provider.cluster) for provider in profile.access_providers} - {("", "")}


def _propose(
    cluster: Cluster, claims: Mapping[Server, int], mapping: ClusterMapping, contexts: Sequence[Context]
) -> Proposal:
    """Return the proposal for a cluster. claims: server -> how many member clusters have it by their profiles"""
    names = [context.name for context in contexts]
    mapped = mapping.context_for(cluster.profile.name, cluster.profile.namespace)
    if mapped in names:
        return Proposal(cluster, mapped or "", "mapped")
    if cluster.default_context in names:
        return Proposal(cluster, cluster.default_context, "same name")
    servers = published_servers(cluster.profile)
    same = [context.name for context in contexts if context.server in servers]
    if len(same) == 1 and all(claims[claimed] == 1 for claimed in servers):
        return Proposal(cluster, same[0], "same server")
    likeness = _likeness(cluster.profile.name, names)
    ranked = sorted(names, key=lambda name: (name not in same, -likeness[name]))
    close = [name for name in ranked if likeness[name] and name not in same]
    if same:
        reason = f"its server is that of {', '.join(same[:3])}" + (" …" if len(same) > 3 else "")
    elif close:
        reason = f"close name: {', '.join(close[:3])}"
    else:
        reason = f"mapped to {mapped}, which doesn't exist" if mapped else "no context"
    return Proposal(cluster, "", reason, tuple(ranked))


_CLOSE = 0.6  # difflib's own cutoff for close matches


def _likeness(profile: str, names: Iterable[str]) -> dict[str, float]:
    """Return how similar each name is to the profile's, with or without affixes: a ratio up to 1, or 0 if not close."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(b=profile, autojunk=False)

    def ratio(name: str) -> float:
        matcher.set_seq1(name)
        limit = min(matcher.real_quick_ratio(), matcher.quick_ratio())  # upper bounds, which are quicker to compute
        return exact if limit >= _CLOSE and (exact := matcher.ratio()) >= _CLOSE else 0.0

    return {name: max(ratio(spelling) for spelling in {name, bare(name)}) for name in names}
