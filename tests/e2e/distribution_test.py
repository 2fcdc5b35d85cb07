# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What `make dist` builds, each installed where there is nothing but Python and kubectl."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from kubectl_mc import __version__
from kubectl_mc.command_line.help_texts import SUMMARIES
from tests import distribution
from tests.e2e.conftest import MEMBERS, Shell

PYTHON = os.path.realpath(sys.executable)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a release, compiled for the Python of the tests only."""
    folder = tmp_path_factory.mktemp("dist")
    distribution.build(folder, pythons=distribution.interpreters([sys.version_info[:2]]))
    distribution.build_packages(folder)
    distribution.write_sums(folder)
    return folder


def bare(members: Shell, folder: Path) -> dict[str, str]:
    """The environment of a user who has Python and kubectl, and what is in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    kubectl = shutil.which("kubectl", path=members.environment["PATH"])
    assert kubectl
    for name, program in (("python3", PYTHON), ("kubectl", kubectl)):
        if not (folder / name).exists():
            (folder / name).symlink_to(program)
    variables = {name: value for name, value in members.environment.items() if name != "PYTHONPATH"}
    return {**variables, "PATH": str(folder)}


def install(kind: str, release: Path, folder: Path) -> None:
    """Install one of a release's files, so that its programs are in this folder."""
    if kind == "pyz":
        folder.mkdir()
        shutil.copy2(release / "kubectl-mc.pyz", folder / "kubectl-mc")
        (folder / "kubectl_complete-mc").symlink_to("kubectl-mc")
        return
    subprocess.run([PYTHON, "-m", "venv", str(folder.parent)], check=True)
    (package,) = release.glob("kubectl_mc-*.whl" if kind == "wheel" else "kubectl_mc-*.tar.gz")
    pip = [str(folder / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(package)]
    subprocess.run(pip, check=True, cwd=release)


@pytest.mark.parametrize("kind", ["pyz", "wheel", "sdist"])
def test_it_works_with_python_and_kubectl_alone(members: Shell, release: Path, tmp_path: Path, kind: str) -> None:
    install(kind, release, tmp_path / "bin")
    user = members._replace(environment=bare(members, tmp_path / "bin"))
    assert user.kubectl("mc", "--version").stdout == f"kubectl-mc {__version__}\n"
    assert {row[1] for row in user.kubectl("mc", "get", "ns", "default").rows[1:]} == {*MEMBERS}
    assert user.kubectl("mc", "clusters", "-o", "json").status == 0
    candidates = user.kubectl("__complete", "mc", "get", "pods", "--clusters=c1,").stdout.splitlines()
    assert candidates[:2] == ["c1,c2", "c1,c3"]


def test_krews_archive_is_what_its_manifest_says(members: Shell, release: Path, tmp_path: Path) -> None:
    manifest = yaml.safe_load((release / "multicluster.yaml").read_text())
    (platform,) = manifest["spec"]["platforms"]
    archive = release / platform["uri"]
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == platform["sha256"]
    with tarfile.open(archive) as file:
        file.extractall(tmp_path / "bin")
    assert (tmp_path / "bin" / platform["bin"]).name == f"kubectl-{manifest['metadata']['name']}"
    user = members._replace(environment=bare(members, tmp_path / "bin"))
    assert user.kubectl("multicluster", "get", "ns", "default").status == 0
    assert user.kubectl("multicluster", "--help").stdout.startswith("kubectl multicluster runs ")
    (tmp_path / "bin" / "kubectl_complete-multicluster").symlink_to(platform["bin"])
    assert "--version\tof kubectl multicluster" in user.kubectl("__complete", "multicluster", "--vers").stdout


def test_the_manifest_is_as_krews_index_checks_it(release: Path) -> None:
    """The rules of krew's internal/index/validation/validate.go and cmd/validate-krew-manifest."""
    archive = release / "kubectl-multicluster.tar.gz"
    manifest = distribution.krew_manifest(archive.read_bytes(), "https://x.example/v1/", "https://x.example")
    document = yaml.safe_load(manifest)
    assert (document["apiVersion"], document["kind"]) == ("krew.googlecontainertools.github.com/v1alpha2", "Plugin")
    spec = document["spec"]
    assert re.fullmatch(r"v\d+\.\d+\.\d+(-[\w.]+)?", spec["version"])
    assert spec["homepage"] == "https://x.example"
    assert len(spec["shortDescription"]) <= 50  # more isn't shown by `kubectl krew search`
    (platform,) = spec["platforms"]
    assert platform.keys() == {"selector", "uri", "sha256", "bin"}  # without `files`, all of the archive is installed
    assert platform["uri"] == "https://x.example/v1/kubectl-multicluster.tar.gz"
    assert [rule["key"] for rule in platform["selector"]["matchExpressions"]] == ["os"]
    with tarfile.open(archive) as file:
        assert {platform["bin"], "LICENSE"} <= set(file.getnames())


def test_a_second_build_is_equal(release: Path, tmp_path: Path) -> None:
    distribution.build(tmp_path, pythons=distribution.interpreters([sys.version_info[:2]]))
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (release / file.name).read_bytes(), file.name


def test_the_sums_are_those_of_all_files(release: Path) -> None:
    sums = dict(line.split("  ")[::-1] for line in (release / "SHA256SUMS").read_text().splitlines())
    assert sums.keys() == {path.name for path in release.iterdir()} - {"SHA256SUMS"}
    assert all(hashlib.sha256((release / name).read_bytes()).hexdigest() == value for name, value in sums.items())


def test_the_man_page_has_all_commands(release: Path) -> None:
    page = (release / "kubectl-mc.1").read_text()
    sections = re.findall(r"^\.SH (.*)$", page, re.MULTILINE)
    commands = [f"KUBECTL MC {name.upper()}" for name in SUMMARIES]
    assert sections == ["NAME", "SYNOPSIS", "DESCRIPTION", *commands, "SEE ALSO"]
    assert "\\-\\-clusters=NAME" in page
