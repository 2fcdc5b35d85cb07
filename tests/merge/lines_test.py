# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@given(
    st.lists(
        st.one_of(
            st.text("a\n世", min_size=1, max_size=3).map(str.encode), st.sampled_from([b"\n", b"\xe4", b"\xb8", b"x"])
        )
    )
)
def test_each_line_of_a_stream_has_the_prefix_wherever_chunks_end(chunks: list[bytes]) -> None:
    prefixer = lines.Prefixer("[c1] ", in_parts=True)
    shown = b"".join([*map(prefixer.feed, chunks), prefixer.end()])
    text = b"".join(chunks)
    expected = text.removesuffix(b"\n").split(b"\n") if text else []
    assert shown == b"".join(b"[c1] " + line + b"\n" for line in expected)


@pytest.mark.parametrize("end", [b"", b"\n", b"x\nnext\n"])
@pytest.mark.parametrize("size", [1000, 65536, 3 << 20])
def test_a_line_without_an_end_is_shown_in_parts(size: int, end: bytes) -> None:
    """No letter is cut in two, wherever the chunks end, and no part is empty."""
    text = ("世" * (4 << 18)).encode()
    prefixer = lines.Prefixer("[c1] ", in_parts=True)
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    shown = [*map(prefixer.feed, chunks), prefixer.feed(end), prefixer.end()]
    rows = b"".join(shown).decode().splitlines()
    parts = rows[:-1] if b"next" in end else rows
    assert all(row.startswith("[c1] ") for row in rows)
    assert all(row != "[c1] " and len(row.encode()) < lines.MAX_BEGUN + 2 * size for row in parts)
    assert "".join(row.removeprefix("[c1] ") for row in parts).encode() == text + end[: end.find(b"\n")]
    assert len(parts) >= (3 if size < lines.MAX_BEGUN else 1)


def test_what_programs_read_stays_whole() -> None:
    prefixer = lines.Prefixer("c1\t")
    assert prefixer.feed(b"x" * lines.MAX_BEGUN) + prefixer.feed(b"x") == b""
    assert prefixer.end() == b"c1\t" + b"x" * lines.MAX_BEGUN + b"x\n"
