from __future__ import annotations

from kubectl_mc.command_line import help_texts
from kubectl_mc.command_line.options import OWN_FLAGS
from kubectl_mc.command_line.own_commands import COMMANDS, FLAG_SECTIONS


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
