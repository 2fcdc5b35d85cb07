# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_mc.changes import addresses
from kubectl_mc.changes.addresses import Address
from kubectl_mc.processes.targets import Kubeconfig, Target
from tests.environments import request

CONFIG: dict[str, Any] = {
    "current-context": "c1",
    "contexts": [{"name": "c1", "context": {"cluster": "one", "user": "admin", "namespace": "shop"}}],
    "clusters": [{"name": "one", "cluster": {"server": "https://one"}}],
    "users": [{"name": "admin", "user": {"token": "hunter2"}}],
}


def changed(**fields: Any) -> dict[str, Any]:
    """The kubeconfig with other fields of its cluster."""
    config = copy.deepcopy(CONFIG)
    config["clusters"][0]["cluster"].update({name.replace("_", "-"): value for name, value in fields.items()})
    return config


def address_of(flags: str = "", config: object = CONFIG, variables: Mapping[str, str] | None = None) -> Address:
    target = Target("c1", "c1", Kubeconfig(config, starts_programs=False))  # type: ignore[arg-type]
    (address,) = addresses.read_addresses(request(f"scale deploy/a {flags}", variables), [target])
    return address


@pytest.mark.parametrize(
    ("flags", "user"),
    [
        ("", "admin"),
        ("--user=viewer", "viewer"),
        ("--user viewer --as=bob", "viewer as bob"),
        ("--as=bob", "admin as bob"),
        ("--token=hunter2", "--token"),
        ("--token=hunter2 --as bob", "--token as bob"),
        ("--username=joe --password=hunter2", "joe"),
        ("--client-certificate=joe.crt", "--client-certificate"),
    ],
)
def test_the_user_is_whom_the_flags_name(flags: str, user: str) -> None:
    assert address_of(flags)._replace(identity="", place="", kubeconfig_user="") == Address(
        "c1", "c1", "https://one", authority="system", kubeconfig_cluster="one", user=user, namespace="shop"
    )


@pytest.mark.parametrize("verb", ["create rolebinding r", "create clusterrolebinding r", "set subject rolebinding r"])
def test_who_is_bound_by_a_rolebinding_is_not_who_sends_the_request(verb: str) -> None:
    target = Target("c1", "c1", Kubeconfig(CONFIG, starts_programs=False))
    (address,) = addresses.read_addresses(request(f"{verb} --user=joe --as=bob"), [target])
    assert (address.user, address.kubeconfig_user) == ("admin as bob", "admin")


def test_a_context_without_a_namespace_looks_in_default() -> None:
    bare = {**CONFIG, "contexts": [{"name": "c1", "context": {"cluster": "one"}}]}
    assert address_of("", bare).namespace == "default"


def test_a_context_that_is_missing_is_not_the_current_one() -> None:
    other = {**CONFIG, "contexts": [{"name": "c2", "context": {"cluster": "one"}}], "current-context": "c2"}
    assert address_of("", other) == Address("c1", "c1", identity="context c1")


AUTHORITY = b"-----BEGIN CERTIFICATE-----"
FINGERPRINT = f"sha256:{hashlib.sha256(AUTHORITY).hexdigest()}"


@pytest.mark.parametrize(
    ("flags", "fields", "authority"),
    [
        ("", {"certificate_authority_data": base64.b64encode(AUTHORITY).decode()}, FINGERPRINT),
        ("", {"certificate_authority": "FOLDER/ca.crt"}, FINGERPRINT),
        ("", {"certificate_authority": "ca.crt"}, FINGERPRINT),  # relative to the kubeconfig's folder
        ("--certificate-authority=FOLDER/ca.crt", {"insecure_skip_tls_verify": True}, FINGERPRINT),
        ("", {"insecure_skip_tls_verify": True}, "insecure"),
        ("--insecure-skip-tls-verify", {"certificate_authority": "FOLDER/ca.crt"}, "insecure"),
        ("", {"certificate_authority": "FOLDER/nope"}, ""),
        ("", {"certificate_authority_data": "a"}, ""),
    ],
)
def test_the_authority_is_known_by_its_content(
    tmp_path: Path, flags: str, fields: dict[str, Any], authority: str
) -> None:
    (tmp_path / "ca.crt").write_bytes(AUTHORITY)
    placed = {
        name: value.replace("FOLDER", str(tmp_path)) if isinstance(value, str) else value
        for name, value in fields.items()
    }
    variables = {"KUBECONFIG": f"{tmp_path}/config"}
    assert address_of(flags.replace("FOLDER", str(tmp_path)), changed(**placed), variables).authority == authority


