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
