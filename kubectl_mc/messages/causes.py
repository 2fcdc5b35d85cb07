# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Causes: why a cluster gave no answer, by kubectl's own texts."""

from __future__ import annotations

import re

from kubectl_mc.messages.words import signal_name, visible
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Literal

# What a cause is, as a word that stays the same, for control flow and programs; docs/verbs.md describes each.
Kind = Literal[
    "timeout", "refused", "dns", "tls", "unreachable", "lost",
    "unauthorized", "forbidden", "login", "not-approved", "no-context", "kubeconfig",
    "not-found", "no-such-type", "server", "too-many-requests",
    "interrupted", "killed", "exit", "error",
]  # fmt: skip


class _Pattern(NamedTuple):
    """A regular expression that is compiled when it is first used: most commands meet no error."""

    pattern: str

    def match(self, text: str) -> re.Match[str] | None:
        """As of a compiled one."""
        return re.match(self.pattern, text)

    def search(self, text: str) -> re.Match[str] | None:
        """As of a compiled one."""
        return re.search(self.pattern, text)


class Cause(NamedTuple):
    """Why one cluster gave no (full) answer.

    kind: what it is, as a word
    reason: in a few words, for the line that names the failed clusters
    absent: the cluster answered that the object or type doesn't exist there, which is fine if another cluster has it
    words: the server's own, where the reason says no more than that it failed
    """

    kind: Kind
    reason: str
    absent: bool = False
    words: str = ""

    @property
    def message(self) -> str:
        """The reason, with the server's words."""
        return f"{self.reason}: {self.words}" if self.words else self.reason


# What the API server answers where an object, or its type, doesn't exist.
ABSENT: tuple[Kind, ...] = ("not-found", "no-such-type")

# Causes that say nothing of the cluster: the command, or a program that it runs, has failed.
OF_COMMAND: tuple[Kind, ...] = ("error", "exit", "killed")

# Causes that only a server's own answer gives.
OF_SERVER: tuple[Kind, ...] = ("unauthorized", "forbidden", "server", "too-many-requests")

NO_CONTEXT = "no context"
LOGIN_FAILED = "login failed"
BAD_TOKEN = f"{LOGIN_FAILED}: its token has a line end or another control character"
NO_LOGIN = f"{LOGIN_FAILED}: the kubeconfig has no credentials for it"
TIMED_OUT = "timed out after"
_SILENT = ", silent since "

_NO_TYPE = Cause("no-such-type", "no such resource type", absent=True)
_NOT_FOUND = Cause("not-found", "not found", absent=True)
_UNAUTHORIZED = Cause("unauthorized", "unauthorized")
_FORBIDDEN = Cause("forbidden", "forbidden")
_TIMEOUT = Cause("timeout", "connection timeout")
_SERVER_ERROR = Cause("server", "server error")
_TOO_MANY = Cause("too-many-requests", "too many requests")

# The texts come from client-go, Go's net package and the API server; recordings are in fixtures/data/kubectl.
# The order matters: a NotFound may quote any text, a TLS error may be part of an "Unable to connect", and a plain
# "not found" may be the end of another failure (`… is forbidden: … serviceaccount "x" not found`), so it comes last.
_CAUSES: tuple[tuple[str, Cause], ...] = (
    (r"context was not found for specified context|context \S+ does not exist", Cause("no-context", NO_CONTEXT)),
    (
        r"doesn't have a resource type|no matches for kind|^error: the server could not find the requested resource"
        r"|the selfsubjectreviews API is not enabled",  # `auth whoami` on a server before 1.28
        _NO_TYPE,
    ),
    (r"\(NotFound\)", _NOT_FOUND),
    (rf"^error: {NO_LOGIN}$", Cause("login", NO_LOGIN)),
    (r"invalid header field value for \\?\"Authorization", Cause("login", BAD_TOKEN)),  # net/http; klog quotes it
    (r"getting credentials:|exec plugin:|exec: executable", Cause("login", LOGIN_FAILED)),
    (r"\(Unauthorized\)|must be logged in|asked for the client to provide credentials", _UNAUTHORIZED),
    (r"\(Forbidden\)|is forbidden: ", _FORBIDDEN),
    (r"etcdserver: ", _SERVER_ERROR),
    (
        r"connection to the server localhost:8080 was refused",
        Cause("refused", "connection refused by localhost:8080, kubectl's default for a context without a server"),
    ),
    (r"connection refused|connection to the server \S+ was refused", Cause("refused", "connection refused")),
    (r"no such host|server misbehaving|name resolution", Cause("dns", "DNS lookup failed")),
    (r"x509: |tls: |gave HTTP response to HTTPS client", Cause("tls", "TLS error")),
    (
        r"i/o timeout|[Tt]imeout exceeded|deadline exceeded|TLS handshake timeout|request timed out|\(Timeout\)",
        _TIMEOUT,
    ),
    (r"no route to host|network is unreachable|host is down", Cause("unreachable", "unreachable")),
    (
        r"connection reset|unexpected EOF|: EOF|broken pipe|connection lost|stream error: |http2: ",
        Cause("lost", "connection lost"),
    ),
    (
        r"error loading config file|invalid configuration|unable to read (?:client|certificate)"
        r"|Error in configuration: |current-context does not exist|cluster \"[^\"]*\" does not exist"
        r"|unable to load root certificates",
        Cause("kubeconfig", "bad kubeconfig"),
    ),
    (
        r"\(InternalError\)|\(ServiceUnavailable\)|an error on the server|unable to handle the request",
        _SERVER_ERROR,
    ),
    (r"\(TooManyRequests\)", _TOO_MANY),
    # An object does not exist. A missing program, container or file is a failure.
    (r"^[Ee]rror: .*\"[^\"]+\" not found|^error: no matching resources", _NOT_FOUND),
)