def test_the_kubeconfigs_proxy_comes_before_the_environments() -> None:
    variables = {"HTTPS_PROXY": "http://environment"}
    assert address_of("", CONFIG, variables).proxy == "http://environment"
    assert address_of("", changed(proxy_url="http://own"), variables).proxy == "http://own"
    assert address_of("", CONFIG, {**variables, "NO_PROXY": "one"}).proxy == ""


# --- In the record ---------------------------------------------------------------------------------------------


def recorded(address: Address) -> Any:
    return json.loads(json.dumps(addresses.written_addresses([address])))


PARTS = {
    "server": "https://two",
    "tls_server_name": "two",
    "proxy": "http://two",
    "authority": "insecure",
    "kubeconfig_cluster": "two",
    "kubeconfig_user": "two",
    "login": "sha256:2",
}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_of_an_address_makes_another_cluster(part: str) -> None:
    was = address_of()
    assert addresses.address_differences(recorded(was), [was], namespaces=True) == []
    (line,) = addresses.address_differences(recorded(was), [was._replace(**{part: PARTS[part]})], namespaces=True)
    assert line.endswith(f"was {getattr(was, part) or 'none'} and is {PARTS[part]}")


def test_an_early_record_is_compared_by_what_it_has() -> None:
    before = [{"cluster": name, "server": server} for name, server in (("a", "1"), ("b", "2"), ("c", ""), ("d", "4"))]
    now = [Address(name, name, server, "sni") for name, server in (("a", "1"), ("b", "3"), ("c", "5"), ("d", ""))]
    assert addresses.address_differences(before, now, namespaces=True) == ["b: the server was 2 and is 3"]


def test_what_is_not_known_now_is_not_compared() -> None:
    was = address_of()
    assert addresses.address_differences(recorded(was), [was._replace(authority="")], namespaces=True) == []
    assert addresses.address_differences(recorded(was), [Address("c1")], namespaces=True) == []
    assert addresses.address_differences(recorded(Address("c1")), [was], namespaces=True) == []


def test_a_namespace_is_compared_where_it_is_asked_for() -> None:
    was, now = address_of(), address_of()._replace(namespace="other")
    assert addresses.address_differences(recorded(was), [now], namespaces=True) == [
        "c1: the namespace was shop and is other"
    ]
    assert addresses.address_differences(recorded(was), [now], namespaces=False) == []


@settings(max_examples=5)  # a proof takes time, as it has to
@given(st.sampled_from(["proxy", "server"]), st.from_regex(r"[a-z0-9]{6,12}", fullmatch=True))
def test_a_login_in_a_url_is_not_recorded_and_yet_compared(part: str, password: str) -> None:
    was = address_of()._replace(**{part: f"http://joe:{password}@proxy:3128"})
    written = recorded(was)
    assert password not in json.dumps({**written[0], "proof": {}})
    assert addresses.address_differences(written, [was], namespaces=True) == []
    other = was._replace(**{part: f"http://joe:{password}x@proxy:3128"})
    assert len(addresses.address_differences(written, [other], namespaces=True)) == 1


# --- The same cluster --------------------------------------------------------------------------------------------


def are_same(first: dict[str, Any], second: dict[str, Any]) -> bool:
    pair = [address_of("", first), address_of("", second)._replace(cluster="c2")]
    return bool(addresses.same_clusters(pair))


