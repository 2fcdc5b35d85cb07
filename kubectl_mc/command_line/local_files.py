# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Which files of this machine kubectl reads for a command: those that flags and operands name. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from kubectl_mc.command_line import flag_tables, grammar
from kubectl_mc.command_line.grammar import CommandLine, Token
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Literal

Extent = Literal["file", "folder", "tree"]


class LocalPath(NamedTuple):
    """A path that a command line names. extent: of a folder, kubectl reads nothing, its files, or all that is below."""

    path: str
    extent: Extent


class FileValue(NamedTuple):
    """A file that the value of a flag names. key: what stands ahead of its `=`, e.g. a key of --from-file; else ""."""

    flag: str
    key: str
    path: str


# Flags whose values name files that are the input of a command (k8s.io/kubectl/pkg/cmd: create, patch, debug;
# k8s.io/cli-runtime/pkg/resource and genericclioptions). `-o` and --template name one with some formats only.
INPUT_FLAGS: Mapping[str, Extent] = {
    "cert": "file",
    "custom": "file",
    "filename": "tree",
    "from-env-file": "file",
    "from-file": "folder",
    "key": "file",
    "kustomize": "tree",
    "output": "file",
    "patch-file": "file",
    "template": "file",
}

# Flags whose values name files by which a cluster is reached. They are no input. --kuberc is read by us.
ACCESS_FLAGS: Mapping[str, Extent] = dict.fromkeys(
    ("certificate-authority", "client-certificate", "client-key", "kubeconfig"), "file"
)

# Of these, a value is a list in CSV (pflag's StringSlice).
_LISTS = ("filename", "from-env-file", "from-file")

# Formats of `-o` whose argument is a file (cli-runtime's template and jsonpath flags, kubectl's customcolumn_flags.go).
_FILE_FORMATS = ("custom-columns-file", "go-template-file", "jsonpath-file", "templatefile")


def names_files(line: CommandLine) -> bool:
    """Return whether a flag names a file that is input."""
    return next(_values(line, INPUT_FLAGS), None) is not None


def local_paths(line: CommandLine) -> list[LocalPath]:
    """Return the paths that kubectl reads as the input of a command line of its own, in order, each once."""
    paths = [LocalPath(value.path, INPUT_FLAGS[value.flag]) for value in file_values(line)]
    paths += [LocalPath(source, "tree") for source in copied_paths(line)]
    return [
        local
        for local in dict.fromkeys(paths)
        if local.path and local.path != "-" and not local.path.startswith(("http://", "https://"))
    ]


def copied_paths(line: CommandLine) -> list[str]:
    """Return the path of this machine that `cp` copies: its first operand is the source, and a colon makes it a pod's.

    k8s.io/kubectl/pkg/cmd/cp, extractFileSpec
    """
    return [source for source in grammar.operands(line)[:1] if ":" not in source] if line.path == ("cp",) else []


def file_values(line: CommandLine, flags: Container[str] = INPUT_FLAGS) -> list[FileValue]:
    """Return the files that these flags name, in the order typed. Of a scalar, only the last value counts."""
    return [value for _, name, text in _values(line, flags) for value in split_value(name, text)]


def with_files(
    line: CommandLine, flags: Container[str], replace: Callable[[FileValue], Sequence[FileValue]]
) -> CommandLine:
    """Return the command line with other files in the values of these flags.

    Its words stay as they were typed: they are what is shown, and recorded. kubectl gets what the flags say.
    replace: returns what stands for a file; it is called in the order typed
    """
    tokens: dict[int, Token] = dict(enumerate(line.tokens))
    for index, name, text in list(_values(line, flags)):
        before = split_value(name, text)
        after = [new for value in before for new in replace(value)]
        if after != before:
            token = tokens[index]
            joined = join_value(name, after)
            pairs = tuple((flag, joined if (flag, value) == (name, text) else value) for flag, value in token.flags)
            tokens[index] = token._replace(flags=pairs)
    return line._replace(tokens=tuple(tokens.values()))


def _values(line: CommandLine, flags: Container[str]) -> Iterator[tuple[int, str, str]]:
    """Yield (index of the token, flag, value) of the values that kubectl uses and that name files."""
    table = flag_tables.flag_table(line.verb).flags
    last = {name: index for index, token in enumerate(line.tokens) for name, _ in token.flags}
    output = grammar.value(line, "output") or ""
    for index, token in enumerate(line.tokens):
        for name, text in token.flags:
            is_used = name in table and (name in _LISTS or index == last[name])
            if text and name in flags and is_used and _names_file(name, output):
                yield index, name, text


def _names_file(flag: str, output: str) -> bool:
    """Return whether a flag's value names a file. output: the value of -o, whose format may say what --template is"""
    output_format, equals, _ = output.partition("=")
    if flag in ("output", "template"):
        return output_format in _FILE_FORMATS and bool(equals) == (flag == "output")
    return True


def split_value(flag: str, text: str) -> list[FileValue]:
    """Return the files in a flag's value: several for a list in CSV. The key of a file of `-o` is the format."""
    import csv  # `get pods` doesn't pay for it

    entries = next(csv.reader([text]), []) if flag in _LISTS else [text]
    if flag not in ("from-file", "output"):
        return [FileValue(flag, "", entry) for entry in entries]
    keyed = [entry.rpartition("=") if flag == "from-file" else entry.partition("=") for entry in entries]
    return [FileValue(flag, key, path) for key, _, path in keyed]


def join_value(flag: str, values: Iterable[FileValue]) -> str:
    """Return the value of a flag that names these files."""
    import csv
    import io

    entries = [f"{value.key}={value.path}" if value.key else value.path for value in values]
    if flag not in _LISTS:
        return "".join(entries)
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(entries)
    return text.getvalue()
