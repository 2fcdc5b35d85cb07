# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_mc import messages
from kubectl_mc.changes import confirmation, preflight
from kubectl_mc.changes.preflight import Finding
from kubectl_mc.command_line import grammar, verbs
from kubectl_mc.fleet.cluster_profiles import ClusterProfile, Condition
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.merge.object_changes import ObjectChange
from kubectl_mc.messages import UserError
from kubectl_mc.processes.event_loop import Result
from kubectl_mc.processes.requests import Job, Request
from kubectl_mc.processes.targets import Kubeconfig, Target
from tests.environments import request
from tests.fleet.profiles import conditions

APPLY = request("apply -f x --clusters=c1")
NAMESPACE = b'Error from server (NotFound): error when creating "STDIN": namespaces "new" not found\n'


@pytest.mark.parametrize(
    ("stdout", "stderr", "status", "refusal", "unchanged"),
    [
        (b"configmap/a configured (server dry run)\n", b"", 0, "", False),
        (b"configmap/a unchanged (server dry run)\n", b"", 0, "", True),
        (b"", b"", 0, "", True),
        (b"", b'Error from server (NotFound): pods "a" not found\n', 1, "not found", False),
        (b"configmap/a created\n", b"error: no matches for kind\n", 1, "no such resource type", False),
        (b"namespace/new created (server dry run)\n", NAMESPACE, 1, "", False),
        (b"namespace/other created (server dry run)\n", NAMESPACE, 1, "not found", False),
        (b"namespace/new created (server dry run)\n", NAMESPACE + b"error: another\n", 1, "another", False),
        (b"", NAMESPACE, 1, "not found", False),
    ],
)
def test_what_a_cluster_says_is_judged(
    stdout: bytes, stderr: bytes, status: int, refusal: str, unchanged: bool
) -> None:
    finding = preflight.judge_finding(Result("c1", stdout, stderr, status), APPLY)
    assert (finding.refusal, finding.unchanged) == (refusal, unchanged)


def test_the_rehearsal_says_what_it_would_do_whatever_is_to_be_shown() -> None:
    line = request("create deploy a --image=b -o json --dry-run=none --show-managed-fields -- sh").line
    assert grammar.typed_words(preflight.rehearsal_line(line, "server")) == [
        *("create", "deployment", "a", "--image=b", "--dry-run=server", "--", "sh")
    ]


@pytest.mark.parametrize(
    ("text", "rehearsed"),
    [
        ("apply -f x", True),
        ("apply -f x --force", False),
        ("replace --force -f x", False),
        ("create --raw /api -f x", False),
        ("delete --raw /api", False),
        ("delete pod a --force", True),
        ("auth reconcile -f x", False),
        ("rollout restart deploy/a", False),
        ("cordon a", True),
        ("exec a -- ls", False),
        ("some-plugin --dry-run", False),
    ],
)
def test_what_can_be_rehearsed(text: str, rehearsed: bool) -> None:
    asked = request(text)
    assert verbs.can_rehearse(asked.row, asked.line) is rehearsed


def finding(cluster: str, *resources: str, result: str = "deleted", refusal: str = "") -> Finding:
    return Finding(cluster, tuple(ObjectChange(resource, result) for resource in resources), refusal)


