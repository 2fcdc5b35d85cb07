# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import hashlib
import os
import re
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import pytest
import yaml

from kubectl_mc.changes.change_input import ChangeInput, held_input, is_same_input, read_input, written_input
from kubectl_mc.command_line import grammar, invocation
from kubectl_mc.messages import UserError
from tests.environments import environment, memory_streams, request


def read(*argv: str, stdin: bytes = b"") -> ChangeInput:
    return read_input(environment(), invocation.parse_invocation(argv).kubectl, lambda: stdin)


def names(change_input: ChangeInput) -> list[str]:
    return [document["name"] for document in yaml.safe_load_all(change_input.content or b"")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """b.yaml, a.json (of two objects), c.txt, and inner/d.yml."""
    (tmp_path / "b.yaml").write_text("name: b1\n---\nname: b2")
    (tmp_path / "a.json").write_text('{"name": "a1"}\n{"name": "a2"}')
    (tmp_path / "c.txt").write_text("name: c")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "d.yml").write_text("name: d\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_lone_file_stays_to_the_byte(folder: Path) -> None:
    change_input = read("apply", "-f", "b.yaml", "-n", "shop")
    assert change_input.content == b"name: b1\n---\nname: b2"
    assert change_input.digest == f"sha256:{hashlib.sha256(change_input.content).hexdigest()}"
    assert change_input.sources == ("b.yaml",)
    assert grammar.typed_words(change_input.line) == ["apply", "-n", "shop", "--filename=-"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["-f", "."], ["a1", "a2", "b1", "b2"]),
        (["-f", ".", "-R"], ["a1", "a2", "b1", "b2", "d"]),
        (["-Rf", "."], ["a1", "a2", "b1", "b2", "d"]),
        (["-f", "b.yaml,inner"], ["b1", "b2", "d"]),
        (["-f", "b.yaml", "-f", "a.json", "-f", "b.yaml"], ["b1", "b2", "a1", "a2", "b1", "b2"]),
        (["-f", "*.yaml", "-f", "c.txt"], ["b1", "b2", "c"]),
        (["-f", "-", "-f", "inner/d.yml"], ["given", "d"]),
    ],
)
def test_files_are_one_stream_in_kubectl_s_order(folder: Path, flags: list[str], expected: list[str]) -> None:
    assert names(read("apply", *flags, stdin=b"name: given\n")) == expected


def test_a_link_to_a_file_is_followed_and_one_to_a_folder_is_not(folder: Path) -> None:
    (folder / "inner" / "e.yaml").symlink_to(folder / "b.yaml")
    (folder / "inner" / "up").symlink_to(folder)
    assert names(read("apply", "-R", "-f", "inner")) == ["d", "b1", "b2"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16-le", "utf-16-be"])
def test_marks_of_an_encoding_are_no_text(folder: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-8-sig" else "\ufeff"
    (folder / "m.yaml").write_bytes(f"{mark}name: é".encode(encoding))
    assert names(read("apply", "-f", "b.yaml", "-f", "m.yaml")) == ["b1", "b2", "é"]


SET = '{"metadata":{"annotations":{"kubectl-mc.k8s.io/cluster":"c1","a":"b"}}}'
NOT_SET = '{"metadata":{"annotations":{"a":"b"}}}'


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["patch", "cm", "x", "-p", SET], ["patch", "cm", "x", f"--patch={NOT_SET}"]),
        (["patch", "cm", "x", "--patch-file", "p"], ["patch", "cm", "x", f"--patch={NOT_SET}"]),
        (["patch", "cm", "x", "-p", SET, "--patch-file", "p"], None),
        (["run", "x", "--image=i", f"--overrides={SET}"], ["run", "x", "--image=i", f"--overrides={NOT_SET}"]),
        (["patch", "cm", "x", "-p", NOT_SET], None),
    ],
)
def test_no_patch_sets_our_annotation(folder: Path, argv: list[str], expected: list[str] | None) -> None:
    (folder / "p").write_text(SET)
    assert grammar.typed_words(read(*argv).line) == (argv if expected is None else expected)


@pytest.mark.parametrize("argv", [["delete", "cm", "x", "-f", "ed"], ["apply", "-f", "e*", "-f", "b.yaml"]])
def test_a_folder_without_manifests_is_an_error_as_it_is_for_kubectl(folder: Path, argv: list[str]) -> None:
    (folder / "ed" / "inner").mkdir(parents=True)
    (folder / "ed" / "inner" / "a.yaml").write_text("name: a")
    with pytest.raises(UserError, match=r"error reading \[ed\]: recognized file extensions are \[.json .yaml .yml\]"):
        read(*argv)
    assert names(read("apply", "-f", "b.yaml", "-f", "ed")) == ["b1", "b2"]
    assert names(read("apply", "-f", "ed", "-R")) == ["a"]


