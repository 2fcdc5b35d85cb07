"""`kubectl mc resume RUN`: go on with a run on the clusters that it hasn't begun, or where it failed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial

from kubectl_mc import messages
from kubectl_mc.access.cluster_access import reach_clusters
from kubectl_mc.access.logins import hub_target, logins_for
from kubectl_mc.changes import change_input, earlier_run, gate, record, redaction, summary, waves
from kubectl_mc.changes.record import Outcome, Run
from kubectl_mc.command_line import grammar, invocation, options, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.invocation import Invocation
from kubectl_mc.command_line.options import Options, names_targets
from kubectl_mc.command_line.verbs import VerbRow
from kubectl_mc.fleet.choice import choose
from kubectl_mc.merge import object_changes
from kubectl_mc.messages.name_folding import fold_names
from kubectl_mc.processes import programs, terminal
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.requests import Request, unreachable_result
from kubectl_mc.processes.standard_streams import Streams

HELP = """\
Go on with a change that was stopped, or failed in some clusters: with those that it hasn't changed, and the same input.

  kubectl mc resume RUN [--yes] [--clusters=NAME,…]
  kubectl mc resume RUN -- COMMAND…    where the record has no values because they are secrets: the command again

      --clusters=NAME,…  only these of the run's; one that is protected has to be named exactly
      --repeat-unknown   also where it isn't known whether a change that can't be repeated safely was made
"""

# Flags of the run that its resumption doesn't take over: the clusters are those that are left, and yes is said anew.
_CHOOSING = (
    "clusters", "exclude", "all-clusters", "cluster-selector", "clusterset", "property", "cluster-manager", "placement",
    "healthy", "pick", "contexts",
)  # fmt: skip
_DROPPED = ("yes", "canary", *_CHOOSING)


def run(line: CommandLine, environment: Environment) -> int:
    """Raises UserError where nothing was changed."""
    words, options, streams = grammar.operands(line), environment.options, environment.streams
    if len(words) != 1 or names_targets(options._replace(clusters=())):
        raise messages.which_run("resume")
    earlier_run.refuse_flags(line, grammar.flag_table("").takes_value)  # the run's own hold
    where = record.record_path(environment.home)
    log = record.open_log(where, record.find_run(where, words[0]).id)
    record.lock_run(log)
    found = record.reread_run(log)
    if not summary.outcomes_left(found.places()) and not _stuck(
        found, invocation.parse_invocation(_argv(found)).options
    ):
        raise messages.nothing_to_resume(found.id)
    recorded = _invocation(found, [token.words[0] for token in line.tokens if token.verbatim][1:])
    recorded = recorded._replace(kubectl=programs.named(recorded.kubectl, environment))
    verb = verbs.find_row(recorded.kubectl)
    stuck = _stuck(found, recorded.options)
    left = _wanted(
        summary.outcomes_left(found.places()), verb, options, grammar.is_set(line, "repeat-unknown"), streams
    )
    again = [place.cluster for place in left if place.gated is not False]
    if not again and not stuck:
        raise messages.nothing_to_resume(found.id)
    wanted = earlier_run.narrowed_names(found, [*again, *stuck], options.clusters)
    again, stuck = ([name for name in some if name in wanted] for some in (again, stuck))
    earlier_run.enter_directory(found)
    names = [name for name in found.clusters if name in wanted]
    restated = recorded._replace(options=_options(recorded.options, options, names))
    environment = programs.with_kubectl(environment.for_invocation(restated))
    logins = logins_for(recorded.kubectl, streams)
    choice = choose(environment, partial(hub_target, logins))
    foreground = verbs.mode(verb, recorded.kubectl) == "terminal"
    targets = reach_clusters(choice, recorded.kubectl, None if foreground else logins)
    unreachable = tuple(unreachable_result(target) for target in targets if target.problem)
    request = Request(choice.environment, verb, recorded.kubectl, unreachable=unreachable)
    earlier_run.check_clusters(
        request, found, (recorded.options, options), choice.clusters, targets, same_namespace=True
    )
    gate.check_flags(request, len(names))
    order = (
        waves.plan_waves(again, options.waves, options.canary)
        if options.waves or options.canary
        else _rest(found, again)
    )
    if again and not request.options.yes and not terminal.is_available():
        raise messages.needs_yes()
    with gate.prepared_change(request, choice.clusters, targets, log) as work:
        if not change_input.is_same_input(work.given, found.start.get("input") or {}):
            raise messages.other_input(found.id)
        if foreground:
            return gate.change_in_foreground(work._replace(resumes=True), order)
        known = {place.cluster: place for place in found.places()}
        return gate.carry_out(work._replace(resumes=True), order, known, stuck)


def _invocation(found: Run, again: Sequence[str]) -> Invocation:
    """The run's command; again: as the user gives it once more, because the record lacks what was secret."""
    argv = _argv(found)
    recorded = invocation.parse_invocation(argv)
    if not any(redaction.GONE in word for word in argv):
        return recorded
    kept = grammar.join_tokens(recorded.kubectl.tokens)
    if not again:
        raise messages.command_has_secrets(found.id, shlex.join(kept))
    typed = invocation.parse_invocation(again).kubectl
    if not redaction.matches_proof(found.start.get("proof") or {}, grammar.join_tokens(typed.tokens)):
        raise messages.other_command(found.id)
    return recorded._replace(kubectl=typed)


