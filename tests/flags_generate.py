"""Writes kubectl_mc/command_line/kubectl_flags.py: which flags kubectl's commands have, and which of them take a value.

    python -m tests.flags_generate KUBECTL [KUBECTL…]

Names, shorthands, subcommands and aliases are read from kubectl's own help. Whether a flag takes a
value the help does not tell (`--dry-run='none'` takes none, `--output=''` does), so kubectl is asked.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

FLAGS_MODULE = Path(__file__).parent.parent / "kubectl_mc" / "command_line" / "kubectl_flags.py"
LINE_LENGTH = 120  # as in ruff.toml: a string that fits one line may not be wrapped

# Commands that kubectl has but does not list in its help.
UNLISTED = ("alpha", "help", "options")

_SECTION = re.compile(r"^(\S.*):\n((?:[ \t].*\n|\n)*)", re.MULTILINE)
_FLAG = re.compile(r"^ +(?:-(\w), )?--(\w[\w.-]*)=.*?:(?:\s|$)", re.MULTILINE)
_OPTIONS_HEADING = re.compile(r"Options|The following options .*")
# Not "Subcommands provided by plugins": those belong to one machine, not to kubectl.
_COMMANDS_HEADING = re.compile(r"(?:.+ )?Commands(?: \(.+\))?")
_COMMAND = re.compile(r"^  ([a-z][\w-]*)(?:\s|$)", re.MULTILINE)
_ALIASES = re.compile(r"^Aliases:\n(.+)$", re.MULTILINE)
# kubectl looks for --kuberc before it parses its flags, and has its own words for a missing value.
_NEEDS_VALUE = re.compile(r"flag needs an argument|kuberc file is not found")


class Flag(NamedTuple):
    """`takes_value`: given without `=`, it consumes the next argument."""

    name: str
    shorthand: str = ""
    takes_value: bool = False


class Table(NamedTuple):
    """What one kubectl, or several, answered; `flags` and `aliases` are keyed by command path.

    flags["create secret generic"] is a tuple of Flags, flags[""] the global ones;
    aliases["create cm"] is "create configmap".
    """

    versions: tuple[str, ...]
    flags: dict[str, tuple[Flag, ...]]
    aliases: dict[str, str]


class Answer(NamedTuple):
    """What one kubectl process said."""

    status: int
    stdout: str
    stderr: str


Run = Callable[..., Answer]


# kubectl's words -> values


def parse_flags(help_text: str) -> dict[str, str]:
    """Name -> shorthand ("" if none) of the flags in a command's help or in `kubectl options`."""
    return {
        name: shorthand for body in _sections(help_text, _OPTIONS_HEADING) for shorthand, name in _FLAG.findall(body)
    }


def parse_commands(help_text: str) -> list[str]:
    """The names of the subcommands that a command's help lists, under whatever headings."""
    return [name for body in _sections(help_text, _COMMANDS_HEADING) for name in _COMMAND.findall(body)]


def parse_aliases(help_text: str) -> list[str]:
    """The names in "Aliases:", the command's own name among them."""
    found = _ALIASES.search(help_text)
    return re.split(r",\s*", found[1].strip()) if found else []


def parse_version(output: str) -> str:
    """`kubectl version --client` -> "1.37.1"."""
    found = re.search(r"\bv(\d+\.\d+\.\d+)", output)
    if not found:
        raise ValueError(f"no version in {output!r}")
    return found[1]


def needs_value(answer: Answer) -> bool:
    """Whether the flag at the end of `kubectl … --help --flag` wanted an argument."""
    if answer.status == 0:
        return False
    if _NEEDS_VALUE.search(answer.stderr):
        return True
    raise ValueError(answer.stderr.strip())


def _sections(help_text: str, heading: re.Pattern[str]) -> list[str]:
    return [body for title, body in _SECTION.findall(help_text + "\n") if heading.fullmatch(title)]


# one kubectl -> Table


def ask(kubectl: str, commands: Collection[str] = ()) -> Table:
    """The flags of these commands, or of every command, as this kubectl knows them.

    Starts one process per flag: about a thousand for all commands. None of them reaches a cluster.
    """
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor(os.cpu_count()) as pool:

        def run(*args: str) -> Answer:
            return _run(kubectl, home, args)

        helps = {path: _help(run, path) for path in commands} or _walk(run, pool)
        # The root's help shows no flags; they are what `kubectl options` prints.
        helps[""] = run("options").stdout
        names = [(path, *item) for path, text in helps.items() for item in parse_flags(text).items()]
        # Every command has it, so neither its help nor `kubectl options` mentions it.
        names.append(("", "help", "h"))
        # With --help nothing runs: kubectl reads the flags, then prints the help or what was wrong.
        answers = pool.map(lambda row: needs_value(run(*row[0].split(), "--help", f"--{row[1]}")), names)
        flags: dict[str, tuple[Flag, ...]] = dict.fromkeys(helps, ())
        for (path, name, shorthand), takes_value in zip(names, answers, strict=True):
            flags[path] += (Flag(name, shorthand, takes_value),)
        version = parse_version(run("version", "--client").stdout)
    return Table((version,), flags, _aliases(helps))


def _walk(run: Run, pool: ThreadPoolExecutor) -> dict[str, str]:
    """Command path -> its help, from the root down."""
    helps: dict[str, str] = {}
    level = ["", *(path for path in UNLISTED if run(path, "--help").status == 0)]
    while level:
        found = dict(zip(level, pool.map(lambda path: _help(run, path), level), strict=True))
        helps |= found
        level = [f"{path} {name}".strip() for path, text in found.items() for name in parse_commands(text)]
    return helps


