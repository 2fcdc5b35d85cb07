# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The name by which the program was called, in all texts of ours and in none of others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import kubectl_mc
from kubectl_mc import program_name

ROOT = Path(kubectl_mc.__file__).parent

# Texts that `help_texts.named` writes, as they have nothing in them but ours.
STATIC_TEXTS = ("HELP", "BRIEF", "FLAGS_HELP", "PLUGIN_RUN_HELP")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/u/bin/kubectl-mc", "kubectl mc"),
        ("kubectl_complete-mc", "kubectl mc"),
        ("/home/u/.krew/bin/kubectl-multicluster", "kubectl multicluster"),
        ("bin/kubectl_complete-multicluster", "kubectl multicluster"),
        ("kubectl-multi_cluster", "kubectl multi-cluster"),
        ("kubectl-fleet-all", "kubectl fleet all"),
        ("./kubectl-mc.pyz", "kubectl mc"),
        ("/lib/python/kubectl_mc/__main__.py", "kubectl mc"),
        ("", "kubectl mc"),
        ("-c", "kubectl mc"),
        ("kubectl-", "kubectl mc"),
        ("kubectl-a--b", "kubectl mc"),
        ("kubectl-{x}", "kubectl mc"),
        ("kubectl-a b", "kubectl mc"),
        ("kubectl-\x1b[31m", "kubectl mc"),
    ],
)
def test_the_name_is_that_by_which_kubectl_finds_the_program(path: str, name: str) -> None:
    assert program_name(path) == name


def fixed_names(source: str) -> Iterator[int]:
    """The lines of a source text with a text, but for docstrings and static texts, that says `kubectl mc`."""
    tree = ast.parse(source)
    passed_over = set()
    for node in ast.walk(tree):
        is_static = isinstance(node, ast.Assign) and any(ast.unparse(name) in STATIC_TEXTS for name in node.targets)
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_static or is_docstring:
            passed_over |= set(ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and "kubectl mc" in str(node.value) and node not in passed_over:
            yield node.lineno


def test_no_text_has_a_name_of_its_own() -> None:
    deciding = ("__init__.py", "command_line/help_texts.py", "command_line/other_tools.py")
    paths = [path for path in ROOT.rglob("*.py") if str(path.relative_to(ROOT)) not in deciding]
    assert [f"{path}:{line}" for path in paths for line in fixed_names(path.read_text(encoding="utf-8"))] == []
