"""kubectl's command line, read the way cobra and pflag read it: which verb, which flags, which words.

Nothing is ever rewritten while reading: a `Token` keeps the words it was read from, so joining the
tokens gives back the very argv.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from kubectl_mc.command_line.kubectl_flags import ALIASES, FLAGS
from kubectl_mc.command_line.own_commands import COMMANDS


class Token(NamedTuple):
    """A unit of an argv.

    words: the one or two words it was typed as, e.g. ("-n", "shop"), ("-nshop",), ("pods",)
    flags: the (long name, value) pairs it sets, e.g. (("namespace", "shop"),); several for `-it`; () for a
        word that is no flag. A flag that was given no value has None, or "true" is left to the reader.
    verbatim: it is the `--` or stands behind it, so it is no flag whatever it looks like
    """

    words: tuple[str, ...]
    flags: tuple[tuple[str, str | None], ...] = ()
    verbatim: bool = False


class CommandLine(NamedTuple):
    """An argv for kubectl: `path` is the verb with its sub-verb ("rollout", "status"), () if there is none."""

    path: tuple[str, ...]
    tokens: tuple[Token, ...]

    @property
    def verb(self) -> str:
        """The path as kubectl writes it: "rollout status"."""
        return " ".join(self.path)


class FlagTable(NamedTuple):
    """The flags of one command: long name -> takes a value; and shorthand letter -> long name."""

    takes_value: Mapping[str, bool]
    shorthand: Mapping[str, str]


@cache
def flag_table(path: str) -> FlagTable:
    """The flags that `path` ("get", "rollout status", "" for no verb yet) understands, global ones included."""
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
    """The long name of every flag that any kubectl command has."""
    return frozenset(entry.rpartition(",")[2].rstrip("=") for flags in FLAGS.values() for entry in flags.split())


def parse_line(argv: Sequence[str], own: Mapping[str, bool] | None = None) -> CommandLine:
    """Read `argv` (without the leading "kubectl").

    own: flags that are not kubectl's but may stand among its own: long name -> takes a value

    The verb is found as cobra's Command.Find does, and only then the flags are read as pflag does, with the verb's own
    ones in any position, until a `--`.
    """
    own = own or {}
    path, places = _find(argv, own)
    table = flag_table(" ".join(path))
    tokens: list[Token] = []
    position = 0
    while position < len(argv):
        word = argv[position]
        if word == "--":
            tokens += [Token((rest,), verbatim=True) for rest in argv[position:]]
            break
        if position in places or not _is_flag(word):
            tokens.append(Token((word,)))
        else:
            tokens.append(_flag(argv, position, table, own, greedy=not places or position < places[-1]))
        position += len(tokens[-1].words)
    return CommandLine(path, tuple(tokens))


def _find(argv: Sequence[str], own: Mapping[str, bool]) -> tuple[tuple[str, ...], list[int]]:
    """The verb's path and where its words stand: a flag not known to need no value takes the next word with it."""
    path: tuple[str, ...] = ()
    places: list[int] = []
    position = 0
    while position < len(argv) and argv[position] != "--":
        word = argv[position]
        if _is_flag(word):
            position += len(_flag(argv, position, flag_table(" ".join(path)), own, greedy=True).words)
            continue
        if word not in ("", "-"):
            # A sub-verb follows its verb at once; a word in between makes it an operand.
            longer = _extended(path, word)
            if not longer:
                break
            path = longer
            places.append(position)
        position += 1
    return path, places


def _is_flag(word: str) -> bool:
    return len(word) > 1 and word.startswith("-")


def _extended(path: tuple[str, ...], word: str) -> tuple[str, ...] | None:
    """`path` with `word` as its (sub-)verb, by kubectl's own name; None if it is none.

    The first word is always the verb: one that kubectl doesn't have is a plugin's name.
    """
    if not path:
        return (word,)
    typed = " ".join((*path, word))
    known = ALIASES.get(typed, typed)
    is_command = known in FLAGS or known in COMMANDS
    return tuple(known.split()) if is_command and " " not in word else None


