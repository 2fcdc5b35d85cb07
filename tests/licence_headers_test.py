# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Each source file says whose it is and under which licence, as the CNCF asks (cncf/foundation, license-notices.md)."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEADER = "# Copyright The kubectl-mc Authors.\n# SPDX-License-Identifier: Apache-2.0\n"

PYTHON = [path for folder in ("kubectl_mc", "fixtures", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
OTHERS = [ROOT / name for name in (".ci/run", "Makefile", "setup.cfg", "setup.py")]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yaml"))


@pytest.mark.parametrize("path", [*PYTHON, *OTHERS, *WORKFLOWS], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_source_file_begins_with_the_licence(path: Path) -> None:
    text = path.read_text()
    if text.startswith("#!"):
        text = text.partition("\n")[2]
    assert not text or text.startswith(HEADER)
