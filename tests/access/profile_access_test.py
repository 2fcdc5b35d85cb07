# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access import approvals, profile_access, server_urls
from kubectl_mc.access.exec_credentials import CLUSTER_CONFIG
from kubectl_mc.access.profile_access import EXTRA_ARGS, EXTRA_ENVS, Offer, Unusable
from kubectl_mc.access.provider_file import Provider
from kubectl_mc.fleet import cluster_profiles, hub_versions
from kubectl_mc.fleet.cluster_profiles import AccessProvider, ClusterProfile
from tests.hostile import hostile

AUTHORITY = base64.b64encode(b"-----BEGIN CERTIFICATE-----\n").decode()
FINGERPRINT = "sha256:b93f51c3ac1bdd90edcce2019d2452a328cbf97443f3744cc7ec63033a5b2c16"

EXEC: dict[str, Any] = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "command": "login",
    "args": ["--own"],
    "env": [{"name": "OWN", "value": "mine"}],
    "provideClusterInfo": False,
    "interactiveMode": "Never",
}
CLUSTER: dict[str, Any] = {
    "server": "https://c1.example:6443",
    "certificate-authority-data": AUTHORITY,
    "tls-server-name": "c1.internal",
    "proxy-url": "socks5://proxy.example:1080",
}
ASKED = {
    "server": "https://c1.example:6443",
    "certificate-authority": FINGERPRINT,
    "tls-server-name": "c1.internal",
    "proxy-url": "socks5://proxy.example:1080",
}
PROPERTIES = {
    "auth.exec.command": "aws",
    "auth.exec.args": "eks,get-token,--cluster-name,c1",
    "auth.exec.apiVersion": "client.authentication.k8s.io/v1",
    "auth.exec.env": "AWS_PROFILE=prod,AWS_REGION=eu-west-1",
}


def profile(
    cluster: Mapping[str, Any] = CLUSTER, properties: Mapping[str, str] = {}, name: str = "google"
) -> ClusterProfile:
    return ClusterProfile("c1", "fleet", properties=properties, access_providers=(AccessProvider(name, cluster),))


def provider(
    args_policy: str = "Ignore", envs_policy: str = "Ignore", name: str = "google", **fields: object
) -> Provider:
    return Provider(name, {**EXEC, **fields}, args_policy, envs_policy)


def extended(**extensions: object) -> dict[str, Any]:
    names = {"config": CLUSTER_CONFIG, "args": EXTRA_ARGS, "envs": EXTRA_ENVS}
    return {**CLUSTER, "extensions": [{"name": names[key], "extension": value} for key, value in extensions.items()]}


def offered(cluster_profile: ClusterProfile, *providers: Provider) -> Offer:
    offer = profile_access.find_offer(cluster_profile, providers)
    assert isinstance(offer, Offer), offer
    return offer


def refused(cluster_profile: ClusterProfile, *providers: Provider) -> str:
    offer = profile_access.find_offer(cluster_profile, providers)
    assert isinstance(offer, Unusable), offer
    return offer.reason


def entry(offer: Offer) -> dict[str, Any]:
    return dict(offer.kubeconfig["users"][0]["user"]["exec"])


def reached(offer: Offer) -> dict[str, Any]:
    return dict(offer.kubeconfig["clusters"][0]["cluster"])


# --- The user's provider -----------------------------------------------------------------------------------


def test_the_users_provider_and_the_profiles_cluster_are_a_kubeconfig() -> None:
    offer = offered(profile(), provider())
    assert offer.source == "provider google"
    assert offer.fields == {**ASKED, "provider": "google"}
    assert offer.kubeconfig == {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c1",
        "contexts": [{"name": "c1", "context": {"cluster": "c1", "user": "c1"}}],
        "clusters": [{"name": "c1", "cluster": CLUSTER}],
        "users": [{"name": "c1", "user": {"exec": EXEC}}],
    }