@pytest.mark.parametrize(
    "other",
    [
        changed(),
        changed(server="https://ONE:443/"),
        changed(server="https://one/x/.."),
        changed(server="https://one/./"),
        changed(tls_server_name="one"),
        changed(insecure_skip_tls_verify=True),
        {**changed(), "contexts": [{"name": "c1", "context": {"cluster": "one", "user": "admin"}}]},  # its namespace
        {**changed(), "users": [{"name": "admin", "user": {"token": "another"}}]},
        {**changed(), "users": [{"name": "admin", "user": {"username": "joe", "password": "x"}}]},
        {**changed(), "users": [{"name": "admin", "user": {"token": "t", "as": "joe"}}]},
    ],
)
def test_what_is_sent_to_one_place_is_one_cluster(other: dict[str, Any]) -> None:
    assert are_same(CONFIG, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"server": "https://127.0.0.1:6443"}, {"server": "https://0.0.0.0:6443"}),
        ({"server": "https://127.0.0.1:6443", "tls_server_name": "localhost"}, {"server": "https://localhost:6443"}),
        ({"server": "https://10.0.0.1"}, {"server": "https://[::ffff:10.0.0.1]"}),
    ],
)
def test_two_spellings_of_a_server_are_one_cluster(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert are_same(changed(**one), changed(**other))


def by_plugin(config: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**config, "users": [{"name": "admin", "user": {"exec": {"command": "tsh", "args": ["x"], **fields}}}]}


TOLD = changed(extensions=[{"name": "client.authentication.k8s.io/exec", "extension": {"name": "c2"}}])


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (by_plugin(CONFIG), by_plugin(CONFIG, installHint="get it", interactiveMode="Never", env=[]), True),
        (
            by_plugin(CONFIG, env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]),
            by_plugin(CONFIG, env=[{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]),
            True,
        ),
        (by_plugin(CONFIG), by_plugin(TOLD), True),
        (by_plugin(CONFIG, provideClusterInfo=True), by_plugin(TOLD, provideClusterInfo=True), False),
        (by_plugin(CONFIG), by_plugin(CONFIG, args=["y"]), False),
        (by_plugin(CONFIG), by_plugin(CONFIG, env=[{"name": "A", "value": "1"}]), False),
        (CONFIG, TOLD, True),
        (changed(tls_server_name="LOCALHOST."), changed(tls_server_name="localhost"), True),
    ],
)
def test_of_a_plugin_what_it_runs_and_is_told_counts(first: dict[str, Any], second: dict[str, Any], same: bool) -> None:
    assert are_same(first, second) is same


CERTIFICATE = {**changed(), "users": [{"name": "admin", "user": {"client-certificate-data": "b3RoZXI="}}]}
OTHER_CERTIFICATE = {**changed(), "users": [{"name": "admin", "user": {"client-certificate-data": "eHh4"}}]}


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (CONFIG, {**CONFIG, "users": [{"name": "admin", "user": {"token": "another"}}]}, True),
        (CONFIG, CERTIFICATE, True),  # OpenShift's kube:admin and system:admin
        (by_plugin(CONFIG), CONFIG, True),
        (CERTIFICATE, OTHER_CERTIFICATE, False),
        (by_plugin(CONFIG), CERTIFICATE, False),
        (by_plugin(CONFIG), by_plugin(CONFIG, args=["y"]), False),  # Teleport
        (CONFIG, {**CERTIFICATE, **changed(server="https://two")}, False),
        (CONFIG, {**CONFIG, "contexts": []}, False),
        ({**CONFIG, "contexts": []}, {**CONFIG, "contexts": []}, True),  # of one context
        ({**CONFIG, "clusters": []}, {**CONFIG, "clusters": []}, False),  # nobody knows where they lead
    ],
)
def test_what_protects_a_cluster_protects_it_by_all_logins_that_no_proxy_needs(
    first: dict[str, Any], second: dict[str, Any], same: bool
) -> None:
    pair = address_of("", first), address_of("", second)
    assert addresses.may_be_same_cluster(*pair) is same
    assert addresses.may_be_same_cluster(*reversed(pair)) is same


