"""Reads and edits kubectl command lines, which are parsed as cobra and pflag parse them: verb, flags, operands.

Parsing rewrites nothing: a `Token` keeps the words it was read from, so joining the tokens gives the same argv.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from kubectl_mc.command_line.kubectl_flags import ALIASES, FLAGS
from kubectl_mc.command_line.own_commands import COMMANDS


class Token(NamedTuple):
    """A unit of an argv.

    words: the one or two words that were typed, e.g. ("-n", "shop"), ("-nshop",), ("pods",)
    flags: the (long name, value) pairs that it sets, e.g. (("namespace", "shop"),); several for `-it`; () for a
        word that is not a flag. The value is None for a flag that was typed without one.
    verbatim: it is the `--` or follows it, so it is not a flag, whatever it looks like
    """

    words: tuple[str, ...]
    flags: tuple[tuple[str, str | None], ...] = ()
    verbatim: bool = False


class CommandLine(NamedTuple):
    """An argv for kubectl. path: the verb with its sub-verb, e.g. ("rollout", "status"); () without a verb."""

    path: tuple[str, ...]
    tokens: tuple[Token, ...]

    @property
    def verb(self) -> str:
        """The path as kubectl writes it: "rollout status"."""
        return " ".join(self.path)


class FlagTable(NamedTuple):
    """The flags of one command. takes_value: whether a flag takes a value; shorthand: letter -> long name."""

    takes_value: Mapping[str, bool]
    shorthand: Mapping[str, str]


@cache
def flag_table(path: str) -> FlagTable:
    """Return the flags of a command ("get", "rollout status", "" without a verb), including the global ones."""
    takes_value: dict[str, bool] = {"help": False}
    shorthand: dict[str, str] = {"h": "help"}
    for entry in (FLAGS[""] + " " + FLAGS.get(path, COMMANDS.get(path, ""))).split():
        short, _, long = entry.rpartition(",")
        name = long.rstrip("=")
        takes_value[name] = long.endswith("=")
        if short:
            shorthand[short] = name
    return FlagTable(takes_value, shorthand)


@cache
def all_flags() -> frozenset[str]:
    """Return the long names of the flags of all kubectl commands."""
    return frozenset(entry.rpartition(",")[2].rstrip("=") for flags in FLAGS.values() for entry in flags.split())


def parse_line(argv: Sequence[str], own: Mapping[str, bool] | None = None) -> CommandLine:
    """Parse an argv, without the leading "kubectl".

    own: flags of ours that may stand among kubectl's: long name -> whether it takes a value

    The verb is searched first, as in cobra's Command.Find. Then the flags are parsed as pflag does: the verb's flags
    may stand anywhere ahead of a `--`, even ahead of the verb.
    """
    own = own or {}
    path, verb_positions = _find_verb(argv, own)
    table = flag_table(" ".join(path))
    tokens: list[Token] = []
    position = 0
    while position < len(argv):
        word = argv[position]
        if word == "--":
            tokens += [Token((rest,), verbatim=True) for rest in argv[position:]]
            break
        if position in verb_positions or not _is_flag(word):
            tokens.append(Token((word,)))
        else:
            ahead_of_verb = not verb_positions or position < verb_positions[-1]
            tokens.append(_parse_flag(argv, position, table, own, greedy=ahead_of_verb))
        position += len(tokens[-1].words)
    return CommandLine(path, tuple(tokens))


def _find_verb(argv: Sequence[str], own: Mapping[str, bool]) -> tuple[tuple[str, ...], list[int]]:
    """Return the verb's path and the positions of its words. An unknown flag takes the next word as its value."""
    path: tuple[str, ...] = ()
    positions: list[int] = []
    position = 0
    while position < len(argv) and argv[position] != "--":
        word = argv[position]
        if _is_flag(word):
            position += len(_parse_flag(argv, position, flag_table(" ".join(path)), own, greedy=True).words)
            continue
        if word not in ("", "-"):
            longer = _extend_path(path, word)
            if not longer:
                break  # an operand, after which no sub-verb follows
            path = longer
            positions.append(position)
        position += 1
    return path, positions


def _is_flag(word: str) -> bool:
    return len(word) > 1 and word.startswith("-")


def _extend_path(path: tuple[str, ...], word: str) -> tuple[str, ...] | None:
    """Return the path with its sub-verb, under kubectl's own name for it; None if the word is not a sub-verb.

    The first word is always the verb: if kubectl doesn't have it, it is the name of a plugin.
    """
    if not path:
        return (word,)
    typed = " ".join((*path, word))
    command = ALIASES.get(typed, typed)
    is_command = command in FLAGS or command in COMMANDS
    return tuple(command.split()) if is_command and " " not in word else None