@pytest.mark.parametrize(
    ("text", "findings", "sentence"),
    [
        ("delete deployment nginx", [], "Delete deployment 'nginx' from 10 clusters"),
        ("delete deploy/nginx", [finding("c1", "deployment.apps/nginx")], "Delete deployment 'nginx' from 10 clusters"),
        ("apply -f x", [finding("c1", *(f"pod/{n}" for n in range(4)))], "Apply 4 objects in 10 clusters"),
        (
            "apply -f x",
            [finding("c1", "configmap/a"), finding("c2", "configmap/a", "secret/b")],
            "Apply configmap 'a', secret 'b' in 10 clusters",
        ),
        ("rollout restart deploy/web", [], "Restart deploy 'web' in 10 clusters"),
        ("cordon node-1", [], "Cordon 'node-1' in 10 clusters"),
        ("exec web-1 -- ls", [], "Run a command in 'web-1' in 10 clusters"),
        ("create -f x --edit", [], "Create 'x' in 10 clusters"),
        ("edit -f a.yaml -f b.yaml", [], "Edit 'a.yaml', 'b.yaml' in 10 clusters"),
        ("edit -k overlay", [], "Edit 'overlay' in 10 clusters"),
        ("set env ds a PASSWORD=<redacted>", [], "Set the environment of ds 'a' in 10 clusters"),
        ("create cm a", [finding("c1", "configmap/a")], "Create configmap 'a' in 10 clusters"),
        ("create token joe", [], "Create a token for 'joe' in 10 clusters"),
        (
            "set image deploy/cart app=new",
            [finding("c1", "deployment.apps/cart")],
            "Set the image of deployment 'cart' in 10 clusters",
        ),
        ("set sa deploy/cart joe", [], "Set the service account of deploy 'cart' in 10 clusters"),
        ("rollout undo deploy/web", [], "Roll back deploy 'web' in 10 clusters"),
        ("rollout pause deploy/web", [], "Pause the rollout of deploy 'web' in 10 clusters"),
        ("certificate deny joe", [], "Deny certificate request 'joe' in 10 clusters"),
        ("auth reconcile -f a.yaml", [], "Reconcile the RBAC objects of 'a.yaml' in 10 clusters"),
        ("attach web-1", [], "Attach to 'web-1' in 10 clusters"),
        ("cp a.txt shop/web-1:/tmp", [], "Copy files in 10 clusters"),
        (
            "apply set-last-applied -f a",
            [finding("c1", "configmap/a")],
            "Set the last applied configuration of configmap 'a' in 10 clusters",
        ),
        ("cordon -l zone=a", [], "Cordon in 10 clusters"),
        ("set image --all app=new -l a=b", [], "Set the image in 10 clusters"),
        ("label ns shop a=b c-", [], "Label ns 'shop', 'c-' in 10 clusters"),
        ("danger <redacted>", [], "Run danger in 10 clusters"),
        ("delete pod a b", [], "Delete pod 'a', 'b' from 10 clusters"),
    ],
)
def test_the_question(text: str, findings: list[Finding], sentence: str) -> None:
    asked = request(text)
    assert confirmation.sentence(asked, asked.line, findings, 10) == sentence


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("delete deployment nginx", False),
        ("delete deploy/nginx", False),
        ("delete deployment", True),
        ("delete pods --all", True),
        ("delete pods --all=false a", False),
        ("delete pods -l a=b", True),
        ("delete ns a", True),
        ("delete namespaces/a", True),
        ("delete pods,ns a", True),
        ("delete crd a.b", True),
        ("delete customresourcedefinitions.apiextensions.k8s.io a.b", True),
        ("delete -f x", False),
        ("delete --raw /api", True),
        ("apply -f x --prune -l a=b", True),
        ("apply -f x", False),
        ("replace -f x --force", True),
        ("replace -f x", False),
        ("scale deploy --all --replicas=0", False),
    ],
)
def test_what_has_to_be_counted(text: str, counted: bool) -> None:
    asked = request(text)
    assert confirmation.is_counted(asked, asked.line, [], 2) is counted
    assert confirmation.is_counted(asked, asked.line, [], 1) is False


def test_what_the_input_deletes_has_to_be_counted_too() -> None:
    asked = request("delete -f x")
    for kind in ("namespace", "customresourcedefinition.apiextensions.k8s.io"):
        assert confirmation.is_counted(asked, asked.line, [finding("c1", f"{kind}/a")], 2)
    assert not confirmation.is_counted(request("apply -f x"), asked.line, [finding("c1", "namespace/a")], 2)


def test_what_is_shown_folds_what_is_alike() -> None:
    clusters = [
        Cluster(
            f"c{number}", ClusterProfile(f"c{number}", "fleet", version="v1.33.1", conditions=conditions(number != 5))
        )
        for number in range(1, 7)
    ]
    assert confirmation.describe_change(request("delete cm a -n shop").line, clusters) == [
        "kubectl delete cm a -n shop",
        "  c[1-4,6]: healthy, v1.33.1",
        "  c5: unhealthy, v1.33.1",
    ]


def test_what_is_shown_says_why_a_cluster_is_unhealthy() -> None:
    down = (Condition("ControlPlaneHealthy", "False", "Silent\x1b"),)
    cluster = Cluster("c1", ClusterProfile("c1", "fleet", conditions=down))
    line = request("delete cm a -n shop").line
    assert confirmation.describe_change(line, [cluster])[1:] == ["  c1: unhealthy (Silent\\x1b), version unknown"]


