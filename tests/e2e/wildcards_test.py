# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Names with wildcards: each cluster's own, in one namespace or in all, and what isn't there."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from tests.e2e.conftest import MEMBERS, Done, Shell, needs


def pods(members: Shell, start: str, namespace: str) -> set[tuple[str, str]]:
    """(name, cluster) of the pods whose names start like this."""
    found = ((row[0], row[1]) for row in members.mc("get", "pods", "-n", namespace, "--no-headers").rows)
    matching = {pair for pair in found if pair[0].startswith(start)}
    assert matching
    return matching


def test_a_wildcard_is_each_clusters_own_names(members: Shell) -> None:
    done = members.mc("get", "pod", "web-*")
    assert {(row[0].removeprefix("pod/"), row[1]) for row in done.rows[1:]} == pods(members, "web-", "default")
    assert (done.status, done.stderr) == (0, "")


def test_a_wildcard_for_several_types(members: Shell) -> None:
    done = members.mc("get", "deploy,svc", "cart*", "-n", "shop")
    names = {(row[0], row[1]) for row in done.rows if row and row[0] != "NAME"}
    kinds = ("deployment.apps/cart", "service/cart", "service/cart-lb")
    assert names == {(name, cluster) for name in kinds for cluster in MEMBERS}
    assert (done.status, done.stderr) == (0, "")


def test_describe_with_a_wildcard(members: Shell) -> None:
    done = members.mc("describe", "pod", "solo*", "-n", "shop")
    assert re.findall(r"^(?:CLUSTER|Name): +(\S+)$", done.stdout, re.MULTILINE) == ["c1", "solo"]
    assert (done.status, done.stderr) == (0, "")


@needs("kubelet")
def test_logs_with_a_wildcard_are_of_every_pod(members: Shell) -> None:
    done = members.mc("logs", "cart-*", "-n", "shop", "-c", "app", "--tail=1")
    expected = {(cluster, name) for name, cluster in pods(members, "cart-", "shop")}
    shown = re.findall(r"^\[(c\d) (cart-\S+)\] line 49 of shop/(\S+)/app$", done.stdout, re.MULTILINE)
    assert {(cluster, name) for cluster, name, _ in shown} == expected
    assert all(name == pod for _, name, pod in shown)
    assert (done.status, len(done.stdout.splitlines())) == (0, len(expected))


@pytest.mark.parametrize("verb", ["get", "describe"])
def test_nothing_that_matches_is_an_error(members: Shell, verb: str) -> None:
    done = members.mc(verb, "pod", "nope-*")
    assert done == Done(1, "", 'error: names matching "nope-*" not found (in all 3 clusters)\n')


@pytest.mark.parametrize("verb", ["get", "describe"])
def test_a_wildcard_with_a_cluster_that_is_down(members: Shell, verb: str) -> None:
    with members.fault("c2", "refuse"):
        done = members.mc(verb, "deploy", "car?", "-n", "shop")
    assert "Error: Failed to query 1 cluster: c2 (connection refused)\n" in done.stderr
    assert "Showing results from 2/3 clusters:" in done.stderr
    assert done.status == 3
    assert "c1" in done.stdout
    assert "c3" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        "get deploy car?",
        "describe deploy car?",
        pytest.param("logs cart-* -c app --tail=1", marks=needs("kubelet")),
    ],
)
def test_a_cluster_that_hangs_is_asked_for_its_names_only(members: Shell, arguments: str) -> None:
    for cluster in MEMBERS:
        members.fleet.clear_requests(cluster)
    with members.fault("c3", "hang"):
        done = members.mc(*arguments.split(), "-n", "shop", "--cluster-timeout=2s")
        assert len(members.fleet.requests("c3")) <= 1
    assert "Error: Failed to query 1 cluster: c3 (timed out after 2s)\n" in done.stderr
    assert (done.status, "c1" in done.stdout, "c2" in done.stdout, "c3" in done.stdout) == (3, True, True, False)


