"""`kubectl mc trust`: see, approve and revoke what a hub's ClusterProfiles would make this machine contact and run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from kubectl_mc import messages
from kubectl_mc.access import approval_dialogue, approvals
from kubectl_mc.access.approval_dialogue import OfferedAccess
from kubectl_mc.access.approvals import Approval, ProfileKey
from kubectl_mc.access.logins import hub_target, logins_for
from kubectl_mc.access.profile_access import Offer, Unusable
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import Options, names_targets
from kubectl_mc.fleet.choice import choose
from kubectl_mc.messages import UserError, own_tables
from kubectl_mc.processes import programs
from kubectl_mc.processes.environment import Environment

HELP = """\
Clusters that no context of yours reaches can be reached by what their ClusterProfiles say: a server, and a program that
logs in there. Nothing of it is contacted or run until you have approved exactly that; what changes later is refused.

  kubectl mc trust [list] [-o json|yaml]
  kubectl mc trust approve NAME… [--yes]
  kubectl mc trust revoke NAME… [--hub-context=HUB]

Examples:
  kubectl mc trust approve prod-eu
  kubectl mc trust approve --clusters='prod-*' --clusterprofile-provider-file=providers.json
"""

CURRENT = "<current>"  # the hub of approvals that were made without a name for it: the current context


def run(line: CommandLine, environment: Environment) -> int:
    """`trust` alone lists. Raises UserError."""
    if line.path == ("trust",) and grammar.operands(line):
        raise messages.no_trust_command(grammar.operands(line)[0])
    return {"approve": _approve, "revoke": _revoke}.get(line.path[-1], _list)(line, environment)


def _entries(line: CommandLine, environment: Environment, record: approvals.Approvals) -> list[OfferedAccess]:
    environment = programs.with_kubectl(environment)
    choice = choose(environment, partial(hub_target, logins_for(line, environment.streams)))
    return approval_dialogue.offered_access(choice, record)


# --- list --------------------------------------------------------------------------------------------------


def _list(line: CommandLine, environment: Environment) -> int:
    """What the hub's clusters offer, and what was approved that none of them offers; without the hub, the record."""
    form = grammar.value(line, "output") or ""
    if form not in ("", "json", "yaml"):
        raise messages.bad_flag_value("output", form, "json or yaml")
    record = approvals.read_approvals(approvals.approvals_path(environment.home))
    try:
        found = _entries(line, environment, record)
    except UserError as error:
        if not record:
            raise
        environment.streams.say([f"Warning: {error}", "So this is what was approved, not what is offered now:"])
        found = []
    listed = [each for each in found if isinstance(each.offer, Offer) or each.approved]
    rest = {} if names_targets(environment.options) else {each: record[each] for each in sorted(record)}
    documents = [_document(each.key, each.cluster, each) for each in listed]
    named = {each.key for each in listed}
    documents += [_document(where, where.profile, approved) for where, approved in rest.items() if where not in named]
    environment.streams.stdout.write(_FORMS[form](documents))
    return 0


def _document(where: ProfileKey, name: str, known: OfferedAccess | Approval) -> dict[str, Any]:
    """What is said of a cluster. status: approved, unknown, changed, unusable, or kept: approved, but not offered."""
    approved = known.approved if isinstance(known, OfferedAccess) else known
    offer = known.offer if isinstance(known, OfferedAccess) else None
    document: dict[str, Any] = {
        "name": name,
        "hub": where.hub,
        "profile": where.profile,
        "status": known.verdict.state if isinstance(known, OfferedAccess) else "kept",
        "approvedAt": approved.time if approved else "",
        "fields": dict(offer.approval if isinstance(offer, Offer) else approved.fields if approved else {}),
    }
    if isinstance(known, OfferedAccess) and known.verdict.changes:
        document["changes"] = [change._asdict() for change in known.verdict.changes]
    if isinstance(offer, Unusable):
        document["problem"] = offer.reason
    return document


