# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts about runs that are resumed or undone, and what has to be given again for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_mc import PROGRAM, __version__
from kubectl_mc.messages.name_folding import fold_names
from kubectl_mc.messages.words import UserError, name_list, visible

NO_RUNS_YET = "No changes have been made from here yet"


def command_has_secrets(run: str, argv: str) -> UserError:
    """Say that the record has not all of the command line of the run to resume."""
    return UserError(
        f"the command of run {run} has values that aren't kept. Give it again, after --: "
        f"{PROGRAM} resume {run} -- {visible(argv)}"
    )


def other_command(run: str) -> UserError:
    """Say that the command line given to resume is not that of the run."""
    return UserError(f"that is not the command of run {run}. See: {PROGRAM} audit show {run}")


def needs_no_command(run: str, word: str) -> UserError:
    """Say that resume is given words behind `--`, though the command of the run is recorded as a whole."""
    return UserError(
        f"run {run} needs no command behind --, so '{visible(word)}' would count for nothing. Flags of resume stand "
        f"ahead of it: {PROGRAM} resume {run} --clusters=…"
    )


def flag_behind_command(run: str, flag: str) -> UserError:
    """Say that the command given to resume has a flag of ours that the run hasn't had."""
    return UserError(
        f"{visible(flag)} is not of run {run}, and counts for nothing behind --. Flags of resume stand ahead of it: "
        f"{PROGRAM} resume {run} {visible(flag)}… -- COMMAND"
    )


def other_input(run: str, paths: Sequence[str] = ()) -> UserError:
    """Say that the input has changed since the run to resume. paths: the files that are known to have changed"""
    what = name_list(paths) if paths else "files or what they stand for"
    return UserError(
        f"the input is not what run {run} was given: {what} {'has' if len(paths) == 1 else 'have'} changed since. "
        "A new command takes the new input to all clusters"
    )


def moved_meanwhile(moves: Sequence[str]) -> str:
    """Say that a run stops, as clusters lead elsewhere than when it was confirmed. moves: of `address_differences`"""
    return f"Error: the kubeconfig has been edited meanwhile, so no more clusters are changed: {'; '.join(moves)}"


def newer_runs(runs: Sequence[str]) -> str:
    """Say that runs of the record are shown as far as they are understood."""
    return (
        f"Warning: runs of a newer version of kubectl-mc than this one, {__version__}, are shown as far as they are "
        f"understood here: {name_list(runs[-5:])}"
    )


def newer_run(run: str) -> UserError:
    """Say that a run can't be taken up."""
    return UserError(
        f"{visible(run)} is a run of a newer version of kubectl-mc than this one, {__version__}, which may "
        "not understand what is done of it. Use that version"
    )


def no_run(name: str, matching: Sequence[str], runs: Sequence[str]) -> UserError:
    """Say that no run, or more than one, has an id that begins like this. runs: all of them, the latest last"""
    if not runs:
        return UserError(f"no run '{visible(name)}'. {NO_RUNS_YET}")
    if matching:
        which = f"{len(matching)} runs begin with '{visible(name)}': {name_list(matching[-5:])}"
    else:
        which = f"no run '{visible(name)}'. The latest: {name_list(runs[-5:])}"
    return UserError(f"{which}. See: {PROGRAM} audit")


def run_is_running(run: str) -> UserError:
    """Say that another process still carries out the run."""
    return UserError(
        f"run {run} is still going on, in another process. Wait for its end; see: {PROGRAM} audit show {run}"
    )


def which_run(command: str) -> UserError:
    """Say that the command needs the id of a run."""
    return UserError(f"which run? {PROGRAM} audit list shows them; then: {PROGRAM} {command} RUN")


def left_out(run: str, names: str) -> UserError:
    """Say that nothing is resumed, as all that is left are clusters where the end isn't known. names: these, folded"""
    return UserError(
        f"nothing is resumed: how run {run} ended in {names} isn't known, and nothing else is left of it. "
        f"Look at these clusters; to make the change there again: {PROGRAM} resume {run} --repeat-unknown"
    )


def nothing_to_resume(run: str) -> UserError:
    """Say that the run to resume is complete."""
    return UserError(f"nothing is left of run {run}: every cluster is done")


def to_go_on(run: str, whole: bool) -> str:
    """Say that a run is not complete. whole: the record has all of its command line."""
    if whole:
        return f"To go on with the rest: {PROGRAM} resume {run}"
    return (
        "To go on with the rest, give the command again, as not all of it is recorded: "
        f"{PROGRAM} resume {run} -- COMMAND…"
    )


