# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_mc.changes import input_files
from kubectl_mc.command_line.local_files import Extent, LocalPath


def digest(path: Path | str, extent: Extent = "tree", held: dict[str, bytes] | None = None) -> str:
    (file,) = input_files.digest_files([LocalPath(str(path), extent)], held or {})
    return file.digest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files" / "inner").mkdir(parents=True)
    (tmp_path / "files" / "a.txt").write_text("a")
    (tmp_path / "files" / "inner" / "b.txt").write_text("b")
    (tmp_path / "files" / "link").symlink_to("a.txt")
    return tmp_path / "files"


def relink(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to("inner/b.txt")


def retype(folder: Path) -> None:
    (folder / "a.txt").unlink()
    os.mkfifo(folder / "a.txt")


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda folder: (folder / "a.txt").write_text("A"),
    "inner": lambda folder: (folder / "inner" / "b.txt").write_text("B"),
    "more": lambda folder: (folder / ".hidden").touch(),
    "fewer": lambda folder: (folder / "a.txt").unlink(),
    "name": lambda folder: (folder / "a.txt").rename(folder / "c.txt"),
    "mode": lambda folder: (folder / "a.txt").chmod(0o755),
    "link": relink,
    "type": retype,
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_below_a_folder_that_is_copied_is_seen(folder: Path, change: str) -> None:
    before = digest(folder), digest(f"{folder.parent}/fi*")
    assert before == (digest(folder), digest(f"{folder.parent}/fi*"))
    CHANGES[change](folder)
    after = digest(folder), digest(f"{folder.parent}/fi*")
    assert before[0] != after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize(("change", "is_seen"), [("content", True), ("more", True), ("inner", False), ("link", False)])
def test_of_a_folder_of_from_file_only_its_own_files_count(folder: Path, change: str, is_seen: bool) -> None:
    (folder.parent / "way").symlink_to(folder)
    before = digest(folder, "folder"), digest(folder.parent / "way", "folder")
    CHANGES[change](folder)
    assert (before[0] != digest(folder, "folder")) is is_seen
    assert (before[1] != digest(folder.parent / "way", "folder")) is is_seen


def test_what_is_held_counts_and_not_what_came_later(folder: Path) -> None:
    path = str(folder / "a.txt")
    assert digest(path, "file", {path: b"a"}) == digest(path, "file")
    assert digest(path, "file", {path: b"earlier"}) != digest(path, "file")
    assert digest(folder, "folder", {path: b"earlier"}) != digest(folder, "folder")


def test_what_is_not_there_or_not_a_file_has_a_digest_too(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    assert len({digest(folder / name, "file") for name in ("nope", "fifo", "a.txt")}) == 3
    assert digest("/dev/zero") != digest(folder / "nope")


@settings(max_examples=5)  # a proof takes time, as it has to
@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.binary(max_size=3)), st.data())
def test_the_record_has_no_content_and_tells_which_file_has_changed(
    files: dict[str, bytes], data: st.DataObject
) -> None:
    paths = [LocalPath(path, "file") for path in files]
    before = input_files.digest_files(paths, files)
    written = json.loads(json.dumps(input_files.written_files(before)))
    assert not any(file.digest in json.dumps(written) for file in before)
    now = {path: data.draw(st.sampled_from([content, content + b"x"])) for path, content in files.items()}
    expected = [path for path in files if now[path] != files[path]]
    assert input_files.changed_files(input_files.digest_files(paths, now), written) == expected


def test_an_early_record_says_nothing_of_files(folder: Path) -> None:
    assert input_files.changed_files(input_files.digest_files([LocalPath(str(folder), "tree")], {}), []) == []