def _argv(found: Run) -> list[str]:
    return [str(word) for word in found.start["argv"]]


def _options(recorded: Options, typed: Options, names: Sequence[str]) -> Options:
    """The run's own flags, then those typed now, for exactly these clusters."""
    dropped = _DROPPED if terminal.is_available() or recorded.pause != "prompt" else (*_DROPPED, "pause")
    kept = [(name, value) for name, value in recorded.given if name not in dropped]
    now = [(name, value) for name, value in typed.given if name != "clusters"]
    by_context = bool(recorded.contexts)
    chosen = ("contexts" if by_context else "clusters", ",".join(names))
    return options.from_flags(
        [*kept, chosen, ("all-clusters", None), *now]
    )  # all-clusters: whatever defaults leave out


def _stuck(found: Run, recorded: Options) -> list[str]:
    """Clusters that are changed, but nobody has seen their rollouts done, in a run that waits for them."""
    waited = recorded.waves or recorded.canary or recorded.wave_timeout is not None
    return [
        place.cluster
        for place in found.places()
        if waited and place.state == "changed" and place.gated is not True
        if any(each.namespace for each in object_changes.workloads(place.objects))
    ]


def _wanted(
    left: Sequence[Outcome], verb: VerbRow, options: Options, repeat_unknown: bool, streams: Streams
) -> list[Outcome]:
    """Without those where the change may have been made already, if making it twice is another change.

    They are repeated if the user says so: with --repeat-unknown, or on the terminal.
    """
    unclear = [place for place in left if place.state == "unknown" or place.unsure]
    if not unclear or verb.repeatable or repeat_unknown:
        return list(left)
    told = messages.may_be_done(fold_names(place.cluster for place in unclear))
    streams.say([told])
    if not options.yes and terminal.is_available():
        unseen = "" if streams.stderr.isatty() else f"{told}\n"
        if terminal.ask_user(f"{unseen}Do it there (again)? [y/N]: ").strip().lower() in ("y", "yes"):
            return list(left)
    else:
        streams.say([messages.left_out()])
    return [place for place in left if place not in unclear]


def _rest(found: Run, again: Sequence[str]) -> list[tuple[str, ...]]:
    """The run's waves with what is left of them."""
    steps = [tuple(str(name) for name in wave if name in again) for wave in found.start["waves"]]
    return [wave for wave in steps if wave]
