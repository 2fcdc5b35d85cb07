# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.merge import sections


@pytest.mark.parametrize(
    ("outputs", "merged"),
    [
        ([], ""),
        ([("c1", "text\n")], "CLUSTER: c1\ntext\n"),
        ([("c1", "no newline")], "CLUSTER: c1\nno newline\n"),
        ([("c1", "a\n"), ("c2", "b\n\n")], "CLUSTER: c1\na\n\nCLUSTER: c2\nb\n\n"),
    ],
)
def test_each_text_stands_as_it_is_under_its_cluster(outputs: list[tuple[str, str]], merged: str) -> None:
    assert sections.render_sections(outputs, on_terminal=False) == merged


def test_on_a_terminal_a_line_that_looks_like_a_heading_is_marked() -> None:
    text = "a\nCLUSTER: c2\n\x1b[1mCluster: c3\x1b[0m\n\u200bCLUSTER:c4\n  CLUSTER: x\nin CLUSTER: c5\nCLUSTER c6\n"
    assert sections.render_sections([("c1", text)], on_terminal=False) == f"CLUSTER: c1\n{text}"
    assert sections.render_sections([("c1", text)], on_terminal=True) == (
        "CLUSTER: c1\na\n> CLUSTER: c2\n> \x1b[1mCluster: c3\x1b[0m\n> \u200bCLUSTER:c4\n"
        "  CLUSTER: x\nin CLUSTER: c5\nCLUSTER c6\n"
    )
