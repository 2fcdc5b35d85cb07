# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""README and pages whose examples are of the demo's fleet: their commands print on a terminal what the pages show."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures import demo
from fixtures.fleet import Fleet, fleet
from tests.e2e.agents_docs_test import blocks, steady
from tests.e2e.running import Running
from tests.terminal_screen import Screen

ROOT = Path(__file__).parent.parent.parent
COLUMNS = 220

# Page -> how many of its commands are of the demo's fleet, and which are of another one, end by Ctrl-C, or aren't ours.
PAGES = {
    "README.md": (7, r"kind-|setup| greeting |--fold"),
    "docs/choosing.md": (8, r"^export"),
    "docs/clusters.md": (8, r"setup|port-forward|^kubectl mc (?:get|label) cm|clusters 'prod-\*' dev"),
    "docs/where.md": (3, r" -w "),
    "docs/verbs.md": (7, r" hello | run clusters |autoscale|settings.yaml|^kubectl mc get nodes|report"),
}


@pytest.fixture(scope="module")
def running() -> Iterator[Fleet]:
    with (
        tempfile.TemporaryDirectory(prefix="kubectl-mc-docs-") as folder,
        fleet(demo.NAMES, Path(folder), demo.BROKEN, assets=None) as started,
    ):
        demo.report_unhealthy(started, demo.BROKEN)
        demo.make_differences(started)
        yield started


def on_terminal(command: str, running: Fleet, session: str) -> str:
    """Return what is on the terminal when the command has ended. A question is answered as in README: with no."""
    own = {"PATH": demo.environment(running)["PATH"], "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "TERM": "xterm"}
    environment = {**running.env, **own, "KUBECTL_MC_SESSION": session}
    words = ("bash", "-c", f'stty columns {COLUMNS}; eval "$1"', "bash", command)
    with Running(words, environment, terminal=True) as typed:
        if " delete " in command and "--clusters" in command:
            typed.until(r"\[y/N\]: $")
            typed.type("n\n")
        typed.end()
    screen = Screen(COLUMNS)
    screen.write(typed.stdout)
    return screen.text.rstrip("\n")


def lasting(text: str) -> str:
    """Return the text without what is another one at each run, as the ages of objects and generated names."""
    text = re.sub(r"\b(cart-[a-z\d]{10}|import)-[a-z\d]{5}\b", r"\1-POD", text)
    return steady(re.sub(r"\b\d+ (?:minutes|seconds)", "AGE", text))


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_print_what_the_page_shows(running: Fleet, page: str) -> None:
    count, others = PAGES[page]
    shown = [command for block in blocks((ROOT / page).read_text()) for command in block]
    ours = [(command, output) for command, output in shown if not re.search(others, command)]
    assert len(ours) == count, [command for command, _ in ours]
    if any("| jq" in command for command, _ in ours) and not shutil.which("jq"):
        pytest.skip("a command of the page needs jq")
    for command, output in ours:
        shown_lines, lines = lasting(output), lasting(on_terminal(command, running, page))
        if re.search("^…$", shown_lines, re.MULTILINE):
            assert re.fullmatch(re.escape(shown_lines).replace("…", r"[\s\S]*"), lines), (command, lines)
        else:
            assert (command, lines) == (command, shown_lines)
