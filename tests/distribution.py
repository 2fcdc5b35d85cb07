# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`make dist`: what a release consists of, in dist/.

    kubectl_mc-VERSION-py3-none-any.whl, kubectl_mc-VERSION.tar.gz    for pip, pipx and uv
    kubectl-mc.pyz            one file that needs nothing but Python 3.10 or newer; kubectl_complete-mc is a link to it
    kubectl-mc.1              the man page, made of the help
    kubectl-multicluster.tar.gz, multicluster.yaml    for krew: the archive, and its manifest
    SHA256SUMS

Two builds of the same source with the same interpreters are equal, byte for byte.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import distribution
from itertools import chain
from pathlib import Path

from kubectl_mc import __version__
from kubectl_mc.command_line import help_texts

ROOT = Path(__file__).parent.parent

DEPENDENCIES = ("PyYAML", "plumbum", "tabulate")  # install_requires of setup.cfg

VERSIONS = ((3, 10), (3, 11), (3, 12), (3, 13))  # whose compiled code the one file has

# The time of all files in the archives: 1980 is the first year that a zip file can tell.
_TIME = (1980, 1, 1, 0, 0, 0)

# The one file's start. An archive holds compiled code for several Pythons, each in a folder of its own, and the source
# for the others. Python looks for `__main__` in the archive itself, so this is compiled at each start: it is short.
_MAIN = """\
import sys

if sys.version_info < (3, 10):
    sys.exit("kubectl mc needs Python 3.10 or newer; this is %d.%d: " % sys.version_info[:2] + sys.executable)
archive, tag = sys.path[0], "cp%d%d" % sys.version_info[:2]
sys.path[0] = archive + "/" + (tag if tag in {tags!r} else "source")

from kubectl_mc.__main__ import complete, run

(complete if sys.argv[0].rpartition("/")[2].startswith("kubectl_complete") else run)()
"""

# Compiles the files of a folder for one Python, next to their sources, which it replaces. Code that is known by its
# hash and isn't checked depends on no time of a file (PEP 552).
_COMPILE = """
import os, py_compile, sys
for folder, _, names in sorted(os.walk(sys.argv[1])):
    for name in sorted(names):
        path = os.path.join(folder, name)
        if name.endswith(".py"):
            shown = os.path.relpath(path, sys.argv[1])
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(path, path + "c", shown, doraise=True, invalidation_mode=mode)
            os.remove(path)
"""


def python_sources() -> dict[str, bytes]:
    """Return the modules of kubectl-mc and of what it needs: path in the archive -> source."""
    ours = (ROOT / "kubectl_mc").rglob("*.py")
    sources = {str(path.relative_to(ROOT)): path.read_bytes() for path in ours}
    for name in DEPENDENCIES:
        for file in distribution(name).files or ():
            if file.suffix == ".py" and not str(file).startswith(".."):
                sources[str(file)] = Path(str(file.locate())).read_bytes()
    return dict(sorted(sources.items()))


def licences() -> dict[str, bytes]:
    """Return the licences of all that is in the one file: path in the archive -> text."""
    texts = {"LICENSE": (ROOT / "LICENSE").read_bytes()}
    for name in DEPENDENCIES:
        for file in distribution(name).files or ():
            if file.name.upper().startswith(("LICEN", "NOTICE", "COPYING")):
                texts[f"licenses/{name}/{file.name}"] = Path(str(file.locate())).read_bytes()
    return texts


def interpreters(versions: Iterable[tuple[int, int]] = VERSIONS) -> dict[str, str]:
    """Return the Pythons at hand: tag (`cp311`) -> path. They are on PATH, or where pyenv and uv put theirs."""
    home = Path.home()
    managed = [home.glob(".pyenv/versions/*/bin"), home.glob(".local/share/uv/python/*/bin")]
    folders = [*os.environ.get("PATH", os.defpath).split(os.pathsep), *map(str, sorted(chain(*managed)))]
    paths = {}
    for major, minor in versions:
        own = [sys.executable] if sys.version_info[:2] == (major, minor) else []
        candidates = (*own, *(shutil.which(f"python{major}.{minor}", path=folder) for folder in folders))
        # A name on PATH may be a launcher for a Python that isn't there.
        if path := next((path for path in candidates if path and _runs(path)), None):
            paths[f"cp{major}{minor}"] = path
    return paths


