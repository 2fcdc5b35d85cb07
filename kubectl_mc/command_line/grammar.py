# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Reads kubectl command lines as cobra and pflag read them, edits them, and says them back in one canonical form.

kubectl never gets the words that the user typed, but `canonical_words`: what was understood of them. So a wrong reading
can only fail; it can't do something else than what was understood.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Mapping, Sequence

from kubectl_mc import messages
from kubectl_mc.command_line import flag_tables
from kubectl_mc.command_line.flag_tables import Flag, FlagTable, all_flags, all_letters, flag_table, normal_name
from kubectl_mc.command_line.kubectl_flags import ALIASES, FLAGS
from kubectl_mc.command_line.own_commands import COMMANDS, PLUGIN_RUN
from kubectl_mc.named_tuples import NamedTuple


class Token(NamedTuple):
    """A unit of an argv, which is not a word of the verb.

    words: the one or two words that were typed, e.g. ("-n", "shop"), ("-nshop",), ("pods",)
    flags: the (long name, value) pairs that it sets, e.g. (("namespace", "shop"),); several for `-it`; () for a
        word that is not a flag. The value is None for a flag that was typed without one. Of a pipe that was typed,
        the value is the file with what was in it.
    verbatim: it is the `--` or follows it, so it is not a flag, whatever it looks like
    unknown: a flag that no kubectl has that we know, with the word that may be its value
    """

    words: tuple[str, ...]
    flags: tuple[tuple[str, str | None], ...] = ()
    verbatim: bool = False
    unknown: bool = False

    @property
    def is_operand(self) -> bool:
        """Whether it is neither a flag nor stands behind a `--`."""
        return not self.flags and not self.verbatim and not self.unknown


class CommandLine(NamedTuple):
    """A command line for kubectl.

    path: the verb with its sub-verb, e.g. ("rollout", "status"); () without a verb
    tokens: the other words, in the order typed
    verb_first: the verb was typed ahead of all flags of kubectl's; kubectl runs plugins only then
    """

    path: tuple[str, ...]
    tokens: tuple[Token, ...]
    verb_first: bool = True

    @property
    def verb(self) -> str:
        """The path as kubectl writes it: "rollout status"."""
        return " ".join(self.path)


# --- Reading ----------------------------------------------------------------------------------------------------


def parse_line(
    argv: Sequence[str], own: Mapping[str, bool] | None = None, own_of_plugins: Container[str] = ()
) -> CommandLine:
    """Read an argv, without the leading "kubectl".

    own: flags of ours that may stand among kubectl's: long name -> whether it takes a value. They are tokens, too.
    own_of_plugins: those of them that are ours behind a plugin's name, too; there all others are the plugin's

    The verb is searched first (cobra's Command.Find), then the flags are read as pflag does: they may stand anywhere
    ahead of a `--`, even ahead of the verb. Raises UserError for a flag whose value is missing, and for a line whose
    verb depends on a flag that the verb doesn't have.
    """
    own_flags = {name: Flag("scalar") if takes_value else Flag() for name, takes_value in (own or {}).items()}
    path, positions = _find_verb(argv, own_flags, unknown_takes_word=True)
    if _find_verb(argv, own_flags, unknown_takes_word=False)[0] != path:
        from kubectl_mc.command_line import other_tools

        word = _first_unknown(argv, own_flags)
        raise other_tools.unknown_flag("", word) or messages.unclear_verb(word)
    is_kubectls = not path or " ".join(path) in FLAGS or " ".join(path) in COMMANDS
    table = flag_table(" ".join(path))
    ahead = behind = FlagTable({**table.flags, **own_flags}, table.shorthand)
    if not is_kubectls:
        plugins = {name: flag for name, flag in own_flags.items() if name in own_of_plugins}
        behind = FlagTable({**table.flags, **plugins}, table.shorthand)
    # cobra takes the verb's words out, so a flag ahead of the verb may have the word behind it as its value.
    words = [word for index, word in enumerate(argv) if index not in positions]
    ahead_count = positions[-1] + 1 - len(positions) if positions else 0
    tokens: list[Token] = []
    position, verb_first = 0, True
    while position < len(words):
        word = words[position]
        if word == "--":
            tokens += [Token((rest,), verbatim=True) for rest in words[position:]]
            break
        if not word.startswith("-") or word == "-":
            token = Token((word,))
        else:
            table = ahead if position < ahead_count else behind
            token = (_parse_flag if is_kubectls else _parse_plugin_flag)(words, position, table)
        if position < ahead_count and not any(name in own_flags for name, _ in token.flags):
            verb_first = False
        tokens.append(token)
        position += len(token.words)
    line = CommandLine(path, tuple(tokens), verb_first)
    unknown = next((token.words[0] for token in tokens if token.unknown), "")
    if is_kubectls and unknown:
        # Said back, the flags that are known stand elsewhere, so that one that isn't may skip another word.
        said = canonical_words(line)
        if any(_find_verb(said, own_flags, takes_word)[0] != path for takes_word in (True, False)):
            raise messages.unclear_verb(unknown)
    return line


