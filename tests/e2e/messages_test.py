# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""What the kubectls say on stderr, and which clusters lack what a command is about, on the fleet."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.e2e.conftest import MEMBERS, Shell, needs

REFUSED = "Error: Failed to query 1 cluster: c2 (connection refused)"


def saying(members: Shell, folder: Path, script: str) -> Shell:
    """A user whose kubectl is a script that says something ahead of it, as credential plugins do."""
    shim = folder / "kubectl"
    shim.write_text(f'#!/bin/sh\n{script}\nPATH={members.environment["PATH"]}\nexec kubectl "$@"\n')
    shim.chmod(0o755)
    path = os.pathsep.join((str(folder), members.environment["PATH"]))
    return members._replace(environment={**members.environment, "PATH": path})


# --- What is said ------------------------------------------------------------------------------------------------


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    """A folder with an object that exists, two that don't, and one of a type that doesn't."""
    texts = [
        "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: nope, namespace: shop}}",
        "---\n{apiVersion: example.com/v9, kind: Thing, metadata: {name: x, namespace: shop}}",
        "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}}",
        "---\n{apiVersion: v1, kind: Secret, metadata: {name: nope, namespace: shop}}",
    ]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.yaml").write_text(text)
    return tmp_path


def test_all_errors_of_a_command_are_shown(members: Shell, manifests: Path) -> None:
    words = ("describe", "-f", str(manifests), "-R")
    theirs = members.kubectl("--context", "c1", *words).stderr
    assert len(theirs.splitlines()) == 4
    assert members.mc(*words).stderr.replace(" (in all 3 clusters)", "") == theirs
    with members.fault("c2", "forbidden"):
        done, alone = members.mc(*words), members.kubectl("--context", "c2", *words).stderr
    assert re.findall(r"^\[c2\] (.*\n)", done.stderr, re.MULTILINE) == [
        line for line in alone.splitlines(keepends=True) if "Forbidden" in line
    ]
    assert alone.count("Forbidden") == 3
    assert "Failed to query 1 cluster: c2 (forbidden)" in done.stderr


def test_a_line_is_said_as_often_as_kubectl_says_it(changing: Shell, tmp_path: Path) -> None:
    role = (
        "---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: r{0}}}, "
        "rules: [{{apiGroups: [''], resources: [pods], verbs: [get]}}]}}\n"
    )
    file = tmp_path / "roles.yaml"
    file.write_text(role.format(1) + role.format(2))
    words = ("auth", "reconcile", "-f", str(file))
    theirs = changing.kubectl("--context", "c2", *words).stderr
    done = changing.mc(*words, "--clusters=c1,c3", "--yes")
    assert theirs.count("missing rules added:") == 2
    assert done.stderr.startswith(theirs)


