"""`kubectl mc trust`: approvals of what the ClusterProfiles of a hub make this machine contact and run."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

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
from kubectl_mc.command_line.options import names_targets
from kubectl_mc.fleet.choice import Choice, context_names
from kubectl_mc.fleet.mapping import read_mapping
from kubectl_mc.messages import UserError
from kubectl_mc.messages.own_tables import render_document, render_table
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.service_account import IN_CLUSTER

HELP = """\
Clusters that no context of yours reaches can be reached by what their ClusterProfiles say: a server, and a program that
logs in there. Nothing of it is contacted or run until you have approved exactly that; what changes later is refused.
A hub also chooses the names of its clusters. So where nothing but its name leads to a context of yours, changes of that
cluster need an approval, too (or its exact name in --clusters, or an entry of the mapping file: kubectl mc setup).

  kubectl mc trust [list] [-o json|yaml]
  kubectl mc trust approve NAME… [--yes]
  kubectl mc trust revoke NAME… [--hub-context=HUB]
  kubectl mc trust export [--hub-context=HUB]     for a pod on that hub: ~/.kube/kubectl-mc-trust.yaml there

Examples:
  kubectl mc trust approve prod-eu
  kubectl mc trust approve --clusters='prod-*' --clusterprofile-provider-file=providers.json
"""


def run(line: CommandLine, environment: Environment) -> int:
    """List, approve, revoke or export; `trust` alone lists. Raises UserError."""
    if line.path == ("trust",) and grammar.operands(line):
        raise messages.no_subcommand("trust", grammar.operands(line)[0], "list, approve, revoke, export")
    return {"approve": _approve, "revoke": _revoke, "export": _export}.get(line.path[-1], _list)(line, environment)


def _choose(environment: Environment, line: CommandLine) -> Choice:
    """Choose the clusters: each ClusterProfile is approved by itself, also where several are of the same cluster."""
    return choose_clusters(environment, logins_for(line, environment.streams), purpose="profiles")


def _offered(choice: Choice, approvals: Approvals) -> list[OfferedAccess]:
    """Return what the chosen clusters of the hub offer."""
    contexts = () if choice.options.contexts else context_names(choice.environment)
    return approval_dialogue.offered_access(choice, approvals, contexts)


# --- list --------------------------------------------------------------------------------------------------


def _list(line: CommandLine, environment: Environment) -> int:
    """List what the clusters offer, then what else is approved. If the hub cannot be asked, list the approvals."""
    form = grammar.value(line, "output") or ""
    if form not in ("", "json", "yaml"):
        raise messages.bad_flag_value("output", form, "json or yaml")
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
    text = render_document("ClusterTrustList", {"items": documents}, form) if form else _table(documents)
    environment.streams.stdout.write(text)
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


def _table(documents: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for document in documents:
        fields = flat_fields(document["fields"])
        login = f"{fields.get('command', '')} {fields.get('args', '')}".strip()
        login = f"provider {fields['provider']} {login}".strip() if "provider" in fields else login
        login = f"context {fields['context']}" if "context" in fields else login
        hub, time = document["hub"] or "<current>", document["approvedAt"] or "<never>"
        rows.append([document["name"], document["status"], hub, fields.get("server", ""), login, time])
    return render_table(("NAME", "STATUS", "HUB", "SERVER", "LOGIN", "APPROVED"), rows) if rows else ""


# --- approve, revoke, export -------------------------------------------------------------------------------


def _approve(line: CommandLine, environment: Environment) -> int:
    """Show all offers, then ask once. The exit status is 3 if some can't be approved, 1 if nothing was."""
    names, options, streams = tuple(grammar.operands(line)), environment.options, environment.streams
    if not names and not names_targets(options):
        raise messages.approve_what()
    # The names count as if they had been typed with --clusters.
    typed = (*options.typed, *(("clusters", name) for name in names))
    choosing = environment._replace(options=options._replace(clusters=(*options.clusters, *names), typed=typed))
    choice = _choose(choosing, line)
    offered = _offered(choice, read_approvals(approvals_path(environment.home)))
    unusable = {access.cluster: access.offer.reason for access in offered if isinstance(access.offer, Unusable)}
    mapped = {name: context for name, context in _mapped_contexts(choice).items() if name in unusable}
    awaiting = approval_dialogue.awaiting_approval(offered)
    lines = {name: messages.visible(f"{plain(name)}: {reason}") for name, reason in unusable.items()}
    lines |= {name: messages.mapped_cluster(name, context) for name, context in mapped.items()}
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


def _mapped_contexts(choice: Choice) -> dict[str, str]:
    """Return the contexts of the chosen clusters that the mapping file has an entry of."""
    contexts = {
        cluster.name: choice.mapping.context_for(cluster.profile.name, cluster.profile.namespace)
        for cluster in choice.clusters
    }
    return {name: context for name, context in contexts.items() if context}


def _revoke(line: CommandLine, environment: Environment) -> int:
    """Revoke approvals by name, namespace/name or glob, of all hubs or of the one that is typed. No hub is asked."""
    patterns, hub = grammar.operands(line), environment.options.hub_context
    if not patterns:
        raise messages.revoke_what()
    path = approvals_path(environment.home)
    of_hub = [key for key in read_approvals(path) if hub in (None, key.hub)]
    matching: set[ProfileKey] = set()
    for pattern in patterns:
        # By NAMESPACE/NAME or by NAME.
        keys = [key for key in of_hub if fnmatch.filter((key.profile, key.profile.partition("/")[2]), pattern)]
        if not keys:
            raise messages.nothing_to_revoke(pattern)
        matching.update(keys)
    revoked = sorted(matching)
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
    hub = environment.options.hub_context or read_mapping(environment.kube_directory).hub_context or ""
    approvals = approvals_for_hub(read_approvals(approvals_path(environment.home)), hub, IN_CLUSTER)
    if not approvals:
        raise messages.nothing_to_export(hub)
    environment.streams.stdout.write(approvals_text(approvals))
    return 0