def test_the_names_of_entries_are_not_sent() -> None:
    renamed = json.loads(json.dumps(CONFIG).replace('"one"', '"uno"').replace('"admin"', '"root"'))
    assert are_same(CONFIG, renamed)


@pytest.mark.parametrize(
    "other",
    [
        changed(server="https://one/k8s/clusters/c-2"),  # Rancher
        changed(server="https://one:6443"),
        changed(tls_server_name="c2.one"),  # a proxy that tells clusters apart by SNI
        changed(proxy_url="http://proxy"),
        {**changed(), "users": [{"name": "admin", "user": {"exec": {"command": "tsh"}}}]},  # Teleport
        {**changed(), "users": [{"name": "admin", "user": {"client-certificate-data": "b3RoZXI="}}]},
    ],
)
def test_what_may_be_another_cluster_behind_one_url_is_not_taken_for_the_same(other: dict[str, Any]) -> None:
    assert not are_same(CONFIG, other)


FIELDS = st.fixed_dictionaries(
    {"server": st.sampled_from(["https://one", "https://two", "https://one/a"])},
    optional={
        "tls_server_name": st.sampled_from(["a", "b"]),
        "proxy_url": st.sampled_from(["http://a", "http://b"]),
        "certificate_authority_data": st.sampled_from(["b25l", "dHdv"]),
        "insecure_skip_tls_verify": st.just(True),
        "disable_compression": st.booleans(),
    },
)


@given(st.lists(FIELDS, max_size=6))
def test_every_address_is_in_the_group_of_those_that_are_sent_the_same(clusters: list[dict[str, Any]]) -> None:
    read = [address_of("", changed(**fields))._replace(cluster=str(index)) for index, fields in enumerate(clusters)]
    decisive = ("server", "tls_server_name", "proxy_url")
    sent = [{name: fields[name] for name in decisive if name in fields} for fields in clusters]
    groups = [{int(address.cluster) for address in group} for group in addresses.same_clusters(read)]
    expected = {
        frozenset(other for other, fields in enumerate(sent) if fields == sent[index]) for index in range(len(sent))
    }
    assert {frozenset(group) for group in groups} == {group for group in expected if len(group) > 1}


def test_an_address_shows_no_credentials() -> None:
    assert "hunter2" not in repr(address_of())


def plugin(*args: str, **variables: str) -> dict[str, Any]:
    env = [{"name": name, "value": value} for name, value in variables.items()]
    return {"command": "tsh", "args": list(args), "env": env}


def login_of(entry: dict[str, Any], replaced: bool = False) -> str:
    user = {"token": "hunter2"} if replaced else {"exec": entry}
    config = {**CONFIG, "users": [{"name": "admin", "user": user}]}
    kubeconfig = Kubeconfig(config, starts_programs=False, exec_entry=entry if replaced else None)
    (address,) = addresses.read_addresses(request("scale deploy/a"), [Target("c1", "c1", kubeconfig)])
    return address.login


def test_what_a_credential_plugin_is_told_makes_the_address() -> None:
    logins = [
        plugin("--kube-cluster=dev"),
        plugin("--kube-cluster=prod"),
        plugin("--kube-cluster", "dev"),
        plugin(A="b"),
    ]
    assert len({login_of(login) for login in logins}) == len(logins)
    assert [login_of(login, replaced=True) for login in logins] == [login_of(login) for login in logins]


@pytest.mark.parametrize("secret", ["", "hunter2"])
def test_a_secret_of_a_credential_plugin_is_in_no_digest(secret: str) -> None:
    told = plugin("--password", secret or "x", f"--client-secret={secret}", "a", OIDC_TOKEN=secret)
    assert login_of(told) == login_of(plugin("--password", "x", "--client-secret=", "a", OIDC_TOKEN=""))
