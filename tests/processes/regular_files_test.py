# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What isn't a regular file is refused by name, and not waited for, wherever a file of ours is read."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_mc.access.approvals import read_approvals
from kubectl_mc.access.provider_file import read_providers
from kubectl_mc.changes.record import open_log, read_record
from kubectl_mc.fleet.mapping import read_mapping
from kubectl_mc.fleet.mapping_editor import read_text
from kubectl_mc.messages import UserError
from kubectl_mc.processes import cache, regular_files, silence
from tests import environments


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def make_link_to_a_pipe(path: Path) -> None:
    os.mkfifo(f"{path}.pipe")
    path.symlink_to(f"{path}.pipe")


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


MAKERS: dict[str, Callable[[Path], None]] = {
    "pipe": os.mkfifo,
    "link to a pipe": make_link_to_a_pipe,
    "device": make_device,
    "socket": make_socket,
}
AS_KIND = pytest.mark.parametrize("kind", MAKERS)


@AS_KIND
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR | os.O_APPEND | os.O_CREAT])
def test_what_is_no_regular_file_is_not_opened(tmp_path: Path, kind: str, flags: int) -> None:
    MAKERS[kind](tmp_path / "file")
    with pytest.raises(OSError, match="it is no regular file"):
        regular_files.opener(str(tmp_path / "file"), flags)


def test_a_regular_file_is_opened_also_through_links_and_descriptors(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    (tmp_path / "link").symlink_to("file")
    with open(tmp_path / "link", opener=regular_files.opener) as file:
        path = f"/dev/fd/{file.fileno()}"
        with open(path, opener=regular_files.opener) as again:
            assert (file.read(), again.read()) == ("content", "content")
    for other, error in ((tmp_path, IsADirectoryError), (tmp_path / "none", FileNotFoundError)):
        with pytest.raises(error), open(other, opener=regular_files.opener):
            pass
    os.close(regular_files.opener(str(tmp_path / "new"), os.O_RDWR | os.O_CREAT))
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


@AS_KIND
@pytest.mark.parametrize(
    "read", [read_record, lambda path: open_log(path, "run"), read_approvals], ids=["audit", "a change", "approvals"]
)
def test_a_file_of_ours_is_refused_by_name(tmp_path: Path, kind: str, read: Callable[[str], object]) -> None:
    MAKERS[kind](tmp_path / "file")
    with pytest.raises(UserError, match="it is no regular file") as refused:
        read(str(tmp_path / "file"))
    assert str(tmp_path / "file") in str(refused.value)


@AS_KIND
def test_a_mapping_file_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    (tmp_path / ".kube").mkdir()
    path = tmp_path / ".kube" / "kubectl-mc-clusters.yaml"
    MAKERS[kind](path)
    with pytest.raises(UserError, match="it is no regular file") as refused:
        read_mapping(environments.environment({"HOME": str(tmp_path)}))
    assert str(path) in str(refused.value)
    with pytest.raises(OSError, match="it is no regular file"):
        read_text(str(path))


@AS_KIND
def test_in_place_of_a_cache_it_is_none(tmp_path: Path, kind: str) -> None:
    folder = Path(cache.cache_directory(str(tmp_path)))
    folder.mkdir(parents=True)
    MAKERS[kind](Path(cache.silence_path(str(tmp_path))))
    MAKERS[kind](Path(cache.entry_path(str(folder), "key")))
    assert (silence.read_entries(str(tmp_path)), cache.read_entry(str(folder), "key")) == ({}, None)


@AS_KIND
def test_a_provider_file_may_be_a_pipe_but_not_the_authority_that_it_names(tmp_path: Path, kind: str) -> None:
    """`--clusterprofile-provider-file=<(…)` is read once, as it is typed."""
    MAKERS[kind](tmp_path / "ca.pem")
    reader, writer = os.pipe()
    authority = {"certificate-authority": str(tmp_path / "ca.pem")}
    os.write(writer, json.dumps({"providers": [{"name": "own", "execConfig": {}, **authority}]}).encode())
    os.close(writer)
    (provider,) = read_providers(f"/dev/fd/{reader}")
    os.close(reader)
    assert provider.problem == f"{tmp_path / 'ca.pem'} can't be read: it is no regular file"
