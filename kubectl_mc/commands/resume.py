# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc resume RUN`: continues a run on the clusters that it has not begun, or where it failed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from kubectl_mc import messages
from kubectl_mc.access.logins import logins_for
from kubectl_mc.changes import change_input, earlier_run, gate, input_files, proofs, redaction, summary, waves
from kubectl_mc.changes.record import Outcome, Run
from kubectl_mc.command_line import flag_tables, grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.invocation import Invocation, parse_invocation
from kubectl_mc.command_line.options import SELECTION_FLAGS, Options, from_flags, hub_flags_again
from kubectl_mc.command_line.verb_rows import VerbRow
from kubectl_mc.merge import object_changes
from kubectl_mc.messages.name_folding import fold_names
from kubectl_mc.processes import programs, terminal
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.standard_streams import Streams

HELP = """\
Go on with a change that was stopped, or failed in some clusters: with those that it hasn't changed, and the same input.

  kubectl mc resume RUN [--yes] [--clusters=NAME,…]
  kubectl mc resume RUN -- COMMAND…    where the record has no values because they are secrets: the command again

      --clusters=NAME,…  only these of the run's; one that is protected has to be named exactly
      --clusterprofile-provider-file=FILE  how to log in to clusters that no context reaches, instead of the run's
      --repeat-unknown   also where it isn't known whether a change that can't be repeated safely was made
"""


@messages.unchanged_on_error()
def run(line: CommandLine, environment: Environment) -> int:
    """Continue the run and return the exit status. Raises UserError if nothing was changed."""
    environment = environment.for_change()
    options, streams = environment.options, environment.streams
    # kubectl's flags are those of the run.
    log, earlier, _ = earlier_run.open_run(line, environment, refused=flag_tables.flag_table("").flags)
    recorded = earlier_run.recorded_invocation(earlier)
    outcomes_left = summary.outcomes_left(earlier.outcomes())
    awaiting_rollout = _awaiting_rollout(earlier, recorded.options)
    if not outcomes_left and not awaiting_rollout:
        raise messages.nothing_to_resume(earlier.id)
    recorded = _with_secrets(earlier, recorded, grammar.words_behind(line))
    recorded = recorded._replace(kubectl=programs.resolve_plugin(recorded.kubectl, environment))
    row = verbs.find_row(recorded.kubectl)
    outcomes_left = _to_repeat(outcomes_left, row, options, grammar.is_set(line, "repeat-unknown"), streams)
    clusters_to_run = [outcome.cluster for outcome in outcomes_left if outcome.rolled_out is not False]
    if not clusters_to_run and not awaiting_rollout:
        unclear = fold_names(outcome.cluster for outcome in earlier.outcomes() if outcome.may_be_done)
        raise messages.left_out(earlier.id, unclear) if unclear else messages.nothing_to_resume(earlier.id)
    are_contexts = bool(recorded.options.contexts)
    wanted = earlier_run.narrowed_names(earlier, [*clusters_to_run, *awaiting_rollout], options.clusters, are_contexts)
    clusters_to_run = [name for name in clusters_to_run if name in wanted]
    awaiting_rollout = [name for name in awaiting_rollout if name in wanted]
    earlier_run.enter_directory(earlier)
    names = [name for name in earlier.clusters if name in wanted]
    restated = recorded._replace(options=_resumed_options(recorded.options, options, names))
    logins = logins_for(recorded.kubectl, streams)
    reached, choice = earlier_run.reach_clusters_of_run(
        earlier, restated, environment, recorded.options, logins, same_namespace=True
    )
    settled = earlier_run.settled_under_other_names(earlier, clusters_to_run, reached, choice)
    streams.say([messages.counts_as_done(other.cluster, other.reason) for other in settled if other.is_done])
    # One that is left out, as it is the same cluster as an older one of the rest, is left for the next resumption.
    request, chosen = reached.request, {cluster.name for cluster in reached.clusters}
    chosen -= {other.cluster for other in settled}
    clusters_to_run = [name for name in clusters_to_run if name in chosen]
    gate.check_flags(request, len(names))
    if options.waves or options.canary:
        remaining_waves = waves.plan_waves(clusters_to_run, options.waves, options.canary)
    else:
        rest = [tuple(str(name) for name in wave if name in clusters_to_run) for wave in earlier.start["waves"]]
        remaining_waves = [wave for wave in rest if wave]
    if clusters_to_run:
        gate.check_terminal(request)
    with gate.prepared_change(*reached, log) as change:
        recorded_input = earlier.start.get("input") or {}
        changed = input_files.changed_files(change.input.files, recorded_input.get("files") or ())
        if changed or not change_input.is_same_input(change.input, recorded_input):
            raise messages.other_input(earlier.id, changed)
        change = change._replace(resumes=True)
        if verbs.mode(row, recorded.kubectl) == "terminal" and remaining_waves:
            return gate.change_in_foreground(change, remaining_waves, settled)
        outcomes = {outcome.cluster: outcome for outcome in earlier.outcomes()}
        return gate.carry_out(change, remaining_waves, outcomes, awaiting_rollout, settled)