def _find_verb(
    argv: Sequence[str], own_flags: Mapping[str, Flag], unknown_takes_word: bool
) -> tuple[tuple[str, ...], list[int]]:
    """Return the verb's path and the positions of its words.

    cobra's command.go (Find, stripFlags, argsMinusFirstX): each level starts again at the front of the line, with the
    flags of the command so far, so a word that one level skips as a value may be the next level's sub-verb.
    """
    path: tuple[str, ...] = ()
    positions: list[int] = []
    while True:
        position = _first_word(argv, positions, flag_table(" ".join(path)), own_flags, unknown_takes_word)
        longer = None if position is None else _extend_path(path, argv[position])
        if position is None or longer is None:
            return path, positions
        path = longer
        positions.append(position)


def _first_word(
    argv: Sequence[str],
    skipped: Container[int],
    table: FlagTable,
    own_flags: Mapping[str, Flag],
    unknown_takes_word: bool,
) -> int | None:
    """Return the position of the first word that is neither a flag nor, by cobra's rule, the value of one."""
    positions = iter([position for position in range(len(argv)) if position not in skipped])
    for position in positions:
        word = argv[position]
        if word == "--":
            return None
        if word and not word.startswith("-"):
            return position
        if not word or "=" in word:
            continue
        if word.startswith("--"):
            name = normal_name(word[2:])
            flag = own_flags.get(name) or table.flags.get(name)
        elif len(os.fsencode(word)) == 2:  # Go counts bytes
            name = table.shorthand.get(word[1], "")
            flag = table.flags.get(name)
        else:
            continue  # several letters take no word here, whatever they are
        # --help is not defined yet when cobra searches for the verb, so it counts as unknown there.
        if flag.takes_word or name == "help" if flag else unknown_takes_word or _is_of_another_command(word):
            next(positions, None)
    return None


def _is_of_another_command(word: str) -> bool:
    """Return whether some other command has this flag: then it is certain that this one doesn't have it."""
    return normal_name(word[2:]) in all_flags() if word.startswith("--") else word[1] in all_letters()


def _first_unknown(argv: Sequence[str], own_flags: Mapping[str, Flag]) -> str:
    """Return the first word that looks like a flag that we don't know, for a message."""
    flags = (word for word in argv if word.startswith("-") and word not in ("-", "--"))
    return next((word for word in flags if normal_name(word[2:]) not in {*own_flags, *all_flags()}), "")


def _extend_path(path: tuple[str, ...], word: str) -> tuple[str, ...] | None:
    """Return the path with its sub-verb, under kubectl's own name for it; None if the word is not a sub-verb.

    The first word is always the verb: if kubectl doesn't have it, it is the name of a plugin, which has no sub-verbs.
    So is the word behind `plugin run`, whatever it is.
    Raises UserError if it has a blank: joined with others, it would look like another verb.
    """
    if not path or path == PLUGIN_RUN:
        if " " in word:
            raise messages.blank_in_verb(word)
        return (*path, word)
    typed = " ".join((*path, word))
    command = ALIASES.get(typed, typed)
    is_command = command in FLAGS or command in COMMANDS or (*path, word) == PLUGIN_RUN
    return tuple(command.split()) if is_command and " " not in word else None


