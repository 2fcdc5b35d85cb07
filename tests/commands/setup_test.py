# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pytest_subprocess import FakeProcess

from kubectl_mc import cli
from tests.commands.hub import HUB, hub_line

VIEW = "config view -o json"
FILE = ".kube/kubectl-mc-clusters.yaml"
ADMIN = json.dumps({"kind": "SelfSubjectReview", "status": {"userInfo": {"username": "admin"}}})
OLD_SERVER = 'error: the server doesn\'t have a resource type "selfsubjectreviews"\n'


class Home(NamedTuple):
    """A user's home with a kubeconfig, and a PATH with a kubectl that can't really run."""

    folder: Path

    @property
    def kubectl(self) -> str:
        return str(self.folder / "bin" / "kubectl")

    @property
    def environment(self) -> dict[str, str]:
        return {"HOME": str(self.folder), "PATH": str(self.folder / "bin")}

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)


class Outcome(NamedTuple):
    status: int
    stdout: str
    stderr: str

    @property
    def rows(self) -> list[list[str]]:
        return [line.split() for line in self.stdout.splitlines()[1:]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.write("bin/kubectl", "not to be run")
    made.write(".kube/config", "kind: Config")
    return made


def run(home: Home, text: str) -> Outcome:
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(3)]
    status = cli.main(text.split(), home.environment, *streams)
    for stream in streams:
        stream.seek(0)
    return Outcome(status, streams[1].read(), streams[2].read())


