"""`kubectl mc setup`: which of the user's contexts reaches each cluster of the hub, proposed, asked, checked, written.

What is certain is taken (mapped, same name, same server); what isn't is asked for on the terminal, and left open
without one. `--provider` lets a cloud's own CLI make the contexts that are missing.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from kubectl_mc import messages
from kubectl_mc.access import approval_dialogue, approvals, cloud_clis, cloud_contexts, context_proposals, reachability
from kubectl_mc.access.cloud_clis import CLOUDS, Cloud, CloudCommand
from kubectl_mc.access.cluster_access import reach_clusters
from kubectl_mc.access.context_proposals import Context, Proposal
from kubectl_mc.access.logins import Logins, hub_target, logins_for
from kubectl_mc.access.reachability import Check
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import Options
from kubectl_mc.fleet import mapping_editor
from kubectl_mc.fleet.choice import Choice, choose
from kubectl_mc.fleet.mapping import FILES, MappingEntry
from kubectl_mc.fleet.mapping_editor import CannotEdit
from kubectl_mc.messages import own_tables
from kubectl_mc.processes import programs
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.standard_streams import Streams
from kubectl_mc.processes.targets import own_kubeconfig

HEADERS = ("CLUSTER", "CONTEXT", "HOW", "SERVER ANSWERS", "USER", "PROBLEM")

PATIENCE = 10.0  # seconds that a cluster has, by default

LISTED = 20  # contexts in a question; any other can be typed

HELP = """\
Say which context of your kubeconfig reaches each cluster of the hub: proposed by name and by the server's address,
asked for where that isn't certain, tried out, and written to ~/.kube/kubectl-mc-clusters.yaml.

  kubectl mc setup [--check | --yes] [--provider=aws|gcp|azure|ali] [flags that choose clusters]

Examples:
  kubectl mc setup --hub-context=hub
  kubectl mc setup --check
  kubectl mc setup --provider=gcp --clusters='prod-*'

      --check           change nothing; exit status 1 if a cluster has no context, or one that doesn't work
      --yes             ask nothing: take what is certain (mapped, same name, same server)
      --provider=CLOUD  let the cloud's own CLI make the contexts that are missing; its commands are shown first
"""


class Session(NamedTuple):
    """What the steps share. mode: "check" changes nothing, "yes" takes what is certain, "ask" asks for the rest."""

    mode: str
    line: CommandLine
    choice: Choice
    logins: Logins | None
    environment: Environment

    @property
    def streams(self) -> Streams:
        return self.environment.streams


def run(line: CommandLine, environment: Environment) -> int:
    """Exit status 0 if every chosen cluster has a context whose server answers and knows the user. Raises UserError."""
    cloud = _cloud(line)
    options, streams = environment.options, environment.streams
    mode = _mode(line, options, streams)
    # What is set up now should not rest on what was there minutes ago.
    fresh = programs.with_kubectl(environment)._replace(options=options._replace(refresh=True))
    logins = logins_for(line, streams)
    choice = choose(fresh, partial(hub_target, logins))
    if choice.options.contexts:
        raise messages.setup_needs_a_hub()
    session = Session(mode, line, choice, logins, choice.environment.with_default_timeout(PATIENCE))
    known = context_proposals.parse_contexts(cloud_contexts.view_without_secrets(session.environment))
    proposed = _proposed(session, known)
    if cloud and any(not each.context for each in proposed):
        proposed = _from_cloud(session, cloud, grammar.value(line, "provider") or "", proposed)
        known = context_proposals.parse_contexts(cloud_contexts.view_without_secrets(session.environment))
    if mode == "ask":
        proposed = _asked(session, proposed, known)
    by_profile = _profiles(session, [each.cluster.name for each in proposed if not each.context])
    checks = _checks(session, proposed, by_profile)
    streams.stdout.write(
        own_tables.render_table(HEADERS, [_row(each, checks.get(each.cluster.name)) for each in proposed])
    )
    streams.stdout.flush()
    done = len(checks) == len(proposed) and not any(check.problem for check in checks.values())
    written = _write(session, proposed, options.hub_context)
    return 0 if done and written else 1


def _profiles(session: Session, lost: Sequence[str]) -> set[str]:
    """Of the clusters without a context, those that their profile's word reaches: the user has approved it, or does."""
    if not lost:
        return set()
    record = approvals.read_approvals(approvals.approvals_path(session.environment.home))
    found = [each for each in approval_dialogue.offered_access(session.choice, record) if each.cluster in lost]
    waiting = list(approval_dialogue.awaiting_approval(found).values())
    reached = {each.cluster for each in found if each.verdict.state == "approved"}
    if not waiting:
        return reached
    if session.mode != "ask":
        session.streams.say([messages.setup_to_approve([each.cluster for each in waiting])])
        return reached
    approval_dialogue.show_offers(waiting, session.environment)
    if not approval_dialogue.ask_for_approval(waiting, session.environment):
        return reached
    approval_dialogue.record_approvals(waiting, session.environment)
    return reached | {each.cluster for each in waiting}


