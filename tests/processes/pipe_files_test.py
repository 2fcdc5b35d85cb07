# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import csv
import os
import re
import shlex
import tempfile
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import grammar, local_files
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.local_files import FileValue
from kubectl_mc.messages import UserError
from kubectl_mc.processes import pipe_files
from tests.environments import environment


def pipe_of(content: bytes) -> int:
    """The reading end of a pipe that holds this content, and whose writing end is closed."""
    read, write = os.pipe()
    os.write(write, content)
    os.close(write)
    return read


def link(folder: Path, target: str) -> str:
    path = folder / "link"
    path.symlink_to(target)
    return str(path)


def fifo(folder: Path, content: bytes) -> str:
    path = folder / "fifo"
    os.mkfifo(path)
    threading.Thread(target=path.write_bytes, args=[content], daemon=True).start()
    return str(path)


# How a pipe may be named: a descriptor of ours and a folder -> the path.
SPELLINGS: dict[str, Callable[[int, Path], str]] = {
    "/dev/fd/N": lambda number, folder: f"/dev/fd/{number}",
    "/proc/self/fd/N": lambda number, folder: f"/proc/self/fd/{number}",
    "/proc/PID/fd/N": lambda number, folder: f"/proc/{os.getpid()}/fd/{number}",
    "a link": lambda number, folder: link(folder, f"/dev/fd/{number}"),
    "a link to a link": lambda number, folder: link(folder, link(folder / "..", f"/dev/fd/{number}")),
    "a FIFO": lambda number, folder: fifo(folder, os.read(number, 100)),
    "a link to a FIFO": lambda number, folder: link(folder, fifo(folder, os.read(number, 100))),
}

# Words of a command line with a file PIPE -> the flag of it that kubectl gets, with a file that is HELD.
FLAGS = {
    "create cm a --from-file=PIPE": "--from-file=NAME=HELD",
    "create cm a --from-file=a=./x,password=PIPE": "--from-file=a=./x,password=HELD",
    "create secret generic a --from-file password=PIPE": "--from-file=password=HELD",
    "create cm a --from-env-file=PIPE": "--from-env-file=HELD",
    "create secret tls a --cert=PIPE --key=k": "--cert=HELD",
    "create secret tls a --cert=c --key PIPE": "--key=HELD",
    "patch cm a --patch-file=PIPE": "--patch-file=HELD",
    "debug web-1 --custom=PIPE": "--custom=HELD",
    "get pods -o custom-columns-file=PIPE": "--output=custom-columns-file=HELD",
    "get pods -wogo-template-file=PIPE": "--output=go-template-file=HELD",
    "apply -f x -o jsonpath-file=PIPE": "--output=jsonpath-file=HELD",
    "wait --for=delete pod/x -o templatefile --template=PIPE": "--template=HELD",
    "edit -f PIPE": "--filename=HELD",
    "create --edit -Rf PIPE": "--filename=HELD",
    "get pods --kubeconfig=PIPE": "--kubeconfig=HELD",
    "get pods --client-certificate PIPE --client-key=k": "--client-certificate=HELD",
    "get pods --client-key=PIPE": "--client-key=HELD",
    "get pods --certificate-authority=PIPE": "--certificate-authority=HELD",
}


def test_every_flag_that_names_files_is_tried() -> None:
    tried = {flag.split("=")[0] for flag in FLAGS.values()}
    assert tried == {f"--{name}" for name in (*local_files.INPUT_FLAGS, *local_files.ACCESS_FLAGS)} - {"--kustomize"}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("command", FLAGS)
def test_what_is_piped_is_a_file_that_can_be_read_again(tmp_path: Path, command: str, spelling: str) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    number = pipe_of(b"piped")
    try:
        path = SPELLINGS[spelling](number, folder)
        line = grammar.parse_line(shlex.split(command.replace("PIPE", path)))
        flags = {*local_files.INPUT_FLAGS, *local_files.ACCESS_FLAGS}
        with pipe_files.held_files(line, flags, pipe_files.read_pipe) as (held, files):
            words = grammar.canonical_words(held)
            pattern = re.escape(FLAGS[command].replace("NAME", os.path.basename(path))).replace("HELD", "(/.*)")
            (match,) = filter(None, (re.fullmatch(pattern, word) for word in words))
            assert [Path(match[1]).read_bytes() for _ in range(2)] == [b"piped", b"piped"]
            assert files == [(path, b"piped", True, match[1])]
            assert grammar.typed_words(held) == grammar.typed_words(line)
    finally:
        os.close(number)


def test_what_is_read_again_is_empty_as_for_kubectl() -> None:
    number = pipe_of(b"piped")
    try:
        path = f"/dev/fd/{number}"
        line = grammar.parse_line(["create", "cm", "a", f"--from-file=a={path}", f"--from-file=b={path}"])
        with pipe_files.held_files(line, local_files.INPUT_FLAGS, pipe_files.read_pipe) as (_, files):
            assert [file.content for file in files] == [b"piped", b""]
    finally:
        os.close(number)


