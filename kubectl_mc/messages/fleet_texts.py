# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""The texts about the choice of clusters, and what a hub says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubectl_mc.messages.causes import late_reason, outcome_lines
from kubectl_mc.messages.hub_texts import in_namespaces
from kubectl_mc.messages.words import (
    UserError,
    cluster_count,
    did_you_mean,
    name_list,
    visible,
    with_reason,
)


def no_cluster_with_labels(selector: str, namespaces: Sequence[str], is_typed: bool) -> UserError:
    """Say that no cluster in the namespaces has the labels that --cluster-selector asks for."""
    flag = f"--cluster-selector{'' if is_typed else ', not typed'}"
    return UserError(f"no cluster{in_namespaces(namespaces)} has labels {visible(selector)} ({flag})")


def unknown_cluster(
    name: str, names: Sequence[str], namespaces: Sequence[str] = (), wider: tuple[str, int] = ("", 0)
) -> UserError:
    """Say that no cluster matches. names: the clusters in the namespaces.

    wider: a glob that was perhaps meant, and how many clusters it matches; ("", 0) for none
    """
    among = f" among those{in_namespaces(namespaces)}" if namespaces else ""
    glob, count = wider
    if glob:
        text = f"no cluster is named '{visible(name)}'{among}; '{visible(glob)}' matches {cluster_count(count)}."
    else:
        text = f"no cluster matches '{visible(name)}'{among}.{did_you_mean(name, names)}"
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
    hint = did_you_mean(pattern, clustersets)
    sets = (
        f"ClusterSets: {name_list(clustersets)}" if clustersets else "The hub says of none that it is in a ClusterSet"
    )
    text = f"no cluster{in_namespaces(namespaces)} is in ClusterSet '{visible(pattern)}'.{hint} {sets}"
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
    where = in_namespaces([own] if own else namespaces)
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


def hub_reports(what: str, clusters: Sequence[tuple[str, str]]) -> str:
    """Say what conditions of their ClusterProfiles say of chosen clusters. clusters: (name, the condition's reason)"""
    described = [with_reason(name, reason) for name, reason in clusters]
    return f"Note: the hub reports as {what}: {name_list(described)}"


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
