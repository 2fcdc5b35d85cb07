# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Commands that own the terminal and change nothing, such as `port-forward`: they need exactly one cluster."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc.merge import report
from kubectl_mc.merge.report_entries import read_entries
from kubectl_mc.processes import terminal
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Request
from kubectl_mc.processes.targets import Target


def show_on_terminal(request: Request, targets: Sequence[Target]) -> int:
    """Run the command on the only target, or say why there is none, and return the exit status."""
    results = [Result(target.cluster, b"", b"", terminal.run_on_target(request, target)) for target in targets]
    if request.environment.report:
        request.environment.report.tell(read_entries(results, request))
    if not results:
        request.environment.streams.say(report.make_report([], request, shown=True).lines)
    return results[0].status or 0 if results else 1
