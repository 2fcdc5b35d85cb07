"""Files that are pipes of ours (`--from-file=/dev/stdin`, a shell's `<(…)`): read once, and given to every kubectl."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from kubectl_mc import messages
from kubectl_mc.command_line.grammar import CommandLine, Token
from kubectl_mc.processes import memory_files

# Flags whose value is a file, for --from-file perhaps behind a `key=`.
_FILES = ("from-file", "from-env-file", "patch-file", "cert", "key", "custom")
_PIPE = re.compile(r"/dev/stdin|(?:/dev|/proc/self)/fd/\d+")
_STDIN = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


@contextmanager
def held_pipes(line: CommandLine, stdin: Callable[[], bytes]) -> Iterator[tuple[CommandLine, dict[str, bytes]]]:
    """The command line with files that every kubectl can read in place of pipes; and what is in each pipe.

    Raises UserError for a pipe that can't be read.
    """
    pipes = dict.fromkeys(path for token in line.tokens for flag in token.flags for path in [_path(*flag)] if path)
    contents = {path: stdin() if path in _STDIN else _read(path) for path in pipes}
    with ExitStack() as stack:
        files = {path: stack.enter_context(memory_files.held_file(content)) for path, content in contents.items()}
        # A kubectl has no descriptors of ours, but may look at them.
        seen = {path: re.sub("^/dev/fd/", f"/proc/{os.getpid()}/fd/", file) for path, file in files.items()}
        yield line._replace(tokens=tuple(_token(token, seen) for token in line.tokens)), contents


def _path(flag: str, value: str | None) -> str:
    """The pipe that a flag names; "" if it names none."""
    path = (value or "").rpartition("=")[2] if flag == "from-file" else value or ""
    return path if flag in _FILES and _PIPE.fullmatch(path) else ""


def _token(token: Token, seen: dict[str, str]) -> Token:
    if token.verbatim or not any(_path(*flag) for flag in token.flags):
        return token
    ((name, value),) = token.flags  # none of these flags has a short form
    path = _path(name, value)
    key = (value or "").rpartition("=")[0] or os.path.basename(path)  # kubectl's, where none is given
    text = f"{key}={seen[path]}" if name == "from-file" else seen[path]
    return Token((f"--{name}={text}",), ((name, text),))


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise messages.unreadable_path(path, error.strerror or str(error)) from None
