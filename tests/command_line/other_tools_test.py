# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

import kubectl_mc
from kubectl_mc import cli
from kubectl_mc.command_line import flag_tables, help_texts, invocation, other_tools
from kubectl_mc.command_line.kubectl_flags import FLAGS
from kubectl_mc.command_line.other_tools import Counterpart
from kubectl_mc.command_line.own_commands import COMMANDS

DOCS = Path(kubectl_mc.__file__).parent.parent / "docs"


def refused(text: str) -> str:
    """What is said of a command line where there is no kubectl, so that nothing can be asked."""
    stderr = io.StringIO()
    status = cli.main(text.split(), {"PATH": "", "HOME": "/nonexistent"}, io.StringIO(), io.StringIO(), stderr)
    assert status == 1
    return stderr.getvalue()


def tried(row: Counterpart, word: str) -> str:
    """A command line with a flag of another tool."""
    verb = row.verbs[0] if row.verbs else "get"
    value = " x" if word == "-s" else ""
    return (
        f"x -- {verb}"
        if word == "--"
        else f"{verb} {word}{value}"
        if verb in ("", "use")
        else f"{verb} x {word}{value}"
    )


@pytest.mark.parametrize(
    ("row", "word"), [(row, word) for row in other_tools.FLAGS for word in row.words], ids=lambda value: str(value)[:40]
)
def test_each_flag_is_told_what_it_is_here_before_anything_is_asked(row: Counterpart, word: str) -> None:
    assert f"For {word} of {row.tool}: {row.here}" in refused(tried(row, word))


@pytest.mark.parametrize(
    ("row", "word"), [(row, word) for row in other_tools.VERBS for word in row.words], ids=lambda value: str(value)[:40]
)
def test_each_verb_is_told_what_it_is_here(row: Counterpart, word: str) -> None:
    assert refused(f"{word} x").startswith(f"Error: unknown command '{word}'")
    assert f"Here: {row.here}. See: kubectl mc --help\n" in refused(f"{word} x")


@pytest.mark.parametrize("verb", [verb for verb in FLAGS if verb])
def test_a_flag_of_kubectl_s_verb_is_never_another_tool_s(verb: str) -> None:
    table = flag_tables.flag_table(verb)
    for word in {word for row in other_tools.FLAGS for word in row.words} - {"-s", "-v", "--v"}:
        if word[2:] in table.flags or word[1:] in table.shorthand:
            invocation.parse_invocation([*verb.split(), word, "x"])


def test_no_verb_of_kubectl_s_or_command_of_ours_is_another_tool_s() -> None:
    words = {word for row in other_tools.VERBS for word in row.words}
    assert not words & {*FLAGS, *COMMANDS}


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("--concurrency 5 get pods", "--concurrency"),
        ("--config x get pods", "--config"),
        ("-v get pods", "-v"),
        ("get pods -v", "-v"),
        ("get pods --v x", "-v"),
        ("-r dev -- get pods", "-r"),
        ("-r dev -x test get pods", "-r"),
        ("-rdev get pods", "-r"),
        ("-x dev get pods", "-x"),
        ("-- get pods", "--"),
        ("/dev/ ^prod -- get pods", "--"),
        ("-I _ -- ctx --context=_", "-I"),
        ("get pods -s members", "-s"),
        ("logs web -s 48h", "-s"),
        ("clusters --concurrency=3", "--concurrency"),
        ("setup --config=x", "--config"),
        ("--refresh", "--refresh"),
    ],
)
def test_wherever_it_stands(text: str, flag: str) -> None:
    assert f"For {flag} of " in refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "diff --concurrency=4 -f x",
        "get pods -v=6",
        "get pods -v 6",
        "get pods --v=-1",
        "logs web -p -c app",
        "patch deploy web -p x",
        "exec web -c app -- sh -c -r -d",
        "some-plugin -v --config=x -r dev --concurrency=3",
        "plugin run word -v x -r dev --config=x",
        "create word -v x -r dev --config=x",
        "get pods --refresh",
        "get pods -- -r",
        "config set-context x --config=y",
    ],
)
def test_what_kubectl_or_a_plugin_has_itself_is_theirs(text: str) -> None:
    invocation.parse_invocation(text.split())


def test_the_hint_has_no_value_that_was_typed() -> None:
    assert "secret" not in refused("get pods --config=secret")
    assert "secret" not in refused("get pods -psecret")


def test_the_docs_have_all_of_them() -> None:
    text = (DOCS / "coming-from.md").read_text() + (DOCS / "log-lines.md").read_text()
    words = {
        word for row in (*other_tools.FLAGS, *other_tools.VERBS) if row.tool != "resource types" for word in row.words
    }
    missing = {
        word for word in words - {"--v"} if not re.search(rf"`[^`]*(?<![\w-]){re.escape(word)}(?![\w-])[^`]*`", text)
    }
    assert not missing
    assert not re.search("kubectl mc", help_texts.named("")), "no name of its own"
