# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubectl_mc.processes import service_account
from kubectl_mc.processes.environment import Environment
from tests.environments import environment

ADDRESS = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture
def pod(tmp_path: Path) -> Environment:
    """The environment of a pod without a kubeconfig."""
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    for name in ("token", "ca.crt", "namespace"):
        (folder / name).write_text(f"{name}\n")
    return environment({**ADDRESS, "HOME": str(tmp_path)})._replace(service_account=str(folder))


def content(pod: Environment) -> Mapping[str, Any]:
    """Of the kubeconfig for the pod's own cluster."""
    made = service_account.in_cluster_kubeconfig(pod).content
    assert made
    return made


def with_variables(pod: Environment, **variables: str) -> Environment:
    return pod._replace(variables={**pod.variables, **variables})


@pytest.mark.parametrize("name", ADDRESS)
def test_there_is_none_without_an_address(pod: Environment, name: str) -> None:
    assert service_account.is_available(pod)
    assert not service_account.is_available(with_variables(pod, **{name: ""}))


@pytest.mark.parametrize("remains", ["nothing", "a folder"])
def test_there_is_none_without_a_token(pod: Environment, remains: str) -> None:
    token = Path(pod.service_account) / "token"
    token.unlink()
    if remains == "a folder":
        token.mkdir()
    assert not service_account.is_available(pod)
    assert service_account.hub_context(None, pod) is None


def test_the_kubeconfig_names_the_files_and_holds_no_credential(pod: Environment) -> None:
    folder = pod.service_account
    assert content(pod) == {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "in-cluster",
        "contexts": [
            {
                "name": "in-cluster",
                "context": {"cluster": "in-cluster", "user": "in-cluster", "namespace": "namespace"},
            }
        ],
        "clusters": [
            {
                "name": "in-cluster",
                "cluster": {"server": "https://10.96.0.1:443", "certificate-authority": f"{folder}/ca.crt"},
            }
        ],
        "users": [{"name": "in-cluster", "user": {"tokenFile": f"{folder}/token"}}],
    }
    assert not service_account.in_cluster_kubeconfig(pod).starts_programs


@pytest.mark.parametrize(("host", "server"), [("fd00::1", "https://[fd00::1]:443"), ("api", "https://api:443")])
def test_an_ipv6_address_has_brackets(pod: Environment, host: str, server: str) -> None:
    made = content(with_variables(pod, KUBERNETES_SERVICE_HOST=host))
    assert made["clusters"][0]["cluster"]["server"] == server


def test_what_is_missing_is_as_in_client_go(pod: Environment) -> None:
    for name in ("ca.crt", "namespace"):
        (Path(pod.service_account) / name).unlink()
    assert content(pod)["clusters"][0]["cluster"] == {"server": "https://10.96.0.1:443"}
    assert content(pod)["contexts"][0]["context"]["namespace"] == "default"
    assert content(with_variables(pod, POD_NAMESPACE="mine"))["contexts"][0]["context"]["namespace"] == "mine"


def hub_with(pod: Environment, *texts: str) -> str | None:
    """The hub of a pod with kubeconfigs of these texts."""
    paths = [os.path.join(pod.home, f"config{number}") for number, _ in enumerate(texts)]
    for path, text in zip(paths, texts):
        Path(path).write_text(text, encoding="utf-8")
    return service_account.hub_context(None, with_variables(pod, KUBECONFIG=os.pathsep.join([*paths, "/nowhere"])))


@pytest.mark.parametrize(
    ("texts", "hub"),
    [
        ([], "in-cluster"),
        ([""], "in-cluster"),
        (["{}"], "in-cluster"),
        (["current-context: ''"], "in-cluster"),
        (['{"current-context":"","kind":"Config"}'], "in-cluster"),
        (["kind: Config\ncurrent-context: null\n"], "in-cluster"),
        (["current-context: a"], None),
        (["", "current-context: a"], None),
        (["current-context:\n  a"], None),
        (["# current-context is not set"], None),  # maybe: kubectl decides
        (["contexts: [{name: in-cluster, context: {}}]"], None),
    ],
)
def test_the_hub_is_the_pods_cluster_unless_a_kubeconfig_may_say_another(
    pod: Environment, texts: list[str], hub: str | None
) -> None:
    assert hub_with(pod, *texts) == hub


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    context=st.text(min_size=1).filter(str.strip),
    style=st.sampled_from([None, '"', "'", "|", ">"]),
    flow=st.booleans(),
    data=st.booleans(),
)
def test_no_current_context_is_overlooked(
    pod: Environment, context: str, style: str | None, flow: bool, data: bool
) -> None:
    document = {"apiVersion": "v1", "current-context": context, "contexts": [{"name": context, "context": {}}]}
    text = json.dumps(document) if data else yaml.safe_dump(document, default_style=style, default_flow_style=flow)
    assert hub_with(pod, text) is None


def test_a_named_hub_is_the_named_one(pod: Environment) -> None:
    assert service_account.hub_context("hub", pod) == "hub"
    assert service_account.hub_context("in-cluster", environment()) == "in-cluster"
    assert service_account.hub_context("", environment()) is None


def test_a_pipe_is_left_to_kubectl(pod: Environment) -> None:
    pipe = os.path.join(pod.home, "pipe")
    os.mkfifo(pipe)
    assert service_account.hub_context(None, with_variables(pod, KUBECONFIG=pipe)) is None
