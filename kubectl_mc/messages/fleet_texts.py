"""What is said about a fleet, and what stops a command before it reaches a cluster."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc.messages.causes import _KLOG, NO_CONTEXT, Cause, is_known_cause, outcome_lines
from kubectl_mc.messages.words import UserError, cluster_count, name_list, nearest, visible

_LONG = 40  # characters; a shorter reason is as quickly read again beside each cluster


def failed_clusters(action: str, failures: Sequence[tuple[str, str]]) -> str:
    """`Error: Failed to query 2 clusters: c3 (connection timeout), c7 (unauthorized)`; failures: (cluster, reason).

    A long reason that several clusters share, such as that of their login, is told once: `c1, c2 (login failed: …)`.
    """
    sharing: dict[tuple[str, str], list[str]] = {}
    for cluster, reason in failures:
        sharing.setdefault((reason, "" if len(reason) > _LONG else cluster), []).append(cluster)
    named = ", ".join(f"{', '.join(names)} ({reason})" for (reason, _), names in sharing.items())
    return visible(f"Error: Failed to {action} {cluster_count(len(failures))}: {named}")


def showing_partial(answered: int, selected: int) -> str:
    """The line above the results of a fleet that answered in part."""
    return f"Showing results from {answered}/{selected} clusters:"


def is_noise(line: str) -> bool:
    """Is this line of stderr left to the report: klog's, or one that says why the cluster failed or what it lacks?"""
    return bool(_KLOG.match(line)) or is_known_cause([line])


def everywhere(line: str, count: int, total: int) -> str:
    """What the kubectls of all `count` clusters that answered said alike, e.g. that no pod of that name exists."""
    where = f" (in all {count} clusters{'' if count == total else ' that answered'})"
    return visible(line) + (where if count > 1 else "")


def advice(failures: Sequence[tuple[str, str]]) -> list[str]:
    """What to do about the failures that the user can mend; failures: (cluster, reason)."""
    lost = [cluster for cluster, reason in failures if reason.startswith(NO_CONTEXT)]
    if not lost:
        return []
    name = visible(lost[0])
    return [
        f"To map {name} to a context of yours: kubectl config rename-context CONTEXT {name}, or in "
        f"~/.kube/kubectl-mc-clusters.yaml: clusters: [{{name: {name}, context: CONTEXT}}]"
    ]


def no_kubectl() -> UserError:
    return UserError(
        "kubectl was not found on PATH. Install it (https://kubernetes.io/docs/tasks/tools/), "
        "or let pip bring it: pip install 'kubectl-mc[kubectl]'"
    )


def unknown_command(name: str, known: Sequence[str]) -> UserError:
    meant = nearest(name, known, cutoff=0.65)  # below, `pods` would be `expose`
    hint = f" Did you mean {meant}?" if meant else ""
    shown = visible(name)
    return UserError(
        f"unknown command '{shown}': no verb of kubectl's, and no plugin kubectl-{shown} on PATH.{hint} "
        "See: kubectl mc --help"
    )


def no_verb() -> UserError:
    return UserError("no kubectl command given, e.g. kubectl mc get pods. See: kubectl mc --help")


def unknown_own_flag(flag: str, meant: str) -> UserError:
    return UserError(f"unknown flag: --{flag}. Did you mean --{meant}? See: kubectl mc --help")


def flag_needs_value(flag: str) -> UserError:
    return UserError(f"flag needs an argument: --{flag}. See: kubectl mc --help")


def bad_flag_value(flag: str, value: str, wanted: str) -> UserError:
    return UserError(f"invalid argument {value!r} for --{flag}: it must be {wanted}")


def refused_flag(flag: str) -> UserError:
    advice = {
        "context": "To choose clusters use --clusters=NAME; for the hub's context, --hub-context=NAME.",
        "cluster": "To choose clusters use --clusters=NAME.",
        "server": "To choose clusters use --clusters=NAME; where a cluster is reached says the kubeconfig.",
    }[flag]
    return UserError(f"--{flag} would send every cluster's command to one place, so it can't be used here. {advice}")


def no_kubeconfig(given: str | None) -> UserError:
    """given: what --kubeconfig names."""
    if given is not None:
        return UserError(f"no kubeconfig: the file of --kubeconfig, {visible(given)}, doesn't exist")
    return UserError(
        "no kubeconfig: neither ~/.kube/config nor the files in KUBECONFIG exist. "
        "Log in to the hub first, then name its context with --hub-context=NAME"
    )


