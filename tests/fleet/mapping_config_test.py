# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""KUBECTL_MC_CONFIG: another mapping file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kubectl_mc.fleet import mapping
from kubectl_mc.fleet.mapping import ClusterMapping
from kubectl_mc.messages import UserError
from tests.fleet.mapping_test import LONG, parse, read


def test_the_file_that_the_variable_names_is_the_only_one(tmp_path: Path) -> None:
    for name in mapping.FILES:
        (tmp_path / name).write_text("hubContext: other\nprotected: [x]")
    (tmp_path / "mine.yaml").write_text(LONG)
    for _ in ("the file is read", "what it says is kept"):
        assert read(tmp_path, tmp_path / "mine.yaml") == parse(LONG)
    assert read(tmp_path).hub_context == "other"


def test_two_relative_names_of_different_files_are_not_confused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.yaml").write_text(f"hubContext: {name}")
        monkeypatch.chdir(tmp_path / name)
        assert read(tmp_path, Path("m.yaml")).hub_context == name


def test_a_named_file_that_is_missing_protects_nothing_so_it_is_an_error(tmp_path: Path) -> None:
    (tmp_path / mapping.FILES[0]).write_text(LONG)
    with pytest.raises(UserError, match=r"KUBECTL_MC_CONFIG: there is no file .*/gone\.yaml"):
        read(tmp_path, tmp_path / "gone.yaml")
    assert read(tmp_path, tmp_path / "gone.yaml", may_be_missing=True) == ClusterMapping()


def test_a_pipe_is_no_mapping_file(tmp_path: Path) -> None:
    """A second reading would find nothing in it, and so nothing protected."""
    os.mkfifo(tmp_path / "pipe")
    for may_be_missing in (False, True):
        with pytest.raises(UserError, match="is no regular file"):
            read(tmp_path, tmp_path / "pipe", may_be_missing)
