"""Which files of this machine kubectl reads as the input of a command: those that flags and operands name. Pure.

Files by which a cluster is reached (--kubeconfig, --certificate-authority, --client-certificate …) are no input.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine

Extent = Literal["file", "folder", "tree"]


class LocalPath(NamedTuple):
    """A path that a command line names. extent: of a folder, kubectl reads nothing, its files, or all that is below."""

    path: str
    extent: Extent


# Flags whose values name files (k8s.io/kubectl/pkg/cmd: create, patch, debug; k8s.io/cli-runtime/pkg/resource).
FILE_FLAGS: Mapping[str, Extent] = {
    "cert": "file",
    "custom": "file",
    "filename": "tree",
    "from-env-file": "file",
    "from-file": "folder",
    "key": "file",
    "kustomize": "tree",
    "patch-file": "file",
}

# Of these, a value is a list in CSV (pflag's StringSlice).
_LISTS = ("filename", "from-env-file", "from-file")


def local_paths(line: CommandLine) -> list[LocalPath]:
    """Return the paths that kubectl reads for a command line of its own, in order, each once."""
    paths = [
        LocalPath(split_key(flag, entry)[1], FILE_FLAGS[flag])
        for token in line.tokens
        for flag, value in token.flags
        if flag in FILE_FLAGS and value
        for entry in split_values(flag, value)
    ]
    if line.path == ("cp",):
        # The first operand is the source. A colon makes it a pod's (k8s.io/kubectl/pkg/cmd/cp, extractFileSpec).
        paths += [LocalPath(source, "tree") for source in grammar.operands(line)[:1] if ":" not in source]
    return [
        local
        for local in dict.fromkeys(paths)
        if local.path and local.path != "-" and not local.path.startswith(("http://", "https://"))
    ]


def split_values(flag: str, value: str) -> list[str]:
    """Return the values in a flag's value: several for a list in CSV."""
    return next(csv.reader([value]), []) if flag in _LISTS else [value]


def join_values(flag: str, values: Iterable[str]) -> str:
    """Return the value of a flag that holds these values."""
    if flag not in _LISTS:
        return "".join(values)
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()


def split_key(flag: str, value: str) -> tuple[str, str]:
    """Return the key and the path of a value: `key=path` for --from-file, where the key may be left out."""
    if flag != "from-file":
        return "", value
    key, _, path = value.rpartition("=")
    return key, path