def test_the_first_provider_of_the_file_counts_not_the_profiles_first() -> None:
    both = (AccessProvider("kubeconfig", CLUSTER), AccessProvider("google", {**CLUSTER, "server": "https://g.example"}))
    both_ways = ClusterProfile("c1", "fleet", properties=PROPERTIES, access_providers=both)
    assert (
        offered(both_ways, provider(name="azure"), provider(), provider(name="kubeconfig")).source == "provider google"
    )
    assert offered(both_ways, provider(name="kubeconfig"), provider()).fields["server"] == CLUSTER["server"]


def test_a_provider_that_cannot_be_used_is_not_passed_over() -> None:
    both = (AccessProvider("kubeconfig", CLUSTER), AccessProvider("google", {}))
    both_ways = ClusterProfile("c1", "fleet", properties=PROPERTIES, access_providers=both)
    assert "its server is not the https or http URL of a host" in refused(
        both_ways, provider(), provider(name="kubeconfig")
    )


@pytest.mark.parametrize(
    ("cluster_profile", "reason"),
    [
        (ClusterProfile("c1", "fleet"), "its profile names no way to reach it"),
        (profile(), "none of its access providers (google) is in a provider file of yours"),
        (ClusterProfile("c1", "fleet", properties=PROPERTIES), "auth.exec.command without an access provider"),
    ],
)
def test_what_is_missing_is_said(cluster_profile: ClusterProfile, reason: str) -> None:
    assert reason in refused(cluster_profile, provider(name="azure"))


def test_the_policies_ignore_what_the_profile_adds_unless_told() -> None:
    extended_profile = profile(extended(args=["--a"], envs={"A": "1"}))
    offer = offered(extended_profile, provider())
    assert entry(offer) == EXEC
    assert offer.fields == {**ASKED, "provider": "google"}


def test_arguments_are_appended_and_asked_about() -> None:
    offer = offered(profile(extended(args=["--audience", "x y"])), provider("Append"))
    assert entry(offer)["args"] == ["--own", "--audience", "x y"]
    assert offer.fields["args"] == ["--audience", "x y"]


@pytest.mark.parametrize(
    ("policy", "env", "asked"),
    [
        ("AppendIfNotExists", {"OWN": "mine", "B": "2"}, {"B": "2"}),
        ("Replace", {"OWN": "theirs", "B": "2"}, {"B": "2", "OWN": "theirs"}),
    ],
)
def test_variables_by_policy(policy: str, env: Mapping[str, str], asked: Mapping[str, str]) -> None:
    offer = offered(profile(extended(envs={"OWN": "theirs", "B": "2"})), provider(envs_policy=policy))
    assert {variable["name"]: variable["value"] for variable in entry(offer)["env"]} == env
    assert offer.fields["env"] == asked


def test_the_cluster_config_goes_to_a_plugin_that_is_told_of_the_cluster_and_is_asked_about() -> None:
    extended_profile = profile(extended(config={"clusterName": "c1"}))
    offer, without = offered(extended_profile, provider(provideClusterInfo=True)), offered(extended_profile, provider())
    assert reached(offer)["extensions"] == [{"name": CLUSTER_CONFIG, "extension": {"clusterName": "c1"}}]
    assert offer.fields["exec-config"] == {"clusterName": "c1"}
    assert "extensions" not in reached(without)
    assert "exec-config" not in without.fields


@pytest.mark.parametrize("args", [["--a", "x y"], {"args": ["--a", "x y"]}])
def test_what_was_approved_of_an_earlier_version_stays_approved(args: object) -> None:
    """The digest is one that an earlier version has recorded; how the hub stores the arguments does not matter."""
    published = profile(extended(args=args, envs={"A": "1"}, config={"clusterName": "c1"}))
    offer = offered(published, provider("Append", "Replace", provideClusterInfo=True))
    recorded = "sha256:8abe568b1c83f77e9538349ea74f7a1501dfee07c1a0ca212945c03513aa05ae"
    assert approvals.approval_digest(offer.fields) == recorded