# Causes on the way to a server are those of client-go's and Go's errors about a request or a connection. The same words
# in an error about a file (`error parsing a.json: … unexpected EOF`, `tls: failed to find any PEM data`) are none.
_OF_CONNECTION: tuple[Kind, ...] = ("refused", "dns", "tls", "timeout", "unreachable", "lost")
_CONNECTION = _Pattern(
    r"^Unable to connect to the server: |^The connection to the server "
    r"|\b(?:Get|Head|Post|Put|Patch|Delete|Options) \"https?:|\b(?:dial|read|write) (?:tcp|udp|unix) "
    r"|response body|watch stream"
    r"|^[Ee]rror: (?:(?:unexpected )?EOF$|context deadline|client rate limiter|net/http: |http2?: |stream error"
    r"|remote error: tls: |tls: failed to verify |lookup |lost connection)"
)
# What is said of a file may quote its text. `unable to decode an event from the watch stream` is not about a file.
_OF_A_FILE = _Pattern(r"(?:[Ee]rror: )?(?:error (?:parsing|reading|converting) |unable to decode \")")

# An error that the API server has answered says its reason, if it has one, ahead of its text. The text may quote
# anything, also what an admission webhook or an object's author has chosen, so nothing is searched for in it.
_ANSWERED = _Pattern(r"(?s)Error from server(?: \((\w+)\))?: (.*)")
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

# What client-go says for a server whose answer is no text (apimachinery, errors.go: NewGenericServerResponse).
_SAYS_NOTHING = _Pattern(r"an error on the server \(\"(?:unknown)?\"\)")

# A NotFound about what a List in a file names is printed without its reason: one, or several in one. It names a
# resource, in the plural or with its group; what a wrapper doesn't find (`profile "x" not found`) is a failure.
_BARE_NOT_FOUND = r"[a-z][a-z0-9-]*(?:s|(?:\.[a-z0-9-]+)+) \"(?:[^\"\\]|\\.)*\" not found"
_BARE_NOT_FOUNDS = _Pattern(rf"(?:{_BARE_NOT_FOUND}|\[{_BARE_NOT_FOUND}(?:, {_BARE_NOT_FOUND})*\])$")

# What the server has answered may have several lines, and the later ones may look like anything. They belong to it,
# up to one that kubectl itself may have begun.
_ANSWER = _Pattern(r"Error from server(?: \(\w+\))?: |The (?:request|\S+ \"[^\"]*\") is invalid")
_PROGRAM = "command terminated with "

# How kubectl writes its errors (checkErr in k8s.io/kubectl/pkg/cmd/util/helpers.go). It prints them last. What a
# credential plugin or a wrapper says comes before.
_STANDARD = _Pattern(
    r"Error from server(?: \(\w+\))?: |Unable to connect to the server: |The connection to the server "
    rf"|{_BARE_NOT_FOUNDS.pattern}"
)
_LAST = _Pattern(
    rf"{_STANDARD.pattern}|[Ee]rror: |Error in configuration: |Server returned an unexpected response"
    rf"|{_ANSWER.pattern}|{_PROGRAM}|panic: |fatal error: |the server doesn't have a resource type "  # `explain`
)
# Of several errors, those that are not the server's have no such beginning; `[a, b]` are several in one.
_PLAIN = _Pattern(
    r"\[|error (?:when|parsing|validating|converting|decoding|reading|executing) "
    r"|unable to (?:decode|recognize|parse|match|convert|list|retrieve the complete list) "
    r"|timed out waiting |resource mapping not found |no matches for |the path |the namespace from the provided object "
)

