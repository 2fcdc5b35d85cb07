from __future__ import annotations

from kubectl_mc import usage
from kubectl_mc.cli import OWN_FLAGS
from kubectl_mc.commands import COMMANDS, SECTIONS


def test_each_flag_of_ours_is_described_once() -> None:
    assert sorted(usage.described(usage.SECTIONS)) == sorted(OWN_FLAGS)
    assert all(usage.described(usage.SECTIONS).values())


def test_each_command_of_ours_has_a_summary_and_its_flags() -> None:
    top = sorted(path for path in COMMANDS if " " not in path)
    assert top == sorted(usage.SUMMARIES) == sorted(SECTIONS)
    assert {name for names in SECTIONS.values() for name in names} <= set(usage.SECTIONS)


def test_help_fits_a_terminal() -> None:
    assert max(len(line) for line in usage.HELP.splitlines()) <= 120