def _cloud(line: CommandLine) -> Cloud | None:
    if not grammar.values(line, "provider"):
        return None
    given = grammar.value(line, "provider") or ""
    if given not in CLOUDS:
        raise messages.bad_flag_value("provider", given, f"one of {', '.join(CLOUDS)}")
    return CLOUDS[given]


def _mode(line: CommandLine, options: Options, streams: Streams) -> str:
    if grammar.is_set(line, "check"):
        return "check"
    if options.yes:
        return "yes"
    if streams.stdin.isatty() and streams.stderr.isatty():
        return "ask"
    streams.say([messages.setup_without_terminal()])
    return "check"


def _proposed(session: Session, known: Sequence[Context]) -> list[Proposal]:
    choice = session.choice
    return context_proposals.propose(choice.clusters, choice.inventory.profiles, choice.mapping, known)


# --- Contexts that a cloud's CLI makes --------------------------------------------------------------------------


def _from_cloud(session: Session, cloud: Cloud, name: str, proposed: Sequence[Proposal]) -> list[Proposal]:
    """The proposals, with the contexts that the cloud's CLI has made for open ones, or with what it lacks for that."""
    path = session.environment.kubeconfig_files[0]
    plans = {
        each.cluster.name: cloud_clis.plan_command(cloud, each.cluster.profile, each.cluster.name, path)
        for each in proposed
        if not each.context
    }
    lacking = {cluster: _lacking(name, plan) for cluster, plan in plans.items() if not plan.argv}
    ready = {cluster: plan for cluster, plan in plans.items() if plan.argv}
    if ready and cloud_contexts.is_missing(cloud, session.environment.variables):
        lacking |= dict.fromkeys(ready, messages.cloud_missing(cloud.command))
        ready = {}
    made: dict[str, cloud_contexts.MadeContext] = {}
    if ready and _agreed(session, ready):
        given = session.choice.options.cluster_timeout
        patience = cloud_contexts.PATIENCE if given is None else given
        made = cloud_contexts.make_contexts(cloud, ready, session.environment, patience)
    lacking |= {cluster: found.problem for cluster, found in made.items() if found.problem}
    contexts = {cluster: found.context for cluster, found in made.items() if found.context}
    return [
        each._replace(context=contexts[each.cluster.name], how=f"made by {cloud.command}")
        if each.cluster.name in contexts
        else each._replace(how=lacking.get(each.cluster.name, each.how))
        for each in proposed
    ]


def _lacking(cloud: str, plan: CloudCommand) -> str:
    return (
        messages.cloud_property_missing(plan.missing)
        if plan.missing
        else messages.cloud_property_unfit(cloud, *plan.unfit)
    )


def _agreed(session: Session, plans: Mapping[str, CloudCommand]) -> bool:
    """Show the commands; may they be run? On a terminal the user says so, once for all of them."""
    commands = [f"  {messages.visible(shlex.join(plan.argv))}" for plan in plans.values()]
    session.streams.say(["Would run:" if session.mode == "check" else "To be run:", *commands])
    if session.mode != "ask":
        return session.mode == "yes"
    return _answer(session.streams, "Run them? [y/N] ").strip().lower() in ("y", "yes")


# --- Questions --------------------------------------------------------------------------------------------------


def _asked(session: Session, proposed: Sequence[Proposal], known: Sequence[Context]) -> list[Proposal]:
    """The proposals with the user's choice for the open ones; at the end of the input, the rest stays open."""
    urls = {context.name: context.server[0] for context in known}
    answered = []
    asking = True
    for each in proposed:
        if each.context or not asking:
            answered.append(each)
            continue
        # The contexts that a cloud's CLI has just made come behind the likely ones.
        names = [*each.candidates, *(name for name in urls if name not in each.candidates)]
        session.streams.say(_question(each, names[:LISTED], urls, len(names)))
        choice = _choice(session.streams, names)
        asking = choice is not None
        answered.append(each._replace(context=choice, how="chosen") if choice else each)
    return answered


