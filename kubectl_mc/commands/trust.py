"""`kubectl mc trust`: see, approve and revoke what a hub's ClusterProfiles would make this machine contact and run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from kubectl_mc import approvals, cli, errors, fleet, grammar, programs, tables, trust
from kubectl_mc.approvals import Entry
from kubectl_mc.cli import Options
from kubectl_mc.errors import UserError
from kubectl_mc.grammar import CommandLine
from kubectl_mc.providers import Offer, Unusable
from kubectl_mc.streams import Streams
from kubectl_mc.trust import Approval, Key

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


def run(line: CommandLine, options: Options, environment: Mapping[str, str], streams: Streams) -> int:
    """`trust` alone lists. Raises UserError."""
    if line.path == ("trust",) and grammar.operands(line):
        raise errors.no_trust_command(grammar.operands(line)[0])
    return {"approve": _approve, "revoke": _revoke}.get(line.path[-1], _list)(line, options, environment, streams)


def _entries(
    line: CommandLine, options: Options, environment: Mapping[str, str], streams: Streams, record: trust.Record
) -> list[Entry]:
    login = fleet.login_for(line, streams)
    chosen = fleet.choose(programs.find_kubectl(environment), options, line, environment, streams.say, login=login)
    return approvals.entries(chosen, record)


# --- list --------------------------------------------------------------------------------------------------


def _list(line: CommandLine, options: Options, environment: Mapping[str, str], streams: Streams) -> int:
    """What the hub's clusters offer, and what was approved that none of them offers; without the hub, the record."""
    form = grammar.value(line, "output") or ""
    if form not in ("", "json", "yaml"):
        raise errors.bad_flag_value("output", form, "json or yaml")
    record = trust.read(approvals.file(environment))
    try:
        found = _entries(line, options, environment, streams, record)
    except UserError as error:
        if not record:
            raise
        streams.say([f"Warning: {error}", "So this is what was approved, not what is offered now:"])
        found = []
    listed = [each for each in found if isinstance(each.offer, Offer) or each.approved]
    rest = {} if cli.names_targets(options) else {each: record[each] for each in sorted(record)}
    documents = [_document(each.key, each.cluster, each) for each in listed]
    named = {each.key for each in listed}
    documents += [_document(where, where.profile, approved) for where, approved in rest.items() if where not in named]
    streams.stdout.write(_FORMS[form](documents))
    return 0


def _document(where: Key, name: str, known: Entry | Approval) -> dict[str, Any]:
    """What is said of a cluster. status: approved, unknown, changed, unusable, or kept: approved, but not offered."""
    approved = known.approved if isinstance(known, Entry) else known
    offer = known.offer if isinstance(known, Entry) else None
    document: dict[str, Any] = {
        "name": name,
        "hub": where.hub,
        "profile": where.profile,
        "status": known.verdict.state if isinstance(known, Entry) else "kept",
        "approvedAt": approved.time if approved else "",
        "fields": dict(offer.approval if isinstance(offer, Offer) else approved.fields if approved else {}),
    }
    if isinstance(known, Entry) and known.verdict.changes:
        document["changes"] = [change._asdict() for change in known.verdict.changes]
    if isinstance(offer, Unusable):
        document["problem"] = offer.reason
    return document


def _table(documents: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for each in documents:
        fields = trust.flat(each["fields"])
        login = f"{fields.get('command', '')} {fields.get('args', '')}".strip()
        login = f"provider {fields['provider']} {login}".strip() if "provider" in fields else login
        hub, when = each["hub"] or CURRENT, each["approvedAt"] or "<never>"
        rows.append([each["name"], each["status"], hub, fields.get("server", ""), login, when])
    return tables.render(("NAME", "STATUS", "HUB", "SERVER", "LOGIN", "APPROVED"), rows) if rows else ""


def _listed(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": trust.API_VERSION, "kind": "ClusterTrustList", "items": list(documents)}


def _yaml(documents: Sequence[Mapping[str, Any]]) -> str:
    import yaml

    return str(yaml.safe_dump(_listed(documents), sort_keys=False))


_FORMS = {"": _table, "json": lambda documents: json.dumps(_listed(documents), indent=4) + "\n", "yaml": _yaml}


# --- approve, revoke ---------------------------------------------------------------------------------------


def _approve(line: CommandLine, options: Options, environment: Mapping[str, str], streams: Streams) -> int:
    """Show all of it, then ask once. Exit status 1 if something wasn't approved that was to be."""
    names = tuple(grammar.operands(line))
    if not names and not cli.names_targets(options):
        raise errors.approve_what()
    file = approvals.file(environment)
    record = trust.read(file)
    found = _entries(line, _with_clusters(options, names), environment, streams, record)
    offered = [each for each in found if isinstance(each.offer, Offer)]
    unusable = [
        f"{trust.plain(each.cluster)}: {each.offer.reason}" for each in found if isinstance(each.offer, Unusable)
    ]
    waiting = list(approvals.waiting(found).values())
    streams.say([errors.visible(text) for text in unusable])
    approvals.show(waiting, streams)
    if not waiting:
        streams.say([f"{errors.clusters(len(offered))} approved already" if offered else "nothing to approve"])
        return 1 if unusable else 0
    if not options.yes and not approvals.agreed(waiting, streams):
        streams.say(["nothing was approved"])
        return 1
    approvals.write(waiting, environment, streams)
    return 1 if unusable else 0


def _with_clusters(options: Options, names: Sequence[str]) -> Options:
    """The options as if the names had been given with --clusters."""
    given = tuple(("clusters", name) for name in names)
    return options._replace(clusters=(*options.clusters, *names), given=(*options.given, *given))


def _revoke(line: CommandLine, options: Options, environment: Mapping[str, str], streams: Streams) -> int:
    """By name, namespace/name or glob, of all hubs or of the one that is typed; no hub is asked."""
    names = grammar.operands(line)
    if not names:
        raise errors.revoke_what()
    file = approvals.file(environment)
    record = trust.read(file)
    gone = [_named(record, options.hub_context, name) for name in names]
    for name, found in zip(names, gone):
        if not found:
            raise errors.nothing_to_revoke(name)
    revoked = sorted({where for found in gone for where in found})
    trust.change(file, lambda now: trust.revoke(now, revoked))
    streams.say([f"revoked: {', '.join(_described(where) for where in revoked)}"])
    return 0


def _described(where: Key) -> str:
    return trust.plain(where.profile) + (f" of hub {trust.plain(where.hub)}" if where.hub else "")


def _named(record: trust.Record, hub: str | None, pattern: str) -> list[Key]:
    of_hub = [where for where in record if hub in (None, where.hub)]
    return [each for each in of_hub if any(fnmatchcase(text, pattern) for text in _names(each))]


def _names(where: Key) -> tuple[str, str]:
    return where.profile, where.profile.partition("/")[2]
