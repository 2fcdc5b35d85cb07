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
    assert sections.render_sections(outputs) == merged
