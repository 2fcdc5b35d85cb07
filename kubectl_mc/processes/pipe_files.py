"""Files that are pipes of ours (`--from-file=/dev/stdin`, a shell's `<(…)`): read once, and passed to every kubectl."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from kubectl_mc import messages
from kubectl_mc.command_line.grammar import CommandLine, Token
from kubectl_mc.processes import memory_files

# Flags whose value is a file; for --from-file a `key=` may come before it.
_FILE_FLAGS = ("from-file", "from-env-file", "patch-file", "cert", "key", "custom")
_PIPE = re.compile(r"/dev/stdin|(?:/dev|/proc/self)/fd/\d+")
_STDIN = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


@contextmanager
def held_pipes(line: CommandLine, stdin: Callable[[], bytes]) -> Iterator[tuple[CommandLine, dict[str, bytes]]]:
    """Replace pipes in a command line by files that every kubectl can read.

    Yields that command line, and the content by the pipe's path. Raises UserError for a pipe that can't be read.
    """
    pipes = dict.fromkeys(path for token in line.tokens for flag in token.flags if (path := _pipe(*flag)))
    contents = {path: stdin() if path in _STDIN else _read(path) for path in pipes}
    with ExitStack() as stack:
        files = {path: stack.enter_context(memory_files.held_file(content)) for path, content in contents.items()}
        yield line._replace(tokens=tuple(_with_file(token, files) for token in line.tokens)), contents


def _pipe(flag: str, value: str | None) -> str:
    """Return the path of the pipe that a flag names, or "" if it names none."""
    path = (value or "").rpartition("=")[2] if flag == "from-file" else value or ""
    return path if flag in _FILE_FLAGS and _PIPE.fullmatch(path) else ""


def _with_file(token: Token, files: Mapping[str, str]) -> Token:
    """Replace the pipe that a token names by its file."""
    if token.verbatim or not any(_pipe(*flag) for flag in token.flags):
        return token
    ((name, value),) = token.flags  # none of these flags has a short form
    path = _pipe(name, value)
    key = (value or "").rpartition("=")[0] or os.path.basename(path)  # kubectl's default is the file's name
    text = f"{key}={files[path]}" if name == "from-file" else files[path]
    return Token((f"--{name}={text}",), ((name, text),))


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise messages.unreadable_path(path, error.strerror or str(error)) from None
