# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.processes import cache, private_files


def test_a_file_is_its_owners_only_and_as_it_was_given(tmp_path: Path) -> None:
    file = tmp_path / "file"
    private_files.write_privately(str(file), "é\r\n")
    assert file.read_bytes() == "é\r\n".encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_draft_that_was_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    """By a process of the same number, as all are in a container."""
    (tmp_path / f"file.{os.getpid()}").write_text("draft")
    private_files.write_privately(str(tmp_path / "file"), "whole")
    assert (tmp_path / "file").read_text() == "whole"


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "dotfiles" / "file")
    for text in ("new", "newer"):
        private_files.write_privately(str(tmp_path / "link"), text)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "dotfiles" / "file").read_text() == text
    assert len(list((tmp_path / "dotfiles").iterdir())) == 1


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_is_interrupted_leaves_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def stop(*paths: str) -> None:
        raise error

    (tmp_path / "file").write_text("before")
    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(error):
        private_files.write_privately(str(tmp_path / "file"), "after")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


def test_an_entry_of_another_format_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one that another question has replaced, in the same file."""
    before = cache.cache_key(["profiles"])
    cache.write_entry(str(tmp_path), before, [1], [])
    assert cache.read_entry(str(tmp_path), before) is not None
    for other in (cache.FORMAT - 1, cache.FORMAT + 1):
        monkeypatch.setattr(cache, "FORMAT", other)
        key = cache.cache_key(["profiles"])
        assert cache.read_entry(str(tmp_path), key) is None
        os.replace(cache.entry_path(str(tmp_path), before), cache.entry_path(str(tmp_path), key))
        assert cache.read_entry(str(tmp_path), key) is None
        os.replace(cache.entry_path(str(tmp_path), key), cache.entry_path(str(tmp_path), before))


@given(key=st.text(), other=st.text())
def test_names_of_entries_don_t_differ_in_case_alone(key: str, other: str) -> None:
    """For most file systems of macOS, these would be one file. Two keys may share a file, which names its key."""
    for path in (cache.entry_path("/k", cache.cache_key([key])), cache.entry_path("/k", cache.cache_key([other]))):
        assert path == path.lower()
