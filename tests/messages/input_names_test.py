# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.messages.input_names import InputName, with_input_names

NAMES = {
    "STDIN": InputName("cm.yaml"),
    "/proc/1/fd/5": InputName("dir/a.yaml", "document 2, from line 5"),
    "/proc/1/fd/55": InputName("b.yaml", "one of its 3 documents", "document 2, from line 4"),
}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('error when creating "STDIN": no', 'error when creating "cm.yaml": no'),
        ("error: error parsing STDIN: bad", "error: error parsing cm.yaml: bad"),
        ('[unable to decode "STDIN": x, for: "STDIN": y]', '[unable to decode "cm.yaml": x, for: "cm.yaml": y]'),
        ('when creating "/proc/1/fd/5": no', 'when creating "dir/a.yaml" (document 2, from line 5): no'),
        ('from "/proc/1/fd/55": no', 'from "b.yaml" (one of its 3 documents): no'),
        ("error parsing /proc/1/fd/55: bad", "error parsing b.yaml (document 2, from line 4): bad"),
        ("error parsing /proc/1/fd/5: bad", "error parsing dir/a.yaml (document 2, from line 5): bad"),
        ('from "/proc/1/fd/6": no', 'from "/proc/1/fd/6": no'),
        ('configmaps STDIN, "STDIN2", "/proc/1/fd/5x" \xff', 'configmaps STDIN, "STDIN2", "/proc/1/fd/5x" \xff'),
    ],
)
def test_an_error_names_the_file_that_was_typed(said: str, expected: str) -> None:
    assert with_input_names(said.encode("latin-1"), NAMES) == expected.encode("latin-1")
    assert with_input_names(said.encode("latin-1"), {}) == said.encode("latin-1")
