# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Colours on a terminal, and their absence in pipes: what is read without them is the same."""

from __future__ import annotations

import re

import pytest

from kubectl_mc.messages.terminal_text import COLOUR
from tests.e2e.conftest import MEMBERS, Shell

ON_TERMINAL = {"TERM": "xterm", "NO_COLOR": ""}

COLUMNS = "-o custom-columns=NAME:.metadata.name,STATUS:.status.phase"  # without ages, which pass

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh, namespace: shop}\ndata: {a: b}\n"


def shown(shell: Shell, text: str, env: dict[str, str] | None = None) -> str:
    """What a command writes to a terminal, with its colours."""
    with shell.running(*text.split(), env={**ON_TERMINAL, **(env or {})}, terminal=True) as running:
        running.end()
    return running.stdout.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        (f"get pods -n shop {COLUMNS}", r"\x1b\[1mNAME +CLUSTER +STATUS\x1b\[0m\n\S+ +\x1b\[\d+mc1\x1b\[0m +\x1b\[32m"),
        (f"get pods -n shop {COLUMNS} --no-headers", r"^\S+ +\x1b\[\d+mc2\x1b\[0m +\x1b\[32mRunning\x1b\[0m$"),
        ("describe svc cart -n shop", r"\x1b\[1mCLUSTER:\x1b\[0m \x1b\[\d+mc1\x1b\[0m\n\x1b\[36mName:\x1b\[0m  "),
        ("get cm settings -n shop -o json", r'"data"\x1b\[0m: \{'),
        ("get cm settings -n shop -o name", r"^\x1b\[\d+mc3\x1b\[0m\tconfigmap/settings$"),
        ("clusters", r"^\x1b\[\d+mc1\x1b\[0m +\x1b\[32mhealthy\x1b\[0m "),
        ("get nonsense", r"^\x1b\[31merror:\x1b\[0m the server"),
    ],
)  # fmt: skip
def test_a_terminal_has_colours_and_a_pipe_the_same_bytes_without(members: Shell, text: str, pattern: str) -> None:
    coloured = shown(members, text)
    assert re.search(pattern, coloured, re.MULTILINE), coloured
    plain = members.mc(*text.split(), env={"NO_COLOR": ""})
    assert "\x1b" not in plain.stdout + plain.stderr
    assert COLOUR.sub("", coloured) == plain.stdout + plain.stderr
    forced = members.mc(*text.split(), "--color")
    assert (COLOUR.sub("", forced.stdout), COLOUR.sub("", forced.stderr)) == (plain.stdout, plain.stderr)
    assert "\x1b" in forced.stdout + forced.stderr


def test_what_decides(members: Shell) -> None:
    assert "\x1b" not in shown(members, "get pods -n shop", {"CLICOLOR": "0"})
    assert "\x1b" not in shown(members, "get pods,nonsense -n shop --color=never")
    assert shown(members, "nonsense").startswith("\x1b[31mError:\x1b[0m unknown command 'nonsense'")
    assert "\x1b" in members.mc("get", "pods", "-n", "shop", env={"NO_COLOR": "", "CLICOLOR_FORCE": "1"}).stdout
    assert members.mc("get", "pods", "--color=blue").stderr == (
        "Error: invalid argument 'blue' for --color: it must be one of auto, always, never\n"
    )


def test_a_watch_has_colours_and_a_row_keeps_its_width(members: Shell) -> None:
    with members.running("get", "pods", "-w", "-n", "shop", env=ON_TERMINAL, terminal=True) as watch:
        for cluster in MEMBERS:
            watch.until(rf"   \x1b\[\d+m{cluster}\x1b\[0m .*\x1b\[32mRunning\x1b\[0m ")
    header, *rows = COLOUR.sub("", watch.stdout).splitlines()
    assert {row.index("Running") for row in rows if "Running" in row} == {header.index("STATUS")}
    assert watch.stdout.startswith("\x1b[1mNAME ")


def test_a_change_has_colours(changing: Shell) -> None:
    words = ("apply", "-f", "-", "--clusters=c1,c2", "--yes", "--show-diff", "--color")
    done = changing.mc(*words, stdin=MANIFEST)
    assert re.search(r"^\x1b\[1mCLUSTER:\x1b\[0m \x1b\[\d+mc1\x1b\[0m", done.stderr, re.MULTILINE)
    assert "\x1b[32m+kind: ConfigMap\x1b[0m\n" in done.stderr
    assert re.findall(r"\[\x1b\[\d+m(c\d)\x1b\[0m\] configmap/fresh \x1b\[32mcreated\x1b\[0m\n", done.stdout) == [
        "c1",
        "c2",
    ]
    diff = changing.mc("diff", "-f", "-", "--color", stdin=MANIFEST.replace("a: b", "a: c"))
    assert "\x1b[31m-  a: b\x1b[0m\n\x1b[32m+  a: c\x1b[0m\n" in diff.stdout
    dry_run = changing.mc("apply", "-f", "-", "--clusters=c1,c3", "--dry-run=server", "--color", stdin=MANIFEST)
    assert re.search(r"c3\x1b\[0m +configmap/fresh   \x1b\[32mcreated\x1b\[0m\n", dry_run.stdout)