@pytest.mark.parametrize(
    ("cluster", "reason"),
    [
        (extended(args="--a"), "additional-args is neither a list nor an object with one list"),
        (extended(args=False), "additional-args is neither a list nor an object with one list"),
        (extended(args={"--a": "b"}), "additional-args is neither a list nor an object with one list"),
        (extended(args={"args": ["--a"], "more": ["--b"]}), "additional-args is neither a list nor an object with"),
        (extended(args=[["--a"]]), "additional-args is not a string, a number or a boolean"),
        (extended(args={"args": ["\0"]}), "holds what no command line can"),
        (extended(args=["\0"]), "holds what no command line can"),
        (extended(args=["\ud800"]), "holds what no command line can"),
        (extended(args=["x" * 20_000]), "more to approve than 16 KiB"),
        (extended(envs=["A=1"]), "environment variables are not an object"),
        (extended(envs=[]), "environment variables are not an object"),
        (extended(envs={"A": {}}), "A is not a string, a number or a boolean"),
        (extended(envs={"A=B": "1"}), "'A=B' is not the name of an environment variable"),
        (extended(envs={"": "1"}), "is not the name of an environment variable"),
        (extended(envs={"LD_PRELOAD": "/tmp/x.so"}), "it sets LD_PRELOAD, which no hub may"),
        (extended(envs={"DYLD_INSERT_LIBRARIES": "x"}), "it sets DYLD_INSERT_LIBRARIES"),
        (extended(config="x"), "client.authentication.k8s.io/exec is not an object"),
        (extended(config={"a": json.loads("[" * 100 + "]" * 100)}), "nested deeper than 20 levels"),
        ({**CLUSTER, "extensions": 2 * [{"name": EXTRA_ARGS, "extension": []}]}, "an extension is there twice"),
    ],
)
def test_what_a_hub_adds_has_to_be_of_its_type(cluster: Mapping[str, Any], reason: str) -> None:
    assert reason in refused(profile(cluster), provider("Append", "Replace", provideClusterInfo=True))


# --- Properties --------------------------------------------------------------------------------------------


def test_properties_say_what_to_run_against_the_first_access_provider() -> None:
    offer = offered(profile(properties=PROPERTIES))
    assert offer.source == "properties"
    assert reached(offer) == CLUSTER
    assert entry(offer) == {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", "c1"],
        "env": [{"name": "AWS_PROFILE", "value": "prod"}, {"name": "AWS_REGION", "value": "eu-west-1"}],
        "provideClusterInfo": False,
        "interactiveMode": "IfAvailable",
    }
    assert offer.fields == {
        **ASKED,
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", "c1"],
        "env": {"AWS_PROFILE": "prod", "AWS_REGION": "eu-west-1"},
    }


def test_a_command_alone_is_enough() -> None:
    offer = offered(profile({"server": "https://c1"}, {"auth.exec.command": "/usr/bin/login"}))
    assert offer.fields == {"server": "https://c1", "command": "/usr/bin/login"}
    assert entry(offer)["args"] == []
    assert entry(offer)["apiVersion"] == "client.authentication.k8s.io/v1beta1"


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"auth.exec.command": "./login"}, "neither a name nor an absolute path"),
        ({"auth.exec.command": "bin/login"}, "neither a name nor an absolute path"),
        ({"auth.exec.command": "../../tmp/login"}, "neither a name nor an absolute path"),
        ({"auth.exec.command": "a\0b"}, "auth.exec.command holds what no command line can"),
        ({"auth.exec.command": "x" * 1_000_000}, "more to approve than 16 KiB"),
        ({**PROPERTIES, "auth.exec.apiVersion": "v1"}, "auth.exec.apiVersion is not one of"),
        ({**PROPERTIES, "auth.exec.env": "LD_PRELOAD=/tmp/x.so"}, "it sets LD_PRELOAD"),
        ({**PROPERTIES, "auth.exec.env": "=x"}, "is not the name of an environment variable"),
        ({**PROPERTIES, "auth.exec.env": "A B=x"}, "'A B' is not the name of an environment variable"),
    ],
)
def test_properties_that_cannot_be_a_command_are_refused(properties: Mapping[str, str], reason: str) -> None:
    assert reason in refused(profile(properties=properties))


