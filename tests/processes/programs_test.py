# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kubectl_mc.command_line import grammar
from kubectl_mc.messages import UserError
from kubectl_mc.processes import programs
from tests import environments


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A PATH with plugins, a file that can't be run, a folder, and a pipe."""
    for name in ("kubectl-foo", "kubectl-foo-bar", "kubectl-a_b-c_d", "kubectl-create-thing", "kubectl-file"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o644 if name == "kubectl-file" else 0o755)
    (tmp_path / "kubectl-folder").mkdir()
    os.mkfifo(tmp_path / "kubectl-pipe", 0o755)
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
        ("pipe x", None),
        ("fo", None),
        ("create thing x", "create thing"),
        ("create deployment x", None),
        ("create", None),
        ("plugin run foo bar x", "plugin run foo bar"),
        ("plugin run create thing", "plugin run create thing"),
        ("plugin run create", None),
        ("plugin run get foo", None),
        ("plugin run nope", None),
        ("plugin run", None),
        ("plugin foo", None),
        ("get foo", None),
    ],
)
def test_a_plugins_name_is_what_kubectl_finds_on_path(environment: dict[str, str], text: str, name: str | None) -> None:
    assert " ".join(programs.plugin_name(grammar.parse_line(text.split()), environment)) == (name or "")


@pytest.mark.parametrize("words", [["kuberc", "view"], ["-v", "1", "kuberc"], ["kuberc", "set", "--section=aliases"]])
@pytest.mark.parametrize("plugin", ["kubectl-kuberc", "kubectl-kuberc-set", "kubectl-kuberc-view", "kubectl-kuber"])
def test_a_plugin_that_older_kubectls_run_for_their_own_verb_is_no_local_verb(
    tmp_path: Path, words: list[str], plugin: str
) -> None:
    (tmp_path / plugin).write_text("#!/bin/sh\n")
    (tmp_path / plugin).chmod(0o755)
    line = grammar.parse_line(words)
    environment = environments.environment({"PATH": str(tmp_path)})
    if plugin == "kubectl-kuberc" or plugin == "-".join(("kubectl", *line.path)):
        with pytest.raises(UserError, match=f"kubectl runs the plugin {plugin} for its own command"):
            programs.resolve_plugin(line, environment)
    else:
        assert programs.resolve_plugin(line, environment) == line


@pytest.mark.parametrize(
    ("text", "shadow", "refused"),
    [
        ("create -f new.yaml --dry-run=server", "true", True),
        ("--dry-run=server create -f new.yaml", "True", True),
        ("create --help", "true", True),
        ("create -f new.yaml --dry-run=server", "false", False),
        ("create -f new.yaml --dry-run=server", None, False),
        ("create configmap x", "true", False),
        ("create thing x", "true", False),
    ],
)
def test_a_plugin_that_some_kubectls_run_for_create_is_no_dry_run(
    environment: dict[str, str], tmp_path: Path, text: str, shadow: str | None, refused: bool
) -> None:
    (tmp_path / "kubectl-create").write_text("#!/bin/sh\n")
    (tmp_path / "kubectl-create").chmod(0o755)
    variables = {**environment, **({"KUBECTL_ENABLE_CMD_SHADOW": shadow} if shadow else {})}
    line = grammar.parse_line(text.split())
    if refused:
        with pytest.raises(UserError, match="the plugin kubectl-create for its own command create"):
            programs.resolve_plugin(line, environments.environment(variables))
    else:
        assert programs.resolve_plugin(line, environments.environment(variables)).path[:1] == ("create",)


def test_a_plugins_name_can_t_be_taken_for_a_verb_of_kubectls(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "kubectl-create-secret generic").write_text("#!/bin/sh\n")
    (tmp_path / "kubectl-create-secret generic").chmod(0o755)
    line = grammar.parse_line(["create", "secret generic", "x", "--dry-run=server"])
    with pytest.raises(UserError, match="one word with a blank"):
        programs.resolve_plugin(line, environments.environment(environment))