def _with_secrets(earlier: Run, recorded: Invocation, retyped: Sequence[str]) -> Invocation:
    """Return the recorded invocation, with the command that the user has typed again if its secrets are not recorded.

    retyped: the command as it was typed again; empty if it was not
    Raises UserError for a command that need not be typed again, or is another, and for a flag of ours that it lacks.
    """
    if not any(redaction.REDACTED in str(word) for word in earlier.start["argv"]):
        if retyped:
            raise messages.needs_no_command(earlier.id, retyped[0])
        return recorded
    if not retyped:
        raise messages.command_has_secrets(earlier.id, shlex.join(grammar.typed_words(recorded.kubectl)))
    invocation = parse_invocation(retyped)
    typed = invocation.kubectl
    added = [f"--{name}" for name, value in invocation.options.typed if (name, value) not in recorded.options.typed]
    if added:
        raise messages.flag_behind_command(earlier.id, added[0])
    if not proofs.matches_proof(earlier.start.get("proof") or {}, grammar.typed_words(typed)):
        raise messages.other_command(earlier.id)
    return recorded._replace(kubectl=typed)


# Flags of the run that are not taken over: the clusters are those that are left, and the user has to confirm again.
_DROPPED_FLAGS = ("yes", "canary", "color", *SELECTION_FLAGS)


def _resumed_options(recorded: Options, typed: Options, names: Sequence[str]) -> Options:
    """Return the options of the run, then those typed now, for exactly these clusters."""
    prompts = recorded.pause == "prompt" and not terminal.is_available()
    dropped = (*_DROPPED_FLAGS, "pause") if prompts else _DROPPED_FLAGS
    now = [(name, value) for name, value in typed.typed if name != "clusters"]
    # A flag that is typed now replaces that of the run, also one that may be repeated.
    kept = [(name, value) for name, value in recorded.typed if name not in (*dropped, *dict(now))]
    flag = "contexts" if recorded.contexts else "clusters"
    # With all-clusters, the mapping file's defaults leave out no cluster.
    chosen = [*hub_flags_again(recorded), *((flag, name) for name in names), ("all-clusters", None)]
    return from_flags([*kept, *chosen, *now])


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
    outcomes_left: Sequence[Outcome], row: VerbRow, options: Options, repeat_unknown: bool, streams: Streams
) -> list[Outcome]:
    """Return the outcomes without those where the change may have been made and cannot be repeated safely.

    These are included if the user agrees, with --repeat-unknown or on the terminal.
    """
    unclear = [outcome for outcome in outcomes_left if outcome.may_be_done]
    if not unclear or row.as_change.repeatable or repeat_unknown:
        return list(outcomes_left)
    warning = messages.may_be_done(fold_names(outcome.cluster for outcome in unclear))
    streams.say([warning])
    if not options.yes and terminal.is_available():
        unseen = "" if streams.stderr.isatty() else f"{warning}\n"
        if messages.is_yes(terminal.ask_user(f"{unseen}Do it there (again)? [y/N]: ")):
            return list(outcomes_left)
    else:
        streams.say([messages.LEFT_OUT])
    return [outcome for outcome in outcomes_left if outcome not in unclear]
