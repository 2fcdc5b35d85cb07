# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/coming-from.md: what other tools have is here as it says."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import Shell

DOCS = Path(__file__).parent.parent.parent / "docs" / "coming-from.md"

# The demo's fleet, in the docs -> that of the tests.
NAMES = {"prod-eu": "c1", "prod-us": "c2", "prod-ap": "c3", "prod-*": "c*", "*-ap": "*3", "prod": "c", "ap": "3"}


def commands() -> list[list[str]]:
    """The command lines in the tables, but for those that are only forms (`TYPE`), or don't end by themselves."""
    cells = [re.split(r"(?<!\\)\|", row)[2] for row in DOCS.read_text().splitlines() if row.startswith("| ")]
    found = [line for cell in cells for line in re.findall(r"`kubectl mc ([^`]*)`", cell)]
    lines = [line for line in dict.fromkeys(found) if not re.search(r"\b(TYPE|NAME|POD)\b|logs -f", line)]
    pattern = "|".join(re.escape(name) for name in sorted(NAMES, key=len, reverse=True))
    return [shlex.split(re.sub(rf"(?<!\w)(?:{pattern})(?![\w-])", lambda name: NAMES[name[0]], line)) for line in lines]


@pytest.fixture
def user(members: Shell, tmp_path: Path) -> Shell:
    """A user whose home the tests may change."""
    shutil.copytree(Path(members.environment["HOME"], ".kube"), tmp_path / ".kube")
    kubeconfig = members.environment.get("KUBECONFIG") or str(tmp_path / ".kube" / "config")
    shutil.copy2(kubeconfig, tmp_path / "kubeconfig")
    kept = {"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "kubeconfig"), "KUBECTL_MC_SESSION": "coming-from"}
    return members._replace(environment={**members.environment, **kept})


def test_the_commands_of_the_tables_work(user: Shell) -> None:
    assert len(commands()) > 25
    for command in commands():
        done = user.mc(*command)
        assert (done.status, bool(done.stdout)) == (0, True), (command, done.stderr)
        assert "unknown" not in done.stderr


def test_without_a_namespace_that_of_each_context_counts(user: Shell) -> None:
    user.kubectl("config", "set-context", "c1", "--namespace=shop")
    done = user.mc("get", "deploy", "cart", "-o", "name")
    assert done.stdout == "c1\tdeployment.apps/cart\n"


def test_the_settings_of_the_proof_of_concept_are_said_not_to_be_read(user: Shell) -> None:
    settings = Path(user.environment["HOME"], ".kube", "kubectl-mc-config.yaml")
    assert "kubectl-mc-config.yaml" not in user.mc("setup", "--check").stderr
    settings.write_text("kind: Config\nexecution: {maxConcurrency: 10}\n")
    said = user.mc("setup", "--check").stderr
    assert f"Note: {settings} isn't read; `defaults` of the mapping file are those of flags\n" in said


@pytest.mark.parametrize(
    "words",
    ["get pods --concurrency=3", "-v get pods", "--refresh", "list", "-r c -- get pods", "use -c", "get po -p 5"],
)
def test_no_cluster_is_asked_before_a_hint(changing: Shell, words: str) -> None:
    clusters = ("hub", "c1", "c2", "c3")
    for cluster in clusters:
        changing.fleet.clear_requests(cluster)
    done = changing.mc(*words.split())
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert all(changing.fleet.requests(cluster) == [] for cluster in clusters)
