# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Which containers a followed log is of, by what a watch says of the pods. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any, Literal

ContainerKind = Literal["init", "", "ephem"]

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"

# What a pod, a namespace, and a container are called (RFC 1123). A name becomes a word of a kubectl's command line.
_SUBDOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")

# Phases of pods whose containers have ended, and are not started again.
_OVER = ("Succeeded", "Failed")


class Container(NamedTuple):
    """A container of a pod.

    restarts: which instance it is that runs, or has run last
    runs: an instance runs
    has_log: an instance runs, or has run
    """

    name: str
    kind: ContainerKind = ""
    restarts: int = 0
    runs: bool = False
    has_log: bool = False


class Pod(NamedTuple):
    """A pod, as far as its logs are concerned.

    default: the container that an annotation names; "" for none
    is_over: its containers have ended for good
    is_leaving: it is being deleted
    is_owned: another one with its name may follow
    rank: of several pods, kubectl prefers that with the lowest (ByLogging in k8s.io/kubectl/pkg/util/podutils)
    """

    uid: str
    namespace: str
    name: str
    containers: tuple[Container, ...] = ()
    default: str = ""
    is_over: bool = False
    is_leaving: bool = False
    is_owned: bool = False
    rank: tuple[Any, ...] = ()


class ContainerChoice(NamedTuple):
    """Which containers of a pod the command line means. name: of one (`-c`); "" with neither for kubectl's default"""

    name: str = ""
    every: bool = False

    def containers(self, pod: Pod) -> list[Container]:
        """Return the chosen containers of a pod, in kubectl's order; [] if it has none of the name."""
        if self.every:
            return list(pod.containers)
        regular = [container.name for container in pod.containers if not container.kind]
        names = [container.name for container in pod.containers]
        name = self.name or (pod.default if pod.default in names else next(iter(regular), ""))
        return [container for container in pod.containers if container.name == name]

    def notice(self, pod: Pod) -> str:
        """Return what kubectl says about the container that it picks by itself; "" if it says nothing."""
        if self.every or self.name:
            return ""
        names = [container.name for container in pod.containers]
        if pod.default in names:
            return ""
        if pod.default:
            return f"Default container name {json.dumps(pod.default)} not found in pod {pod.name}"
        if len(names) < 2:
            return ""
        order = ("", "ephem", "init")  # AllContainerNames in k8s.io/kubectl/pkg/cmd/util/podcmd
        listed = sorted(pod.containers, key=lambda container: order.index(container.kind))
        texts = [f"{item.name} ({item.kind})" if item.kind else item.name for item in listed]
        return f'Defaulted container "{self.containers(pod)[0].name}" out of: {", ".join(texts)}'


class PodChoice(NamedTuple):
    """Which of the watched pods are meant.

    patterns: of names with wildcards; () for all
    one: only one of them at a time, as kubectl picks it, and its successor when it has ended
    """

    patterns: tuple[str, ...] = ()
    one: bool = False

    def is_meant(self, pod: Pod) -> bool:
        """Return whether the pod's name is meant."""
        return not self.patterns or any(fnmatchcase(pod.name, pattern) for pattern in self.patterns)


def preferred(pods: Sequence[Pod]) -> Pod:
    """Return the pod whose log kubectl shows, of several."""
    return min(pods, key=lambda pod: pod.rank)


def successor(pods: Sequence[Pod]) -> Pod | None:
    """Return the pod that is followed after the one before has ended; None until there is one."""
    staying = [pod for pod in pods if not pod.is_leaving and not pod.is_over]
    return preferred(staying) if staying else None


class PodEvent(NamedTuple):
    """What a watch says: a pod is there, or it `is_gone`."""

    pod: Pod
    is_gone: bool


# A longer event than this, in bytes, is none of a pod's: etcd stores no larger objects.
_MAX_EVENT = 8 << 20