def test_a_warning_that_counts_as_an_error_is_named(changing: Shell, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text("---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: new, namespace: shop}, foo: 1}")
    words = ("apply", "-f", str(file), "--validate=warn", "--warnings-as-errors")
    warning = 'Warning: unknown field "foo"'
    done = changing.mc(*words, "--all-clusters", "--yes")
    assert (done.status, done.stderr) == (1, f"{warning}\nerror: 1 warning received\nSo nothing was changed\n")
    with changing.fault("c2", "refuse"):
        done = changing.mc(*words, "--dry-run=server")
    assert done.status == 1
    assert done.stderr.startswith(
        f"[c1, c3] {warning}\nError: Failed to apply in 3 clusters: c1 (1 warning received), c2 ("
    )


@pytest.mark.parametrize("words", ["get cm -n shop", "wait --for=delete pod/nope -n shop"])
def test_what_kubectl_is_told_to_log_is_shown_with_its_cluster(members: Shell, words: str) -> None:
    done = members.mc(*words.split(), "-v=8")
    assert done.status == 0
    for cluster in MEMBERS:
        theirs = members.kubectl("--context", cluster, *words.split(), "-v=8").stderr.splitlines()
        ours = [line.removeprefix(f"[{cluster}] ") for line in done.stderr.splitlines() if f"[{cluster}] " in line]
        continued = [line for line in ours if line.startswith(("\t", " "))]
        assert sum("Response" in line for line in ours) == sum("Response" in line for line in theirs) > 0
        assert len(continued) == sum(line.startswith(("\t", " ")) for line in theirs)
    assert all(re.match(r"\[c\d\] ", line) for line in done.stderr.splitlines())


def test_what_a_plugin_says_is_shown_and_is_no_cause(members: Shell, tmp_path: Path) -> None:
    user = saying(members, tmp_path, 'echo "error: the token has expired, and was renewed: EOF" >&2')
    done = user.mc("get", "pod", "solo", "-n", "shop")
    assert [row[:2] for row in done.rows[1:]] == [["solo", "c1"]]
    assert (done.status, done.stderr) == (0, "error: the token has expired, and was renewed: EOF\n")
    with members.fault("c2", "refuse"):
        assert REFUSED in user.mc("get", "nodes").stderr


@needs("faults")
def test_a_cluster_whose_list_is_empty_because_it_failed_is_not_shown(members: Shell) -> None:
    with members.fault("c2", "forbidden"):
        done = members.mc("get", "cm", "-n", "shop", "-o", "json")
    assert done.status == 3
    assert done.stderr == ("Error: Failed to query 1 cluster: c2 (forbidden)\nShowing results from 2/3 clusters:\n")


@pytest.mark.parametrize("words", ["get nodes", "wait --for=delete pod/x", "logs x"])
def test_of_a_cluster_that_is_down_the_cause_is_enough(members: Shell, tmp_path: Path, words: str) -> None:
    env = {"KUBECACHEDIR": str(tmp_path)}  # kubectl doesn't know the cluster's types yet
    with members.fault("c2", "refuse"):
        assert "memcache.go" not in members.mc(*words.split(), env=env).stderr
        lone = members.mc(*words.split(), "--clusters=c2", env=env).stderr
        theirs = members.kubectl("--context", "c2", *words.split(), env=env).stderr
    assert without_log_headers(lone) == without_log_headers(theirs)
    assert "memcache.go" in lone


def without_log_headers(text: str) -> str:
    return re.sub(r"^([IWEF])\d{4} [\d:.]+ +\d+ ", r"\1 ", text, flags=re.MULTILINE)


def test_a_mistake_in_a_file_is_no_failure_of_the_clusters(members: Shell, tmp_path: Path) -> None:
    broken, empty = tmp_path / "b.json", tmp_path / "x.pem"
    broken.write_text('{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"')
    empty.write_text("x\n")
    for words in (
        f"apply --dry-run=server -f {broken}",
        f"get -f {broken}",
        f"diff -f {broken}",
        f"create secret tls t1 --cert={empty} --key={empty} --dry-run=client",
    ):
        theirs = members.kubectl("--context", "c1", *words.split())
        done = members.mc(*words.split())
        assert (done.status > 0, done.stderr) == (theirs.status > 0, theirs.stderr)
        assert re.match("error: |error parsing ", done.stderr)


def test_an_error_behind_what_a_plugin_has_not_ended_is_the_cause(members: Shell, tmp_path: Path) -> None:
    user = saying(members, tmp_path, "printf 'Warning: the token soon expires' >&2")
    with members.fault("c2", "forbidden"):
        lone = user.mc("get", "cm", "-n", "shop", "--contexts=c2")
        done = user.mc("get", "cm", "-n", "shop")
    assert lone.stderr.startswith("Warning: the token soon expiresError from server (Forbidden): ")
    assert lone.stderr.count("\n") == 1
    assert "Error: Failed to query 1 cluster: c2 (forbidden)\n" in done.stderr


def test_all_lines_of_what_the_server_says_are_shown(members: Shell, tmp_path: Path) -> None:
    lies = """Error from server (Forbidden): denied:
  policy a: no
error: the server doesn't have a resource type 'cm'"""
    script = f'case "$*" in *c2*) echo "{lies}" >&2; exit 1;; esac'
    done = saying(members, tmp_path, script).mc("get", "cm", "-n", "shop")
    assert done.status == 3
    assert done.stderr.splitlines() == [
        "[c2] Error from server (Forbidden): denied:",
        "[c2]   policy a: no",
        "[c2] error: the server doesn't have a resource type 'cm'",
        "Error: Failed to query 1 cluster: c2 (forbidden)",
        "Showing results from 2/3 clusters:",
    ]


# --- Presence ----------------------------------------------------------------------------------------------------

WAIT = "wait --for=jsonpath={.metadata.name}=solo pod/solo -n shop"
MISSING = "Passed over 2 clusters: c2 (not found), c3 (not found)\n"


def test_wait_fails_where_the_object_is_missing(members: Shell) -> None:
    done = members.mc(*WAIT.split())
    assert (done.status, done.stdout) == (3, "[c1] pod/solo condition met\n")
    assert done.stderr == "Error: Failed to query 2 clusters: c2 (not found), c3 (not found)\n"
    assert members.mc(*WAIT.replace("jsonpath={.metadata.name}=solo pod/solo", "delete pod/x").split())[::2] == (0, "")


def test_clusters_without_the_object_are_passed_over_on_demand(members: Shell) -> None:
    assert members.mc(*WAIT.split(), "--if-present") == (0, "[c1] pod/solo condition met\n", MISSING)
    nowhere = members.mc(*WAIT.replace("pod/solo", "pod/x").split(), "--if-present")
    assert (nowhere.status, nowhere.stdout) == (1, "")
    assert nowhere.stderr == 'Error from server (NotFound): pods "x" not found (in all 3 clusters)\n'


@pytest.mark.parametrize("words", ["delete pod solo", "label pod solo a=b", "patch pod solo -p {}"])
def test_a_dry_run_says_where_the_change_would_meet_nothing(members: Shell, words: str) -> None:
    """As of the change itself, what a cluster lacks is its failure, not an empty answer."""
    done = members.mc(*words.split(), "-n", "shop", "--dry-run=server")
    assert (done.status, [row[0] for row in done.rows]) == (3, ["CLUSTER", "c1"])
    failed = f"Error: Failed to {words.split()[0]} in 2 clusters: c2 (not found), c3 (not found)\n"
    assert done.stderr == f"{failed}Showing results from 1/3 clusters:\n"
    nowhere = members.mc(*words.replace("so", "x").split(), "-n", "shop", "--dry-run=server")
    assert (nowhere.status, nowhere.stdout) == (1, "")
    assert nowhere.stderr.endswith(" not found (in all 3 clusters)\n")
    assert nowhere.stderr.count("\n") == 1


@needs("controllers")
def test_a_rollout_of_what_one_cluster_lacks_is_its_failure(changing: Shell) -> None:
    changing.kubectl("--context", "c2", "delete", "deploy", "cart", "-n", "shop")
    words = ("rollout", "status", "deploy/cart", "-n", "shop")
    done = changing.mc(*words)
    assert (done.status, done.stderr) == (3, "Error: Failed to query 1 cluster: c2 (not found)\n")
    passed = changing.mc(*words, "--if-present")
    assert (passed.status, passed.stderr) == (0, "Passed over 1 cluster: c2 (not found)\n")


def test_a_diff_passes_over_clusters_without_the_namespace(changing: Shell, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text("---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: new, namespace: only-c2}}")
    done = changing.mc("diff", "-f", str(file))
    assert (done.status, "c1 (not found), c3 (not found)" in done.stderr) == (3, True)
    passed = changing.mc("diff", "-f", str(file), "--if-present")
    assert (passed.status, passed.stderr) == (1, MISSING.replace("c2", "c1"))


@pytest.mark.parametrize("order", [("cm", "widget"), ("widget", "cm")])
def test_a_cluster_that_lacks_a_part_is_not_passed_over(
    changing: Shell, tmp_path: Path, order: tuple[str, str]
) -> None:
    """c3 has no Widgets, and kubectl stops at one: how it is with the ConfigMap there isn't known."""
    texts = {
        "cm": "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: zz, namespace: shop}, data: {a: b}}",
        "widget": "---\n{apiVersion: example.com/v1, kind: Widget, metadata: {name: new, namespace: shop}}",
    }
    words = ["diff", "--if-present"]
    for name in order:
        (tmp_path / f"{name}.yaml").write_text(texts[name])
        words += ["-f", str(tmp_path / f"{name}.yaml")]
    done = changing.mc(*words)
    assert done.status == 3
    assert "Error: Failed to query 1 cluster: c3 (lacks a part: no such resource type)\n" in done.stderr
    alone = changing.mc("diff", "--if-present", "-f", str(tmp_path / "widget.yaml"))
    assert (alone.status, alone.stderr) == (1, "Passed over 1 cluster: c3 (no such resource type)\n")


@pytest.mark.parametrize("words", ["wait --for=jsonpath={.metadata.namespace}=shop pod/solo cm/settings -n shop"])
def test_a_wait_for_several_objects_is_not_passed_over_for_one(members: Shell, words: str) -> None:
    done = members.mc(*words.split(), "--if-present")
    assert done.status == 3
    assert done.stderr.endswith("c2 (lacks a part: not found), c3 (lacks a part: not found)\n")


@pytest.mark.parametrize(
    "words", ["get pods", "delete pod x --all-clusters", "rollout restart deploy/x --all-clusters"]
)
def test_presence_is_for_verbs_that_need_the_object_everywhere(members: Shell, words: str) -> None:
    done = members.mc(*words.split(), "--if-present")
    assert done.status == 1
    assert done.stderr.startswith("Error: --if-present is for wait, rollout status and diff, and not for ")
