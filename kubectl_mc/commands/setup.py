# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc setup`: finds and checks the user's context for each cluster of the hub, and writes the mapping file.

Contexts that are certain are taken (mapped, same name, same server). For other clusters the user is asked on the
terminal. With `--provider`, a cloud's own CLI makes the contexts that are missing.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.access import (
    approval_dialogue,
    approvals,
    cloud_clis,
    cloud_contexts,
    context_dialogue,
    context_proposals,
    reachability,
)
from kubectl_mc.access.cloud_clis import CLOUDS, Cloud, CloudCommand
from kubectl_mc.access.cloud_contexts import MadeContext
from kubectl_mc.access.cluster_access import choose_clusters, reach_clusters
from kubectl_mc.access.context_dialogue import Dialogue
from kubectl_mc.access.context_proposals import Context, Proposal
from kubectl_mc.access.logins import Logins, logins_for
from kubectl_mc.access.reachability import Check
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import Options
from kubectl_mc.fleet import mapping_editor
from kubectl_mc.fleet.choice import Choice
from kubectl_mc.fleet.mapping import MappingEntry, mapping_files
from kubectl_mc.fleet.mapping_editor import CannotEdit
from kubectl_mc.messages.own_tables import render_table
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.standard_streams import Streams
from kubectl_mc.processes.targets import own_kubeconfig

HELP = """\
Say which context of your kubeconfig reaches each cluster of the hub: proposed by name and by the server's address,
asked for where that isn't certain (many clusters by a pattern, such as admin@{name}), tried out, and written to
~/.kube/kubectl-mc-clusters.yaml.

  kubectl mc setup [--check | --yes] [--provider=aws|gcp|azure|ali] [flags that choose clusters]

Examples:
  kubectl mc setup --hub-context=hub
  kubectl mc setup --check
  kubectl mc setup --provider=gcp --clusters='prod-*'

HOW says where the context comes from: mapped (the file has it), same name, same server, by pattern, chosen, made by
a cloud's CLI; "its profile, approved" needs none. A cluster that is open has none, for the reason under PROBLEM.

      --check           change nothing; exit status 3 if some clusters have no context that works, 1 if all have none
      --yes             ask nothing: take what is certain (mapped, same name, same server)
      --provider=CLOUD  let the cloud's own CLI make the contexts that are missing; its commands are shown first
"""

_PATIENCE = 10.0  # seconds that a cluster has by default


class Session(NamedTuple):
    """What the steps share. mode: "check" changes nothing, "yes" takes what is certain, "ask" asks for the rest."""

    mode: str
    line: CommandLine
    choice: Choice
    logins: Logins | None
    environment: Environment

    @property
    def streams(self) -> Streams:
        """The streams of the command."""
        return self.environment.streams


def run(line: CommandLine, environment: Environment) -> int:
    """Return 0 if every chosen cluster has a context whose server answers and knows the user, 3 if some have one.

    Else, and if the mapping file can't be written, it is 1. Raises UserError.
    """
    options, streams = environment.options, environment.streams
    provider = grammar.value(line, "provider")
    if os.path.exists(earlier := os.path.join(environment.kube_directory, "kubectl-mc-config.yaml")):
        streams.say([messages.setup_earlier_config(earlier)])
    mode = _mode(line, options, streams)
    logins = logins_for(line, streams)
    choice = choose_clusters(environment._replace(options=options._replace(refresh=True)), logins, purpose="profiles")
    if choice.options.contexts:
        raise messages.setup_needs_a_hub()
    session = Session(mode, line, choice, logins, choice.environment.with_default_timeout(_PATIENCE))
    contexts = context_proposals.parse_contexts(cloud_contexts.view_without_secrets(session.environment))
    proposals = context_proposals.propose(choice.clusters, choice.inventory.profiles, choice.mapping, contexts)
    if provider and any(not proposal.context for proposal in proposals):
        proposals = _with_made_contexts(session, CLOUDS[provider], provider, proposals)
        contexts = context_proposals.parse_contexts(cloud_contexts.view_without_secrets(session.environment))
    if mode == "ask":
        session, proposals = _with_answers(session, proposals, contexts)
    interrupts: list[KeyboardInterrupt] = []
    try:
        lost = [proposal.cluster.name for proposal in proposals if not proposal.context]
        checks = _check(session, proposals, _approved_clusters(session, lost) if lost else ())
    except KeyboardInterrupt as interrupt:
        if session.mode == "yes":
            streams.say([messages.SETUP_NOT_WRITTEN])
        if session.mode != "ask" or not context_dialogue.keeps_answers(proposals, streams):
            raise
        interrupts.append(interrupt)
        checks = {proposal.cluster.name: reachability.INTERRUPTED.check for proposal in proposals if proposal.context}
    rows = [_row(proposal, checks.get(proposal.cluster.name)) for proposal in proposals]
    header = ("CLUSTER", "CONTEXT", "HOW", "SERVER ANSWERS", "USER", "PROBLEM")
    streams.stdout.write(render_table(header, rows, environment.has_colours(streams.stdout)))
    streams.stdout.flush()
    if groups := context_dialogue.shared_ways(proposals):
        streams.say([messages.same_ways(groups)])
    works = [name in checks and not checks[name].problem for name in (proposal.cluster.name for proposal in proposals)]
    written = _write_mapping(session, proposals, options)
    if interrupts:
        return 130
    return messages.fleet_status(done=any(works) and written, failed=not all(works) or not written)


