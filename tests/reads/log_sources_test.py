# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Which pods and containers are followed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_mc.reads.log_sources import (
    Container,
    ContainerChoice,
    Pod,
    PodChoice,
    PodEvents,
    has_finished,
    object_selector,
    preferred,
    read_pod,
    successor,
)


def pod(name: str = "web-1", **fields: Any) -> dict[str, Any]:
    """A pod's object; fields of its status and its metadata can be said."""
    metadata = {"name": name, "namespace": "shop", "uid": f"uid-{name}", **fields.pop("metadata", {})}
    spec = {"nodeName": "n1", "containers": [{"name": "app"}, {"name": "proxy"}], **fields.pop("spec", {})}
    return {"kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": "Running", **fields}}


def status(restarts: float = 0, last: Any = None, **state: Any) -> dict[str, Any]:
    return {"name": "app", "restartCount": restarts, "state": state, "lastState": last or {}}


ENDED: dict[str, Any] = {"terminated": {"containerID": "containerd://1"}}


@pytest.mark.parametrize(
    ("container_status", "expected"),
    [
        (None, Container("app")),
        (status(waiting={"reason": "ContainerCreating"}), Container("app")),
        (status(running={}), Container("app")),
        (status(running={"startedAt": "x"}), Container("app", runs=True, has_log=True)),
        (status(restarts=2, waiting={"reason": "CrashLoopBackOff"}, last=ENDED), Container("app", "", 2, False, True)),
        (status(**ENDED), Container("app", has_log=True)),
        (status(terminated={"containerID": ""}), Container("app")),  # it could not be started
        (status(terminated={"containerID": ""}, last=ENDED), Container("app", has_log=True)),
    ],
)
def test_what_a_container_has_to_show(container_status: dict[str, Any] | None, expected: Container) -> None:
    statuses = [container_status] if container_status else []
    assert read_pod(pod(containerStatuses=statuses)).containers[0] == expected


WITH_ALL = read_pod(
    pod(spec={"initContainers": [{"name": "migrate"}], "ephemeralContainers": [{"name": "debugger"}]})
)  # fmt: skip


@pytest.mark.parametrize(
    ("choice", "names", "notice"),
    [
        (ContainerChoice(), ["app"], 'Defaulted container "app" out of: app, proxy, debugger (ephem), migrate (init)'),
        (ContainerChoice("proxy"), ["proxy"], ""),
        (ContainerChoice("migrate"), ["migrate"], ""),
        (ContainerChoice("nope"), [], ""),
        (ContainerChoice(every=True), ["migrate", "app", "proxy", "debugger"], ""),
    ],
)
def test_which_containers_are_meant(choice: ContainerChoice, names: list[str], notice: str) -> None:
    assert [container.name for container in choice.containers(WITH_ALL)] == names
    assert choice.notice(WITH_ALL) == notice


@pytest.mark.parametrize(
    ("annotated", "name", "notice"),
    [
        ("proxy", "proxy", ""),
        ("nope", "app", 'Default container name "nope" not found in pod web-1'),
    ],
)
def test_a_default_container(annotated: str, name: str, notice: str) -> None:
    annotations = {"kubectl.kubernetes.io/default-container": annotated}
    annotated_pod = read_pod(pod(metadata={"annotations": annotations}))
    assert ContainerChoice().containers(annotated_pod)[0].name == name
    assert ContainerChoice().notice(annotated_pod) == notice


def ready(at: str) -> list[dict[str, str]]:
    return [{"type": "Ready", "status": "True", "lastTransitionTime": at}]


# From the one that kubectl prefers on.
BY_PREFERENCE = [
    pod("ready-first", conditions=ready("2026-01-01T00:00:00Z")),
    pod("ready-later", conditions=ready("2026-01-02T00:00:00Z")),
    pod("restarted", containerStatuses=[status(restarts=3)]),
    pod("older", metadata={"creationTimestamp": "2026-01-01T00:00:00Z"}),
    pod("newer", metadata={"creationTimestamp": "2026-01-02T00:00:00Z"}),
    pod("unknown", phase="Unknown"),
    pod("pending", phase="Pending"),
    pod("unscheduled", phase="Pending", spec={"nodeName": ""}),
]


