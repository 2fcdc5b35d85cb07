# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Writes kubectl_mc/command_line/kubectl_flags.py: the flags of kubectl's commands, and how each takes a value.

    python -m tests.flags_generate KUBECTL [KUBECTL…]

Names, shorthands, subcommands and aliases are read from kubectl's own help. The help does not tell whether a flag takes
a value (`--dry-run='none'` takes none, `--output=''` does), so kubectl is run with each flag.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.licence_headers_test import HEADER

FLAGS_MODULE = Path(__file__).parent.parent / "kubectl_mc" / "command_line" / "kubectl_flags.py"
LINE_LENGTH = 120  # as in ruff.toml

# Commands that kubectl has but does not list in its help.
UNLISTED = ("alpha", "help", "options")

_SECTION = re.compile(r"^(\S.*):\n((?:[ \t].*\n|\n)*)", re.MULTILINE)
_FLAG = re.compile(r"^ +(?:-(\w), )?--(\w[\w.-]*)=('.*?'|.*?):(?:\s|$)", re.MULTILINE)
_OPTIONS_HEADING = re.compile(r"Options|The following options .*")
# Not "Subcommands provided by plugins": these differ from machine to machine.
_COMMANDS_HEADING = re.compile(r"(?:.+ )?Commands(?: \(.+\))?")
_COMMAND = re.compile(r"^  ([a-z][\w-]*)(?:\s|$)", re.MULTILINE)
_ALIASES = re.compile(r"^Aliases:\n(.+)$", re.MULTILINE)
# kubectl looks for --kuberc before it parses its flags, and has a message of its own for a missing value.
_NEEDS_VALUE = re.compile(r"flag needs an argument|kuberc file is not found")


# What a flag with an optional value means without one: NoOptDefVal in pkg/cmd/util/helpers.go and delete_flags.go.
_BARE = {"dry-run": "unchanged", "validate": "strict", "cascade": "background"}
# Lists, and scalars whose values pflag checks, that the default value in the help doesn't show to be such.
_LISTS = (("create clusterrole", "aggregation-rule"),)
_CHECKED = (("", "vmodule"),)
# A number or a duration: pflag refuses other values, also where a later one replaces them.
_CHECKED_DEFAULT = re.compile(r"-?\d[\dhms]*")

# Flags that no help lists: hidden, deprecated, or only there with an environment variable (KUBECTL_APPLYSET). Read in
# kubectl's sources and tried with the binaries of 1.27 to 1.37.
_RECORD = ("annotate", "apply", "apply edit-last-applied", "autoscale", "create", "edit", "expose", "label", "patch",
           "run", "scale", "set image", "set resources", "set selector", "set serviceaccount")  # fmt: skip
HIDDEN = {path: ["record"] for path in _RECORD} | {
    "apply": ["record", "applyset=~", "prune-whitelist=*~"],
    "drain": ["delete-local-data~"],
    "kustomize": ["reorder=", "enable-managedby-label"],
    "version": ["short~"],
}
LATE = "~"  # behind the mark of a flag that some versions don't have


class Flag(NamedTuple):
    """A flag of kubectl's.

    mark: how it takes a value: "" boolean; "?unchanged" optional, and what it means without one; "=" scalar;
        "=!" scalar whose values are checked; "=*" list; with LATE behind it where some versions don't have the flag
    """

    name: str
    shorthand: str = ""
    mark: str = ""


class Table(NamedTuple):
    """The flags and aliases of one kubectl version, or of several.

    flags: command path ("create secret generic") -> its flags; flags[""] are the global ones
    aliases: path with another name ("create cm") -> path ("create configmap")
    """

    versions: tuple[str, ...]
    flags: dict[str, tuple[Flag, ...]]
    aliases: dict[str, str]


class Answer(NamedTuple):
    """What a kubectl process printed, and its exit status."""

    status: int
    stdout: str
    stderr: str


Run = Callable[..., Answer]


# Parsing kubectl's output


def parse_flags(help_text: str) -> dict[str, tuple[str, str]]:
    """Return the flags in a command's help or in `kubectl options`: name -> (shorthand or "", default value)."""
    return {
        name: (shorthand, default)
        for body in _sections(help_text, _OPTIONS_HEADING)
        for shorthand, name, default in _FLAG.findall(body)
    }


