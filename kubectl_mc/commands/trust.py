# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc trust`: approvals of what the ClusterProfiles of a hub make this machine contact and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.access import approval_dialogue
from kubectl_mc.access.approval_dialogue import OfferedAccess
from kubectl_mc.access.approvals import (
    Approval,
    Approvals,
    ProfileKey,
    approvals_for_hub,
    approvals_path,
    approvals_text,
    flat_fields,
    plain,
    read_approvals,
    revoke,
    update_approvals,
)
from kubectl_mc.access.cluster_access import choose_clusters
from kubectl_mc.access.logins import logins_for
from kubectl_mc.access.profile_access import Offer, Unusable
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import SELECTION_FLAGS, Options, flags_set, names_targets, with_names
from kubectl_mc.fleet.choice import Choice, Purpose, context_names
from kubectl_mc.fleet.mapping import read_mapping
from kubectl_mc.fleet.name_globs import alternatives, choose_by_patterns, idle_alternatives, names_profile
from kubectl_mc.messages import UserError
from kubectl_mc.messages.own_tables import render_document, render_table
from kubectl_mc.processes import service_account
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.service_account import IN_CLUSTER
from kubectl_mc.type_hints import Any

HELP = """\
Clusters that no context of yours reaches can be reached by what their ClusterProfiles say: a server, and a program that
logs in there. Nothing of it is contacted or run until you have approved exactly that; what changes later is refused.
A hub also chooses the names of its clusters. So where nothing but its name leads to a context of yours, changes of that
cluster need an approval, too (or its exact name in --clusters, or an entry of the mapping file: kubectl mc setup).

  kubectl mc trust [list] [-o json|yaml]
  kubectl mc trust approve NAME… [--yes]
  kubectl mc trust revoke NAME… [--hub-context=HUB]
  kubectl mc trust export [--hub-context=HUB]     for a pod on that hub: ~/.kube/kubectl-mc-trust.yaml there

revoke and export ask no hub: of the flags that choose clusters, they take --clusters, --exclude and --inventory.

Examples:
  kubectl mc trust approve prod-eu
  kubectl mc trust approve --clusters='prod-*' --clusterprofile-provider-file=providers.json
"""


def run(line: CommandLine, environment: Environment) -> int:
    """List, approve, revoke or export; `trust` alone lists. Raises UserError."""
    if line.path == ("trust",) and grammar.operands(line):
        raise messages.no_subcommand("trust", grammar.operands(line)[0], ("list", "approve", "revoke", "export"))
    return {"approve": _approve, "revoke": _revoke, "export": _export}.get(line.path[-1], _list)(line, environment)


def _choose(environment: Environment, line: CommandLine, purpose: Purpose = "profiles") -> Choice:
    """Choose the clusters: each ClusterProfile is approved by itself, also where several are of the same cluster."""
    return choose_clusters(environment, logins_for(line, environment.streams), purpose=purpose)


def _offered(choice: Choice, approvals: Approvals) -> list[OfferedAccess]:
    """Return what the chosen clusters of the hub offer."""
    contexts = () if choice.options.contexts else context_names(choice.environment)
    return approval_dialogue.offered_access(choice, approvals, contexts)


def _unusable(offered: Sequence[OfferedAccess]) -> dict[str, str]:
    """Return the clusters that can't be approved, each with the line that says why."""
    reasons = {access.cluster: access.offer.reason for access in offered if isinstance(access.offer, Unusable)}
    return {cluster: messages.visible(f"{plain(cluster)}: {reason}") for cluster, reason in reasons.items()}


# --- list --------------------------------------------------------------------------------------------------


