# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import io

import pytest

from kubectl_mc import cli
from kubectl_mc.command_line.own_commands import ANSWERING, COMMANDS, FLAG_SECTIONS, FLAG_VALUES, WITHOUT_OPERANDS

TOP = sorted(path for path in COMMANDS if " " not in path)


def run(*words: str) -> tuple[int, str, str]:
    """(status, stdout, stderr) of a command that starts no process: there is no kubectl, and no home."""
    stdout, stderr = io.StringIO(), io.StringIO()
    environment = {"HOME": "/nonexistent", "PATH": "/nonexistent"}
    return cli.main(words, environment, io.StringIO(), stdout, stderr), stdout.getvalue(), stderr.getvalue()


@pytest.mark.parametrize("command", TOP)
def test_each_command_of_ours_has_a_help_with_its_flags(command: str) -> None:
    status, stdout, stderr = run(command, "--help")
    assert (status, stderr) == (0, "")
    assert f"kubectl mc {command}" in stdout
    own = " ".join(flags for path, flags in COMMANDS.items() if path.split()[0] == command).split()
    spelt = {entry.rpartition(",")[2].rstrip("=") for entry in own}
    assert all(f"--{name}" in stdout or f"-{name[0]}" in stdout for name in spelt)
    assert ("--all-clusters" in stdout) == ("clusters" in FLAG_SECTIONS[command])
    assert run("help", command) == (status, stdout, stderr)


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_list_has_its_form_without_the_word_list_too(form: str) -> None:
    status, stdout, stderr = run("audit", "-o", form)
    assert (status, stderr) == (0, "")
    assert "RunList" in stdout


@pytest.mark.parametrize(("command", "flag"), [pair for pair in FLAG_VALUES if pair[0] in COMMANDS])
def test_a_value_that_a_flag_of_ours_can_not_have_is_refused(command: str, flag: str) -> None:
    values = FLAG_VALUES[command, flag]
    for typed in (["x"], [values[0], "x"], ["x,"]):
        status, stdout, stderr = run(command, *(f"--{flag}={value}" for value in typed))
        assert (status, stdout) == (1 + (command in ANSWERING), "")
        expected = f"invalid argument '{typed[-1]}' for --{flag}: it must be one of {', '.join(values)}"
        assert stderr == f"Error: {expected}\n"


def test_an_output_form_that_is_empty_is_none() -> None:
    assert run("audit", "-o", "") == run("audit")


@pytest.mark.parametrize("command", TOP)
def test_each_command_of_ours_is_in_the_help(command: str) -> None:
    assert command in run("--help")[1].partition("Flags of kubectl mc")[0]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_an_unknown_flag_is_refused(command: str) -> None:
    status, stdout, stderr = run(*command.split(), "--frobnicate")
    assert (status, stdout) == (2 if command in ANSWERING else 1, "")
    assert stderr == f"Error: kubectl mc {command} takes no '--frobnicate'. See: kubectl mc {command} --help\n"


@pytest.mark.parametrize(
    ("typed", "meant"), [("clusters --chekc", "--check"), ("setup --providr=x", "--provider"), ("undo x --ye", "--yes"),
     ("clusters --inventry=fleet", "--inventory"), ("trust list --clustrs=c1", "--clusters")],
)  # fmt: skip
def test_of_a_mistyped_flag_the_nearest_is_named(typed: str, meant: str) -> None:
    assert f"Did you mean {meant}?" in run(*typed.split())[2]


def test_an_unknown_shorthand_is_refused_as_it_was_typed() -> None:
    assert "Did you mean" not in run("resume", "--dry-run")[2]  # --proxy-url is hardly what was meant
    assert "Did you mean --yes?" in run("resume", "--yess")[2]
    assert run("resume", "-x")[2].startswith("Error: kubectl mc resume takes no '-x'.")


@pytest.mark.parametrize("command", WITHOUT_OPERANDS)
def test_a_word_too_many_is_refused(command: str) -> None:
    assert run(*command.split(), "word") == (
        1,
        "",
        f"Error: kubectl mc {command} takes no 'word'. See: kubectl mc {command} --help\n",
    )


@pytest.mark.parametrize(
    ("typed", "flag"),
    [
        ("clusters --yes", "--yes"), ("clusters --fold", "--fold"), ("setup --waves=1", "--waves"),
        ("trust list --by-time", "--by-time"), ("trust --cluster-timeout=1s --verbose", "--verbose"),
        ("audit --clusters=c1", "--clusters"), ("audit show x --refresh", "--refresh"),
        ("resume x --exclude=c1", "--exclude"), ("undo x --healthy", "--healthy"),
    ],
)  # fmt: skip
def test_a_flag_of_ours_that_a_command_does_not_use_is_refused(typed: str, flag: str) -> None:
    status, stdout, stderr = run(*typed.split())
    assert (status, stdout) == (1, "")
    assert f" takes no '{flag}'." in stderr


@pytest.mark.parametrize(
    ("typed", "flag"),
    [("clusters --check=maybe", "check"), ("clusters --no-headers=2", "no-headers"), ("setup --check=on", "check"),
     ("resume x --repeat-unknown=no", "repeat-unknown"), ("setup --yes=maybe", "yes")],
)  # fmt: skip
def test_a_boolean_flag_of_ours_is_true_or_false(typed: str, flag: str) -> None:
    status, stdout, stderr = run(*typed.split())
    value = typed.rpartition("=")[2]
    assert (status, stdout) == (1, "")
    assert stderr == f"Error: invalid argument '{value}' for --{flag}: it must be true or false\n"
