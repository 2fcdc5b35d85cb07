# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""--fold: what clusters answer alike is shown once, below their names."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.e2e.conftest import MEMBERS, Done, Shell

EXPLAIN = ("explain", "deployments.spec.strategy")
HEADINGS = re.compile(r"^(CLUSTERS? ?.*: ?.*)$", re.MULTILINE)
ALL = "CLUSTERS (3): c1, c2, c3"
OWN = [f"CLUSTER: {cluster}" for cluster in MEMBERS]
AGE = r"(?:\d+[smhdy]){1,2}"
DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\nspec:\n  replicas: 5\n"
    "  selector: {matchLabels: {app: cart}}\n  template:\n    metadata: {labels: {app: cart}}\n"
    "    spec: {containers: [{name: app, image: registry.example/cart:9}]}\n"
)


@pytest.mark.parametrize(
    ("arguments", "headings"),
    [
        (EXPLAIN, [ALL]),
        ((*EXPLAIN, "--fold=false"), OWN),
        (("describe", "ns", "kube-public"), OWN),
        (("describe", "ns", "kube-public", "--fold"), [ALL]),
        (("auth", "can-i", "list", "pods", "--fold"), [ALL]),
        (("get", "--raw", "/readyz", "--fold"), [ALL]),
    ],
)
def test_a_text_that_clusters_share_is_shown_once(
    members: Shell, arguments: tuple[str, ...], headings: list[str]
) -> None:
    done = members.mc(*arguments)
    assert HEADINGS.findall(done.stdout) == headings
    text = members.kubectl("--context", "c1", *(word for word in arguments if not word.startswith("--fold"))).stdout
    text += "\n" * (not text.endswith("\n"))
    assert done.stdout == "\n".join(f"{heading}\n{text}" for heading in headings)


def test_the_largest_group_comes_first(changing: Shell) -> None:
    assert HEADINGS.findall(changing.mc("api-versions").stdout) == OWN
    changing.kubectl("--context", "c2", "delete", "crd", "widgets.example.com")  # then c2 serves what c3 does
    assert HEADINGS.findall(changing.mc("api-versions").stdout) == ["CLUSTERS (2): c2, c3", "CLUSTERS (1): c1"]
    assert HEADINGS.findall(changing.mc("api-versions", "--fold=false").stdout) == OWN


def test_rows_that_clusters_share_are_shown_once(members: Shell) -> None:
    """The objects of the fleet's clusters have different ages."""
    done = members.mc("get", "ns", "--fold")
    assert (done.status, done.stderr) == (0, "")
    names = ["default", "kube-node-lease", "kube-public", "kube-system", "shop"]
    shared, rest = done.stdout.split("\n\n")
    assert [line.split()[:2] for line in shared.splitlines()[2:]] == [[name, "Active"] for name in names]
    assert shared.splitlines()[0] == ALL
    assert all(re.search(rf" {AGE}-{AGE}$", line) for line in shared.splitlines()[2:])
    assert [line.split()[:3] for line in rest.splitlines()] == [
        ["CLUSTERS", "(1", "each):"], ["NAME", "CLUSTER", "STATUS"], ["only-c2", "c2", "Active"],
    ]  # fmt: skip


@pytest.mark.parametrize("words", ["get nodes", "get pods -n shop -o name"])
def test_where_nothing_is_shared_the_answer_is_as_without_folding(members: Shell, words: str) -> None:
    folded, plain = (members.mc(*words.split(), *flags, "--exclude=c1") for flags in (["--fold"], []))
    assert [row[:2] for row in folded.rows] == [row[:2] for row in plain.rows]


@pytest.mark.parametrize(
    "words",
    ["get deploy,svc -n shop", "get deploy -A --sort-by=.metadata.name", "get cm -n shop,default", "get cm -A -o name",
     "get deploy -n shop -o custom-columns=NAME:.metadata.name,MADE:.metadata.creationTimestamp --no-headers"],
)  # fmt: skip
def test_every_row_is_told_for_its_cluster(members: Shell, words: str) -> None:
    """By its first cells: unfolded, the answer names each object of each cluster once."""
    folded, plain = (members.mc(*words.split(), *flags) for flags in (["--fold"], []))
    assert (folded.status, folded.stderr) == (0, "")
    names: list[str] = []
    rows = []
    for line in folded.stdout.splitlines():
        cells = line.split()
        if line.startswith("CLUSTERS ("):
            names = [] if "each" in line else line.partition(": ")[2].partition("   (")[0].split(", ")
        elif cells and not names:
            rows.append(sorted(cells[:3]))
        elif cells and not {"NAME", "NAMESPACE"} & {*cells}:
            rows += [sorted([*cells[:2], name]) for name in names]
    expected = [sorted(row[:3]) for row in plain.rows if row and not {"NAME", "NAMESPACE"} & {*row}]
    if "-A" in words and "name" not in words.split():  # NAMESPACE, NAME, CLUSTER
        assert sorted(map(" ".join, rows)) == sorted(map(" ".join, expected))
    assert len(rows) == len(expected)


def test_a_diff_is_compared_without_names_and_times_of_its_own(members: Shell) -> None:
    done = members.mc("diff", "--fold", "-f", "-", stdin=DEPLOYMENT)
    headings = HEADINGS.findall(done.stdout)
    assert (done.status, headings) == (1, [f"{ALL}   (with the times and ids of c1)"])
    assert done.stdout.count("+  replicas: 5") == 1


def test_what_a_cluster_that_fails_lacks_is_not_told_for_it(members: Shell) -> None:
    with members.fault("c3", "refuse"):
        done = members.mc("get", "deploy", "-n", "shop", "--fold")
    assert done.status == 3
    assert done.stdout.startswith("CLUSTERS (2): c1, c2\nNAME ")
    assert "c3 (connection refused)" in done.stderr


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("get pods -o json", "is for tables, names and texts, and not for -o json"),
        ("version -o yaml", "is for tables, names and texts, and not for -o yaml"),
        ("get pods -w", "needs whole answers, and get shows"),
        ("logs deploy/cart -n shop", "needs whole answers, and logs shows"),
    ],
)
def test_what_cannot_be_folded_is_refused(members: Shell, words: str, error: str) -> None:
    done = members.mc(*words.split(), "--fold")
    assert (done.status, done.stdout) == (1, "")
    assert f"Error: --fold {error}" in done.stderr


def test_as_a_default_it_is_passed_over_there(fresh_home: Callable[..., Shell]) -> None:
    user = fresh_home(mapping="hubContext: hub\ndefaults: {fold: true}\n")
    assert user.mc("get", "deploy", "-n", "shop").stdout.startswith(ALL)
    assert user.mc("get", "deploy", "-n", "shop", "--fold=false").stdout.startswith("NAME   CLUSTER")
    as_json: Done = user.mc("get", "deploy", "-n", "shop", "-o", "json")
    assert (as_json.status, as_json.stdout.count("kubectl-mc.k8s.io/cluster")) == (0, 3)
