# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Types that a cluster does not have: kubectl refuses `get pods,widgets` as a whole and is asked again for the pods."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job

# k8s.io/cli-runtime/pkg/resource/builder.go; type and group are as the user typed them.
_MISSING_TYPE = re.compile(rb'the server doesn\'t have a resource type "([^"]+)"(?: in group "([^"]+)")?')


def jobs_without_missing_types(jobs: Sequence[Job], results: Sequence[Result]) -> Mapping[int, Job]:
    """Return the jobs that failed for a missing type, by index, without that type; jobs without another are omitted."""
    jobs_by_index = {}
    for index, (job, result) in enumerate(zip(jobs, results)):
        match = _MISSING_TYPE.search(result.stderr) if result.status else None
        if match:
            kind = b".".join(filter(None, match.groups())).decode("utf-8", "replace")
            line = without_type(job.line, kind)
            if line:
                jobs_by_index[index] = job._replace(line=line)
    return jobs_by_index


def without_type(line: CommandLine, kind: str) -> CommandLine | None:
    """Remove a type, as in `pods,KIND` or `KIND/name`; None if the line does not have it or has nothing else."""
    operands: list[str] = []
    for operand in grammar.operands(line):
        types, slash, name = operand.partition("/")
        other_types = [item for item in types.split(",") if item != kind]
        if types == ",".join(other_types) or not (slash or not operands):
            operands.append(operand)
        elif other_types:
            operands.append(",".join(other_types) + slash + name)
        elif not slash:
            return None
    return grammar.with_operands(line, operands) if operands and operands != grammar.operands(line) else None