# Causes that are no answer of a hub's. Any other is one: a hub that says no has been reached.
_UNREACHED = (
    "connection refused", "DNS lookup failed", "TLS error", "connection timeout", "unreachable", "connection lost",
    "server error", "too many requests",
)  # fmt: skip


class HubUnreached(UserError):
    """The hub gave no answer, so an older one may stand in. reason: why, in a few words."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


_WITHOUT_HUB = "Without a hub: --contexts=GLOB takes contexts for the fleet"


def _hub(context: str | None) -> str:
    return f"hub context '{visible(context)}'" if context else "the current context, used as hub"


def _hub_that(context: str | None) -> str:
    """As the subject of a sentence."""
    return _hub(context) + ("" if context else ",")


def hub_failed(context: str | None, why: Cause, stderr: str, wanted: str = "profiles") -> UserError:
    """The hub's kubectl failed: say why and what to do, by the cause; HubUnreached if the hub has not answered.

    wanted: what was asked for: "profiles", "clustersets" or "decided"
    """
    if not context and "server localhost:8080 was refused" in stderr:  # what kubectl asks where it is told no server
        return UserError(
            "no hub: none is named, and the kubeconfig has no current context. Name the hub's with --hub-context=NAME "
            f"(kubectl config get-contexts lists them). {_WITHOUT_HUB}"
        )
    if wanted != "profiles" and why.reason in ("forbidden", "no such resource type"):
        flag, what, only = {
            "clustersets": ("--clusterset", "namespaces", "name it with --hub-namespace"),
            "decided": ("--placement", "PlacementDecisions", "name it: --placement=NAMESPACE/NAME"),
        }[wanted]
        hint = f"; with rights in one namespace only, {only}" if why.reason == "forbidden" else ""
        return UserError(f"{flag} needs to list {what} with {_hub(context)}: {why.reason}{hint}")
    hub = _hub(context)
    if why.reason == "no such resource type":
        return UserError(
            f"{_hub_that(context)} has no ClusterProfiles: the resource type "
            "clusterprofiles.v1alpha1.multicluster.x-k8s.io is not installed there. Name the hub with "
            "--hub-context=NAME, or hubContext: in "
            f"~/.kube/kubectl-mc-clusters.yaml. {_WITHOUT_HUB}"
        )
    if why.reason == "no context":
        return UserError(
            f"{hub}: no such context in the kubeconfig. kubectl config get-contexts lists them; "
            "name the hub's with --hub-context=NAME"
        )
    if why.reason == "forbidden":
        return UserError(
            f"{hub}: forbidden. You need to list clusterprofiles.multicluster.x-k8s.io there; "
            "with rights in one namespace only, name it with --hub-namespace"
        )
    detail = next(iter(outcome_lines(stderr)[-1:]), why.reason)
    text = f"Cannot list ClusterProfiles with {hub}: {why.reason}. kubectl said: {visible(detail)}"
    return HubUnreached(text, why.reason) if why.reason in _UNREACHED else UserError(text)


def hub_login_failed(context: str | None, problem: str) -> UserError:
    """problem: as a cluster's, made visible: `login failed: …`."""
    return UserError(f"Cannot list ClusterProfiles with {_hub(context)}: {problem}")


def hub_timed_out(context: str | None, seconds: float) -> HubUnreached:
    reason = f"no answer in {seconds:g}s"
    return HubUnreached(f"Cannot list ClusterProfiles with {_hub(context)}: {reason} (--cluster-timeout)", reason)


def hub_garbage(context: str | None) -> UserError:
    return UserError(
        f"{_hub_that(context)} answered the list of ClusterProfiles with something that is no list of objects"
    )


def stale_inventory(context: str | None, why: str, age: float) -> str:
    """The warning ahead of an answer that rests on an inventory of `age` seconds ago; why: no newer one was got."""
    size, unit = next(
        (s, u) for s, u in ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds")) if age >= 2 * s or s == 1
    )
    count = f"{age / size:.0f}"
    old = f"{count} {unit.removesuffix('s') if count == '1' else unit}"
    return f"Warning: {_hub_that(context)} can't be asked ({why}); using its clusters as they were {old} ago"


def no_profiles(context: str | None, namespace: str | None, selector: str | None = None) -> UserError:
    where = _narrowed(namespace, selector)
    return UserError(f"{_hub_that(context)} has no ClusterProfiles{where}, so there is no cluster to ask")


def _narrowed(namespace: str | None, selector: str | None) -> str:
    """Of which part of its clusters a hub was asked; "" for all."""
    where = f" in namespace {visible(namespace)}" if namespace else ""
    return where + (f" with labels {visible(selector)}" if selector else "")


