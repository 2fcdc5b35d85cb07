"""Which operands of a command line are names with wildcards. This module is cheap to import, so every read can ask."""

from __future__ import annotations

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.verbs import VerbRow

# The type of a bare name, `kubectl logs NAME`. Such a verb takes one object; the operand after it is a container.
DEFAULT_TYPES = {"logs": "pod"}


def name_patterns(row: VerbRow, line: CommandLine) -> list[str]:
    """Return the operands whose name has a wildcard, such as "nginx-*" or "deploy/web-*"; never a type alone."""
    words = grammar.operands(line) if row.wildcards else []
    type_first = line.verb not in DEFAULT_TYPES and words and "/" not in words[0]
    return [word for word in words[1 if type_first else 0 :] if is_pattern(word)]


def is_pattern(word: str) -> bool:
    """Return whether the name in NAME or TYPE/NAME has a wildcard."""
    return any(letter in word.rpartition("/")[2] for letter in "*?[")