# klog writes `E1123 04:32:24.691813   17786 memcache.go:381] …`, and indented lines after it that belong to it: values
# of several lines end with ` >` (k8s.io/klog/v2/internal/serialize).
_KLOG = _Pattern(r"[IWEF]\d{4} [\d:.]+ +\d+ [\w.]+:\d+\] ")
# Each try to find out the types of a server is logged before the error that states the failure.
_DISCOVERY = _Pattern(r"E\d{4} [\d:.]+ +\d+ memcache\.go:\d+\] ")

# The second line of the error about a missing type (cli-runtime/pkg/resource/mapper.go).
_HINT = "ensure CRDs are installed first"

_WARNINGS = ("Warning: ", "warning: ")


def split_messages(stderr: str) -> list[str]:
    """Return what stderr consists of, in order: its lines, those that belong to the one before it together with it."""
    split: list[str] = []
    for line in stderr.removesuffix("\n").split("\n") if stderr else ():
        if _KLOG.match(line):
            split.append(line)
        elif (split and _KLOG.match(split[-1]) and line.startswith(("\t", " "))) or (
            split
            and (
                _belongs(line, split[-1]) or (line == _HINT and "no matches for kind" in split[-1].rpartition("\n")[2])
            )
        ):
            split[-1] += f"\n{line}"
        else:
            split.append(line)
    return split


def _belongs(line: str, message: str) -> bool:
    """Return whether a line is the server's, whose text has begun with the message. That of an absence has one line."""
    if line.startswith(_WARNINGS) or _LAST.match(line) or _PLAIN.match(line):
        return False
    error = _without_warning(message, is_last=False)
    return bool(_ANSWER.match(error)) and not ((cause := _line_cause(error)) and cause.absent)


def outcome_lines(stderr: str) -> list[str]:
    """Return the lines of kubectl's stderr about the outcome: no blank lines; klog lines and warnings if alone."""
    said = [message for message in split_messages(stderr) if message.strip()]
    return complaints(stderr) or [message for message in said if not _KLOG.match(message)] or said


def complaints(stderr: str) -> list[str]:
    """Return the lines of kubectl's stderr that are not blank, klog lines or warnings."""
    return [line for message in _complaints(stderr) for line in message.split("\n")]


def _complaints(stderr: str) -> list[str]:
    said = [message for message in split_messages(stderr) if message.strip() and not _KLOG.match(message)]
    errors = [_without_warning(message, is_last=index == len(said)) for index, message in enumerate(said, start=1)]
    return [error for error in errors if error]


def _without_warning(message: str, is_last: bool) -> str:
    """Return a message, of a warning the error of kubectl's behind it: what a plugin prints may have no end of line.

    is_last: of what is said
    """
    if not message.startswith(_WARNINGS):
        return message
    error = _STANDARD.search(message) or (re.search("error: ", message) if is_last else None)
    return message[error.start() :] if error else ""


def kubectl_errors(stderr: str) -> list[str]:
    """Return kubectl's own errors: the last one, or those that it prints together. [] if none is recognized.

    What follows the server's last answer may be its text or more errors, and counts as these.
    """
    said = _complaints(stderr)
    recognized = [index for index, message in enumerate(said) if _LAST.match(message)]
    if not recognized:
        return []
    first = last = recognized[-1]
    if not said[last].startswith(_PROGRAM):
        first = next((index for index in reversed(recognized) if _ANSWER.match(said[index])), last)
    if first == last and not _STANDARD.match(said[last]):
        return [said[last]]
    while first and _STANDARD.match(said[first - 1]):
        first -= 1
    return [message for index, message in enumerate(said) if first <= index <= last or _PLAIN.match(message)]


def find_cause(stderr: str, exit_status: int) -> Cause:
    """Return why a kubectl (or a plugin) with this stderr and exit status failed.

    It is told from kubectl's own errors, whatever others have said before. One of several may be an absence, and
    another one the failure; of several failures, it is the server's last answer, as that may quote the others.
    """
    errors = kubectl_errors(stderr)
    causes = [_line_cause(error) or _as_text(error) for error in errors]
    failures = [index for index, cause in enumerate(causes) if not cause.absent]
    if failures:
        return causes[max(failures, key=lambda index: (bool(_ANSWER.match(errors[index])), index))]
    if causes:
        return causes[-1]
    if exit_status < 0:
        return Cause("killed", f"killed by {signal_name(-exit_status)}")
    if lines := complaints(stderr):
        # Some errors that are not the server's are printed as they are.
        cause = _line_cause(lines[-1])
        return cause if cause and not cause.absent else _as_text(next(filter(_PLAIN.match, reversed(lines)), lines[0]))
    logged = [cause for message in split_messages(stderr) if is_log(message) and (cause := _line_cause(message))]
    return logged[-1] if logged else Cause("exit", f"exit status {exit_status}")


def late_reason(seconds: float, silent_since: str = "") -> str:
    """Say that a cluster was not waited for any longer. silent_since: why it had a short time only; "" if it had not"""
    return f"{TIMED_OUT} {seconds:g}s{_SILENT if silent_since else ''}{silent_since}"


