# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Files that can be read once only, or by this process only: pipes (`/dev/stdin`, a shell's `<(…)`, FIFOs), terminals.

They are read once, and every kubectl gets the same content. So are files that may change while it runs.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Container, Iterator
from contextlib import ExitStack, contextmanager

from kubectl_mc import messages
from kubectl_mc.command_line import grammar, local_files
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.local_files import FileValue
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.processes import memory_files
from kubectl_mc.processes.environment import Environment


class HeldFile(NamedTuple):
    """A file that was read. path: as it was typed; piped: it was a pipe; held: the path of its content, "" for none"""

    path: str
    content: bytes
    piped: bool
    held: str = ""


_DESCRIPTORS = ("/dev/fd", "/proc/self/fd", "/proc/thread-self/fd")
_MAX_LINKS = 40  # as in Linux


def is_pipe(path: str) -> bool:
    """Return whether another process can't read a file, or not again: all but a regular file, a folder and /dev/null.

    A descriptor of ours counts, whatever it is: kubectls don't inherit it. So does a link to one.
    """
    if _is_descriptor(path):
        return True
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return _is_read_once(path, mode)


def _is_read_once(path: str, mode: int) -> bool:
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or path == os.devnull)


def _is_descriptor(path: str) -> bool:
    for _ in range(_MAX_LINKS):
        folder, name = os.path.split(path)
        if name.isdecimal() and os.path.realpath(folder) in map(os.path.realpath, _DESCRIPTORS):
            return True
        try:
            path = os.path.join(folder, os.readlink(path))
        except (OSError, ValueError):
            return False
    return False


def check_pipes(line: CommandLine, reads_stdin: bool) -> None:
    """Raise UserError if two words name the same pipe: one of them would get nothing, and which depends on the verb.

    reads_stdin: kubectl reads stdin for another word of the line, a "-"
    """
    readers = [(f"--{value.flag}", value.path) for value in local_files.file_values(line)]
    first: dict[tuple[int, int], tuple[str, str]] = {}
    for entry in [*readers, *([("-", "-")] if reads_stdin else [])]:
        reader, path = entry
        if (identity := _identity("/dev/stdin" if path == "-" else path)) is None:
            continue
        other = first.setdefault(identity, entry)
        if other is not entry and not other == entry == ("--filename", "-"):  # kubectl refuses `-f - -f -` itself
            raise messages.read_twice(path, list(dict.fromkeys((other[0], reader))))


def names_stdin(line: CommandLine) -> bool:
    """Return whether a flag names stdin as a file that is input, and stdin can be read only once."""
    stdin = _identity("/dev/stdin")
    paths = [value.path for value in local_files.file_values(line)]
    return "-" in paths or (stdin is not None and stdin in map(_identity, paths))


def _identity(path: str) -> tuple[int, int] | None:
    """Return what tells a pipe from others; None for a file that can be read again."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    return (state.st_dev, state.st_ino) if _is_read_once(path, state.st_mode) else None


@contextmanager
def held_files(
    line: CommandLine, flags: Container[str], read: Callable[[FileValue], bytes | None]
) -> Iterator[tuple[CommandLine, list[HeldFile]]]:
    """Replace files in the values of these flags by files that every kubectl can read.

    read: returns the content of a file that is to be replaced, else None; it is called for each time that one is named
    Yields that command line, whose words stay as they were typed, and the files. Raises UserError as `read` does.
    """
    held: list[HeldFile] = []
    with ExitStack() as stack:

        def hold(value: FileValue) -> FileValue:
            is_stdin = value == FileValue("filename", "", "-")
            piped, content = is_stdin or is_pipe(value.path), read(value)
            if content is None:
                return value
            path = stack.enter_context(memory_files.held_file(content))
            held.append(HeldFile(value.path, content, piped, path))
            # kubectl's default key is the file's name.
            key = os.path.basename(value.path) if value.flag == "from-file" and not value.key else value.key
            return value._replace(key=key, path=path)

        def replace(value: FileValue) -> list[FileValue]:
            names = _regular_files(value.path) if value.flag == "from-file" and not value.key else []
            parts = [value._replace(key=name, path=os.path.join(value.path, name)) for name in names] or [value]
            new = [hold(part) for part in parts]
            return [value] if new == parts else new

        yield local_files.with_files(line, flags, replace), held


@contextmanager
def held_access(line: CommandLine, environment: Environment) -> Iterator[tuple[CommandLine, Environment]]:
    """Yield the command line and the environment with files in place of the pipes by which clusters are reached.

    These are the user's kubeconfig (--kubeconfig, KUBECONFIG) and certificates. Raises UserError for one that can't be
    read, or held in memory: what logs the user in is not written to a disk.
    """
    typed = environment.variables.get("KUBECONFIG", "").split(os.pathsep)
    with ExitStack() as stack:
        line, files = stack.enter_context(held_files(line, local_files.ACCESS_FLAGS, _read_access))
        contents = {path: _read_access(FileValue("", "", path)) for path in typed if path}
        pipes = {path: content for path, content in contents.items() if content is not None}
        held = {path: stack.enter_context(memory_files.held_file(content)) for path, content in pipes.items()}
        if held:
            kubeconfigs = os.pathsep.join(held.get(path, path) for path in typed)
            environment = environment._replace(variables={**environment.variables, "KUBECONFIG": kubeconfigs})
        typed_paths = {file.held: file.path for file in files} | {path: name for name, path in held.items()}
        environment = environment.with_typed_paths(typed_paths)
        yield line, environment._replace(kubeconfig_flag=grammar.value(line, "kubeconfig"))


def _regular_files(folder: str) -> list[str]:
    """Return the names of the files that --from-file takes from a folder; [] if it is none."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry.name for entry in entries if entry.is_file(follow_symlinks=False)), key=os.fsencode)
    except OSError:
        return []


def _read_access(value: FileValue) -> bytes | None:
    """Return the content of a pipe by which clusters are reached, as `read_pipe`. Raises UserError."""
    if is_pipe(value.path) and not memory_files.available():
        raise messages.needs_memory(value.path)
    return read_pipe(value)


def read_pipe(value: FileValue) -> bytes | None:
    """Return what is in a pipe; None for any other file. Raises UserError if it can't be read."""
    return read_file(value.path) if is_pipe(value.path) else None


def read_file(path: str) -> bytes:
    """Return the content of a file or a pipe. Raises UserError if it can't be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise messages.unreadable_path(path, error.strerror or str(error)) from None
