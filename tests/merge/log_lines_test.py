# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.merge.highlights import highlighted
from kubectl_mc.merge.log_lines import LogLine, LogRenderer, LogSource, LogStyle, is_wanted

A = LogSource("c1", "shop", "a", "app")
B = LogSource("prod-eu", "shop", "b-longer", "sidecar")
TIME = "2026-01-01T00:00:00.5Z"


def patterns(*texts: str) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, texts))


def shown(style: LogStyle, *texts: bytes, source: LogSource = A) -> bytes:
    return LogRenderer(style).feed([LogLine(source, TIME, text) for text in texts])


def test_lines_of_different_sources() -> None:
    renderer = LogRenderer(LogStyle(label=("cluster", "pod")))
    lines = [LogLine(A, TIME, b"one"), LogLine(A, TIME, b""), LogLine(B, TIME, b"two\r"), LogLine(A, TIME, b"\xff")]
    assert renderer.feed(lines) == b"[c1 a] one\n[c1 a] \n[prod-eu b-longer] two\r\n[c1 a] \xff\n"


@pytest.mark.parametrize(
    ("style", "line"),
    [
        (LogStyle(), "[c1] text"),
        (LogStyle(label=("cluster", "namespace")), "[c1 shop] text"),
        (LogStyle(label=("cluster", "pod", "container")), "[c1 a app] text"),
        (LogStyle(label=("cluster", "namespace", "pod", "container")), "[c1 shop/a app] text"),
        (LogStyle(label=("cluster", "container")), "[c1 app] text"),
        (LogStyle(prefix=True), "[c1] [pod/a/app] text"),
        (LogStyle(timestamps=True), f"[c1] {TIME} text"),
        (LogStyle(prefix=True, timestamps=True), f"[c1] [pod/a/app] {TIME} text"),
        (LogStyle("raw"), "text"),
        (LogStyle("raw", timestamps=True, prefix=True), f"[pod/a/app] {TIME} text"),
    ],
)
def test_what_stands_ahead_of_a_line(style: LogStyle, line: str) -> None:
    assert shown(style, b"text").decode() == f"{line}\n"


def test_what_is_of_no_pod_has_no_prefix() -> None:
    assert shown(LogStyle(prefix=True), b"text", source=A._replace(pod="", container="")) == b"[c1] text\n"


def test_a_name_can_not_move_the_cursor() -> None:
    assert shown(LogStyle(label=("cluster", "pod")), b"", source=A._replace(pod="\x1b[2J")) == b"[c1 \\x1b[2J] \n"


def test_labels_are_aligned_where_there_is_room() -> None:
    renderer = LogRenderer(LogStyle(label=("cluster", "pod"), room=20))
    lines = [LogLine(A, TIME, b"1"), LogLine(B, TIME, b"2"), LogLine(A, TIME, b"3")]
    assert renderer.feed(lines) == b"[c1 a] 1\n[prod-eu b-longer] 2\n[c1 a]             3\n"
    renderer.add_source(A._replace(pod="a-pod-that-is-wider-than-the-room"))
    assert renderer.feed(lines[2:]) == b"[c1 a]             3\n"


def test_each_cluster_and_each_pod_has_its_colour() -> None:
    style = LogStyle(label=("cluster", "namespace", "pod", "container"), is_coloured=True)
    found = re.findall(r"\x1b\[(\d+)m(\S+)\x1b\[0m", shown(style, b"x").decode())
    assert [part for _, part in found] == ["c1", "shop/a", "app"]
    assert found[1][0] == found[2][0]


# --- Filters ------------------------------------------------------------------------------------------------

LINES = (b"an error", b"a warning", b"\x1b[31mred error\x1b[0m", b"\xff", "ünï".encode(), b"end\r")


@pytest.mark.parametrize(
    ("include", "drop", "kept"),
    [
        ((), (), LINES),
        (("err",), (), (LINES[0], LINES[2])),
        (("err", "warn"), (), LINES[:3]),
        ((), ("err", "warn"), LINES[3:]),
        (("err",), ("^an",), (LINES[2],)),
        (("^red",), (), (LINES[2],)),  # what is read: colours don't count
        (("d$",), (), (LINES[5],)),
        ((r"^\w{3}$", "\udcff"), (), LINES[3:]),
        (("(?i)ERR",), (), (LINES[0], LINES[2])),
        (("nothing",), (), ()),
    ],
)
def test_lines_are_chosen(include: tuple[str, ...], drop: tuple[str, ...], kept: tuple[bytes, ...]) -> None:
    style = LogStyle("raw", include=patterns(*include), drop=patterns(*drop))
    assert shown(style, *LINES) == b"".join(line + b"\n" for line in kept)


def test_the_time_of_a_line_that_is_shown_is_its_own() -> None:
    lines = [LogLine(A, f"2026-01-01T00:00:0{second}Z", text) for second, text in enumerate([b"a", b"b", b"a"])]
    style = LogStyle("raw", timestamps=True, include=patterns("a"))
    assert LogRenderer(style).feed(lines) == b"2026-01-01T00:00:00Z a\n2026-01-01T00:00:02Z a\n"


