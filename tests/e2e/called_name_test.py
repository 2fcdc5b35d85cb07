# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The program under another name, as krew installs it: kubectl-multicluster, next to somebody else's kubectl-mc."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Shell

SCRIPT = f"#!{sys.executable}\nfrom kubectl_mc.__main__ import {{0}}\n{{0}}()\n"


@pytest.fixture
def krews(members: Shell, tmp_path: Path) -> Shell:
    """A user with the links that krew makes, that of completion, and another plugin called mc."""
    (tmp_path / "store").mkdir()
    for function, link in (("run", "kubectl-multicluster"), ("complete", "kubectl_complete-multicluster")):
        program = tmp_path / "store" / function
        program.write_text(SCRIPT.format(function))
        program.chmod(0o755)
        (tmp_path / link).symlink_to(program)
    (tmp_path / "kubectl-mc").write_text("#!/bin/sh\necho another one: $*\n")
    (tmp_path / "kubectl-mc").chmod(0o755)
    path = os.pathsep.join((str(tmp_path), members.environment["PATH"]))
    return members._replace(environment={**members.environment, "PATH": path})


def test_all_that_is_ours_says_the_name_that_was_called(krews: Shell) -> None:
    for words in ([], ["--help"], ["use", "--help"], ["plugin", "run", "--help"], ["trust", "--help"]):
        shown = krews.kubectl("multicluster", *words).stdout
        assert "kubectl multicluster" in shown
        assert "kubectl mc" not in shown
    assert "\nFlags of kubectl multicluster; all" in krews.kubectl("multicluster", "get", "--help").stdout
    wrong = krews.kubectl("multicluster", "gett", "pods")
    assert wrong.stderr.endswith("Did you mean get? See: kubectl multicluster --help\n")
    wrong = krews.kubectl("multicluster", "resume")
    assert "kubectl multicluster audit list shows them; then: kubectl multicluster resume RUN" in wrong.stderr


def test_what_others_say_stays_as_it_is(krews: Shell) -> None:
    typed = krews.kubectl("multicluster", "x kubectl mc y")
    assert "'x kubectl mc y'" in typed.stderr
    of_clusters = krews.kubectl("multicluster", "get", "pods", "kubectl mc")
    assert 'pods "kubectl mc" not found' in of_clusters.stderr


def test_completion_is_under_that_name_too(krews: Shell) -> None:
    candidates = krews.kubectl("__complete", "multicluster", "get", "pods", "--clusters=c1,").stdout.splitlines()
    assert candidates[:2] == ["c1,c2", "c1,c3"]
    assert "--version\tof kubectl multicluster\n" in krews.kubectl("__complete", "multicluster", "--vers").stdout


def test_another_plugin_called_mc_is_left_alone(krews: Shell) -> None:
    assert krews.kubectl("mc", "-r", "kind").stdout == "another one: -r kind\n"