def _list(line: CommandLine, environment: Environment) -> int:
    """List what the clusters offer, then what else is approved. If the hub cannot be asked, list the approvals."""
    form = grammar.value(line, "output") or ""
    approvals = read_approvals(approvals_path(environment.home))
    try:
        offered = _offered(_choose(environment, line), approvals)
    except UserError as error:
        if not approvals:
            raise
        environment.streams.say([f"Warning: {error}", "So this is what was approved, not what is offered now:"])
        offered = []
    offered = [access for access in offered if isinstance(access.offer, Offer) or access.approval]
    documents = [_document(access.key, access.cluster, access.approval, access) for access in offered]
    if not names_targets(environment.options):
        rest = sorted(set(approvals) - {access.key for access in offered})
        documents += [_document(key, key.profile, approvals[key]) for key in rest]
    colours = environment.has_colours(environment.streams.stdout)
    text = render_document("ClusterTrustList", {"items": documents}, form) if form else _table(documents, colours)
    environment.streams.stdout.write(text)
    environment.streams.say(list(_unusable(offered).values()))
    if not documents:
        environment.streams.say([messages.NOTHING_TO_TRUST])
    return 0


def _document(
    key: ProfileKey, name: str, approval: Approval | None, access: OfferedAccess | None = None
) -> dict[str, Any]:
    """Return the JSON of a cluster.

    Its status is "approved", "unknown", "changed", "unusable", or "kept" if it is approved but not offered.
    """
    offer = access.offer if access else None
    document: dict[str, Any] = {
        "name": name,
        "hub": key.hub,
        "profile": key.profile,
        "status": access.verdict.state if access else "kept",
        "approvedAt": approval.time if approval else "",
        "fields": dict(offer.fields if isinstance(offer, Offer) else approval.fields if approval else {}),
    }
    if access and access.verdict.changes:
        document["changes"] = [change._asdict() for change in access.verdict.changes]
    if isinstance(offer, Unusable):
        document["problem"] = offer.reason
    return document


def _table(documents: Sequence[Mapping[str, Any]], colours: bool) -> str:
    rows = []
    for document in documents:
        fields = flat_fields(document["fields"])
        login = f"{fields.get('command', '')} {fields.get('args', '')}".strip()
        login = f"provider {fields['provider']} {login}".strip() if "provider" in fields else login
        login = f"context {fields['context']}" if "context" in fields else login
        hub, time = document["hub"] or "<current>", document["approvedAt"] or "<never>"
        rows.append([document["name"], document["status"], hub, fields.get("server", ""), login, time])
    return render_table(("NAME", "STATUS", "HUB", "SERVER", "LOGIN", "APPROVED"), rows, colours, "NAME") if rows else ""


# --- approve, revoke, export -------------------------------------------------------------------------------


def _approve(line: CommandLine, environment: Environment) -> int:
    """Show all offers, then ask once. Returns 3 if some can't be approved, 1 if nothing was. Raises UserError."""
    streams = environment.streams
    options = with_names(environment.options, grammar.operands(line))
    if not names_targets(options):
        raise messages.approve_what()
    choice = _choose(environment._replace(options=options), line, "approval")
    _refuse_ambiguous_names(choice)
    offered = _offered(choice, read_approvals(approvals_path(environment.home)))
    unusable = _unusable(offered)
    mapped = {name: context for name, context in _mapped_contexts(choice).items() if name in unusable}
    awaiting = approval_dialogue.awaiting_approval(offered)
    lines = unusable | {name: messages.mapped_cluster(name, context) for name, context in mapped.items()}
    streams.say(list(lines.values()))
    approval_dialogue.show_offers(awaiting, environment)
    if not awaiting:
        usable = len(offered) - len(unusable)
        if usable or not mapped:
            streams.say([f"{messages.cluster_count(usable)} approved already" if usable else "nothing to approve"])
    elif not options.yes and not approval_dialogue.ask_for_approval(awaiting, environment):
        streams.say(["nothing was approved"])
        return 1
    else:
        approval_dialogue.record_approvals(awaiting, environment)
    return messages.fleet_status(done=len(offered) > len(unusable), failed=bool(unusable.keys() - mapped))