def _with_answers(
    session: Session, proposals: Sequence[Proposal], contexts: Sequence[Context]
) -> tuple[Session, list[Proposal]]:
    """Return the proposals with the contexts that the user chooses for those without one.

    At the end of the input, the remaining proposals stay as they are. After Ctrl-C, too, if the user keeps the answers;
    then the session asks nothing more. Else KeyboardInterrupt is raised.
    """
    dialogue = Dialogue(proposals, contexts, session.environment)
    try:
        dialogue.ask()
    except KeyboardInterrupt:
        if not context_dialogue.keeps_answers(dialogue.proposals, session.streams):
            raise
        session = session._replace(mode="yes")
    return session, dialogue.proposals


def _mode(line: CommandLine, options: Options, streams: Streams) -> str:
    if grammar.is_set(line, "check"):
        return "check"
    if options.yes:
        return "yes"
    if streams.stdin.isatty() and streams.stderr.isatty():
        return "ask"
    streams.say([messages.SETUP_WITHOUT_TERMINAL])
    return "check"


def _approved_clusters(session: Session, names: Sequence[str]) -> set[str]:
    """Return the clusters, of these, whose ClusterProfile's offer the user has approved, or approves now."""
    record = approvals.read_approvals(approvals.approvals_path(session.environment.home))
    offered = [access for access in approval_dialogue.offered_access(session.choice, record) if access.cluster in names]
    awaiting = approval_dialogue.awaiting_approval(offered)
    approved = {access.cluster for access in offered if access.verdict.state == "approved"}
    if not awaiting:
        return approved
    if session.mode != "ask":
        names = [access.cluster for access in awaiting]
        session.streams.say([messages.setup_to_approve(names, session.environment.access_flags)])
        return approved
    approval_dialogue.show_offers(awaiting, session.environment)
    if not approval_dialogue.ask_for_approval(awaiting, session.environment):
        return approved
    approval_dialogue.record_approvals(awaiting, session.environment)
    return approved | {access.cluster for access in awaiting}


# --- Contexts that a cloud's CLI makes --------------------------------------------------------------------------


def _with_made_contexts(session: Session, cloud: Cloud, name: str, proposals: Sequence[Proposal]) -> list[Proposal]:
    """Return the proposals; those without a context with the one that the cloud's CLI made, or why it made none."""
    path = session.environment.kubeconfig_files[0]
    ready: dict[str, CloudCommand] = {}
    problems: dict[str, str] = {}
    for proposal in proposals:
        if proposal.context:
            continue
        cluster = proposal.cluster
        plan = cloud_clis.plan_command(cloud, cluster.profile, cluster.name, path)
        if plan.argv:
            ready[cluster.name] = plan
        elif plan.missing:
            problems[cluster.name] = messages.cloud_property_missing(plan.missing)
        else:
            problems[cluster.name] = messages.cloud_property_unfit(name, *plan.unfit)
    made: dict[str, MadeContext] = {}
    if ready and cloud_contexts.is_missing(cloud, session.environment.variables):
        problems |= dict.fromkeys(ready, messages.cloud_missing(cloud.command))
    elif ready and _may_run(session, ready):
        timeout = session.choice.options.cluster_timeout
        patience = cloud_contexts.PATIENCE if timeout is None else timeout
        made = cloud_contexts.make_contexts(cloud, ready, session.environment, patience)
    problems |= {cluster: result.problem for cluster, result in made.items() if result.problem}
    contexts = {cluster: result.context for cluster, result in made.items() if result.context}
    return [
        proposal._replace(context=contexts[proposal.cluster.name], how=f"made by {cloud.command}")
        if proposal.cluster.name in contexts
        else proposal._replace(how=problems.get(proposal.cluster.name, proposal.how))
        for proposal in proposals
    ]


