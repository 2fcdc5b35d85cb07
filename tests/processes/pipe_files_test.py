from __future__ import annotations

import os

import pytest

from kubectl_mc.command_line import grammar, invocation
from kubectl_mc.messages import UserError
from kubectl_mc.processes import pipe_files


def told(*argv: str, stdin: bytes = b"given") -> tuple[list[str], list[bytes], dict[str, bytes]]:
    """The words that kubectl is given, what is in the files that they name, and what was in the pipes."""
    reads = iter([stdin])
    with pipe_files.held_pipes(invocation.parse_invocation(argv).kubectl, lambda: next(reads)) as (line, contents):
        words = grammar.join_tokens(line.tokens)
        files = [word.rpartition("=")[2] for word in words if f"/proc/{os.getpid()}/fd/" in word]
        return words, [open(file, "rb").read() for file in files], contents


@pytest.mark.parametrize(
    ("flag", "start"),
    [
        ("--from-file=password=/dev/stdin", "--from-file=password=/proc/"),
        ("--from-file=/dev/stdin", "--from-file=stdin=/proc/"),
        ("--from-file=/dev/fd/0", "--from-file=0=/proc/"),
        ("--from-env-file=/proc/self/fd/0", "--from-env-file=/proc/"),
        ("--patch-file=/dev/stdin", "--patch-file=/proc/"),
    ],
)
def test_what_is_piped_is_a_file_that_can_be_read_again(flag: str, start: str) -> None:
    words, files, contents = told("create", "cm", "a", flag)
    assert words[-1].startswith(start)
    assert (files, list(contents.values())) == ([b"given"], [b"given"])


def test_stdin_is_read_once() -> None:
    _, files, _ = told("create", "cm", "a", "--from-file=a=/dev/stdin", "--from-file", "b=/dev/stdin")
    assert files == [b"given", b"given"]


def test_a_pipe_of_the_shells_is_read() -> None:
    read, write = os.pipe()
    os.write(write, b"piped")
    os.close(write)
    try:
        _, files, contents = told("create", "cm", "a", f"--from-file=a=/dev/fd/{read}")
    finally:
        os.close(read)
    assert (files, contents) == ([b"piped"], {f"/dev/fd/{read}": b"piped"})
    with pytest.raises(UserError, match="can't be read"):
        told("create", "cm", "a", f"--from-file=a=/dev/fd/{read}")


@pytest.mark.parametrize("flag", ["--from-file=a=./x", "--from-literal=a=/dev/stdin", "--from-file=/dev/nullish"])
def test_any_other_file_is_kubectls_to_read(flag: str) -> None:
    assert told("create", "cm", "a", flag) == (["create", "cm", "a", flag], [], {})
