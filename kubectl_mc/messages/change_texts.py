"""The texts about changes, runs and the record."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubectl_mc.messages.causes import outcome_lines
from kubectl_mc.messages.command_line_texts import bad_flag_value
from kubectl_mc.messages.words import UserError, cluster_count, name_list, visible

FINISHING = "Interrupted: the clusters that have begun are finishing, no more are started. Ctrl-C again ends them"
NOT_REHEARSED = "kubectl has no dry run of this, so what it would change isn't known"
NO_DIFFERENCES = "no differences"
NO_RUNS_YET = "No changes have been made from here yet"
LEFT_OUT = "It isn't made there again. Look at these clusters; to make it there again: --repeat-unknown"
FOUND_DONE = "found done"
ONLY_REHEARSED = "kubectl made a dry run of it"


def needs_yes() -> UserError:
    """Say that a change has to be confirmed, and there is no terminal."""
    return UserError(
        "a change has to be confirmed, and there is no terminal to ask on: see it with --dry-run=server, then add --yes"
    )


def not_confirmed() -> UserError:
    """Say that the user does not confirm the change."""
    return UserError("not confirmed, so nothing was changed")


def protected(names: Sequence[str]) -> UserError:
    """Say that a change is for protected clusters that are not named exactly."""
    return UserError(
        f"protected by the mapping file: {name_list(names)}. To change a protected cluster, name it exactly: "
        f"--clusters={','.join(visible(name) for name in names[:20])}"
    )


def bad_waves(spec: str) -> UserError:
    """Say that the value of --waves is not valid."""
    return bad_flag_value("waves", spec, "numbers of clusters or percentages, such as 1,10%,50%,100%")


def unknown_canary(name: str, names: Sequence[str]) -> UserError:
    """Say that --canary names a cluster that is not chosen."""
    return UserError(f"--canary: '{visible(name)}' is not one of the chosen clusters: {name_list(names)}")


def one_by_one(flag: str, verb: str) -> UserError:
    """Say that a flag of the waves is used for a verb on the terminal."""
    return UserError(
        f"--{flag} is not for {visible(verb)} on the terminal: it goes from cluster to cluster, until one fails"
    )


def refused_before(refusals: Sequence[tuple[str, str]], total: int) -> UserError:
    """Say that clusters refuse the change in the preflight. refusals: (cluster, reason)."""
    reasons = ", ".join(f"{visible(cluster)} ({reason})" for cluster, reason in refusals)
    verb = "refuses" if len(refusals) == 1 else "refuse"
    rest = total - len(refusals)
    return UserError(
        f"{cluster_count(len(refusals))} of {total} {verb}, so nothing was changed: {reasons}. "
        f"To change the other {rest}: --continue-on-preflight-error"
    )


def no_audit(path: str, problem: str) -> UserError:
    """Say that the record cannot be written."""
    return UserError(f"no change without a record of it, and {visible(path)} can't be used: {visible(problem)}")


def no_run(name: str, runs: Sequence[str]) -> UserError:
    """Say that no run, or more than one, has an id that begins like this."""
    hint = f"Known runs: {name_list(runs[-5:])}" if runs else "There are none"
    return UserError(
        f"no run '{visible(name)}', or more than one that begins with it. {hint}. See: kubectl mc audit list"
    )


def run_is_running(run: str) -> UserError:
    """Say that another process still carries out the run."""
    return UserError(f"run {run} is still going on")


def which_run(command: str) -> UserError:
    """Say that the command needs the id of a run."""
    return UserError(f"which run? kubectl mc audit list shows them; then: kubectl mc {command} RUN")


def no_such_path(path: str) -> UserError:
    """Say that -f names a file that does not exist. The text is kubectl's."""
    return UserError(f'the path "{visible(path)}" does not exist')


def unreadable_path(path: str, problem: str) -> UserError:
    """Say that a file or a pipe of the input cannot be read."""
    return UserError(f"{visible(path)} can't be read: {visible(problem)}")


def kubectl_said(stderr: str) -> UserError:
    """Say that kubectl fails to read the input."""
    return UserError(visible(" ".join(re.sub("^error: ", "", line) for line in outcome_lines(stderr))))


def nothing_to_resume(run: str) -> UserError:
    """Say that the run to resume is complete."""
    return UserError(f"nothing is left of run {run}: every cluster is done")


def to_go_on(run: str, whole: bool) -> str:
    """Say that a run is not complete. whole: the record has all of its command line."""
    if whole:
        return f"To go on with the rest: kubectl mc resume {run}"
    return (
        "To go on with the rest, give the command again, as not all of it is recorded: "
        f"kubectl mc resume {run} -- COMMAND…"
    )


def other_input(run: str) -> UserError:
    """Say that the input has changed since the run to resume."""
    return UserError(
        f"the input is not what run {run} was given: files or what they stand for have changed since. "
        "Nothing was changed; a new command takes the new input to all clusters"
    )


def command_has_secrets(run: str, argv: str) -> UserError:
    """Say that the record has not all of the command line of the run to resume."""
    return UserError(
        f"the command of run {run} has values that aren't kept. Give it again, after --: "
        f"kubectl mc resume {run} -- {visible(argv)}"
    )


def other_command(run: str) -> UserError:
    """Say that the command line given to resume is not that of the run."""
    return UserError(f"that is not the command of run {run}. See: kubectl mc audit show {run}")


def moved(moves: Sequence[str]) -> UserError:
    """Say that clusters have other servers than in the run. moves: `c2: the server was … and is …`."""
    return UserError(f"these clusters aren't the ones of the run any more, so nothing was changed: {'; '.join(moves)}")


def no_folder(path: str) -> UserError:
    """Say that the working directory of the run cannot be entered."""
    return UserError(f"the run was started in {visible(path)}, and that folder can't be entered")


def nothing_to_undo(run: str) -> UserError:
    """Say that no workload has a new revision by the run."""
    return UserError(
        f"run {run} gave no workload a new revision, so there is no rollout to undo. See: kubectl mc audit show {run}"
    )


def not_waited_for(resources: Sequence[str]) -> str:
    """Say that the rollout of resources cannot be waited for."""
    return f"Not waited for, as kubectl doesn't say in which namespace they are: {name_list(resources)}"


def not_rolled_back(resources: Sequence[str]) -> str:
    """Say that resources of a run cannot be rolled back."""
    return f"Left out, as it isn't known in which namespace the run changed them: {name_list(resources)}"


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
    """Say that later runs have changed the workloads that undo rolls back."""
    return (
        "Warning: rollout undo takes back the latest revision, and these runs have changed the same workloads since: "
        f"{name_list(runs)}"
    )
