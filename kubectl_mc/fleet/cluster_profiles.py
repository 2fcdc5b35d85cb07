# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""ClusterProfiles (multicluster.x-k8s.io, KEP-4322) as values.

The hub is not trusted. A field whose type differs from the CRD counts as absent. A profile whose name is not valid in
Kubernetes is left out, so that names can be shown anywhere without escaping.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kubectl_mc.fleet import hub_versions
from kubectl_mc.fleet.hub_objects import object_of, objects_of, text_of
from kubectl_mc.named_tuples import NamedTuple
from kubectl_mc.type_hints import Any

MEMBER_ID_LABEL = "multicluster.x-k8s.io/inventory-member-id"  # on a profile, cluster-inventory-api v0.2
CLUSTERSET_LABEL = "multicluster.x-k8s.io/clusterset"  # on a namespace (KEP-4322); OCM: on a profile
CLUSTERSET_PROPERTY = "clusterset.k8s.io"  # of a profile, KEP-2149 and KEP-4322
# Of a profile: KEP-2149's name, and that of cluster-inventory-api's guides, which OCM is to use.
_CLUSTER_ID_PROPERTIES = ("cluster.clusterset.k8s.io", "clusterset.k8s.io/cluster-id")
_NAME = r"(?=.{1,253}$)[a-z0-9]([-.a-z0-9]*[a-z0-9])?"  # RFC 1123, as the API server checks it


class AccessProvider(NamedTuple):
    """A way to reach a cluster; `cluster` is the profile's client.authentication.k8s.io Cluster."""

    name: str
    cluster: Mapping[str, Any]


class Condition(NamedTuple):
    """A condition of a profile. status: "True", "False" or "Unknown"; time: of its last transition, in RFC 3339."""

    type: str
    status: str = ""
    reason: str = ""
    message: str = ""
    time: str = ""


class ClusterProfile(NamedTuple):
    """A ClusterProfile.

    created: its creationTimestamp, in RFC 3339; "" if the hub says none
    observed: property name -> its lastObservedTime, in RFC 3339; properties without one are left out
    """

    name: str
    namespace: str
    display_name: str = ""
    cluster_manager: str = ""
    labels: Mapping[str, str] = {}
    version: str = ""
    conditions: tuple[Condition, ...] = ()
    properties: Mapping[str, str] = {}
    access_providers: tuple[AccessProvider, ...] = ()
    created: str = ""
    observed: Mapping[str, str] = {}

    @property
    def reference(self) -> tuple[str, str]:
        """The profile's (namespace, name), which no other profile of the hub has."""
        return self.namespace, self.name

    @property
    def healthy(self) -> bool | None:
        """Whether the condition ControlPlaneHealthy is true; None if it is Unknown or absent."""
        return self._is_true("ControlPlaneHealthy")

    @property
    def health(self) -> str:
        """The word for it: "healthy", "unhealthy" or "unknown"."""
        return {True: "healthy", False: "unhealthy", None: "unknown"}[self.healthy]

    @property
    def health_reason(self) -> str:
        """The reason that the hub gives if the cluster is not known to be healthy; "" if there is none."""
        return "" if self.healthy else self._reason("ControlPlaneHealthy")

    @property
    def joined(self) -> bool | None:
        """Whether the condition Joined is true; None if it is Unknown or absent."""
        return self._is_true("Joined")

    @property
    def joined_reason(self) -> str:
        """The reason that the hub gives for the condition Joined; "" if there is none."""
        return self._reason("Joined")

    @property
    def member_id(self) -> str:
        """The id that all profiles of the same member cluster have; "" if the profile isn't correlated with others."""
        return self.labels.get(MEMBER_ID_LABEL, "")

    @property
    def cluster_ids(self) -> tuple[str, ...]:
        """The cluster's ids in its ClusterSet; usually none or one."""
        return tuple(self.properties[name] for name in _CLUSTER_ID_PROPERTIES if name in self.properties)

    def clustersets(self, namespaces: Mapping[str, str]) -> dict[str, str]:
        """Return where the profile's ClusterSet is said ("namespace", "label", "property") -> which one that is.

        The first one counts. The namespace comes first: in the standard, all profiles of a namespace with the label
        MUST be in that ClusterSet. The profile's label is the manager's word, the property may be the member's own.
        namespaces: namespace -> ClusterSet
        """
        said = {
            "namespace": namespaces.get(self.namespace, ""),
            "label": self.labels.get(CLUSTERSET_LABEL, ""),
            "property": self.properties.get(CLUSTERSET_PROPERTY, ""),
        }
        return {place: clusterset for place, clusterset in said.items() if clusterset}

    def _reason(self, condition_type: str) -> str:
        return next((condition.reason for condition in self.conditions if condition.type == condition_type), "")

    def _is_true(self, condition_type: str) -> bool | None:
        statuses = {condition.type: condition.status for condition in self.conditions}
        return {"True": True, "False": False}.get(statuses.get(condition_type, ""))


