"""The fleet of a command: the hub's inventory, the chosen clusters, and the way to each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_mc import access, dispatch, errors, grammar, inventory, kubeconfig, mapping, memory, selection
from kubectl_mc.access import Target
from kubectl_mc.cli import Options, with_defaults
from kubectl_mc.dispatch import Command, default_parallel
from kubectl_mc.grammar import CommandLine
from kubectl_mc.hub import ClusterProfile
from kubectl_mc.inventory import Inventory, Question, Way
from kubectl_mc.kubeconfig import Kubeconfig
from kubectl_mc.mapping import ClusterMapping
from kubectl_mc.selection import Cluster
from kubectl_mc.streams import Streams

if TYPE_CHECKING:
    from kubectl_mc.login import Answers


class Chosen(NamedTuple):
    """The clusters that a command is for, and what choosing them has found out.

    options: the user's, with the mapping file's defaults where the user said nothing
    known: what is known of every context of the user's kubeconfig before it is split
    """

    options: Options
    clusters: tuple[Cluster, ...]
    mapping: ClusterMapping
    inventory: Inventory
    known: Kubeconfig


def choose(
    kubectl: str,
    options: Options,
    line: CommandLine,
    environment: Mapping[str, str],
    say: Callable[[list[str]], None],
    clustersets: bool = False,
    login: Login | None = None,
) -> Chosen:
    """The clusters that the options choose: of the hub's, or of the user's contexts. Warnings go to `say`.

    clustersets: the inventory is to say of which ClusterSets the clusters are
    login: how to log in to the hub; None: its kubectls do it by themselves
    """
    paths = kubeconfig.files(environment, grammar.value(line, "kubeconfig"))
    if not any(os.path.exists(path) for path in paths):
        raise errors.no_kubeconfig(grammar.value(line, "kubeconfig"))
    home = kubeconfig.home(environment)
    mapped = mapping.read(os.path.join(home, ".kube"))
    options = with_defaults(options, mapped.defaults)
    known = Kubeconfig(None, kubeconfig.may_start_programs(paths))
    lean = access.lean_environment(kubectl, environment, known.starts_programs)
    way = Way(kubectl, grammar.value(line, "kubeconfig"), lean, _patience(options))
    if options.contexts:
        found = Inventory(tuple(ClusterProfile(name, "") for name in context_names(way)))
        clusters, mapped = selection.by_contexts(found.profiles, options), ClusterMapping()
    else:
        question = Question(
            options.hub_context or mapped.hub_context,
            options.hub_namespace,
            options.cluster_selector,
            clustersets="needed" if options.clusterset is not None else "wanted" if clustersets else "",
            placement=options.placement,
        )

        def log_in(way: Way) -> Way:
            starts = login and known.starts_programs
            return _logged_in_to_hub(way, question.context, login, environment, options) if login and starts else way

        found = inventory.find(inventory.directory(home), question, way, paths, options.refresh, log_in)
        if found.outdated:
            say([errors.stale_inventory(question.context, found.outdated, found.age)])
        if not found.profiles:
            raise errors.no_profiles(question.context, options.hub_namespace, options.cluster_selector)
        # With one of these, the hub has given but a part of its profiles.
        lost = [] if question.namespace or question.selector else selection.unknown_references(found)
        if lost:
            say([errors.chosen_without_profile(options.placement or "", lost)])
        clusters = selection.select(found, options)
    if options.pick:
        from kubectl_mc import pick

        clusters = pick.pick(clusters, environment)
    return Chosen(options, tuple(clusters), mapped, found, known)


class Login(NamedTuple):
    """How a command logs in once to all whose login is the same: clusters, and the hub.

    may_ask: stdin is a terminal that a plugin may ask on
    kuberc: what --kuberc names
    say: is told what plugins say
    answers: what plugins have given so far in this command
    """

    may_ask: bool
    kuberc: str | None
    say: Callable[[Sequence[str]], None]
    answers: Answers

    def share(
        self, targets: Sequence[Target], environment: Mapping[str, str], options: Options, alone: bool = False
    ) -> list[Target]:
        """The targets with the credential in place of the login that they share; one that failed says why.

        alone: one that shares it with no other is logged in, too
        """
        starting = [target for target in targets if target.kubeconfig.starts_programs and not target.problem]
        if not any(target.kubeconfig.content for target in starting):
            return list(targets)
        from kubectl_mc import login

        members = [
            login.Member(target.cluster, target.kubeconfig.content)
            for target in starting
            if target.kubeconfig.content is not None
        ]
        parallel, patience = options.max_parallel or default_parallel(), _patience(options)
        if self.may_ask and patience:
            patience = max(patience, login.FOR_A_USER)
        how = login.How(environment, parallel, patience, self.may_ask, self.kuberc, alone)
        outcome = login.share(members, how, self.say, self.answers)
        before = {member.name: member for member in members}
        shared = {
            member.name: Kubeconfig(member.kubeconfig, starts_programs=False)
            for member in outcome.members
            if member is not before[member.name]
        }
        return [
            target._replace(
                kubeconfig=shared.get(target.cluster, target.kubeconfig),
                problem=target.problem or outcome.failures.get(target.cluster, ""),
            )
            for target in targets
        ]


def login_for(line: CommandLine, streams: Streams) -> Login | None:
    """How clusters share a login; None where kubectl won't run their plugins, the user having said how to log in.

    A plugin may ask on the terminal, unless stdin is the command's own input.
    """
    if any(
        grammar.values(line, flag) for flag in ("token", "username", "password", "client-certificate", "client-key")
    ):
        return None
    may_ask = streams.stdin.isatty() and "-" not in grammar.values(line, "filename")
    return Login(may_ask, grammar.value(line, "kuberc"), streams.say, {})


def _logged_in_to_hub(
    way: Way, context: str | None, login: Login, environment: Mapping[str, str], options: Options
) -> Way:
    """The way with the plugin of the hub's context run, as the hub's kubectls, several and without stdin, can't.

    Raises UserError if it fails.
    """
    view = _view(way) or {}
    name = context or str(view.get("current-context") or "")
    own = Kubeconfig(None, starts_programs=True)
    before = Target("", name, kubeconfig.split(view).get(name, own))
    after = login.share([before], environment, options, alone=True)
    if after[0].problem:
        raise errors.hub_login_failed(context, after[0].problem)
    (target,) = after if memory.available() else _in_files([before], after, own)
    if target.kubeconfig in (own, before.kubeconfig):
        return way
    content = json.dumps(target.kubeconfig.content).encode()
    variables = dict(target.kubeconfig.environment)
    return way._replace(kubeconfig=None, environment={**way.environment, **variables}, content=content)


def reach(
    kubectl: str,
    line: CommandLine,
    environment: Mapping[str, str],
    chosen: Chosen,
    login: Login | None = None,
) -> list[Target]:
    """The way to each of the chosen clusters: mapping, context of the same name, the ClusterProfile's own data.

    login: how to log in once for clusters whose login is the same; None: each kubectl does it by itself
    """
    targets = access.targets(chosen.clusters, chosen.mapping, chosen.known)
    offering = [
        place
        for place, (cluster, target) in enumerate(zip(chosen.clusters, targets))
        if target.way == "context"
        and (cluster.profile.access_providers or "auth.exec.command" in cluster.profile.properties)
    ]
    # One cluster alone has nothing to share; but its plugin may have to ask, which a kubectl of ours can't let it.
    shares = login and chosen.known.starts_programs and (len(targets) > 1 or login.may_ask or login.answers)
    given = grammar.value(line, "kubeconfig")
    size = kubeconfig.size(kubeconfig.files(environment, given))
    if not access.can_split(line) or not (offering or shares or access.worth_splitting(size, len(targets))):
        return targets
    lean = access.lean_environment(kubectl, environment, chosen.known.starts_programs)
    view = _view(Way(kubectl, given, lean, _patience(chosen.options)))
    contexts = kubeconfig.split(view or {})
    lost = [place for place in offering if view is not None and targets[place].context not in contexts]
    targets = access.split(targets, contexts)
    if lost:
        from kubectl_mc import offers

        targets = offers.reach(targets, lost, chosen, environment)
    logged_in = login.share(targets, environment, chosen.options) if login else targets
    return logged_in if memory.available() else _in_files(targets, logged_in, chosen.known)


def _in_files(split: Sequence[Target], logged_in: Sequence[Target], own: Kubeconfig) -> list[Target]:
    from kubectl_mc import ondisk

    return ondisk.targets(split, logged_in, own)


def context_names(way: Way) -> list[str]:
    """The names of the contexts of the user's kubeconfig."""
    words = (*_kubeconfig_flag(way), "config", "get-contexts", "-o", "name")
    asking = Command("contexts", (way.kubectl, *words), way.environment)
    (result,) = dispatch.collect([asking], 1, way.patience)
    if result.status:
        raise errors.bad_kubeconfig(result.stderr.decode("utf-8", "replace"))
    return [name for name in result.stdout.decode("utf-8", "replace").split("\n") if name]  # a name may have a U+2028


def _patience(options: Options) -> float:
    """Seconds that the hub has."""
    return 30.0 if options.cluster_timeout is None else options.cluster_timeout


def _view(way: Way) -> Mapping[str, Any] | None:
    """The user's kubeconfig as a whole; None if kubectl can't read it."""
    for view in (kubeconfig.VIEW, kubeconfig.UNREAD_VIEW):
        command = Command("kubeconfig", (way.kubectl, *_kubeconfig_flag(way), *view), way.environment)
        (result,) = dispatch.collect([command], 1, way.patience)
        if result.status == 0:
            found: Mapping[str, Any] = json.loads(result.stdout)
            return found
    return None


def _kubeconfig_flag(way: Way) -> list[str]:
    return ["--kubeconfig", way.kubeconfig] if way.kubeconfig else []
