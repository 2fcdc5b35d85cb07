# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_mc.processes.targets import own_kubeconfig, total_size


def test_files_that_are_not_there_have_no_size(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("12345")
    assert total_size([str(tmp_path / "a"), str(tmp_path / "nowhere"), str(tmp_path)]) == 5


@pytest.mark.parametrize(
    ("content", "maybe"),
    [("users: [{name: a, user: {token: x}}]", False), ("user: {exec: {}}", True), ("user: {auth-provider: {}}", True)],
)
def test_a_file_that_speaks_of_plugins_may_start_programs(tmp_path: Path, content: str, maybe: bool) -> None:
    (tmp_path / "a").write_text("users: []")
    (tmp_path / "b").write_text(content)
    files = [str(tmp_path / name) for name in ("a", "b", "nowhere")]
    assert own_kubeconfig(files).starts_programs is maybe
