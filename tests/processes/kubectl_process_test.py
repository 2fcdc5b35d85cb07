# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kubectl_mc.command_line import grammar
from kubectl_mc.processes import kubectl_process
from kubectl_mc.processes.targets import Kubeconfig, Target
from tests.environments import environment

OWN = Kubeconfig(None, starts_programs=False)
PLUGINS = Kubeconfig(None, starts_programs=True)


def argv(text: str, target: Target, plugin: bool = False) -> list[str]:
    return list(
        kubectl_process.target_command(environment(), target, grammar.parse_line(text.split()), plugin=plugin).argv
    )


def test_kubectl_gets_the_context_and_what_was_understood() -> None:
    words = argv("-n shop get pods -Aowide --dry_run -- x", Target("c1", "ctx", OWN))
    assert words == [
        "kubectl",
        "get",
        "--context=ctx",
        "--namespace=shop",
        "--all-namespaces=true",
        "--output=wide",
        "pods",
        "--dry_run",
        "--",
        "x",
    ]


def test_a_kubeconfig_of_its_own_is_held_for_it() -> None:
    command = kubectl_process.target_command(
        environment(), Target("c1", "ctx", Kubeconfig({"kind": "Config"}, False)), grammar.parse_line(["get"])
    )
    assert (command.cluster, command.argv) == ("c1", ("kubectl", "get", "--context=ctx"))
    assert command.kubeconfig == b'{"kind": "Config"}'


@pytest.mark.parametrize("text", ["--kubeconfig f get pods -n x", "get pods --kubeconfig=f -n x"])
def test_a_kubeconfig_of_its_own_stands_in_for_the_one_on_the_command_line(text: str) -> None:
    reached = Target("c1", "ctx", Kubeconfig({"kind": "Config"}, False))
    assert argv(text, reached) == ["kubectl", "get", "--context=ctx", "--namespace=x", "pods"]
    with_user_s_own = argv(text, reached._replace(kubeconfig=OWN))
    assert with_user_s_own == ["kubectl", "get", "--context=ctx", "--kubeconfig=f", "--namespace=x", "pods"]


def test_its_kubectl_gets_the_variables_that_a_kubeconfig_needs() -> None:
    reached = Target("c1", "ctx", Kubeconfig({"kind": "Config"}, False, (("LOGIN", "s3cret"),)))
    command = kubectl_process.target_command(
        environment({"LOGIN": "", "HOME": "/h"}), reached, grammar.parse_line(["get"])
    )
    assert (command.env["LOGIN"], command.env["HOME"]) == ("s3cret", "/h")
    assert "s3cret" not in repr(reached)


def test_a_plugin_gets_its_context_behind_its_name() -> None:
    words = argv("tree deploy x", Target("c1", "ctx", OWN), plugin=True)
    assert words == ["kubectl", "tree", "--context", "ctx", "deploy", "x"]


def test_a_plugin_has_its_context_as_the_current_one() -> None:
    """Also with a kubeconfig that can't be split, and whether or not the plugin takes --context."""
    line = grammar.parse_line(["tree", "deploy"])
    command = kubectl_process.target_command(environment(), Target("c1", "ctx", OWN), line, plugin=True)
    assert json.loads(command.kubeconfig or b"") == {"apiVersion": "v1", "kind": "Config", "current-context": "ctx"}
    assert command.variables("/memory/1")["KUBECONFIG"] == os.pathsep.join(
        ("/memory/1", *environment().kubeconfig_files)
    )


def test_a_plugins_name_may_have_several_words() -> None:
    line = grammar.with_path(grammar.parse_line(["foo", "bar", "x"]), ("foo", "bar"))
    command = kubectl_process.target_command(environment(), Target("c1", "ctx", OWN), line, plugin=True)
    assert command.argv == ("kubectl", "foo", "bar", "--context", "ctx", "x")


@pytest.mark.parametrize(
    ("user", "starts_programs", "locale"),
    [
        ({}, False, kubectl_process.SMALL_CATALOGUE),
        ({"LANG": "en_US.UTF-8"}, False, kubectl_process.SMALL_CATALOGUE),
        ({"LC_ALL": "C"}, False, kubectl_process.SMALL_CATALOGUE),
        ({"LANG": "de_DE.UTF-8"}, False, None),
        ({"LC_MESSAGES": "ja_JP.UTF-8", "LANG": "en_US.UTF-8"}, False, None),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "de_DE.UTF-8"}, False, kubectl_process.SMALL_CATALOGUE),
        ({"LC_ALL": "zh_CN.GB18030"}, False, "zh_CN.GB18030"),
        ({"LANG": "en_US.UTF-8"}, True, None),
        ({"LC_ALL": "fr_CH.UTF-8"}, True, "fr_CH.UTF-8"),
    ],
)
def test_the_locale_is_left_alone_where_someone_would_see_it(
    user: dict[str, str], starts_programs: bool, locale: str | None
) -> None:
    lean = kubectl_process.lean_variables("kubectl", user, starts_programs)
    assert lean.get("LC_ALL") == locale
    assert {name: lean[name] for name in user if name != "LC_ALL"} == {n: v for n, v in user.items() if n != "LC_ALL"}


def test_what_the_user_set_for_go_counts() -> None:
    assert kubectl_process.lean_variables("kubectl", {"GOGC": "50"}, False) == {
        **kubectl_process.GARBAGE_COLLECTION,
        "GOGC": "50",
        "LC_ALL": kubectl_process.SMALL_CATALOGUE,
    }


def test_what_lasts_collects_its_garbage() -> None:
    assert "GOGC" not in kubectl_process.lean_variables("kubectl", {}, False, lasting=True)


@pytest.mark.parametrize(
    ("start", "locale"), [(b"#!/bin/bash\nexec kubectl", None), (b"\x7fELF", kubectl_process.SMALL_CATALOGUE)]
)
def test_a_shell_would_complain_of_a_locale_that_the_system_lacks(
    start: bytes, locale: str | None, tmp_path: Path
) -> None:
    (tmp_path / "kubectl").write_bytes(start)
    assert kubectl_process.lean_variables(str(tmp_path / "kubectl"), {}, False).get("LC_ALL") == locale


def test_nothing_of_the_user_s_environment_names_another_server() -> None:
    user = {
        "KUBERNETES_MASTER": "https://x",
        "KUBERNETES_SERVICE_HOST": "1.2.3.4",
        "POD_NAMESPACE": "y",
        "KUBERC": "/k",
    }
    line = grammar.parse_line(["get", "pods"])
    command = kubectl_process.target_command(environment({**user, "HOME": "/h"}), Target("c1", "ctx", OWN), line)
    assert not command.env.keys() & {"KUBERNETES_MASTER", "KUBERNETES_SERVICE_HOST", "POD_NAMESPACE"}
    assert (command.env["KUBERC"], command.env["HOME"]) == ("off", "/h")
