# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The recordings of a real kubectl in fixtures/data/kubectl."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent.parent / "fixtures" / "data" / "kubectl"


class Recording(NamedTuple):
    """A command line, what kubectl printed, and its exit status."""

    command: str
    stdout: str
    stderr: str
    status: int


def recording(name: str) -> Recording:
    """Return a recording. Its stdout need not end with a newline (jsonpath)."""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    match = re.fullmatch(r"\$ (.*?)\n--- stdout\n(.*)--- stderr\n(.*)--- exit (\d+)\n?", text, re.DOTALL)
    assert match, name
    return Recording(match[1], match[2], match[3], int(match[4]))


def names() -> list[str]:
    """Return the names of all recordings."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))
