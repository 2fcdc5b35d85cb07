"""Causes: why a cluster gave no answer, in a few words, by kubectl's own texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from kubectl_mc.messages.words import signal_name, visible


class Cause(NamedTuple):
    """Why one cluster gave no (full) answer.

    reason: in a few words, for the line that names the failed clusters
    absent: the cluster answered that the object or type doesn't exist there, which is fine if another cluster has it
    """

    reason: str
    absent: bool = False


NO_CONTEXT = "no context"

_NO_TYPE = Cause("no such resource type", absent=True)
_NOT_FOUND = Cause("not found", absent=True)
_UNAUTHORIZED = Cause("unauthorized")
_FORBIDDEN = Cause("forbidden")
_TIMEOUT = Cause("connection timeout")
_SERVER_ERROR = Cause("server error")
_TOO_MANY = Cause("too many requests")

# The texts come from client-go, Go's net package and the API server; recordings are in fixtures/data/kubectl.
# The order matters: a NotFound may quote any text, a TLS error may be part of an "Unable to connect", and a plain
# "not found" may be the end of another failure (`… is forbidden: … serviceaccount "x" not found`), so it comes last.
_CAUSES: tuple[tuple[str, Cause], ...] = (
    (r"context was not found for specified context|context \S+ does not exist", Cause(NO_CONTEXT)),
    (
        r"doesn't have a resource type|no matches for kind|could not find the requested resource"
        r"|the selfsubjectreviews API is not enabled",  # `auth whoami` on a server before 1.28
        _NO_TYPE,
    ),
    (r"\(NotFound\)", _NOT_FOUND),
    (r"getting credentials:|exec plugin:|exec: executable", Cause("login failed")),
    (r"\(Unauthorized\)|must be logged in|asked for the client to provide credentials", _UNAUTHORIZED),
    (r"\(Forbidden\)|is forbidden: ", _FORBIDDEN),
    (r"connection refused|connection to the server \S+ was refused", Cause("connection refused")),
    (r"no such host|server misbehaving|name resolution", Cause("DNS lookup failed")),
    (r"x509: |tls: |gave HTTP response to HTTPS client", Cause("TLS error")),
    (
        r"i/o timeout|[Tt]imeout exceeded|deadline exceeded|TLS handshake timeout|request timed out|\(Timeout\)",
        _TIMEOUT,
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
        _SERVER_ERROR,
    ),
    (r"\(TooManyRequests\)", _TOO_MANY),
    # An object does not exist. A missing program, container or file is a failure.
    (r"^[Ee]rror: .*\"[^\"]+\" not found|^error: no matching resources", _NOT_FOUND),
)

# An error that the API server has answered says its reason ahead of its text. The text may quote anything, also what
# an admission webhook or an object's author has chosen, so nothing is searched for in it.
_ANSWERED = re.compile(r"Error from server \((\w+)\): (.*)")
_SERVER_REASONS: dict[str, Cause] = {
    "NotFound": _NOT_FOUND,
    "Unauthorized": _UNAUTHORIZED,
    "Forbidden": _FORBIDDEN,
    "Timeout": _TIMEOUT,
    "ServerTimeout": _TIMEOUT,
    "InternalError": _SERVER_ERROR,
    "ServiceUnavailable": _SERVER_ERROR,
    "TooManyRequests": _TOO_MANY,
}

# How lines about failures begin. Other lines may come from a wrapper or a credential plugin.
_COMPLAINT = re.compile(
    r"[Ee]rror\b|[Uu]nable to |The connection |[Cc]ouldn't |[Ff]ailed |[Ff]atal|panic:|command terminated"
)

# klog writes `E1123 04:32:24.691813   17786 memcache.go:381] …` before the line that states the failure.
_KLOG = re.compile(r"[IWEF]\d{4} [\d:.]+ +\d+ [\w.]+:\d+\] ")


def outcome_lines(stderr: str) -> list[str]:
    """Return the lines of kubectl's stderr about the outcome: no blank lines; klog lines and warnings if alone."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    return complaints(stderr) or [line for line in lines if not _KLOG.match(line)] or lines


def complaints(stderr: str) -> list[str]:
    """Return the lines of kubectl's stderr that are not blank, klog lines or warnings."""
    lines = [line for line in stderr.splitlines() if line.strip() and not _KLOG.match(line)]
    return [line for line in lines if not line.startswith(("Warning: ", "warning: "))]


def find_cause(stderr: str, exit_status: int) -> Cause:
    """Return why a kubectl (or a plugin) with this stderr and exit status failed."""
    lines = outcome_lines(stderr)
    causes = [cause for line in lines if (cause := _line_cause(line))]
    # Of several lines, one may be an absence and another one the failure.
    for cause in causes:
        if not cause.absent:
            return cause
    if causes and all(_line_cause(line) or not _COMPLAINT.match(line) for line in lines):
        return causes[0]
    if lines:
        # Notes may come first: `Found 2 pods, using pod/web-1`.
        line = next((line for line in lines if line.startswith(("error: ", "Error", "command terminated"))), lines[0])
        return Cause(visible(re.sub(r"^(?:error|Error from server \(\w+\)|Error): (?=\S)", "", line)))
    return Cause(f"killed by {signal_name(-exit_status)}" if exit_status < 0 else f"exit status {exit_status}")


def is_known_cause(lines: Sequence[str]) -> bool:
    """Return whether one of these lines of stderr has a cause that lies with the cluster and not with the command."""
    return any(_line_cause(line) for line in lines)


def is_noise(line: str) -> bool:
    """Return whether a line of stderr is klog's, or has a cause that the report shows."""
    return bool(_KLOG.match(line) or _line_cause(line))


def absences(stderr: str) -> list[str]:
    """Return the lines of stderr that report that an object or a type doesn't exist."""
    return [line for line in outcome_lines(stderr) if (cause := _line_cause(line)) and cause.absent]


def _line_cause(line: str) -> Cause | None:
    if answered := _ANSWERED.match(line):
        reason, text = answered.groups()
        if reason == "NotFound" and "could not find the requested resource" in text:
            return _NO_TYPE
        return _SERVER_REASONS.get(reason)
    return next((cause for pattern, cause in _CAUSES if re.search(pattern, line)), None)
