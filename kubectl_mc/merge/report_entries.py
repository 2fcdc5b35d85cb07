# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What the report for programs (--report) says of the clusters that a command has asked. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc.merge.report import result_cause
from kubectl_mc.processes.event_loop import Result, UnaskedResult
from kubectl_mc.processes.report_file import ClusterReport
from kubectl_mc.processes.requests import Request


def read_entries(results: Sequence[Result], request: Request) -> list[ClusterReport]:
    """Return what came of the clusters of a command that reads: these results, and those that are not asked."""
    entries = []
    for result in (*results, *request.unreachable):
        cause = result_cause(result, request)
        state = "answered" if not cause else "absent" if cause.absent else "failed"
        reason, message = (cause.kind, cause.message) if cause else ("", "")
        entries.append(ClusterReport(result.cluster, state, reason, message, own_status(result)))
    return entries


def own_status(result: Result) -> int | None:
    """Return the exit status with which a kubectl has ended by itself; None if it has not."""
    return None if isinstance(result, UnaskedResult) or result.timed_out else result.status
