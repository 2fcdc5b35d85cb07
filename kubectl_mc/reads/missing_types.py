"""Types that a cluster does not have: kubectl refuses `get pods,widgets` as a whole and is asked again for the pods."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kubectl_mc.command_line.grammar import CommandLine, Token
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
    tokens: list[Token] = []
    operand_count, changed = -len(line.path), False
    for token in line.tokens:
        if token.flags or token.verbatim:
            tokens.append(token)
            continue
        operand_count += 1
        types, slash, name = token.words[0].partition("/")
        other_types = [item for item in types.split(",") if item != kind]
        if operand_count <= 0 or types == ",".join(other_types) or not (slash or operand_count == 1):
            tokens.append(token)
            continue
        changed = True
        if other_types:
            tokens.append(Token((",".join(other_types) + slash + name,)))
        elif not slash:
            return None
    has_operands = sum(1 for token in tokens if not token.flags and not token.verbatim) > len(line.path)
    return line._replace(tokens=tuple(tokens)) if changed and has_operands else None
