# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""A command line that can't be read ends as its command would: where that is a change, nothing was changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_mc import cli
from tests.environments import memory_streams, written


@pytest.mark.parametrize(
    ("text", "is_change"),
    [
        ("label cm x a=b --max-parallel=x", True),
        ("exec x --waves= -- ls", True),
        ("resume last --cluster-timeout=x", True),
        ("delete cm x --kuberc=/nope", True),
        ("delete cm x --dry-run=server --waves=", False),
        ("set env x --list --waves=", False),
        ("rollout status x --pause=", False),
        ("get pods --max-parallel=x", False),
        ("use --max-parallel=x", False),
        ("setup --max-parallel=x", False),
        ("--max-parallel=x", False),
    ],
)
def test_a_wrong_change_says_that_nothing_was_changed(tmp_path: Path, text: str, is_change: bool) -> None:
    streams = memory_streams()
    status = cli.main(text.split(), {"HOME": str(tmp_path), "PATH": ""}, *streams[:3])
    assert (status, written(streams.stderr).endswith("\nSo nothing was changed\n")) == (1, is_change)
