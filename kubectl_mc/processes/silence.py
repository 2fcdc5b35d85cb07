# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Silent clusters: those from which lately nothing has answered. Reads wait for them a short time only.

They are known by their addresses, in one file of the cache, which exists only while there are some. It holds digests
and times, and nothing of a URL or a credential.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import Options
from kubectl_mc.command_line.verb_rows import VerbRow, Waiting
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import cache, private_files, regular_files
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Result, UnaskedResult
from kubectl_mc.processes.targets import Target
from kubectl_mc.type_hints import Any, Literal

SHORT_TIME = 5.0  # seconds that a silent cluster has, and that a cluster must have had to be silent
MAX_AGE = 300.0  # seconds after its last failure for which a cluster counts as silent


class Address(NamedTuple):
    """The keys by which a silent cluster is known again; "" for what is not known here.

    server: of its server and proxy; context: of a context, and of the kubeconfig files as they are now
    """

    server: str = ""
    context: str = ""

    def __bool__(self) -> bool:
        """Return whether anything is known."""
        return any(self)


class Entry(NamedTuple):
    """What is known of a key. Times are in seconds since the epoch.

    since, last: when it first and last did not answer, though it had time enough
    server: the key of the same cluster's server; "" if that is not known
    """

    since: float
    last: float
    server: str


Entries = Mapping[str, Entry]

# "" for a result that tells neither
Verdict = Literal["answered", "silent", ""]


class ShortTimes(NamedTuple):
    """The clusters that have a short time.

    since: a time since which none of them has answered, for the user
    """

    clusters: frozenset[str]
    since: str
    seconds: float = SHORT_TIME


# --- Pure --------------------------------------------------------------------------------------------------------


def may_be_short(row: VerbRow, line: CommandLine, options: Options) -> bool:
    """Return whether a command may wait for silent clusters a short time only.

    It reads, ends by itself, has no time of its own, and the user has typed no time.
    """
    has_time = any(flag == "cluster-timeout" for flag, _ in options.typed) or grammar.value(line, "request-timeout")
    is_plain_read = row.change is None and row.waiting == Waiting() and verbs.mode(row, line) == "captured"
    limit = options.cluster_timeout  # of the mapping file
    return is_plain_read and not has_time and not options.refresh and (not limit or limit > SHORT_TIME)


def find_address(target: Target, states: Sequence[object]) -> Address:
    """Return the address of a target. states: of the user's kubeconfig files (`cache.file_states`)

    It is not known of a target whose kubectl may start a program: that may wait for the user.
    """
    kubeconfig = target.kubeconfig
    if kubeconfig.starts_programs and not target.login:
        return Address()
    context = _key("context", target.context, states) if target.context else ""
    for entry in (kubeconfig.content or {}).get("clusters") or ():
        cluster = entry.get("cluster") or {}
        if server := _without_login(cluster.get("server")):
            return Address(_key("server", server, _without_login(cluster.get("proxy-url"))), context)
    return Address("", context)


def _key(*parts: object) -> str:
    from hashlib import sha256

    return sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _without_login(url: object) -> str:
    """Return a URL without what may be a credential in it: a digest of a guessed password could be compared."""
    return re.sub(r"//[^/]*@", "//", str(url or "")).partition("?")[0]


def silent_since(entries: Entries, address: Address, now: float) -> float | None:
    """Return since when nothing has answered at an address; None if that isn't known."""
    return min((entries[key].since for key in address if key in entries and _is_fresh(entries[key], now)), default=None)


def _is_fresh(entry: Entry, now: float) -> bool:
    return entry.since <= entry.last <= now < entry.last + MAX_AGE


def noted(entries: Entries, answered: Collection[Address], silent: Iterable[Address], now: float) -> dict[str, Entry]:
    """Return the entries with what was seen now, and without old ones. An address of both kinds has answered."""
    after = {key: entry for key, entry in entries.items() if _is_fresh(entry, now)}
    for address in silent:
        since = silent_since(entries, address, now)
        for key in filter(None, address):
            server = address.server or (after[key].server if key in after else "")
            after[key] = Entry(now if since is None else since, now, server)
    gone = {key for address in answered for key in address if key}
    return {key: entry for key, entry in after.items() if key not in gone and entry.server not in gone}


