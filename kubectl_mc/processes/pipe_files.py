"""Files that kubectl reads as an input: pipes of ours (`/dev/stdin`, a shell's `<(…)`), and files that may change.

They are read once, and every kubectl gets the same content.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from kubectl_mc import messages
from kubectl_mc.command_line import local_files
from kubectl_mc.command_line.grammar import CommandLine, Token
from kubectl_mc.processes import memory_files

_PIPE = re.compile(r"/dev/stdin|(?:/dev|/proc/self)/fd/\d+")
_STDIN = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")

# The input of these is read elsewhere.
_INPUT_FLAGS = ("filename", "kustomize")


def is_pipe(path: str) -> bool:
    """Return whether a path is one of a pipe of ours."""
    return bool(_PIPE.fullmatch(path))


@contextmanager
def held_pipes(
    line: CommandLine, stdin: Callable[[], bytes], files: bool = False
) -> Iterator[tuple[CommandLine, dict[str, bytes]]]:
    """Replace pipes in a command line by files that every kubectl can read.

    files: whether that is done for files, too, and for those in a folder of --from-file
    Yields that command line, and the content by the path. Raises UserError for what can't be read.
    """
    flags = [flag for token in line.tokens for flag in token.flags]
    paths = dict.fromkeys(path for flag in flags for _, path in _entries(*flag) if _is_held(path, files))
    contents = {path: stdin() if path in _STDIN else read_file(path) for path in paths}
    with ExitStack() as stack:
        held = {path: stack.enter_context(memory_files.held_file(content)) for path, content in contents.items()}
        yield line._replace(tokens=tuple(_with_files(token, held) for token in line.tokens)), contents


def _entries(flag: str, value: str | None) -> list[tuple[str, str]]:
    """Return (key, path) of the files that a flag names; kubectl's default key is the file's name."""
    if flag not in local_files.FILE_FLAGS or flag in _INPUT_FLAGS or not value:
        return []
    entries = []
    for key, path in (local_files.split_key(flag, entry) for entry in local_files.split_values(flag, value)):
        names = _regular_files(path) if flag == "from-file" and not key else []
        entries += [(name, os.path.join(path, name)) for name in names] or [(key or os.path.basename(path), path)]
    return entries


def _regular_files(folder: str) -> list[str]:
    """Return the names of the files that --from-file takes from a folder; [] if it is none."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry.name for entry in entries if entry.is_file(follow_symlinks=False)), key=os.fsencode)
    except OSError:
        return []


def _is_held(path: str, files: bool) -> bool:
    return is_pipe(path) or (files and os.path.isfile(path))


def _with_files(token: Token, held: Mapping[str, str]) -> Token:
    """Replace the paths that a token names by those that are held."""
    if token.verbatim or not any(path in held for flag in token.flags for _, path in _entries(*flag)):
        return token
    ((flag, value),) = token.flags  # none of these flags has a short form
    text = local_files.join_values(flag, [_with_key(flag, key, path, held) for key, path in _entries(flag, value)])
    return Token((f"--{flag}={text}",), ((flag, text),))


def _with_key(flag: str, key: str, path: str, held: Mapping[str, str]) -> str:
    needs_key = flag == "from-file" and (path in held or key != os.path.basename(path))
    return f"{key}={held.get(path, path)}" if needs_key else held.get(path, path)


def read_file(path: str) -> bytes:
    """Return the content of a file or a pipe. Raises UserError if it can't be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise messages.unreadable_path(path, error.strerror or str(error)) from None