def test_of_contexts_without_a_hub_the_names_alone_are_shown() -> None:
    clusters = [Cluster(name, ClusterProfile(name, "")) for name in ("kind-a", "kind-b")]
    assert confirmation.describe_change(request("delete cm a").line, clusters)[1:] == ["  kind-a, kind-b"]


def test_the_findings_are_told_by_what_they_have_in_common() -> None:
    findings = [
        finding("c1", "pod/a"),
        finding("c2", "pod/a"),
        finding("c3", "pod/a", result="unchanged"),
        finding("c4", refusal="forbidden"),
    ]
    assert preflight.describe_findings(findings) == [
        "Would change 2 clusters: c1, c2",
        "  pod/a deleted",
        "Would change nothing in 1 cluster: c3",
        "Refused by 1 cluster:",
        "  c4: forbidden",
    ]


def test_objects_of_one_name_are_told_apart_by_their_namespaces() -> None:
    namespaces = ("shop", "web")
    evicted = Finding("c1", tuple(ObjectChange("pod/a", "evicting", namespace) for namespace in namespaces))
    assert preflight.describe_findings([evicted]) == [
        "Would change 1 cluster: c1",
        "  pod/a evicting in namespace shop",
        "  pod/a evicting in namespace web",
    ]
    assert preflight.subject(APPLY, [evicted]) == "2 objects"
    assert "namespace" not in str(preflight.describe_findings([evicted._replace(objects=evicted.objects[:1])]))


def stubbed(folder: Path, line: str, script: str) -> Request:
    """The request for a command line, with a kubectl that is this shell script."""
    (folder / "kubectl").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "kubectl").chmod(0o755)
    asked = request(line, {"PATH": "/usr/bin:/bin"})
    return asked._replace(environment=asked.environment._replace(kubectl=str(folder / "kubectl")))


def findings_of(asked: Request) -> list[Finding]:
    target = Target("c1", "c1", Kubeconfig(None, starts_programs=True))
    return preflight.ask_clusters(asked, [Job(target, asked.line, "c1")])


@pytest.mark.parametrize(
    ("line", "dry_run"), [("drain n1", "client"), ("delete cm a", "server"), ("label cm a x=y", "server")]
)
def test_each_verb_is_asked_with_the_dry_run_that_ends(tmp_path: Path, line: str, dry_run: str) -> None:
    (finding,) = findings_of(stubbed(tmp_path, line, 'echo "error: $*" >&2; exit 1'))
    assert f"--dry-run={dry_run}" in finding.explanation.split()


def test_a_dry_run_that_does_not_end_says_so(tmp_path: Path) -> None:
    (finding,) = findings_of(stubbed(tmp_path, "drain n1 --cluster-timeout=200ms", "exec sleep 600"))
    text = "its dry run (--dry-run=client) hadn't ended after 0.2s; for more time: --cluster-timeout"
    assert (finding.refusal, finding.explanation) == (text, text)


def test_each_reason_is_named_in_full_with_its_clusters() -> None:
    forbidden = b'Error from server (Forbidden): pods "a" is forbidden: User "ann" cannot delete it\n'
    refused = b"The connection to the server c3:1 was refused - did you specify the right host or port?\n"
    findings = [
        preflight.judge_finding(Result(name, b"", stderr, 1), APPLY)
        for name, stderr in (("c1", forbidden), ("c2", forbidden), ("c3", refused), ("c4", b"error: odd\x1b\n"))
    ]
    assert preflight.describe_refusals(findings) == [
        '  c1, c2: Error from server (Forbidden): pods "a" is forbidden: User "ann" cannot delete it',
        f"  c3: connection refused: {refused.decode().strip()}",
        "  c4: error: odd\\x1b",
    ]


def test_an_error_ahead_of_the_first_cluster_says_that_nothing_was_changed() -> None:
    with pytest.raises(UserError) as raised, messages.unchanged_on_error():
        raise messages.not_confirmed()
    assert str(raised.value) == "not confirmed\nSo nothing was changed"


def test_refusals_of_clusters_without_a_context_lead_to_the_set_up() -> None:
    refusals = [finding("c1", refusal="no context"), finding("c2", refusal="no context"), finding("c3", refusal="no")]
    assert preflight.describe_refusals(refusals) == [
        "  c1, c2: no context",
        "  c3: no",
        "To map each of these 2 clusters to a context of yours: kubectl mc setup",
    ]
