"""`kubectl mc resume RUN`: continues a run on the clusters that it has not begun, or where it failed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from kubectl_mc import messages
from kubectl_mc.access.cluster_access import choose_clusters, reach_clusters, refuse_unapproved_contexts
from kubectl_mc.access.logins import logins_for
from kubectl_mc.changes import change_input, earlier_run, gate, input_files, record, redaction, summary, waves
from kubectl_mc.changes.record import Outcome, Run
from kubectl_mc.command_line import flag_tables, grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.invocation import Invocation, parse_invocation
from kubectl_mc.command_line.options import SELECTION_FLAGS, Options, from_flags, names_targets
from kubectl_mc.command_line.verbs import VerbRow
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


@messages.unchanged_on_error()
def run(line: CommandLine, environment: Environment) -> int:
    """Continue the run and return the exit status. Raises UserError if nothing was changed."""
    operands, options, streams = grammar.operands(line), environment.options, environment.streams
    if len(operands) != 1 or names_targets(options._replace(clusters=())):
        raise messages.which_run("resume")
    earlier_run.refuse_flags(line, flag_tables.flag_table("").flags)  # The run has its own.
    path = record.record_path(environment.home)
    runs = record.read_record(path)
    streams.say(runs.warnings)
    log = record.open_log(path, runs.find(operands[0]).id)
    record.lock_run(log)
    earlier = record.reread_run(log)
    recorded = parse_invocation([str(word) for word in earlier.start["argv"]])
    left = summary.outcomes_left(earlier.outcomes())
    awaiting_rollout = _awaiting_rollout(earlier, recorded.options)
    if not left and not awaiting_rollout:
        raise messages.nothing_to_resume(earlier.id)
    recorded = _with_secrets(earlier, recorded, [token.words[0] for token in line.tokens if token.verbatim][1:])
    recorded = recorded._replace(kubectl=programs.resolve_plugin(recorded.kubectl, environment))
    row = verbs.find_row(recorded.kubectl)
    left = _to_repeat(left, row, options, grammar.is_set(line, "repeat-unknown"), streams)
    again = [outcome.cluster for outcome in left if outcome.rolled_out is not False]
    if not again and not awaiting_rollout:
        raise messages.nothing_to_resume(earlier.id)
    wanted = earlier_run.narrowed_names(earlier, [*again, *awaiting_rollout], options.clusters)
    again = [name for name in again if name in wanted]
    awaiting_rollout = [name for name in awaiting_rollout if name in wanted]
    earlier_run.enter_directory(earlier)
    names = [name for name in earlier.clusters if name in wanted]
    restated = recorded._replace(options=_resumed_options(recorded.options, options, names))
    logins = logins_for(recorded.kubectl, streams)
    choice = choose_clusters(environment.for_invocation(restated), logins)
    option_sets = (recorded.options, options)
    refuse_unapproved_contexts(choice, [flag for option_set in option_sets for flag in option_set.typed])
    foreground = verbs.mode(row, recorded.kubectl) == "terminal"
    targets = reach_clusters(choice, recorded.kubectl, None if foreground else logins)
    unreachable = tuple(unreachable_result(target) for target in targets if target.problem)
    request = Request(choice.environment, row, recorded.kubectl, unreachable=unreachable)
    addresses = earlier_run.check_clusters(request, earlier, option_sets, choice.clusters, targets, same_namespace=True)
    gate.check_flags(request, len(names))
    if options.waves or options.canary:
        order = waves.plan_waves(again, options.waves, options.canary)
    else:
        rest = [tuple(str(name) for name in wave if name in again) for wave in earlier.start["waves"]]
        order = [wave for wave in rest if wave]
    if again and not request.options.yes and not terminal.is_available():
        raise messages.needs_yes()
    with gate.prepared_change(request, choice.clusters, targets, addresses, log) as change:
        recorded_input = earlier.start.get("input") or {}
        changed = input_files.changed_files(change.input.files, recorded_input.get("files") or ())
        if changed or not change_input.is_same_input(change.input, recorded_input):
            raise messages.other_input(earlier.id, changed)
        change = change._replace(resumes=True)
        if foreground:
            return gate.change_in_foreground(change, order)
        outcomes = {outcome.cluster: outcome for outcome in earlier.outcomes()}
        return gate.carry_out(change, order, outcomes, awaiting_rollout)


def _with_secrets(earlier: Run, recorded: Invocation, again: Sequence[str]) -> Invocation:
    """Return the recorded invocation, with the command that the user has typed again if its secrets are not recorded.

    again: the command as it was typed again; empty if it was not
    """
    if not any(redaction.REDACTED in str(word) for word in earlier.start["argv"]):
        return recorded
    if not again:
        raise messages.command_has_secrets(earlier.id, shlex.join(grammar.typed_words(recorded.kubectl)))
    typed = parse_invocation(again).kubectl
    if not redaction.matches_proof(earlier.start.get("proof") or {}, grammar.typed_words(typed)):
        raise messages.other_command(earlier.id)
    return recorded._replace(kubectl=typed)


# Flags of the run that are not taken over: the clusters are those that are left, and the user has to confirm again.
_DROPPED_FLAGS = ("yes", "canary", *SELECTION_FLAGS)


def _resumed_options(recorded: Options, typed: Options, names: Sequence[str]) -> Options:
    """Return the options of the run, then those typed now, for exactly these clusters."""
    prompts = recorded.pause == "prompt" and not terminal.is_available()
    dropped = (*_DROPPED_FLAGS, "pause") if prompts else _DROPPED_FLAGS
    kept = [(name, value) for name, value in recorded.typed if name not in dropped]
    now = [(name, value) for name, value in typed.typed if name != "clusters"]
    chosen = ("contexts" if recorded.contexts else "clusters", ",".join(names))
    # With all-clusters, the mapping file's defaults leave out no cluster.
    return from_flags([*kept, chosen, ("all-clusters", None), *now])


def _awaiting_rollout(earlier: Run, recorded: Options) -> list[str]:
    """Return the changed clusters whose rollouts are not complete yet, if the run waits for rollouts."""
    if not (recorded.waves or recorded.canary or recorded.wave_timeout is not None):
        return []
    return [
        outcome.cluster
        for outcome in earlier.outcomes()
        if outcome.may_roll_out and outcome.rolled_out is not True
        if any(workload.namespace for workload in object_changes.workloads(outcome.objects))
    ]


def _to_repeat(
    left: Sequence[Outcome], row: VerbRow, options: Options, repeat_unknown: bool, streams: Streams
) -> list[Outcome]:
    """Return the outcomes without those where the change may have been made and cannot be repeated safely.

    These are included if the user agrees, with --repeat-unknown or on the terminal.
    """
    unclear = [outcome for outcome in left if outcome.may_be_done]
    if not unclear or row.as_change.repeatable or repeat_unknown:
        return list(left)
    warning = messages.may_be_done(fold_names(outcome.cluster for outcome in unclear))
    streams.say([warning])
    if not options.yes and terminal.is_available():
        unseen = "" if streams.stderr.isatty() else f"{warning}\n"
        if terminal.ask_user(f"{unseen}Do it there (again)? [y/N]: ").strip().lower() in ("y", "yes"):
            return list(left)
    else:
        streams.say([messages.LEFT_OUT])
    return [outcome for outcome in left if outcome not in unclear]
