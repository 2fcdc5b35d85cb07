# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Which operands of a command line are names with wildcards. This module is cheap to import, so every read can ask."""

from __future__ import annotations

from kubectl_mc import messages
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.own_commands import EXTRA_FLAGS
from kubectl_mc.command_line.verb_rows import VerbRow

# The type of a bare name, `kubectl logs NAME`. Such a verb takes one object; the operand after it is a container.
DEFAULT_TYPES = {"logs": "pod"}


def name_patterns(row: VerbRow, line: CommandLine) -> list[str]:
    """Return the operands whose name has a wildcard, such as "nginx-*" or "deploy/web-*"; never a type alone."""
    words = grammar.operands(line) if row.wildcards else []
    return [word for word in words[1 if _is_type_first(line) else 0 :] if is_pattern(word)]


def _is_type_first(line: CommandLine) -> bool:
    """Return whether the first operand is the type of the others, which are names: `get pods 'a*' b`."""
    words = grammar.operands(line)
    return line.verb not in DEFAULT_TYPES and bool(words) and "/" not in words[0]


def is_pattern(word: str) -> bool:
    """Return whether the name in NAME or TYPE/NAME has a wildcard."""
    return any(letter in word.rpartition("/")[2] for letter in "*?[")


def types_by_name(line: CommandLine) -> dict[str, list[str]]:
    """Return the operands that are names with their types: {"web-*": ["pods", "svc"]}, {"deploy/web-*": ["deploy"]}.

    The types stay separate because a cluster may not have one of them.
    """
    operands = grammar.operands(line)
    default_type = DEFAULT_TYPES.get(line.verb, "")
    if default_type:
        names = list(filter(is_pattern, operands))  # the others are containers
    elif _is_type_first(line):
        default_type, *names = operands
    else:
        names = operands
    return {name: (name.rpartition("/")[0] or default_type).split(",") for name in names}


# A verb that has no -A of its own is parsed with the unknown flag `A`.
ALL_NAMESPACES_FLAGS = ("all-namespaces", "A")


def all_namespaces(line: CommandLine) -> bool:
    """Return whether the names are meant in all namespaces."""
    return any(grammar.is_set(line, name) for name in ALL_NAMESPACES_FLAGS)


def namespace_patterns(line: CommandLine) -> tuple[str, ...]:
    """Return the namespaces, or patterns of them, that -n lists (`-n a,b,'team-*'`), each once; () for one namespace.

    As in kubectl, -A has precedence over -n. Where -A is ours, as the verb has none of kubectl's (`logs`), it is `*`.
    Raises UserError for an empty part (`a,,b`).
    """
    if all_namespaces(line):
        return ("*",) if line.verb in EXTRA_FLAGS else ()
    typed = grammar.value(line, "namespace") or ""
    if not lists_namespaces(line):
        return ()
    parts = typed.split(",")
    if not all(parts):
        raise messages.empty_namespace(typed)
    return tuple(dict.fromkeys(parts))


def lists_namespaces(line: CommandLine) -> bool:
    """Return whether -n is a list or a pattern. No namespace can have such a name, so kubectl would find nothing."""
    return any(letter in ",*?[" for letter in grammar.value(line, "namespace") or "")
