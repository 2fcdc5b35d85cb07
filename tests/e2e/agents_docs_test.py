# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/agents.md: its commands are run, and what they say is what the page shows."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.fleet import fleet
from tests.e2e.conftest import Shell, needs, shell

PAGE = Path(__file__).parent.parent.parent / "docs" / "agents.md"

CLUSTERS = ("prod-ap", "prod-eu", "prod-us", "staging")

PROMPT = "    $ "
MARK, STATUS = "\036", "\037"


@pytest.fixture
def user(tmp_path: Path) -> Iterator[Shell]:
    with fleet(CLUSTERS, tmp_path / "fleet", {"staging": "refuse"}) as running:
        yield shell(running)


def blocks(page: str) -> list[list[tuple[str, str]]]:
    """Return the blocks of the page: (command, the output below it) of each command."""
    texts = re.findall(rf"(?:^{re.escape(PROMPT)}.*\n(?:^    .*\n)*)", page, re.MULTILINE)
    parts = [("\n" + text).split(f"\n{PROMPT}")[1:] for text in texts]
    return [[_command(part) for part in block] for block in parts]


def _command(part: str) -> tuple[str, str]:
    command, _, output = part.partition("\n")
    return command, re.sub("^    ", "", output, flags=re.MULTILINE).rstrip("\n")


def run_block(commands: list[str], user: Shell, folder: Path) -> list[tuple[str, str]]:
    """Run commands in one shell without stdin; return (output, exit status) of each. stderr is where stdout is."""
    script = "\n".join(f"printf '{MARK}'\n{command}\nprintf '{STATUS}%s' $?" for command in commands)
    done = subprocess.run(
        ["bash", "-c", script],
        env=user.environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
        start_new_session=True,
    )
    outputs = [part.partition(STATUS) for part in done.stdout.split(MARK)[1:]]
    return [(output.rstrip("\n"), status.strip()) for output, _, status in outputs]


def steady(text: str) -> str:
    """Return the text without what differs from run to run: ages, times, ids of runs, and the width of columns."""
    text = re.sub(r"\d{8}-\d{6}-[0-9a-f]{4}", "RUN", text)
    text = re.sub(r"\b(\d+[dhms])+\b", "AGE", text)
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


@needs("faults")
def test_the_commands_say_what_the_page_shows(user: Shell, tmp_path: Path) -> None:
    if not shutil.which("jq"):
        pytest.skip("the page's commands need jq")
    shown = blocks(PAGE.read_text())
    assert sum(map(len, shown)) > 20
    for block in shown:
        results = run_block([command for command, _ in block], user, tmp_path)
        for (command, output), (said, status) in zip(block, results, strict=True):
            assert (command, steady(said), status) == (command, steady(output), "0")