def _parse_flag(argv: Sequence[str], position: int, table: FlagTable, own: Mapping[str, bool], greedy: bool) -> Token:
    """Return the token that starts with the flag argv[position]. greedy: an unknown flag takes the next word."""
    word = argv[position]
    following = argv[position + 1] if position + 1 < len(argv) else None
    # As in cobra's stripFlags, except that a word that starts with a dash is never the value of an unknown flag.
    greedy = greedy and not (following or "").startswith("-") and (word.startswith("--") or len(word) == 2)
    if word.startswith("--"):
        name, equals, value = word[2:].partition("=")
        if equals:
            return Token((word,), ((name, value),))
        needs_value = own[name] if name in own else table.takes_value.get(name, greedy)
        if needs_value and following is not None:
            return Token((word, following), ((name, following),))
        return Token((word,), ((name, None),))
    # `-it`, `-nshop`, `-n=shop`, `-n shop`, `-Aowide`: letter by letter, as in pflag's parseSingleShortArg.
    flags: list[tuple[str, str | None]] = []
    for index, letter in enumerate(word[1:], start=1):
        name = table.shorthand.get(letter, letter)
        rest = word[index + 1 :]
        needs_value = table.takes_value.get(name, greedy)
        if rest.startswith("="):
            return Token((word,), (*flags, (name, rest[1:])))
        if needs_value and rest:
            return Token((word,), (*flags, (name, rest)))
        if needs_value and following is not None:
            return Token((word, following), (*flags, (name, following)))
        flags.append((name, None))
    return Token((word,), tuple(flags))


def join_tokens(tokens: Iterable[Token]) -> list[str]:
    """Return the argv that the tokens were read from."""
    return [word for token in tokens for word in token.words]


def values(line: CommandLine, name: str) -> list[str | None]:
    """Return all values of a flag, in order; None for each time that it stands without a value."""
    return [value for token in line.tokens for flag, value in token.flags if flag == name]


def value(line: CommandLine, name: str) -> str | None:
    """Return the value of a flag: the last one, as in pflag. None if the flag is absent or has no value."""
    return next(reversed(values(line, name)), None)


def is_set(line: CommandLine, name: str) -> bool:
    """Return whether a boolean flag is on. pflag reads `--watch=false` with strconv.ParseBool."""
    flag_values = values(line, name)
    return bool(flag_values) and flag_values[-1] not in ("0", "f", "F", "false", "FALSE", "False")


def operands(line: CommandLine) -> list[str]:
    """Return the words, up to a `--`, that are neither flags nor the verb: ["pods", "web-1"]."""
    words = [token.words[0] for token in line.tokens if not token.flags and not token.verbatim]
    return words[len(line.path) :]


def without(line: CommandLine, names: Container[str]) -> CommandLine:
    """Return the command line without these flags. Others in the same word (`-wA`) are kept, under their long names."""
    tokens: list[Token] = []
    for token in line.tokens:
        kept = tuple(flag for flag in token.flags if flag[0] not in names)
        if len(kept) == len(token.flags):
            tokens.append(token)
        else:
            tokens += [_flag_token(*flag) for flag in kept]
    return line._replace(tokens=tuple(tokens))


def with_flags(line: CommandLine, *flags: tuple[str, str]) -> CommandLine:
    """Return the command line with these (name, value) flags added, ahead of a `--`."""
    added = tuple(_flag_token(*flag) for flag in flags)
    end = next((index for index, token in enumerate(line.tokens) if token.verbatim), len(line.tokens))
    return line._replace(tokens=line.tokens[:end] + added + line.tokens[end:])


def _flag_token(name: str, flag_value: str | None) -> Token:
    flag = f"--{name}" if len(name) > 1 else f"-{name}"
    return Token((flag if flag_value is None else f"{flag}={flag_value}",), ((name, flag_value),))


def output_format(line: CommandLine) -> tuple[str, str]:
    """Return (format, its argument) of `-o`: ("json", ""), ("custom-columns", "N:.metadata.name"), ("", "") for none.

    `--template` alone means go-template, as in kubectl's get_flags.go.
    """
    output = value(line, "output")
    if output:
        name, _, argument = output.partition("=")
        # Only these may be in capitals (cli-runtime's json_yaml_flags.go and name_flags.go).
        name = name.lower() if name.lower() in ("json", "yaml", "kyaml", "name") else name
        return name, argument or value(line, "template") or ""
    template = value(line, "template")
    return ("go-template", template) if template else ("", "")
