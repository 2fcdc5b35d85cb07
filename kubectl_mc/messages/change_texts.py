# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts about changes, runs and the record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kubectl_mc import PROGRAM
from kubectl_mc.messages.causes import outcome_lines
from kubectl_mc.messages.command_line_texts import bad_flag_value
from kubectl_mc.messages.fleet_texts import system_error
from kubectl_mc.messages.words import (
    PARTIAL,
    UserError,
    approve_command,
    cluster_count,
    clusters_flag,
    ended_by_signal,
    interrupted,
    name_list,
    visible,
)

FINISHING = "Interrupted: the clusters that have begun are finishing, no more are started. Ctrl-C again ends them"
NOT_REHEARSED = "kubectl has no dry run of this, so what it would change isn't known"
NO_DIFFERENCES = "no differences"
LEFT_OUT = "It isn't made there again. Look at these clusters; to make it there again: --repeat-unknown"
FOUND_DONE = "found done"
ADDRESS_UNREADABLE = "its server can't be read any more"
OTHER_URL_LOGIN = "the user, password or query in the URL of its server or proxy is another one"
NOT_READABLE = "a line about it in the record can't be read"
NOTHING_CHANGED = "So nothing was changed"
AWAITS_KIND = "once its kind is there, which this input defines (no dry run)"


def needs_yes(rehearsal: str = "") -> UserError:
    """Say that a change has to be confirmed, and there is no terminal.

    rehearsal: the value of --dry-run with which it says what it would do, "" if it has none
    """
    remedy = f"see it with --dry-run={rehearsal}, then add --yes" if rehearsal else "add --yes"
    return UserError(f"a change has to be confirmed, and there is no terminal to ask on: {remedy}")


def needs_editor(verb: str) -> UserError:
    """Say that the change is typed into an editor, and there is no terminal for it."""
    return UserError(
        f"{verb} opens an editor, and there is no terminal for it. Use patch or apply, or name a program that needs no "
        "terminal: KUBE_EDITOR=PROGRAM"
    )


def not_confirmed() -> UserError:
    """Say that the user does not confirm the change."""
    return UserError("not confirmed")


