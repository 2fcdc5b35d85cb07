# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""Asking the user on the terminal which contexts reach clusters: by a pattern for many, then cluster by cluster."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc import messages
from kubectl_mc.access import context_patterns
from kubectl_mc.access.context_patterns import PatternMatch
from kubectl_mc.access.context_proposals import Context, Proposal, published_servers
from kubectl_mc.fleet.clusters import Cluster
from kubectl_mc.messages.own_tables import render_table
from kubectl_mc.processes import terminal
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.standard_streams import Streams

CHOSEN = ("chosen", "by pattern")  # the values of Proposal.how for contexts that the user has chosen

_FEW = 3  # open clusters that are asked for one by one from the start
_MOST_LISTED = 20  # contexts in a question; the name of any other can be typed


class Dialogue:
    """The questions for the contexts of the clusters that have none yet.

    proposals: of all clusters, with the contexts that were chosen so far
    """

    def __init__(self, proposals: Sequence[Proposal], contexts: Sequence[Context], environment: Environment) -> None:
        self._proposals = {proposal.cluster.name: proposal for proposal in proposals}
        self._servers = {context.name: context.server for context in contexts}
        self._urls = {name: server[0] for name, server in self._servers.items()}
        self._environment = environment
        self._offered: set[str] = set()  # the patterns that an answer was carried over to

    @property
    def proposals(self) -> list[Proposal]:
        """The proposals of all clusters, with the contexts that were chosen so far."""
        return list(self._proposals.values())

    @property
    def _streams(self) -> Streams:
        return self._environment.streams

    @property
    def _open(self) -> list[Proposal]:
        return [proposal for proposal in self._proposals.values() if not proposal.context]

    @property
    def _taken(self) -> dict[str, list[Cluster]]:
        return clusters_by_context(self.proposals)

    def ask(self) -> None:
        """Ask until no cluster is open, or the user wants no more questions. Raises KeyboardInterrupt on Ctrl-C."""
        if len(self._open) <= _FEW or self._ask_patterns():
            self._ask_one_by_one()

    # --- Patterns -------------------------------------------------------------------------------------------------

    def _ask_patterns(self) -> bool:
        """Ask for patterns until few clusters are open, or none is typed. Return whether the input goes on."""
        clusters = [proposal.cluster for proposal in self._open]
        likely = context_patterns.likely_patterns(clusters, self._urls, self._taken)
        self._streams.say(messages.setup_patterns(likely))
        while len(self._open) > _FEW:
            answer = ask(self._streams, messages.setup_pattern_question(len(self._open)))
            pattern = answer.strip()
            if not pattern:
                return bool(answer)
            if problem := messages.setup_bad_pattern(
                context_patterns.unknown_field(pattern), context_patterns.has_field(pattern), context_patterns.FIELDS
            ):
                self._streams.say([problem])
                continue
            clusters = [proposal.cluster for proposal in self._open]
            match = context_patterns.match_pattern(pattern, clusters, self._urls, self._taken)
            self._preview(match, len(clusters))
            if match.contexts:
                answer = ask(self._streams, messages.setup_take_question(len(match.contexts)))
                if messages.is_yes(answer):
                    self._take(match)
                elif not answer:
                    return False
        return True

    def _preview(self, match: PatternMatch, count: int) -> None:
        """Show which contexts a pattern gives to which clusters, of `count`, and why it gives none to the others."""
        rows = [(name, context, self._urls[context]) for name, context in match.contexts.items()]
        lines = render_table(("CLUSTER", "CONTEXT", "SERVER"), rows).splitlines() if rows else []
        published = {name: published_servers(self._proposals[name].cluster.profile) for name in match.contexts}
        elsewhere = [
            name
            for name, context in match.contexts.items()
            if published[name] and self._servers[context] not in published[name]
        ]
        self._streams.say([*(f"  {line}" for line in lines), *messages.setup_preview(*match, elsewhere, count)])

    def _take(self, match: PatternMatch) -> None:
        for name, context in match.contexts.items():
            self._proposals[name] = self._proposals[name]._replace(context=context, how="by pattern")

    # --- One by one -----------------------------------------------------------------------------------------------

    def _ask_one_by_one(self) -> None:
        """Ask for the context of each cluster without one, until the input ends; one that is skipped stays without."""
        waiting = self._open
        total, uses_fzf = len(waiting), len(waiting) > _FEW
        while waiting:
            proposal, *waiting = waiting
            title = messages.setup_question(proposal.cluster.name, total - len(waiting), total if total > _FEW else 0)
            # The contexts that a cloud's CLI has just made are not among the candidates: they follow the candidates.
            names = [name for name in dict.fromkeys((*proposal.candidates, *self._urls)) if name in self._urls]
            if total > _FEW:  # those of other clusters last
                names.sort(key=self._taken.__contains__)
            answer = self._pick(title, proposal, names) if uses_fzf else None
            if answer is None:
                uses_fzf = False
                answer = self._ask_context(title, proposal, names)
            if answer is None:
                return
            if not answer:
                continue
            others = [cluster.name for cluster in self._taken.get(answer, ())]
            if others and not context_patterns.are_same([*self._taken[answer], proposal.cluster]):
                self._streams.say([messages.setup_shared(answer, others)])
            self._proposals[proposal.cluster.name] = proposal._replace(context=answer, how="chosen")
            if total > _FEW:
                self._carry_over(answer, proposal.cluster, [later.cluster for later in waiting])
                waiting = [later for later in waiting if not self._proposals[later.cluster.name].context]

    def _pick(self, title: str, proposal: Proposal, names: Sequence[str]) -> str | None:
        """Return the context that the user picks with fzf; "" to skip the cluster, None if fzf can't be run.

        Raises KeyboardInterrupt if the user leaves it.
        """
        lines = render_table(
            (), [(messages.SETUP_SKIP, ""), *((name, self._urls[name]) for name in names)]
        ).splitlines()
        header = messages.visible(proposal.how)
        picked = terminal.pick_lines(lines, title, self._environment.variables, header, several=False)
        if picked is None:
            return None
        answer = ["", *names][picked[0]] if picked else ""
        self._streams.say([f"{title}{messages.visible(answer or messages.SETUP_SKIP)}"])
        return answer

    def _ask_context(self, title: str, proposal: Proposal, names: Sequence[str]) -> str | None:
        """Return the context whose number or name is typed; "" to skip the cluster, None at the end of the input."""
        cells = [(str(number), name, self._urls[name]) for number, name in enumerate(names[:_MOST_LISTED], start=1)]
        lines = render_table((), cells).splitlines()
        lines += [f"… and {len(names) - _MOST_LISTED} more: type the name"] if len(names) > _MOST_LISTED else []
        self._streams.say(["", f"{title}({messages.visible(proposal.how)})", *(f"  {line}" for line in lines)])
        while True:
            answer = ask(self._streams, "Number or name, empty to skip: ")
            word = answer.strip()
            if not answer:
                return None
            if not word or word in names:
                return word
            if word.isdecimal() and 1 <= int(word) <= min(len(names), _MOST_LISTED):
                return names[int(word) - 1]
            self._streams.say([f"'{messages.visible(word)}' is neither a context nor a number of the list"])

    def _carry_over(self, context: str, cluster: Cluster, others: Sequence[Cluster]) -> None:
        """Offer the form of an answer for the clusters that are to be asked for, once for each form."""
        carried = context_patterns.carried_over(context, cluster, others, self._urls, self._taken)
        if carried is None or carried[0] in self._offered:
            return
        pattern, match = carried
        self._offered.add(pattern)
        self._preview(match, len(others))
        if messages.is_yes(ask(self._streams, messages.setup_carry_over(len(others), pattern, len(match.contexts)))):
            self._take(match)


