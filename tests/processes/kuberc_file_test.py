# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.invocation import parse_invocation
from kubectl_mc.messages import UserError
from kubectl_mc.processes.kuberc_file import resolved
from tests.environments import environment

KUBERC = b"""\
apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults:
- command: apply
  options:
  - name: dry-run
    default: server
"""


def resolved_words(content: bytes, home: Path) -> list[str]:
    """Return what an `apply` is with a kuberc that comes through a pipe."""
    reader, writer = os.pipe()
    try:
        os.write(writer, content)
        os.close(writer)
        invocation = parse_invocation(["apply", "-f", "x", f"--kuberc=/dev/fd/{reader}"])
        with resolved(invocation, environment({"HOME": str(home)})) as (resolved_invocation, _):
            return grammar.canonical_words(resolved_invocation.kubectl)
    finally:
        os.close(reader)


def test_a_pipe_may_be_a_kuberc(tmp_path: Path) -> None:
    assert resolved_words(KUBERC, tmp_path) == ["apply", "--filename=x", "--dry-run=server"]


def test_a_pipe_that_the_kubectl_that_starts_us_has_read_is_an_error(tmp_path: Path) -> None:
    """What it held may be what makes a change a dry run."""
    with pytest.raises(UserError, match=r"/dev/fd/\d+: it is a pipe in which nothing is left"):
        resolved_words(b"", tmp_path)


@pytest.mark.parametrize("path", [os.devnull, "empty"])
def test_an_empty_file_is_a_kuberc_without_preferences(tmp_path: Path, path: str) -> None:
    (tmp_path / "empty").touch()
    invocation = parse_invocation(["apply", "-f", "x", f"--kuberc={tmp_path / path}"])
    with resolved(invocation, environment({"HOME": str(tmp_path)})) as (resolved_invocation, _):
        assert grammar.canonical_words(resolved_invocation.kubectl) == ["apply", "--filename=x"]
