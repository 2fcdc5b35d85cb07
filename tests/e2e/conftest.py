# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The fleets of the end-to-end tests, and kubectl and kubectl-mc as a user's shell starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from fixtures.fleet import LACKS, Fleet, fleet
from tests import real_kubectl
from tests.e2e.running import Running

if TYPE_CHECKING:
    from tests.e2e.fake_plugins import PluginUser
    from tests.e2e.verbs_test import Place

MEMBERS = ("c1", "c2", "c3")

# The versions of the standard's API that a hub serves: as in v0.1, as in v0.2, and as later ones will.
HUBS = (("v1alpha1",), ("v1alpha1", "v1alpha2"), ("v1alpha2",))

MC = (sys.executable, "-m", "kubectl_mc")


def needs(*abilities: str) -> pytest.MarkDecorator:
    """Skip a test on a fleet that lacks one of these abilities (fixtures.fleet.LACKS)."""
    reasons = [LACKS[ability] for ability in abilities if ability in LACKS]
    return pytest.mark.skipif(bool(reasons), reason="; ".join(reasons))


# kubectl 1.27 asks who one is by versions of the API that servers of today lack.
WHOAMI = real_kubectl.since("1.28", "an auth whoami that servers of today answer")
# What checks say, then, of who the owner of the kubeconfig is.
ADMIN = "admin" if real_kubectl.version() >= (1, 28) else "<unknown>"

KYAML = pytest.param("kyaml", marks=real_kubectl.since("1.35", "-o kyaml"))


class Done(NamedTuple):
    """What a command left behind."""

    status: int
    stdout: str
    stderr: str

    @property
    def rows(self) -> list[list[str]]:
        """The lines of stdout, split at runs of spaces: enough for tables without empty cells."""
        return [line.split() for line in self.stdout.splitlines()]


class Shell(NamedTuple):
    """A user of the fleet who runs commands. `env` adds variables for one command."""

    fleet: Fleet
    environment: dict[str, str]

    def kubectl(self, *arguments: str, env: dict[str, str] | None = None) -> Done:
        """Run kubectl."""
        return self._run(["kubectl", *arguments], None, env or {})

    def mc(self, *arguments: str, stdin: str | None = None, env: dict[str, str] | None = None) -> Done:
        """Run kubectl-mc."""
        return self._run([*MC, *arguments], stdin, env or {})

    @contextmanager
    def running(self, *arguments: str, env: dict[str, str] | None = None, terminal: bool = False) -> Iterator[Running]:
        """Give a running kubectl-mc, and kill it when the block ends."""
        with Running([*MC, *arguments], {**self.environment, **(env or {})}, terminal=terminal) as command:
            yield command

    def _run(self, command: list[str], stdin: str | None, env: dict[str, str]) -> Done:
        done = subprocess.run(
            command,
            env={**self.environment, **env},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            start_new_session=True,  # without the terminal of the tests
        )
        return Done(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def fault(self, cluster: str, kind: str) -> Iterator[None]:
        """Set a fault of a cluster until the block ends."""
        self.fleet.set_fault(cluster, kind)
        try:
            yield
        finally:
            self.fleet.set_fault(cluster, None)


def shell(running: Fleet) -> Shell:
    """Return a user of a fleet."""
    path = os.pathsep.join(
        (real_kubectl.folder(), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))
    )
    root = str(Path(__file__).parent.parent.parent)
    # Only tests of colours want them; they set NO_COLOR to nothing.
    return Shell(running, {**running.env, "PATH": path, "PYTHONPATH": root, "NO_COLOR": "1"})


@pytest.fixture(scope="session")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A fleet of three clusters. Tests leave it as it was."""
    with fleet(MEMBERS, tmp_path_factory.mktemp("fleet")) as running:
        yield shell(running)


@pytest.fixture(scope="session", params=HUBS, ids="+".join)
def each_hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A fleet of three clusters for each kind of hub. Tests leave it as it was."""
    with fleet(MEMBERS, tmp_path_factory.mktemp("fleet"), hub_versions=request.param) as running:
        yield shell(running)


@pytest.fixture(scope="module")
def own_members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A fleet of three clusters that the tests of the module change."""
    with fleet(MEMBERS, tmp_path_factory.mktemp("own-fleet")) as running:
        yield shell(running)


@pytest.fixture
def changing(own_members: Shell) -> Shell:
    """The fleet of the module, as it was at the start."""
    for cluster in MEMBERS:
        own_members.fleet.reset(cluster)
    return own_members


@pytest.fixture
def place(changing: Shell, tmp_path: Path) -> Place:
    """The fleet of the module as it was at the start, with manifests, and an empty record."""
    from tests.e2e.changing import settled  # changing imports this module

    return settled(changing, tmp_path)


@pytest.fixture
def user(members: Shell, tmp_path: Path) -> Iterator[PluginUser]:
    """A user of the fleet whose contexts may log in with plugins, and who leaves nothing in TMPDIR."""
    from tests.e2e.fake_plugins import plugin_user  # fake_plugins imports this module

    yield plugin_user(members, tmp_path)
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.fixture
def changing_user(changing: Shell, tmp_path: Path) -> Iterator[PluginUser]:
    """The same for the fleet that the tests of a module change."""
    from tests.e2e.fake_plugins import plugin_user

    yield plugin_user(changing, tmp_path)
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.fixture
def fresh_home(members: Shell, tmp_path: Path) -> Callable[..., Shell]:
    """The same fleet for a user with a new home directory: no caches, and the mapping file of the argument."""

    def make(mapping: str | None = None, kubeconfig: str | None = None) -> Shell:
        kube = tmp_path / ".kube"
        kube.mkdir(exist_ok=True)
        (kube / "config").write_text(members.fleet.kubeconfig.read_text() if kubeconfig is None else kubeconfig)
        if mapping is not None:
            (kube / "kubectl-mc-clusters.yaml").write_text(mapping)
        environment = {**members.environment, "HOME": str(tmp_path), "KUBECONFIG": ""}
        return members._replace(environment=environment)

    return make
