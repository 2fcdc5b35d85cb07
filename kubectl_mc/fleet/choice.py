# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The choice: the clusters of the fleet that a command is for."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, partial

from kubectl_mc import messages
from kubectl_mc.command_line.options import HUB_FLAGS, Options, with_defaults
from kubectl_mc.fleet import members, selection
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.fleet.inventory import Inventory, InventoryQuery, get_inventory
from kubectl_mc.fleet.mapping import ClusterMapping, read_mapping
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import event_loop, kubectl_process, service_account
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.service_account import IN_CLUSTER
from kubectl_mc.processes.targets import Kubeconfig, Target, own_kubeconfig
from kubectl_mc.type_hints import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kubectl_mc.fleet.lasting_choice import LastingChoice

# (environment, the hub's context or None for the current one, the user's kubeconfig) -> the hub as a target
HubTarget = Callable[[Environment, str | None, Kubeconfig], Target]

# What the clusters are chosen for. A read asks each member cluster once. A change does so, too, but acts on none of
# several profiles that are equally old. Both may be under a lasting choice. A command about the profiles themselves is
# for each of them, and an approval is of profiles by their names. "use" makes a lasting choice.
Purpose = Literal["read", "change", "profiles", "approval", "use"]


class Choice(NamedTuple):
    """The clusters that a command is for.

    environment: its options include the defaults of the mapping file, and a lasting choice
    clusters: in the order in which they are shown
    own_kubeconfig: the user's kubeconfig
    chosen_by: who has made the lasting choice that the command is under; "" if it is under none
    notice: what the caller has to say of that, behind the answer; "" for nothing
    """

    environment: Environment
    clusters: tuple[Cluster, ...]
    mapping: ClusterMapping
    inventory: Inventory
    own_kubeconfig: Kubeconfig
    chosen_by: str = ""
    notice: str = ""

    @property
    def fleet_size(self) -> int:
        """How many clusters there are to choose from: the member clusters of the hub's inventory, or the contexts."""
        return len({profile.member_id or profile.reference for profile in self.inventory.profiles})

    @property
    def options(self) -> Options:
        """The options, including the defaults of the mapping file."""
        return self.environment.options

    @property
    def hub_context(self) -> str | None:
        """The kubeconfig context of the hub, or IN_CLUSTER; None for the current one."""
        return self.options.hub_context


def choose(
    environment: Environment,
    hub_target: HubTarget,
    is_approved: Callable[[str], bool],
    clustersets: bool = False,
    purpose: Purpose = "read",
    notice_behind: bool = False,
) -> Choice:
    """Choose the clusters by the options, from the hub's inventory or from the user's contexts (--contexts).

    hub_target: makes the target for the hub; it is called only if the hub has to be asked
    is_approved: whether the user has approved how a cluster of this name is reached; called if the hub has none
    clustersets: whether the inventory includes the ClusterSets, if the user may read them
    notice_behind: the caller says behind the answer that a lasting choice was in force; else that is said here
    Writes warnings to stderr. Raises UserError, also if a change names no inventory, and the hub has several.
    """
    mapping = read_mapping(environment, may_be_missing=purpose == "profiles")
    lasting = _lasting_choice(environment, mapping, purpose)
    options = _completed(environment.options, lasting, mapping)
    hub = service_account.hub_context(options.hub_context or mapping.hub_context, environment)
    _check_kubeconfig(environment, options, hub)
    options = options if options.contexts else options._replace(hub_context=hub)
    environment, kubeconfig = environment.with_options(options), own_kubeconfig(environment.kubeconfig_files)
    if options.contexts:
        mapping = ClusterMapping()
        inventory, clusters = _choose_contexts(environment, lasting)
    else:
        query = InventoryQuery(
            hub,
            tuple(dict.fromkeys(options.inventory)),
            options.cluster_selector,
            clustersets="required" if options.clusterset is not None else "optional" if clustersets else "",
            placement=options.placement,
        )
        mapped = {*mapping.protected, *(name for entry in mapping.entries for name in (entry.profile, entry.context))}

        def target() -> Target:
            return _in_cluster_hub(environment, hub) or hub_target(environment, hub, kubeconfig)

        @cache
        def is_known(text: str) -> bool:
            return purpose == "approval" or text in mapped or is_approved(text) or text in context_names(environment)

        inventory, clusters = _choose_from_hub(
            environment, query, target, is_known, lasting, is_change=purpose == "change"
        )
    if purpose == "change":
        selection.check_exclusions(inventory, options)
    if options.pick:
        from kubectl_mc.fleet import picker

        clusters = picker.pick_clusters(clusters, mapping, environment.variables)
    if not options.inventory:
        _say_inventories(environment, clusters)
    if purpose in ("read", "change", "use"):
        clusters = _once_each(environment, clusters, for_change=purpose == "change")
    choice = Choice(environment, tuple(clusters), mapping, inventory, kubeconfig)
    return _with_notice(choice, lasting, notice_behind) if lasting else choice


