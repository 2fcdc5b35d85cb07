# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.command_line import grammar
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.reads import missing_types


@pytest.mark.parametrize(
    ("text", "kind", "left"),
    [
        ("get pods,widgets -A", "widgets", "get pods -A"),
        ("get widgets,pods,svc -n widgets", "widgets", "get pods,svc -n widgets"),
        ("get -n widgets widgets.example.com,pods a b", "widgets.example.com", "get -n widgets pods a b"),
        ("get pods/a widgets/b", "widgets", "get pods/a"),
        ("describe widgets,pods widgets", "widgets", "describe pods widgets"),
        ("get widgets", "widgets", None),
        ("get widgets a", "widgets", None),
        ("get widgets/a widgets/b", "widgets", None),
        ("get all", "widgets", None),
        ("get pods,svc", "widgets", None),
        ("get -l a=widgets", "widgets", None),
    ],
)
def test_a_type_is_left_out(text: str, kind: str, left: str | None) -> None:
    line = missing_types.without_type(grammar.parse_line(text.split()), kind)
    assert (line and " ".join(grammar.typed_words(line))) == left


@pytest.mark.parametrize(
    ("stderr", "status", "again"),
    [
        ('error: the server doesn\'t have a resource type "widgets"', 1, True),
        ('error: the server doesn\'t have a resource type "widgets" in group "example.com"', 1, False),
        ('Warning: the server doesn\'t have a resource type "widgets"', 0, False),
        ("Error from server (Forbidden): widgets", 1, False),
    ],
)
def test_the_clusters_that_lack_it_are_asked_again(stderr: str, status: int, again: bool) -> None:
    job = Job(Target("c1", "c1", Kubeconfig(None, False)), grammar.parse_line(["get", "pods,widgets"]), "c1")
    jobs = missing_types.jobs_without_missing_types(
        [job, job], [Result("c0", b"x", b"", 0), Result("c1", b"", stderr.encode(), status)]
    )
    assert {index: grammar.typed_words(job.line) for index, job in jobs.items()} == (
        {1: ["get", "pods"]} if again else {}
    )
