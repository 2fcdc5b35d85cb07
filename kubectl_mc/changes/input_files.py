# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Digests of the files that kubectl itself reads for a change, by which `resume` sees that one has changed."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence

from kubectl_mc.changes import proofs, redaction
from kubectl_mc.command_line.local_files import Extent, LocalPath
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any


class FileDigest(NamedTuple):
    """What was in a file or a folder. path: as it was typed; digest: of the content in hex, to be kept secret"""

    path: str
    digest: str


def digest_files(paths: Sequence[LocalPath], held: Mapping[str, bytes]) -> tuple[FileDigest, ...]:
    """Return the digests of files and folders. held: the content of files that were read already, by their paths"""
    return tuple(FileDigest(local.path, _digest(local, held)) for local in paths)


def written_files(files: Sequence[FileDigest]) -> list[dict[str, str]]:
    """Return what the record has of the files: no digest, which would give away a file that is just a password."""
    return [{"path": redaction.redact_text(file.path), **proofs.make_proof([file.digest])} for file in files]


def changed_files(files: Sequence[FileDigest], recorded: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the paths whose content is not what the record is of. Early records have nothing of files."""
    return [file.path for file, proof in zip(files, recorded) if not proofs.matches_proof(proof, [file.digest])]


def _digest(local: LocalPath, held: Mapping[str, bytes]) -> str:
    if os.path.isfile(local.path) or local.path in held:
        return _digest_file(local.path, held)
    digest = hashlib.sha256()
    for root in [local.path] if os.path.lexists(local.path) else _matches(local.path):
        # With a separator behind it, a link to a folder is that folder.
        for part in _walk(os.path.join(root, "") if os.path.isdir(root) else root, local.extent, held):
            digest.update(hashlib.sha256(part.encode("utf-8", "surrogateescape")).digest())
    return digest.hexdigest()


def _matches(pattern: str) -> list[str]:
    """Return the paths that a pattern matches. Unlike a shell, Go's filepath.Glob matches hidden files, too."""
    folder, names = os.path.split(pattern)
    return sorted(
        os.path.join(parent, name)
        for parent in glob.glob(folder or os.curdir)
        if os.path.isdir(parent)
        for name in fnmatch.filter(os.listdir(parent), names)
    )


def _walk(path: str, extent: Extent, held: Mapping[str, bytes]) -> Iterator[str]:
    """Yield texts that say what is at a path and below it. A link in a folder is not followed, like kubectl's `cp`."""
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            yield f"{path} -> {os.readlink(path)}"
        elif stat.S_ISREG(mode):
            yield f"{path} {mode & 0o777:o} {_digest_file(path, held)}"
        elif stat.S_ISDIR(mode) and extent != "file":
            yield f"{path}/"
            for name in sorted(os.listdir(path), key=os.fsencode):
                inner = os.path.join(path, name)
                if extent == "tree" or (os.path.isfile(inner) and not os.path.islink(inner)):
                    yield from _walk(inner, extent, held)
        else:
            yield f"{path} is special"
    except OSError as error:
        yield f"{path}: {error.errno}"


_CHUNK = 1 << 20


def _digest_file(path: str, held: Mapping[str, bytes]) -> str:
    """Return the sha256 of a file. A large one is not held in memory."""
    if path in held:
        return hashlib.sha256(held[path]).hexdigest()
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        return f"error {error.errno}"
    return digest.hexdigest()