# --- The Cluster type --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "field",
    [
        {"certificate-authority": "/etc/passwd"},
        {"insecure-skip-tls-verify": True},
        {"token": "secret"},
        {"client-certificate-data": "x", "client-key-data": "y"},
        {"extensions": [{"name": "other", "extension": {}}]},
    ],
)
def test_what_no_hub_may_say_is_not_taken_over(field: Mapping[str, Any]) -> None:
    offer = offered(profile({**CLUSTER, **field}), provider("Append", "Replace", provideClusterInfo=True))
    assert reached(offer) == CLUSTER
    assert offer.kubeconfig["users"] == [{"name": "c1", "user": {"exec": {**EXEC, "provideClusterInfo": True}}}]


def test_compression_is_the_hubs_business() -> None:
    assert (
        reached(offered(profile({**CLUSTER, "disable-compression": True}), provider()))["disable-compression"] is True
    )
    assert "disable-compression" not in reached(offered(profile({**CLUSTER, "disable-compression": "yes"}), provider()))


@pytest.mark.parametrize("field", ["certificate-authority-data", "tls-server-name", "proxy-url"])
@pytest.mark.parametrize("empty", ["", None])
def test_a_field_without_value_is_not_there(field: str, empty: object) -> None:
    offer = offered(profile({**CLUSTER, field: empty}), provider())
    assert reached(offer) == {key: value for key, value in CLUSTER.items() if key != field}


def test_a_server_without_tls_gets_no_login_because_kubectl_sends_none() -> None:
    offer = offered(profile({**CLUSTER, "server": "http://127.0.0.1:8001"}), provider("Append"))
    assert offer.kubeconfig["users"] == [{"name": "c1", "user": {}}]
    assert offer.fields == {**ASKED, "server": "http://127.0.0.1:8001", "provider": "google"}


# --- The user's own server ---------------------------------------------------------------------------------

INSIDE = {"server": "https://cluster-proxy-addon-user.ocm:9092/c1", "certificate-authority-data": AUTHORITY}


def replacing(server: str = "", **fields: Any) -> Provider:
    template = server_urls.parse_server_template(server) if server else None
    return provider()._replace(server=template, **fields)


def test_the_users_server_replaces_the_published_one_and_both_are_asked_about() -> None:
    offer = offered(profile(INSIDE), replacing("https://localhost:9092/{path}", server_name="{host}"))
    assert reached(offer) == {
        **INSIDE,
        "server": "https://localhost:9092/c1",
        "tls-server-name": "cluster-proxy-addon-user.ocm",
    }
    assert offer.fields == {
        "server": "https://localhost:9092/c1",
        "published-server": INSIDE["server"],
        "certificate-authority": FINGERPRINT,
        "tls-server-name": "cluster-proxy-addon-user.ocm",
        "provider": "google",
    }


@pytest.mark.parametrize("published", ["QUJD", "not base64!", "QUJD" * 100_000, ["Q0E="], "c1 c2\0"])
@pytest.mark.parametrize("field", ["certificate-authority-data", "tls-server-name"])
def test_what_the_user_replaces_may_be_published_as_anything(field: str, published: object) -> None:
    authority = {"authority": b"-----BEGIN CERTIFICATE-----\nmine", "authority_path": "/ca.pem"}
    mine = replacing(**(authority if field == "certificate-authority-data" else {"server_name": "{host}"}))
    assert offered(profile({**CLUSTER, field: published}), mine) == offered(profile(), mine)


def test_what_the_user_does_not_replace_stays_as_published() -> None:
    offer = offered(profile(), replacing("https://proxy.example/{namespace}/{name}"))
    assert reached(offer) == {**CLUSTER, "server": "https://proxy.example/fleet/c1"}


