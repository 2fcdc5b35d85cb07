# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""How each chosen cluster is reached: through a context of the user, or through what its ClusterProfile offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from kubectl_mc import messages
from kubectl_mc.access import kubeconfigs
from kubectl_mc.access.logins import Logins, complete_logins, hub_target, keep_credentials_off_disk
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import exact_names
from kubectl_mc.fleet.choice import Choice, Purpose, choose, context_names
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.mapping import ClusterMapping
from kubectl_mc.processes import memory_files, programs
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.targets import Kubeconfig, Target, total_size


def choose_clusters(
    environment: Environment,
    logins: Logins | None,
    clustersets: bool = False,
    purpose: Purpose = "read",
    notice_behind: bool = False,
) -> Choice:
    """Choose the clusters of a command with the user's kubectl. Raises UserError.

    logins: for the hub, if it has to be asked; None if each kubectl logs in by itself
    clustersets, notice_behind: as of `choose`
    """
    if not environment.kubectl:
        environment = programs.with_kubectl(environment)
    is_approved = partial(_is_approved, environment)
    return choose(environment, partial(hub_target, logins), is_approved, clustersets, purpose, notice_behind)


def _is_approved(environment: Environment, name: str) -> bool:
    """Return whether an approval is of a ClusterProfile of this name, on any hub and in any namespace."""
    from kubectl_mc.access import approvals

    recorded = approvals.read_approvals(approvals.approvals_path(environment.home))
    return any(key.reference[1] == name for key in recorded)


def reach_clusters(choice: Choice, line: CommandLine, logins: Logins | None = None, waits: bool = True) -> list[Target]:
    """Return a target for each chosen cluster: by its mapped context, the context of its name, or its ClusterProfile.

    logins: what runs the credential plugins; None if each kubectl logs in by itself
    waits: until all logins have ended; else they run in the event loop, and hold back only the kubectls that need them
    Raises UserError if the provider file or the file of approvals can't be read.
    """
    environment, own = choice.environment, choice.own_kubeconfig
    targets = context_targets(choice.clusters, choice.mapping, own)
    offering = [
        index
        for index, (cluster, target) in enumerate(zip(choice.clusters, targets))
        if target.source == "context"
        and (cluster.profile.access_providers or "auth.exec.command" in cluster.profile.properties)
    ]
    may_log_in = logins and logins.for_members and own.starts_programs
    # What a plugin does is not known, so its kubeconfig has no other context than the target's.
    plugin = verbs.is_plugin(line)
    size = total_size(environment.kubeconfig_files)
    # A change is made where it was rehearsed and confirmed, though somebody edits the kubeconfig meanwhile.
    is_change = verbs.is_kubectls(line) and verbs.is_change(verbs.find_row(line), line)
    keeps_place = is_change and memory_files.available()
    if not (plugin or offering or may_log_in or keeps_place or worth_splitting(size, len(targets))):
        return targets
    view = kubeconfigs.view_with_credentials(environment)
    flags = () if plugin else tuple(grammar.global_value(line, flag) or "" for flag in ("cluster", "user"))
    contexts = kubeconfigs.split_contexts(view or {}, *flags)
    lost = [index for index in offering if view is not None and targets[index].context not in contexts]
    targets = with_split_kubeconfigs(targets, contexts)
    if lost:
        from kubectl_mc.access import profile_targets

        targets = profile_targets.reach_by_profile(targets, lost, choice)
    begun = logins.begin(targets, environment, own) if logins and logins.for_members else targets
    begun = keep_credentials_off_disk(targets, begun, own)
    return complete_logins(begun, environment.streams) if waits else begun


def context_targets(clusters: Sequence[Cluster], mapping: ClusterMapping, own: Kubeconfig) -> list[Target]:
    """Return a target for each cluster: by its mapped context, else by the context with exactly the cluster's name.

    If two namespaces have profiles of one name, neither gets the context of that name, unless they are of the same
    member cluster: a context reaches only one cluster. A cluster with a tie has a target that can't be reached.
    own: the user's kubeconfig, before it is split
    """
    targets = []
    for cluster in clusters:
        mapped = mapping.context_for(cluster.profile.name, cluster.profile.namespace)
        source = "mapping" if mapped else "context"
        target = Target(cluster.name, mapped or cluster.default_context, own, source)
        targets.append(target._replace(source="", problem=cluster.tie) if cluster.tie else target)
    return targets


def refuse_unapproved_contexts(choice: Choice, typed: Iterable[tuple[str, str | None]]) -> None:
    """Raise UserError for clusters reached by an unapproved context (see `clusters_by_unapproved_context`).

    typed: our flags as they were typed; a cluster that --clusters names exactly is meant
    """
    named = exact_names(typed)
    unnamed = choice._replace(clusters=tuple(cluster for cluster in choice.clusters if not cluster.is_named(named)))
    targets = context_targets(unnamed.clusters, choice.mapping, choice.own_kubeconfig)
    unapproved = clusters_by_unapproved_context(unnamed, targets)
    if not unapproved:
        return
    contexts = context_names(choice.environment)
    names = [target.cluster for target in targets if target.cluster in unapproved and target.context in contexts]
    if names:
        raise messages.unapproved_contexts(names, choice.environment.access_flags)


def clusters_by_unapproved_context(choice: Choice, targets: Sequence[Target]) -> list[str]:
    """Return the clusters that only the name of their profile leads to, as a context of the user's has that name, too.

    A hub chooses the names of its profiles. So for changes such a context counts only if it is approved, or if the user
    names the cluster exactly. A mapping entry and --contexts are the user's own words.
    """
    by_name = [(cluster, target) for cluster, target in zip(choice.clusters, targets) if target.source == "context"]
    if choice.options.contexts or not by_name:
        return []
    from kubectl_mc.access import approvals

    recorded = approvals.read_approvals(approvals.approvals_path(choice.environment.home))
    return [
        cluster.name
        for cluster, target in by_name
        if not approvals.is_context_approved(recorded, choice.hub_context, cluster.profile, target.context)
    ]


# A further kubectl (`config view`) pays off if the others together would parse more kubeconfig than this, in bytes.
WORTH_SPLITTING = 1_500_000


def worth_splitting(size: int, count: int) -> bool:
    """Return whether `count` kubectls start faster with minimal kubeconfigs than with the user's of `size` bytes.

    Only kubeconfigs in memory count: a file would be one more copy of the user's credentials on a disk.
    """
    return memory_files.available() and size * count > WORTH_SPLITTING


def with_split_kubeconfigs(targets: Sequence[Target], contexts: Mapping[str, Kubeconfig]) -> list[Target]:
    """Return the targets with the minimal kubeconfigs of their contexts; a target without one keeps the user's own."""
    return [target._replace(kubeconfig=contexts.get(target.context, target.kubeconfig)) for target in targets]