def _parse_flag(argv: Sequence[str], position: int, table: FlagTable) -> Token:
    """Return the token that starts with the flag argv[position] (pflag's parseLongArg, parseShortArg)."""
    word = argv[position]
    if not word.startswith("--"):
        return _parse_letters(argv, position, table)
    typed, equals, value = word[2:].partition("=")
    name = normal_name(typed)
    flag = table.flags.get(name)
    if flag is None:
        return _unknown_flag(argv, position, complete=bool(equals) or not typed or typed.startswith("-"))
    if equals:
        return Token((word,), ((name, value),))
    if not flag.takes_word:
        return Token((word,), ((name, None),))
    return Token((word, _next_word(argv, position, name)), ((name, argv[position + 1]),))


def _parse_plugin_flag(argv: Sequence[str], position: int, table: FlagTable) -> Token:
    """Return the flag of a plugin. One that looks like kubectl's is read like it; of any other nothing is known."""
    try:
        token = _parse_flag(argv, position, table)
    except messages.UserError:
        return Token((argv[position],), unknown=True)
    return Token((argv[position],), unknown=True) if token.unknown else token


def _parse_letters(argv: Sequence[str], position: int, table: FlagTable) -> Token:
    """Return the token of `-it`, `-nshop`, `-n=shop`, `-n shop`, `-Aowide`: letter by letter. Raises UserError."""
    word = argv[position]
    flags: list[tuple[str, str | None]] = []
    for index, letter in enumerate(word[1:], start=1):
        rest = word[index + 1 :]
        name = table.shorthand.get(letter)
        # pflag passes over what `go test` might have added (isGotestShorthandFlag).
        if name is None or word[index:].startswith("test."):
            if not flags:
                return _unknown_flag(argv, position, complete=len(word) > 2)
            raise messages.unknown_letter(letter, word)
        if len(rest) > 1 and rest.startswith("="):  # `-o=` has the value "="
            return Token((word,), (*flags, (name, rest[1:])))
        if not table.flags[name].takes_word:
            flags.append((name, None))
        elif rest:
            return Token((word,), (*flags, (name, rest)))
        else:
            value = _next_word(argv, position, name)
            return Token((word, value), (*flags, (name, value)))
    return Token((word,), tuple(flags))


def _next_word(argv: Sequence[str], position: int, name: str) -> str:
    if position + 1 == len(argv):
        from kubectl_mc.command_line import other_tools

        raise messages.flag_needs_value(name, other_tools.flag_hint("", argv[position]))
    return argv[position + 1]


def _unknown_flag(argv: Sequence[str], position: int, complete: bool) -> Token:
    """Return a flag that we don't know, glued to the word that may be its value. complete: it takes no word"""
    following = argv[position + 1] if position + 1 < len(argv) else "-"
    count = 1 if complete or following.startswith("-") else 2
    return Token(tuple(argv[position : position + count]), unknown=True)


# --- Asking -----------------------------------------------------------------------------------------------------


def join_tokens(tokens: Iterable[Token]) -> list[str]:
    """Return the words that the tokens were read from."""
    return [word for token in tokens for word in token.words]


def split_tokens(line: CommandLine) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """Return the tokens ahead of a `--`, and those from it on: () without one."""
    end = next((index for index, token in enumerate(line.tokens) if token.verbatim), len(line.tokens))
    return line.tokens[:end], line.tokens[end:]


def words_behind(line: CommandLine) -> list[str]:
    """Return the words behind a `--`."""
    return join_tokens(split_tokens(line)[1])[1:]


def typed_words(line: CommandLine) -> list[str]:
    """Return the command line as it is shown and recorded: the verb, then the other words as they were typed."""
    return [*line.path, *join_tokens(line.tokens)]


def values(line: CommandLine, name: str) -> list[str | None]:
    """Return all values of a flag, in order; None for each time that it stands without a value."""
    return [value for token in line.tokens for flag, value in token.flags if flag == name]


def value(line: CommandLine, name: str) -> str | None:
    """Return the value of a flag: the last one, as in pflag. None if the flag is absent or has no value."""
    return next(reversed(values(line, name)), None)