def test_the_users_certificate_authority_replaces_the_published_one() -> None:
    mine = b"-----BEGIN CERTIFICATE-----\nmine"
    offer = offered(profile(), replacing(authority_path="/home/alice/ca.pem", authority=mine))
    assert base64.b64decode(reached(offer)["certificate-authority-data"]) == mine
    assert offer.fields["certificate-authority"] == "/home/alice/ca.pem"
    assert offer.fields["server"] == CLUSTER["server"]


def test_a_published_server_that_does_not_fit_the_users_template_is_refused() -> None:
    dots = profile({**CLUSTER, "server": "https://c1/../c2"})
    assert "the path of its server can't be part of another server's" in refused(dots, replacing("https://p/x{path}"))
    long = profile({**CLUSTER, "tls-server-name": "x"})
    assert "its tls-server-name is not valid" in refused(long, replacing(server_name="{name} {host}"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("server", None),
        ("server", ""),
        ("server", "file:///etc/passwd"),
        ("server", "ftp://c1.example"),
        ("server", "https://user:password@c1.example"),
        ("server", "https://c1.example/\x1b[2J"),
        ("server", "https://c1.example/\n"),
        ("server", "https://c1.exámple"),
        ("server", "https://c1/" + "x" * 1_000_000),
        ("tls-server-name", "c1 c2"),
        ("tls-server-name", "c1\n"),
        ("proxy-url", "ftp://proxy"),
        ("proxy-url", "http://user:password@proxy"),
        ("certificate-authority-data", "not base64!"),
        ("certificate-authority-data", "é"),
        ("certificate-authority-data", "QUJD"),  # no PEM, for which kubectl would call the kubeconfig bad
        ("certificate-authority-data", "QUJD" * 100_000),
        ("certificate-authority-data", ["Q0E="]),
    ],
)
def test_a_field_that_is_not_as_a_kubeconfig_has_it_is_refused(field: str, value: object) -> None:
    assert field in refused(profile({**CLUSTER, field: value}), provider())


def test_line_breaks_in_base64_change_nothing() -> None:
    broken = f"{AUTHORITY[:8]}\n{AUTHORITY[8:]}\n"
    assert offered(profile({**CLUSTER, "certificate-authority-data": broken}), provider()) == offered(
        profile(), provider()
    )


# --- Hostile hubs ------------------------------------------------------------------------------------------

WITH_ALL: dict[str, Any] = {
    "apiVersion": hub_versions.API_VERSIONS[0],
    "metadata": {"name": "c1", "namespace": "fleet"},
    "status": {
        "properties": [{"name": name, "value": value} for name, value in PROPERTIES.items()],
        "accessProviders": [
            {"name": "google", "cluster": extended(config={"a": [1]}, args=["--a"], envs={"A": "1"})},
        ],
    },
}


@given(hostile(WITH_ALL, 25), st.booleans())
def test_any_profile_gives_an_offer_of_text_or_a_reason(item: object, with_provider: bool) -> None:
    for parsed in cluster_profiles.parse_profiles([item]):
        result = profile_access.find_offer(
            parsed, [provider("Append", "Replace", provideClusterInfo=True)] if with_provider else []
        )
        if isinstance(result, Unusable):
            assert result.reason
            continue
        assert json.loads(json.dumps(result.kubeconfig)) == result.kubeconfig
        assert result.fields["server"] == reached(result)["server"]
        assert result.fields["server"].startswith(("https://", "http://"))
        assert all(isinstance(argument, str) for argument in entry(result)["args"])
        assert all(isinstance(text, str) for variable in entry(result)["env"] for text in variable.values())
        assert set(reached(result)) <= {*CLUSTER, "extensions", "disable-compression"}


@given(st.dictionaries(st.sampled_from(sorted(PROPERTIES)), st.text(max_size=20)))
def test_any_text_in_the_properties_gives_an_offer_or_a_reason(properties: Mapping[str, str]) -> None:
    assert isinstance(profile_access.find_offer(profile(properties=properties), []), Offer | Unusable)