def _flag(argv: Sequence[str], position: int, table: FlagTable, own: Mapping[str, bool], greedy: bool) -> Token:
    """The token that starts at the flag argv[position]; greedy: an unknown flag takes the next word."""
    word = argv[position]
    following = argv[position + 1] if position + 1 < len(argv) else None
    # As cobra's stripFlags, but for what starts with a dash, which is no value of an unknown flag.
    greedy = greedy and not (following or "").startswith("-") and (word.startswith("--") or len(word) == 2)
    if word.startswith("--"):
        name, equals, value = word[2:].partition("=")
        if equals:
            return Token((word,), ((name, value),))
        needs_value = own[name] if name in own else table.takes_value.get(name, greedy)
        if needs_value and following is not None:
            return Token((word, following), ((name, following),))
        return Token((word,), ((name, None),))
    return _shorthands(word, following, table, greedy)


def _shorthands(word: str, following: str | None, table: FlagTable, greedy: bool) -> Token:
    """`-it`, `-nshop`, `-n=shop`, `-n shop`, `-Aowide`: pflag's parseSingleShortArg, letter by letter."""
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
    """The argv that the tokens were read from."""
    return [word for token in tokens for word in token.words]


def values(line: CommandLine, name: str) -> list[str | None]:
    """What was given for the flag `name`, in order; None where it stood without a value."""
    return [value for token in line.tokens for flag, value in token.flags if flag == name]


def value(line: CommandLine, name: str) -> str | None:
    """What counts for the flag `name`: pflag lets the last one win. None if it wasn't given."""
    given = values(line, name)
    return given[-1] if given else None


def is_set(line: CommandLine, name: str) -> bool:
    """Is the boolean flag on? By strconv.ParseBool, as pflag reads `--watch=false`."""
    given = values(line, name)
    return bool(given) and given[-1] not in ("0", "f", "F", "false", "FALSE", "False")


def operands(line: CommandLine) -> list[str]:
    """The words that are neither flags nor the verb, up to a `--`: ["pods", "web-1"]."""
    words = [token.words[0] for token in line.tokens if not token.flags and not token.verbatim]
    return words[len(line.path) :]


def without(line: CommandLine, names: Container[str]) -> CommandLine:
    """The command line without these flags; what shared a word with one (`-wA`) is kept, spelt out."""
    tokens: list[Token] = []
    for token in line.tokens:
        kept = tuple(flag for flag in token.flags if flag[0] not in names)
        if len(kept) == len(token.flags):
            tokens.append(token)
        else:
            tokens += [Token((_spelt(*flag),), (flag,)) for flag in kept]
    return line._replace(tokens=tuple(tokens))


def with_flags(line: CommandLine, *flags: tuple[str, str]) -> CommandLine:
    """The command line with these (name, value) flags added, in front of a `--` and of what follows it."""
    added = tuple(Token((_spelt(*flag),), (flag,)) for flag in flags)
    end = next((index for index, token in enumerate(line.tokens) if token.verbatim), len(line.tokens))
    return line._replace(tokens=line.tokens[:end] + added + line.tokens[end:])


def _spelt(name: str, given: str | None) -> str:
    dashes = "--" if len(name) > 1 else "-"
    return f"{dashes}{name}" if given is None else f"{dashes}{name}={given}"


def output_format(line: CommandLine) -> tuple[str, str]:
    """(format, its argument) of `-o`: ("json", ""), ("custom-columns", "N:.metadata.name"), ("", "") for none.

    `--template` alone means go-template, as kubectl's get_flags.go has it.
    """
    given = value(line, "output")
    if given:
        name, _, argument = given.partition("=")
        # These may be in capitals (cli-runtime's json_yaml_flags.go and name_flags.go), others not.
        name = name.lower() if name.lower() in ("json", "yaml", "kyaml", "name") else name
        return name, argument or value(line, "template") or ""
    template = value(line, "template")
    return ("go-template", template) if template else ("", "")
