# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_mc.access.cloud_clis import CLOUDS, CloudCommand, plan_command, profile_facts
from kubectl_mc.access.exec_credentials import CLUSTER_CONFIG
from kubectl_mc.access.profile_access import EXTRA_ARGS
from kubectl_mc.command_line.own_commands import FLAG_VALUES
from kubectl_mc.commands import setup
from kubectl_mc.fleet.cluster_profiles import AccessProvider, ClusterProfile

EXEC_ARGS = "auth.exec.args"
ACK = "c5b5e80b0b64a4bf6939d2d8fbbc5aaaa"[:33]
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
AKS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/team_(a)/providers/Microsoft.ContainerService/managedClusters/Shop"


def profile(properties: dict[str, str], **extensions: Any) -> ClusterProfile:
    listed = [{"name": name, "extension": extension} for name, extension in extensions.items()]
    provider = AccessProvider("p", {"server": "https://x", "extensions": listed})
    return ClusterProfile("prod-eu", "fleet", properties=properties, access_providers=(provider,))


def planned(cloud: str, properties: dict[str, str], **extensions: Any) -> CloudCommand:
    return plan_command(CLOUDS[cloud], profile(properties, **extensions), "prod-eu", "/home/user/.kube/config")


def command(cloud: str, properties: dict[str, str], **extensions: Any) -> str:
    return " ".join(planned(cloud, properties, **extensions).argv)


EKS = "aws eks update-kubeconfig --name shop --region eu-west-1 --alias prod-eu"
GKE = "gcloud container clusters get-credentials shop --location {} --project team-a-1"
AZ = "az aks get-credentials --name Shop --resource-group team_(a){} --context prod-eu --file /home/user/.kube/config"


@pytest.mark.parametrize(
    ("cloud", "properties", "expected"),
    [
        ("aws", {"cluster-name": "shop", "region": "eu-west-1"}, EKS),
        ("aws", {"cluster-name": "shop", "region.open-cluster-management.io": "eu-west-1"}, EKS),
        ("aws", {EXEC_ARGS: "--region,eu-west-1,eks,get-token,--cluster-name,shop,--output,json"}, EKS),
        ("aws", {EXEC_ARGS: "eks,get-token,--cluster-name=shop,--region=eu-west-1"}, EKS),
        ("aws", {EXEC_ARGS: "token,-i,shop", "location": "eu-west-1"}, EKS),
        ("aws", {"arn": "arn:aws:eks:eu-west-1:123456789012:cluster/shop"}, EKS),
        ("aws", {"region": "eu-west-1", "id": "arn:aws:eks:us-east-1:123456789012:cluster/shop"}, EKS),
        # A region that is none is passed over for one under the next name.
        ("aws", {"cluster-name": "shop", "region": "europe", "location": "eu-west-1"}, EKS),
        (
            "gcp",
            {"cluster-name": "shop", "location": "europe-west1", "project": "team-a-1"},
            GKE.format("europe-west1"),
        ),
        (
            "gcp",
            {"cluster-name": "shop", "region": "europe-west1", "zone": "europe-west1-b", "project": "team-a-1"},
            GKE.format("europe-west1-b"),
        ),
        ("gcp", {"link": "projects/team-a-1/locations/europe-west1/clusters/shop"}, GKE.format("europe-west1")),
        (
            "gcp",
            {"link": "https://container.googleapis.com/v1/projects/team-a-1/zones/europe-west1-b/clusters/shop"},
            GKE.format("europe-west1-b"),
        ),
        ("azure", {"cluster-name": "Shop", "resource-group": "team_(a)"}, AZ.format("")),
        ("azure", {"id": AKS}, AZ.format(f" --subscription {SUBSCRIPTION}")),
        ("ali", {"cluster-id": ACK}, f"aliyun cs DescribeClusterUserKubeconfig --ClusterId {ACK}"),
        (
            "ali",
            {"cluster-id": ACK, "region": "cn-hangzhou"},
            f"aliyun cs DescribeClusterUserKubeconfig --ClusterId {ACK} --region cn-hangzhou",
        ),
    ],
)
def test_commands(cloud: str, properties: dict[str, str], expected: str) -> None:
    assert command(cloud, properties) == expected


def test_the_exec_extensions_say_it_too() -> None:
    assert command("aws", {"region": "eu-west-1"}, **{CLUSTER_CONFIG: {"clusterName": "shop"}}) == EKS
    assert command("aws", {}, **{EXTRA_ARGS: ["--cluster-name", "shop", "--region", "eu-west-1"]}) == EKS


def test_a_property_counts_before_arguments_and_these_before_an_extension() -> None:
    facts = profile_facts(
        profile({"a": "property", EXEC_ARGS: "--b,args"}, **{CLUSTER_CONFIG: {"a": "x", "--b": "x", "c": "extension"}})
    )
    assert (facts["a"], facts["--b"], facts["c"]) == ("property", "args", "extension")


