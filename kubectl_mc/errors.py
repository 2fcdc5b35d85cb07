"""What goes wrong, as the user reads it: one exception type, the texts, and the causes told by kubectl's own texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class UserError(Exception):
    """Something the user can mend. Its text says what, where and what to do next; caught in one place, cli.main."""


# --- Causes: what a cluster's kubectl said, in a few words -------------------------------------------------


class Cause(NamedTuple):
    """Why one cluster gave no (full) answer.

    reason: in a few words, for the line that names the failed clusters
    absent: the cluster did answer: what was asked for doesn't exist there, so another cluster's having it is enough
    """

    reason: str
    absent: bool = False


NO_CONTEXT = "no context"

# The texts are client-go's, Go's net package's and the API server's; recordings of each: fixtures/data/kubectl.
# The order matters: a NotFound may quote anything, a TLS error may be wrapped in a "Unable to connect", and a plain
# "not found" may be the end of another failure (`… is forbidden: … serviceaccount "x" not found`), so it comes last.
_CAUSES: tuple[tuple[str, Cause], ...] = (
    (r"context was not found for specified context|context \S+ does not exist", Cause(NO_CONTEXT)),
    (
        r"doesn't have a resource type|no matches for kind|could not find the requested resource"
        r"|the selfsubjectreviews API is not enabled",  # `auth whoami` on a server before 1.28
        Cause("no such resource type", absent=True),
    ),
    (r"\(NotFound\)", Cause("not found", absent=True)),
    (r"getting credentials:|exec plugin:|exec: executable", Cause("login failed")),
    (r"\(Unauthorized\)|must be logged in|asked for the client to provide credentials", Cause("unauthorized")),
    (r"\(Forbidden\)|is forbidden: ", Cause("forbidden")),
    (r"connection refused|connection to the server .* was refused", Cause("connection refused")),
    (r"no such host|server misbehaving|name resolution", Cause("DNS lookup failed")),
    (r"x509: |tls: |gave HTTP response to HTTPS client", Cause("TLS error")),
    (
        r"i/o timeout|[Tt]imeout exceeded|deadline exceeded|TLS handshake timeout|request timed out|\(Timeout\)",
        Cause("connection timeout"),
    ),
    (r"no route to host|network is unreachable|host is down", Cause("unreachable")),
    (r"connection reset|unexpected EOF|: EOF|broken pipe|connection lost", Cause("connection lost")),
    (r"error loading config file|invalid configuration|unable to read (?:client|certificate)", Cause("bad kubeconfig")),
    (
        r"\(InternalError\)|\(ServiceUnavailable\)|an error on the server|unable to handle the request",
        Cause("server error"),
    ),
    (r"\(TooManyRequests\)", Cause("too many requests")),
    (r"^(?:Error|error).* not found|^error: no matching resources", Cause("not found", absent=True)),
)

# klog writes `E1123 04:32:24.691813   17786 memcache.go:381] …` ahead of the line that matters.
_KLOG = re.compile(r"[IWEF]\d{4} [\d:.]+ +\d+ [\w.]+:\d+\] ")


def said(stderr: str) -> list[str]:
    """kubectl's stderr without blank lines, klog lines and warnings: what it says about the outcome."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    return complaints(stderr) or [line for line in lines if not _KLOG.match(line)] or lines


def complaints(stderr: str) -> list[str]:
    """As `said`, but nothing if there are only warnings."""
    lines = [line for line in stderr.splitlines() if line.strip() and not _KLOG.match(line)]
    return [line for line in lines if not line.startswith(("Warning: ", "warning: "))]


def cause(stderr: str, exit_status: int) -> Cause:
    """Why a kubectl that ended with this status and this stderr failed."""
    lines = said(stderr)
    found = [known for line in lines for known in [_known(line)] if known]
    # One line of an aggregate may only say that something is absent; another one then is the failure.
    for known in found:
        if not known.absent:
            return known
    if found and len(found) == len(lines):
        return found[0]
    if lines:
        # Notes may come first: `Found 2 pods, using pod/web-1`.
        line = next((line for line in lines if line.startswith(("error: ", "Error", "command terminated"))), lines[0])
        return Cause(visible(re.sub(r"^(?:error|Error from server \(\w+\)|Error): (?=\S)", "", line)))
    return Cause(f"kubectl ended with status {exit_status}")


