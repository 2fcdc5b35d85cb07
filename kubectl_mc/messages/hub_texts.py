# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts about the hub: why it can't be asked, and which inventories it has."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import PROGRAM
from kubectl_mc.messages.causes import Cause, Kind, outcome_lines
from kubectl_mc.messages.words import (
    UserError,
    cluster_count,
    did_you_mean,
    name_list,
    rough_time,
    visible,
)


def no_service_account(context: str) -> UserError:
    """Say that the hub is to be the cluster of this pod, and that this is no pod with a service account."""
    return UserError(
        f"{_hub(context)}: no such context in the kubeconfig, and no service account of a pod is here "
        "(KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT and its token; docs/in-cluster.md)"
    )


# The causes by which a hub has not been reached. With any other, it has answered.
_UNREACHED: tuple[Kind, ...] = (
    "refused", "dns", "tls", "timeout", "unreachable", "lost", "server", "too-many-requests",
)  # fmt: skip


class HubFailed(UserError):
    """The hub doesn't list its ClusterProfiles; where nobody has named it, there may be none."""


class NoClusterProfiles(HubFailed):
    """What was asked as the hub doesn't have the resource type."""


class HubUnreached(HubFailed):
    """The hub gave no answer, so that a cached inventory may be used. reason: why, in a few words."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class NoHubContext(UserError):
    """The kubeconfig has no context of the hub's name."""


_CURRENT_CONTEXT = "the current context, used as hub"


def naming_current_context(text: str, name: str) -> str:
    """Return the text of an error about the hub with the name of the current context; "" if there is none."""
    named = f"the current context '{visible(name)}', used as hub"
    return text.replace(_CURRENT_CONTEXT, named, 1) if name else text


def without_hub(contexts: str) -> str:
    """Say how to go on where there is no hub, or another one. contexts: a value of --contexts"""
    from shlex import quote

    flag = f"--contexts={quote(visible(contexts))}"
    return (
        f"Without a hub, choose contexts: {flag}. To keep that for later reads: {PROGRAM} use {flag}\n"
        f"If another context is the hub: --hub-context=NAME. To keep that: {PROGRAM} setup --hub-context=NAME"
    )


def _hub(context: str | None) -> str:
    return f"hub context '{visible(context)}'" if context else _CURRENT_CONTEXT


def _hub_that(context: str | None) -> str:
    """Return the hub as the subject of a sentence."""
    return _hub(context) + ("" if context else ",")


_OBJECTS = {"clustersets": "namespaces", "placement_decision": "PlacementDecisions"}  # what is asked for


def hub_failed(
    context: str | None,
    why: Cause,
    stderr: str,
    wanted: str = "profiles",
    namespace: str | None = None,
    by_service_account: bool = False,
) -> UserError:
    """Say why the hub failed and what to do; HubUnreached if it gave no answer.

    wanted, namespace: what was requested, and where; None: in all namespaces
    by_service_account: the hub is the cluster of the pod that we run in
    """
    if not context and "server localhost:8080 was refused" in stderr:  # kubectl's default server
        return HubFailed(
            "no hub: none is named, and the kubeconfig has no current context (kubectl config get-contexts lists them)"
        )
    if wanted == "placement_decision" and why.kind in ("forbidden", "no-such-type"):
        only = "; with rights in one namespace only, name it: --placement=NAMESPACE/NAME"
        hint = "" if why.kind != "forbidden" else in_namespaces([namespace]) if namespace else only
        return UserError(f"--placement needs to list PlacementDecisions with {_hub(context)}: {why.reason}{hint}")
    hub = _hub(context)
    if why.kind == "no-such-type":
        return NoClusterProfiles(
            f"{_hub_that(context)} has no ClusterProfiles: the resource type clusterprofiles.multicluster.x-k8s.io "
            "is not installed there (v1alpha2 or v1alpha1)"
        )
    if why.kind == "no-context":
        return no_hub_context(context)
    if why.kind == "forbidden":
        return UserError(
            f"{hub}: forbidden. You need to list clusterprofiles.multicluster.x-k8s.io"
            + (
                in_namespaces([namespace])
                if namespace
                else " there; with rights in one namespace only, name it with --inventory"
            )
        )
    # A kubectl that was killed may have left nothing but the warning of a deprecated version.
    details = [line for line in outcome_lines(stderr) if not line.startswith("Warning: ")]
    detail = next(iter(details[-1:]), why.reason)
    objects = _OBJECTS.get(wanted, "ClusterProfiles")
    detail = visible(detail)
    reason = "" if why.kind in ("error", "login") and detail.endswith(why.reason) else f": {why.reason}"
    text = f"Cannot list {objects} with {hub}{reason}. kubectl said: {detail}"
    if by_service_account and why.kind == "unauthorized":
        text += (
            ". The token of this pod's service account has expired, or isn't of this cluster: let the kubelet mount it "
            "(serviceAccountName), which renews it; a copy isn't renewed"
        )
    if why.kind in _UNREACHED:
        return HubUnreached(text, why.reason)
    return UserError(text) if why.kind == "kubeconfig" else HubFailed(text)


