# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Several namespaces (`-n a,b,'team-*'`), next to what kubectl shows with -A."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.e2e.conftest import MEMBERS, Done, Shell, needs

BOTH = ("-n", "shop,default")
OTHERS = [["kube-system"], ["kube-public"], ["kube-node-lease"], ["only-c2"]]


def without_age(rows: list[list[str]]) -> list[list[str]]:
    return [row[:-1] for row in rows]


@pytest.mark.parametrize(
    "words",
    [
        ("get", "pods"),
        ("get", "deploy", "--sort-by=.metadata.name", "--no-headers"),
        ("get", "pods", "cart*", "web-*"),
    ],
)
def test_a_table_is_that_of_all_namespaces_without_the_others(members: Shell, words: tuple[str, ...]) -> None:
    done = members.mc(*words, *BOTH)
    assert without_age(done.rows) == without_age(
        [row for row in members.mc(*words, "-A").rows if row[:1] not in OTHERS]
    )
    assert (done.status, done.stderr) == (0, "")
    assert {row[0] for row in done.rows if row} >= {"shop", "default"}


@pytest.mark.parametrize("form", ["json", "name", "custom-columns=N:.metadata.name,S:.metadata.namespace"])
def test_other_forms_are_those_of_all_namespaces(members: Shell, form: str) -> None:
    words = ("get", "pods", "-l", "app in (cart,web)", "-o", form, "--sort-by=.metadata.name")
    done = members.mc(*words, *BOTH)
    assert done == members.mc(*words, "-A")
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.count("cart-") >= len(MEMBERS)


def test_objects_without_the_field_come_first_also_where_no_object_of_a_namespace_has_it(members: Shell) -> None:
    words = ("get", "pods", "--sort-by=.spec.initContainers[0].name", "-o", "name", "--clusters=c1")
    names = [line.partition("\t")[2].partition("-")[0] for line in members.mc(*words, *BOTH).stdout.splitlines()]
    assert names == ["pod/web"] * 3 + ["pod/solo", "pod/import"] + ["pod/cart"] * 2  # only cart has the field


def test_what_is_cluster_scoped_is_shown_once(members: Shell) -> None:
    done = members.mc("get", "nodes", *BOTH)
    assert [row[:2] for row in done.rows] == [["NAME", "CLUSTER"], *([f"{name}-node", name] for name in MEMBERS)]
    mixed = members.mc("get", "no,deploy,ns/shop", *BOTH, "-o", "name", "--clusters=c1")
    assert mixed.status == 1  # kubectl refuses these words, and is heard once
    assert mixed.stderr.count("error:") == 1
    mixed = members.mc("get", "no,deploy", *BOTH, "-o", "json", "--clusters=c1")
    items = json.loads(mixed.stdout)["items"]
    named = [(item["metadata"].get("namespace", ""), item["metadata"]["name"]) for item in items]
    assert named == [("", "c1-node"), ("default", "web"), ("shop", "cart")]


def test_an_object_of_one_namespace_is_shown_there(members: Shell) -> None:
    done = members.mc("get", "deploy", "cart", *BOTH)
    assert [row[:3] for row in done.rows] == [
        ["NAMESPACE", "NAME", "CLUSTER"], *(["shop", "cart", name] for name in MEMBERS),
    ]  # fmt: skip
    assert (done.status, done.stderr) == (0, "")
    described = members.mc("describe", "deploy", "cart", *BOTH, "--clusters=c1")
    assert re.findall(r"^(?:CLUSTER|Name): +(.+)$", described.stdout, re.MULTILINE)[:2] == [
        "c1   NAMESPACE: shop",
        "cart",
    ]
    assert (described.status, described.stderr) == (0, "")


def test_what_is_nowhere_is_said_once(members: Shell) -> None:
    for selection, where in (("--clusters=c1", ""), ("--all-clusters", " (in all 3 clusters)")):
        done = members.mc("get", "deploy", "nope", *BOTH, selection)
        assert done == Done(1, "", f'Error from server (NotFound): deployments.apps "nope" not found{where}\n')
        done = members.mc("get", "deploy", "-n", "b,a,b", selection)
        assert done == Done(0, "", "No resources found in a, b namespaces.\n")
        done = members.mc("get", "deploy", "-n", "x-*", selection)
        assert done == Done(1, "", f'error: namespaces matching "x-*" not found{where}\n')


def test_a_pattern_is_each_clusters_own_namespaces_once(members: Shell) -> None:
    for cluster in MEMBERS:
        members.fleet.clear_requests(cluster)
    done = members.mc("get", "sa,cm", "-n", "only-*,shop,s*p", "-o", "name")
    assert (done.status, done.stderr) == (0, "")
    paths = [request["path"] for request in members.fleet.requests("c2")]
    assert sum(path.endswith("/configmaps") for path in paths) == 2
    assert {path.split("/")[4] for path in paths if path.endswith("/configmaps")} == {"only-c2", "shop"}
    assert paths.count("/api/v1/namespaces") == 1
    for cluster in MEMBERS:
        members.fleet.clear_requests(cluster)
    members.mc("get", "cm", *BOTH)
    assert "/api/v1/namespaces" not in [request["path"] for request in members.fleet.requests("c1")]


