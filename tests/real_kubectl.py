# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The kubectl that tests start, and what its version means for them.

It is the one that the variable KUBECTL names (`make test KUBECTL=PATH`), else the one beside this Python, else the one
on PATH.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest


@cache
def program() -> str:
    """Return the path of the kubectl. Raise FileNotFoundError where there is none."""
    named = os.environ.get("KUBECTL")
    beside = str(Path(sys.executable).parent)
    path = shutil.which(named) if named else shutil.which("kubectl", path=beside) or shutil.which("kubectl")
    if path is None:
        raise FileNotFoundError(f"no kubectl for the tests: {named or 'neither beside this Python nor on PATH'}")
    return os.path.abspath(path)


@cache
def folder() -> str:
    """Return a folder that holds nothing but the kubectl, for the front of a PATH."""
    temporary = _temporary_folder()
    (Path(temporary.name) / "kubectl").symlink_to(program())
    return temporary.name


@cache
def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kubectl-")  # this cache keeps it until Python ends


@cache
def version() -> tuple[int, int]:
    """Return the major and minor version of the kubectl, such as (1, 27)."""
    command = [program(), "version", "--client", "--output=json"]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return _numbers(answer["clientVersion"]["gitVersion"].removeprefix("v"))


def since(first: str, what: str) -> pytest.MarkDecorator:
    """Skip a test with kubectls that are too old for it.

    first: the first version with it, such as "1.34"
    what: what the test needs, as in "-o kyaml"
    """
    reason = f"{what} came with kubectl {first}; this is {'.'.join(map(str, version()))}"
    return pytest.mark.skipif(version() < _numbers(first), reason=reason)


def _numbers(text: str) -> tuple[int, int]:
    major, minor, *_ = text.split(".")
    return int(major), int(minor)
