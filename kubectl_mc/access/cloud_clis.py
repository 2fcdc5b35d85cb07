# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The clouds' own CLIs, as a table: the command that makes a context for a cluster, and the values that it needs.

The values come from the hub, which is not trusted. A value has to match what the cloud accepts, cannot begin with a
dash, and becomes a word of an argv, never of a shell command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from kubectl_mc.access.checked_values import RefusedError
from kubectl_mc.access.exec_credentials import CLUSTER_CONFIG
from kubectl_mc.access.profile_access import EXTRA_ARGS, extra_arguments
from kubectl_mc.fleet.cluster_profiles import ClusterProfile
from kubectl_mc.named_tuples import NamedTuple


class CloudValue(NamedTuple):
    """A value that a CLI needs about a cluster.

    names: the properties, and the flags in exec arguments, that may hold it, in this order
    pattern: what the cloud accepts
    """

    names: tuple[str, ...]
    pattern: str
    required: bool = True


class Cloud(NamedTuple):
    """A cloud's CLI.

    values: the values for the templates, which also have {profile}, the cluster's name in the fleet, and {kubeconfig},
        the file to write
    argv: the words of the command, in groups; a group is left out if one of its values is missing
    context: the name of the context that it makes
    login: the command that logs the user in
    identities: patterns of texts that hold several values at once (an ARN, a resource ID), in named groups
    error: a pattern that finds the line of its stderr that describes the error
    printed: if it prints JSON and writes no kubeconfig, the key of the kubeconfig in the JSON; else ""
    """

    values: Mapping[str, CloudValue]
    argv: tuple[tuple[str, ...], ...]
    context: str
    login: str
    identities: tuple[str, ...] = ()
    error: str = r"(?i)\berror\b"
    printed: str = ""

    @property
    def command(self) -> str:
        """The name of the program."""
        return self.argv[0][0]


class CloudCommand(NamedTuple):
    """The command for a cluster. If argv is empty, a value for it is missing or unfit.

    context: the name of the context that it makes
    missing: the names that the missing value may have; unfit: the (name, value) that the cloud would not accept
    """

    argv: tuple[str, ...] = ()
    context: str = ""
    missing: tuple[str, ...] = ()
    unfit: tuple[str, str] = ("", "")


_PROFILE = r"[a-z0-9][-a-z0-9./]{0,316}"  # [namespace/]name: RFC 1123
_AWS_REGION = r"[a-z]{2,5}(?:-[a-z]{3,12}){1,3}-[0-9]{1,2}"  # us-gov-west-1, us-isob-east-1, eusc-de-east-1
_EKS_NAME = r"[0-9A-Za-z][-0-9A-Za-z_]{0,99}"  # EKS API, CreateCluster: name
_GKE_NAME = r"[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?"  # GKE API, Cluster: name, at most 40
# Resource Manager API, Project: id, number
_GCP_PROJECT = r"(?:[a-z][-a-z0-9.]{0,61}[a-z0-9]:)?[a-z][-a-z0-9]{4,28}[a-z0-9]|[0-9]{6,20}"
_GCP_LOCATION = r"[a-z]{2,20}-[a-z]{2,20}[0-9]{1,2}(?:-[a-z])?"  # Compute: region, zone
_AKS_NAME = r"[0-9A-Za-z](?:[-_0-9A-Za-z]{0,61}[0-9A-Za-z])?"  # "Naming rules for Azure resources": managedClusters
_AZURE_GROUP = r"[\w(][-\w.()]{0,88}[-\w()]|\w"  # the same: resourceGroups; no dash or dot first
_AZURE_SUBSCRIPTION = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_ACK_ID = r"c[0-9a-f]{32}"  # ACK API: cluster_id
_ALI_REGION = r"[a-z]{2}(?:-[a-z]{3,14}){1,2}(?:-[0-9]{1,2})?"  # cn-hangzhou, us-west-1, cn-shanghai-finance-1
_NAME = ("cluster-name", "clusterName", "cluster_name", "--cluster-name", "--cluster")
_REGION = ("region", "--region", "region.open-cluster-management.io", "location")