def test_the_pod_that_kubectl_prefers() -> None:
    pods = [read_pod(item) for item in BY_PREFERENCE]
    assert [item.name for item in sorted(set(pods), key=lambda item: item.rank)] == [item.name for item in pods]
    assert preferred(pods[::-1]).name == "ready-first"


def test_the_successor_of_a_pod() -> None:
    leaving = read_pod(pod("leaving", metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"}))
    over = read_pod(pod("over", phase="Succeeded"))
    staying = read_pod(pod("staying", phase="Pending"))
    assert successor([leaving, over]) is None
    assert successor([leaving, over, staying]) == staying


@pytest.mark.parametrize(
    "changed",
    [
        pod("--follow"), pod("a b"), pod("../x"), pod(metadata={"namespace": "-n"}),
        pod(metadata={"uid": None, "name": 1}),
        pod(spec={"containers": [{"name": "--all"}]}), pod(spec={"containers": [{}]}), pod(spec={"containers": 1}),
        pod(containerStatuses=[status(restarts=float("inf"))]), pod(containerStatuses=[status(restarts=float("nan"))]),
        {}, {"metadata": []}, [], "x", None,
    ],
)  # fmt: skip
def test_what_a_cluster_sends_that_is_no_pod_is_passed_over(changed: object) -> None:
    text = json.dumps({"type": "ADDED", "object": changed}).encode() + b"\n"
    assert list(PodEvents().feed(text)) == []


def test_events_in_chunks_that_end_anywhere() -> None:
    events = [("ADDED", False), ("BOOKMARK", None), ("MODIFIED", False), ("ERROR", None), ("DELETED", True)]
    text = b"".join(json.dumps({"type": kind, "object": pod()}).encode() + b"\n" for kind, _ in events)
    expected = [is_gone for _, is_gone in events if is_gone is not None]
    for size in (1, 7, 100, len(text)):
        reader = PodEvents()
        chunks = [text[start : start + size] for start in range(0, len(text), size)]
        assert [event.is_gone for chunk in chunks for event in reader.feed(chunk)] == expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({"app": "web", "tier": "front"}, "app=web,tier=front"),
        ({"matchLabels": {"app": "web"}}, "app=web"),
        (
            {
                "matchLabels": {"app": "web"},
                "matchExpressions": [
                    {"key": "a", "operator": "In", "values": ["1", "2"]},
                    {"key": "b", "operator": "NotIn", "values": ["3"]},
                    {"key": "c", "operator": "Exists"},
                    {"key": "d", "operator": "DoesNotExist"},
                ],
            },
            "app=web,a in (1,2),b notin (3),c,!d",
        ),
        ({}, ""),
        (None, ""),
        ("x", ""),
        ({"matchExpressions": [{"operator": "Near"}]}, ""),
    ],
)
def test_the_selector_of_an_object(selector: object, expected: str) -> None:
    assert object_selector(json.dumps({"spec": {"selector": selector}}).encode()) == expected


def test_an_object_without_a_selector() -> None:
    assert [object_selector(text) for text in (b"", b"{}", b"[]", b'{"spec": {}}')] == [""] * 4


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [("Complete", "True", True), ("Failed", "True", True), ("Complete", "False", False), ("Available", "True", False)],
)
def test_whether_an_object_makes_further_pods(kind: str, value: str, expected: bool) -> None:
    text = json.dumps({"status": {"conditions": [{"type": kind, "status": value}]}}).encode()
    assert (has_finished(text), has_finished(b"")) == (expected, False)


def test_which_pods_patterns_mean() -> None:
    choice = PodChoice(("web-*", "a?"))
    names = ["web-1", "web", "ab", "abc"]
    assert [name for name in names if choice.is_meant(Pod("1", "shop", name))] == ["web-1", "ab"]