def judge(result: Result, seconds: float, was_short: bool = False) -> Verdict:
    """Return whether a cluster has answered. seconds: that the kubectl took; was_short: it had a short time only

    A cluster that is slow for an impatient command isn't silent, nor does a short time prove it once more: else a slow
    one would never get its whole time again. What broke off says nothing, nor does Ctrl-C.
    """
    had_time = seconds >= SHORT_TIME and not was_short
    if isinstance(result, UnaskedResult) or (result.status is None and not result.timed_out):
        return ""
    if result.timed_out:
        return "silent" if had_time and not result.stdout else ""
    stderr = result.stderr.decode("utf-8", "replace")
    if not result.status or (result.stdout and not messages.complaints(stderr)):  # `diff` has found differences
        return "answered"
    cause = messages.find_cause(stderr, result.status)
    if cause.kind in messages.OF_SERVER or cause.absent:
        return "answered"
    if cause.kind == "timeout":
        by_server = any(error.startswith("Error from server") for error in messages.kubectl_errors(stderr))
        return "silent" if had_time and not by_server else ""
    return "silent" if cause.kind in _SILENT else ""


_SILENT: tuple[messages.Kind, ...] = ("refused", "dns", "unreachable")  # and "timeout"


# --- In the cache ------------------------------------------------------------------------------------------------


def short_times(
    environment: Environment, row: VerbRow, line: CommandLine, targets: Sequence[Target], named: Collection[str]
) -> ShortTimes | None:
    """Return which clusters of a command have a short time; None if none has. named: those that the user has named"""
    if not may_be_short(row, line, environment.options):
        return None
    entries, now = read_entries(environment.kube_directory), time.time()
    states = cache.file_states(environment.kubeconfig_files)
    starts = {
        target.cluster: since
        for target in targets
        if not target.problem
        and target.cluster not in named
        and (since := silent_since(entries, find_address(target, states), now)) is not None
    }
    return ShortTimes(frozenset(starts), _clock(max(starts.values()), now)) if starts else None


def _clock(moment: float, now: float) -> str:
    return time.strftime("%H:%M" if now - moment < 43200 else "%Y-%m-%d %H:%M", time.localtime(moment))


def note(
    environment: Environment, outcomes: Iterable[tuple[Target, Result, float]], short: ShortTimes | None = None
) -> None:
    """Note which clusters have answered and which are silent.

    outcomes: the results of kubectls, with the seconds that each took, 0 if they are not known
    short: the clusters that had a short time
    Of several results of one cluster, an answer counts. Of two commands that note something at the same moment, what
    one of them notes is lost. A cache that can't be written is no error.
    """
    verdicts = [
        (target, verdict)
        for target, result, seconds in outcomes
        if (verdict := judge(result, seconds, was_short=short is not None and target.cluster in short.clusters))
    ]
    before = read_entries(environment.kube_directory)
    if not before and all(verdict == "answered" for _, verdict in verdicts):
        return
    states = cache.file_states(environment.kubeconfig_files)
    answered, silent = (
        {address for target, verdict in verdicts if verdict == wanted and (address := find_address(target, states))}
        for wanted in ("answered", "silent")
    )
    after = noted(before, answered, silent, time.time())
    if after != before:
        _write(environment.kube_directory, after)


def read_entries(kube_directory: str) -> dict[str, Entry]:
    """Return the entries of the cache; {} if there is none that can be read."""
    entries = {}
    with suppress(OSError, ValueError, AttributeError, KeyError):
        with open(cache.silence_path(kube_directory), encoding="utf-8", opener=regular_files.opener) as file:
            content: dict[str, Any] = json.load(file)
        is_readable = content.get("format") == cache.FORMAT
        for key, value in content["entries"].items() if is_readable else ():
            with suppress(TypeError, ValueError):
                since, last, server = value
                entries[key] = Entry(float(since), float(last), str(server))
    return entries


def _write(kube_directory: str, entries: Entries) -> None:
    path = cache.silence_path(kube_directory)
    with suppress(OSError):
        if not entries:  # the next command has nothing to read
            os.unlink(path)
            return
        private_files.make_directory(os.path.dirname(path))
        text = json.dumps({"format": cache.FORMAT, "entries": entries})
        private_files.write_privately(path, text, sync=False)
