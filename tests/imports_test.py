# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What a command imports: the read path is as quick as a kubectl is, so nothing that costs is among it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What `kubectl mc get pods` may import: top-level names of the standard library (those with an underscore in front are
# parts of others; sre_* are re's in Python 3.10), and modules of our own.
STANDARD = {
    "collections", "contextlib", "copyreg", "enum", "errno", "fcntl", "fnmatch", "functools", "genericpath", "heapq",
    "itertools", "json", "keyword", "locale", "math", "operator", "os", "posixpath", "re", "reprlib",
    "select", "selectors", "signal", "sre_compile", "sre_constants", "sre_parse", "stat", "subprocess", "threading",
    "types", "warnings",
}  # fmt: skip
OURS = {"kubectl_mc"} | {
    f"kubectl_mc.{name}"
    for name in (
        "access", "access.cluster_access", "access.kubeconfigs", "access.logins",
        "cli",
        "command_line", "command_line.flag_tables", "command_line.grammar", "command_line.invocation",
        "command_line.kubectl_flags", "command_line.local_files",
        "command_line.options", "command_line.own_commands", "command_line.verb_rows", "command_line.verbs",
        "commands", "commands.kubectl",
        "fleet", "fleet.choice", "fleet.cluster_profiles", "fleet.clusters",
        "fleet.hub_objects", "fleet.hub_versions", "fleet.inventory", "fleet.mapping", "fleet.members",
        "fleet.name_globs", "fleet.placements", "fleet.selection",
        "merge", "merge.answers", "merge.cluster_results", "merge.kubectl_tables", "merge.lines", "merge.output_forms",
        "merge.report", "merge.sections", "merge.table_answers",
        "named_tuples", "messages", "messages.causes", "messages.natural_order", "messages.words",
        "processes", "processes.cache", "processes.children", "processes.environment", "processes.event_loop",
        "processes.kubectl_process", "processes.kuberc_file",
        "processes.lifelines", "processes.memory_files", "processes.pipe_files", "processes.private_files",
        "processes.programs",
        "processes.requests", "processes.service_account", "processes.standard_streams", "processes.targets",
        "reads", "reads.captured", "reads.exchanges", "reads.name_patterns",
        "type_hints",
    )
}  # fmt: skip

PROFILES = json.dumps(
    {
        "items": [
            {"apiVersion": "multicluster.x-k8s.io/v1alpha1", "metadata": {"name": name, "namespace": "fleet"}}
            for name in ("c1", "c2")
        ]
    }
)
SCRIPT = """
import sys
before = set(sys.modules)
sys.path += {path!r}
from kubectl_mc import cli
status = cli.main(sys.argv[1:], {environment!r}, sys.stdin, sys.stdout, sys.stderr)
print(status, *sorted(set(sys.modules) - before), file=sys.stderr)
"""


def imported(folder: Path, text: str, **variables: str) -> set[str]:
    """What a fresh interpreter imports for a command line; fails where the command does."""
    environment = {"HOME": str(folder), "PATH": f"{folder}/bin:/usr/bin:/bin", **variables}
    ran = subprocess.run(
        # -S: what site-packages' .pth files import would hide what we do.
        [sys.executable, "-S", "-c", SCRIPT.format(path=sys.path[1:], environment=environment), *text.split()],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    status, *modules = ran.stderr.splitlines()[-1].split()
    assert status == "0", ran.stderr
    return set(modules)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text("kind: Config")
    kubectl = tmp_path / "bin" / "kubectl"
    answer = r"printf 'NAME   AGE\na      1m\n'"
    kubectl.write_text(f"#!/bin/sh\ncase $* in *clusterprofiles*) echo '{PROFILES}' ;; *) {answer} ;; esac\n")
    kubectl.chmod(0o755)
    return tmp_path


def test_reading_a_table_imports_only_what_it_needs(folder: Path) -> None:
    for _ in ("the hub is asked", "its answer is kept"):
        modules = imported(folder, "get pods --clusters=c* --exclude=x*")
        assert {name for name in modules if name.startswith("kubectl_mc")} <= OURS
        others = {name.partition(".")[0] for name in modules if not name.startswith(("kubectl_mc", "_"))}
        assert others <= STANDARD


@pytest.mark.parametrize("name", sorted(OURS))
def test_no_regular_expression_is_compiled_at_import(name: str) -> None:
    """re compiles one when it is first used: 0.2 ms each, which few commands need."""
    module = import_module(name)
    assert not [variable for variable, value in vars(module).items() if isinstance(value, re.Pattern)]


def test_a_lasting_choice_costs_two_modules(folder: Path) -> None:
    without = imported(folder, "get pods --clusters=c*")
    with_one = imported(folder, "get pods", KUBECTL_MC_CLUSTERS="c*")
    assert with_one - without == {"kubectl_mc.fleet.lasting_choice", "kubectl_mc.messages.lasting_texts"}


@pytest.mark.parametrize("text", ["get pods", "get pods --sort-by=.x -o name", "get pods -A --no-headers", "--help"])
def test_what_costs_is_not_imported(folder: Path, text: str) -> None:
    costly = {
        "plumbum", "tabulate", "yaml", "asyncio", "concurrent", "logging", "urllib", "pathlib", "argparse",
        "dataclasses", "tempfile", "shutil", "random", "inspect", "multiprocessing", "socket", "ssl", "http", "email",
        "difflib", "typing",
    }  # fmt: skip
    assert not costly & {name.partition(".")[0] for name in imported(folder, text)}


def test_help_imports_nothing_that_runs_processes(folder: Path) -> None:
    modules = imported(folder, "--help")
    assert not {"subprocess", "selectors", "kubectl_mc.commands.kubectl", "kubectl_mc.processes.event_loop"} & modules
    assert "kubectl_mc.cli" in modules


def test_a_mapping_file_is_what_yaml_is_imported_for(folder: Path) -> None:
    (folder / ".kube" / "kubectl-mc-clusters.yaml").write_text("clusters: []")
    assert "yaml" in imported(folder, "get pods")
