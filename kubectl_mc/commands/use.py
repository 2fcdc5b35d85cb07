# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl mc use`: chooses the clusters that later commands are for."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_mc.access.cluster_access import choose_clusters
from kubectl_mc.access.logins import logins_for
from kubectl_mc.command_line import grammar
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.options import from_flags, selecting_flags
from kubectl_mc.fleet import lasting_choice
from kubectl_mc.fleet.choice import Choice
from kubectl_mc.fleet.lasting_choice import CLUSTERS, LASTING_FLAGS, SESSION, Flags, KeptChoices
from kubectl_mc.fleet.mapping import read_mapping
from kubectl_mc.messages import UserError, lasting_texts
from kubectl_mc.processes.environment import Environment

HELP = """\
Choose the clusters that later commands are for where they name none themselves. Each answer says so.

  kubectl mc use PATTERN… [flags that choose clusters]   as these choose
  kubectl mc use                                         show the choice
  kubectl mc use -                                       back to the one before
  kubectl mc use --none                                  all clusters again

Examples:
  kubectl mc use 'prod-*' --exclude=prod-ap
  kubectl mc use --cluster-selector=tier=canary
  kubectl mc use --pick

The flags are kept, not the clusters, so those that come later count as well (--pick keeps names). The choice is yours,
and counts only where stderr is a terminal, so no cron job is narrowed; or it is of one terminal alone, if that has set
KUBECTL_MC_SESSION to something of its own (export KUBECTL_MC_SESSION=$$). KUBECTL_MC_CLUSTERS='prod-*' chooses for all
that it is set for, and has precedence.

--exclude and --healthy narrow a choice for one command; any other flag that chooses clusters is used instead of it, as
--all-clusters is. A change has to name its clusters in any case.

      --none                 no choice any more
      --cluster-timeout=30s  how long the hub may take
"""


def run(line: CommandLine, environment: Environment) -> int:
    """Make, show or lift the choice, and return 0. What is chosen has to be at least one cluster. Raises UserError."""
    words, path = grammar.operands(line), lasting_choice.choice_path(environment)
    typed = (*(("clusters", word) for word in words if word != "-"), *environment.options.typed)
    flags = tuple((name, value) for name, value in typed if name in LASTING_FLAGS)
    lifts = grammar.is_set(line, "none")
    picks = environment.options.pick
    for word in ("--none",) * lifts + ("-",) * ("-" in words):
        if flags or picks or len(words) + lifts > 1:
            raise lasting_texts.use_takes_one_thing(word)
    if environment.options.clusterprofile_provider_file:
        raise lasting_texts.not_kept("clusterprofile-provider-file")
    if lifts:
        return _lift(path, environment)
    kept = lasting_choice.read_choices(path)
    if "-" in words:
        if kept.before is None:
            raise lasting_texts.no_choice_before()
        return _make(kept.before, kept, path, line, environment)
    if flags or picks:
        return _make(flags, kept, path, line, environment, picks)
    if kept.current:
        environment.streams.stdout.write(f"{lasting_texts.use_command(kept.current, longest=10_000)}\n")
    return _show(kept.current, line, environment)


def _lift(path: str, environment: Environment) -> int:
    """Choose nothing any more; a file that can't be read is made anew."""
    try:
        kept = lasting_choice.read_choices(path)
    except UserError:
        kept = KeptChoices()
    lasting_choice.write_choices(path, kept.replaced(()))
    return _say_none(environment)


def _make(
    flags: Flags, kept: KeptChoices, path: str, line: CommandLine, environment: Environment, picks: bool = False
) -> int:
    """Keep the choice, once the hub has said which clusters it is of now. picks: the user picks some of them"""
    if not flags and not picks:
        lasting_choice.write_choices(path, kept.replaced(()))
        return _say_none(environment)
    choice = _choose((*flags, *((("pick", None),) if picks else ())), line, environment)
    if picks:
        flag = "contexts" if choice.options.contexts else "clusters"
        fleet = [(name, value) for name, value in flags if name in ("hub-context", "inventory")]
        flags = (*fleet, *((flag, cluster.name) for cluster in choice.clusters))
    lasting_choice.write_choices(path, kept.replaced(flags))
    environment.streams.stdout.write(f"{_clusters(choice)}\n")
    _say_where(flags, environment)
    return 0


def _show(flags: Flags, line: CommandLine, environment: Environment) -> int:
    if not flags:
        return _say_none(environment)
    with lasting_choice.named_in_errors(lasting_choice.LastingChoice(flags, lasting_texts.use_command(flags))):
        choice = _choose(flags, line, environment)
    environment.streams.stdout.write(f"{_clusters(choice)}\n")
    _say_where(flags, environment)
    return 0


def _say_none(environment: Environment) -> int:
    flags = selecting_flags(from_flags(read_mapping(environment, may_be_missing=True).option_defaults))
    environment.streams.stdout.write(f"{lasting_texts.none_chosen(flags)}\n")
    if environment.variables.get(CLUSTERS):
        environment.streams.say([lasting_texts.overruled_choice(CLUSTERS)])
    return 0


def _choose(flags: Sequence[tuple[str, str | None]], line: CommandLine, environment: Environment) -> Choice:
    """Choose as these flags do, where they are all that is typed. Raises UserError."""
    others = [flag for flag in environment.options.typed if flag[0] not in (*LASTING_FLAGS, "pick")]
    choosing = environment._replace(options=from_flags([*flags, *others]))
    return choose_clusters(choosing, logins_for(line, environment.streams), purpose="use")


def _clusters(choice: Choice) -> str:
    return lasting_texts.chosen_clusters([cluster.name for cluster in choice.clusters], choice.fleet_size)


def _say_where(flags: Flags, environment: Environment) -> None:
    """Say where the choice counts, and where it doesn't."""
    session = SESSION if environment.variables.get(SESSION) else ""
    notes = [lasting_texts.chosen_for(session, environment.streams.stderr.isatty())]
    if fleet := selecting_flags(from_flags([flag for flag in flags if flag[0] in ("hub-context", "inventory")])):
        notes.append(lasting_texts.fleet_is_not_changed(fleet.strip()))
    if environment.variables.get(CLUSTERS):
        notes.append(lasting_texts.overruled_choice(CLUSTERS))
    environment.streams.say(notes)
