# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What the kubectls of followed logs print."""

from __future__ import annotations

import pytest

from kubectl_mc.messages import Cause
from kubectl_mc.processes.event_loop import Chunk, Exit
from kubectl_mc.reads.log_kubectls import Messages, Reader, WatchReader

LOG = 'I1126 09:23:37.066844 6101 round_trippers.go:632] "Response" verb="GET" url="https://h/pods?%s" status="200 OK"'
SERVER_LOG = "I1126 11:00:30.720199   32242 helpers.go:247] server response object: "
OLD_LOG = "I1126 09:23:37.066844 6101 round_trippers.go:553] GET https://h/pods?%s 200 OK in 1 milliseconds"


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (["To sign in, enter the code ABC"], ["To sign in, enter the code ABC"]),
        (["Warning: v1 Endpoints is deprecated"], ["Warning: v1 Endpoints is deprecated"]),
        ([LOG % "watch=true", "", "\tmore of it"], []),
        ([LOG % "watch=true", "and then?"], []),
        (["unexpected EOF"], []),
        ([f"{SERVER_LOG}{{", '  "kind": "Status",', "}", "error: You must be logged in to the server"], []),
        (["Error from server (Forbidden): pods is forbidden", "and why"], []),
        (["error: something new", "and why"], []),
        (
            [
                "I1126 11:07:36.130415    3112 helpers.go:247] server response object: {",
                '  "code": 401',
                "}",
                "error: You must be logged in to the server",
            ],
            [],
        ),
    ],
)
def test_what_a_user_has_to_read_at_once(lines: list[str], read: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines).encode()
    for size in (1, 10, len(text)):
        heard, logged = Messages(with_log=False), Messages(with_log=True)
        chunks = [text[start : start + size] for start in range(0, len(text), size)]
        events = [Chunk(0, "c1", "stderr", chunk) for chunk in chunks]
        assert [line for event in events for line in heard.feed(event)] == read
        assert [line for event in events for line in logged.feed(event)] == lines


@pytest.mark.parametrize(
    ("log", "has_begun"),
    [
        (LOG % "limit=500", False),
        (LOG % "resourceVersion=7&watch=true", True),
        (OLD_LOG % "watch=true", True),
        ((LOG % "watch=true").replace("200 OK", "403 Forbidden"), False),
    ],
)
def test_that_a_watch_has_begun(log: str, has_begun: bool) -> None:
    begun: list[bool] = []
    reader = WatchReader(lambda event: None, lambda: begun.append(True), lambda cause, stderr: None)
    for start in range(0, len(log), 20):
        reader.take(Chunk(0, "c1", "stderr", log[start : start + 20].encode()))
    assert bool(begun) == has_begun


def test_the_end_of_a_kubectl() -> None:
    ends: list[tuple[Cause | None, bytes, bytes]] = []
    for status in (0, 1):
        reader = Reader(lambda *end: ends.append(end))
        reader.take(Chunk(0, "c1", "stdout", b"{"))
        reader.take(Chunk(0, "c1", "stderr", b"error: unexpected EOF\n"))
        reader.take(Chunk(0, "c1", "stdout", b"}"))
        reader.take(Exit(0, "c1", status))
    assert [(cause and cause.kind, stdout) for cause, stdout, _ in ends] == [(None, b"{}"), ("lost", b"{}")]