def _runs(python: str) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def compiled(sources: Mapping[str, bytes], python: str) -> dict[str, bytes]:
    """Return the compiled modules: path in the archive -> code."""
    with tempfile.TemporaryDirectory() as folder:
        for name, source in sources.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source)
        environment = {"PATH": os.defpath, "PYTHONHASHSEED": "0"}
        subprocess.run([python, "-s", "-S", "-c", _COMPILE, folder], env=environment, check=True)
        paths = sorted(Path(folder).rglob("*.pyc"))
        return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def executable(pythons: Mapping[str, str]) -> bytes:
    """Return the one file. pythons: as from `interpreters`"""
    sources = python_sources()
    files = {"__main__.py": _MAIN.format(tags=tuple(pythons)).encode(), **licences()}
    for tag, python in pythons.items():
        files |= {f"{tag}/{name}": code for name, code in compiled(sources, python).items()}
    files |= {f"source/{name}": source for name, source in sources.items()}
    archive = io.BytesIO()
    archive.write(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(archive, "a") as file:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr, entry.create_system = 0o644 << 16, 3
            file.writestr(entry, content, zipfile.ZIP_DEFLATED)  # it starts as fast as one that isn't compressed
    return archive.getvalue()


def man_page() -> str:
    """Return the man page, in roff: the help of kubectl mc and of its commands."""
    parts = [
        f'.TH KUBECTL\\-MC 1 "" "kubectl-mc {__version__}" "kubectl plugins"',
        ".SH NAME\nkubectl\\-mc \\- kubectl for a whole fleet of clusters",
        '.SH SYNOPSIS\n.B kubectl mc\n.IR VERB " | " COMMAND\n[flags of kubectl\\(aqs and ours, in any order]',
        f".SH DESCRIPTION\n{_preformatted(help_texts.HELP)}",
    ]
    for name in help_texts.SUMMARIES:
        text = import_module(f"kubectl_mc.commands.{name}").HELP
        parts.append(f".SH KUBECTL MC {name.upper()}\n{_preformatted(text)}")
    parts.append(".SH SEE ALSO\n.BR kubectl (1)")
    return "\n".join(parts) + "\n"


def _preformatted(text: str) -> str:
    escaped = text.rstrip().replace("\\", "\\e").replace("-", "\\-")
    lines = (f"\\&{line}" if line.startswith((".", "'")) else line for line in escaped.split("\n"))
    return "\n".join((".nf", *lines, ".fi"))


def krew_archive(pyz: bytes) -> bytes:
    """Return the archive that krew unpacks: the one file and the licence, as a tar file."""
    archive = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=archive, mode="wb", filename="", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name, content, mode in (
            ("kubectl-multicluster", pyz, 0o755),
            ("LICENSE", (ROOT / "LICENSE").read_bytes(), 0o644),
        ):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def krew_manifest(archive: bytes, url: str, homepage: str = "") -> str:
    """Return krew's manifest (https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/).

    url: the folder of the release's files; "" for a manifest that is tried with `kubectl krew install --archive`
    homepage: the address of the repository, which krew's index wants; "" without one
    """
    page = f"\n  homepage: {homepage}" if homepage else ""
    return f"""\
apiVersion: krew.googlecontainertools.github.com/v1alpha2
kind: Plugin
metadata:
  name: multicluster
spec:
  version: v{__version__}{page}
  shortDescription: Run a kubectl command on a whole fleet of clusters
  description: |
    Runs any kubectl command on every cluster of a fleet and shows one answer.
    The clusters are the ClusterProfiles (multicluster.x-k8s.io) of a hub.
  caveats: |
    It needs Python 3.10 or newer, as `python3` on your PATH.
    Completion needs a link on your PATH, too, e.g.:
      ln -s "$(command -v kubectl-multicluster)" ~/.local/bin/kubectl_complete-multicluster
  platforms:
  - selector:
      matchExpressions:
      - {{key: os, operator: In, values: [linux, darwin]}}
    uri: {url.rstrip("/") + "/" if url else ""}kubectl-multicluster.tar.gz
    sha256: {hashlib.sha256(archive).hexdigest()}
    bin: kubectl-multicluster
"""


def build(folder: Path, url: str = "", pythons: Mapping[str, str] | None = None, homepage: str = "") -> None:
    """Write all but the wheel and the sdist to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pyz = executable(interpreters() if pythons is None else pythons)
    archive = krew_archive(pyz)
    (folder / "kubectl-mc.pyz").write_bytes(pyz)
    (folder / "kubectl-mc.pyz").chmod(0o755)
    (folder / "kubectl-mc.1").write_text(man_page(), encoding="utf-8")
    (folder / "kubectl-multicluster.tar.gz").write_bytes(archive)
    (folder / "multicluster.yaml").write_text(krew_manifest(archive, url, homepage), encoding="utf-8")


def build_packages(folder: Path) -> None:
    """Write the wheel and the sdist to a folder. They are built of a copy, as setuptools leaves files there."""
    with tempfile.TemporaryDirectory() as copy:
        for name in ("kubectl_mc", "setup.cfg", "setup.py", "README.md", "LICENSE"):
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, Path(copy) / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, copy)
        # The time of what is packed (https://reproducible-builds.org/docs/source-date-epoch).
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800", "PYTHONDONTWRITEBYTECODE": ""}
        command = [sys.executable, "-m", "build", "--outdir", str(folder.absolute()), copy]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def write_sums(folder: Path) -> None:
    """Write the SHA-256 sums of a folder's files, as `sha256sum --check` reads them."""
    names = sorted(path.name for path in folder.iterdir() if path.name != "SHA256SUMS")
    sums = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Build everything, and say what is there."""
    parser = argparse.ArgumentParser(prog="make dist", description=__doc__)
    parser.add_argument("--url", default="", help="where the release's files will be, for krew")
    parser.add_argument("--homepage", default="", help="the address of the repository, for krew")
    options = parser.parse_args(arguments)
    folder, pythons = ROOT / "dist", interpreters()
    shutil.rmtree(folder, ignore_errors=True)
    print(f"one file, compiled for {', '.join(pythons)}; others take its source")
    build(folder, options.url, pythons, options.homepage)
    print("wheel and sdist", flush=True)
    build_packages(folder)
    write_sums(folder)
    print((folder / "SHA256SUMS").read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()