def test_a_pipe_that_is_not_there_is_an_error() -> None:
    line = grammar.parse_line(["create", "cm", "a", "--from-file=a=/dev/fd/987"])
    held = pipe_files.held_files(line, local_files.INPUT_FLAGS, pipe_files.read_pipe)
    with pytest.raises(UserError, match="/dev/fd/987 can't be read: No such file"), held:
        pass


@pytest.mark.parametrize(
    ("command", "readers"),
    [
        ("create secret tls a --cert=PIPE --key=PIPE", "--cert and --key read it"),
        ("patch -f PIPE --patch-file LINK", "--filename and --patch-file read it"),
        ("get -f PIPE -o go-template-file=PIPE", "--filename and --output read it"),
        ("create cm a --from-file=a=PIPE --from-file=b=PIPE", "--from-file reads it twice"),
        ("apply -f PIPE -f PIPE", "--filename reads it twice"),
        ("apply -f - -f -", ""),
        ("create secret tls a --cert=PIPE --key=FILE", ""),
        ("create secret tls a --cert=FILE --key=FILE", ""),
        ("create secret tls a --cert=/dev/null --key=/dev/null", ""),
        ("patch -f nope --patch-file=nope", ""),
    ],
)
def test_a_pipe_that_two_flags_name_is_an_error(tmp_path: Path, command: str, readers: str) -> None:
    (tmp_path / "file").touch()
    number = pipe_of(b"piped")
    try:
        pipe = f"/dev/fd/{number}"
        replaced = (
            command.replace("PIPE", pipe).replace("LINK", link(tmp_path, pipe)).replace("FILE", f"{tmp_path}/file")
        )
        line = grammar.parse_line(replaced.split())
        with pytest.raises(UserError, match=f"only once, but {readers}") if readers else nullcontext():
            pipe_files.check_pipes(line, reads_stdin=False)
    finally:
        os.close(number)


@pytest.mark.parametrize("path", ["./x", "/dev/null", "/etc", "/etc/hostname", "/nope", "nope\0", "-", "/dev/fd/x", ""])
def test_any_other_file_is_kubectls_to_read(path: str) -> None:
    assert not pipe_files.is_pipe(path)


def test_the_kubeconfigs_of_a_command_are_held(tmp_path: Path) -> None:
    numbers = [pipe_of(b"one"), pipe_of(b"two")]
    user = environment({"KUBECONFIG": f"/some/file:/dev/fd/{numbers[0]}"})
    line = grammar.parse_line(["get", "pods", f"--kubeconfig=/dev/fd/{numbers[1]}"])
    try:
        with pipe_files.held_access(line, user) as (held, with_files):
            first, second = with_files.variables["KUBECONFIG"].split(":")
            assert (first, Path(second).read_bytes()) == ("/some/file", b"one")
            assert with_files.kubeconfig_flag == grammar.value(held, "kubeconfig")
            assert Path(with_files.kubeconfig_flag or "").read_bytes() == b"two"
    finally:
        for number in numbers:
            os.close(number)


@pytest.mark.parametrize("flag", ["", "kubeconfig", "client-key"])
def test_a_login_in_a_pipe_is_not_written_to_a_disk(monkeypatch: pytest.MonkeyPatch, flag: str) -> None:
    """Where nothing can be held in memory (macOS). A file is kubectl's to read."""
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(tempfile, "mkstemp", None)
    number = pipe_of(b"secret")
    try:
        for path in (f"/dev/fd/{number}", "/some/file"):
            user = environment({} if flag else {"KUBECONFIG": f"/other:{path}"})
            line = grammar.parse_line(["get", "pods", *([f"--{flag}={path}"] if flag else [])])
            refusal = pytest.raises(UserError, match=f"{path}, which can be read only once. This system has")
            with nullcontext() if path == "/some/file" else refusal, pipe_files.held_access(line, user) as (held, _):
                assert held == line
    finally:
        os.close(number)


def test_without_pipes_the_environment_stays_as_it_is() -> None:
    user = environment({"KUBECONFIG": "/a::/b"})
    line = grammar.parse_line(["get", "pods", "--kubeconfig=x"])
    with pipe_files.held_access(line, user) as (held, with_files):
        assert (held, with_files) == (line, user._replace(kubeconfig_flag="x"))


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
            local_files.join_value(
                "from-file", [FileValue("from-file", key.rstrip("="), f"{folder}/{name}") for key, name in flag]
            )
            for flag in flags
        ]
        line = grammar.parse_line(["create", "configmap", "new", *(f"--from-file={value}" for value in values)])
        before = read_by_kubectl(line)
        with pipe_files.held_files(line, local_files.INPUT_FLAGS, read_regular) as (held, _):
            for name in FILES:
                Path(folder, name).write_bytes(b"changed")
            assert read_by_kubectl(held) == before


def read_regular(value: FileValue) -> bytes | None:
    return pipe_files.read_file(value.path) if os.path.isfile(value.path) else None