def had_short_time(cause: Cause) -> bool:
    """Return whether a cluster was not waited for any longer because it had been silent before."""
    return cause.kind == "timeout" and _SILENT in cause.reason


def problem_cause(problem: str) -> Cause:
    """Return why a cluster was not asked. problem: in our own words"""
    problem = problem.removeprefix("error: ")
    begins: tuple[tuple[str, Kind], ...] = ((NO_CONTEXT, "no-context"), (LOGIN_FAILED, "login"), (TIMED_OUT, "timeout"))
    return Cause(next((kind for text, kind in begins if problem.startswith(text)), "not-approved"), visible(problem))


def told_errors(stderr: str, cause: Cause) -> set[str]:
    """Return the errors in a failed cluster's stderr that its cause tells: the only one, or all that are absences.

    It doesn't tell those of several lines, but for the hint behind a missing type.
    """
    return {error for error in _told_errors(stderr, cause) if "\n" not in error.removesuffix(f"\n{_HINT}").strip()}


def _told_errors(stderr: str, cause: Cause) -> set[str]:
    if cause.absent:
        return set(absences(stderr))
    errors = set(kubectl_errors(stderr))
    if not errors:
        return {line for line in complaints(stderr) if _as_text(line) == cause or _line_cause(line) == cause}
    return errors if len(errors) == 1 else set()


def logged_failures(stderr: str, cause: Cause) -> set[str]:
    """Return the failures that a kubectl has logged, of which the cause is the end: it tries several times."""
    return {
        message
        for message in split_messages(stderr)
        if is_log(message)
        and message.startswith("E")
        and (logged.kind == cause.kind if (logged := _line_cause(message)) else _quotes(message, cause))
    }


def _quotes(message: str, cause: Cause) -> bool:
    """Return whether a message of klog's ends with the words of a cause that has no others: `… err="unexpected X"`.

    kubectls to 1.30 write `…: unexpected X`.
    """
    words = cause.reason.replace("\\", "\\\\").replace('"', '\\"')
    return cause.kind == "error" and message.endswith((f'"{words}"', f': {words}"', f": {cause.reason}"))


def is_log(message: str) -> bool:
    """Return whether a message of stderr is one of klog's."""
    return bool(_KLOG.match(message))


def is_try(line: str) -> bool:
    """Return whether a line of stderr logs a failed try to find out the server's types."""
    return bool(_DISCOVERY.match(line))


def is_default_container(line: str) -> bool:
    """Return whether kubectl says which container it has picked (k8s.io/kubectl/pkg/cmd/util/podcmd)."""
    return bool(re.fullmatch(r'Defaulted container "[a-z0-9-]+" out of: [a-z0-9-]+(?:, [a-z0-9-]+| \([a-z]+\))*', line))


def is_error(line: str) -> bool:
    """Return whether a line of stderr begins as kubectl's errors do."""
    return bool(_LAST.match(line))


def is_standard_error(line: str) -> bool:
    """Return whether a line of stderr is an error about a server, as kubectl writes it."""
    return bool(_STANDARD.match(line))


def absences(stderr: str) -> list[str]:
    """Return the messages of stderr that report that an object or a type doesn't exist."""
    return [line for line in _complaints(stderr) if _LAST.match(line) and (cause := _line_cause(line)) and cause.absent]


def _as_text(line: str) -> Cause:
    """Return the cause that is an error in kubectl's words."""
    kind: Kind = "exit" if line.startswith(_PROGRAM) else "error"
    line = line.partition("\n")[0]
    return Cause(kind, visible(re.sub(r"^(?:error|Error from server(?: \(\w+\))?|Error): (?=\S)", "", line)))


def _line_cause(line: str) -> Cause | None:
    """Return the cause that an error has by its words; None for one that is told by its text."""
    if answered := _ANSWERED.match(line):
        reason, text = answered.groups()
        if reason == "NotFound" and "could not find the requested resource" in text:
            return _NO_TYPE
        cause = _SERVER_ERROR if not reason and text.startswith("etcdserver: ") else _SERVER_REASONS.get(reason)
        says_why = cause == _SERVER_ERROR and not _SAYS_NOTHING.match(text)
        return cause._replace(words=visible(text.partition("\n")[0])) if cause and says_why else cause
    if _BARE_NOT_FOUNDS.match(line):
        return _NOT_FOUND
    if line.startswith("[") or _OF_A_FILE.match(line):  # several errors in one, and a file, may quote anything
        return None
    causes = (cause for pattern, cause in _CAUSES if re.search(pattern, line))
    is_connection = is_log(line) or _CONNECTION.search(line)
    return next((cause for cause in causes if is_connection or cause.kind not in _OF_CONNECTION), None)
