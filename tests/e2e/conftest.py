"""The fleets that the end-to-end tests ask, and kubectl and kubectl-mc as a user's shell would start them."""

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
from tests.e2e.running import Running

if TYPE_CHECKING:
    from tests.e2e.verbs_test import Place

MEMBERS = ("c1", "c2", "c3")
MC = (sys.executable, "-m", "kubectl_mc")


def needs(*abilities: str) -> pytest.MarkDecorator:
    """The test is skipped on a fleet that lacks one of these (fixtures.fleet.LACKS), with the reason."""
    lacking = [LACKS[ability] for ability in abilities if ability in LACKS]
    return pytest.mark.skipif(bool(lacking), reason="; ".join(lacking))


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
    """Runs commands in the environment of a user of the fleet; `env` and `stdin` may be given per call."""

    fleet: Fleet
    environment: dict[str, str]

    def kubectl(self, *arguments: str, env: dict[str, str] | None = None) -> Done:
        return self._run(["kubectl", *arguments], None, env or {})

    def mc(self, *arguments: str, stdin: str | None = None, env: dict[str, str] | None = None) -> Done:
        return self._run([*MC, *arguments], stdin, env or {})

    @contextmanager
    def running(self, *arguments: str, env: dict[str, str] | None = None, terminal: bool = False) -> Iterator[Running]:
        """kubectl-mc while it runs; killed at the end of the block if it still does."""
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
            start_new_session=True,  # without a terminal, wherever the tests are run
        )
        return Done(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def fault(self, cluster: str, kind: str) -> Iterator[None]:
        """Let a cluster misbehave inside the block."""
        self.fleet.set_fault(cluster, kind)
        try:
            yield
        finally:
            self.fleet.set_fault(cluster, None)


def shell(found: Fleet) -> Shell:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    root = str(Path(__file__).parent.parent.parent)
    return Shell(found, {**found.env, "PATH": path, "PYTHONPATH": root})


@pytest.fixture(scope="session")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A fleet of three that no test changes for good."""
    with fleet(MEMBERS, tmp_path_factory.mktemp("fleet")) as found:
        yield shell(found)


@pytest.fixture(scope="module")
def own_members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A fleet of three that the module's tests change."""
    with fleet(MEMBERS, tmp_path_factory.mktemp("own-fleet")) as found:
        yield shell(found)


@pytest.fixture
def changing(own_members: Shell) -> Shell:
    """The module's own fleet, as it was at the start."""
    for cluster in MEMBERS:
        own_members.fleet.reset(cluster)
    return own_members


@pytest.fixture
def place(changing: Shell, tmp_path: Path) -> Place:
    """The module's own fleet, as it was at the start, with manifests, and nothing in the record of changes yet."""
    from tests.e2e.changing import settled  # which needs what is in here

    return settled(changing, tmp_path)


@pytest.fixture
def fresh_home(members: Shell, tmp_path: Path) -> Callable[..., Shell]:
    """The same fleet for a user with a home of their own: nothing cached, and the mapping file that is given."""

    def make(mapping: str | None = None, kubeconfig: str | None = None) -> Shell:
        kube = tmp_path / ".kube"
        kube.mkdir(exist_ok=True)
        (kube / "config").write_text(members.fleet.kubeconfig.read_text() if kubeconfig is None else kubeconfig)
        if mapping is not None:
            (kube / "kubectl-mc-clusters.yaml").write_text(mapping)
        environment = {**members.environment, "HOME": str(tmp_path), "KUBECONFIG": ""}
        return members._replace(environment=environment)

    return make
