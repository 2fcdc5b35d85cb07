# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The cases of cluster-inventory-api's pkg/access (config_test.go, config.go) and what they give here.

A case is a provider file and the status of a profile. `SAME` has what pkg/access gives, which is also ours. `SAFER` has
what is refused or read in another way here, with the reason. How Go reads the values was tried with encoding/json and
gopkg.in/yaml.v3, which pkg/access uses.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from kubectl_mc.access import profile_access, provider_file
from kubectl_mc.access.exec_credentials import CLUSTER_CONFIG
from kubectl_mc.access.profile_access import EXTRA_ARGS, EXTRA_ENVS, Offer, Unusable
from kubectl_mc.fleet import cluster_profiles
from kubectl_mc.messages import UserError

V1BETA1 = "client.authentication.k8s.io/v1beta1"
CA = base64.b64encode(b"-----BEGIN CERTIFICATE-----\ntest-ca-data").decode()


def provider(name: str = "one", args: Sequence[Any] = (), **more: Any) -> dict[str, Any]:
    execs = {"apiVersion": V1BETA1, "command": f"log-in-{name}", "args": list(args)}
    return {"name": name, "execConfig": {**execs, **more.pop("execs", {})}, **more}


def access(
    name: str = "one", extensions: Mapping[str, Any] = {}, cluster: Mapping[str, Any] = {}, **more: Any
) -> dict[str, Any]:
    named = [{"name": key, "extension": value} for key, value in extensions.items()]
    published = {"server": f"https://{name}.example", "certificate-authority-data": CA, "extensions": named}
    return {"name": name, "cluster": {**published, **cluster, **more}}


class Built(NamedTuple):
    """What matters of a rest.Config."""

    server: str
    command: str
    args: Sequence[str] = ()
    env: Mapping[str, str] = {}


def build(file: Any, status: dict[str, Any]) -> Built | str:
    """Return what leads to the cluster of a profile with this status, or why nothing does."""
    text = file if isinstance(file, str) else json.dumps(file)
    item = {
        "apiVersion": "multicluster.x-k8s.io/v1alpha1",
        "metadata": {"name": "c1", "namespace": "fleet"},
        "status": status,
    }
    (profile,) = cluster_profiles.parse_profiles([item])
    try:
        offer = profile_access.find_offer(profile, provider_file.parse_providers(text, "/home/alice/providers.json"))
    except UserError as error:
        return str(error)
    if isinstance(offer, Unusable):
        return offer.reason
    assert isinstance(offer, Offer)
    # Whatever comes from the hub is asked about.
    server, execs = offer.kubeconfig["clusters"][0]["cluster"]["server"], offer.kubeconfig["users"][0]["user"]["exec"]
    assert offer.fields["server"] == server
    assert offer.fields.get("args", []) == execs["args"][len(execs["args"]) - len(offer.fields.get("args", [])) :]
    env = {variable["name"]: variable["value"] for variable in execs["env"]}
    assert offer.fields.get("env", {}).items() <= env.items()
    return Built(server, execs["command"], tuple(execs["args"]), env)


# --- The same as pkg/access --------------------------------------------------------------------------------

ONE, TWO = Built("https://one.example", "log-in-one"), Built("https://two.example", "log-in-two")
APPEND = {"profileSourcedCLIArgsPolicy": "Append"}
ADDED = {EXTRA_ARGS: ["--audience", "audience"], EXTRA_ENVS: {"CLIENT_ID": "client-id", "TENANT_ID": "tenant-id"}}
OWN = {"env": [{"name": "CLIENT_ID", "value": "None"}]}
LONG_ARGS = ("--own", "--audience", "audience")


def one(**provider_fields: Any) -> dict[str, Any]:
    return {"providers": [provider(**provider_fields)]}


def adds(**extensions: Any) -> dict[str, Any]:
    names = {"args": EXTRA_ARGS, "envs": EXTRA_ENVS, "config": CLUSTER_CONFIG}
    return {"accessProviders": [access(extensions={names[key]: value for key, value in extensions.items()})]}


BOTH = {"accessProviders": [access("one"), access("two"), access("unknown")]}
ALL = {"accessProviders": [access(extensions=ADDED)]}

