# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The flags of kubectl's commands and of ours, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.command_line.own_commands import COMMANDS, EXTRA_FLAGS
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Literal


class Flag(NamedTuple):
    """A flag of a command.

    kind: "bool" and "optional" take no next word (pflag's NoOptDefVal), the others do; of a "list" all values count;
        of a "checked" scalar, such as a number, pflag refuses wrong values even where a later one replaces them
    bare: the value of an optional flag that is typed without one, e.g. "unchanged" for --dry-run
    is_late: some kubectls that have the command don't have the flag
    """

    kind: Literal["bool", "optional", "scalar", "checked", "list"] = "bool"
    bare: str = "true"
    is_late: bool = False

    @property
    def takes_word(self) -> bool:
        """Whether the next word is its value if there is no `=`."""
        return self.kind not in ("bool", "optional")


class FlagTable(NamedTuple):
    """The flags of one command. flags: by their long names; shorthand: letter -> long name."""

    flags: Mapping[str, Flag]
    shorthand: Mapping[str, str]


@cache
def flag_table(path: str) -> FlagTable:
    """Return the flags of a command ("get", "rollout status", "" without a verb), including the global ones.

    A command's own flag hides the global one of its name, and the shorthand of that (pflag's AddFlagSet).
    """
    own = _own_entries(path) if path else {}
    global_flags = dict(map(_parse_entry, FLAGS[""].split()))
    entries = {"help": ("h", Flag()), **global_flags, **own}
    letters = {letter: name for name, (letter, _) in entries.items() if letter}
    return FlagTable({name: flag for name, (_, flag) in entries.items()}, letters)


def hides_global(path: str, name: str) -> bool:
    """Return whether a command has a flag of its own by the long name of a global one: `set subject --user`."""
    return bool(path) and name in _own_entries(path)


@cache
def _own_entries(path: str) -> dict[str, tuple[str, Flag]]:
    text = f"{FLAGS.get(path, COMMANDS.get(path, ''))} {EXTRA_FLAGS.get(path, '')}"
    return dict(map(_parse_entry, text.split()))


@cache
def extra_flags(path: str) -> frozenset[str]:
    """Return the long names of the flags that a verb of kubectl's has here only."""
    return frozenset(_parse_entry(entry)[0] for entry in EXTRA_FLAGS.get(path, "").split())


def _parse_entry(entry: str) -> tuple[str, tuple[str, Flag]]:
    """Return (long name, (shorthand, flag)) of an entry of kubectl_flags.py: `f,filename=*`, `late=~`."""
    shorthand, _, rest = entry.rpartition(",")
    always = rest.rstrip("~")
    is_late = always != rest
    name, optional, bare = always.partition("?")
    if optional:
        return name, (shorthand, Flag("optional", bare, is_late))
    name, equals, mark = always.partition("=")
    kinds: Mapping[str, Literal["scalar", "checked", "list"]] = {"": "scalar", "!": "checked", "*": "list"}
    return name, (shorthand, Flag(kinds[mark] if equals else "bool", is_late=is_late))


@cache
def all_flags() -> frozenset[str]:
    """Return the long names of the flags of all kubectl commands."""
    return frozenset(_parse_entry(entry)[0] for flags in FLAGS.values() for entry in flags.split())


@cache
def all_letters() -> frozenset[str]:
    """Return the shorthands of the flags of all kubectl commands."""
    return frozenset(entry[0] for flags in FLAGS.values() for entry in flags.split() if entry[1:2] == ",")


def normal_name(name: str) -> str:
    """Return a long flag's name as kubectl normalizes it: `_` is `-` (component-base, WordSepNormalizeFunc)."""
    return name.replace("_", "-")
