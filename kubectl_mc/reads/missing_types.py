"""Types that a cluster lacks: kubectl refuses `get pods,widgets` as a whole, so it is asked for the pods then."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kubectl_mc.command_line.grammar import CommandLine, Token
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job

# k8s.io/cli-runtime/pkg/resource/builder.go; the words are as they were typed.
_LACKS = re.compile(rb'the server doesn\'t have a resource type "([^"]+)"(?: in group "([^"]+)")?')


def jobs_without_missing_types(jobs: Sequence[Job], results: Sequence[Result]) -> Mapping[int, Job]:
    """The jobs that failed for a type that their cluster lacks, by place, without that type; none without another."""
    found = {}
    for place, (job, result) in enumerate(zip(jobs, results)):
        lacks = _LACKS.search(result.stderr) if result.status else None
        if lacks:
            kind = b".".join(filter(None, lacks.groups())).decode("utf-8", "replace")
            line = without_type(job.line, kind)
            if line:
                found[place] = job._replace(line=line)
    return found


def without_type(line: CommandLine, kind: str) -> CommandLine | None:
    """The line without this type, as `pods,KIND` or `KIND/name`; None if nothing else is left, or it isn't there."""
    kept: list[Token] = []
    words, changed = -len(line.path), False
    for token in line.tokens:
        if token.flags or token.verbatim:
            kept.append(token)
            continue
        words += 1
        types, slash, name = token.words[0].partition("/")
        rest = [each for each in types.split(",") if each != kind]
        if words <= 0 or types == ",".join(rest) or not (slash or words == 1):
            kept.append(token)
            continue
        changed = True
        if rest:
            kept.append(Token((",".join(rest) + slash + name,)))
        elif not slash:
            return None
    left = sum(1 for token in kept if not token.flags and not token.verbatim) > len(line.path)
    return line._replace(tokens=tuple(kept)) if changed and left else None
