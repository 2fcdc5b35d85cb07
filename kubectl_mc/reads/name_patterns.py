"""TODO."""

from __future__ import annotations

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.verbs import VerbRow

# What `kubectl logs NAME` means by a bare name. It takes one object; a word behind that is a container.
_DEFAULT_TYPE = {"logs": "pod"}


def name_patterns(verb: VerbRow, line: CommandLine) -> list[str]:
    """The operands that have a wildcard in their name, e.g. ["nginx-*"], ["deploy/web-*"]; a type is none."""
    words = grammar.operands(line) if verb.wildcards else []
    type_first = line.verb not in _DEFAULT_TYPE and words and "/" not in words[0]
    return [word for word in words[1 if type_first else 0 :] if _is_pattern(word)]


def _is_pattern(word: str) -> bool:
    return any(letter in word.rpartition("/")[2] for letter in "*?[")
