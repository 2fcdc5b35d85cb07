from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_mc.command_line import grammar
from kubectl_mc.messages import UserError
from kubectl_mc.processes import programs
from tests import environments


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A PATH with plugins, a file that can't be run, and a folder."""
    for name in ("kubectl-foo", "kubectl-foo-bar", "kubectl-a_b-c_d", "kubectl-create-thing", "kubectl-file"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o644 if name == "kubectl-file" else 0o755)
    (tmp_path / "kubectl-folder").mkdir()
    return {"HOME": "/nonexistent", "PATH": f"/nonexistent:{tmp_path}"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("foo x", "foo"),
        ("foo bar x", "foo bar"),
        ("foo bar", "foo bar"),
        ("foo --flag bar", "foo"),
        ("foo -- bar", "foo"),
        ("a-b c-d e", "a-b c-d"),
        ("a-b c_d", "a-b c_d"),
        ("a-b x", None),
        ("foo-bar", None),
        ("file x", None),
        ("folder x", None),
        ("fo", None),
        ("create thing x", "create thing"),
        ("create deployment x", None),
        ("create", None),
        ("get foo", None),
    ],
)
def test_a_plugins_name_is_what_kubectl_finds_on_path(environment: dict[str, str], text: str, name: str | None) -> None:
    assert " ".join(programs.plugin_name(grammar.parse_line(text.split()), environment)) == (name or "")


def test_no_flag_may_stand_ahead_of_a_plugins_name(environment: dict[str, str]) -> None:
    line = grammar.parse_line(["-n", "shop", "foo", "x"])
    with pytest.raises(UserError, match="flags cannot be placed before plugin name: foo"):
        programs.resolve_plugin(line, environments.environment(environment))
    # kubectl looks for a plugin of `create` only where it is the first word.
    assert programs.plugin_name(grammar.parse_line(["-n", "x", "create", "thing"]), environment) == ()