@needs("kubelet")
def test_a_cluster_that_hangs_holds_up_no_logs(members: Shell) -> None:
    command = ("logs", "cart-*", "-n", "shop", "-c", "app", "-f", "--tail=1", "--cluster-timeout=5s")
    with members.fault("c3", "hang"), members.running(*command) as logs:
        for cluster in ("c1", "c2"):
            logs.until(rf"^\[{cluster} cart-\S+\] line ")
        assert "c3" not in logs.stderr
        logs.until(r"^\[c3\] ended: timed out after 5s\n", "stderr")


def test_a_cluster_that_is_down_is_told_at_once_where_others_go_on(members: Shell) -> None:
    with members.fault("c3", "refuse"), members.running("get", "pods", "web-*", "-w") as watch:
        watch.until(r"^\[c3\] the watch can't begin \(connection refused\); it is tried again", "stderr")
        for cluster in ("c1", "c2"):
            watch.until(rf"^web-\S+ +{cluster} ")


def test_what_no_cluster_has_beside_one_that_is_down(members: Shell) -> None:
    with members.fault("c2", "refuse"):
        done = members.mc("get", "pod", "nope-*")
    assert (done.status, done.stdout) == (1, "")
    assert 'names matching "nope-*" not found (in all 2 clusters that answered)' in done.stderr
    assert "Error: Failed to query 1 cluster: c2 (connection refused)\n" in done.stderr


def test_a_type_that_no_cluster_has(members: Shell) -> None:
    done = members.mc("get", "nopes", "ca*")
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == 'error: the server doesn\'t have a resource type "nopes" (in all 3 clusters)\n'


def test_a_type_that_one_cluster_lacks_takes_nothing_from_the_others(members: Shell) -> None:
    """widgets are of c1 and c3. Where several types are asked for, names have theirs, as in kubectl."""
    done = members.mc("get", "widgets,deploy", "[cs]*", "-n", "shop")
    carts = [["deployment.apps/cart", cluster] for cluster in MEMBERS]
    assert [row[:2] for row in done.rows] == [["NAME", "CLUSTER"], *carts]
    assert (done.status, done.stderr) == (0, "")


@pytest.mark.parametrize("verb", ["get", "describe"])
def test_a_pattern_that_nothing_matches_beside_a_name(members: Shell, verb: str) -> None:
    done = members.mc(verb, "pods", "solo", "nope*", "-n", "shop")
    assert (done.status, done.stderr, done.stdout.count("solo ") > 0) == (0, "", verb == "get")
    done = members.mc(verb, "pods", "solo", "cart-*", "soloo", "-n", "shop", "--clusters=c2")
    assert done.status == 1
    assert done.stderr == "".join(
        f'Error from server (NotFound): pods "{name}" not found\n' for name in ("solo", "soloo")
    )
    assert "cart-" in done.stdout


def test_nothing_that_matches_need_be_no_error(members: Shell) -> None:
    assert members.mc("get", "pods", "nope*", "--ignore-not-found") == Done(0, "", "")


@needs("kubelet")
@pytest.mark.parametrize("flags", [(), ("--by-time",)])
def test_a_cluster_is_counted_once_whatever_it_was_asked(members: Shell, flags: tuple[str, ...]) -> None:
    done = members.mc("logs", "cart-*", "-n", "shop", "-c", "nope", *flags)
    assert "Error: Failed to query 3 clusters: c1 (" in done.stderr
    assert done.status == 1


@pytest.mark.parametrize("where", [("-n", "shop"), ("-A",)])
def test_a_watch_with_a_wildcard_is_of_every_object(members: Shell, where: tuple[str, ...]) -> None:
    expected = pods(members, "cart-", "shop")
    assert len(expected) > len(MEMBERS)
    with members.running("get", "pods", "cart-*", *where, "-w") as watch:
        for name, cluster in expected:
            watch.until(rf"^(shop +)?{name} +{cluster} .*\n")
        watch.interrupt()
        assert watch.end() == 130
    assert (watch.stdout.count("CLUSTER"), watch.stderr) == (1, "")