def profiles_words(
    namespace: str | None, selector: str | None = None, version: str = hub_versions.VERSIONS[0]
) -> list[str]:
    """Return kubectl's arguments that list the ClusterProfiles; namespace None: in all namespaces."""
    scope = ["-n", namespace] if namespace else ["-A"]
    return [
        "get",
        hub_versions.resource("clusterprofiles", version),
        *scope,
        *(["-l", selector] if selector else []),
        "-o",
        "json",
    ]


def clustersets_words(namespace: str | None) -> list[str]:
    """Return kubectl's arguments that list the namespaces of ClusterSets.

    With `namespace`, only that one is read, because the user may have no access to others.
    """
    return ["get", "namespaces", *([namespace] if namespace else ["-l", CLUSTERSET_LABEL]), "-o", "json"]


def parse_profiles(items: Sequence[Any]) -> list[ClusterProfile]:
    """Return the ClusterProfiles among the items of a List, each once: a namespace and a name are one object."""
    profiles: dict[tuple[str, str], ClusterProfile] = {}
    readable = (item for item in map(object_of, items) if item.get("apiVersion") in hub_versions.API_VERSIONS)
    for profile in map(_profile, readable):
        if re.fullmatch(_NAME, profile.name) and re.fullmatch(_NAME, profile.namespace or "default"):
            profiles.setdefault((profile.namespace, profile.name), profile)
    return list(profiles.values())


def parse_clustersets(items: Sequence[Any]) -> dict[str, str]:
    """Return the ClusterSet of each namespace in a List; "" for a namespace without one."""
    metadata = [object_of(object_of(item).get("metadata")) for item in items]
    return {
        text_of(fields.get("name")): text_of(object_of(fields.get("labels")).get(CLUSTERSET_LABEL))
        for fields in metadata
    }


def _profile(item: Mapping[str, Any]) -> ClusterProfile:
    """Return the profile in a JSON object; a field of another type counts as absent."""
    metadata, spec, status = (object_of(item.get(field)) for field in ("metadata", "spec", "status"))
    properties = objects_of(status.get("properties"))
    return ClusterProfile(
        name=text_of(metadata.get("name")),
        namespace=text_of(metadata.get("namespace")),
        display_name=text_of(spec.get("displayName")),
        cluster_manager=text_of(object_of(spec.get("clusterManager")).get("name")),
        labels={key: text_of(value) for key, value in object_of(metadata.get("labels")).items()},
        version=text_of(object_of(status.get("version")).get("kubernetes")),
        conditions=tuple(map(_condition, objects_of(status.get("conditions")))),
        properties={text_of(fields.get("name")): text_of(fields.get("value")) for fields in properties},
        access_providers=_access_providers(item),
        created=text_of(metadata.get("creationTimestamp")),
        observed={
            text_of(fields.get("name")): time
            for fields in properties
            if (time := text_of(fields.get("lastObservedTime")))
        },
    )


def _condition(fields: Mapping[str, Any]) -> Condition:
    names = ("type", "status", "reason", "message", "lastTransitionTime")
    return Condition(*(text_of(fields.get(name)) for name in names))


def _access_providers(item: Mapping[str, Any]) -> tuple[AccessProvider, ...]:
    """Return accessProviders, the first of each name.

    In v1alpha1, those of the deprecated credentialProviders with other names follow (CRD text).
    """
    providers: dict[str, AccessProvider] = {}
    status = object_of(item.get("status"))
    is_old = item.get("apiVersion") == f"{hub_versions.GROUP}/v1alpha1"
    for field in ("accessProviders", *(["credentialProviders"] if is_old else [])):
        for fields in objects_of(status.get(field)):
            name = text_of(fields.get("name"))
            providers.setdefault(name, AccessProvider(name, object_of(fields.get("cluster"))))
    return tuple(providers.values())