CLOUDS: Mapping[str, Cloud] = {
    "aws": Cloud(
        values={
            "name": CloudValue((*_NAME, "--cluster-id", "-i"), _EKS_NAME),
            "region": CloudValue(_REGION, _AWS_REGION),
        },
        argv=(
            ("aws", "eks", "update-kubeconfig", "--name", "{name}", "--region", "{region}"),
            ("--alias", "{profile}"),
        ),
        context="{profile}",
        identities=(rf"arn:aws[-a-z]*:eks:(?P<region>{_AWS_REGION}):[0-9]{{12}}:cluster/(?P<name>{_EKS_NAME})",),
        login="aws sso login",
    ),
    "gcp": Cloud(
        values={
            "name": CloudValue(_NAME, _GKE_NAME),
            # --location accepts a zone or a region. If a profile has both, the cluster is in the zone.
            "location": CloudValue(("zone", "--zone", "location", "--location", *_REGION[:-1]), _GCP_LOCATION),
            "project": CloudValue(("project", "project-id", "projectID", "--project"), _GCP_PROJECT),
        },
        argv=(
            ("gcloud", "container", "clusters", "get-credentials", "{name}"),
            ("--location", "{location}", "--project", "{project}"),
        ),
        context="gke_{project}_{location}_{name}",
        identities=(
            rf"(?:(?:https:)?//container\.googleapis\.com/(?:v1(?:beta1)?/)?)?projects/(?P<project>{_GCP_PROJECT})"
            rf"/(?:locations|zones)/(?P<location>{_GCP_LOCATION})/clusters/(?P<name>{_GKE_NAME})",
        ),
        login="gcloud auth login",
    ),
    "azure": Cloud(
        values={
            "name": CloudValue(_NAME, _AKS_NAME),
            "group": CloudValue(
                ("resource-group", "resourceGroup", "resource_group", "--resource-group"), _AZURE_GROUP
            ),
            "subscription": CloudValue(
                ("subscription", "subscription-id", "subscriptionID", "--subscription"),
                _AZURE_SUBSCRIPTION,
                required=False,
            ),
        },
        argv=(
            ("az", "aks", "get-credentials", "--name", "{name}", "--resource-group", "{group}"),
            ("--subscription", "{subscription}"),
            ("--context", "{profile}"),
            ("--file", "{kubeconfig}"),  # az does not read KUBECONFIG
        ),
        context="{profile}",
        identities=(
            rf"(?i:/subscriptions/(?P<subscription>{_AZURE_SUBSCRIPTION})/resourceGroups/(?P<group>{_AZURE_GROUP})"
            rf"/providers/Microsoft\.ContainerService/managedClusters/(?P<name>{_AKS_NAME}))",
        ),
        login="az login",
    ),
    "ali": Cloud(
        values={
            "cluster": CloudValue(("cluster-id", "clusterId", "clusterID", "cluster_id", "--cluster-id"), _ACK_ID),
            "region": CloudValue(("region", "region-id", "--region"), _ALI_REGION, required=False),
        },
        # The CLI has no `cs cluster get-kubeconfig`; this calls the API DescribeClusterUserKubeconfig in its RPC style.
        argv=(("aliyun", "cs", "DescribeClusterUserKubeconfig", "--ClusterId", "{cluster}"), ("--region", "{region}")),
        context="{profile}",
        login="aliyun configure",
        error=r"^Message: ",
        printed="config",
    ),
}


def plan_command(cloud: Cloud, profile: ClusterProfile, name: str, kubeconfig: str) -> CloudCommand:
    """Return the command that makes a cluster's context. name: the cluster's in the fleet; kubeconfig: the user's."""
    if not _fits(_PROFILE, name):
        return CloudCommand(unfit=("name", name))
    facts = profile_facts(profile)
    identities = (re.fullmatch(pattern, text, re.ASCII) for text in facts.values() for pattern in cloud.identities)
    identity = next((match.groupdict() for match in identities if match), {})
    words = {"profile": name, "kubeconfig": kubeconfig}
    for key, value in cloud.values.items():
        candidates = [(fact, facts[fact]) for fact in value.names if facts.get(fact)]
        fit = next((text for _, text in candidates if _fits(value.pattern, text)), identity.get(key))
        if fit:
            words[key] = fit
        elif candidates:
            return CloudCommand(unfit=candidates[0])
        elif value.required:
            return CloudCommand(missing=value.names)
    groups = [group for group in cloud.argv if all(word[1:-1] in words for word in group if word.startswith("{"))]
    argv = tuple(words[word[1:-1]] if word.startswith("{") else word for group in groups for word in group)
    return CloudCommand(argv, cloud.context.format(**words))


def profile_facts(profile: ClusterProfile) -> dict[str, str]:
    """Return what a profile says about its cluster: properties, flags in exec arguments, fields of the exec extension.

    The names of flags include their dashes. A property takes precedence over an argument in auth.exec.args (our own
    convention, docs/access.md), and that over the extensions (KEP-5339).
    """
    facts: dict[str, str] = {}
    for provider in profile.access_providers:
        extensions = provider.cluster.get("extensions")
        for entry in extensions if isinstance(extensions, list) else ():
            if not isinstance(entry, dict):
                continue
            name, extension = entry.get("name"), entry.get("extension")
            if name == CLUSTER_CONFIG and isinstance(extension, dict):
                facts.update((key, text) for key, text in extension.items() if isinstance(text, str))
            elif name == EXTRA_ARGS:
                with suppress(RefusedError):
                    facts.update(_flags(extra_arguments(extension)))
    facts.update(_flags(profile.properties.get("auth.exec.args", "").split(",")))
    return {**facts, **profile.properties}


def _flags(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (flag, value) of `--flag value`, `-f value` and `--flag=value`."""
    for word, following in zip(words, [*words[1:], ""]):
        if not word.startswith("-"):
            continue
        flag, equals, value = word.partition("=")
        if equals or (following and not following.startswith("-")):
            yield flag, value if equals else following


def _fits(pattern: str, text: str) -> bool:
    """Return whether the whole text matches: no pattern lets a dash be first, and `$` would let a newline be last."""
    return bool(re.fullmatch(pattern, text, re.ASCII))
