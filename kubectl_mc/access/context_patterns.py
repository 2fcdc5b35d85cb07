# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Patterns that say the contexts of many clusters at once: `admin@{name}`. Pure.

A hub chooses what stands for the fields, so it decides which of the user's contexts a pattern gives to a cluster. So a
pattern gives only contexts that exist, never one to two clusters, and all that it gives is shown before it counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.named_tuples import NamedTuple


class PatternMatch(NamedTuple):
    """What a pattern gives to clusters. Each cluster is in one of these.

    contexts: cluster -> its context
    missing: cluster -> the context that the kubeconfig hasn't got; "" if the hub doesn't say what a field stands for
    shared: context -> the clusters that it would be given to, and those that have it already
    """

    contexts: Mapping[str, str]
    missing: Mapping[str, str]
    shared: Mapping[str, tuple[str, ...]]


def field_values(cluster: Cluster) -> dict[str, str]:
    """Return what stands for the fields of a pattern; "" for what the hub doesn't say of the cluster."""
    profile = cluster.profile
    return {
        "name": profile.name,
        "namespace": profile.namespace,
        "id": next(iter(profile.cluster_ids), ""),
        "display": profile.display_name,
    }


FIELDS = ("name", "namespace", "id", "display")

_FIELD = re.compile(r"\{([^{}]*)\}")


def unknown_field(pattern: str) -> str | None:
    """Return the first part of a pattern that is neither a field nor free of braces; None if there is none."""
    for match in re.finditer(r"\{[^{}]*\}?|\}", pattern):
        if match.group()[1:-1] not in FIELDS or not _FIELD.fullmatch(match.group()):
            return match.group()
    return None


def has_field(pattern: str) -> bool:
    """Return whether the pattern has a field; without one it would give one context to all clusters."""
    return _FIELD.search(pattern) is not None


def match_pattern(
    pattern: str, clusters: Sequence[Cluster], names: Collection[str], taken: Mapping[str, Sequence[Cluster]]
) -> PatternMatch:
    """Return what the pattern gives to the clusters.

    pattern: with known fields only
    names: those of all contexts
    taken: context -> the clusters that have it already
    """
    meant: dict[str, list[Cluster]] = {}
    missing: dict[str, str] = {}
    for cluster in clusters:
        context = _filled(pattern, cluster)
        if context and context in names:
            meant.setdefault(context, []).append(cluster)
        else:
            missing[cluster.name] = context
    contexts: dict[str, str] = {}
    shared: dict[str, tuple[str, ...]] = {}
    for context, its_clusters in meant.items():
        everyone = [*its_clusters, *taken.get(context, ())]
        if are_same(everyone):
            contexts.update((cluster.name, context) for cluster in its_clusters)
        else:
            shared[context] = tuple(cluster.name for cluster in everyone)
    return PatternMatch(contexts, missing, shared)


def _filled(pattern: str, cluster: Cluster) -> str:
    """Return the pattern with the values of the fields, in which no further fields are looked for; "" without one."""
    values = field_values(cluster)
    if not all(values[field] for field in _FIELD.findall(pattern)):
        return ""
    return _FIELD.sub(lambda match: values[match[1]], pattern)


def are_same(clusters: Sequence[Cluster]) -> bool:
    """Return whether there is only one, or all are of one member cluster, as the hub says."""
    ids = {cluster.profile.member_id for cluster in clusters}
    return len(clusters) == 1 or (len(ids) == 1 and "" not in ids)


def patterns_of(context: str, values: Mapping[str, str]) -> Iterator[str]:
    """Yield the patterns that give this context to the cluster of these field values: `prod-eu-admin`, `{name}-admin`.

    Where a value occurs several times, each place by itself and all of them are patterns.
    """
    if "{" in context or "}" in context:
        return
    for field in ("name", "id", "display"):
        value, written = values[field], f"{{{field}}}"
        if not value or value not in context:
            continue
        starts = [match.start() for match in re.finditer(re.escape(value), context)]
        for start in starts:
            yield context[:start] + written + context[start + len(value) :]
        if len(starts) > 1:
            yield context.replace(value, written)
        return


def carried_over(
    context: str,
    cluster: Cluster,
    clusters: Sequence[Cluster],
    names: Collection[str],
    taken: Mapping[str, Sequence[Cluster]],
) -> tuple[str, PatternMatch] | None:
    """Return the pattern that gives `context` to `cluster`, and most of the other clusters a context; None for none."""
    patterns = patterns_of(context, field_values(cluster))
    matches = [(pattern, match_pattern(pattern, clusters, names, taken)) for pattern in patterns]
    best = max(matches, key=lambda match: len(match[1].contexts), default=None)
    return best if best and best[1].contexts else None


def likely_patterns(
    clusters: Sequence[Cluster], names: Collection[str], taken: Mapping[str, Sequence[Cluster]]
) -> list[tuple[str, int]]:
    """Return the patterns that give a context to the most clusters, with their numbers: at most three, from two on."""
    counts: Counter[str] = Counter()
    for cluster in clusters:
        values = field_values(cluster)
        counts.update(list(dict.fromkeys(pattern for context in names for pattern in patterns_of(context, values))))
    likely = [pattern for pattern, count in counts.most_common(3) if count > 1]
    matches = [(pattern, len(match_pattern(pattern, clusters, names, taken).contexts)) for pattern in likely]
    return [(pattern, count) for pattern, count in matches if count > 1]