@pytest.mark.parametrize(
    "argv", [["delete", "cm", "a"], ["apply", "-f", "b.yaml", "-k", "."], ["apply", "-f", "-", "-f", "b.yaml,-"]]
)
def test_what_has_no_input_or_two_is_left_to_kubectl(folder: Path, argv: list[str]) -> None:
    assert read(*argv) == ChangeInput(invocation.parse_invocation(argv).kubectl)


def test_what_is_not_there_is_said(folder: Path) -> None:
    with pytest.raises(UserError, match=r'the path "nope.yaml" does not exist'):
        read("apply", "-f", "nope.yaml")
    os.symlink("nowhere", "dangling.yaml")
    with pytest.raises(UserError, match=r"dangling.yaml can't be read: No such file"):
        read("apply", "-f", "dangling.yaml")


class Server(BaseHTTPRequestHandler):
    """Counts what it is asked; /busy answers at the third time, /gone never, /elsewhere leads to /a."""

    asked: ClassVar[list[str]] = []
    logins: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.logins.append(self.headers["Authorization"])
        busy = self.path == "/busy" and self.asked.count("/busy") < 3
        status = {"/gone": 404, "/elsewhere": 302}.get(self.path.partition("?")[0], 200)
        self.send_response(503 if busy else status)
        if status == 302:
            self.send_header("Location", "/a")
        self.end_headers()
        self.wfile.write(b"name: url\n")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Server.asked.clear()
    Server.logins.clear()
    with socketserver.TCPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_url_is_fetched_once_and_again_where_the_server_is_busy(url: str) -> None:
    assert read("apply", "-f", f"{url}/a").content == b"name: url\n"
    assert Server.asked == ["/a"]
    assert read("apply", "-f", f"{url}/busy").content == b"name: url\n"
    assert Server.asked == ["/a", "/busy", "/busy", "/busy"]


def test_a_url_that_cant_be_fetched_is_said(url: str) -> None:
    with pytest.raises(UserError, match="the server answered 404"):
        read("apply", "-f", f"{url}/gone")
    assert Server.asked == ["/gone"]


def test_a_login_in_a_url_is_a_header_for_its_server_only(url: str) -> None:
    with_login = url.replace("://", "://joe:p%40ss@")
    assert read("apply", "-f", f"{with_login}/elsewhere").content == b"name: url\n"
    assert Server.logins == ["Basic am9lOnBAc3M=", None]
    for path in ("gone?token=p%40ss", "a b?token=p%40ss"):
        with pytest.raises(UserError) as raised:
            read("apply", "-f", f"{with_login}/{path}")
        assert "p%40ss" not in str(raised.value)
    with pytest.raises(UserError, match="it is not a URL"):
        read("apply", "-f", "http://joe:p%40ss@localhost:port/a")


def test_what_came_through_a_pipe_is_known_again_but_cant_be_found_out() -> None:
    change_input = ChangeInput(
        invocation.parse_invocation(["create", "cm", "a"]).kubectl, piped=(b"hunter2", b"\xff"), sources=("/dev/stdin",)
    )
    written = written_input(change_input)
    assert written == {"sources": ["/dev/stdin"], "proof": written["proof"]}
    assert written["proof"] != written_input(change_input)["proof"]
    assert is_same_input(change_input, written)
    for other in ((b"hunter3", b"\xff"), (b"hunter2",), ()):
        assert not is_same_input(change_input._replace(piped=other), written)
    assert not is_same_input(change_input, {"sources": ["/dev/stdin"]})


def test_a_file_is_known_again_by_its_digest(folder: Path) -> None:
    change_input = read("apply", "-f", "b.yaml")
    assert written_input(change_input) == {"sources": ["b.yaml"], "digest": change_input.digest}
    assert is_same_input(change_input, written_input(change_input))
    assert not is_same_input(read("apply", "-f", "c.txt"), written_input(change_input))
    assert written_input(read("delete", "cm", "a")) == {}
    assert is_same_input(read("delete", "cm", "a"), {})


# --- What each kubectl gets --------------------------------------------------------------------------------------


def given(command: str, stdin: bytes = b"", for_change: bool = False) -> tuple[str, str | None, ChangeInput]:
    """The words that kubectl gets, with what is in held files in <>; what is on its stdin, None for nothing; the input.

    command: a command line, in which PIPE is a pipe with "piped" in it
    """
    read_end, write_end = os.pipe()
    os.write(write_end, b"name: piped\n")
    os.close(write_end)
    typed = request(command.replace("PIPE", f"/dev/fd/{read_end}"))
    typed = typed._replace(environment=typed.environment._replace(streams=memory_streams(stdin)))
    try:
        with held_input(typed, for_change=for_change) as (held, change_input):
            words = " ".join(grammar.canonical_words(held.line))
            words = re.sub(rf"/proc/{os.getpid()}/fd/\d+", lambda match: f"<{Path(match[0]).read_text()}>", words)
            return words.replace("\n", ""), held.stdin and Path(held.stdin).read_text(), change_input
    finally:
        os.close(read_end)


