# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`compare`: which clusters have the same objects, and how those of the others differ."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import MEMBERS, Done, Shell, needs
from tests.e2e.interrupt_test import children

APP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers: [{name: app, image: "app:1", ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: app, namespace: shop}
spec: {selector: {app: app}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Secret
metadata: {name: app, namespace: shop}
stringData: {password: hunter2}
"""
GROUPS = "  CLUSTERS (2): c1, c2\n  CLUSTERS (1): c3\n"


@pytest.fixture(scope="module")
def own_app(own_members: Shell, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, Path]:
    """The fleet with an app that is created in c1, applied by the server in c2, and another one in c3; and its file."""
    folder = tmp_path_factory.mktemp("app")
    app, other = folder / "app.yaml", folder / "other.yaml"
    app.write_text(APP)
    other.write_text(APP.replace("app:1", "app:2").replace("hunter2", "hunter3"))
    ways = (("c1", app, "create"), ("c2", app, "apply --server-side"), ("c3", other, "apply"))
    for cluster, file, verb in ways:
        done = own_members.kubectl(*verb.split(), f"--context={cluster}", f"-f={file}")
        assert done.status == 0, done.stderr
    return own_members, app


def compare(shell: Shell, words: str, **more: str) -> Done:
    return shell.mc("compare", *words.split(), **more)  # type: ignore[arg-type]


def test_the_groups_and_how_they_differ(own_app: tuple[Shell, Path]) -> None:
    done = compare(own_app[0], "deploy,svc -n shop")
    title, rest = done.stdout.split("\n\n", 1)
    assert title + "\n" == f"deployment.apps/app -n shop\n{GROUPS}"
    diff, alike = rest.split("\n\n")
    lines = diff.splitlines()
    assert lines[:2] == ["--- CLUSTERS (2): c1, c2", "+++ CLUSTERS (1): c3"]
    assert lines[2].endswith("@@ spec.template.spec.containers")
    assert [line for line in lines[3:] if line[0] != " "] == ["-      - image: app:1", "+      - image: app:2"]
    assert "service/app -n shop: alike in all 3 clusters\n" in alike
    assert (done.status, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("words", "status", "first"),
    [
        ("deploy/cart -n shop", 0, "deployment.apps/cart -n shop: alike in all 3 clusters"),
        (
            "deploy app -n shop --ignore=.spec.template.spec.containers[*].image",
            0,
            "deployment.apps/app -n shop: alike",
        ),
        ("deploy -n shop -o name", 1, "deployment.apps/app -n shop"),
        ("deploy c* -n shop", 0, "deployment.apps/cart -n shop: alike"),
        ("deploy c* app -n shop -o name", 1, "deployment.apps/app -n shop"),
        ("deploy,cm -n shop,default -o name", 1, "deployment.apps/app -n shop\n"),
        ("pods/solo -n shop", 1, "pod/solo -n shop"),
        ("widgets -n shop -o name", 1, "widget.example.com/w1 -n shop"),
        ("widgets,svc -n shop -o name", 1, "widget.example.com/w1 -n shop"),
        ("deploy/app -n shop --against=c3", 1, "deployment.apps/app -n shop"),
        ("deploy/app -n shop --clusters=c3", 0, "deployment.apps/app -n shop: alike in the only cluster"),
    ],
)
def test_what_is_compared(own_app: tuple[Shell, Path], words: str, status: int, first: str) -> None:
    done = compare(own_app[0], words)
    assert done.stdout.startswith(first)
    assert bool(done.stdout) == bool(first)
    assert done.status == status


def test_where_there_is_nothing_it_is_said(members: Shell) -> None:
    done = compare(members, "deploy -n shop -l app=nothing")
    assert done == (0, "", "No resources found\n")
    assert json.loads(compare(members, "deploy -n shop -l app=nothing -o json").stdout)["items"] == []


def test_where_nobody_has_answered_it_is_not_said_that_there_is_nothing(members: Shell) -> None:
    with members.fault("c2", "refuse"):
        done = compare(members, "deploy -n shop --clusters=c2")
    assert (done.status, done.stdout) == (2, "")
    assert "refused" in done.stderr
    assert "No resources found" not in done.stderr


def test_a_namespace_that_a_context_says_is_no_difference(members: Shell, tmp_path: Path) -> None:
    kubeconfig = json.loads(members.kubectl("config", "view", "--raw", "-o", "json").stdout)
    for context in kubeconfig["contexts"]:
        if context["name"] == "c1":
            context["context"]["namespace"] = "kube-system"
    (tmp_path / "config").write_text(json.dumps(kubeconfig))
    env = {"KUBECONFIG": str(tmp_path / "config")}
    done = members.mc("compare", "sa", "default", env=env)
    assert done == (0, "serviceaccount/default: alike in all 3 clusters\n", "")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("", "name what to compare"),
        ("deploy --ignore=.spec[x", "  .spec[x\n       ^\n"),
        ("deploy --against=c9", "--against=c9: this cluster is not among"),
        ("deploy -o yaml", "one of json, name"),
        ("deploy --frobnicate", "takes no '--frobnicate'"),
        ("deploy/nope -n shop", '"nope" not found (in all 3 clusters)'),
        ("nopes", "the server doesn't have a resource type"),
        ("-f /nonexistent.yaml", "does not exist"),
        ("-f {file} --against=c1", "compared with the file"),
        ("-f {file} -l app=x", "--selector doesn't go with -f and -k"),
        ("-k . --field-selector=a=b", "--field-selector doesn't go with -f and -k"),
        ("-f {unnamed}", "an object has no name"),
        ("deploy --report=/dev/null/report", "/dev/null/report"),
    ],
)
def test_errors_of_our_own_have_status_2(own_app: tuple[Shell, Path], words: str, error: str) -> None:
    unnamed = own_app[1].with_name("unnamed.yaml")
    unnamed.write_text("---\n{apiVersion: v1, kind: ConfigMap, metadata: {generateName: a}}")
    done = compare(own_app[0], words.format(file=own_app[1], unnamed=unnamed))
    assert (done.status, done.stdout) == (2, "")
    assert error in done.stderr
    assert "nothing was changed" not in done.stderr


def test_a_file_is_compared_by_what_it_sets(own_app: tuple[Shell, Path]) -> None:
    shell, file = own_app
    done = compare(shell, f"-f {file}")
    assert done.stdout.count("--- THE FILE and CLUSTERS (2): c1, c2\n+++ CLUSTERS (1): c3\n") == 2
    assert "service/app -n shop: alike in the file and all 3 clusters" in done.stdout
    assert (done.status, done.stderr) == (1, "")
    piped = shell.mc("compare", "-f", "-", stdin=APP.replace("replicas: 2", "replicas: 3"))
    assert "--- THE FILE\n+++ CLUSTERS (2): c1, c2\n" in piped.stdout
    assert "-  replicas: 3\n+  replicas: 2\n" in piped.stdout


@needs("faults")
def test_a_cluster_with_a_namespace_that_failed_is_not_compared_nor_said_to_be_shown_in_part(members: Shell) -> None:
    words = ("compare", "cm", "-n", "shop,kube-system", "--cluster-timeout=2s")
    assert members.mc(*words).status != 3  # and its types are known
    with members.fault("c2", "hang-on-nth:2"):
        done = members.mc(*words)
    assert (done.status, "CLUSTER: c2" in done.stdout) == (3, False)
    assert "\nShowing results from 2/3 clusters:\n" in done.stderr


def test_a_file_may_have_what_is_in_no_namespace(members: Shell) -> None:
    text = "---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"
    done = members.mc("compare", "-f", "-", "-n", "shop", stdin=text)
    assert done == (0, "namespace/shop: alike in the file and all 3 clusters\n", "")


def test_of_a_file_each_object_may_be_absent_somewhere(own_app: tuple[Shell, Path]) -> None:
    objects = [("example.com/v1", "Widget", "w1"), ("v1", "ConfigMap", "settings"), ("v1", "ConfigMap", "gone")]
    text = "\n---\n".join(
        f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}"
        for version, kind, name in objects
    )
    done = own_app[0].mc("compare", "-f", "-", "-o", "json", stdin=text)
    groups = {
        each["name"]: [(group["clusters"], group["absent"]) for group in each["groups"]]
        for each in json.loads(done.stdout)["items"]
    }
    assert groups == {
        "configmap/gone": [(["c1", "c2", "c3"], True), ([], False)],
        "configmap/settings": [(["c1", "c2", "c3"], False)],
        "widget.example.com/w1": [(["c1", "c2"], False), (["c3"], True)],
    }
    assert (done.status, done.stderr) == (1, "")
    alone = own_app[0].mc("compare", "-f", "-", stdin=text.partition("\n---")[0])
    assert alone.stdout.endswith("  CLUSTERS (1): c3 (absent)\n")
    assert (alone.status, alone.stderr) == (1, "")


@pytest.mark.parametrize(
    "words", ["secret/app -n shop", "secret/app -n shop -o json", "-f {file}", "-f {file} -o json"]
)
def test_the_values_of_secrets_are_not_shown(own_app: tuple[Shell, Path], words: str) -> None:
    done = compare(own_app[0], words.format(file=own_app[1]))
    assert done.status == 1
    for password in ("hunter2", "hunter3"):
        assert password not in done.stdout + done.stderr
        assert base64.b64encode(password.encode()).decode() not in done.stdout + done.stderr
    assert "hidden, value 2" in done.stdout


def test_a_document_for_scripts(own_app: tuple[Shell, Path]) -> None:
    done = compare(own_app[0], "deploy,svc app -n shop -o json")
    document = json.loads(done.stdout)
    assert document["kind"] == "ComparisonList"
    service, deployment = document["items"]
    assert service == {
        "name": "service/app", "group": "", "kind": "Service", "namespace": "shop", "alike": True,
        "groups": [{"clusters": ["c1", "c2", "c3"], "absent": False, "reference": True}],
    }  # fmt: skip
    first, second = deployment["groups"]
    assert (first["clusters"], second["clusters"]) == (["c1", "c2"], ["c3"])
    assert first["object"]["spec"]["replicas"] == 2
    assert "image: app:2\n" in second["diff"]


def test_what_an_autoscaler_sets_is_not_compared(own_app: tuple[Shell, Path]) -> None:
    shell, _ = own_app
    try:
        assert shell.kubectl("scale", "deploy/cart", "-n=shop", "--replicas=7", "--context=c2").status == 0
        done = compare(shell, "deploy/cart -n shop")
        note = "  not compared, as a subresource sets it: .spec.replicas\n"
        assert done.stdout == f"deployment.apps/cart -n shop: alike in all 3 clusters\n{note}"
        assert done.status == 0
    finally:
        shell.kubectl("scale", "deploy/cart", "-n=shop", "--replicas=2", "--context=c2")


@pytest.mark.parametrize("fault", ["500", "garbage", "forbidden"])
def test_a_cluster_that_fails_is_not_compared(members: Shell, fault: str) -> None:
    with members.fault("c3", fault):
        done = compare(members, "deploy/cart -n shop")
        lost = compare(members, "deploy/cart -n shop --against=c3")
    assert done.stdout == "deployment.apps/cart -n shop: alike in the 2 clusters that answered\n"
    assert done.status == 3
    assert "c3" in done.stderr
    assert (lost.status, lost.stdout) == (2, "")
    assert "nothing can be compared with c3" in lost.stderr
    assert "Showing results" not in lost.stderr


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="what is running is read from /proc")
def test_ctrl_c_compares_what_is_there(members: Shell) -> None:
    for cluster in MEMBERS:
        members.fleet.clear_requests(cluster)
    with members.fault("c2", "hang"), members.running("compare", "deploy", "-n", "shop") as running:
        while not (members.fleet.requests("c1") and members.fleet.requests("c3") and len(children(running)) == 1):
            pass
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.end() == 130
        assert running.left() == []
    # The last of the two may have ended without its answer having been read.
    alike = r"deployment\.apps/cart -n shop: alike in the (2 clusters|1 cluster) that answered\n"
    assert re.fullmatch(alike, running.stdout)
    assert re.search(r"\bc2\b.*\(interrupted\)", running.stderr)


def test_the_report_names_what_was_compared(members: Shell, tmp_path: Path) -> None:
    compare(members, f"widgets -n shop --report={tmp_path}/report")
    report = json.loads((tmp_path / "report").read_text())
    assert {each["name"]: each["state"] for each in report["clusters"]} == {
        "c1": "answered", "c2": "answered", "c3": "absent",
    }  # fmt: skip


COLOURS = {"TERM": "xterm", "NO_COLOR": ""}


def test_colours_are_for_terminals(members: Shell) -> None:
    with members.running("compare", "pods/solo", "-n", "shop", terminal=True, env=COLOURS) as running:
        assert running.end() == 1
    assert "\x1b[1mpod/solo -n shop\x1b[0m" in running.stdout