def _question(proposal: Proposal, names: Sequence[str], urls: Mapping[str, str], count: int) -> list[str]:
    """The question for a cluster, with its numbered contexts."""
    cells = [(str(number), name, urls.get(name, "")) for number, name in enumerate(names, start=1)]
    lines = own_tables.render_table((), cells).splitlines()
    lines += [f"… and {count - len(names)} more: type the name"] if count > len(names) else []
    title = f"Which context reaches {proposal.cluster.name}? ({proposal.how})"
    return ["", messages.visible(title), *(f"  {line}" for line in lines)]


def _choice(streams: Streams, names: Sequence[str]) -> str | None:
    """A context by its number or name; "" for a skip, None at the end of the input."""
    while True:
        answer = _answer(streams, "Number or name, empty to skip: ")
        word = answer.strip()
        if not answer:
            return None
        if not word or word in names:
            return word
        if word.isdecimal() and 1 <= int(word) <= min(len(names), LISTED):
            return names[int(word) - 1]
        streams.say([f"'{messages.visible(word)}' is no context and no number of the list"])


def _answer(streams: Streams, question: str) -> str:
    """A line of the user's with its newline; "" at the end of the input."""
    streams.stderr.write(question)
    streams.stderr.flush()
    return streams.stdin.readline()


# --- The table -----------------------------------------------------------------------------------------------------


def _checks(session: Session, proposed: Sequence[Proposal], by_profile: Collection[str]) -> dict[str, Check]:
    """What it is like to reach each cluster that has a way now, by its name; a context of several is asked once."""
    mapped = session.choice.mapping
    entries = [
        MappingEntry(each.cluster.profile.name, each.context, each.cluster.profile.namespace)
        for each in proposed
        if each.context
    ]
    choice = session.choice._replace(
        clusters=tuple(each.cluster for each in proposed if each.context or each.cluster.name in by_profile),
        mapping=mapped._replace(entries=(*entries, *mapped.entries)),
        own=own_kubeconfig(session.environment.kubeconfig_files),
    )
    targets = reach_clusters(choice, session.line, session.logins)
    first = {target.context or target.cluster: target for target in reversed(targets)}
    asked = reachability.check_targets(list(reversed(first.values())), session.environment)
    return {target.cluster: asked[first[target.context or target.cluster].cluster].check for target in targets}


def _row(proposal: Proposal, check: Check | None) -> tuple[str, ...]:
    if not check:
        return proposal.cluster.name, "<none>", "open", "<none>", "<none>", proposal.how
    how = proposal.how if proposal.context else "its profile, approved"
    user = check.user or ("<none>" if check.problem else "<unknown>")
    return proposal.cluster.name, proposal.context or "<none>", how, check.answers, user, check.problem


# --- Writing ----------------------------------------------------------------------------------------------------


def _write(session: Session, proposed: Sequence[Proposal], hub_context: str | None) -> bool:
    """Write what the mapping file doesn't say yet; could it be written?

    That a cluster doesn't answer now is no reason not to: which context is its own doesn't depend on it.
    """
    entries = [_entry(session, each) for each in proposed if each.context and each.how != "mapped"]
    there = session.choice.mapping.hub_context
    hub = None if there else hub_context
    path = os.path.join(session.environment.kube_directory, FILES[0])
    if not entries and not hub:
        session.streams.say([messages.setup_nothing_to_write(path)])
        return True
    if there and hub_context not in (None, there):
        session.streams.say([messages.setup_other_hub(path, there, hub_context or "")])
    if session.mode == "check":
        session.streams.say([messages.setup_to_write(path, len(entries), hub)])
        return True
    try:
        before = mapping_editor.read_text(path)
        backup = mapping_editor.write_text(path, before, mapping_editor.edited_text(before, entries, hub))
    except (CannotEdit, OSError) as error:
        session.streams.say(
            [messages.setup_cannot_write(path, str(error)), mapping_editor.text_to_add(entries, hub).rstrip("\n")]
        )
        return False
    session.streams.say([messages.setup_written(path, len(entries), hub, backup)])
    return True


def _entry(session: Session, proposal: Proposal) -> MappingEntry:
    """With its namespace only where the name alone doesn't tell, or where an entry that has one would count before."""
    profile, entries = proposal.cluster.profile, session.choice.mapping.entries
    namespaces = {entry.namespace for entry in entries if entry.profile == profile.name}
    needed = proposal.cluster.name != profile.name or profile.namespace in namespaces
    return MappingEntry(profile.name, proposal.context, profile.namespace if needed else None)