def mark(path: str, name: str, default: str, takes_value: bool) -> str:
    """Return the mark of a flag. takes_value: it takes the next argument as its value"""
    if not takes_value:
        return "" if default in ("true", "false") else f"?{_BARE[name]}"
    if default.startswith("[") or (path, name) in _LISTS:
        return "=*"
    return "=!" if _CHECKED_DEFAULT.fullmatch(default) or (path, name) in _CHECKED else "="


def parse_commands(help_text: str) -> list[str]:
    """Return the names of the subcommands that a command's help lists, under whatever headings."""
    return [name for body in _sections(help_text, _COMMANDS_HEADING) for name in _COMMAND.findall(body)]


def parse_aliases(help_text: str) -> list[str]:
    """Return the names under "Aliases:", which include the command's own name."""
    match = _ALIASES.search(help_text)
    return re.split(r",\s*", match[1].strip()) if match else []


def parse_version(output: str) -> str:
    """Return the version ("1.37.1") in the output of `kubectl version --client`. Raises ValueError without one."""
    match = re.search(r"\bv(\d+\.\d+\.\d+)", output)
    if not match:
        raise ValueError(f"no version in {output!r}")
    return match[1]


def needs_value(answer: Answer) -> bool:
    """Return whether the flag at the end of `kubectl … --help --flag` needs a value. Raises ValueError if unclear."""
    if answer.status == 0:
        return False
    if _NEEDS_VALUE.search(answer.stderr):
        return True
    raise ValueError(answer.stderr.strip())


def _sections(help_text: str, heading: re.Pattern[str]) -> list[str]:
    return [body for title, body in _SECTION.findall(help_text + "\n") if heading.fullmatch(title)]


# Asking one kubectl


def ask(kubectl: str, commands: Collection[str] = ()) -> Table:
    """Return the flags of these commands, or of all commands, of this kubectl.

    It starts one process per flag: about a thousand for all commands. None of them reaches a cluster.
    """
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor(os.cpu_count()) as pool:

        def run(*args: str) -> Answer:
            return _run(kubectl, home, args)

        helps = {path: _help(run, path) for path in commands} or _walk(run, pool)
        # The root command's help shows no flags; `kubectl options` prints them.
        helps[""] = run("options").stdout
        names = [(path, name, *item) for path, text in helps.items() for name, item in parse_flags(text).items()]
        # Every command has --help, so no help mentions it.
        names.append(("", "help", "h", "false"))
        # With --help, kubectl only parses the flags, and prints the help or an error.
        answers = pool.map(lambda row: needs_value(run(*row[0].split(), "--help", f"--{row[1]}")), names)
        flags: dict[str, tuple[Flag, ...]] = dict.fromkeys(helps, ())
        for (path, name, shorthand, default), takes_value in zip(names, answers, strict=True):
            flags[path] += (Flag(name, shorthand, mark(path, name, default, takes_value)),)
        version = parse_version(run("version", "--client").stdout)
    return Table((version,), flags, _aliases(helps))


