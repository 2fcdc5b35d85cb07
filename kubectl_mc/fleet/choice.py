"""The choice of a command: which clusters of the fleet it is for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.command_line.options import Options, with_defaults
from kubectl_mc.fleet import inventory, mapping, selection
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.inventory import Inventory, InventoryQuery
from kubectl_mc.fleet.mapping import ClusterMapping
from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.targets import Kubeconfig, Target, own_kubeconfig

# (environment, the hub's context or None for the current one, the user's kubeconfig) -> what reaches the hub
HubTarget = Callable[[Environment, str | None, Kubeconfig], Target]


class Choice(NamedTuple):
    """The clusters that a command is for.

    environment: with the mapping file's defaults among its options, where the user typed nothing
    clusters: in the order in which they are shown
    mapping: which context reaches which cluster
    inventory: what the hub says
    own: the user's kubeconfig, before it is split
    """

    environment: Environment
    clusters: tuple[Cluster, ...]
    mapping: ClusterMapping
    inventory: Inventory
    own: Kubeconfig

    @property
    def options(self) -> Options:
        """Our own flags, with the mapping file's defaults."""
        return self.environment.options

    @property
    def hub_context(self) -> str | None:
        """The kubeconfig context of the hub; None for the current one."""
        return self.options.hub_context or self.mapping.hub_context


def choose(environment: Environment, hub_target: HubTarget, clustersets: bool = False) -> Choice:
    """The clusters that the options choose, out of the hub's inventory or of the user's contexts (--contexts).

    hub_target: gives what reaches the hub; called only if the hub has to be asked
    clustersets: the inventory has to say to which ClusterSets the clusters belong
    Writes warnings to stderr. Raises UserError.
    """
    paths = environment.kubeconfig_files
    if not any(os.path.exists(path) for path in paths):
        raise messages.no_kubeconfig(environment.kubeconfig_flag)
    mapped = mapping.read_mapping(environment.kube_directory)
    options = with_defaults(environment.options, mapped.defaults)
    environment, own = environment._replace(options=options), own_kubeconfig(paths)
    if options.contexts:
        contexts = tuple(ClusterProfile(name, "") for name in context_names(environment))
        hub_inventory, mapped = Inventory(contexts), ClusterMapping()
        clusters = selection.clusters_of_contexts(contexts, options)
    else:
        query = InventoryQuery(
            options.hub_context or mapped.hub_context,
            options.hub_namespace,
            options.cluster_selector,
            clustersets="needed" if options.clusterset is not None else "wanted" if clustersets else "",
            placement=options.placement,
        )
        hub_inventory = inventory.get_inventory(environment, query, lambda: hub_target(environment, query.context, own))
        _warn(environment, query, hub_inventory)
        clusters = selection.select_clusters(hub_inventory, options)
    if options.pick:
        from kubectl_mc.fleet import picker

        clusters = picker.pick_clusters(clusters, environment.variables)
    return Choice(environment, tuple(clusters), mapped, hub_inventory, own)


def _warn(environment: Environment, query: InventoryQuery, hub_inventory: Inventory) -> None:
    """Say what the user has to know of the inventory. Raises UserError if it is empty."""
    say = environment.streams.say
    if hub_inventory.outdated:
        say([messages.stale_inventory(query.context, hub_inventory.outdated, hub_inventory.age)])
    if not hub_inventory.profiles:
        raise messages.no_profiles(query.context, query.namespace, query.selector)
    if not (query.namespace or query.selector):  # with one of these, the hub has given only a part of its profiles
        lost = selection.unknown_references(hub_inventory)
        if lost:
            say([messages.chosen_without_profile(query.placement or "", lost)])


def context_names(environment: Environment, patience: float | None = None) -> list[str]:
    """The names of the contexts of the user's kubeconfig.

    patience: seconds that kubectl has; None for those of the hub
    Raises UserError if kubectl can't read the kubeconfig.
    """
    listing = kubectl_process.config_command(environment, "get-contexts", "-o", "name")
    (result,) = event_loop.collect_results([listing], 1, environment.hub_patience if patience is None else patience)
    if result.status:
        raise messages.bad_kubeconfig(result.stderr.decode("utf-8", "replace"))
    return [name for name in result.stdout.decode("utf-8", "replace").split("\n") if name]  # a name may have a U+2028
