# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The conformance of kubectl-mc as a consumer of ClusterProfiles: the cases of `cases/`, on the simulated hub."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.fleet import fleet
from tests.conformance.consumer import Task, act
from tests.e2e.conftest import MEMBERS, Shell, shell

Object = dict[str, Any]

# A credential plugin: logs in as its first argument, and writes down what it was given.
PLUGIN = f"""#!{sys.executable}
import json, os, sys
told = json.loads(os.environ.get("KUBERNETES_EXEC_INFO") or "{{}}")
with open(__file__ + ".runs", "a") as runs:
    print(json.dumps([sys.argv[1:], dict(os.environ), told.get("spec", {{}}).get("cluster")]), file=runs)
status = {{"token": sys.argv[1], "expirationTimestamp": "2099-01-01T00:00:00Z"}}
print(json.dumps({{"apiVersion": told["apiVersion"], "kind": "ExecCredential", "status": status}}))
"""

PROVIDERS = [
    {
        "name": "conformance",
        "execConfig": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "${plugin}",
            "args": ["admin"],
            "interactiveMode": "Never",
        },
    }
]


CASES: Mapping[str, Object] = {
    f"{path.stem}: {case['name']}": case
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for case in yaml.safe_load(path.read_text())["cases"]
}


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A hub and its members, which the cases change."""
    with fleet(MEMBERS, tmp_path_factory.mktemp("conformance")) as running:
        yield shell(running)


@pytest.fixture
def user(members: Shell, tmp_path: Path) -> Shell:
    """Somebody whose kubeconfig has the hub only, which holds no ClusterProfile; no member was asked anything yet."""
    config = yaml.safe_load(members.fleet.kubeconfig.read_text())
    for entries in ("clusters", "contexts"):
        config[entries] = [entry for entry in config[entries] if entry["name"] == "hub"]
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(yaml.safe_dump(config))
    for cluster in ("hub", *MEMBERS):
        members.fleet.reset(cluster)
        members.fleet.clear_requests(cluster)
    made = members._replace(environment={**members.environment, "HOME": str(tmp_path), "KUBECONFIG": ""})
    hub(made, "delete", "clusterprofiles.multicluster.x-k8s.io", "--all", "-A")
    return made


def hub(user: Shell, *words: str) -> str:
    """Run kubectl on the hub, and return what it prints."""
    done = user.kubectl("--context=hub", *words)
    assert done.status == 0, done.stderr
    return done.stdout


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """Return a part of a case with the values of its ${names}."""
    if isinstance(value, dict):
        return {key: filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    return re.sub(r"\$\{(.*?)\}", lambda match: values[match[1]], value) if isinstance(value, str) else value


def put(user: Shell, objects: Sequence[Object]) -> None:
    """Put the objects of a case on the hub."""
    api = json.loads(hub(user, "get", "--raw", "/apis/multicluster.x-k8s.io"))["preferredVersion"]["groupVersion"]
    profiles = [
        {"apiVersion": api, "kind": "ClusterProfile", "spec": {"clusterManager": {"name": "conformance"}}, **item}
        for item in objects
        if "kind" not in item
    ]
    spaces = [{"apiVersion": "v1", **item} for item in objects if "kind" in item]
    made = {item["metadata"]["name"] for item in spaces}
    for name in dict.fromkeys(profile["metadata"]["namespace"] for profile in profiles):
        if name not in made and name != "fleet":  # which the simulated hub begins with
            spaces.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    file = Path(user.environment["HOME"]) / "objects.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [*spaces, *profiles]}))
    hub(user, "create", "-f", str(file))
    for profile in profiles:
        metadata = profile["metadata"]
        patch = json.dumps({"status": profile.get("status", {})})
        target = ("clusterprofile", metadata["name"], "-n", metadata["namespace"])
        hub(user, "patch", *target, "--subresource=status", "--type=merge", "-p", patch)
        if "creationTimestamp" in metadata:
            user.fleet.set_created("hub", metadata["namespace"], metadata["name"], metadata["creationTimestamp"])


def acted(user: Shell, action: str) -> dict[str, list[str]]:
    """Return who did the action on which members, once for each time."""
    methods, path = {
        "read": (["GET"], "/api/v1/namespaces"),
        "change": (["PATCH", "PUT"], "/api/v1/namespaces/default"),
    }[action]
    users = {
        cluster: [
            request["user"]
            for request in user.fleet.requests(cluster)
            if request["method"] in methods and request["path"] == path and "dryRun" not in request["query"]
        ]
        for cluster in MEMBERS
    }
    return {cluster: names for cluster, names in users.items() if names}


def logins(plugin: Path, expected: Sequence[Object]) -> list[Object]:
    """Return the runs of the plugin: the arguments, and of the rest what the expected run at its place names."""
    path = Path(f"{plugin}.runs")
    lines = path.read_text().splitlines() if path.exists() else []
    runs: list[Object] = []
    for index, line in enumerate(lines):
        wanted = expected[index] if index < len(expected) else {}
        arguments, *parts = json.loads(line)
        named = {
            field: {name: (part or {}).get(name) for name in wanted[field]}
            for field, part in zip(("env", "cluster"), parts)
            if field in wanted
        }
        runs.append({"args": arguments, **named})
    return runs


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_consumer(user: Shell, tmp_path: Path, case: Object) -> None:
    plugin, provider_file = tmp_path / "plugin", tmp_path / "providers.json"
    plugin.write_text(PLUGIN)
    plugin.chmod(0o755)
    servers = {
        entry["name"]: entry["cluster"] for entry in yaml.safe_load(user.fleet.kubeconfig.read_text())["clusters"]
    }
    values = {"plugin": str(plugin), "kubeconfig": str(tmp_path / ".kube" / "config")}
    for name in MEMBERS:
        server = servers[name]
        values |= {f"{name}.server": server["server"], f"{name}.ca": server["certificate-authority-data"]}
    case = filled({"providers": PROVIDERS, "action": "change", "selected": None, **case}, values)
    provider_file.write_text(json.dumps({"providers": case["providers"]}))
    put(user, case["hub"])
    namespaces = list(
        dict.fromkeys(item["metadata"].get("namespace", "") for item in case["hub"] if "kind" not in item)
    )
    consumer = user._replace(environment={**user.environment, **case.get("environment", {})})
    said = act(Task(consumer, provider_file, namespaces, case["inventories"], case["selected"], case["action"]))
    expected = case["expect"]
    assert acted(user, case["action"]) == {cluster: [name] for cluster, name in expected["acted"].items()}, said
    if "logins" in expected:
        assert logins(plugin, expected["logins"]) == expected["logins"], said
    assert [name for name in expected.get("warned", ()) if not re.search(rf"\b{re.escape(name)}\b", said)] == [], said


def test_a_case_has_no_other_fields() -> None:
    fields = {"name", "rule", "hub", "inventories", "selected", "action", "providers", "environment", "expect"}
    for case in CASES.values():
        assert {"name", "rule", "hub", "inventories", "expect"} <= set(case) <= fields
        assert {"acted"} <= set(case["expect"]) <= {"acted", "logins", "warned"}