def _may_run(session: Session, plans: Mapping[str, CloudCommand]) -> bool:
    """Show the commands, and return whether they may be run. On a terminal the user is asked once for all of them."""
    commands = [f"  {messages.visible(shlex.join(plan.argv))}" for plan in plans.values()]
    session.streams.say(["Would run:" if session.mode == "check" else "To be run:", *commands])
    if session.mode != "ask":
        return session.mode == "yes"
    return messages.is_yes(context_dialogue.ask(session.streams, "Run them? [y/N] "))


# --- The table -----------------------------------------------------------------------------------------------------


def _check(session: Session, proposals: Sequence[Proposal], approved: Collection[str]) -> dict[str, Check]:
    """Check how each cluster with a context or an approved offer is reached; return the checks by cluster.

    A context of several clusters is checked once.
    """
    mapping = session.choice.mapping
    entries = [
        MappingEntry(proposal.cluster.profile.name, proposal.context, proposal.cluster.profile.namespace)
        for proposal in proposals
        if proposal.context
    ]
    choice = session.choice._replace(
        clusters=tuple(
            proposal.cluster for proposal in proposals if proposal.context or proposal.cluster.name in approved
        ),
        mapping=mapping._replace(entries=(*entries, *mapping.entries)),
        own_kubeconfig=own_kubeconfig(session.environment.kubeconfig_files),
    )
    targets = reach_clusters(choice, session.line, session.logins, waits=False)
    first = {target.context or target.cluster: target for target in reversed(targets)}
    checks = reachability.check_targets(list(reversed(first.values())), session.environment)
    return {target.cluster: checks[first[target.context or target.cluster].cluster].check for target in targets}


def _row(proposal: Proposal, check: Check | None) -> tuple[str, ...]:
    if not check:
        return proposal.cluster.name, "<none>", "open", "<none>", "<none>", proposal.how
    how = proposal.how if proposal.context else "its profile, approved"
    user = check.user or ("<none>" if check.problem else "<unknown>")
    return proposal.cluster.name, proposal.context or "<none>", how, check.answers, user, check.problem


# --- The mapping file -------------------------------------------------------------------------------------------


def _write_mapping(session: Session, proposals: Sequence[Proposal], typed: Options) -> bool:
    """Write what the mapping file does not contain yet, and return whether it could be written.

    typed: the hub and the inventory are written if they were typed
    A context is also written if its cluster does not answer now: that does not make it the wrong one.
    """
    entries = [_entry(session, proposal) for proposal in proposals if proposal.context and proposal.how != "mapped"]
    mapping, typed_hub = session.choice.mapping, typed.hub_context
    keys = {"hubContext": typed_hub} if typed_hub and not mapping.hub_context else {}
    if len(typed.inventory) == 1 and not mapping.inventory:
        keys["inventory"] = typed.inventory[0]
    path = mapping_files(session.environment)[0]
    if not entries and not keys:
        session.streams.say([messages.setup_nothing_to_write(path)])
        return True
    if mapping.hub_context and typed_hub not in (None, mapping.hub_context):
        session.streams.say([messages.setup_other_hub(path, mapping.hub_context, typed_hub or "")])
    if session.mode == "check":
        session.streams.say([messages.setup_to_write(path, len(entries), keys)])
        return True
    try:
        before = mapping_editor.read_text(path)
        backup = mapping_editor.write_text(path, before, mapping_editor.edited_text(before, entries, keys))
    except (CannotEdit, OSError) as error:
        missing = mapping_editor.edited_text("", entries, keys).rstrip("\n")
        session.streams.say([messages.setup_cannot_write(path, str(error)), missing])
        return False
    session.streams.say([messages.setup_written(path, len(entries), keys, backup)])
    return True


def _entry(session: Session, proposal: Proposal) -> MappingEntry:
    """Return the entry of a cluster for the mapping file.

    It has a namespace if the name alone is ambiguous, or if an entry with this namespace would take precedence.
    """
    profile, entries = proposal.cluster.profile, session.choice.mapping.entries
    namespaces = {entry.namespace for entry in entries if entry.profile == profile.name}
    needed = proposal.cluster.name != profile.name or profile.namespace in namespaces
    return MappingEntry(profile.name, proposal.context, profile.namespace if needed else None)
