# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/kind.md: its commands are run, and what they say is what the page shows. README has a part of them.

`kind` is a fake that names contexts of the fleet as kind names its own, and the CRD comes from a file instead of a URL.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from fixtures.fleet import fleet
from fixtures.storage.crds import hub_crds
from tests.e2e.agents_docs_test import PROMPT, blocks, run_block, steady
from tests.e2e.conftest import Shell, shell

ROOT = Path(__file__).parent.parent.parent
URL = "https://raw.githubusercontent.com/kubernetes-sigs/cluster-inventory-api/v0.1.2/config/crd/bases/"

KIND = """\
#!/bin/sh -e
[ "$1 $2 $3" = "create cluster --name" ]
kubectl config set-context "kind-$4" --cluster="$4" --user=admin
kubectl config use-context "kind-$4"
"""


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Shell]:
    """Somebody with kind, and a kubeconfig without contexts. The cluster `hub` has no CRD of the standard yet."""
    with fleet(("eu", "us", "empty"), tmp_path / "fleet") as running:
        user = shell(running)
        document = yaml.safe_load(running.kubeconfig.read_text())
        servers = {entry["name"]: entry["cluster"] for entry in document["clusters"]}
        clusters = {"eu": servers["eu"], "us": servers["us"], "hub": servers["empty"]}
        kubeconfig = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster} for name, cluster in clusters.items()],
            "users": document["users"],
        }
        home, programs = tmp_path / "home", tmp_path / "bin"
        (home / ".kube").mkdir(parents=True)
        (home / ".kube" / "config").write_text(yaml.safe_dump(kubeconfig))
        programs.mkdir()
        (programs / "kind").write_text(KIND)
        (programs / "kind").chmod(0o755)
        path = os.pathsep.join((str(programs), user.environment["PATH"]))
        own = {"HOME": str(home), "KUBECONFIG": "", "KUBECACHEDIR": str(home / "cache"), "PATH": path}
        yield user._replace(environment={**user.environment, **own})


def commands(page: str) -> list[tuple[str, str | None]]:
    """Return (command, the output that the page shows for it) in the page's order; None for the script of a fence."""
    page = re.sub(r"\n\n(?=    (?!\$ ))", "\n    \n", page)  # an empty line in an output is a line of it
    parts = re.findall(rf"^```sh\n([\s\S]*?)^```$|((?:^{re.escape(PROMPT)}.*\n(?:^    .*\n)*)+)", page, re.MULTILINE)
    return [
        command
        for script, shown in parts
        for command in ([(f"( set -e\n{script}) </dev/null", None)] if script else [*_shown(shown)])
    ]


def _shown(text: str) -> Iterator[tuple[str, str | None]]:
    for block in blocks(text):
        yield from block


def part(page: str, start: str, end: str) -> str:
    """Return what is between two texts of a page, given by its path in the repository."""
    return (ROOT / page).read_text().partition(start)[2].partition(end)[0]


WITH_KIND = part("docs/kind.md", "# From nothing", "\n## Away with it\n")


def test_the_commands_say_what_the_page_shows(newcomer: Shell, tmp_path: Path) -> None:
    (tmp_path / "multicluster.x-k8s.io_clusterprofiles.yaml").write_text(yaml.safe_dump(hub_crds(("v1alpha1",))[0]))
    assert WITH_KIND.count(URL) == 1
    shown = commands(WITH_KIND.replace(URL, f"{tmp_path}/"))
    results = run_block([command for command, _ in shown], newcomer, tmp_path)
    home = newcomer.environment["HOME"]
    for (command, output), (said, status) in zip(shown, results, strict=True):
        assert status == ("1" if " compare " in command else "0"), (command, said)
        if output is not None:
            assert (command, steady(said.replace(home, "/home/user"))) == (command, steady(output))


def test_readme_has_the_page_s_commands_in_their_order() -> None:
    readme = commands(part("README.md", "\n## Three minutes with kind\n", "\n## "))
    assert len(readme) > 4
    assert [command for command in commands(WITH_KIND) if command in readme] == readme
