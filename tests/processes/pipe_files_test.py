from __future__ import annotations

import csv
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import grammar, invocation, local_files
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.messages import UserError
from kubectl_mc.processes import pipe_files


def told(*argv: str, stdin: bytes = b"given") -> tuple[list[str], list[bytes], dict[str, bytes]]:
    """The words that kubectl is given, what is in the files that they name, and what was in the pipes."""
    reads = iter([stdin])
    with pipe_files.held_pipes(invocation.parse_invocation(argv).kubectl, lambda: next(reads)) as (line, contents):
        words = grammar.typed_words(line)
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
    words, files, contents = told(*(("patch", "cm", "a") if "patch" in flag else ("create", "cm", "a")), flag)
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
    assert told("create", "cm", "a", flag) == (["create", "configmap", "a", flag], [], {})


# --- Files that may change ---------------------------------------------------------------------------------------


def read_by_kubectl(line: CommandLine) -> list[tuple[str, bytes | str]]:
    """The keys and contents that kubectl reads of --from-file (k8s.io/kubectl/pkg/cmd/create, create_configmap.go)."""
    read: list[tuple[str, bytes | str]] = []
    for value in grammar.values(line, "from-file"):
        for entry in next(csv.reader([value or ""]), []):
            key, equals, path = entry.partition("=")
            path = path if equals else entry
            if os.path.isdir(path) and equals:
                read.append((key, "an error: a folder has no key"))
            elif os.path.isdir(path):
                names = sorted(name for name in os.listdir(path) if os.path.isfile(os.path.join(path, name)))
                read += [(name, Path(path, name).read_bytes()) for name in names]
            elif os.path.exists(path):
                read.append((key if equals else os.path.basename(path), Path(path).read_bytes()))
            else:
                read.append((key if equals else os.path.basename(path), "an error: no such file"))
    return read


FILES = {"a": b"1", "b.txt": b"2", "with,comma": b"3", 'with"quote': b"4", "folder/a": b"5", "folder/inner/b": b"6"}
ENTRIES = ["a", "b.txt", "with,comma", 'with"quote', "folder", "empty", "nope", "folder/nope"]
VALUES = st.lists(st.tuples(st.sampled_from(["", "key=", "other="]), st.sampled_from(ENTRIES)), min_size=1, max_size=4)


@given(st.lists(VALUES, min_size=1, max_size=3))
def test_what_is_held_is_what_kubectl_would_have_read(flags: list[list[tuple[str, str]]]) -> None:
    with TemporaryDirectory() as folder:
        Path(folder, "empty").mkdir()
        Path(folder, "folder", "inner").mkdir(parents=True)
        for name, content in FILES.items():
            Path(folder, name).write_bytes(content)
        values = [
            local_files.join_values("from-file", [f"{key}{folder}/{name}" for key, name in flag]) for flag in flags
        ]
        line = grammar.parse_line(["create", "configmap", "new", *(f"--from-file={value}" for value in values)])
        before = read_by_kubectl(line)
        with pipe_files.held_pipes(line, bytes, files=True) as (held, _):
            for name in FILES:
                Path(folder, name).write_bytes(b"changed")
            assert read_by_kubectl(held) == before


def test_the_other_flags_are_held_too_and_the_input_is_not(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("was")
    words = [f"--{flag}={tmp_path}/file" for flag in local_files.FILE_FLAGS]
    with pipe_files.held_pipes(CommandLine((), flag_tokens(words)), bytes, files=True) as (line, contents):
        (tmp_path / "file").write_text("is")
        read = {
            flag: Path((value or "").rpartition("=")[2]).read_text()
            for token in line.tokens
            for flag, value in token.flags
        }
    assert read == {flag: "is" if flag in ("filename", "kustomize") else "was" for flag in local_files.FILE_FLAGS}
    assert contents == {f"{tmp_path}/file": b"was"}


def flag_tokens(words: list[str]) -> tuple[grammar.Token, ...]:
    pairs = [word[2:].partition("=") for word in words]
    return tuple(grammar.Token((word,), ((name, value),)) for word, (name, _, value) in zip(words, pairs))
