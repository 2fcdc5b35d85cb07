# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What GitHub runs: every Python that the package names, and kubectls from the oldest to the newest of our tables."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import yaml

from kubectl_mc.command_line import kubectl_flags

ROOT = Path(__file__).parent.parent
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yaml").read_text())
MATRIX = WORKFLOW["jobs"]["test"]["strategy"]["matrix"]
KUBECTLS = [version.rpartition(".")[0] for version in kubectl_flags.VERSIONS.split()]


def test_every_python_is_tested_with_the_newest_kubectl() -> None:
    assert MATRIX["python"] == re.findall(r"Python :: (3\.\d+)$", (ROOT / "setup.cfg").read_text(), re.MULTILINE)
    assert MATRIX["kubectl"] == KUBECTLS[-1:]


def test_the_oldest_kubectl_is_tested_and_of_two_neighbours_at_least_one() -> None:
    tested = {*MATRIX["kubectl"], *(each["kubectl"] for each in MATRIX["include"])}
    assert KUBECTLS[0] in tested
    assert [pair for pair in pairwise(KUBECTLS) if not tested.intersection(pair)] == []