def moved_part(part: str, was: str, now: str) -> str:
    """Say that a part of a cluster's address is another one than in the run."""
    return visible(f"the {part} was {was or 'none'} and is {now or 'none'}")


def not_a_name_of_run(name: str) -> str:
    """Say that a cluster has a name that none of the run has, since the fleet has other ClusterProfiles by now."""
    return visible(f"{name}: the run has no cluster of this name")


def moved(moves: Sequence[str]) -> UserError:
    """Say that clusters have other addresses than in the run. moves: `c2: the server was … and is …`."""
    return UserError(f"these clusters aren't the ones of the run any more: {'; '.join(moves)}")


def nothing_to_undo(run: str) -> UserError:
    """Say that no workload has a new revision by the run."""
    return UserError(
        f"run {run} gave no workload a new revision, so there is no rollout to undo. See: {PROGRAM} audit show {run}"
    )


def rolled_back(
    run: str, rollbacks: Mapping[str, Sequence[str]], rollbacks_of_others: Mapping[str, Sequence[str]]
) -> UserError:
    """Say that undo has nothing to do.

    rollbacks: the runs that have rolled the run back -> in which clusters; rollbacks_of_others: those that have rolled
    back what was changed after it, in other clusters
    """
    if not rollbacks:
        by = ", ".join(f"{rollback} in {fold_names(clusters)}" for rollback, clusters in rollbacks_of_others.items())
        return UserError(
            f"a rollout undo would bring out again what was changed after run {run}, and rolled back by {by}. For "
            f"another revision, see: {PROGRAM} rollout history; then: {PROGRAM} rollout undo --to-revision=N"
        )
    by = ", ".join(f"by {rollback} in {fold_names(clusters)}" for rollback, clusters in rollbacks.items())
    ids = " or ".join(rollbacks)
    return UserError(
        f"run {run} is rolled back already, {by}. To go on with a rollback that isn't complete: "
        f"{PROGRAM} resume {ids}; to take one back: {PROGRAM} undo {ids}"
    )


def rolled_back_before(
    rollbacks: Mapping[str, Sequence[str]], rollbacks_of_others: Mapping[str, Sequence[str]]
) -> list[str]:
    """Say which clusters undo leaves out. rollbacks, rollbacks_of_others: as of `rolled_back`"""
    texts = (
        ("{} has rolled it back already", rollbacks),
        ("it would bring out again what {} has rolled back", rollbacks_of_others),
    )
    return [
        f"Note: left out, as {text.format(rollback)}: {fold_names(clusters)}"
        for text, by_run in texts
        for rollback, clusters in by_run.items()
    ]


def last_is_rollback(run: str) -> UserError:
    """Say that the last run can't be undone by the word `last`, which somebody may type twice."""
    return UserError(
        f"the last run, {run}, is a rollback itself. To take it back, name it: {PROGRAM} undo {run}; for another run, "
        f"see: {PROGRAM} audit"
    )


def not_in_run(run: str, names: Sequence[str]) -> UserError:
    """Say that --clusters names clusters that are complete in the run, or not in it."""
    return UserError(f"--clusters: run {run} has nothing left to do for {name_list(names)}")


def flag_has_secret(command: str, run: str, flags: Sequence[str]) -> UserError:
    """Say that flags of the run have values that are not recorded."""
    again = " ".join(f"--{name}=…" for name in flags)
    return UserError(
        f"the values of the run's {name_list(flags)} aren't kept. Give them again: {command} {run} {again}"
    )


def may_be_done(names: str) -> str:
    """Say that it is unknown how the change ended on clusters. names: of these, folded."""
    return f"The change may have been made already in {names}: there it had begun, and how it ended isn't known"


def changed_since(runs: Sequence[str]) -> str:
    """Say that later runs have changed the workloads that undo rolls back, or may have: their end isn't known."""
    return (
        "Warning: rollout undo takes back the latest revision, and these runs have changed the same workloads since, "
        f"or may have: {name_list(runs)}"
    )


def not_rolled_back_as_unclear(run: str, clusters: Sequence[str]) -> str:
    """Say which clusters undo leaves out, as nobody knows what became of the run there."""
    return (
        f"Note: left out, as it isn't known whether run {run} has changed them: {fold_names(clusters)}. Their "
        f"revisions: {PROGRAM} rollout history --clusters={','.join(clusters)}"
    )
