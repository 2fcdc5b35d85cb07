# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts about the hub, and the choice of clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_mc import PROGRAM
from kubectl_mc.messages.causes import Cause, Kind, late_reason, outcome_lines
from kubectl_mc.messages.words import (
    UserError,
    cluster_count,
    name_list,
    nearest,
    rough_time,
    visible,
    with_reason,
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
        hint = "" if why.kind != "forbidden" else _where([namespace]) if namespace else only
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
                _where([namespace])
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
    meant = nearest(context or "", names)
    hint = f" Did you mean {visible(meant)}?" if meant else ""
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
    """Say that the hub has no ClusterProfiles in the namespaces."""
    return UserError(f"{_hub_that(context)} has no ClusterProfiles{_where(namespaces)}, so there is no cluster to ask")


def _where(namespaces: Sequence[str]) -> str:
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


def no_cluster_with_labels(selector: str, namespaces: Sequence[str], is_typed: bool) -> UserError:
    """Say that no cluster in the namespaces has the labels that --cluster-selector asks for."""
    flag = f"--cluster-selector{'' if is_typed else ', not typed'}"
    return UserError(f"no cluster{_where(namespaces)} has labels {visible(selector)} ({flag})")


def unknown_cluster(
    name: str, names: Sequence[str], namespaces: Sequence[str] = (), wider: tuple[str, int] = ("", 0)
) -> UserError:
    """Say that no cluster matches. names: the clusters in the namespaces.

    wider: a glob that was perhaps meant, and how many clusters it matches; ("", 0) for none
    """
    among = f" among those{_where(namespaces)}" if namespaces else ""
    glob, count = wider
    if glob:
        text = f"no cluster is named '{visible(name)}'{among}; '{visible(glob)}' matches {cluster_count(count)}."
    else:
        meant = nearest(name, names)
        text = f"no cluster matches '{visible(name)}'{among}.{f' Did you mean {visible(meant)}?' if meant else ''}"
    return UserError(f"{text} Known clusters: {name_list(names)}")


def name_in_several_inventories(name: str, names: Sequence[str]) -> UserError:
    """Say that an approval has to say which ClusterProfile of a name it is for. names: NAMESPACE/NAME of each"""
    return UserError(
        f"'{visible(name)}' is in several inventories, and each ClusterProfile is approved by itself: say which of "
        f"{name_list(names)}"
    )


_NO_RIGHT = "you may not list the hub's namespaces"


def no_clusterset(
    pattern: str, clustersets: Sequence[str], unknown: Sequence[str], namespaces: Sequence[str]
) -> UserError:
    """Say that no cluster is in a ClusterSet of this name. unknown: clusters whose ClusterSet is not known

    clustersets: those of the clusters in the namespaces
    """
    meant = nearest(pattern, clustersets)
    hint = f" Did you mean {visible(meant)}?" if meant else ""
    sets = (
        f"ClusterSets: {name_list(clustersets)}" if clustersets else "The hub says of none that it is in a ClusterSet"
    )
    text = f"no cluster{_where(namespaces)} is in ClusterSet '{visible(pattern)}'.{hint} {sets}"
    if unknown:
        text += (
            f". That of {name_list(unknown)} is not known, as {_NO_RIGHT}; with rights in one namespace only, name it "
            "with --inventory"
        )
    return UserError(text)


def unknown_clustersets(names: Sequence[str]) -> str:
    """Say that --clusterset leaves out clusters whose ClusterSet is not known."""
    return f"Note: left out, as {_NO_RIGHT} and so their ClusterSet is not known: {name_list(names)}"


def clustersets_disagree(clusters: Sequence[tuple[str, Mapping[str, str]]]) -> str:
    """Say which clusters are said to be in several ClusterSets. clusters: (name, where that is said -> ClusterSet)"""
    described = [f"{name} ({', '.join(f'{place}: {said}' for place, said in sets.items())})" for name, sets in clusters]
    return f"Note: the hub says several ClusterSets, of which the first counts: {name_list(described)}"


def no_targets_for_change(verb: str, preposition: str, exclusions: Sequence[str] = ()) -> UserError:
    """Say that a change has no flag that chooses clusters. preposition: in, from.

    exclusions: what --clusters and --contexts have, each with a `!`
    """
    text = f"Use --all-clusters to {verb} {preposition} all clusters, or --clusters to specify targets"
    return UserError(f"{text}: {', '.join(map(visible, exclusions))} only leaves out" if exclusions else text)


def bad_kubeconfig(stderr: str) -> UserError:
    """Say that kubectl cannot read the kubeconfig."""
    return UserError(f"the kubeconfig can't be read. kubectl said: {visible(' '.join(outcome_lines(stderr)))}")


def no_placement(name: str, matching: Sequence[str], placements: Sequence[str], namespaces: Sequence[str]) -> UserError:
    """Say that no placement, or more than one, has this name.

    matching, placements: NAMESPACE/NAME of those that have it, and of all that were read
    namespaces: those that are read for a placement without a namespace; none for all
    """
    if matching:
        return UserError(f"placement '{visible(name)}' exists more than once: say which of {name_list(matching)}")
    own = name.rpartition("/")[0]
    where = _where([own] if own else namespaces)
    by_inventory = bool(namespaces and not own)
    text = f"no PlacementDecision '{visible(name)}'{where}{', as --inventory says where to look' * by_inventory}. "
    if placements:
        text += f"{'There are' if where else 'The hub has'}: {name_list(placements)}"
    else:
        text += "There is none" if where else "The hub has none"
    return UserError(text + ". For one in another namespace: --placement=NAMESPACE/NAME" * by_inventory)


def no_whole_placement(namespace: str, name: str) -> UserError:
    """Say that slices of a placement's decision are missing."""
    return UserError(
        f"placement '{visible(f'{namespace}/{name}')}' isn't whole: slices of it are missing, as while a scheduler "
        "writes it anew. Try again in a moment. To see its slices on the hub: kubectl get placementdecisions "
        f"-n {visible(namespace)} -L multicluster.x-k8s.io/decision-revision,multicluster.x-k8s.io/decision-index"
    )


def chosen_without_profile(placement: str, names: Sequence[str]) -> str:
    """Say that a placement chooses clusters that have no ClusterProfile."""
    return f"Note: the hub has no ClusterProfile of what placement '{visible(placement)}' chose: {name_list(names)}"


def chosen_elsewhere(placement: str, names: Sequence[str]) -> str:
    """Say that a placement chooses clusters of inventories that --inventory leaves out."""
    return f"Note: placement '{visible(placement)}' also chose, outside the chosen inventories: {name_list(names)}"


def reported_unhealthy(clusters: Sequence[tuple[str, str]]) -> str:
    """Say that ClusterProfiles of chosen clusters have an unhealthy condition. clusters: (name, its reason)"""
    described = [with_reason(name, reason) for name, reason in clusters]
    return f"Note: the hub reports as unhealthy: {name_list(described)}"


def nothing_picked() -> UserError:
    """Say that the user picks no cluster."""
    return UserError("no cluster was picked, so nothing was done")


def which_cluster(verb: str) -> str:
    """Ask for the cluster of a verb that needs exactly one."""
    return f"{visible(verb)} on which cluster"


def picked_cluster(verb: str, cluster: str) -> str:
    """Say which cluster the user has picked for a verb that needs exactly one."""
    return f"{visible(verb)} on {visible(cluster)}"


def no_such_number(word: str, most: int, several: bool) -> UserError:
    """Say that the user typed something that is not a number of the list of --pick."""
    ranges = ", nor a range such as 2-3" if several else ""
    return UserError(f"'{visible(word)}' is not a number from 1 to {most}{ranges}")


def no_match(patterns: Sequence[str], sort_field: str = "") -> str:
    """Say that no name of a cluster matches a wildcard. The text is like kubectl's stderr.

    sort_field: that of --sort-by, if kubectl has printed no object, as it does where none has that field
    """
    doubt = f", or no object has the field '{sort_field}' that --sort-by names" if sort_field else ""
    return "".join(f'error: names matching "{pattern}" not found{doubt}\n' for pattern in patterns)


def no_namespace(patterns: Sequence[str]) -> str:
    """Say that no namespace of a cluster matches a pattern. The text is like kubectl's stderr."""
    return "".join(f'error: namespaces matching "{visible(pattern)}" not found\n' for pattern in patterns)


def name_the_namespaces(patterns: Sequence[str]) -> str:
    """Say what to do where the namespaces of a cluster can't be listed. The text follows kubectl's error."""
    shown = ", ".join(f"'{visible(pattern)}'" for pattern in patterns)
    return f"{shown} can't be looked up without a list of the namespaces: name them (-n NAME,NAME)\n"


def too_many_namespaces(count: int, most: int) -> str:
    """Say that a cluster has too many of the namespaces that are meant. The text is like kubectl's stderr."""
    return (
        f"error: {count} namespaces are meant here, of which each would be asked by itself, and at most {most} are: "
        "use a narrower pattern or selector\n"
    )


def unreadable_names(listed_type: str, lines: Sequence[str]) -> str:
    """Say that no kubectl can be asked for some objects that a cluster lists. The text is like kubectl's stderr."""
    shown = ", ".join(f'"{visible(line)}"' for line in lines)
    return f'error: the names of "{listed_type}" are in part unreadable: {shown}\n'


def timed_out(seconds: float, silent_since: str = "") -> str:
    """Say that the names of a cluster were not listed in time. silent_since: as of `late_reason`"""
    return f"error: {late_reason(seconds, silent_since)}"


def system_error(error: OSError) -> str:
    """Say what the system refused: the disk of the answer's file is full, kubectl is not a program."""
    path = f"{visible(str(error.filename))}: " if error.filename else ""
    return path + (error.strerror or str(error))


def too_few_files(count: int, files: int) -> UserError:
    """Say that the limit of open files is too low for processes that do not end by themselves."""
    return UserError(
        f"this takes {count} kubectls at a time and so {files} open files, more than are allowed: raise the limit "
        f"(ulimit -n {files}), or choose fewer clusters"
    )


def too_many_log_requests(count: int, limit: int) -> str:
    """Say, in kubectl's words, that a cluster has more containers to follow than allowed (kubectl's logs.go)."""
    return (
        f"error: you are attempting to follow {count} log streams, but maximum allowed concurrency is {limit}, "
        "use --max-log-requests to increase the limit"
    )


def lines_may_be_missing(name: str, last: bytes, first: bytes) -> str:
    """Say that lines of a container between these times may be missing; b"" for a time that isn't known."""
    if not last:
        return f"lines of {name} may be missing"
    times = f"between {last.decode()} and {first.decode()}" if first else f"after {last.decode()}"
    return f"lines of {name} {times} may be missing"
