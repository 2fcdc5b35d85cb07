from __future__ import annotations

import pytest

from kubectl_mc.merge import lines
from tests.recordings import recording


@pytest.mark.parametrize(
    ("outputs", "merged"),
    [
        ([], ""),
        ([("c1", "")], ""),
        ([("c1", "pod/a\npod/b\n"), ("c2", "pod/a\n")], "c1\tpod/a\nc1\tpod/b\nc2\tpod/a\n"),
        ([("c1", "a b")], "c1\ta b\n"),
        ([("c1", "a\n\nb\n")], "c1\ta\nc1\t\nc1\tb\n"),
        ([("c1", "a\rb\u2028c\x0b\n")], "c1\ta\rb\u2028c\x0b\n"),
    ],
)
def test_each_line_has_its_cluster_before_it(outputs: list[tuple[str, str]], merged: str) -> None:
    assert lines.tabbed(outputs) == merged


def test_a_jsonpath_s_answer_gets_the_newline_it_lacks() -> None:
    text = recording("get-jsonpath").stdout
    assert lines.tabbed([("c1", text), ("c2", text)]) == f"c1\t{text}\nc2\t{text}\n"


def test_a_clock_that_is_ahead_of_utc_is_put_back() -> None:
    """As containerd writes it on a node with a time zone of its own."""
    east = "2026-01-02T01:30:00.5+02:00 one\nstill one\n2026-01-02T01:30:02+02:00 five\n"
    utc = "2026-01-01T23:30:00.25Z zero\n2026-01-01T23:30:00.75Z two\n"
    west = "[pod/web/app] 2026-01-01T20:00:01.000000001-03:30 four\n"
    merged = lines.by_time([("e ", east), ("u ", utc), ("w ", west)], keep_stamps=False)
    assert merged.splitlines() == ["u zero", "e one", "e still one", "u two", "w [pod/web/app] four", "e five"]
    kept = lines.by_time([("e ", east)], keep_stamps=True)
    assert kept.splitlines() == [f"e {line}" for line in east.splitlines()]


def test_a_line_that_only_looks_as_if_it_had_a_time_belongs_to_the_one_above() -> None:
    text = "2026-01-01T00:00:00Z one\n2026-99-99T00:00:00+01:00 no time\n"
    assert lines.by_time([("", text)], keep_stamps=True) == text