def is_known(lines: Sequence[str]) -> bool:
    """Is one of these lines of stderr a cause that a cluster, not the command, is answerable for?"""
    return any(_known(line) for line in lines)


def absences(stderr: str) -> list[str]:
    """The lines that say that something asked for doesn't exist."""
    return [line for line in said(stderr) if (known := _known(line)) and known.absent]


def _known(line: str) -> Cause | None:
    return next((known for pattern, known in _CAUSES if re.search(pattern, line)), None)


def visible(text: str) -> str:
    """Text from elsewhere for the terminal: control characters and direction marks shown as escapes."""
    return re.sub(
        r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]",
        lambda match: match.group().encode("unicode_escape").decode(),
        text,
    )


# --- What is said about the fleet ---------------------------------------------------------------------------


def clusters(count: int) -> str:
    """ "1 cluster", "3 clusters"."""
    return f"{count} cluster" if count == 1 else f"{count} clusters"


def failed_clusters(action: str, failures: Sequence[tuple[str, str]]) -> str:
    """`Error: Failed to query 2 clusters: c3 (connection timeout), c7 (unauthorized)`; failures: (cluster, reason)."""
    named = ", ".join(f"{cluster} ({reason})" for cluster, reason in failures)
    return f"Error: Failed to {action} {clusters(len(failures))}: {named}"


def showing_partial(answered: int, selected: int) -> str:
    """The line above the results of a fleet that answered in part."""
    return f"Showing results from {answered}/{selected} clusters:"


def is_noise(line: str) -> bool:
    """Is this line of stderr left to the report: klog's, or one that says why the cluster failed or what it lacks?"""
    return bool(_KLOG.match(line)) or is_known([line])


def summary(verb: str, statuses: Sequence[tuple[str, int]]) -> list[str]:
    """What became of a command that went from cluster to cluster; statuses: (cluster, exit status)."""
    good = [cluster for cluster, status in statuses if not status]
    bad = [f"{cluster} (exit status {status})" for cluster, status in statuses if status]
    return [f"{verb}: {word} {', '.join(names)}" for word, names in (("done in", good), ("failed in", bad)) if names]


def everywhere(line: str, count: int) -> str:
    """What every cluster's kubectl said alike, e.g. that no pod of that name exists."""
    return visible(line) + (f" (in all {count} clusters)" if count > 1 else "")


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


# --- What stops a command before it reaches a cluster ---------------------------------------------------------


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that `word` was probably meant to be."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=cutoff)), None)


def no_kubectl() -> UserError:
    return UserError(
        "kubectl was not found on PATH. Install it (https://kubernetes.io/docs/tasks/tools/), "
        "or let pip bring it: pip install 'kubectl-mc[kubectl]'"
    )


def unknown_command(name: str, known: Sequence[str]) -> UserError:
    meant = nearest(name, known)
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
    return UserError(f"invalid argument {value!r} for --{flag}: {wanted}")


def refused_flag(flag: str) -> UserError:
    advice = {
        "context": "To choose clusters use --clusters=NAME; for the hub's context, --hub-context=NAME.",
        "cluster": "To choose clusters use --clusters=NAME.",
        "server": "To choose clusters use --clusters=NAME; where a cluster is reached says the kubeconfig.",
    }[flag]
    return UserError(f"--{flag} would send every cluster's command to one place, so it can't be used here. {advice}")


def mapping_file(path: str, line: int | None, problem: str) -> UserError:
    where = path if line is None else f"{path}:{line}"
    expected = "clusters: [{name: PROFILE, context: CONTEXT}]"
    return UserError(f"{visible(where)}: {visible(problem)}. Expected: {expected}; see README.md")


def no_kubeconfig() -> UserError:
    return UserError(
        "no kubeconfig: neither ~/.kube/config nor the files in KUBECONFIG exist. "
        "Log in to the hub first, then name its context with --hub-context=NAME"
    )


def _hub(context: str | None) -> str:
    return f"hub context '{visible(context)}'" if context else "the current context, used as hub"