def no_hub_context(context: str | None, names: Sequence[str] = ()) -> NoHubContext:
    """Say that the kubeconfig has no context of the hub's name. names: of its contexts; none if they aren't known"""
    hint = did_you_mean(context or "", names)
    contexts = f"The kubeconfig has: {name_list(names)}" if names else "kubectl config get-contexts lists them"
    return NoHubContext(
        f"{_hub(context)}: no such context in the kubeconfig.{hint} {contexts}. Name the hub's with --hub-context=NAME"
    )


def hub_login_failed(context: str | None, problem: str) -> UserError:
    """Say that the login to the hub fails. problem: as for a cluster, made visible: `login failed: …`."""
    return HubFailed(f"Cannot list ClusterProfiles with {_hub(context)}: {problem}")


def hub_timed_out(context: str | None, seconds: float) -> HubUnreached:
    """Say that the hub gives no answer in time."""
    reason = f"no answer in {seconds:g}s"
    return HubUnreached(f"Cannot list ClusterProfiles with {_hub(context)}: {reason} (--cluster-timeout)", reason)


def hub_garbage(context: str | None) -> UserError:
    """Say that the kubectl for the hub prints something that is not the JSON of a list."""
    return UserError(
        f"{_hub_that(context)} answered the list of ClusterProfiles with something that is not a list of objects"
    )


def stale_inventory(context: str | None, why: str, age: float) -> str:
    """Say that the hub cannot be reached (why), and an inventory that is `age` seconds old is used."""
    return (
        f"Warning: {_hub_that(context)} can't be asked ({why}); using its clusters as they were {rough_time(age)} ago"
    )


def no_profiles(context: str | None, namespaces: Sequence[str]) -> UserError:
    """Say that the hub has no ClusterProfiles in the namespaces; NoClusterProfiles if it has none at all."""
    text = f"{_hub_that(context)} has no ClusterProfiles{in_namespaces(namespaces)}, so there is no cluster to ask"
    if not namespaces:
        return NoClusterProfiles(text)
    return UserError(
        f"{text}. Without --inventory, or inventory: in ~/.kube/kubectl-mc-clusters.yaml, {PROGRAM} clusters -o wide "
        "shows which inventories there are"
    )


def in_namespaces(namespaces: Sequence[str]) -> str:
    """Return ` in namespaces a, b`; "" for all of them, which no names stand for."""
    return f" in namespace{'s' if len(namespaces) > 1 else ''} {name_list(namespaces)}" if namespaces else ""


_TO_CHOOSE = "--inventory=NAMESPACE, or inventory: in ~/.kube/kubectl-mc-clusters.yaml"


def _inventories(sizes: Sequence[tuple[str, int]]) -> str:
    return name_list([f"{namespace} ({cluster_count(count)})" for namespace, count in sizes])


def which_inventory(context: str | None, sizes: Sequence[tuple[str, int]]) -> UserError:
    """Say that a change has to name an inventory, as the hub has several. sizes: (namespace, number of clusters)"""
    return UserError(
        f"{_hub_that(context)} has several inventories: {_inventories(sizes)}. "
        f"A change has to say which is meant: {_TO_CHOOSE}"
    )


def several_inventories(sizes: Sequence[tuple[str, int]]) -> str:
    """Say that the chosen clusters are of several inventories. sizes: (namespace, number of its chosen clusters)"""
    return f"Note: the clusters of several inventories: {_inventories(sizes)}. To choose: {_TO_CHOOSE}"