def test_a_cluster_whose_namespaces_can_t_be_listed_says_what_to_do(members: Shell) -> None:
    done = members.mc("get", "deploy", "-n", "s*", "--contexts=viewer-c1,c2")
    assert done.status == 3
    assert (
        "[viewer-c1] 's*' can't be looked up without a list of the namespaces: name them (-n NAME,NAME)\n"
        in done.stderr
    )
    assert "Error: Failed to query 1 cluster: viewer-c1 (forbidden)\n" in done.stderr
    assert [row[:3] for row in done.rows[1:]] == [["shop", "cart", "c2"]]
    named = members.mc("get", "deploy", *BOTH, "--contexts=viewer-c1,c2")
    assert "viewer-c1 (in default: forbidden)\n" in named.stderr
    assert ["shop", "cart", "viewer-c1"] in [row[:3] for row in named.rows]


def test_a_change_refuses_them_and_asks_no_server(members: Shell) -> None:
    for cluster in MEMBERS:
        members.fleet.clear_requests(cluster)
    done = members.mc("delete", "pod", "solo", *BOTH, "--all-clusters", "--yes")
    assert done == Done(
        1,
        "",
        "Error: delete takes one namespace, and no namespace can be called 'shop,default'. Several, and patterns, are "
        "for get, events, top pod, describe and logs\nSo nothing was changed\n",
    )
    assert all(not members.fleet.requests(cluster) for cluster in MEMBERS)


def test_a_default_of_kuberc_counts(members: Shell, tmp_path: Path) -> None:
    kuberc = tmp_path / "kuberc"
    kuberc.write_text(
        "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ndefaults:\n"
        + "".join(
            f"- command: {verb}\n  options: [{{name: namespace, default: 'shop,default'}}]\n"
            for verb in ("get", "delete")
        )
    )
    done = members.mc("get", "deploy", "-o", "name", "--clusters=c1", env={"KUBERC": str(kuberc)})
    assert done == Done(0, "c1\tdeployment.apps/web\nc1\tdeployment.apps/cart\n", "")
    refused = members.mc("delete", "deploy", "web", "--clusters=c1", "--yes", env={"KUBERC": str(kuberc)})
    assert (refused.status, "delete takes one namespace" in refused.stderr) == (1, True)


@pytest.mark.parametrize("words", [("events",), pytest.param(("top", "pods"), marks=needs("metrics"))])
def test_events_and_use_have_the_column(members: Shell, words: tuple[str, ...]) -> None:
    done = members.mc(*words, *BOTH, "--clusters=c1")
    rows = members.mc(*words, "-A", "--clusters=c1").rows
    assert done.rows[0] == rows[0]
    place = rows[0].index("NAMESPACE")
    assert {row[place] for row in done.rows[1:]} == {"shop", "default"}
    assert len(done.rows) == sum(row[place] in ("NAMESPACE", "shop", "default") for row in rows)


def test_a_watch_has_the_column(members: Shell) -> None:
    with members.running("get", "deploy", "-w", *BOTH) as watch:
        watch.until(r"(?:\n(?:shop|default) .*){6}")
    rows = [line.split()[:3] for line in watch.stdout.splitlines()]
    expected = [[where, name, cluster] for where, name in (("shop", "cart"), ("default", "web")) for cluster in MEMBERS]
    assert rows[0] == ["NAMESPACE", "NAME", "CLUSTER"]
    assert sorted(rows[1:7]) == sorted(expected)


@needs("kubelet")
def test_logs_name_the_namespace(members: Shell) -> None:
    done = members.mc("logs", "-l", "app in (cart,web)", *BOTH, "--tail=1", "--all-containers", "--max-log-requests=9")
    shown = set(re.findall(r"^\[(c\d) (\S+?)/\S+ \S+\] line \d+ of (\S+?)/", done.stdout, re.MULTILINE))
    assert shown == {(cluster, name, name) for cluster in MEMBERS for name in ("shop", "default")}
    lone = members.mc("logs", "deploy/cart", *BOTH, "-c", "app", "--tail=1", "--clusters=c1")
    assert re.fullmatch(r"\[c1 shop\] line 49 of shop/cart-\S+/app\n", lone.stdout)
    assert (lone.status, "NotFound" in lone.stderr) == (0, False)
    found = members.mc("logs", "-A", "-l", "app=cart", "-c", "app", "--tail=1")
    assert set(re.findall(r"^\[(c\d) (\S+?)/\S+\] line", found.stdout, re.MULTILINE)) == {
        (name, "shop") for name in MEMBERS
    }
    named = members.mc("logs", "cart-*", *BOTH, "-c", "app", "--tail=1", "--clusters=c1,c2")
    assert re.search(r"^\[c2 shop/cart-\S+\] line", named.stdout, re.MULTILINE)
    assert (named.status, "not found" in named.stderr) == (0, False)
    nothing = members.mc("logs", "-l", "app=nope", *BOTH, "--clusters=c1")
    assert nothing == Done(0, "", "No resources found in default, shop namespaces.\n")
