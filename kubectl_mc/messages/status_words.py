# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The words for states, and the colours they are shown in: one table for the cells of any type.

A word is good, waiting or bad wherever it stands. Whether a truth value is, its column says: True under READY is Ready,
and False under it isn't.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kubectl_mc.messages.colours import GREEN, RED, YELLOW

# Phases and conditions of the built-in types, reasons of containers and events (pkg/kubelet/events/event.go), and what
# Helm, Argo CD, Flux, Cluster API, cert-manager and Longhorn call their states; and what changes do to objects.
_GOOD = """
    Running Ready Succeeded Success Successful Complete Completed Active Bound Available Healthy Deployed
    Approved Issued Answers Established Accepted Programmed Resolved Synced Sync Reconciled Provisioned Attached
    Online Valid Ok Up Joined Reachable Normal Initialized PodScheduled ContainersReady Started Pulled Scheduled
    Created
"""
_WAITING = """
    Pending Unknown Init ContainerCreating PodInitializing Terminating Progressing SchedulingDisabled Waiting Creating
    Provisioning Deleting Updating Upgrading Installing Reconciling Starting Stopping Stopped Terminated Released
    Suspend Suspended Paused OutOfSync Missing Detached Attaching Detaching Rebuilding NotStarted Queued Scheduling
    Draining Killing Preempting Pulling Unschedulable Superseded Uninstalling ScalingLimited Skipped
    Configured Changed Patched Edited Scaled Restarted Autoscaled Replaced Labeled Unlabeled Annotated Exposed Updated
    Serverside-applied Cordoned Uncordoned Tainted Untainted Drained Resumed
"""
_BAD = """
    Error Failed Failure NotReady NotFound Unhealthy OOMKilled Evicted Lost Warning Degraded Denied Rejected Invalid
    Expired Aborted Unavailable NetworkUnavailable NetworkNotReady NodeNotReady DiskPressure MemoryPressure PIDPressure
    DeadlineExceeded BackoffLimitExceeded InvalidImageName ContainerCannotRun ContainerStatusUnknown StartError
    NodeLost Shutdown NodeShutdown UnexpectedAdmissionError NodeAffinity Preempted Conflict Deadlock Unreachable
    FailedScheduling Refused Broken Faulted Offline Down Stalled Unusable ReplicaFailure
    Deleted Pruned Evicting
"""

_COLOUR_OF_WORD = {
    word: colour for colour, words in ((GREEN, _GOOD), (YELLOW, _WAITING), (RED, _BAD)) for word in words.split()
}

# Words that are made of others: ErrImagePull, CreateContainerConfigError, CrashLoopBackOff, FailedMount, ExitCode:1.
_BAD_FORMS = re.compile(r"Err[A-Z]\w*|\w*Error|\w*BackOff|Failed[A-Z]\w*|\w+Failed|(?:Signal|ExitCode):\d+")

_COUNTS = re.compile(r"(\d{1,9})/(\d{1,9})")  # 1/2 of READY and COMPLETIONS
_RECENT = re.compile(r"[1-9]\d* \(\S+ ago\)")  # of RESTARTS

_WORST_FIRST = (RED, YELLOW, GREEN)

# Columns whose cells are names, or texts that somebody has written: a pod that is called `error` is not in error.
_NO_STATUSES = frozenset(
    (
        "NAME", "NAMESPACE", "NODE", "NOMINATED NODE", "OBJECT", "SUBOBJECT", "SOURCE", "CONTAINERS", "IMAGES", "IMAGE",
        "LABELS", "ANNOTATIONS", "SELECTOR", "NODE SELECTOR", "MESSAGE", "HOSTS", "CLASS", "USER", "CONTEXT",
        "RESOURCE", "SERVICE", "SECRETS", "CLUSTERSET", "DISPLAY-NAME", "MANAGER", "RUN", "WHAT", "DETAILS",
        "EVENT", "STORAGECLASS", "AGE", "CREATED AT", "KIND", "SHORTNAMES", "APIVERSION", "VALUE", "ROLES", "CLAIM",
    )
)  # fmt: skip

TRUTHS = {"True": True, "False": False, "yes": True, "no": False}

_LONGEST = 60  # characters of a word

# What a status may begin with: most other cells of large tables are numbers, addresses and times.
POSSIBLE = re.compile(r"[A-Za-z<]|\d+/\d+$|\d+ \(")


def has_statuses(column: str) -> bool:
    """Return whether the cells of a column may be statuses, by its name."""
    return column.strip() not in _NO_STATUSES


@lru_cache(maxsize=4096)
def status_colour(cell: str, subject: str = "") -> int | None:
    """Return the colour of a status; None for a cell that is none, or says nothing about how its object is.

    subject: the name of the column, or what else a truth value is about
    """
    if counts := _COUNTS.fullmatch(cell):
        return YELLOW if int(counts[1]) < int(counts[2]) else None
    if _RECENT.fullmatch(cell):
        return YELLOW
    word, _, reason = cell.partition(" ")  # `False (MissingEndpoints)`, `Active (2)`, `created (dry run)`
    if not 0 < len(word) <= _LONGEST or (reason and not (reason.startswith("(") and reason.endswith(")"))):
        return None
    if word in TRUTHS:
        colour = _word_colour(subject) or _word_colour(subject.rpartition(" ")[2].capitalize())
        return _truth_colour(TRUTHS[word], colour or (GREEN if word == "True" else None))
    return _word_colour(word)


def _truth_colour(is_true: bool, colour: int | None) -> int | None:
    """Return the colour of a truth value. colour: that of what it is about"""
    return colour if is_true else {GREEN: RED, RED: GREEN}.get(colour or 0)


def _word_colour(word: str) -> int | None:
    """Return the colour of a word, or the worst of several: `Ready,SchedulingDisabled`, `Init:CrashLoopBackOff`."""
    rest = word.removeprefix("Init:")
    if rest != word and _COUNTS.fullmatch(rest):
        return YELLOW
    colours = [_part_colour(part) for part in rest.strip("<>").split(",")]
    return next((colour for colour in _WORST_FIRST if colour in colours), None) if all(colours) else None


def _part_colour(part: str) -> int | None:
    if _BAD_FORMS.fullmatch(part):
        return RED
    return _COLOUR_OF_WORD.get(part[:1].upper() + part[1:])