def profiles(*names: str, **properties: str) -> str:
    """What the hub answers; a name may be namespace/name."""
    items = [
        {
            "apiVersion": "multicluster.x-k8s.io/v1alpha1",
            "metadata": {"name": name.rpartition("/")[2], "namespace": name.rpartition("/")[0] or "fleet"},
            "status": {"properties": [{"name": key, "value": value} for key, value in properties.items()]},
        }
        for name in names
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def view(*names: str, current: str = "hub") -> str:
    contexts = [{"name": name, "context": {"cluster": name, "user": "u"}} for name in names]
    return json.dumps({"current-context": current, "contexts": contexts, "clusters": None, "users": None})


def whoami(context: str) -> str:
    return f"auth whoami --context={context} --output=json"


def register(fp: FakeProcess, home: Home, answers: Mapping[str, Any]) -> None:
    """What kubectl answers: arguments -> its stdout, or (stderr, status)."""
    for text, answer in answers.items():
        argv = [home.kubectl, *text.split()]
        if isinstance(answer, tuple):
            fp.register(argv, stderr=answer[0].encode(), returncode=answer[1])
        else:
            fp.register(argv, stdout=answer.encode())


def started(fp: FakeProcess) -> list[str]:
    """The command lines, each program without its folder."""
    calls = [[str(word) for word in call] for call in fp.calls if not isinstance(call, str)]
    return [" ".join([os.path.basename(words[0]), *words[1:]]) for words in calls]


def test_one_process_for_the_hub_one_for_the_kubeconfig_and_one_for_each_context(fp: FakeProcess, home: Home) -> None:
    register(fp, home, {HUB: profiles("c1", "c2"), VIEW: view("c1", "c2"), whoami("c1"): ADMIN, whoami("c2"): ADMIN})
    outcome = run(home, "setup --yes")
    assert outcome.stdout == (
        "CLUSTER   CONTEXT   HOW         SERVER ANSWERS   USER    PROBLEM\n"
        "c1        c1        same name   yes              admin\n"
        "c2        c2        same name   yes              admin\n"
    )
    assert outcome.status == 0
    assert started(fp) == [f"kubectl {words}" for words in (HUB, VIEW, whoami("c1"), whoami("c2"))]


def test_a_context_of_two_clusters_is_asked_once(fp: FakeProcess, home: Home) -> None:
    home.write(FILE, "clusters: [{name: c1, context: x}, {name: c2, context: x}]")
    register(fp, home, {HUB: profiles("c1", "c2"), VIEW: view("x"), whoami("x"): ADMIN})
    assert run(home, "setup --check").rows == [
        ["c1", "x", "mapped", "yes", "admin"],
        ["c2", "x", "mapped", "yes", "admin"],
    ]


@pytest.mark.parametrize(
    ("answer", "cells", "status"),
    [
        (ADMIN, ["yes", "admin"], 0),
        ((OLD_SERVER, 1), ["yes", "<unknown>"], 0),
        ("{}", ["yes", "<unknown>"], 0),
        (ADMIN.replace("admin", "system:anonymous"), ["yes", "system:anonymous", "not", "logged", "in"], 1),
        (ADMIN.replace("admin", "\\u001b[2J"), ["yes", "\\x1b[2J"], 0),
        (
            ("error: You must be logged in to the server (Unauthorized)\n", 1),
            ["yes", "<none>", "unauthorized"],
            1,
        ),
        (
            ('Unable to connect to the server: getting credentials: exec: executable aws not found\n', 1),
            ["<unknown>", "<none>", "login", "failed"],
            1,
        ),
        (
            ("Unable to connect to the server: dial tcp: lookup x: no such host\n", 1),
            ["no", "<none>", "DNS", "lookup", "failed"],
            1,
        ),
    ],
)  # fmt: skip
def test_what_a_server_answers(fp: FakeProcess, home: Home, answer: Any, cells: list[str], status: int) -> None:
    home.write(FILE, "clusters: [{name: c1, context: x}]")
    register(fp, home, {HUB: profiles("c1"), VIEW: view("x"), whoami("x"): answer})
    outcome = run(home, "setup --check")
    assert (outcome.rows[0][3:], outcome.status) == (cells, status)


def test_profiles_of_one_name_are_mapped_with_their_namespaces(fp: FakeProcess, home: Home) -> None:
    home.write(FILE, "clusters: [{name: c1, context: x}]")
    register(fp, home, {HUB: profiles("dev/c1", "prod/c1"), VIEW: view("dev/c1", "prod/c1")})
    register(fp, home, {whoami("dev/c1"): ADMIN, whoami("prod/c1"): ADMIN})
    assert run(home, "setup --yes").status == 0
    assert (home.folder / FILE).read_text() == (
        "clusters: [{name: c1, context: x}, {name: c1, namespace: dev, context: dev/c1}, "
        "{name: c1, namespace: prod, context: prod/c1}]"
    )


def test_an_entry_with_a_namespace_is_the_one_that_changes(fp: FakeProcess, home: Home) -> None:
    home.write(FILE, "clusters: [{name: fleet/c1, context: gone}, {name: c1, context: also-gone}]")
    register(fp, home, {HUB: profiles("c1"), VIEW: view("c1"), whoami("c1"): ADMIN})
    assert run(home, "setup --yes").rows == [["c1", "c1", "same", "name", "yes", "admin"]]
    assert (
        home.folder / FILE
    ).read_text() == "clusters: [{name: fleet/c1, context: c1}, {name: c1, context: also-gone}]"


@pytest.mark.parametrize(
    ("text", "flag", "after"),
    [
        (
            "clusters: [{name: c1, context: x}]\n",
            " --hub-context=h",
            "hubContext: h\nclusters: [{name: c1, context: x}]\n",
        ),
        ("clusters: [{name: c1, context: x}]\n", "", "clusters: [{name: c1, context: x}]\n"),
        ("hubContext: mine\nclusters: [{name: c1, context: x}]\n", " --hub-context=h", None),
    ],
)
def test_the_hub_is_written_if_it_was_given_and_isnt_there(
    fp: FakeProcess, home: Home, text: str, flag: str, after: str | None
) -> None:
    home.write(FILE, text)
    asked = hub_line("--context=h") if flag else HUB
    register(fp, home, {asked: profiles("c1"), VIEW: view("x"), whoami("x"): ADMIN})
    assert run(home, f"setup --yes{flag}").status == 0
    assert (home.folder / FILE).read_text() == (after or text)


def test_entries_of_another_hub_than_the_files_are_not_written_without_a_word(fp: FakeProcess, home: Home) -> None:
    home.write(FILE, "hubContext: mine\n")
    register(fp, home, {hub_line("--context=h"): profiles("c1"), VIEW: view("c1"), whoami("c1"): ADMIN})
    outcome = run(home, "setup --yes --hub-context=h")
    assert f"Warning: {home.folder / FILE} says hubContext: mine, and stays so; " in outcome.stderr
    assert "commands need --hub-context=h\n" in outcome.stderr


def test_a_kubeconfig_that_is_named_is_everywhere(fp: FakeProcess, home: Home) -> None:
    path = str(home.folder / ".kube" / "config")
    home.write("bin/az", "not to be run")
    named = [hub_line(f"--kubeconfig={path}"), f"{VIEW} --kubeconfig={path}"]
    az = f"aks get-credentials --name Shop --resource-group g --context c2 --file {path}"
    register(fp, home, {named[0]: profiles("c2", **{"cluster-name": "Shop", "resource-group": "g"})})
    for _ in range(3):
        register(fp, home, {named[1]: view()})
    fp.register(["az", *az.split()])
    for current in ("c2", "c2", "hub"):
        register(fp, home, {named[1]: view("c2", current=current)})
    restored = f"config use-context hub --kubeconfig={path}"
    register(fp, home, {restored: "", f"auth whoami --context=c2 --kubeconfig={path} --output=json": ADMIN})
    outcome = run(home, f"setup --yes --provider=azure --kubeconfig={path}")
    assert outcome.rows == [["c2", "c2", "made", "by", "az", "yes", "admin"]]
    assert f"az {az}" in started(fp)
    assert f"kubectl {restored}" in started(fp)
    assert all(path in command for command in started(fp))


def test_a_kubeconfig_that_can_t_be_read_is_an_error(fp: FakeProcess, home: Home) -> None:
    register(fp, home, {HUB: profiles("c1"), VIEW: ("error: error loading config file\n", 1)})
    outcome = run(home, "setup --yes")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "the kubeconfig can't be read. kubectl said: error: error loading config file" in outcome.stderr


def test_a_file_that_can_t_be_written_is_said_with_what_to_add(fp: FakeProcess, home: Home) -> None:
    (home.folder / FILE).symlink_to(home.folder / FILE)
    register(fp, home, {HUB: profiles("c1"), VIEW: view("c1"), whoami("c1"): ADMIN})
    outcome = run(home, "setup --yes")
    assert outcome.status == 1
    assert "is left as it is: " in outcome.stderr
    assert "Too many levels of symbolic links" in outcome.stderr
    assert outcome.stderr.endswith("clusters:\n- name: c1\n  context: c1\n")
