# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What kubectls are asked for while logs are followed: the pods, and the lines of each container. Pure."""

from __future__ import annotations

import math
from contextlib import suppress

from kubectl_mc.command_line import flag_tables, grammar
from kubectl_mc.command_line.grammar import CommandLine, Token
from kubectl_mc.command_line.options import Options, seconds
from kubectl_mc.merge.log_lines import LogSource
from kubectl_mc.messages import UserError
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.reads.log_sources import ContainerChoice, PodChoice
from kubectl_mc.reads.log_streams import Attempt
from kubectl_mc.reads.name_patterns import ALL_NAMESPACES_FLAGS, all_namespaces, is_pattern

# How many containers of a cluster are followed at most. kubectl's own default is 5, which a rollout soon exceeds.
MAX_LOG_REQUESTS = 50

# What a selector shows of each container (`selectorTail` in k8s.io/kubectl/pkg/cmd/logs/logs.go).
_SELECTOR_TAIL = "10"

_POD_TYPES = ("pod", "pods", "po")

# The flags that say which pods, containers and lines are meant. The others say how a kubectl asks.
_OF_SOURCES = (
    "selector", "all-pods", "all-containers", "container", "prefix", "timestamps", "follow", "previous", "tail",
    "since", "since-time", "limit-bytes", "max-log-requests", "ignore-errors", "namespace",
    "output", *ALL_NAMESPACES_FLAGS,
)  # fmt: skip


class FollowedLogs(NamedTuple):
    """What a `logs -f` follows in one cluster, as its command line says.

    reference: TYPE/NAME of an object whose pods are meant; "" for none
    pod: the name of the only pod that is meant; "" for none
    limit: how many containers are followed at most
    """

    reference: str
    pod: str
    selector: str
    pods: PodChoice
    containers: ContainerChoice
    limit: int = MAX_LOG_REQUESTS


def followed_logs(line: CommandLine, options: Options) -> FollowedLogs | None:
    """Return what a `logs -f` follows in a cluster.

    None for what ends by itself, and for what kubectl refuses, which then says why.
    """
    words = grammar.operands(line)
    patterns = [word for word in words if is_pattern(word)]
    word, *further = patterns[:1] + [word for word in words if word not in patterns] or [""]
    selector = grammar.value(line, "selector") or ""
    container = grammar.value(line, "container") or ""
    every = grammar.is_set(line, "all-containers")
    limit = grammar.value(line, "max-log-requests") or str(MAX_LOG_REQUESTS)
    kind, _, name = word.rpartition("/")
    is_pod = kind in ("", *_POD_TYPES)
    ends = grammar.value(line, "limit-bytes") is not None or grammar.is_set(line, "previous")
    is_mistaken = (
        any(token.unknown or token.verbatim for token in line.tokens)
        or not (word or selector)
        or (selector and word and not patterns)
        or (len(patterns) > 1 and not all(pattern.rpartition("/")[0] in ("", *_POD_TYPES) for pattern in patterns))
        or len([*further, *filter(None, [container]), *["all"] * every]) > 1
        or (grammar.value(line, "since") and grammar.value(line, "since-time"))
        or not (limit.isdecimal() and int(limit))
    )
    if ends or is_mistaken:
        return None
    container = further[0] if further else container
    chooses = options.container_regex or options.exclude_container_regex
    containers = ContainerChoice(container, every or bool(chooses and not container))
    followed = FollowedLogs("", "", selector, PodChoice(), containers, int(limit))
    if patterns and is_pod:
        return followed._replace(pods=PodChoice(tuple(pattern.rpartition("/")[2] for pattern in patterns)))
    if is_pod:
        return followed._replace(pod=name)
    return followed._replace(reference=word, pods=PodChoice(one=not grammar.is_set(line, "all-pods")))


def _asking(line: CommandLine, verb: str) -> tuple[Token, ...]:
    """Return the flags that say where and as whom kubectl asks, as far as the verb has them."""
    own = flag_tables.flag_table(verb).flags
    flags = {name for token in line.tokens for name, _ in token.flags}
    dropped = {name for name in flags if name in _OF_SOURCES or name not in own}
    return tuple(token for token in grammar.without(line, dropped).tokens if token.flags)


def _namespace(line: CommandLine) -> list[tuple[str, str]]:
    if all_namespaces(line):
        return [("all-namespaces", "true")]
    namespace = grammar.value(line, "namespace")
    return [("namespace", namespace)] if namespace is not None else []


def object_line(line: CommandLine, reference: str) -> CommandLine:
    """Return the `get` of the object whose pods are meant."""
    asked = CommandLine(("get",), (Token((reference,)), *_asking(line, "get")))
    return grammar.with_flags(asked, *_namespace(line), ("output", "json"))


def pods_line(line: CommandLine, followed: FollowedLogs, selector: str) -> CommandLine:
    """Return the `get` that watches the pods. It logs its requests: so it tells when it has listed those there are.

    selector: what chooses the pods, the user's or that of an object
    """
    asked = CommandLine(("get",), (Token(("pods",)), *_asking(line, "get")))
    chosen = [("selector", selector)] if selector else []
    chosen += [("field-selector", f"metadata.name={followed.pod}")] if followed.pod else []
    asked = grammar.with_flags(grammar.without(asked, ("v", "vmodule")), *_namespace(line), *chosen, ("v", "6"))
    return grammar.with_flags(asked, ("watch", "true"), ("output-watch-events", "true"), ("output", "json"))


def lines_line(line: CommandLine, source: LogSource, attempt: Attempt, is_initial: bool) -> CommandLine:
    """Return the `logs` of one container.

    is_initial: if it has no line yet, the user's flags say where its lines begin, else they are shown from the start
    """
    asked = CommandLine(line.path, (Token((source.pod,)), *_asking(line, line.verb)))
    begin: list[tuple[str, str]] = []
    if attempt.since:
        begin = [("since-time", attempt.since)]
    elif is_initial and attempt.is_first:
        begin = _begin(line, attempt)
    return grammar.with_flags(
        asked,
        ("namespace", source.namespace),
        ("container", source.container),
        *begin,
        ("timestamps", "true"),
        ("previous" if attempt.previous else "follow", "true"),
    )


def _begin(line: CommandLine, attempt: Attempt) -> list[tuple[str, str]]:
    """Return the flags that say where the lines begin."""
    age = attempt.age
    tail = grammar.value(line, "tail")
    since, since_time = grammar.value(line, "since"), grammar.value(line, "since-time")
    if tail is None and grammar.value(line, "selector"):
        tail = _SELECTOR_TAIL
    if attempt.was_empty and tail is not None and tail.isdecimal():
        # The last lines at the start were none, so all since then are new. Requests take more or less of a second.
        if not (since or since_time):
            return [("since", f"{math.ceil(age) + 1}s")]
        tail = None
    begin = [("tail", tail)] if tail is not None else []
    begin += [("since-time", since_time)] if since_time else []
    if not since:
        return begin
    if age >= 1:
        with suppress(UserError):  # kubectl says what is wrong with it
            since = f"{seconds('since', since) + math.ceil(age):.0f}s"
    return [*begin, ("since", since)]
