# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The start of the process: Ctrl-C at any moment of it gives no traceback, and status 130; closed streams."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parent.parent

# Counts the calls of functions from the moment at which Ctrl-C is handled, and interrupts the process at one of them.
# Generators don't count: that one is closed looks like a call, where Python ignores an exception of this function.
LAUNCHER = """
import os, signal, sys
moment = sys.argv.pop(1)
GENERATOR = 0x20
calls, started = 0, False
def watch(frame, event, argument):
    global calls, started
    started = started or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    calls += started and event == "call" and not frame.f_code.co_flags & GENERATOR
    if started and moment in (f"call {calls}", f"{event} {frame.f_code.co_name}"):
        sys.setprofile(None)
        print("interrupted", flush=True)
        os.kill(os.getpid(), signal.SIGINT)
sys.setprofile(watch)
from kubectl_mc.__main__ import ENTRY
ENTRY()
"""

KUBECTL = "#!/bin/sh\necho 'error: no' >&2; exit 1\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / ".kube").mkdir()
    (folder / ".kube" / "config").write_text("kind: Config")
    (folder / "kubectl").write_text(KUBECTL)
    (folder / "kubectl").chmod(0o755)
    return folder


def is_interrupted(home: Path, entry: str, moment: str, words: list[str]) -> bool:
    """Start the program, and return whether it came to that moment; then it has to end as Ctrl-C ends a program."""
    ended = subprocess.run(
        [sys.executable, "-c", LAUNCHER.replace("ENTRY", entry), moment, *words],
        cwd=ROOT, env={"HOME": str(home), "PATH": f"{home}:/usr/bin:/bin"}, capture_output=True, text=True, check=False,
        timeout=60, start_new_session=True,
    )  # fmt: skip
    if "interrupted" not in ended.stdout:
        return False
    assert ended.returncode == 130
    assert "Traceback" not in ended.stderr
    return True


@pytest.mark.parametrize(
    ("entry", "words", "most"),
    [("run", ["get", "pods"], 6000), ("run", ["audit"], 4000), ("complete", ["get", "--clusters", ""], 6000)],
)
def test_ctrl_c_at_any_moment_of_the_start(home: Path, entry: str, words: list[str], most: int) -> None:
    outcomes = []

    @settings(max_examples=25, deadline=None, database=None)
    @given(st.integers(1, most))
    def interrupt(call: int) -> None:
        outcomes.append(is_interrupted(home, entry, f"call {call}", words))

    interrupt()
    assert sum(outcomes) > 5


@pytest.mark.parametrize("moment", ["call run", "call _exit_with", "call main", "return main", "call safe_streams"])
def test_ctrl_c_while_one_part_hands_over_to_the_next(home: Path, moment: str) -> None:
    assert is_interrupted(home, "run", moment, ["audit"])


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_an_empty_one(home: Path, closed: str) -> None:
    words = [sys.executable, "-m", "kubectl_mc", "config", "view"]
    (home / "kubectl").write_text("#!/bin/sh\ncat; echo out; echo err >&2; exit 7\n")
    ended = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *words], cwd=ROOT, check=False, capture_output=True, text=True,
        env={"HOME": str(home), "PATH": f"{home}:/usr/bin:/bin"}, stdin=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip
    (home / "kubectl").write_text(KUBECTL)
    expected = ("" if ">&-" in closed.split() else "out\n", "" if "2>&-" in closed else "err\n")
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, *expected)