def _walk(run: Run, pool: ThreadPoolExecutor) -> dict[str, str]:
    """Return the help of every command by its path, level by level from the root down."""
    helps: dict[str, str] = {}
    level = ["", *(path for path in UNLISTED if run(path, "--help").status == 0)]
    while level:
        level_helps = dict(zip(level, pool.map(lambda path: _help(run, path), level), strict=True))
        helps |= level_helps
        level = [f"{path} {name}".strip() for path, text in level_helps.items() for name in parse_commands(text)]
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
    # An empty PATH hides plugins, an empty HOME hides the user's kuberc, and LC_ALL=C makes kubectl speak English.
    env = {"HOME": home, "PATH": home, "KUBECONFIG": f"{home}/none", "LC_ALL": "C"}
    done = subprocess.run(
        [kubectl, *args], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return Answer(done.returncode, done.stdout, done.stderr)


# Merging the tables of several versions


def merge(tables: Collection[Table]) -> tuple[Table, list[str]]:
    """Return the union of the tables, and a note for each contradiction. The newest version wins.

    A flag that a version with the command doesn't have is marked as such.
    """
    flags: dict[str, dict[str, Flag]] = {}
    versions: Counter[tuple[str, str]] = Counter()
    aliases: dict[str, str] = {}
    notes: list[str] = []
    for table in sorted(tables, key=lambda table: _version_key(table.versions[-1]), reverse=True):
        version = table.versions[-1]
        for path, own in table.flags.items():
            newer = flags.setdefault(path, {})
            versions.update([(path, ""), *((path, flag.name) for flag in own)])
            for flag in own:
                kept = newer[flag.name] = _merge_flag(newer, flag)
                if kept.mark != flag.mark or flag.shorthand not in ("", kept.shorthand):
                    notes.append(f"kubectl {version}: {path!r} has {_word(flag)}, newer: {_word(kept)}")
        for alias, path in table.aliases.items():
            if aliases.setdefault(alias, path) != path:
                notes.append(f"kubectl {version}: {alias!r} is {path!r}, newer: {aliases[alias]!r}")
    for path, merged in flags.items():
        late = (flag for flag in merged.values() if versions[path, flag.name] < versions[path, ""])
        merged.update({flag.name: flag._replace(mark=flag.mark + LATE) for flag in late})
    return Table(
        tuple(sorted({version for table in tables for version in table.versions}, key=_version_key)),
        {path: tuple(sorted(merged.values())) for path, merged in sorted(flags.items())},
        dict(sorted(aliases.items())),
    ), notes


def _merge_flag(newer: dict[str, Flag], older: Flag) -> Flag:
    """Return the flag as in newer versions, with the shorthand of the older version if no flag has it."""
    flag = newer.get(older.name, older._replace(shorthand=""))
    if flag.shorthand or older.shorthand in {other.shorthand for other in newer.values()}:
        return flag
    return flag._replace(shorthand=older.shorthand)


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


# Writing kubectl_mc/command_line/kubectl_flags.py


def render(table: Table) -> str:
    """Return the text of the module, as `ruff format` formats it."""
    return "\n".join(
        [
            HEADER,
            '"""The flags of kubectl\'s commands, and how each takes a value.',
            "",
            "Generated by `python -m tests.flags_generate KUBECTL…`; do not edit.",
            "",
            "FLAGS: command path -> its flags, separated by spaces; the empty path has the flags of every command.",
            "`watch` is boolean; `dry-run?unchanged` takes a value only after a `=`, and means that without one;",
            "`template=` takes the next argument as its value unless a `=` follows; so does `replicas=!`, whose",
            "values are checked, and `filename=*`, of which all values count. `f,filename=*` also has a shorthand.",
            "Of a flag with a `~`, some of these kubectls with the command have none: `show-secrets~`, `max-depth=!~`.",
            "Flags that no help lists are there, too.",
            "ALIASES: the path with another name of a command -> its path.",
            '"""',
            "",
            "# The kubectl versions that the tables are made from.",
            f'VERSIONS = "{" ".join(table.versions)}"',
            "",
            '_FLAGS = """\\',
            *(
                _render_row(
                    path, sorted((*map(_word, flags), *HIDDEN.get(path, ())), key=lambda word: word.split(",")[-1])
                )
                for path, flags in table.flags.items()
            ),
            '"""',
            "",
            '_ALIASES = """\\',
            *(_render_row(alias, [path]) for alias, path in table.aliases.items()),
            '"""',
            "",
            "",
            "def _rows(text: str) -> dict[str, str]:",
            '    """Return the rows `key|words` of a text; a line that begins with a blank continues a row."""',
            '    return dict(line.split("|") for line in text.replace("\\n ", " ").splitlines())',
            "",
            "",
            "FLAGS = _rows(_FLAGS)",
            "ALIASES = _rows(_ALIASES)",
            "",
        ]
    )


def _word(flag: Flag) -> str:
    shorthand = f"{flag.shorthand}," if flag.shorthand else ""
    return f"{shorthand}{flag.name}{flag.mark}"


def _render_row(key: str, words: Iterable[str]) -> str:
    """Return the row `key|words`, wrapped; its further lines begin with a blank."""
    row = f"{key}|{' '.join(words)}"
    return "\n".join(textwrap.wrap(row, LINE_LENGTH, subsequent_indent=" ", break_on_hyphens=False))


def main(kubectls: list[str]) -> int:
    """Write the module with the flags of these kubectls, and return the exit status."""
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