SAME: dict[str, tuple[Any, dict[str, Any], Built | str]] = {
    # Which provider counts
    "the first of the file": ({"providers": [provider("two"), provider("one")]}, BOTH, TWO),
    "the first of the file that is offered": ({"providers": [provider("three"), provider("two")]}, BOTH, TWO),
    "none in common": ({"providers": [provider("three")]}, BOTH, "none of its access providers (one, two, unknown)"),
    "a profile without providers": (one(), {}, "its profile names no way to reach it"),
    "two of one name: the first": ({"providers": [provider(), provider(execs={"command": "other"})]}, BOTH, ONE),
    "the deprecated credentialProviders": (one(), {"credentialProviders": [access()]}, ONE),
    "both fields: accessProviders counts": (
        one(), {"credentialProviders": [access(server="https://old.example")], "accessProviders": [access()]}, ONE,
    ),
    # The file
    "an empty object": ("{}", BOTH, "none of its access providers"),
    "null": ("null", BOTH, "none of its access providers"),
    "null for the providers": ('{"providers": null}', BOTH, "none of its access providers"),
    "no JSON": ("invalid json content", BOTH, "not JSON"),
    "an empty file": ("", BOTH, "not JSON"),
    "a list": ("[]", BOTH, "not an object"),
    "keys in another case": (
        {
            "PROVIDERS": [{
                "Name": "one", "profilesourcedCLIargspolicy": "Append",
                "EXECCONFIG": {"APIversion": V1BETA1, "Command": "log-in-one", "ARGS": ["a"]},
            }]
        },
        adds(args=["b"]), ONE._replace(args=("a", "b")),
    ),
    "keys that nobody knows": ({"more": 1, "providers": [provider(more=2, execs={"more": 3})]}, BOTH, ONE),
    "null for what is optional": (
        one(execs={"args": None, "env": None, "provideClusterInfo": None, "installHint": None}, server=None), BOTH, ONE,
    ),
    "null among the arguments of the file": (one(args=["a", None]), BOTH, ONE._replace(args=("a", ""))),
    "a number among the arguments of the file": (one(args=[1]), BOTH, "execConfig.args is not a string"),
    "text for a boolean": (one(execs={"provideClusterInfo": "true"}), BOTH, "provideClusterInfo is not a boolean"),
    # What is wrong with a provider, only where it is offered
    "no exec config": ({"providers": [{"name": "one"}]}, BOTH, "execConfig is missing"),
    "no exec config, not offered": ({"providers": [{"name": "three"}, provider()]}, BOTH, ONE),
    "an unknown version": (one(execs={"apiVersion": "v1"}), BOTH, "apiVersion is not one of"),
    "an unknown version, not offered": (
        {"providers": [provider("three", execs={"apiVersion": "v1"}), provider()]}, BOTH, ONE,
    ),
    "an unknown policy": (one(profileSourcedCLIArgsPolicy="append"), ALL, "profileSourcedCLIArgsPolicy is not one of"),
    "another unknown policy": (one(profileSourcedEnvVarsPolicy="Append"), ALL, "profileSourcedEnvVarsPolicy is not"),
    "an unknown policy, nothing to add": (
        one(profileSourcedCLIArgsPolicy="append", profileSourcedEnvVarsPolicy="x"), BOTH, ONE,
    ),
    "an unknown policy, not offered": (
        {"providers": [provider("three", profileSourcedCLIArgsPolicy="x"), provider()]}, ALL, ONE,
    ),
    # What a profile adds
    "nothing without a policy": (
        one(args=["--own"], execs=OWN), ALL, ONE._replace(args=("--own",), env={"CLIENT_ID": "None"}),
    ),
    "nothing with an empty policy": (one(profileSourcedCLIArgsPolicy=""), ALL, ONE),
    "nothing with Ignore": (
        one(profileSourcedCLIArgsPolicy="Ignore", profileSourcedEnvVarsPolicy="Ignore"), ALL, ONE,
    ),
    "junk that is ignored": (one(), adds(args={"x": 7}, envs=[7], config="arbitrary-data"), ONE),
    "arguments, and variables with Replace": (
        one(args=["--own"], execs=OWN, **APPEND, profileSourcedEnvVarsPolicy="Replace"), ALL,
        ONE._replace(args=LONG_ARGS, env={"CLIENT_ID": "client-id", "TENANT_ID": "tenant-id"}),
    ),
    "arguments, and variables with AppendIfNotExists": (
        one(args=["--own"], execs=OWN, **APPEND, profileSourcedEnvVarsPolicy="AppendIfNotExists"), ALL,
        ONE._replace(args=LONG_ARGS, env={"CLIENT_ID": "None", "TENANT_ID": "tenant-id"}),
    ),
    "scalars as arguments": (
        one(**APPEND), adds(args=["a", 1, True, 1.5, None, "true", 1e30]),
        ONE._replace(args=("a", "1", "true", "1.5", "true", "1e+30")),
    ),
    "scalars as variables": (
        one(profileSourcedEnvVarsPolicy="Replace"), adds(envs={"A": 1, "B": True, "C": None, "D": 0.5}),
        ONE._replace(env={"A": "1", "B": "true", "C": "", "D": "0.5"}),
    ),
    "null instead of arguments": (one(**APPEND), adds(args=None), ONE),
    "null instead of variables": (one(profileSourcedEnvVarsPolicy="Replace"), adds(envs=None), ONE),
    "a scalar instead of arguments": (one(**APPEND), adds(args="--a"), "is neither a list nor an object with one"),
    "a list among arguments": (one(**APPEND), adds(args=[["--a"]]), "is not a string, a number or a boolean"),
    "a list instead of variables": (one(profileSourcedEnvVarsPolicy="Replace"), adds(envs=[]), "are not an object"),
    "an object as variable": (one(profileSourcedEnvVarsPolicy="Replace"), adds(envs={"A": {}}), "A is not a string"),
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_what_pkg_access_gives_is_given_here(case: str) -> None:
    file, status, expected = SAME[case]
    built = build(file, status)
    assert expected in built if isinstance(built, str) and isinstance(expected, str) else built == expected, built


# The forms of a server that the CRD's rule lets pass (an absolute URL with a host) and that are an address.
SERVERS = {
    "https://c1.example": None,
    "https://c1.example:6443": None,
    "https://10.0.0.1:6443": None,
    "https://[::1]": None,
    "https://[2001:db8::1]:6443": None,
    "https://[fe80::1%25eth0]:6443": None,
    "https://C1_x.Example.": None,
    "https://c1/": None,
    "https://gateway.example/v1/projects/1/members/c1/": None,
    "https://c1/a%20b?x=1#y": None,
    "https://c1?x": None,
    "HTTPS://c1": "https://c1",
    "https://c1:": "https://c1",
    # The first version of the API lets any text pass, and client-go takes HOST:PORT.
    "c1.example:6443": "https://c1.example:6443",
    "localhost": "https://localhost",
    "[::1]:6443": "https://[::1]:6443",
}


@pytest.mark.parametrize("server", SERVERS)
def test_any_form_of_a_servers_address_is_taken(server: str) -> None:
    assert build(one(), {"accessProviders": [access(server=server)]}) == ONE._replace(server=SERVERS[server] or server)


# --- Safer than pkg/access ---------------------------------------------------------------------------------

REPLACE = {"profileSourcedEnvVarsPolicy": "Replace"}

SAFER: dict[str, tuple[Any, dict[str, Any], Built | str]] = {
    # A relative command is in the file's folder, not in the current one, where anything may lie.
    "a relative command": (one(execs={"command": "./log-in"}), BOTH, ONE._replace(command="/home/alice/log-in")),
    # client-go takes http for HOST:PORT where a profile has no certificate authority.
    "HOST:PORT without an authority": (
        one(), {"accessProviders": [access(server="c1:6443", cluster={"certificate-authority-data": ""})]},
        ONE._replace(server="https://c1:6443"),
    ),
    # A URL with a user hides the host, or holds a secret that everybody sees who sees the hub's profiles.
    "a server with a user": (one(), {"accessProviders": [access(server="https://a:b@c1")]}, "its server is not the"),
    "a server of another scheme": (one(), {"accessProviders": [access(server="ftp://c1")]}, "its server is not the"),
    "a port that no server has": (one(), {"accessProviders": [access(server="https://c1:70000")]}, "its server is not"),
    # Letters that look like others could not be told apart by who approves them.
    "a host that is not ASCII": (one(), {"accessProviders": [access(server="https://é")]}, "its server is not the"),
    # pkg/access reads an authority as Go's []byte, so this fails there, too, but with the whole List of profiles.
    "no base64": (one(), {"accessProviders": [access(cluster={"certificate-authority-data": "é"})]}, "is not base64"),
    # There it fails at the first connection.
    "no certificate": (
        one(), {"accessProviders": [access(cluster={"certificate-authority-data": "QUJD"})]}, "no certificate in PEM",
    ),
    # With these, any program is another one.
    "a variable of the linker": (one(**REPLACE), adds(envs={"LD_PRELOAD": "/tmp/x.so"}), "it sets LD_PRELOAD"),
    "no name of a variable": (one(**REPLACE), adds(envs={"A=B": "1"}), "is not the name of an environment variable"),
    # A mistake of the user's that pkg/access passes over.
    "a provider without a name": ({"providers": [{}, provider()]}, BOTH, "a provider has no name"),
    # pkg/access never asks; here a user may sit at the terminal, so the mode counts.
    "an unknown mode": (one(execs={"interactiveMode": "Sometimes"}), BOTH, "interactiveMode is not one of"),
    # pkg/access panics: it adds the file's variables to a map that is nil.
    "null instead of variables, with own ones": (
        one(execs=OWN, **REPLACE), adds(envs=None), ONE._replace(env={"CLIENT_ID": "None"}),
    ),
    # What the CRD can store: there, an extension is an object.
    "arguments in an object": (one(**APPEND), adds(args={"args": ["--a", 1]}), ONE._replace(args=("--a", "1"))),
    "arguments under another key": (one(**APPEND), adds(args={"items": ["--a"]}), ONE._replace(args=("--a",))),
    "no arguments in an object": (one(**APPEND), adds(args={}), ONE),
    "null in an object": (one(**APPEND), adds(args={"args": None}), ONE),
    "two fields in an object": (one(**APPEND), adds(args={"args": ["--a"], "b": ["--c"]}), "is neither a list nor"),
}  # fmt: skip


@pytest.mark.parametrize("case", SAFER)
def test_what_differs_from_pkg_access_is_safer(case: str) -> None:
    file, status, expected = SAFER[case]
    built = build(file, status)
    assert expected in built if isinstance(built, str) and isinstance(expected, str) else built == expected, built
