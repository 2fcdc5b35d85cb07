# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re

import pytest

from kubectl_mc.command_line import help_texts, verb_help
from kubectl_mc.command_line.invocation import parse_invocation
from kubectl_mc.command_line.options import OWN_FLAGS
from kubectl_mc.command_line.own_commands import COMMANDS, FLAG_SECTIONS
from kubectl_mc.commands import resume, trust, use


def test_each_flag_of_ours_is_described_once() -> None:
    assert sorted(help_texts.flag_descriptions(help_texts.SECTIONS)) == sorted([*OWN_FLAGS, "output"])
    assert all(help_texts.flag_descriptions(help_texts.SECTIONS).values())
    for text in help_texts.flag_descriptions(help_texts.SECTIONS).values():  # a whole one, though only its first line
        assert text.count("(") == text.count(")")
        assert not text.endswith((",", ";"))


def test_each_command_of_ours_has_a_summary_and_its_flags() -> None:
    top = sorted(path for path in COMMANDS if " " not in path)
    assert top == sorted(help_texts.SUMMARIES) == sorted(FLAG_SECTIONS)
    assert {name for names in FLAG_SECTIONS.values() for name in names} <= set(help_texts.SECTIONS)


def test_help_fits_a_terminal() -> None:
    assert max(len(line) for line in help_texts.HELP.splitlines()) <= 120


def test_what_is_shown_without_a_word_fits_a_small_terminal() -> None:
    lines = help_texts.fitted(help_texts.BRIEF, 80).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) + 2 <= 24  # the command, and the next prompt
    assert all(f"\n  {command} " in help_texts.BRIEF for command in help_texts.SUMMARIES)


@pytest.mark.parametrize(
    ("words", "shown", "left_out"),
    [
        ("get", ("where", "fold", "clusters", "no-reconnect"), ("include", "output", "waves", "yes", "if-present")),
        ("logs", ("include", "output", "by-time"), ("where", "waves")),
        ("apply", ("waves", "show-diff", "clusters"), ("include", "where")),
        ("wait", ("if-present",), ("waves", "fold", "no-reconnect")),
        ("describe", ("fold",), ("no-reconnect", "where")),
        ("delete", ("waves", "fold"), ("no-reconnect", "show-diff", "if-present")),
        ("edit", ("yes",), ("waves", "canary", "pause", "max-failures", "fold")),
    ],
)
def test_below_a_verbs_help_are_the_flags_that_it_takes(
    words: str, shown: tuple[str, ...], left_out: tuple[str, ...]
) -> None:
    line = parse_invocation(words.split()).kubectl
    text = verb_help.verb_help(line)
    named = set(re.findall("^ {6}--([a-z-]+)", text, re.MULTILINE))
    assert named == set(verb_help.used_flags(line))
    assert named >= set(shown)
    assert not named & set(left_out)
    assert set(text.splitlines()) <= set(help_texts.FLAGS_HELP.splitlines())


def test_a_command_about_files_of_this_machine_takes_none_of_our_flags() -> None:
    assert verb_help.verb_help(parse_invocation(["config", "view"]).kubectl) == ""


@pytest.mark.parametrize("width", [80, 100])
def test_help_is_fitted_to_a_narrower_terminal(width: int) -> None:
    fitted = help_texts.fitted(help_texts.HELP, width)
    assert [line for line in fitted.splitlines() if len(line) > width and not line.startswith("  kubectl ")] == []
    assert fitted.split() == help_texts.HELP.split()
    assert help_texts.fitted(fitted, width) == fitted


def test_what_continues_a_flags_description_stands_below_it() -> None:
    flag = "      --flag=NAME  says how it is"
    example = "  kubectl mc get an-example --long"
    fitted = help_texts.fitted(f"A paragraph\n--of prose\n\n  heading\n{flag}\n{example}\n", 26)
    flag_lines = ["      --flag=NAME  says", "             how it is"]
    assert fitted.split("\n") == ["A paragraph --of prose", "", "  heading", *flag_lines, example, ""]


@pytest.mark.parametrize("text", [help_texts.BRIEF, use.HELP, resume.HELP, trust.HELP])
def test_what_a_command_line_is_said_to_do_is_fitted_behind_it(text: str) -> None:
    lines = [line for line in help_texts.fitted(text, 70).splitlines() if len(line) > 70]
    assert [line for line in lines if "   " in line.strip()] == []


@pytest.mark.parametrize("width", [0, 120])
def test_help_stays_as_it_is_on_a_wide_terminal_and_without_one(width: int) -> None:
    assert help_texts.fitted(help_texts.HELP, width) == help_texts.HELP
