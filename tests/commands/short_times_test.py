# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kubectl_mc.changes import gate
from kubectl_mc.command_line.invocation import parse_invocation
from kubectl_mc.commands import kubectl
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Request, note_answers
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.reads import captured
from tests.environments import environment, request

CLUSTERS = ("c1", "c2", "c3")
PROFILES = json.dumps(
    {
        "items": [
            {"apiVersion": "multicluster.x-k8s.io/v1alpha1", "metadata": {"name": name, "namespace": "fleet"}}
            for name in CLUSTERS
        ]
    }
)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("get pods", {"c2", "c3"}),
        ("get pods --clusters=c*", {"c2", "c3"}),
        ("get pods --clusters=c1,c2,c[3]", {"c3"}),
        ("get pods --clusters=fleet/c2 --clusters=c*", {"c3"}),
        ("diff -f FILE", {"c2", "c3"}),
        ("get pods --refresh", set()),
        ("apply -f FILE --all-clusters --dry-run=server", set()),
        ("apply -f FILE --all-clusters", set()),
        ("scale deploy/a --replicas=1 --clusters=c*", set()),
    ],
)
def test_which_clusters_a_command_waits_for_a_short_time_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, short: set[str]
) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text("kind: Config")
    (tmp_path / "file.json").write_text("{}")
    program = tmp_path / "kubectl"
    program.write_text(f"#!/bin/sh\ncase $* in *clusterprofiles*) echo '{PROFILES}' ;; *) echo c1 ;; esac\n")
    program.chmod(0o755)
    variables = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    refused = Result("", b"", b"The connection to the server x was refused\n", 1)
    silent = [Target(name, name, Kubeconfig(None, starts_programs=False)) for name in ("c2", "c3")]
    note_answers(request("get pods", variables), [(target, refused, 0.1) for target in silent])
    asked: list[Request] = []

    def note(request: Request, *others: object) -> int:
        asked.append(request)
        return 0

    monkeypatch.setattr(captured, "show_captured", note)
    monkeypatch.setattr(gate, "make_change", note)
    monkeypatch.setattr(kubectl, "refuse_unapproved_contexts", lambda choice, typed: None)
    invocation = parse_invocation(text.replace("FILE", f"{tmp_path}/file.json").split())
    user = environment(variables).for_invocation(invocation)
    kubectl.run(invocation.kubectl, user)
    assert {name for name in CLUSTERS if asked[0].short_time(name)} == short