@pytest.mark.parametrize(
    ("cloud", "properties", "missing"),
    [
        ("aws", {}, "cluster-name"),
        ("aws", {"cluster-name": "shop"}, "region"),
        ("gcp", {"cluster-name": "shop", "location": "europe-west1"}, "project"),
        ("azure", {"cluster-name": "shop"}, "resource-group"),
        ("ali", {"region": "cn-hangzhou"}, "cluster-id"),
    ],
)
def test_what_is_missing_is_named(cloud: str, properties: dict[str, str], missing: str) -> None:
    plan = planned(cloud, properties)
    assert (plan.argv, plan.missing[0]) == ((), missing)


@pytest.mark.parametrize(
    ("cloud", "properties", "unfit"),
    [
        ("aws", {"cluster-name": "--profile=evil", "region": "eu-west-1"}, "cluster-name"),
        ("aws", {"cluster-name": "a;id", "region": "eu-west-1"}, "cluster-name"),
        ("aws", {"cluster-name": "$(id)", "region": "eu-west-1"}, "cluster-name"),
        ("aws", {"cluster-name": "shop\n", "region": "eu-west-1"}, "cluster-name"),
        ("aws", {"cluster-name": "shop", "region": "eu-west-1.evil.example"}, "region"),
        ("aws", {"cluster-name": "shop", "region": "eu"}, "region"),
        ("aws", {"cluster-name": "s" * 101, "region": "eu-west-1"}, "cluster-name"),
        ("gcp", {"cluster-name": "shop", "location": "europe-west1", "project": "-p"}, "project"),
        ("gcp", {"cluster-name": "shop", "location": "../europe-west1", "project": "team-a-1"}, "location"),
        ("azure", {"cluster-name": "Shop", "resource-group": "-g"}, "resource-group"),
        ("azure", {"cluster-name": "Shop", "resource-group": "ténant"}, "resource-group"),
        # Not left out: the command would then be run on the default subscription.
        ("azure", {"cluster-name": "Shop", "resource-group": "g", "subscription": "--debug"}, "subscription"),
        ("ali", {"cluster-id": "c1"}, "cluster-id"),
        ("ali", {"cluster-id": f"{ACK}/../x"}, "cluster-id"),
    ],
)
def test_what_no_cloud_would_take_is_refused(cloud: str, properties: dict[str, str], unfit: str) -> None:
    plan = planned(cloud, properties)
    assert (plan.argv, plan.unfit) == ((), (unfit, properties[unfit]))


@pytest.mark.parametrize("name", ["-c", "c 1", "c1\n", "C1", ""])
def test_the_profile_s_name_is_checked_too(name: str) -> None:
    shop = profile({"cluster-name": "shop", "region": "eu-west-1"})
    assert plan_command(CLOUDS["aws"], shop, name, "k") == CloudCommand(unfit=("name", name))


def test_extensions_of_any_shape_are_no_error() -> None:
    shapes: list[Any] = [None, 1, "x", [], {}, [1, {"name": CLUSTER_CONFIG, "extension": 3}], [{"name": EXTRA_ARGS}]]
    for shape in shapes:
        provider = AccessProvider("p", {"extensions": shape})
        assert profile_facts(ClusterProfile("c", "n", access_providers=(provider,))) == {}


HOSTILE = st.one_of(
    st.text(max_size=12),
    st.builds("{}{}".format, st.sampled_from(["-", "--", ";", "\n", "", "a\n"]), st.text(max_size=8)),
)


@given(st.sampled_from(sorted(CLOUDS)), st.data())
def test_no_value_becomes_a_flag_or_leaves_its_word(cloud: str, data: st.DataObject) -> None:
    row = CLOUDS[cloud]
    names = [value.names[0] for value in row.values.values()]
    properties = {name: data.draw(HOSTILE) for name in names} | {"id": data.draw(HOSTILE)}
    argv = planned(cloud, properties).argv
    constant = [word for group in row.argv for word in group]
    for word in argv:
        assert word in constant or re.fullmatch(r"[\w(/][-\w.()/:]*", word, re.ASCII)


def test_every_template_knows_its_words() -> None:
    for row in CLOUDS.values():
        words = {word[1:-1] for group in row.argv for word in group if word.startswith("{")}
        assert words <= {*row.values, "profile", "kubeconfig"}
        assert {*row.values} <= words
        for pattern in row.identities:
            assert set(re.compile(pattern).groupindex) <= set(row.values)


def test_each_cloud_is_completed_and_in_the_help() -> None:
    assert FLAG_VALUES["setup", "provider"] == tuple(CLOUDS)
    assert f"--provider={'|'.join(CLOUDS)}]" in setup.HELP