def _help(run: Run, path: str) -> str:
    answer = run(*path.split(), "--help")
    if answer.status != 0:
        raise ValueError(f"kubectl {path} --help: {answer.stderr.strip()}")
    return answer.stdout


def _aliases(helps: dict[str, str]) -> dict[str, str]:
    return {
        alias: path
        for path, text in helps.items()
        for name in parse_aliases(text)
        if (alias := " ".join([*path.split()[:-1], name])) != path
    }


def _run(kubectl: str, home: str, args: Iterable[str]) -> Answer:
    # An empty PATH hides plugins, an empty HOME the user's kuberc, and LC_ALL=C asks for English.
    env = {"HOME": home, "PATH": home, "KUBECONFIG": f"{home}/none", "LC_ALL": "C"}
    done = subprocess.run(
        [kubectl, *args], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return Answer(done.returncode, done.stdout, done.stderr)


# several Tables -> one


def merge(tables: Collection[Table]) -> tuple[Table, list[str]]:
    """The union, and a line for each contradiction, in which the newest version is right."""
    flags: dict[str, dict[str, Flag]] = {}
    aliases: dict[str, str] = {}
    notes: list[str] = []
    for table in sorted(tables, key=lambda table: _version_key(table.versions[-1]), reverse=True):
        version = table.versions[-1]
        for path, own in table.flags.items():
            known = flags.setdefault(path, {})
            for flag in own:
                kept = known[flag.name] = _merge_flag(known, flag)
                if kept.takes_value != flag.takes_value or flag.shorthand not in ("", kept.shorthand):
                    notes.append(f"kubectl {version}: {path!r} has {_word(flag)}, newer: {_word(kept)}")
        for alias, path in table.aliases.items():
            if aliases.setdefault(alias, path) != path:
                notes.append(f"kubectl {version}: {alias!r} is {path!r}, newer: {aliases[alias]!r}")
    return Table(
        tuple(sorted({version for table in tables for version in table.versions}, key=_version_key)),
        {path: tuple(sorted(known.values())) for path, known in sorted(flags.items())},
        dict(sorted(aliases.items())),
    ), notes


def _merge_flag(known: dict[str, Flag], older: Flag) -> Flag:
    """The flag as newer versions know it, with the shorthand of the older one if that is still free."""
    newer = known.get(older.name, older._replace(shorthand=""))
    taken = {flag.shorthand for flag in known.values()}
    if newer.shorthand or older.shorthand in taken:
        return newer
    return newer._replace(shorthand=older.shorthand)


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


# Table -> kubectl_mc/command_line/kubectl_flags.py


def render(table: Table) -> str:
    """The text of the module, as `ruff format` leaves it."""
    return "\n".join(
        [
            '"""The flags of kubectl\'s commands, and which of them take a value.',
            "",
            "Generated by `python -m tests.flags_generate KUBECTL…`; do not edit.",
            *textwrap.wrap(f"Made from kubectl {', '.join(table.versions)}.", LINE_LENGTH),
            "",
            "FLAGS: command path -> its flags, separated by spaces; under the empty path those that every",
            "command has. `watch` is a boolean or has an optional value (`--dry-run`, `--dry-run=client`);",
            "`filename=` takes the next argument if no `=` is given; `f,filename=` also has a shorthand.",
            "ALIASES: the path of a command by another name -> its path.",
            '"""',
            "",
            f"VERSIONS: tuple[str, ...] = {_render_tuple(table.versions)}",
            "",
            "FLAGS: dict[str, str] = {",
            *(_render_entry(path, list(map(_word, flags))) for path, flags in table.flags.items()),
            "}",
            "",
            "ALIASES: dict[str, str] = {",
            *(_render_entry(alias, [path]) for alias, path in table.aliases.items()),
            "}",
            "",
        ]
    )


def _render_tuple(strings: tuple[str, ...]) -> str:
    if len(strings) == 1:
        return f"({_quote(strings[0])},)"
    return "\n".join(["(", *(f"    {_quote(string)}," for string in strings), ")"])


def _word(flag: Flag) -> str:
    shorthand = f"{flag.shorthand}," if flag.shorthand else ""
    return f"{shorthand}{flag.name}{'=' if flag.takes_value else ''}"


def _render_entry(key: str, words: list[str]) -> str:
    text = " ".join(words)
    line = f"    {_quote(key)}: {_quote(text)},"
    if len(line) <= LINE_LENGTH:
        return line
    width = LINE_LENGTH - len('        ""')
    # Each piece but the last ends with the space that separates it from the next.
    pieces = [text] if len(text) <= width else textwrap.wrap(text, width - 1, break_on_hyphens=False)
    strings = [*(_quote(f"{piece} ") for piece in pieces[:-1]), _quote(pieces[-1])]
    return "\n".join([f"    {_quote(key)}: (", *(f"        {string}" for string in strings), "    ),"])


def _quote(text: str) -> str:
    return f'"{text}"'


def main(kubectls: list[str]) -> int:
    if not kubectls:
        print("usage: python -m tests.flags_generate KUBECTL [KUBECTL…]", file=sys.stderr)
        return 1
    table, notes = merge([ask(kubectl) for kubectl in kubectls])
    FLAGS_MODULE.write_text(render(table), encoding="utf-8")
    for note in notes:
        print(note, file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
