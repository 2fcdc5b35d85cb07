"""Why a cluster gave no answer: causes in a few words, told from kubectl's own texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from kubectl_mc.messages.words import visible


class Cause(NamedTuple):
    """Why one cluster gave no (full) answer.

    reason: in a few words, for the line that names the failed clusters
    absent: the cluster did answer: what was asked for doesn't exist there, so another cluster's having it is enough
    """

    reason: str
    absent: bool = False


NO_CONTEXT = "no context"

# The texts are client-go's, Go's net package's and the API server's; recordings of each: fixtures/data/kubectl.
# The order matters: a NotFound may quote anything, a TLS error may be wrapped in a "Unable to connect", and a plain
# "not found" may be the end of another failure (`… is forbidden: … serviceaccount "x" not found`), so it comes last.
_CAUSES: tuple[tuple[str, Cause], ...] = (
    (r"context was not found for specified context|context \S+ does not exist", Cause(NO_CONTEXT)),
    (
        r"doesn't have a resource type|no matches for kind|could not find the requested resource"
        r"|the selfsubjectreviews API is not enabled",  # `auth whoami` on a server before 1.28
        Cause("no such resource type", absent=True),
    ),
    (r"\(NotFound\)", Cause("not found", absent=True)),
    (r"getting credentials:|exec plugin:|exec: executable", Cause("login failed")),
    (r"\(Unauthorized\)|must be logged in|asked for the client to provide credentials", Cause("unauthorized")),
    (r"\(Forbidden\)|is forbidden: ", Cause("forbidden")),
    (r"connection refused|connection to the server .* was refused", Cause("connection refused")),
    (r"no such host|server misbehaving|name resolution", Cause("DNS lookup failed")),
    (r"x509: |tls: |gave HTTP response to HTTPS client", Cause("TLS error")),
    (
        r"i/o timeout|[Tt]imeout exceeded|deadline exceeded|TLS handshake timeout|request timed out|\(Timeout\)",
        Cause("connection timeout"),
    ),
    (r"no route to host|network is unreachable|host is down", Cause("unreachable")),
    (r"connection reset|unexpected EOF|: EOF|broken pipe|connection lost", Cause("connection lost")),
    (
        r"error loading config file|invalid configuration|unable to read (?:client|certificate)"
        r"|Error in configuration: |current-context does not exist|cluster \"[^\"]*\" does not exist"
        r"|unable to load root certificates",
        Cause("bad kubeconfig"),
    ),
    (
        r"\(InternalError\)|\(ServiceUnavailable\)|an error on the server|unable to handle the request",
        Cause("server error"),
    ),
    (r"\(TooManyRequests\)", Cause("too many requests")),
    # Of an object; a program, a container or a file that isn't there is another matter.
    (r"^[Ee]rror: .*\"[^\"]+\" not found|^error: no matching resources", Cause("not found", absent=True)),
)

# How lines begin that say that something went wrong. Others may be the chatter of a wrapper or a credential plugin.
_COMPLAINT = re.compile(
    r"[Ee]rror\b|[Uu]nable to |The connection |[Cc]ouldn't |[Ff]ailed |[Ff]atal|panic:|command terminated"
)

# klog writes `E1123 04:32:24.691813   17786 memcache.go:381] …` ahead of the line that matters.
_KLOG = re.compile(r"[IWEF]\d{4} [\d:.]+ +\d+ [\w.]+:\d+\] ")


def outcome_lines(stderr: str) -> list[str]:
    """kubectl's stderr without blank lines, klog lines and warnings: what it says about the outcome."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    return complaints(stderr) or [line for line in lines if not _KLOG.match(line)] or lines


def complaints(stderr: str) -> list[str]:
    """As `said`, but nothing if there are only warnings."""
    lines = [line for line in stderr.splitlines() if line.strip() and not _KLOG.match(line)]
    return [line for line in lines if not line.startswith(("Warning: ", "warning: "))]


def find_cause(stderr: str, exit_status: int) -> Cause:
    """Why a kubectl (or a plugin) that ended with this status and this stderr failed."""
    lines = outcome_lines(stderr)
    found = [known for line in lines for known in [_known(line)] if known]
    # One line of an aggregate may only say that something is absent; another one then is the failure.
    for known in found:
        if not known.absent:
            return known
    if found and all(_known(line) or not _COMPLAINT.match(line) for line in lines):
        return found[0]
    if lines:
        # Notes may come first: `Found 2 pods, using pod/web-1`.
        line = next((line for line in lines if line.startswith(("error: ", "Error", "command terminated"))), lines[0])
        return Cause(visible(re.sub(r"^(?:error|Error from server \(\w+\)|Error): (?=\S)", "", line)))
    return Cause(f"exit status {exit_status}")


def is_known_cause(lines: Sequence[str]) -> bool:
    """Is one of these lines of stderr a cause that a cluster, not the command, is answerable for?"""
    return any(_known(line) for line in lines)


def absences(stderr: str) -> list[str]:
    """The lines that say that something asked for doesn't exist."""
    return [line for line in outcome_lines(stderr) if (known := _known(line)) and known.absent]


def _known(line: str) -> Cause | None:
    return next((known for pattern, known in _CAUSES if re.search(pattern, line)), None)
