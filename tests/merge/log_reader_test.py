# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.command_line import grammar, invocation
from kubectl_mc.merge.log_lines import LogSource
from kubectl_mc.merge.log_reader import LogForm, LogReader, log_command, log_form

SOURCE = LogSource("c1", "shop", "", "")
A, B = SOURCE._replace(pod="a", container="x"), SOURCE._replace(pod="b", container="y")
TIME = "2026-01-01T00:00:00.5Z"

Lines = list[tuple[LogSource, str, bytes]]


def read(form: LogForm, chunks: list[bytes]) -> Lines:
    """Each line with its source and its time, "" without one."""
    reader = LogReader(SOURCE, form)
    runs = [run for chunk in [*chunks, None] for run in reader.feed(chunk)]
    lines: Lines = []
    for run in runs:
        assert not run.times or len(run.times) == len(run.texts)
        lines += [(run.source, time, text) for time, text in zip(run.times or [""] * len(run.texts), run.texts)]
    return lines


@pytest.mark.parametrize(
    ("form", "text", "lines"),
    [
        (LogForm(), "", []),
        (LogForm(), "[pod/a/x] one\n\n", [(SOURCE, "", b"[pod/a/x] one"), (SOURCE, "", b"")]),
        (LogForm(True), "[pod/a/x] one\n[pod/a/x] \n", [(A, "", b"one"), (A, "", b"")]),
        (LogForm(True), "[pod/a/x] one\n[pod/b/y] [pod/a/x] two", [(A, "", b"one"), (B, "", b"[pod/a/x] two")]),
        (LogForm(True), "[pod/a/x] one\r\n", [(A, "", b"one\r")]),
        # What kubectl writes without a prefix is of the line above.
        (LogForm(True), "one\n[pod/b/y] two\nthree\n", [(SOURCE, "", b"one"), (B, "", b"two"), (B, "", b"three")]),
        (LogForm(times=True), f"{TIME} one\n{TIME} \n", [(SOURCE, TIME, b"one"), (SOURCE, TIME, b"")]),
        (LogForm(times=True), f"1\n{TIME} 2\n3", [(SOURCE, "", b"1"), (SOURCE, TIME, b"2"), (SOURCE, TIME, b"3")]),
        (LogForm(times=True), f"{TIME}\n", [(SOURCE, TIME, b"")]),
        (LogForm(True, True), f"[pod/a/x] {TIME} {TIME} one\n", [(A, TIME, f"{TIME} one".encode())]),
        (LogForm(True, True), "[pod/a/x] 2026-01-01T02:00:00+02:00 one\n", [(A, "2026-01-01T02:00:00+02:00", b"one")]),
    ],
)  # fmt: skip
def test_lines_are_read_with_their_source_and_time(form: LogForm, text: str, lines: Lines) -> None:
    assert read(form, [text.encode()] if text else []) == lines


PREFIXES = {A: b"[pod/a/x] ", B: b"[pod/b/y] "}
MESSAGES = st.one_of(
    st.binary(max_size=4).map(lambda text: text.replace(b"\n", b"")), st.sampled_from([b"", b"[pod/a/x] ", b"\xff\r"])
)


@given(
    st.lists(st.tuples(st.sampled_from([A, B]), st.sampled_from([TIME, "2026-01-01T00:00:01Z"]), MESSAGES), max_size=8),
    st.booleans(),
    st.booleans(),
    st.lists(st.integers(0, 300), max_size=6),
    st.booleans(),
)
def test_lines_are_the_same_wherever_chunks_end(
    lines: Lines, prefix: bool, times: bool, cuts: list[int], is_whole: bool
) -> None:
    text = b"".join(
        PREFIXES[source] * prefix + f"{time} ".encode() * times + message + b"\n" for source, time, message in lines
    )
    if not is_whole and (prefix or times):  # the last line has no end
        text = text.removesuffix(b"\n")
    ends = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    chunks = [text[start:end] for start, end in pairwise(ends)]
    expected = [(source if prefix else SOURCE, time if times else "", message) for source, time, message in lines]
    assert read(LogForm(prefix, times), chunks) == expected


def test_the_parts_of_a_very_long_line_are_of_its_source() -> None:
    part = b"x" * (1 << 20)
    lines = read(
        LogForm(True, True), [f"[pod/a/x] {TIME} ".encode(), part, part, b"\n[pod/b/y] ", f"{TIME} y".encode()]
    )
    assert {line[:2] for line in lines} == {(A, TIME), (B, TIME)}
    assert b"".join(text for source, _, text in lines if source == A) == part + part


@pytest.mark.parametrize("form", [LogForm(True), LogForm(times=True), LogForm(True, True)])
def test_a_part_of_a_line_is_not_taken_for_a_line_of_another_pod_or_time(form: LogForm) -> None:
    """A container may write anything into a line, and choose its length."""
    head = b"[pod/a/x] " * form.prefix + f"{TIME} ".encode() * form.times
    forged = b"[pod/b/y] " * form.prefix + b"2030-01-01T00:00:00.5Z " * form.times + b"z"
    last = head + b"last\n"
    lines = read(form, [head, b"x" * (1 << 20), forged + b"y" * (1 << 20), forged, b"\n" + last + last])
    shown = {(source.pod, time) for source, time, _ in lines}
    assert shown == {("a" if form.prefix else "", TIME if form.times else "")}
    assert [text for _, _, text in lines][1:] == [forged + b"y" * (1 << 20), forged, b"last", b"last"]


@pytest.mark.parametrize(
    ("text", "label", "asked"),
    [
        ("logs x", "cluster", "logs x"),
        ("logs x --prefix --timestamps", "cluster", "logs x --timestamps --prefix=true"),
        ("logs -l a=b", "cluster pod", "logs -l a=b --prefix=true"),
        ("logs x --all-containers", "cluster container", "logs x --all-containers --prefix=true"),
        ("logs x --prefix=false --all-containers", "cluster container", "logs x --all-containers --prefix=true"),
        ("logs x --by-time", "cluster", "logs x --timestamps=true"),
        ("logs x -o json", "cluster", "logs x --prefix=true --timestamps=true"),
        ("logs x -oraw --include=a", "cluster", "logs x"),
        ("logs x --include=a --timestamps", "cluster", "logs x --timestamps=true"),
        ("logs x --pod-regex=a", "cluster pod", "logs x --prefix=true"),
        ("logs x --container-regex=a", "cluster container", "logs x --prefix=true --all-containers=true"),
        ("logs x --exclude-container-regex=a -c b", "cluster container", "logs x -c b --prefix=true"),
        ("logs x b --container-regex=a", "cluster container", "logs x b --prefix=true"),
    ],
)
def test_each_kubectl_is_asked_for_what_is_read(text: str, label: str, asked: str) -> None:
    parsed = invocation.parse_invocation(text.split())
    form = log_form(parsed.kubectl, parsed.options, label.split())
    assert " ".join(grammar.typed_words(log_command(parsed.kubectl, parsed.options, form))) == asked
