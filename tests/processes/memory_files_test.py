# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from kubectl_mc.processes import memory_files

CONTENT = b"x" * 100_000  # more than a pipe would hold


@pytest.fixture
def in_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of the files, on a system that can't hold content in memory."""
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def read_twice(held: memory_files.HeldContent) -> bytes:
    """What a process that inherits it reads."""
    command = ["cat", held.path, held.path]
    return subprocess.run(command, pass_fds=held.inherited, stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.skipif(not memory_files.available(), reason="no memfd here")
def test_a_process_reads_from_memory_as_often_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "mkstemp", None)
    held = memory_files.hold(CONTENT)
    assert read_twice(held) == 2 * CONTENT
    held.close()
    held.remove()


def test_without_memory_it_is_a_file_of_the_owners_alone_and_then_gone(in_files: Path) -> None:
    held = memory_files.hold(CONTENT)
    assert stat.S_IMODE(os.stat(held.path).st_mode) == 0o600
    held.close()
    assert read_twice(held) == 2 * CONTENT
    held.remove()
    assert list(in_files.iterdir()) == []


def test_it_is_held_as_long_as_the_block(in_files: Path) -> None:
    with memory_files.held_file(CONTENT) as path:
        assert Path(path).read_bytes() == Path(path).read_bytes() == CONTENT
    assert list(in_files.iterdir()) == []
