"""`kubectl mc resume RUN`: go on with a run on the clusters that it hasn't begun, or where it failed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from kubectl_mc import cli, errors, fleet, grammar, programs, terminal, verbs
from kubectl_mc.cli import Invocation, Options
from kubectl_mc.grammar import CommandLine
from kubectl_mc.request import Request, out_of_reach
from kubectl_mc.streams import Streams
from kubectl_mc.verbs import Verb
from kubectl_mc.writes import audit, earlier, gate, input, objects, redact, summary, waves
from kubectl_mc.writes.audit import Place, Run
from kubectl_mc.writes.fold import fold

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


def run(line: CommandLine, options: Options, environment: Mapping[str, str], streams: Streams) -> int:
    """Raises UserError where nothing was changed."""
    words = grammar.operands(line)
    if len(words) != 1 or cli.names_targets(options._replace(clusters=())):
        raise errors.which_run("resume")
    earlier.refuse_flags(line, grammar.flag_table("").takes_value)  # the run's own hold
    where = audit.path(environment)
    log = audit.open_log(where, audit.find(where, words[0]).id)
    audit.lock(log)
    found = audit.reread(log)
    if not summary.left(found.places()) and not _stuck(found, cli.parse(_argv(found)).options):
        raise errors.nothing_to_resume(found.id)
    recorded = _invocation(found, [token.words[0] for token in line.tokens if token.verbatim][1:])
    recorded = recorded._replace(kubectl=programs.named(recorded.kubectl, environment))
    verb = verbs.find(recorded.kubectl)
    stuck = _stuck(found, recorded.options)
    left = _wanted(summary.left(found.places()), verb, options, grammar.is_set(line, "repeat-unknown"), streams)
    again = [place.cluster for place in left if place.gated is not False]
    if not again and not stuck:
        raise errors.nothing_to_resume(found.id)
    wanted = earlier.narrowed(found, [*again, *stuck], options.clusters)
    again, stuck = ([name for name in some if name in wanted] for some in (again, stuck))
    earlier.enter(found)
    names = [name for name in found.clusters if name in wanted]
    restated = _options(recorded.options, options, names)
    kubectl = programs.find_kubectl(environment)
    login = fleet.login_for(recorded.kubectl, streams)
    chosen = fleet.choose(kubectl, restated, recorded.kubectl, environment, streams.say, login=login)
    foreground = verbs.way(verb, recorded.kubectl) == "terminal"
    targets = fleet.reach(kubectl, recorded.kubectl, environment, chosen, None if foreground else login)
    unreachable = tuple(out_of_reach(target) for target in targets if target.problem)
    request = Request(kubectl, verb, recorded.kubectl, chosen.options, environment, None, unreachable)
    earlier.check(request, found, (recorded.options, options), chosen.clusters, targets, same_namespace=True)
    gate.check_flags(request, len(names))
    order = waves.plan(again, options.waves, options.canary) if options.waves or options.canary else _rest(found, again)
    if again and not request.options.yes and not terminal.there():
        raise errors.needs_yes()
    with gate.work_for(request, chosen.clusters, targets, log, streams) as work:
        if not input.is_same(work.given, found.start.get("input") or {}):
            raise errors.other_input(found.id)
        if foreground:
            return gate.foreground(work._replace(resumes=True), order, streams)
        known = {place.cluster: place for place in found.places()}
        return gate.carry_out(work._replace(resumes=True), order, streams, known, stuck)


def _invocation(found: Run, again: Sequence[str]) -> Invocation:
    """The run's command; again: as the user gives it once more, because the record lacks what was secret."""
    argv = _argv(found)
    recorded = cli.parse(argv)
    if not any(redact.GONE in word for word in argv):
        return recorded
    kept = grammar.join(recorded.kubectl.tokens)
    if not again:
        raise errors.command_has_secrets(found.id, shlex.join(kept))
    typed = cli.parse(again).kubectl
    if not redact.proves(found.start.get("proof") or {}, grammar.join(typed.tokens)):
        raise errors.other_command(found.id)
    return recorded._replace(kubectl=typed)


def _argv(found: Run) -> list[str]:
    return [str(word) for word in found.start["argv"]]


def _options(recorded: Options, typed: Options, names: Sequence[str]) -> Options:
    """The run's own flags, then those typed now, for exactly these clusters."""
    dropped = _DROPPED if terminal.there() or recorded.pause != "prompt" else (*_DROPPED, "pause")
    kept = [(name, value) for name, value in recorded.given if name not in dropped]
    now = [(name, value) for name, value in typed.given if name != "clusters"]
    by_context = bool(recorded.contexts)
    chosen = ("contexts" if by_context else "clusters", ",".join(names))
    return cli.from_flags([*kept, chosen, ("all-clusters", None), *now])  # all-clusters: whatever defaults leave out


def _stuck(found: Run, recorded: Options) -> list[str]:
    """Clusters that are changed, but nobody has seen their rollouts done, in a run that waits for them."""
    waited = recorded.waves or recorded.canary or recorded.wave_timeout is not None
    return [
        place.cluster
        for place in found.places()
        if waited and place.state == "changed" and place.gated is not True
        if any(each.namespace for each in objects.workloads(place.objects))
    ]


def _wanted(left: Sequence[Place], verb: Verb, options: Options, repeat_unknown: bool, streams: Streams) -> list[Place]:
    """Without those where the change may have been made already, if making it twice is another change.

    They are repeated if the user says so: with --repeat-unknown, or on the terminal.
    """
    unclear = [place for place in left if place.state == "unknown" or place.unsure]
    if not unclear or verb.repeatable or repeat_unknown:
        return list(left)
    told = errors.may_be_done(fold(place.cluster for place in unclear))
    streams.say([told])
    if not options.yes and terminal.there():
        unseen = "" if streams.stderr.isatty() else f"{told}\n"
        if terminal.ask(f"{unseen}Do it there (again)? [y/N]: ").strip().lower() in ("y", "yes"):
            return list(left)
    else:
        streams.say([errors.left_out()])
    return [place for place in left if place not in unclear]


def _rest(found: Run, again: Sequence[str]) -> list[tuple[str, ...]]:
    """The run's waves with what is left of them."""
    steps = [tuple(str(name) for name in wave if name in again) for wave in found.start["waves"]]
    return [wave for wave in steps if wave]