def hub_failed(context: str | None, why: Cause, stderr: str, wanted: str = "profiles") -> UserError:
    """The hub's kubectl failed: say why and what to do, by the cause.

    wanted: what was asked for: "profiles", "clustersets" or "decided"
    """
    if wanted != "profiles" and why.reason in ("forbidden", "no such resource type"):
        flag, what = {"clustersets": ("--clusterset", "namespaces"), "decided": ("--placement", "PlacementDecisions")}[
            wanted
        ]
        return UserError(f"{flag} needs to list {what} with {_hub(context)}: {why.reason}")
    hub = _hub(context)
    if why.reason == "no such resource type":
        return UserError(
            f"{hub}, has no ClusterProfiles: the resource type clusterprofiles.multicluster.x-k8s.io is not installed "
            "there. Name the hub with --hub-context=NAME, or hubContext: in ~/.kube/kubectl-mc-clusters.yaml"
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
    detail = next(iter(said(stderr)[-1:]), why.reason)
    return UserError(f"Cannot list ClusterProfiles with {hub}: {why.reason}. kubectl said: {visible(detail)}")


def hub_timed_out(context: str | None, seconds: float) -> UserError:
    return UserError(f"Cannot list ClusterProfiles with {_hub(context)}: no answer in {seconds:g}s (--cluster-timeout)")


def hub_garbage(context: str | None) -> UserError:
    return UserError(f"{_hub(context)} answered the list of ClusterProfiles with something that is no list of objects")


def stale_inventory(context: str | None, age: float) -> str:
    """The warning ahead of an answer that rests on an old inventory."""
    size, unit = next(
        (s, u) for s, u in ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds")) if age >= 2 * s or s == 1
    )
    old = f"{age / size:.0f} {unit}"
    return f"Warning: {_hub(context)} can't be asked; using its clusters as they were {old} ago"


def no_profiles(context: str | None, namespace: str | None, selector: str | None = None) -> UserError:
    where = f" in namespace {visible(namespace)}" if namespace else ""
    where += f" with labels {visible(selector)}" if selector else ""
    return UserError(f"{_hub(context)}, has no ClusterProfiles{where}, so there is no cluster to ask")


def no_cluster_left(names: Sequence[str]) -> UserError:
    return UserError(f"no cluster is chosen by all of the selection flags. Known are: {_names(names)}")


def unknown_cluster(name: str, names: Sequence[str]) -> UserError:
    meant = nearest(name, names)
    hint = f" Did you mean {visible(meant)}?" if meant else ""
    return UserError(f"no cluster matches '{visible(name)}'.{hint} Known are: {_names(names)}")


def no_targets_for_change(verb: str, preposition: str) -> UserError:
    """The refusal of a change without explicit targets; preposition: in, from."""
    what = f"{verb} {preposition}"
    return UserError(f"Use --all-clusters to {what} all clusters, or --clusters to specify targets")


def unknown_context(pattern: str, names: Sequence[str]) -> UserError:
    return UserError(f"no context matches '{visible(pattern)}'. The kubeconfig has: {_names(names)}")


def contexts_without_hub() -> UserError:
    return UserError(
        "--contexts takes the kubeconfig's contexts for the fleet, without a hub: of the flags that choose clusters, "
        "only --clusters, --exclude and --pick go with it"
    )


def bad_kubeconfig(stderr: str) -> UserError:
    return UserError(f"the kubeconfig can't be read. kubectl said: {visible(' '.join(said(stderr)))}")


def no_placement(name: str, found: Sequence[str], known: Sequence[str]) -> UserError:
    if found:
        return UserError(f"placement '{visible(name)}' exists more than once: say which of {_names(found)}")
    hint = f"The hub has: {_names(known)}" if known else "The hub has no PlacementDecisions"
    return UserError(f"no PlacementDecision '{visible(name)}'. {hint}")


def reported_unhealthy(names: Sequence[str]) -> str:
    return f"Note: the hub reports as unhealthy: {_names(names)}"


def nothing_picked() -> UserError:
    return UserError("no cluster was picked, so nothing was done")


def pick_needs_a_terminal() -> UserError:
    return UserError("--pick asks on the terminal, and there is none. Use --clusters=NAME,…")


def no_such_number(word: str, most: int) -> UserError:
    return UserError(f"'{visible(word)}' is no number from 1 to {most}, nor a range such as 2-3")


def needs_one_cluster(verb: str, names: Sequence[str]) -> UserError:
    return UserError(
        f"{verb} needs exactly one cluster here; choose it with --clusters=NAME. Candidates: {_names(names)}"
    )


def by_time_needs_an_end() -> UserError:
    return UserError("--by-time sorts logs that have an end: leave out -f, or --by-time")


def nothing_matches(pattern: str, count: int) -> UserError:
    """No cluster has an object whose name matches."""
    return UserError(f"nothing matches '{visible(pattern)}' (in {clusters(count)})")


def _names(names: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(visible(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


# --- Access from profiles: providers, trust, login -------------------------------------------------------------


def provider_file(path: str, problem: str) -> UserError:
    expected = '{"providers": [{"name": …, "execConfig": {"apiVersion": …, "command": …}}]}'
    return UserError(f"{visible(path)}: {visible(problem)}. Expected: {expected}; see README.md")


def trust_file(path: str, problem: str) -> UserError:
    return UserError(
        f"{visible(path)}: {visible(problem)}. It holds what you approved of your hubs' clusters; "
        "mend it, or delete it and approve again: kubectl mc trust approve"
    )


def not_approved(cluster: str) -> str:
    """Why a cluster isn't reached by its profile's data."""
    return f"not approved; to see what it would run and approve it: kubectl mc trust approve {visible(cluster)}"


def approval_outdated(cluster: str, changes: Sequence[str]) -> str:
    """Why a cluster is no longer reached; changes: `server was … and is …`, made visible."""
    return (
        f"its profile has changed since it was approved: {'; '.join(changes)}; "
        f"if that is right: kubectl mc trust approve {visible(cluster)}"
    )


def approve_what() -> UserError:
    return UserError("name the clusters to approve, or choose them with --clusters or --all-clusters")


def revoke_what() -> UserError:
    return UserError("name the clusters to revoke; kubectl mc trust list shows them. All of them: '*'")


def nothing_to_revoke(name: str) -> UserError:
    return UserError(f"nothing approved matches '{visible(name)}'. kubectl mc trust list shows what is")


def no_trust_command(word: str) -> UserError:
    return UserError(f"kubectl mc trust has no command '{visible(word)}'. There are: list, approve, revoke")


def approval_needs_terminal() -> UserError:
    return UserError("nobody to ask: stdin is no terminal. To approve all that is shown above, add --yes")


# --- Setup ------------------------------------------------------------------------------------------------------


def setup_needs_a_hub() -> UserError:
    return UserError("setup maps a hub's clusters to your contexts; --contexts leaves the hub out")


def unexpected_argument(command: str, word: str) -> UserError:
    return UserError(f"kubectl mc {command} takes no '{visible(word)}'. See: kubectl mc {command} --help")


def setup_without_terminal() -> str:
    return "nobody to ask: stdin is no terminal. Nothing is written, as with --check; --yes takes what is certain"


def cloud_missing(command: str) -> str:
    return f"{command} is not on PATH"


def cloud_property_missing(names: Sequence[str]) -> str:
    """names: where the value was looked for; flags are those of exec arguments."""
    properties = [name for name in names if not name.startswith("-")]
    return f"the ClusterProfile has no property {properties[0]}" + (
        f" (or {', '.join(properties[1:])})" if properties[1:] else ""
    )


def cloud_property_unfit(cloud: str, name: str, value: str) -> str:
    shown = value if len(value) <= 40 else f"{value[:40]}…"
    return f"{name} '{shown}' is nothing that {cloud} would take"


def setup_written(path: str, entries: int, hub: str | None, backup: str | None) -> str:
    before = f"; as it was before: {backup}" if backup else ""
    return visible(f"Wrote {_mapped(entries, hub)} to {path}{before}")


def setup_to_write(path: str, entries: int, hub: str | None) -> str:
    return visible(f"Would write {_mapped(entries, hub)} to {path}")


def _mapped(entries: int, hub: str | None) -> str:
    parts = [f"the context of {clusters(entries)}"] if entries else []
    return " and ".join([*parts, *([f"hubContext {hub}"] if hub else [])])


def setup_nothing_to_write(path: str) -> str:
    return visible(f"Nothing to change in {path}")


def setup_to_approve(names: Sequence[str]) -> str:
    """Clusters that no context reaches, but what their profiles say does, once it is approved."""
    shown = " ".join(map(visible, names))
    return f"Reached by what their profiles say, if you approve it: kubectl mc trust approve {shown}"


def setup_cannot_write(path: str, why: str) -> str:
    return visible(f"Error: {path} is left as it is: {why}. To add to it by hand:")


# --- Changes ---------------------------------------------------------------------------------------------------


def needs_yes() -> UserError:
    return UserError(
        "a change has to be confirmed, and there is no terminal to ask on: see it with --dry-run=server, then add --yes"
    )


def not_confirmed() -> UserError:
    return UserError("not confirmed, so nothing was changed")


def protected(names: Sequence[str]) -> UserError:
    return UserError(
        f"protected by the mapping file: {_names(names)}. To change a protected cluster, name it exactly: "
        f"--clusters={','.join(visible(name) for name in names[:20])}"
    )


def bad_waves(spec: str) -> UserError:
    return bad_flag_value("waves", spec, "numbers of clusters or percentages, such as 1,10%,50%,100%")


def unknown_canary(name: str, names: Sequence[str]) -> UserError:
    return UserError(f"--canary: '{visible(name)}' is none of the chosen clusters: {_names(names)}")


def pause_needs_a_terminal() -> UserError:
    return UserError("--pause=prompt asks on the terminal, and there is none. Use --pause=30s")


def refused_before(refusals: Sequence[tuple[str, str]], total: int) -> UserError:
    """A preflight found clusters that would refuse; refusals: (cluster, reason)."""
    named = ", ".join(f"{visible(cluster)} ({reason})" for cluster, reason in refusals)
    verb = "refuses" if len(refusals) == 1 else "refuse"
    rest = total - len(refusals)
    return UserError(
        f"{clusters(len(refusals))} of {total} {verb}, so nothing was changed: {named}. "
        f"To change the other {rest}: --continue-on-preflight-error"
    )


def no_audit(path: str, problem: str) -> UserError:
    return UserError(f"no change without a record of it, and {visible(path)} can't be used: {visible(problem)}")


def no_run(name: str, known: Sequence[str]) -> UserError:
    hint = f"Known are: {_names(known[-5:])}" if known else "There are none"
    return UserError(f"no run '{visible(name)}', or more than one that begins so. {hint}. See: kubectl mc audit list")


def run_is_running(run: str) -> UserError:
    return UserError(f"run {run} is still going on")


def which_run(command: str) -> UserError:
    return UserError(f"which run? kubectl mc audit list shows them; then: kubectl mc {command} RUN")


def no_such_path(path: str) -> UserError:
    return UserError(f'the path "{visible(path)}" does not exist')


def unreadable_path(path: str, problem: str) -> UserError:
    return UserError(f"{visible(path)} can't be read: {visible(problem)}")


def kubectl_said(stderr: str) -> UserError:
    return UserError(visible(" ".join(re.sub("^error: ", "", line) for line in said(stderr))))


def nothing_to_resume(run: str) -> UserError:
    return UserError(f"nothing is left of run {run}: every cluster is done")


def other_input(run: str) -> UserError:
    return UserError(
        f"the input is not what run {run} was given: files or what they stand for have changed since. "
        "Nothing was changed; a new command takes the new input to all clusters"
    )


def command_has_secrets(run: str, argv: str) -> UserError:
    return UserError(
        f"the command of run {run} has values that aren't kept. Give it again, behind --: "
        f"kubectl mc resume {run} -- {visible(argv)}"
    )


def other_command(run: str) -> UserError:
    return UserError(f"that is not the command of run {run}. See: kubectl mc audit show {run}")


def moved(moves: Sequence[str]) -> UserError:
    """moves: "c2: the server was … and is …"."""
    return UserError(f"these clusters aren't the ones of the run any more, so nothing was changed: {'; '.join(moves)}")


def no_folder(path: str) -> UserError:
    return UserError(f"the run was started in {visible(path)}, and that folder can't be entered")


def nothing_to_undo(run: str) -> UserError:
    return UserError(
        f"run {run} gave no workload a new revision, so there is no rollout to undo. See: kubectl mc audit show {run}"
    )


def no_audit_command(word: str) -> UserError:
    return UserError(f"kubectl mc audit has no command '{visible(word)}'. There are: list, show")


def finishing() -> str:
    return "Interrupted: the clusters that have begun are finishing, no more are started. Ctrl-C again ends them"


def not_rehearsed() -> str:
    return "kubectl has no dry run of this, so what it would change isn't known"


def no_runs_yet() -> str:
    return "No changes were made from here yet"


def may_be_done(names: str) -> str:
    return f"The change may have been made already in {names}: there it had begun, and how it ended isn't known"


def left_out() -> str:
    return "It isn't made there again. Look at these clusters; to make it there again: --repeat-unknown"


def found_done() -> str:
    return "found done"


def changed_since(runs: Sequence[str]) -> str:
    return (
        "Warning: rollout undo takes back the latest revision, and these runs have changed the same workloads since: "
        f"{_names(runs)}"
    )
