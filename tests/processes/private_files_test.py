# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubectl_mc.access import approvals
from kubectl_mc.changes import record
from kubectl_mc.fleet import mapping_editor
from kubectl_mc.processes import cache, private_files


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_directory_is_made_with_those_above_it(tmp_path: Path) -> None:
    private_files.make_directory(str(tmp_path / "a" / "b"))
    private_files.make_directory(str(tmp_path / "a" / "b"))
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "c"):
        with pytest.raises(OSError, match=r"exists|Not a directory"):
            private_files.make_directory(str(path))


def test_a_umask_that_takes_the_owners_rights_takes_none_of_them(tmp_path: Path) -> None:
    os.umask(0o777)
    private_files.make_directory(str(tmp_path / "a" / "b"))
    private_files.write_privately(str(tmp_path / "a" / "b" / "c"), "text")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in sorted((tmp_path / "a").rglob("*"))]
    assert (stat.S_IMODE((tmp_path / "a").stat().st_mode), modes) == (0o700, [0o700, 0o600])


def test_whatever_we_create_is_its_owners_only(tmp_path: Path) -> None:
    record.open_log(record.record_path(str(tmp_path / "record")), "r1").write("start")
    approvals.update_approvals(approvals.approvals_path(str(tmp_path / "approvals")), lambda entries: entries)
    cache.write_entry(cache.cache_directory(str(tmp_path / "cache" / ".kube")), "key", {}, [])
    for text in ("a", "b"):
        path = tmp_path / "mapping" / ".kube" / "mapping.yaml"
        mapping_editor.write_text(str(path), path.read_text() if path.exists() else "", text)
    created = list(tmp_path.rglob("*"))
    assert {path.relative_to(tmp_path).parts[0] for path in created if path.is_file()} == {
        "record", "approvals", "cache", "mapping",
    }  # fmt: skip
    modes = {str(path): stat.S_IMODE(path.stat().st_mode) & 0o077 for path in created}
    assert {path for path, mode in modes.items() if mode} == set()