@pytest.mark.parametrize(
    ("command", "words", "stdin"),
    [
        ("get -f PIPE", "get --filename=<name: piped>", None),
        ("get -f -", "get --filename=-", "typed"),
        ("get -w -f b.yaml", "get --watch=true --filename=<name: b1---name: b2>", None),
        ("get -f b.yaml -f -", "get --filename=<name: b1---name: b2> --filename=-", "typed"),
        ("apply -f c.txt --dry-run=client", "apply --filename=- --dry-run=client", "name: c"),
        ("wait --for=create -f PIPE", "wait --for=create --filename=<name: piped>", None),
        ("get pods -o jsonpath-file=PIPE", "get --output=jsonpath-file=<name: piped> pods", None),
        ("get pods -o jsonpath-file=c.txt", "get --output=jsonpath-file=c.txt pods", None),
        (
            "create cm x --from-file=inner --dry-run=client",
            "create configmap --from-file=inner --dry-run=client x",
            None,
        ),
        ("create --dry-run=client -f PIPE", "create --filename=- --dry-run=client", "name: piped\n"),
        ("create --raw=/x -f PIPE", "create --filename=- --raw=/x", "name: piped\n"),
        ("set env deploy/x -e -", "set env --env=- deploy/x", "typed"),
        ("set env deploy/x -- -", "set env deploy/x -- -", "typed"),
        ("set env -e - -f b.yaml", "set env --env=- --filename=<---name: b1> --filename=<---name: b2>", "typed"),
        ("set env deploy/x A=1 B-", "set env deploy/x A=1 B-", None),
        ("exec -f PIPE -- id", "exec --filename=<name: piped> -- id", None),
        ("debug -f PIPE --custom=c.txt", "debug --custom=c.txt --filename=<name: piped>", None),
        ("exec -it -f PIPE -- sh", "exec --stdin=true --tty=true --filename=<name: piped> -- sh", None),
        ("edit -f PIPE", "edit --filename=<name: piped>", None),
        ("edit -f -,c.txt", "edit --filename=<typed>,c.txt", None),
        ("create --edit -f -", "create --filename=<typed> --edit=true", None),
        ("plug -f PIPE", None, None),
    ],
)
def test_each_kubectl_gets_what_was_read(folder: Path, command: str, words: str | None, stdin: str | None) -> None:
    got, on_stdin, _ = given(command, stdin=b"typed")
    assert on_stdin == stdin
    assert got == words if words else "/dev/fd/" in got


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("create cm x --from-file=inner", "create configmap --from-file=d.yml=<name: d> x"),
        ("create cm x --from-env-file=c.txt", "create configmap --from-env-file=<name: c> x"),
        ("create secret tls x --cert=c.txt --key=PIPE", "create secret tls --cert=<name: c> --key=<name: piped> x"),
        ("apply -f c.txt -o jsonpath-file=c.txt", "apply --filename=- --output=jsonpath-file=<name: c>"),
        ("create cm x --from-file=nope", "create configmap --from-file=nope x"),
        ("edit -f c.txt -o jsonpath-file=c.txt", "edit --filename=c.txt --output=jsonpath-file=c.txt"),
    ],
)
def test_for_a_change_files_are_held_too(folder: Path, command: str, words: str) -> None:
    assert given(command, for_change=True)[0] == words


def test_the_input_of_a_change_says_what_was_read(folder: Path) -> None:
    _, _, piped = given("create secret tls x --cert=c.txt --key=PIPE", for_change=True)
    assert (len(piped.sources), piped.piped, [file.path for file in piped.files]) == (1, (b"name: piped\n",), ["c.txt"])
    _, _, typed = given("set env deploy/x -e -", stdin=b"A=1", for_change=True)
    assert (typed.sources, typed.piped, typed.files) == (("-",), (b"A=1",), ())
    _, _, edited = given("edit -f c.txt,-", stdin=b"name: x", for_change=True)
    assert (edited.sources, edited.piped, [file.path for file in edited.files]) == (("-",), (b"name: x",), ["c.txt"])


@pytest.mark.parametrize("source", ["PIPE", "fifo"])
def test_cp_cant_copy_a_pipe(folder: Path, source: str) -> None:
    os.mkfifo("fifo")
    with pytest.raises(UserError, match="can't be copied: kubectl cp copies files and folders"):
        given(f"cp {source} web-1:/x")


def test_an_object_that_is_edited_at_its_creation_loses_our_annotation() -> None:
    typed = b"metadata:\n  name: x\n  annotations:\n    kubectl-mc.k8s.io/cluster: c1\n    a: b\n"
    words, _, _ = given("create --edit -f -", stdin=typed)
    assert words == "create --filename=<metadata:  name: x  annotations:    a: b> --edit=true"
