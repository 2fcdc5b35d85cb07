"""The choice: the clusters of the fleet that a command is for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.command_line.options import Options, with_defaults
from kubectl_mc.fleet import selection
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.inventory import Inventory, InventoryQuery, get_inventory
from kubectl_mc.fleet.mapping import ClusterMapping, read_mapping
from kubectl_mc.processes import event_loop, kubectl_process
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.targets import Kubeconfig, Target, own_kubeconfig

# (environment, the hub's context or None for the current one, the user's kubeconfig) -> the hub as a target
HubTarget = Callable[[Environment, str | None, Kubeconfig], Target]


class Choice(NamedTuple):
    """The clusters that a command is for.

    environment: its options include the defaults of the mapping file
    clusters: in the order in which they are shown
    own_kubeconfig: the user's kubeconfig
    """

    environment: Environment
    clusters: tuple[Cluster, ...]
    mapping: ClusterMapping
    inventory: Inventory
    own_kubeconfig: Kubeconfig

    @property
    def options(self) -> Options:
        """The options, including the defaults of the mapping file."""
        return self.environment.options

    @property
    def hub_context(self) -> str | None:
        """The kubeconfig context of the hub; None for the current one."""
        return self.options.hub_context or self.mapping.hub_context


def choose(
    environment: Environment, hub_target: HubTarget, is_approved: Callable[[str], bool], clustersets: bool = False
) -> Choice:
    """Choose the clusters by the options, from the hub's inventory or from the user's contexts (--contexts).

    hub_target: makes the target for the hub; it is called only if the hub has to be asked
    is_approved: whether the user has approved how a cluster of this name is reached; called if the hub has none
    clustersets: whether the inventory includes the ClusterSets, if the user may read them
    Writes warnings to stderr. Raises UserError.
    """
    paths = environment.kubeconfig_files
    if not any(os.path.exists(path) for path in paths):
        raise messages.no_kubeconfig(environment.kubeconfig_flag)
    mapping = read_mapping(environment.kube_directory)
    options = with_defaults(environment.options, mapping.defaults)
    environment, kubeconfig = environment._replace(options=options), own_kubeconfig(paths)
    if options.contexts:
        contexts = tuple(ClusterProfile(name, "") for name in context_names(environment))
        inventory, mapping = Inventory(contexts), ClusterMapping()
        clusters = selection.clusters_of_contexts(contexts, options)
    else:
        query = InventoryQuery(
            options.hub_context or mapping.hub_context,
            options.hub_namespace,
            options.cluster_selector,
            clustersets="required" if options.clusterset is not None else "optional" if clustersets else "",
            placement=options.placement,
        )
        inventory = get_inventory(environment, query, lambda: hub_target(environment, query.context, kubeconfig))
        if inventory.stale_reason:
            warning = messages.stale_inventory(query.context, inventory.stale_reason, inventory.age)
            environment.streams.say([warning])
        if not inventory.profiles:
            raise messages.no_profiles(query.context, query.namespace, query.selector)
        # With a namespace or a selector, the hub returns only some of its profiles.
        missing = [] if query.namespace or query.selector else selection.unknown_references(inventory)
        if missing:
            environment.streams.say([messages.chosen_without_profile(query.placement or "", missing)])
        mapped = {entry.profile for entry in mapping.entries}

        def is_known(name: str) -> bool:
            return name in mapped or is_approved(name)

        clusters = selection.select_clusters(inventory, options, is_known)
        environment.streams.say(selection.selection_notes(inventory, options, clusters, is_known))
    if options.pick:
        from kubectl_mc.fleet import picker

        clusters = picker.pick_clusters(clusters, environment.variables)
    return Choice(environment, tuple(clusters), mapping, inventory, kubeconfig)


def context_names(environment: Environment) -> list[str]:
    """Return the names of the contexts in the user's kubeconfig. Raises UserError if kubectl cannot read it."""
    listing = kubectl_process.config_command(environment, "get-contexts", "-o", "name")
    (result,) = event_loop.collect_results([listing], 1, environment.hub_patience)
    if result.status:
        raise messages.bad_kubeconfig(result.stderr.decode("utf-8", "replace"))
    # Not splitlines(): a name may contain U+2028.
    return [name for name in result.stdout.decode("utf-8", "replace").split("\n") if name]