def global_value(line: CommandLine, name: str) -> str | None:
    """Return the value of a flag that every verb has; None where it is the verb's own (`set subject --user=joe`)."""
    return None if flag_tables.hides_global(line.verb, name) else value(line, name)


# strconv.ParseBool
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")


def is_set(line: CommandLine, name: str) -> bool:
    """Return whether a boolean flag is on. pflag reads `--watch=false` with strconv.ParseBool."""
    flag_values = values(line, name)
    return bool(flag_values) and flag_values[-1] not in _FALSE


def operands(line: CommandLine) -> list[str]:
    """Return the words, up to a `--`, that are neither flags nor the verb: ["pods", "web-1"]."""
    return [token.words[0] for token in line.tokens if token.is_operand]


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


# --- Editing ----------------------------------------------------------------------------------------------------


def without(line: CommandLine, names: Container[str]) -> CommandLine:
    """Return the command line without these flags. Others in the same word (`-wA`) are kept, under their long names."""
    tokens: list[Token] = []
    for token in line.tokens:
        kept = tuple(flag for flag in token.flags if flag[0] not in names)
        tokens += [token] if len(kept) == len(token.flags) else [_flag_token(*flag) for flag in kept]
    return line._replace(tokens=tuple(tokens))


def with_flags(line: CommandLine, *flags: tuple[str, str | None]) -> CommandLine:
    """Return the command line with these (name, value) flags added, ahead of a `--`."""
    ahead, behind = split_tokens(line)
    return line._replace(tokens=(*ahead, *(_flag_token(*flag) for flag in flags), *behind))


def with_operands(line: CommandLine, words: Sequence[str]) -> CommandLine:
    """Return the command line with these words instead of its operands."""
    rest = [token for token in line.tokens if not token.is_operand]
    first = next((index for index, token in enumerate(line.tokens) if token.is_operand), 0)
    return line._replace(tokens=(*rest[:first], *(Token((word,)) for word in words), *rest[first:]))


def with_path(line: CommandLine, path: tuple[str, ...]) -> CommandLine:
    """Return the command line with a longer path: the words that it takes are no operands any more."""
    return line._replace(path=path, tokens=line.tokens[len(path) - len(line.path) :])


def _flag_token(name: str, flag_value: str | None) -> Token:
    return Token((f"--{name}" if flag_value is None else f"--{name}={flag_value}",), ((name, flag_value),))


# --- Saying it back ---------------------------------------------------------------------------------------------

# Flags that decide whether and what a command changes, and what it prints: they are said last, so that nothing behind
# them changes it.
_DECIDING = ("output", "template", "raw", "edit", "local", "dry-run")


def canonical_words(line: CommandLine) -> list[str]:
    """Return the words for kubectl that say what was read: the verb's path, flags, operands, a `--` and all behind it.

    A flag has its long name and `=`; a scalar stands once, with its last value. A flag that we don't know stands among
    the operands, in the typed order, with the word that may be its value, so that kubectl decides whose word it is; one
    without such a word stands behind them, lest it gets one.
    Not for plugins, whose flags are their own.
    """
    table = flag_table(line.verb)
    flag_values: dict[str, list[str]] = {}
    for token in line.tokens:
        for name, typed in token.flags:
            text = table.flags.get(name, Flag()).bare if typed is None else typed
            flag_values.setdefault(name, []).append(text)
    words = list(line.path)
    for name in sorted(flag_values, key=lambda name: _DECIDING.index(name) if name in _DECIDING else -1):
        flag, texts = table.flags.get(name, Flag("list")), flag_values[name]
        if flag.kind in ("scalar", "optional"):
            texts = texts[-1:]
        elif flag.kind == "bool":  # pflag refuses a wrong value even where a later one replaces it
            texts = [*(text for text in texts[:-1] if text not in (*_TRUE, *_FALSE)), texts[-1]]
        words += [f"--{name}={text}" for text in texts]
    rest = [token for token in line.tokens if token.is_operand or token.unknown]
    words += join_tokens(sorted(rest, key=lambda token: token.unknown and len(token.words) == 1))
    return words + join_tokens(split_tokens(line)[1])
