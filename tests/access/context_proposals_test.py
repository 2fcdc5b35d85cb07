# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from typing import Any

import pytest

from kubectl_mc.access.context_proposals import Context, bare, parse_contexts, propose, server
from kubectl_mc.fleet.cluster_profiles import MEMBER_ID_LABEL, AccessProvider, ClusterProfile
from kubectl_mc.fleet.clusters import named_clusters
from kubectl_mc.fleet.mapping import ClusterMapping, MappingEntry


def profile(name: str, url: str = "", namespace: str = "fleet", member_id: str = "", **cluster: Any) -> ClusterProfile:
    providers = (AccessProvider("p", {"server": url, **cluster}),) if url else ()
    return ClusterProfile(name, namespace, access_providers=providers, labels={MEMBER_ID_LABEL: member_id})


def view(**servers: str) -> dict[str, Any]:
    """`kubectl config view -o json` with a context and a cluster for each server."""
    return {
        "clusters": [{"name": f"of-{name}", "cluster": {"server": url}} for name, url in servers.items()],
        "contexts": [{"name": name, "context": {"cluster": f"of-{name}"}} for name in servers],
    }


def proposed(
    profiles: list[ClusterProfile], servers: dict[str, str], entries: tuple[MappingEntry, ...] = ()
) -> dict[str, tuple[str, str]]:
    contexts = parse_contexts(view(**servers))
    proposals = propose(named_clusters(profiles), profiles, ClusterMapping(None, entries), contexts)
    return {proposal.cluster.name: (proposal.context, proposal.how) for proposal in proposals}


def test_what_is_mapped_comes_first_then_the_name_then_the_server() -> None:
    servers = {"c1": "https://a", "mine": "https://b", "other": "https://c"}
    c1 = profile("c1", "https://b")
    assert proposed([c1], servers, (MappingEntry("c1", "other"),)) == {"c1": ("other", "mapped")}
    assert proposed([c1], servers, (MappingEntry("c1", "gone"),)) == {"c1": ("c1", "same name")}
    assert proposed([c1], {"mine": "https://b", "other": "https://c"}) == {"c1": ("mine", "same server")}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://API.Example.com", "https://api.example.com:443/"),
        ("https://api.example.com.", "HTTPS://api.example.com"),
        ("http://h:80/k8s/clusters/c-1/", "http://h/k8s/clusters/c-1"),
        ("https://[::1]:443", "https://[::1]"),
    ],
)
def test_spellings_of_one_server(one: str, other: str) -> None:
    assert server({"server": one}) == server({"server": other})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a", "http://a"),
        ("https://a", "https://a:6443"),
        ("https://proxy/c-1", "https://proxy/c-2"),
        ("https://a:x", "https://a:y"),
    ],
)
def test_different_servers(one: str, other: str) -> None:
    assert server({"server": one}) != server({"server": other})


def test_one_proxy_with_a_certificate_name_for_each_cluster_is_not_one_server() -> None:
    contexts = [Context("t", server({"server": "https://proxy", "tls-server-name": "one"}))]
    profiles = [profile(name, "https://proxy", **{"tls-server-name": name}) for name in ("one", "two")]
    proposals = propose(named_clusters(profiles), profiles, ClusterMapping(), contexts)
    assert [proposal.context for proposal in proposals] == ["t", ""]


def test_a_server_that_two_profiles_claim_is_nobody_s_for_certain() -> None:
    proposals = proposed([profile("a", "https://s"), profile("b", "https://s")], {"mine": "https://s"})
    assert proposals == dict.fromkeys("ab", ("", "its server is that of mine"))


def test_profiles_of_one_member_cluster_have_its_context() -> None:
    profiles = [profile("a", "https://s", "fleet", "one"), profile("b", "https://s", "kueue", "one")]
    assert proposed(profiles, {"mine": "https://s"}) == dict.fromkeys("ab", ("mine", "same server"))
    same = [profile("a", namespace=namespace, member_id="one") for namespace in ("fleet", "kueue")]
    assert proposed(same, {"a": "https://s"}) == dict.fromkeys(("fleet/a", "kueue/a"), ("a", "same name"))


def test_a_server_that_two_contexts_have_is_asked_about() -> None:
    profiles = [profile("c1", "https://s")]
    proposals = propose(
        named_clusters(profiles),
        profiles,
        ClusterMapping(),
        parse_contexts(view(c2="https://t", admin="https://s", viewer="https://s")),
    )
    assert [(proposal.context, proposal.how) for proposal in proposals] == [("", "its server is that of admin, viewer")]
    assert proposals[0].candidates == ("admin", "viewer", "c2")


@pytest.mark.parametrize(
    ("context", "name"),
    [
        ("gke_team-a_europe-west1_prod-eu", "prod-eu"),
        ("arn:aws:eks:eu-west-1:123456789012:cluster/prod-eu", "prod-eu"),
        ("arn:aws-cn:eks:cn-north-1:123456789012:cluster/prod-eu", "prod-eu"),
        ("kind-prod-eu", "prod-eu"),
        ("k3d-prod-eu", "prod-eu"),
        ("me@prod-eu", "prod-eu"),
        ("me@prod-eu.eu-west-1.eksctl.io", "prod-eu"),
        ("prod-eu-admin", "prod-eu"),
        ("prod-eu", "prod-eu"),
    ],
)
def test_what_tools_put_around_a_name(context: str, name: str) -> None:
    assert bare(context) == name
    proposals = proposed([profile("prod-eu")], {"zzzzz": "https://z", context: "https://a"})["prod-eu"]
    assert proposals == (("prod-eu", "same name") if context == name else ("", f"close name: {context}"))


def test_candidates_are_in_the_order_of_their_likeness() -> None:
    profiles = [profile("prod-eu")]
    contexts = parse_contexts(
        view(aaa="https://a", prod="https://b", **{"kind-prod-eu": "https://c", "prod-us": "https://d"})
    )
    (proposal,) = propose(named_clusters(profiles), profiles, ClusterMapping(), contexts)
    assert proposal.candidates == ("kind-prod-eu", "prod-us", "prod", "aaa")


def test_of_two_profiles_with_one_name_neither_has_the_context_of_that_name() -> None:
    servers = {"c1": "https://a", "dev/c1": "https://b"}
    proposals = proposed([profile("c1", namespace="prod"), profile("c1", namespace="dev")], servers)
    assert proposals == {"dev/c1": ("dev/c1", "same name"), "prod/c1": ("", "close name: c1")}


def test_nothing_fits() -> None:
    assert proposed([profile("c1")], {"zzzzz": "https://z"}) == {"c1": ("", "no context")}
    gone = "mapped to gone, which doesn't exist"
    assert proposed([profile("c1")], {"zzzzz": "https://z"}, (MappingEntry("c1", "gone"),)) == {"c1": ("", gone)}


def test_a_kubeconfig_with_holes() -> None:
    odd: dict[str, Any] = {
        "contexts": [{"name": "a"}, {"name": "b", "context": {"cluster": "gone"}}, None, {"context": {}}],
        "clusters": None,
    }
    assert parse_contexts(odd) == [Context("a", ("", "")), Context("b", ("", ""))]
    assert proposed([profile("x")], {}) == {"x": ("", "no context")}