def no_cluster_left(names: Sequence[str]) -> UserError:
    return UserError(f"no cluster is chosen by all of the selection flags. Known are: {name_list(names)}")


def unknown_cluster(
    name: str, names: Sequence[str], namespace: str | None = None, selector: str | None = None
) -> UserError:
    """names: of the clusters in the namespace with the labels of the selector."""
    meant, where = nearest(name, names), _narrowed(namespace, selector)
    among = f" among those{where}" if where else ""
    hint = f" Did you mean {visible(meant)}?" if meant else ""
    return UserError(f"no cluster matches '{visible(name)}'{among}.{hint} Known are: {name_list(names)}")


def no_targets_for_change(verb: str, preposition: str) -> UserError:
    """The refusal of a change without explicit targets; preposition: in, from."""
    what = f"{verb} {preposition}"
    return UserError(f"Use --all-clusters to {what} all clusters, or --clusters to specify targets")


def unknown_context(pattern: str, names: Sequence[str]) -> UserError:
    return UserError(f"no context matches '{visible(pattern)}'. The kubeconfig has: {name_list(names)}")


def contexts_without_hub() -> UserError:
    return UserError(
        "--contexts takes the kubeconfig's contexts for the fleet, without a hub: of the flags that choose clusters, "
        "only --clusters, --exclude and --pick go with it"
    )


def bad_kubeconfig(stderr: str) -> UserError:
    return UserError(f"the kubeconfig can't be read. kubectl said: {visible(' '.join(outcome_lines(stderr)))}")


def no_placement(name: str, found: Sequence[str], known: Sequence[str]) -> UserError:
    if found:
        return UserError(f"placement '{visible(name)}' exists more than once: say which of {name_list(found)}")
    hint = f"The hub has: {name_list(known)}" if known else "The hub has no PlacementDecisions"
    return UserError(f"no PlacementDecision '{visible(name)}'. {hint}")


def chosen_without_profile(placement: str, names: Sequence[str]) -> str:
    return f"Note: the hub has no ClusterProfile of what placement '{visible(placement)}' chose: {name_list(names)}"


def reported_unhealthy(names: Sequence[str]) -> str:
    return f"Note: the hub reports as unhealthy: {name_list(names)}"


def nothing_picked() -> UserError:
    return UserError("no cluster was picked, so nothing was done")


def pick_needs_a_terminal() -> UserError:
    return UserError("--pick asks on the terminal, and there is none. Use --clusters=NAME,…")


def no_such_number(word: str, most: int) -> UserError:
    return UserError(f"'{visible(word)}' is no number from 1 to {most}, nor a range such as 2-3")


def needs_one_cluster(verb: str, names: Sequence[str]) -> UserError:
    return UserError(
        f"{verb} needs exactly one cluster here; choose it with --clusters=NAME. Candidates: {name_list(names)}"
    )


def by_time_is_for_logs(verb: str) -> UserError:
    return UserError(f"--by-time sorts the lines of logs, so it can't be used with {visible(verb)}")


def by_time_needs_an_end() -> UserError:
    return UserError("--by-time sorts logs that have an end: leave out -f, or --by-time")


def nothing_to_sort_by(expression: str) -> UserError:
    """kubectl says "No resources found" then, or nothing."""
    return UserError(f"no object has the field '{visible(expression)}' that --sort-by names")


def no_match(patterns: Sequence[str]) -> str:
    """What is said of a cluster none of whose names match, as kubectl says that something is absent."""
    return "\n".join(f'error: names matching "{pattern}" not found' for pattern in patterns)


def timed_out(seconds: float) -> str:
    """What is said of a cluster whose names didn't come in time."""
    return f"error: timed out after {seconds:g}s"


def no_sorting_of_wildcards() -> UserError:
    """`get 'web-*' -A` is a question for each name, and the answers have no common order."""
    return UserError("--sort-by can't sort names with wildcards of all namespaces; leave out -A, or the names")


def trouble(error: OSError) -> str:
    """What the system refused: the answer's file is on a full disk, kubectl is no program."""
    about = f"{visible(str(error.filename))}: " if error.filename else ""
    return about + (error.strerror or str(error))


def too_few_files(count: int, files: int) -> UserError:
    """What doesn't end by itself has to run at once, or some of it would never be seen."""
    return UserError(
        f"this takes {count} kubectls at a time and so {files} open files, more than are allowed: raise the limit "
        f"(ulimit -n {files}), or choose fewer clusters"
    )
