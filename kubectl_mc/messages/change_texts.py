"""What is said about changes: the gate, runs, the record of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubectl_mc.messages.causes import outcome_lines
from kubectl_mc.messages.fleet_texts import bad_flag_value
from kubectl_mc.messages.words import UserError, cluster_count, name_list, visible


def needs_yes() -> UserError:
    return UserError(
        "a change has to be confirmed, and there is no terminal to ask on: see it with --dry-run=server, then add --yes"
    )


def not_confirmed() -> UserError:
    return UserError("not confirmed, so nothing was changed")


def protected(names: Sequence[str]) -> UserError:
    return UserError(
        f"protected by the mapping file: {name_list(names)}. To change a protected cluster, name it exactly: "
        f"--clusters={','.join(visible(name) for name in names[:20])}"
    )


def bad_waves(spec: str) -> UserError:
    return bad_flag_value("waves", spec, "numbers of clusters or percentages, such as 1,10%,50%,100%")


def unknown_canary(name: str, names: Sequence[str]) -> UserError:
    return UserError(f"--canary: '{visible(name)}' is none of the chosen clusters: {name_list(names)}")


def pause_needs_a_terminal() -> UserError:
    return UserError("--pause=prompt asks on the terminal, and there is none. Use --pause=30s")


def flag_is_not_for(flag: str, verb: str, only: str) -> UserError:
    return UserError(f"--{flag} is for {only}, and not for {visible(verb)}")


def one_by_one(flag: str, verb: str) -> UserError:
    return UserError(
        f"--{flag} is not for {visible(verb)} on the terminal: it goes from cluster to cluster, until one fails"
    )


def refused_before(refusals: Sequence[tuple[str, str]], total: int) -> UserError:
    """A preflight found clusters that would refuse; refusals: (cluster, reason)."""
    named = ", ".join(f"{visible(cluster)} ({reason})" for cluster, reason in refusals)
    verb = "refuses" if len(refusals) == 1 else "refuse"
    rest = total - len(refusals)
    return UserError(
        f"{cluster_count(len(refusals))} of {total} {verb}, so nothing was changed: {named}. "
        f"To change the other {rest}: --continue-on-preflight-error"
    )


def no_audit(path: str, problem: str) -> UserError:
    return UserError(f"no change without a record of it, and {visible(path)} can't be used: {visible(problem)}")


def no_run(name: str, known: Sequence[str]) -> UserError:
    hint = f"Known are: {name_list(known[-5:])}" if known else "There are none"
    return UserError(f"no run '{visible(name)}', or more than one that begins so. {hint}. See: kubectl mc audit list")


def run_is_running(run: str) -> UserError:
    return UserError(f"run {run} is still going on")


def which_run(command: str) -> UserError:
    return UserError(f"which run? kubectl mc audit list shows them; then: kubectl mc {command} RUN")


def no_such_path(path: str) -> UserError:
    return UserError(f'the path "{visible(path)}" does not exist')


def unreadable_path(path: str, problem: str) -> UserError:
    return UserError(f"{visible(path)} can't be read: {visible(problem)}")


def kubectl_said(stderr: str) -> UserError:
    return UserError(visible(" ".join(re.sub("^error: ", "", line) for line in outcome_lines(stderr))))


def nothing_to_resume(run: str) -> UserError:
    return UserError(f"nothing is left of run {run}: every cluster is done")


def to_go_on(run: str, whole: bool) -> str:
    """whole: the record has all of the command."""
    if whole:
        return f"To go on with the rest: kubectl mc resume {run}"
    return (
        f"To go on with the rest, with the command again, as not all of it is kept: kubectl mc resume {run} -- COMMAND…"
    )


def other_input(run: str) -> UserError:
    return UserError(
        f"the input is not what run {run} was given: files or what they stand for have changed since. "
        "Nothing was changed; a new command takes the new input to all clusters"
    )


def command_has_secrets(run: str, argv: str) -> UserError:
    return UserError(
        f"the command of run {run} has values that aren't kept. Give it again, behind --: "
        f"kubectl mc resume {run} -- {visible(argv)}"
    )


def other_command(run: str) -> UserError:
    return UserError(f"that is not the command of run {run}. See: kubectl mc audit show {run}")


def moved(moves: Sequence[str]) -> UserError:
    """moves: "c2: the server was … and is …"."""
    return UserError(f"these clusters aren't the ones of the run any more, so nothing was changed: {'; '.join(moves)}")


def no_folder(path: str) -> UserError:
    return UserError(f"the run was started in {visible(path)}, and that folder can't be entered")


def nothing_to_undo(run: str) -> UserError:
    return UserError(
        f"run {run} gave no workload a new revision, so there is no rollout to undo. See: kubectl mc audit show {run}"
    )


def no_audit_command(word: str) -> UserError:
    return UserError(f"kubectl mc audit has no command '{visible(word)}'. There are: list, show")


def finishing() -> str:
    return "Interrupted: the clusters that have begun are finishing, no more are started. Ctrl-C again ends them"


def not_rehearsed() -> str:
    return "kubectl has no dry run of this, so what it would change isn't known"


def no_differences() -> str:
    return "no differences"


def no_runs_yet() -> str:
    return "No changes were made from here yet"


def not_waited_for(resources: Sequence[str]) -> str:
    return f"Not waited for, as kubectl doesn't say in which namespace they are: {name_list(resources)}"


def not_rolled_back(resources: Sequence[str]) -> str:
    return f"Left out, as it isn't known in which namespace the run changed them: {name_list(resources)}"


def not_in_run(run: str, names: Sequence[str]) -> UserError:
    return UserError(f"--clusters: run {run} has nothing left to do for {name_list(names)}")


def flag_has_secret(command: str, run: str, flags: Sequence[str]) -> UserError:
    again = " ".join(f"--{name}=…" for name in flags)
    return UserError(
        f"the values of the run's {name_list(flags)} aren't kept. Give them again: {command} {run} {again}"
    )


def may_be_done(names: str) -> str:
    return f"The change may have been made already in {names}: there it had begun, and how it ended isn't known"


def left_out() -> str:
    return "It isn't made there again. Look at these clusters; to make it there again: --repeat-unknown"


def found_done() -> str:
    return "found done"


def only_rehearsed() -> str:
    return "kubectl made a dry run of it"


def changed_since(runs: Sequence[str]) -> str:
    return (
        "Warning: rollout undo takes back the latest revision, and these runs have changed the same workloads since: "
        f"{name_list(runs)}"
    )