class PodEvents:
    """Reads the events of a `get pods -w --output-watch-events -o json` from what it prints: one a line."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []
        self._size = 0  # of what is begun

    def feed(self, chunk: bytes) -> Iterator[PodEvent]:
        """Yield the events that end in the chunk. What is no event of a pod is passed over."""
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            event = _event(b"".join((*self._begun, line)))
            self._begun, self._size = [], 0
            if event:
                yield event
        self._size += len(rest)
        self._begun = [*self._begun, rest] if rest and self._size <= _MAX_EVENT else self._begun


def _event(text: bytes) -> PodEvent | None:
    try:
        event = json.loads(text)
        if event.get("type") not in ("ADDED", "MODIFIED", "DELETED"):
            return None
        return PodEvent(read_pod(event["object"]), event["type"] == "DELETED")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def read_pod(value: Mapping[str, Any]) -> Pod:
    """Return a pod from its object. Raises ValueError and the like for what is none."""
    metadata, spec, status = value["metadata"], value["spec"], value.get("status") or {}
    namespace, name = metadata["namespace"], metadata["name"]
    if not _LABEL.fullmatch(namespace) or not _SUBDOMAIN.fullmatch(name):
        raise ValueError(name)
    kinds: tuple[tuple[ContainerKind, str, str], ...] = (
        ("init", "initContainers", "initContainerStatuses"),
        ("", "containers", "containerStatuses"),
        ("ephem", "ephemeralContainers", "ephemeralContainerStatuses"),
    )
    containers = [
        _container(str(item["name"]), kind, statuses.get(item["name"]) or {})
        for kind, field, status_field in kinds
        for statuses in [{item["name"]: item for item in status.get(status_field) or ()}]
        for item in spec.get(field) or ()
    ]
    if not all(_LABEL.fullmatch(container.name) for container in containers):
        raise ValueError(name)
    return Pod(
        str(metadata["uid"]),
        namespace,
        name,
        tuple(containers),
        str((metadata.get("annotations") or {}).get(DEFAULT_CONTAINER, "")),
        status.get("phase") in _OVER,
        bool(metadata.get("deletionTimestamp")),
        bool(metadata.get("ownerReferences")),
        _rank(metadata, spec, status),
    )


def _container(name: str, kind: ContainerKind, status: Mapping[str, Any]) -> Container:
    state, last = status.get("state") or {}, status.get("lastState") or {}
    runs = bool(state.get("running"))
    # A terminated one without an id has not been started (validateContainerLogStatus in pkg/kubelet/kubelet_pods.go).
    ended = any(
        (item.get("terminated") or {}).get("containerID", "none") for item in (state, last) if "terminated" in item
    )
    return Container(name, kind, int(status.get("restartCount") or 0), runs, runs or ended)


_LAST = "~"  # behind any time


def _rank(metadata: Mapping[str, Any], spec: Mapping[str, Any], status: Mapping[str, Any]) -> tuple[Any, ...]:
    phases = {"Unknown": 1, "Pending": 2}
    ready = [
        str(condition.get("lastTransitionTime") or _LAST)
        for condition in status.get("conditions") or ()
        if condition.get("type") == "Ready" and condition.get("status") == "True"
    ]
    restarts = max((int(item.get("restartCount") or 0) for item in status.get("containerStatuses") or ()), default=0)
    return (
        not spec.get("nodeName"),
        phases.get(str(status.get("phase")), 0),
        not ready,
        ready[0] if ready else "",
        -restarts,
        str(metadata.get("creationTimestamp") or _LAST),
    )


def object_selector(text: bytes) -> str:
    """Return the selector of an object's pods (see `selector_text`). text: the object in JSON"""
    try:
        return selector_text(json.loads(text)["spec"]["selector"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""


def has_finished(text: bytes) -> bool:
    """Return whether an object's conditions say that it makes no further pods, as those of a Job do.

    text: the object in JSON; b"" if it couldn't be asked for
    """
    try:
        conditions = json.loads(text)["status"]["conditions"]
        return any(item["type"] in ("Complete", "Failed") and item["status"] == "True" for item in conditions)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def selector_text(spec: object) -> str:
    """Return the selector of an object's `.spec.selector` as kubectl's -l takes it; "" for none.

    It is a map of labels (a Service's), or a LabelSelector (metav1.LabelSelectorAsSelector).
    """
    if not isinstance(spec, Mapping) or not spec:
        return ""
    if not (
        {*spec} <= {"matchLabels", "matchExpressions"} and all(isinstance(v, (Mapping, list)) for v in spec.values())
    ):
        return ",".join(f"{key}={value}" for key, value in spec.items())
    parts = [f"{key}={value}" for key, value in (spec.get("matchLabels") or {}).items()]
    for expression in spec.get("matchExpressions") or ():
        key, values = expression.get("key"), ",".join(map(str, expression.get("values") or ()))
        texts = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": f"{key}"}
        texts["DoesNotExist"] = f"!{key}"
        parts.append(texts[expression["operator"]])
    return ",".join(parts)


# (pod, container) -> whether its lines are shown
IsWanted = Callable[[str, str], bool]