def _check_kubeconfig(environment: Environment, options: Options, hub: str | None) -> None:
    """Raise UserError if there is no kubeconfig, and the command isn't for the hub of the pod that we run in alone."""
    if _has_kubeconfig(environment) or (hub == IN_CLUSTER and not options.contexts and not environment.kubeconfig_flag):
        return
    names_context = bool(hub or options.contexts)
    missing_token = "" if names_context else service_account.missing_token(environment)
    variable = environment.variables.get("KUBECONFIG", "")
    raise messages.no_kubeconfig(environment.kubeconfig_flag, missing_token, variable)


def _choose_contexts(environment: Environment, lasting: LastingChoice | None) -> tuple[Inventory, list[Cluster]]:
    """Return the user's contexts as an inventory, and those of them that --contexts chooses. Raises UserError."""
    options, contexts = environment.options, tuple(ClusterProfile(name, "") for name in context_names(environment))
    with _named_in_errors(lasting):
        clusters = selection.clusters_of_contexts(contexts, options)
    environment.streams.say(selection.context_notes(contexts, options, clusters))
    return Inventory(contexts), clusters


def _choose_from_hub(
    environment: Environment,
    query: InventoryQuery,
    target: Callable[[], Target],
    is_known: Callable[[str], bool],
    lasting: LastingChoice | None,
    is_change: bool,
) -> tuple[Inventory, list[Cluster]]:
    """Return the hub's inventory, and the clusters that the options choose. Raises UserError.

    target: makes the target for the hub; it is called only if the hub has to be asked
    is_known: as of `selection.select_clusters`
    """
    options, streams = environment.options, environment.streams
    ask = partial(_ask_hub, environment, query, target, lasting)
    inventory = ask(refresh=is_change)
    with _hub_in_errors(environment, query.context):
        _check_inventories(inventory, query, is_change)
    streams.say(selection.placement_notes(inventory, options))
    with _named_in_errors(lasting):
        try:
            clusters = selection.select_clusters(inventory, options, is_known)
        except messages.UserError:
            if not inventory.age or inventory.stale_reason:
                raise
            inventory = ask(refresh=True)  # a cluster may have joined since
            clusters = selection.select_clusters(inventory, options, is_known)
    streams.say(selection.selection_notes(inventory, options, clusters, is_known))
    return inventory, clusters


def _ask_hub(
    environment: Environment,
    query: InventoryQuery,
    target: Callable[[], Target],
    lasting: LastingChoice | None,
    refresh: bool,
) -> Inventory:
    """Return the inventory as `get_inventory` does, and say if the hub can't be asked again. Raises UserError."""
    asks_by_choice = lasting and any(name in HUB_FLAGS for name, _ in lasting.flags)
    with _named_in_errors(lasting if asks_by_choice else None), _hub_in_errors(environment, query.context):
        inventory = get_inventory(environment, query, target, refresh)
    if inventory.stale_reason:
        environment.streams.say([messages.stale_inventory(query.context, inventory.stale_reason, inventory.age)])
    return inventory


def _lasting_choice(environment: Environment, mapping: ClusterMapping, purpose: Purpose) -> LastingChoice | None:
    """Return the lasting choice that the command is under, if there is one."""
    is_made = environment.variables.get("KUBECTL_MC_CLUSTERS") or os.path.lexists(environment.choice_directory)
    if not is_made or purpose not in ("read", "change"):
        return None
    from kubectl_mc.fleet import lasting_choice

    return lasting_choice.choice_in_force(environment, mapping.hub_context)


def _completed(options: Options, lasting: LastingChoice | None, mapping: ClusterMapping) -> Options:
    """Return the options with the lasting choice, and the defaults of the mapping file."""
    if not lasting:
        return with_defaults(options, mapping.option_defaults)
    from kubectl_mc.fleet import lasting_choice

    return lasting_choice.with_choice(options, lasting.flags, mapping.option_defaults)


def _named_in_errors(lasting: LastingChoice | None) -> AbstractContextManager[None]:
    """Say with an error of the block that it is about the lasting choice, if there is one."""
    if not lasting:
        return nullcontext()
    from kubectl_mc.fleet import lasting_choice

    return lasting_choice.named_in_errors(lasting)