def test_no_flag_may_stand_ahead_of_a_plugins_name(environment: dict[str, str]) -> None:
    line = grammar.parse_line(["-n", "shop", "foo", "x"])
    with pytest.raises(UserError, match="flags cannot be placed before plugin name: foo"):
        programs.resolve_plugin(line, environments.environment(environment))
    # kubectl looks for a plugin of `create` only where it is the first word.
    assert programs.plugin_name(grammar.parse_line(["-n", "x", "create", "thing"]), environment) == ()


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("get pods -n shop -l app=cart", None),
        ("delete pods web -i", None),
        ("logs web --all-pods", "logs --help --all-pods=true web"),
        ("logs web -A --all-pods -o json", "logs --help --all-pods=true web"),  # the others are ours
        (
            "rollout restart deploy x --dry-run=server -n shop",
            "rollout restart --help --namespace=shop deploy x --dry-run=server",
        ),
        ("get pods --nope -Z", "get --help pods --nope -Z"),
        ("exec web -- ls --nope", None),
        ("foo bar --nope", None),
    ],
)
def test_kubectl_is_asked_for_flags_that_it_may_lack(tmp_path: Path, words: str, asked: str | None) -> None:
    kubectl, log = tmp_path / "kubectl", tmp_path / "log"
    kubectl.write_text(f'#!/bin/sh\necho "$*" >{log}\necho "error: unknown flag: --x\nSee help" >&2\nexit 1\n')
    kubectl.chmod(0o755)
    line = grammar.parse_line(words.split())
    user = environments.environment(kubectl=str(kubectl))
    if asked is None:
        programs.check_flags(line, user)
        assert not log.exists()
        return
    with pytest.raises(UserError, match="unknown flag: --x\nSee help") as refused:
        programs.check_flags(line, user)
    assert (log.read_text().strip(), refused.value.prefix) == (asked, "error")


@pytest.mark.parametrize("script", ["exit 0", "echo 'error: flag needs an argument: --x' >&2; exit 1", "exit 1"])
def test_what_a_kubectl_does_not_say_of_its_flags_is_no_error(tmp_path: Path, script: str) -> None:
    """A wrong value is for each cluster's kubectl to refuse, and a newer kubectl may have the flag."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f"#!/bin/sh\n{script}\n")
    kubectl.chmod(0o755)
    programs.check_flags(grammar.parse_line(["get", "pods", "--x"]), environments.environment(kubectl=str(kubectl)))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("rollout restrat deploy/x", "kubectl rollout has no command 'restrat'. Did you mean restart? See: "),
        ("top pdo", "kubectl top has no command 'pdo'. Did you mean pod? See: "),
        ("auth zzz", "kubectl auth has no command 'zzz'. See: kubectl mc auth --help"),
        ("rollout newer deploy/x", None),
        ("rollout restart deploy/x", None),
        ("rollout", None),
        ("get restrat", None),
    ],
)
def test_a_mistyped_verb_of_a_group_is_an_error(tmp_path: Path, words: str, text: str | None) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text('#!/bin/sh\necho "Usage: $1"\ntest "$2" != newer || echo "of its own"\n')
    kubectl.chmod(0o755)
    line, user = grammar.parse_line(words.split()), environments.environment(kubectl=str(kubectl))
    if text is None:
        programs.check_subverb(line, user)
        return
    with pytest.raises(UserError) as refused:
        programs.check_subverb(line, user)
    assert text in str(refused.value)


def test_a_kubectl_without_a_help_of_the_group_is_left_to_say_what_it_lacks(tmp_path: Path) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text("#!/bin/sh\nexit 1\n")
    kubectl.chmod(0o755)
    programs.check_subverb(grammar.parse_line(["rollout", "restrat"]), environments.environment(kubectl=str(kubectl)))
