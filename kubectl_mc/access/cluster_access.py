"""How each chosen cluster is reached: a context of the user's, or what its ClusterProfile says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_mc.access import kubeconfigs
from kubectl_mc.access.logins import Logins, in_files
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.fleet.choice import Choice
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.mapping import ClusterMapping
from kubectl_mc.processes import memory_files
from kubectl_mc.processes.targets import Kubeconfig, Target, total_size

# One kubectl more (`config view`) pays off when the others together would parse more kubeconfig than this, in bytes.
WORTH_SPLITTING = 1_500_000


def reach_clusters(choice: Choice, line: CommandLine, logins: Logins | None = None) -> list[Target]:
    """A target for each chosen cluster: its mapped context, the context of its name, or its ClusterProfile's own data.

    logins: for logging in once where clusters share a login; None: each kubectl logs in by itself
    """
    environment, own = choice.environment, choice.own
    targets = context_targets(choice.clusters, choice.mapping, own)
    offering = [
        index
        for index, (cluster, target) in enumerate(zip(choice.clusters, targets))
        if target.source == "context" and _offers_access(cluster.profile)
    ]
    # A single cluster shares nothing, but its plugin may have to ask, which it can't where we start the kubectl.
    shares = logins and own.starts_programs and (len(targets) > 1 or logins.may_ask or logins.answers)
    size = total_size(environment.kubeconfig_files)
    if not can_split(line) or not (offering or shares or worth_splitting(size, len(targets))):
        return targets
    view = kubeconfigs.view_with_credentials(environment)
    contexts = kubeconfigs.split_contexts(view or {})
    lost = [index for index in offering if view is not None and targets[index].context not in contexts]
    targets = with_split_kubeconfigs(targets, contexts)
    if lost:
        from kubectl_mc.access import profile_targets

        targets = profile_targets.reach_by_profile(targets, lost, choice)
    logged_in = logins.share(targets, environment) if logins else targets
    return logged_in if memory_files.available() else in_files(targets, logged_in, own)


def _offers_access(profile: ClusterProfile) -> bool:
    """Return whether the profile says something about how to reach its cluster."""
    return bool(profile.access_providers) or "auth.exec.command" in profile.properties


def context_targets(clusters: Sequence[Cluster], mapping: ClusterMapping, own: Kubeconfig) -> list[Target]:
    """A target for each cluster: the mapped context, else the context of exactly the cluster's name.

    Of two profiles of one name in two namespaces, neither has the context of that name: it reaches one cluster only.
    own: the user's kubeconfig, before it is split
    """
    targets = []
    for cluster in clusters:
        mapped = mapping.context_for(cluster.profile.name, cluster.profile.namespace)
        source = "mapping" if mapped else "context"
        targets.append(Target(cluster.name, mapped or cluster.own_context, own, source))
    return targets


def can_split(line: CommandLine) -> bool:
    """Return whether each kubectl can get a kubeconfig of its own. It can't if --user names an entry of the user's."""
    return not grammar.values(line, "user")


def worth_splitting(size: int, count: int) -> bool:
    """Return whether `count` kubectls start faster with a kubeconfig each than with the user's, of `size` bytes.

    Only where the kubeconfigs are in memory: a file would put the user's credentials on a disk once more.
    """
    return memory_files.available() and size * count > WORTH_SPLITTING


def with_split_kubeconfigs(targets: Sequence[Target], contexts: Mapping[str, Kubeconfig]) -> list[Target]:
    """The targets with the minimal kubeconfig of their context; a target without one keeps the user's own."""
    return [target._replace(kubeconfig=contexts.get(target.context, target.kubeconfig)) for target in targets]