@contextmanager
def _hub_in_errors(environment: Environment, hub: str | None) -> Iterator[None]:
    """Say with an error of the block about the hub which context that is, and what is typed where it is none."""
    try:
        yield
    except messages.NoHubContext:
        raise messages.no_hub_context(hub, context_names(environment)) from None
    except messages.UserError as error:
        text = str(error)
        if not hub:
            listing = kubectl_process.config_command(environment, "current-context")
            (result,) = event_loop.collect_results([listing], 1, environment.hub_patience)
            current = "" if result.status else result.stdout.decode("utf-8", "replace").removesuffix("\n")
            text = messages.naming_current_context(text, current)
        if isinstance(error, messages.NoClusterProfiles) or (not hub and isinstance(error, messages.HubFailed)):
            text += f"\n{messages.without_hub(_meant_contexts(environment))}"
        error.args = (text,)
        raise


def _meant_contexts(environment: Environment) -> str:
    """Return what --clusters has, if it fits contexts, or else a glob for all of them, as a value of --contexts."""
    typed = environment.options.clusters
    try:
        contexts = [ClusterProfile(name, "") for name in context_names(environment)] if typed else []
        selection.clusters_of_contexts(contexts, Options(contexts=typed))
    except messages.UserError:
        return "*"
    return ",".join(typed) or "*"


def _with_notice(choice: Choice, lasting: LastingChoice, is_behind: bool) -> Choice:
    """Say which clusters the lasting choice has left, or return the choice with that."""
    from kubectl_mc.messages.lasting_texts import chosen_by

    notice = chosen_by(len(choice.clusters), choice.fleet_size, lasting.source)
    if not is_behind:
        choice.environment.streams.say([notice])
    return choice._replace(chosen_by=lasting.source, notice=notice if is_behind else "")


def _has_kubeconfig(environment: Environment) -> bool:
    return any(map(os.path.exists, environment.kubeconfig_files))


def _in_cluster_hub(environment: Environment, context: str | None) -> Target | None:
    """Return the cluster of the pod that we run in as the target, if it is the hub; None for another hub.

    Raises UserError if it is, and no service account is there.
    """
    if context != IN_CLUSTER or (_has_kubeconfig(environment) and context in context_names(environment)):
        return None
    if not service_account.is_available(environment):
        raise messages.no_service_account(context)
    return Target("hub", "", service_account.in_cluster_kubeconfig(environment))


def _check_inventories(inventory: Inventory, query: InventoryQuery, is_change: bool) -> None:
    """Raise UserError if an inventory is empty, or if a change doesn't say which of several is meant."""
    sizes = Counter(profile.namespace for profile in inventory.profiles)
    empty = [name for name in query.namespaces if name not in sizes]
    if empty or not sizes:
        raise messages.no_profiles(query.context, empty)
    if is_change and len(sizes) > 1 and not query.namespaces:
        raise messages.which_inventory(query.context, sorted(sizes.items()))


def _say_inventories(environment: Environment, clusters: Sequence[Cluster]) -> None:
    """Say that the chosen clusters are of several inventories, though none of these was named."""
    sizes = Counter(cluster.profile.namespace for cluster in clusters)
    if len(sizes) > 1:
        environment.streams.say([messages.several_inventories(sorted(sizes.items()))])


def _once_each(environment: Environment, clusters: Sequence[Cluster], for_change: bool) -> list[Cluster]:
    """Return the clusters, each member cluster once, and say which profiles are left out (see `members.once_each`)."""
    duplicates = members.find_duplicates(clusters)
    for in_one_inventory in (False, True):
        groups = [
            (group.kept.name, [cluster.name for cluster in group.others], group.tied)
            for group in duplicates
            if group.in_one_inventory == in_one_inventory
        ]
        if groups:
            environment.streams.say([messages.same_members(groups, for_change, in_one_inventory)])
    return members.once_each(clusters, duplicates, for_change)


def context_names(environment: Environment) -> list[str]:
    """Return the names of the contexts in the user's kubeconfig. Raises UserError if kubectl cannot read it."""
    listing = kubectl_process.config_command(environment, "get-contexts", "-o", "name")
    (result,) = event_loop.collect_results([listing], 1, environment.hub_patience)
    if result.status:
        raise messages.bad_kubeconfig(result.stderr.decode("utf-8", "replace"))
    # Not splitlines(): a name may contain U+2028.
    return [name for name in result.stdout.decode("utf-8", "replace").split("\n") if name]
