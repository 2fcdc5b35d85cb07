# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubectl_mc.merge.log_lines import LogLine, LogSource
from kubectl_mc.merge.log_times import TIME, TimeWindow, divided_by_times, time_key

A, B = LogSource("c1", "shop", "a", "app"), LogSource("c2", "shop", "b", "app")


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("", "0001-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000001Z"),
        ("2026-01-01T00:00:00.09Z", "2026-01-01T00:00:00.1Z"),
        ("2026-01-01T00:00:00.999999999Z", "2026-01-01T00:00:01Z"),
        ("2026-01-02T01:30:00.5+02:00", "2026-01-01T23:30:00.75Z"),  # a node with a time zone of its own
        ("2026-01-01T23:30:00.75Z", "2026-01-01T20:00:01.000000001-03:30"),
        ("not a time", "2026-01-01T00:00:00Z"),
        ("2026-99-99T00:00:00Z", "2026-99-99T00:00:00.1+01:00"),
    ],
)
def test_the_order_of_times(earlier: str, later: str) -> None:
    assert time_key(earlier) < time_key(later)


TIMES = st.from_regex(TIME, fullmatch=True, alphabet=st.sampled_from("0123456789-:.TZ+ "))
NEAR_TIMES = ["2026-01-01T00:00:00.123456789+02:00", "2026-01-01T00:00:00.12345678Z", "2026-01-01T00:00:00Z", ""]
TEXTS = st.binary(max_size=3).map(lambda text: text.replace(b"\n", b""))
TIMED = st.builds(
    lambda time, space, text: time + space + text,
    st.one_of(st.sampled_from(NEAR_TIMES), TIMES).map(str.encode),
    st.sampled_from([b" ", b" ", b"", b"\xc2\xa0"]),
    TEXTS,
)


@given(st.integers(1, 3), TIMED)
@example(1, b"2026-01-01T00:00:00.123456789Zx")
@example(1, b"2026-01-01T00:00:00.123456789Z")
@example(1, b"2026-01-01 00:00:00.123456789Z ")
@example(1, b"2026-01-01T00:00:00.12345678Z9 ")
@example(3, b"2026-01-01T00:00:09.987654321Z a")
def test_each_line_is_divided_as_if_it_were_alone(count: int, other: bytes) -> None:
    """A number of lines as most are, and another one behind them."""
    lines = [*[b"2026-01-01T00:00:00.123456789Z b"] * count, other]
    matches = [re.match(rb"(%b)(?: |\Z)" % TIME.encode(), line) for line in lines]
    times, texts = divided_by_times(lines)
    assert times == [match[1] if match else b"" for match in matches]
    assert texts == [line[match.end() :] if match else line for line, match in zip(lines, matches)]


def line(source: LogSource, second: int, text: str = "") -> LogLine:
    return LogLine(source, f"2026-01-01T00:00:{second:02}Z", text.encode())


def test_a_line_waits_for_earlier_ones_of_others() -> None:
    window = TimeWindow(1.0)
    window.feed([line(A, 5), line(A, 7)], 100.0)
    assert window.due(100.9) == []
    window.feed([line(B, 4), line(B, 6), line(B, 8)], 100.9)
    assert window.due(101.0) == [line(B, 4), line(A, 5), line(B, 6), line(A, 7)]
    window.feed([line(A, 3)], 101.1)  # too late for its place, so it doesn't wait any more
    assert window.due(101.1) == [line(A, 3)]
    assert window.rest() == [line(B, 8)]
    assert window.rest() == []


def test_lines_of_one_source_stay_in_their_order() -> None:
    window = TimeWindow(1.0)
    lines = [line(A, 5, "a"), line(A, 4, "b"), line(A, 5, "c"), LogLine(A, "", b"d"), line(A, 6, "e")]
    window.feed(lines, 0.0)
    assert window.rest() == lines


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.integers(0, 59), st.integers(0, 30)), max_size=20))
def test_what_comes_within_the_window_is_in_order(arrivals: list[tuple[LogSource, int, int]]) -> None:
    """Each line comes at its time, up to 0.9 of the window late; those of one source in order."""
    lines = [(second + late / 30 * 0.9, line(source, second)) for source, second, late in arrivals]
    lines = sorted(lines, key=lambda item: (item[1].source, item[1].time))
    latest: dict[LogSource, float] = {}
    timed = []
    for now, item in lines:
        latest[item.source] = max(now, latest.get(item.source, 0.0))
        timed.append((latest[item.source], item))
    window, shown = TimeWindow(1.0), list[LogLine]()
    for now, item in sorted(timed, key=lambda pair: pair[0]):
        shown += window.due(now)
        window.feed([item], now)
    shown += window.rest()
    assert sorted(shown) == sorted(item for _, item in lines)
    assert [item.time for item in shown] == sorted(item.time for item in shown)