@pytest.mark.parametrize("fault", ["refuse", None])
def test_an_object_of_one_of_several_clusters_is_in_a_list(members: Shell, fault: str | None) -> None:
    members.fleet.set_fault("c3", fault)
    try:
        done = members.mc("get", "pods", "solo*", "-n", "shop", "-o", "json")
    finally:
        members.fleet.set_fault("c3", None)
    assert [json.loads(done.stdout)[key] for key in ("apiVersion", "kind")] == ["v1", "List"]
    assert [item["metadata"]["name"] for item in json.loads(done.stdout)["items"]] == ["solo"]


# --- In all namespaces ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("types", ["pods", "deploy,svc"])
def test_a_wildcard_in_all_namespaces(members: Shell, types: str) -> None:
    done, everything = members.mc("get", types, "[cw]*", "-A"), members.mc("get", types, "-A")
    assert sorted(row[:3] for row in done.rows) == sorted(
        row[:3] for row in everything.rows if not row or row[1].rpartition("/")[2][0] in "cwN"
    )
    assert {row[0] for row in done.rows if row} == {"NAMESPACE", "default", "shop"}
    assert (done.status, done.stderr) == (0, "")


def test_names_in_all_namespaces(members: Shell) -> None:
    done = members.mc("get", "pods", "lon*", "solo", "-A", "-o", "name")
    assert (done.status, done.stdout) == (0, "c1\tpod/solo\nc2\tpod/lonely\n")


def test_describe_in_all_namespaces(members: Shell) -> None:
    done = members.mc("describe", "deploy", "*", "-A", "--clusters=c1,c2")
    found = re.findall(r"^(?:CLUSTER|Name|Namespace): +(\S+)$", done.stdout, re.MULTILINE)
    assert found == [word for c in ("c1", "c2") for word in (c, "web", "default", c, "cart", "shop")]
    assert (done.status, done.stderr) == (0, "")


@needs("kubelet")
def test_logs_of_all_namespaces(members: Shell) -> None:
    done = members.mc("logs", "lon*", "-A", "solo*", "--tail=1")
    assert sorted(done.stdout.splitlines()) == [
        "[c1 shop/solo] line 49 of shop/solo/nginx",
        "[c2 only-c2/lonely] line 49 of only-c2/lonely/nginx",
    ]
    assert (done.status, done.stderr) == (0, "")


def test_names_of_all_namespaces_in_their_order(members: Shell) -> None:
    done = members.mc("get", "pods", "web-*", "-A", "--sort-by=.metadata.name", "--no-headers")
    names = [row[1] for row in done.rows]
    assert (done.status, names) == (0, sorted(names))
    assert set(names) == {name for name, _ in pods(members, "web-", "default")}


@pytest.mark.parametrize("form", ["name", "json", "yaml", "wide"])
def test_names_in_every_form_that_has_them(members: Shell, form: str) -> None:
    done = members.mc("get", "pods", "cart-*", "-n", "shop", "-o", form)
    assert (done.status, done.stderr) == (0, "")
    found = [name for name, _ in pods(members, "cart-", "shop")]
    for name in found:
        assert name in done.stdout
    assert not re.search(r"\b(solo|lonely|web-)\b", done.stdout.replace("app: web", ""))
    if form in ("json", "yaml"):
        items = yaml.safe_load(done.stdout)["items"]
        assert sorted(item["metadata"]["name"] for item in items) == sorted(found)


def test_a_watch_in_a_form_without_names_is_of_each_object(members: Shell) -> None:
    template = "jsonpath={.kind} {.metadata.namespace}/{.metadata.name}{'\\n'}"
    command = ("get", "pods", "cart-*", "lonely", "-A", "-w", "-o", template)
    with members.running(*command) as watch:
        for name, cluster in [*pods(members, "cart-", "shop"), ("lonely", "c2")]:
            namespace = "only-c2" if name == "lonely" else "shop"
            watch.until(rf"^{cluster}\tPod {namespace}/{name}\n")
        watch.interrupt()
        assert watch.end() == 130
    assert watch.stderr == ""
