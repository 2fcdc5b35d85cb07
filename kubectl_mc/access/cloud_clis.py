"""The clouds' own CLIs, as a table: what each needs to know of a cluster, and the command that makes a context for it.

What a command is given comes from the hub, which is not trusted: a value must be what the cloud itself would take for a
name, can't begin with a dash, and is a word of an argv, never of a shell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from kubectl_mc.fleet.cluster_profiles import ClusterProfile

# Where a ClusterProfile may say it, beside status.properties: the exec plugin's arguments (KEP-4322 and KEP-5339).
EXEC_ARGS = "auth.exec.args"
EXEC_CLUSTER = "client.authentication.k8s.io/exec"
ADDITIONAL_ARGS = "clusterprofiles.multicluster.x-k8s.io/exec/additional-args"


class CloudValue(NamedTuple):
    """Something that a CLI must be told of a cluster.

    names: the properties and the flags of exec arguments that it is looked up under, in this order
    pattern: what the cloud takes for it
    """

    names: tuple[str, ...]
    pattern: str
    required: bool = True


class Cloud(NamedTuple):
    """A cloud's CLI.

    values: what it needs; beside these the templates know {profile}, the cluster's name in the fleet, and
        {kubeconfig}, the file to write
    argv: its words, in groups: a group whose value is not known is left out
    context: what the context that it makes is called
    login: the command that helps where the user isn't logged in
    identities: texts that say several values at once (an ARN, a resource ID), as patterns with the values' names
    error: what the line of its stderr looks like that says what is wrong
    printed: the CLI prints JSON with a kubeconfig under this key and writes none; "" for one that writes
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
        return self.argv[0][0]


class CloudCommand(NamedTuple):
    """The command for a cluster; or, if argv is empty, what is missing or unfit for it.

    context: what the context that it makes is called
    missing: the names under which the missing value was looked for; unfit: (name, value) that the cloud wouldn't take
    """

    argv: tuple[str, ...] = ()
    context: str = ""
    missing: tuple[str, ...] = ()
    unfit: tuple[str, str] = ("", "")


_PROFILE = r"[a-z0-9][-a-z0-9./]{0,316}"  # [namespace/]name: RFC 1123
_AWS_REGION = r"[a-z]{2,5}(?:-[a-z]{3,12}){1,3}-[0-9]{1,2}"  # us-gov-west-1, us-isob-east-1, eusc-de-east-1
_EKS_NAME = r"[0-9A-Za-z][-0-9A-Za-z_]{0,99}"  # EKS API, CreateCluster: name
_GKE_NAME = r"[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?"  # GKE API, Cluster: name, at most 40
_GCP_PROJECT = (
    r"(?:[a-z][-a-z0-9.]{0,61}[a-z0-9]:)?[a-z][-a-z0-9]{4,28}[a-z0-9]|[0-9]{6,20}"  # Resource Manager: id, number
)
_GCP_LOCATION = r"[a-z]{2,20}-[a-z]{2,20}[0-9]{1,2}(?:-[a-z])?"  # Compute: region, zone
_AKS_NAME = r"[0-9A-Za-z](?:[-_0-9A-Za-z]{0,61}[0-9A-Za-z])?"  # "Naming rules for Azure resources": managedClusters
_AZURE_GROUP = r"[\w(][-\w.()]{0,88}[-\w()]|\w"  # the same: resourceGroups; ours may not begin with a dash or dot
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
            # --location takes a zone as well as a region; a zone, where both are known, is where the cluster is.
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
            ("--file", "{kubeconfig}"),  # az doesn't read KUBECONFIG
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
        # RPC style of the API DescribeClusterUserKubeconfig; the CLI has no `cs cluster get-kubeconfig`.
        argv=(("aliyun", "cs", "DescribeClusterUserKubeconfig", "--ClusterId", "{cluster}"), ("--region", "{region}")),
        context="{profile}",
        login="aliyun configure",
        error=r"^Message: ",
        printed="config",
    ),
}


def plan_command(cloud: Cloud, profile: ClusterProfile, name: str, kubeconfig: str) -> CloudCommand:
    """The command that makes a context for a cluster. name: the cluster's in the fleet; kubeconfig: the user's file."""
    known = profile_facts(profile)
    whole = _identified(cloud, known.values())
    words = {"profile": name, "kubeconfig": kubeconfig}
    if not _fits(_PROFILE, name):
        return CloudCommand(unfit=("name", name))
    for key, value in cloud.values.items():
        given = [(where, known[where]) for where in value.names if known.get(where)]
        fit = next((text for _, text in given if _fits(value.pattern, text)), whole.get(key))
        if fit:
            words[key] = fit
        elif given:
            return CloudCommand(unfit=given[0])
        elif value.required:
            return CloudCommand(missing=value.names)
    groups = [group for group in cloud.argv if all(word[1:-1] in words for word in group if word.startswith("{"))]
    argv = tuple(words[word[1:-1]] if word.startswith("{") else word for group in groups for word in group)
    return CloudCommand(argv, cloud.context.format(**words))


def profile_facts(profile: ClusterProfile) -> dict[str, str]:
    """What a profile says of its cluster: properties, flags of exec arguments, fields of the exec extension.

    Flags have their dashes; where two say the same thing, a property counts before arguments, and these before an
    extension.
    """
    said: dict[str, str] = {}
    for name, extension in _extensions(profile):
        if name == EXEC_CLUSTER and isinstance(extension, dict):
            said.update((key, text) for key, text in extension.items() if isinstance(text, str))
        elif name == ADDITIONAL_ARGS and isinstance(extension, list):
            said.update(_flags([word for word in extension if isinstance(word, str)]))
    said.update(_flags(profile.properties.get(EXEC_ARGS, "").split(",")))
    return {**said, **profile.properties}


def _extensions(profile: ClusterProfile) -> Iterator[tuple[object, object]]:
    for provider in profile.access_providers:
        listed = provider.cluster.get("extensions")
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, dict):
                yield each.get("name"), each.get("extension")


def _flags(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(flag, value) of `--flag value`, `-f value` and `--flag=value`."""
    for word, following in zip(words, [*words[1:], ""]):
        if not word.startswith("-"):
            continue
        flag, equals, value = word.partition("=")
        if equals or (following and not following.startswith("-")):
            yield flag, value if equals else following


def _identified(cloud: Cloud, texts: Iterable[str]) -> dict[str, str]:
    """The values in the first text that says all of them at once."""
    matches = (re.fullmatch(pattern, text, re.ASCII) for text in texts for pattern in cloud.identities)
    return next((match.groupdict() for match in matches if match), {})


def _fits(pattern: str, text: str) -> bool:
    """None of the patterns lets a dash be first; `$` would let a newline be last, so the whole text must match."""
    return bool(re.fullmatch(pattern, text, re.ASCII))