def ask(streams: Streams, question: str) -> str:
    """Return the line that the user types, with its newline; "" at the end of the input."""
    streams.stderr.write(question)
    streams.stderr.flush()
    return streams.stdin.readline()


def keeps_answers(proposals: Sequence[Proposal], streams: Streams) -> bool:
    """Return whether the user, who has interrupted setup, wants to keep the contexts that were chosen so far.

    Ctrl-C, or the end of the input, says no.
    """
    count = sum(proposal.how in CHOSEN for proposal in proposals)
    answer = ""
    if count:
        try:
            answer = ask(streams, f"\n{messages.setup_keep_question(count)}")
        except KeyboardInterrupt:
            streams.say([""])
    if answer and answer.strip().lower() in ("", "y", "yes"):
        return True
    streams.say([messages.SETUP_NOT_WRITTEN])
    return False


def clusters_by_context(proposals: Sequence[Proposal]) -> dict[str, list[Cluster]]:
    """Return each context that is proposed or chosen -> its clusters."""
    clusters: dict[str, list[Cluster]] = {}
    for proposal in proposals:
        if proposal.context:
            clusters.setdefault(proposal.context, []).append(proposal.cluster)
    return clusters


def shared_ways(proposals: Sequence[Proposal]) -> list[list[str]]:
    """Return the groups of member clusters that have one context, by their names."""
    groups = clusters_by_context(proposals).values()
    return [[cluster.name for cluster in group] for group in groups if not context_patterns.are_same(group)]
