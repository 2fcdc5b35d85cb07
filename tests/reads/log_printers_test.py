# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest

from kubectl_mc.command_line import grammar
from kubectl_mc.merge.log_lines import LogStyle
from kubectl_mc.processes.requests import Job
from kubectl_mc.processes.targets import Kubeconfig, Target
from kubectl_mc.reads.log_printers import LogPrinters, label_parts, log_style, with_pods
from tests.environments import request


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("logs web", "cluster"),
        ("logs deploy/web -c app -f -n shop", "cluster"),
        ("logs deploy/web --all-pods", "cluster pod"),
        ("logs -l a=b", "cluster pod"),
        ("logs web-*", "cluster pod"),
        ("logs web-* -A", "cluster namespace pod"),
        ("logs web-* -n a,b", "cluster namespace pod"),
        ("logs --pod-regex=web", "cluster pod"),
        ("logs web --all-containers", "cluster container"),
        ("logs web --exclude-container-regex=a", "cluster container"),
        ("logs -l a=b --all-containers --container-regex=a", "cluster pod container"),
        ("logs -l a=b --all-containers --prefix", "cluster"),  # nothing twice
        ("logs -l a=b --all-containers --prefix=false", "cluster pod container"),
        ("logs web-* -A --prefix", "cluster namespace"),
    ],
)
def test_a_label_has_what_may_differ(text: str, label: str) -> None:
    assert label_parts(request(text)) == tuple(label.split())


def test_without_a_terminal_nothing_is_coloured_or_aligned() -> None:
    style = log_style(request("logs web --highlight=a --timestamps -o raw"))
    assert style == LogStyle("raw", timestamps=True)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("logs --pod-regex=a -n shop", "logs * -n shop"),
        ("logs --exclude-pod-regex=a", "logs *"),
        ("logs --pod-regex=a -l b=c", "logs -l b=c"),
        ("logs --pod-regex=a deploy/b", "logs deploy/b"),
        ("logs --container-regex=a", "logs"),
        ("logs", "logs"),
    ],
)
def test_regular_expressions_alone_choose_among_all_pods(text: str, asked: str) -> None:
    assert " ".join(grammar.typed_words(with_pods(request(text)).line)) == asked


def printed(text: str, *outputs: str, namespace: str | None = None) -> str:
    """What is shown of what the kubectls of several clusters print."""
    made = request(text)
    printers = LogPrinters(made)
    context = {"namespace": namespace} if namespace else {}
    kubeconfig = {"current-context": "x", "contexts": [{"name": "x", "context": context}]}
    jobs = [
        Job(Target(f"c{number}", "", Kubeconfig(kubeconfig, starts_programs=False)), made.line, f"c{number}")
        for number in range(1, len(outputs) + 1)
    ]
    shown = b""
    for job, output in zip(jobs, outputs):
        printer = printers.printer(job, "")
        shown += printer(output.encode()) + printer(None)
    return (shown + printers.due() + printers.rest()).decode()


def test_lines_by_time_wait_for_the_end() -> None:
    outputs = "2026-01-01T00:00:01Z one\n2026-01-01T00:00:03Z three", "2026-01-01T00:00:02Z two\n"
    assert printed("logs web --by-time", *outputs) == "[c1] one\n[c2] two\n[c1] three\n"
    expected = "[c1] 2026-01-01T00:00:01Z one\n[c2] 2026-01-01T00:00:02Z two\n[c1] 2026-01-01T00:00:03Z three\n"
    assert printed("logs web --by-time --timestamps", *outputs) == expected


def test_containers_are_chosen_by_their_names() -> None:
    text = "[pod/a/app] one\n[pod/a/sidecar] two\n[pod/b/app] three\n"
    command = "logs -l x=y --container-regex=^a --exclude-pod-regex=b"
    assert printed(command, text) == "[c1 a app] one\n"


@pytest.mark.parametrize(
    ("words", "namespace", "shown"), [("", None, "default"), ("", "team", "team"), ("-n shop", "team", "shop")]
)
def test_an_object_has_the_namespace_of_its_pod(words: str, namespace: str | None, shown: str) -> None:
    text = printed(f"logs web -o json {words}", "[pod/a/app] 2026-01-01T00:00:01Z one\n", namespace=namespace)
    assert f'"namespace":"{shown}","pod":"a","container":"app","time":"2026-01-01T00:00:01Z"' in text