def unapproved_contexts(names: Sequence[str], flags: str) -> UserError:
    """Say that a change is for clusters that are only reached because a context has the name of their profile.

    flags: those of the command that the approval needs, too; "" for none
    """
    return UserError(
        f"reached by a context only because it has the name that the hub gives the cluster: {name_list(names)}. "
        f"To approve that once ({PROGRAM} setup would map them): {approve_command(names, flags)}. "
        f"For this command only, name the clusters exactly: {clusters_flag(names)}"
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


def pause_without_waves() -> UserError:
    """Say that a pause is asked for, and all clusters would be changed at once."""
    return UserError(
        "--pause is between waves, and without --waves or --canary there is only one. Add such as --waves=1,100%"
    )


def refused_before(lines: Sequence[str], count: int, total: int) -> UserError:
    """Say that clusters refuse the change in the preflight. lines: the reasons, with their clusters"""
    return UserError(
        "\n".join(
            (
                f"{cluster_count(count)} of {total} {'refuses' if count == 1 else 'refuse'}:",
                *lines,
                f"To change the other {total - count}: --continue-on-preflight-error",
            )
        )
    )


def canary_refuses(canary: str, lines: Sequence[str]) -> UserError:
    """Say that the canary refuses the change in the preflight. lines: the reasons, with their clusters"""
    return UserError("\n".join((f"the canary {visible(canary)} refuses, so no other cluster is changed:", *lines)))


def all_refuse(total: int) -> str:
    """Say that all clusters refuse the change; the reasons follow."""
    return f"Error: all {total} clusters refuse:"


def dry_run_timed_out(dry_run: str, patience: float) -> str:
    """Say that a cluster has not answered to the dry run in time."""
    return f"its dry run (--dry-run={dry_run}) hadn't ended after {patience:g}s; for more time: --cluster-timeout"


class StopError(UserError):
    """What ended the block from outside: a signal, or the system refused something. status: as of the signal"""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status


class MidwayError(StopError):
    """What ended a change that had begun."""


@contextmanager
def stops_as_errors() -> Iterator[None]:
    """Raise a StopError where Ctrl-C, another signal or the system ends the block."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise StopError(interrupted(interrupt), 130) from None
    except SystemExit as ended:  # as the handlers of the other signals raise it
        status = ended.code if isinstance(ended.code, int) else 1
        raise StopError(ended_by_signal(ended), status) from None
    except OSError as error:
        raise StopError(system_error(error)) from None


@contextmanager
def unchanged_on_error() -> Iterator[None]:
    """Say that nothing was changed, whatever ends the block, unless it is a MidwayError. Raises UserError."""
    try:
        with stops_as_errors():
            yield
    except MidwayError:
        raise
    except UserError as error:
        stop = StopError(f"{error}\n{NOTHING_CHANGED}", error.status)
        stop.prefix = error.prefix
        raise stop from None


@contextmanager
def midway(run: str) -> Iterator[None]:
    """Raise a MidwayError where Ctrl-C, another signal or the system ends the block of a run that has begun."""
    try:
        with stops_as_errors():
            yield
    except StopError as error:
        status = PARTIAL if error.status == StopError.status else error.status  # 1 says that nothing was changed
        raise MidwayError(f"{error}. What was changed: {PROGRAM} audit show {run}", status) from None


class RecordError(UserError):
    """Says that a change can't be recorded. problem: why; folder: the one that is needed, "" where it is there"""

    def __init__(self, path: str, problem: str, folder: str = "") -> None:
        self.problem = f"{visible(path)} can't be used: {visible(problem)}"
        advice = f". Where your home directory can't be written, mount a volume at {visible(folder)}" if folder else ""
        super().__init__(f"no change without a record of it, and {self.problem}{advice}")


def not_recorded(events: Sequence[tuple[str, str]], problem: str) -> str:
    """Say what of a run could not be recorded. events: ("begin", its cluster) etc.; problem: of the RecordError"""
    texts = {
        "begin": "{} is not begun without a record of it",
        "cluster": "how the change ended in {} isn't recorded",
        "rollout": "whether {} is rolled out isn't recorded",
        "end": "the end of the run isn't recorded",
    }
    said = "; ".join(
        text.format(name_list([cluster for event, cluster in events if event == name]))
        for name, text in texts.items()
        if any(event == name for event, _ in events)
    )
    return f"Error: {said}: {problem}"


def unreadable_record(path: str, problem: str) -> UserError:
    """Say that the record cannot be read."""
    return UserError(f"the record, {visible(path)}, can't be read: {visible(problem)}")


def cannot_start(cluster: str, problem: str) -> str:
    """Say that the process for a cluster can't be started."""
    return f"Error: nothing was sent to {visible(cluster)}, as its process can't be started: {problem}"


def not_shown(error: OSError) -> str:
    """Say that a part of the output of a change is lost."""
    return f"Error: not everything could be shown: {system_error(error)}"


def unreadable_lines(path: str, count: int) -> str:
    """Say that lines of the record are left out."""
    lines, are = ("1 line", "is") if count == 1 else (f"{count} lines", "are")
    return f"Warning: {lines} of {visible(path)} can't be read and {are} left out"


def stores_words() -> UserError:
    """Say that --record is refused."""
    return UserError(
        "--record would store the words that each kubectl is given here, which are not yours (it is deprecated). "
        f"Leave it out; to store why: {PROGRAM} annotate TYPE/NAME kubernetes.io/change-cause='…' --overwrite"
    )


def no_such_path(path: str) -> UserError:
    """Say that -f names a file that does not exist. The text is kubectl's."""
    return _kubectls_error(f'the path "{visible(path)}" does not exist')


def unreadable_path(path: str, problem: str) -> UserError:
    """Say that a file or a pipe of the input cannot be read."""
    return UserError(f"{visible(path)} can't be read: {visible(problem)}")


def read_twice(path: str, readers: Sequence[str]) -> UserError:
    """Say that several words of the command name the same pipe. readers: the flags"""
    who = f"{' and '.join(readers)} read it" if len(readers) > 1 else f"{readers[0]} reads it twice"
    return UserError(f"{visible(path)} can be read only once, but {who}")


def needs_memory(path: str) -> UserError:
    """Say that a pipe with a login can't be given to several kubectls."""
    return UserError(
        f"each kubectl would have to read {visible(path)}, which can be read only once. This system has no files in "
        "memory, and what logs you in is not written to a disk: name a file instead"
    )


def no_manifests(paths: Sequence[str], extensions: Sequence[str]) -> UserError:
    """Say that -f names folders without a file that kubectl reads. The text is kubectl's."""
    names = " ".join(map(visible, paths))
    return _kubectls_error(f"error reading [{names}]: recognized file extensions are [{' '.join(extensions)}]")


def not_copied(path: str) -> UserError:
    """Say that kubectl cp can't copy a pipe."""
    return UserError(f"{visible(path)} can't be copied: kubectl cp copies files and folders, and it is a pipe")


def kubectl_said(stderr: str) -> UserError:
    """Say that kubectl fails to read the input."""
    return _kubectls_error(visible(" ".join(re.sub("^error: ", "", line) for line in outcome_lines(stderr))))


def _kubectls_error(text: str) -> UserError:
    error = UserError(text)
    error.prefix = "error"
    return error


def no_folder(path: str) -> UserError:
    """Say that the working directory of the run cannot be entered."""
    return UserError(f"the run was started in {visible(path)}, and that folder can't be entered")


def not_waited_for(resources: Sequence[str]) -> str:
    """Say that the rollout of resources cannot be waited for."""
    return f"Not waited for, as kubectl doesn't say in which namespace they are: {name_list(resources)}"


def waiting_for_kinds(crds: Sequence[str], names: str) -> str:
    """Say that CRDs of the input are waited for, to give the input once more. names: the clusters, folded"""
    return f"Waiting for {name_list(crds)} in {names}, to make the objects of that kind"


def not_established(crds: Sequence[str], timeout: str, cause: str) -> str:
    """Say that the input is not given once more, as a CRD of it is not established. cause: in kubectl's words"""
    return (
        f"the objects of {name_list(crds)} were not made, as it wasn't established after {timeout} "
        f"(--cluster-timeout): {cause}"
    )


def not_rolled_back(resources: Sequence[str]) -> str:
    """Say that resources of a run cannot be rolled back."""
    return f"Left out, as it isn't known in which namespace the run changed them: {name_list(resources)}"