@pytest.mark.parametrize(
    ("style", "wanted"),
    [
        (LogStyle(), True),
        (LogStyle(pods=patterns("b")), True),
        (LogStyle(pods=patterns("x", "web")), True),
        (LogStyle(pods=patterns("^eb")), False),
        (LogStyle(excluded_pods=patterns("x", "^w")), False),
        (LogStyle(containers=patterns("app")), True),
        (LogStyle(containers=patterns("side")), False),
        (LogStyle(excluded_containers=patterns("a")), False),
        (LogStyle(pods=patterns("web"), excluded_containers=patterns("a")), False),
    ],
)
def test_containers_are_chosen(style: LogStyle, wanted: bool) -> None:
    assert is_wanted("web", "app", style) == wanted
    assert is_wanted("web", "", style) == is_wanted("web", "", style._replace(containers=(), excluded_containers=()))


# --- JSON ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "value"),
    [
        (b"plain", "plain", "plain"),
        (b'"quoted" \\ \t\x1b', '"quoted" \\ \t\x1b', '"quoted" \\ \t\x1b'),
        (b"\xff\xe4", "\ufffd\ufffd", "\ufffd\ufffd"),
        (b"", "", ""),
        (b'{"a": [1.50, null]}\r', '{"a": [1.50, null]}\r', {"a": [1.5, None]}),
        (b'"text"', '"text"', "text"),
        (b"12", "12", 12),
        (b"{'a': 1}", "{'a': 1}", "{'a': 1}"),
        (b"NaN", "NaN", "NaN"),
        (b'{"a": 1} {"b": 2}', '{"a": 1} {"b": 2}', '{"a": 1} {"b": 2}'),
        (b'"\xff"', '"\ufffd"', "\ufffd"),
        (b"[" * 100_000, "[" * 100_000, "[" * 100_000),
    ],
)
def test_each_line_is_an_object(text: bytes, message: str, value: object) -> None:
    for output, expected in (("json", message), ("extjson", value)):
        (line,) = shown(LogStyle(output, highlight=patterns("a")), text).splitlines()
        assert json.loads(line) == {**A._asdict(), "time": TIME, "message": expected}
        assert list(json.loads(line)) == ["cluster", "namespace", "pod", "container", "time", "message"]


def test_a_value_stays_as_it_was_written() -> None:
    number = b"1" * 10_000
    assert shown(LogStyle("extjson"), b'{"a":1.50, "a":' + number + b"}").endswith(
        b'{"a":1.50, "a":' + number + b"}}\n"
    )


@given(st.lists(st.binary(max_size=6).map(lambda text: text.replace(b"\n", b"")), min_size=1, max_size=5))
def test_every_message_is_valid_json_on_one_line(texts: list[bytes]) -> None:
    for output in ("json", "extjson"):
        lines = shown(LogStyle(output), *texts).split(b"\n")[:-1]
        assert len([json.loads(line) for line in lines]) == len(texts)


# --- Highlights ---------------------------------------------------------------------------------------------

ON, OFF = "\x1b[1;31m", "\x1b[0m"


@pytest.mark.parametrize(
    ("regexes", "text", "expected"),
    [
        (("o",), "foo bar", f"f{ON}oo{OFF} bar"),
        (("foo", "oo b"), "foo bar", f"{ON}foo b{OFF}ar"),
        (("x",), "foo\r", "foo\r"),
        (("x*",), "foo", "foo"),
        (("o$",), "foo\r", f"fo{ON}o{OFF}\r"),
        (("a",), "\x1b[32mbar\x1b[0m a", f"\x1b[32mb{ON}a{OFF}\x1b[32mr\x1b[0m {ON}a{OFF}"),
        (("32",), "\x1b[32mbar", "\x1b[32mbar"),
        (("^b",), "\x1b[1m\x1b[32mbar", f"\x1b[1m\x1b[32m{ON}b{OFF}\x1b[1m\x1b[32mar"),
        (("ar",), "b\x1b[32ma\x1b[mr", f"b\x1b[32m{ON}a{OFF}\x1b[32m\x1b[m{ON}r{OFF}"),
        (("é",), "é\udcff", f"{ON}é{OFF}\udcff"),
    ],
)
def test_what_matches_is_highlighted(regexes: tuple[str, ...], text: str, expected: str) -> None:
    line = text.encode("utf-8", "surrogateescape")
    assert highlighted(line, patterns(*regexes)).decode("utf-8", "surrogateescape") == expected


@given(st.text("ab\x1b[0;1m32\r", max_size=12), st.sampled_from(["a", "b+", "0", "[", "m$", ".", "^.", "a|"]))
def test_a_highlight_changes_no_letter(text: str, regex: str) -> None:
    shown = highlighted(text.encode(), patterns(re.escape(regex) if regex == "[" else regex)).decode()
    plain = re.compile(r"\x1b\[[\d;]*m")
    assert plain.sub("", shown) == plain.sub("", text) or "\x1b" in plain.sub("", text)