def _table(documents: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for each in documents:
        fields = approvals.flat_fields(each["fields"])
        login = f"{fields.get('command', '')} {fields.get('args', '')}".strip()
        login = f"provider {fields['provider']} {login}".strip() if "provider" in fields else login
        hub, when = each["hub"] or CURRENT, each["approvedAt"] or "<never>"
        rows.append([each["name"], each["status"], hub, fields.get("server", ""), login, when])
    return own_tables.render_table(("NAME", "STATUS", "HUB", "SERVER", "LOGIN", "APPROVED"), rows) if rows else ""


def _listed(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": approvals.API_VERSION, "kind": "ClusterTrustList", "items": list(documents)}


def _yaml(documents: Sequence[Mapping[str, Any]]) -> str:
    import yaml

    return str(yaml.safe_dump(_listed(documents), sort_keys=False))


_FORMS = {"": _table, "json": lambda documents: json.dumps(_listed(documents), indent=4) + "\n", "yaml": _yaml}

# --- approve, revoke ---------------------------------------------------------------------------------------


def _approve(line: CommandLine, environment: Environment) -> int:
    """Show all of it, then ask once. Exit status 1 if something wasn't approved that was to be."""
    names = tuple(grammar.operands(line))
    if not names and not names_targets(environment.options):
        raise messages.approve_what()
    file = approvals.approvals_path(environment.home)
    record = approvals.read_approvals(file)
    found = _entries(line, environment._replace(options=_with_clusters(environment.options, names)), record)
    offered = [each for each in found if isinstance(each.offer, Offer)]
    unusable = [
        f"{approvals.plain(each.cluster)}: {each.offer.reason}" for each in found if isinstance(each.offer, Unusable)
    ]
    waiting = list(approval_dialogue.awaiting_approval(found).values())
    environment.streams.say([messages.visible(text) for text in unusable])
    approval_dialogue.show_offers(waiting, environment)
    if not waiting:
        environment.streams.say(
            [f"{messages.cluster_count(len(offered))} approved already" if offered else "nothing to approve"]
        )
        return 1 if unusable else 0
    if not environment.options.yes and not approval_dialogue.ask_for_approval(waiting, environment):
        environment.streams.say(["nothing was approved"])
        return 1
    approval_dialogue.record_approvals(waiting, environment)
    return 1 if unusable else 0


def _with_clusters(options: Options, names: Sequence[str]) -> Options:
    """The options as if the names had been given with --clusters."""
    given = tuple(("clusters", name) for name in names)
    return options._replace(clusters=(*options.clusters, *names), given=(*options.given, *given))


def _revoke(line: CommandLine, environment: Environment) -> int:
    """By name, namespace/name or glob, of all hubs or of the one that is typed; no hub is asked."""
    names = grammar.operands(line)
    if not names:
        raise messages.revoke_what()
    file = approvals.approvals_path(environment.home)
    record = approvals.read_approvals(file)
    gone = [_named(record, environment.options.hub_context, name) for name in names]
    for name, found in zip(names, gone):
        if not found:
            raise messages.nothing_to_revoke(name)
    revoked = sorted({where for found in gone for where in found})
    approvals.update_approvals(file, lambda now: approvals.revoke(now, revoked))
    environment.streams.say([f"revoked: {', '.join(_described(where) for where in revoked)}"])
    return 0


def _described(where: ProfileKey) -> str:
    return approvals.plain(where.profile) + (f" of hub {approvals.plain(where.hub)}" if where.hub else "")


def _named(record: approvals.Approvals, hub: str | None, pattern: str) -> list[ProfileKey]:
    of_hub = [where for where in record if hub in (None, where.hub)]
    return [each for each in of_hub if any(fnmatchcase(text, pattern) for text in _names(each))]


def _names(where: ProfileKey) -> tuple[str, str]:
    return where.profile, where.profile.partition("/")[2]