def _refuse_ambiguous_names(choice: Choice) -> None:
    """Raise UserError if a name is that of ClusterProfiles in several of the inventories that were read."""
    for name in (text for pattern in choice.options.clusters for text in alternatives(pattern)):
        same_name = ["/".join(profile.reference) for profile in choice.inventory.profiles if profile.name == name]
        if len(same_name) > 1:
            raise messages.name_in_several_inventories(name, same_name)


def _mapped_contexts(choice: Choice) -> dict[str, str]:
    """Return the contexts of the chosen clusters that the mapping file has an entry of."""
    contexts = {
        cluster.name: choice.mapping.context_for(cluster.profile.name, cluster.profile.namespace)
        for cluster in choice.clusters
    }
    return {name: context for name, context in contexts.items() if context}


def _revoke(line: CommandLine, environment: Environment) -> int:
    """Revoke approvals by name, namespace/name or glob, of all hubs or of the one that is typed. No hub is asked."""
    options = environment.options
    patterns = with_names(Options(), grammar.operands(line)).clusters
    if not patterns and not options.clusters:
        raise messages.revoke_what()
    path = approvals_path(environment.home)
    of_hub = [key for key in read_approvals(path) if options.hub_context in (None, key.hub)]
    selected = _selected(of_hub, options)
    revoked = sorted(_matching(selected, patterns) if patterns else selected)
    update_approvals(path, lambda approvals: revoke(approvals, revoked))
    names = [
        plain(key.profile)
        + (f" by context {plain(key.context)}" if key.context else "")
        + (f" of hub {plain(key.hub)}" if key.hub else "")
        for key in revoked
    ]
    environment.streams.say([f"revoked: {', '.join(names)}"])
    return 0


def _export(line: CommandLine, environment: Environment) -> int:
    """Write the approvals of a hub as the file that a pod on this hub reads. No hub is asked."""
    options = environment.options
    named = options.hub_context or read_mapping(environment).hub_context
    hub = service_account.hub_context(named, environment) or ""
    approvals = approvals_for_hub(read_approvals(approvals_path(environment.home)), hub, IN_CLUSTER)
    if not approvals:
        raise messages.nothing_to_export(hub)
    selected = _selected(list(approvals), options)
    environment.streams.stdout.write(approvals_text({key: approvals[key] for key in selected}))
    return 0


_BY_NAME = ("clusters", "exclude", "all-clusters")


def _selected(keys: Sequence[ProfileKey], options: Options) -> list[ProfileKey]:
    """Return the approvals that --clusters, --exclude and --inventory choose. Only what is typed counts.

    Raises UserError for a flag that chooses clusters by what a hub or a kubeconfig says, and for a name or an inventory
    that nothing is approved of.
    """
    for flag in flags_set(options, [flag for flag in SELECTION_FLAGS if flag not in _BY_NAME]):
        raise messages.not_among_approvals(flag)
    if absent := set(options.inventory) - {key.reference[0] for key in keys}:
        raise messages.nothing_approved_in(sorted(absent))
    in_inventory = [key for key in keys if not options.inventory or key.reference[0] in options.inventory]
    excluded = _matching(in_inventory, options.exclude) if options.exclude else set()
    chosen = _matching(in_inventory, options.clusters)
    if chosen and chosen <= excluded:
        steps = [("clusters", ",".join(options.clusters), True, len(chosen))] if options.clusters else []
        raise messages.no_cluster_left(len(in_inventory), [*steps, ("exclude", ",".join(options.exclude), True, 0)])
    return [key for key in keys if key in chosen - excluded]


def _matching(keys: Sequence[ProfileKey], patterns: Sequence[str]) -> set[ProfileKey]:
    """Return the approvals that patterns choose, by NAMESPACE/NAME or NAME. Raises UserError for one of none."""

    def meant(text: str) -> list[ProfileKey]:
        return [key for key in keys if names_profile(*key.reference, text)]

    for pattern in patterns:
        if idle := idle_alternatives(pattern, meant):
            raise messages.nothing_approved(idle[0])
    return choose_by_patterns(patterns, keys, meant)
