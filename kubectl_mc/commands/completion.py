# Copyright The kubectl-mc Authors.
# SPDX-License-Identifier: Apache-2.0

"""`kubectl_complete-mc`: the program that kubectl's shell completion runs for candidates after `kubectl mc`.

kubectl runs it with the words so far, of which the last is to be completed. It prints one candidate per line
(`value<TAB>description`), then `:N`, cobra's ShellCompDirective (k8s.io/kubectl/pkg/cmd/plugin/plugin_completion.go).
Of a word `--flag=VALUE` the candidates are the values alone: so kubectl's scripts for the shells compare them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from io import StringIO

from kubectl_mc import PROGRAM, messages
from kubectl_mc.access.approvals import approvals_path, read_approvals
from kubectl_mc.access.cluster_access import choose_clusters, reach_clusters
from kubectl_mc.access.logins import Logins, hub_target
from kubectl_mc.changes import record
from kubectl_mc.command_line import flag_tables, grammar, help_texts, verb_help, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.invocation import REFUSED, Invocation, parse_invocation
from kubectl_mc.command_line.options import COLOR_CHOICES, OWN_FLAGS, PLUGIN_FLAGS
from kubectl_mc.command_line.own_commands import ASKING_AS, COMMANDS, FLAG_VALUES, PLUGIN_RUN
from kubectl_mc.fleet import read_only
from kubectl_mc.fleet.choice import Purpose
from kubectl_mc.fleet.inventory import InventoryQuery, get_inventory
from kubectl_mc.fleet.mapping import INVENTORY_FLAGS, read_mapping
from kubectl_mc.messages import UserError
from kubectl_mc.processes import event_loop, kubectl_process, kuberc_file, programs, service_account
from kubectl_mc.processes.children import Command
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.standard_streams import Streams
from kubectl_mc.processes.targets import Target, own_kubeconfig

DEFAULT, NO_FILES, KEEP_ORDER = 0, 4, 32  # ShellCompDirectiveDefault, …NoFileComp, …KeepOrder

Candidates = tuple[list[str], int]  # the candidates, and the directive


def complete(words: Sequence[str], variables: Mapping[str, str]) -> Candidates:
    """Return the candidates for the last of the words; none if anything goes wrong."""
    before, word = list(words[:-1]), words[-1] if words else ""
    try:
        return _complete(before, word, Environment(variables, Streams(StringIO(), StringIO(), StringIO())))
    except UserError:
        return [], NO_FILES


def _complete(before: list[str], word: str, environment: Environment) -> Candidates:
    """Return the candidates for a word behind others. Raises UserError for words that can't be parsed."""
    if "--" in before:
        return _kubectl_candidates(parse_invocation(before), before, word, environment)
    flag, equals, value = word.partition("=")
    if flag == "--namespace" and equals:  # as kubectl's candidates for a value, those are without the flag
        before, word = [*before, flag], value
    invocation, awaits_value = _parse(before)
    line = invocation.kubectl
    own = _ours(line)
    if equals and flag[2:] in own:
        return _flag_values(flag[2:], value, before, environment)
    if before and own.get(before[-1][2:]):
        return _flag_values(before[-1][2:], word, before[:-1], environment)
    if line.path and line.path[0] in COMMANDS:
        return _own_command(invocation, word, before[-1] if awaits_value else "", environment)
    if line.path == PLUGIN_RUN and not word.startswith("-"):
        return _matching(programs.plugins_on_path(environment.variables), word), NO_FILES
    outputs = FLAG_VALUES.get((line.verb, "output"), ())
    if outputs and (flag == "--output" if equals else awaits_value and before[-1] in ("-o", "--output")):
        return _matching(outputs, value if equals else word), NO_FILES
    names, comma, last = word.rpartition(",")
    if comma and awaits_value and before[-1] in ("-n", "--namespace") and verbs.find_row(line).namespaces:
        candidates, directive = _kubectl_candidates(invocation, before, last, environment)
        unused = [name for name in candidates if name not in names.split(",")]
        return [f"{names},{name}" for name in unused], directive
    candidates, directive = _kubectl_candidates(invocation, before, word, environment)
    if word.startswith("-"):
        refused = [f"--{name}" for name in REFUSED]
        allowed = [candidate for candidate in candidates if candidate.partition("\t")[0].rstrip("=") not in refused]
        return [*allowed, *_matching(_own_flags(line), word)], directive
    if line.path == PLUGIN_RUN[:1] and not awaits_value:
        candidates += _matching([f"{PLUGIN_RUN[1]}\ta plugin, also one with the name of a command of {PROGRAM}"], word)
    if not line.path and not awaits_value:
        candidates += _matching([f"{name}\t{text}" for name, text in help_texts.SUMMARIES.items()], word)
    return candidates, directive


def _matching(candidates: Iterable[str], word: str) -> list[str]:
    return [candidate for candidate in candidates if candidate.startswith(word)]


def _parse(words: Sequence[str]) -> tuple[Invocation, bool]:
    """Return the invocation, and whether its last word is a flag whose value follows; then it is without that flag."""
    words = [word for index, word in enumerate(words) if (index, word) != (0, "help")]
    try:
        return parse_invocation(words), False
    except UserError:
        return parse_invocation(words[:-1]), True


def _ours(line: CommandLine) -> Mapping[str, bool]:
    """Return our flags that are ours behind this verb: name -> whether it takes a value."""
    names = PLUGIN_FLAGS if verbs.is_plugin(line) else OWN_FLAGS
    return {name: takes_value for name, takes_value in OWN_FLAGS.items() if name in names}


def _without_own_flags(words: Sequence[str], line: CommandLine) -> list[str]:
    """Return the words that are kubectl's, as they were typed: completion is about words, not about what they mean."""
    behind_verb, has_own_output = _ours(line), "output" in flag_tables.extra_flags(line.verb)
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            return [*kept, word, *rest]
        own = behind_verb if tuple(kept[: len(line.path)]) == line.path else OWN_FLAGS
        name, equals, _ = flag_tables.normal_name(word[2:]).partition("=")
        if word.startswith("--") and name in own:
            if own[name] and not equals:
                next(rest, None)
        elif has_own_output and re.fullmatch("-o|--output", word):
            next(rest, None)
        elif not (has_own_output and re.match("-o|--output=", word)):
            kept.append(word)
    return kept


def _own_flags(line: CommandLine) -> list[str]:
    """Return those of our flags that this command of kubectl uses; without a command, all of them."""
    described = verb_help.used_flags(line)
    if not line.path:
        described["version"] = f"of {PROGRAM}"
    return [f"--{name}\t{text}" for name, text in described.items()]


def _own_command(invocation: Invocation, word: str, flag: str, environment: Environment) -> Candidates:
    """Return the candidates for one of our own commands: its flags, their values, its subcommands, clusters or runs.

    flag: the one before the word, if that is its value; "" if it isn't
    """
    line = invocation.kubectl
    name, equals, value = word.partition("=") if word.startswith("--") and not flag else (flag, "=", word)
    if name and equals:
        letters = flag_tables.flag_table(line.verb).shorthand
        typed = letters.get(name[1:], name[2:])
        values: Sequence[str] = FLAG_VALUES.get((line.path[0], typed), ())
        if typed == "against":
            values = [target.cluster for target in _targets(invocation, environment)]
        elif not values and line.verb in ASKING_AS:
            return _asking_candidates(invocation, [] if equals and not flag else [flag], word, environment)
        return _matching(values, value), NO_FILES
    if word.startswith("-"):
        described = help_texts.flag_descriptions(help_texts.command_sections(line.path[0]))
        table = flag_tables.flag_table(line.verb).flags
        own = [name for name in table if name not in flag_tables.flag_table("").flags]
        flags = [*(f"--{name}" for name in (*own, "help")), *(f"--{name}\t{text}" for name, text in described.items())]
        return _matching(flags, word), NO_FILES
    if line.verb in ASKING_AS:
        return _asking_candidates(invocation, [], word, environment)
    operands = grammar.operands(line)
    if line.verb in ("resume", "undo", "audit show"):
        runs = [] if operands else record.read_record(record.record_path(environment.home)).runs
        described_runs = [f"{run.id}\t{messages.visible(str(run.start.get('what') or ''))}" for run in reversed(runs)]
        return _matching(described_runs, word), (NO_FILES | KEEP_ORDER if runs else NO_FILES)
    names = [] if operands else [path.partition(" ")[2] for path in COMMANDS if path.startswith(f"{line.verb} ")]
    if line.path in (("clusters",), ("trust", "approve"), ("use",)):
        clusters = [target.cluster for target in _targets(invocation, environment)]
        others = ["-"] if line.path == ("use",) and not operands else []
        return [*_names_after(word, clusters, operands), *_matching(others, word)], NO_FILES
    if line.path == ("trust", "revoke"):
        named = invocation.options.hub_context or read_mapping(environment, may_be_missing=True).hub_context
        hub = service_account.hub_context(named, environment) or ""
        approvals = read_approvals(approvals_path(environment.home))
        names = [key.reference[1] for key in sorted(approvals) if key.hub == hub]
    return [name for name in _matching(names, word) if name not in operands], NO_FILES


def _asking_candidates(invocation: Invocation, flag: Sequence[str], word: str, environment: Environment) -> Candidates:
    """Return kubectl's candidates for one of our commands that asks as a verb of kubectl's.

    flag: the one whose value the word is; empty for none
    """
    line = invocation.kubectl
    asked = ASKING_AS[line.verb]
    own = flag_tables.flag_table(line.verb).flags.keys() - flag_tables.flag_table(asked).flags.keys()
    asking = grammar.without(line, own)._replace(path=(asked,))
    before = [*grammar.canonical_words(asking), *flag]
    return _kubectl_candidates(invocation._replace(kubectl=asking), before, word, environment)


def _flag_values(flag: str, value: str, before: Sequence[str], environment: Environment) -> Candidates:
    """Return the values of one of our flags that begin with `value`: clusters, contexts or a file."""
    if flag == "clusterprofile-provider-file":
        return [], DEFAULT
    if flag == "color":
        return _matching(COLOR_CHOICES, value), NO_FILES
    names: Iterable[str] = []
    if flag in ("clusters", "exclude", "canary"):
        invocation = parse_invocation(before)
        unselected = invocation._replace(options=invocation.options._replace(clusters=(), exclude=()))
        names = [target.cluster for target in _targets(unselected, environment)]
    elif flag in INVENTORY_FLAGS:
        names = _inventories(parse_invocation(before), environment)
    elif flag in ("hub-context", "contexts"):
        names = _ask_kubectl(["config", "get-contexts", "-o", "name"], environment)
        if flag == "hub-context" and service_account.is_available(environment):
            names = list(dict.fromkeys([*names, service_account.IN_CLUSTER]))
    return _names_after(value, names), NO_FILES


def _names_after(value: str, names: Iterable[str], used: Sequence[str] = ()) -> list[str]:
    """Return the names that may end a list of names, behind all that is typed of it; none within a set of names.

    used: names that are typed elsewhere
    """
    before, comma, word = value.rpartition(",")
    exclusion = "!" * word.startswith("!")
    if value.count("{") > value.count("}"):
        return []
    typed = {name.removeprefix("!") for name in (*before.split(","), *used)}
    unused = [name for name in _matching(names, word.removeprefix("!")) if name not in typed]
    return [f"{before}{comma}{exclusion}{name}" for name in unused]


_PATIENCE = 3.0  # seconds that a cluster has, as somebody waits at the keyboard


class _UnreadTerminal(StringIO):
    """What is said to nobody, for somebody at a terminal: there, the user's lasting choice counts."""

    def isatty(self) -> bool:
        return True


def _targets(invocation: Invocation, environment: Environment, purpose: Purpose = "profiles") -> list[Target]:
    try:
        options = invocation.options._replace(cluster_timeout=_PATIENCE)
        environment = environment.for_invocation(invocation)._replace(options=options)
        with kuberc_file.policy_in_force(invocation, environment) as environment:
            judge = _judge(environment)
            return reach_clusters(choose_clusters(environment, judge, purpose=purpose), invocation.kubectl, judge)
    except UserError:
        return []


def _inventories(invocation: Invocation, environment: Environment) -> list[str]:
    """Return the namespaces of the hub with ClusterProfiles; none if the hub doesn't say them all."""
    options = invocation.options._replace(cluster_timeout=_PATIENCE)
    environment = programs.with_kubectl(environment.for_invocation(invocation)._replace(options=options))
    context = options.hub_context or read_mapping(environment, may_be_missing=True).hub_context
    own = own_kubeconfig(environment.kubeconfig_files)
    with kuberc_file.policy_in_force(invocation, environment) as environment:
        hub = partial(hub_target, _judge(environment), environment, context, own)
        inventory = get_inventory(environment, InventoryQuery(context), hub)
    return sorted({profile.namespace for profile in inventory.profiles})


def _judge(environment: Environment) -> Logins | None:
    """Return what refuses the credential plugins that the user's policy forbids, if there is one."""
    return Logins(may_ask=False, lasts=False, only_judges=True) if environment.plugin_policy else None


_MOST_ASKED = 3  # clusters that are asked, one after another, until one has candidates


def _kubectl_candidates(
    invocation: Invocation, before: Sequence[str], word: str, environment: Environment
) -> Candidates:
    """Return kubectl's own candidates, from the first of the chosen clusters that has some; verbs need no cluster.

    before: the words ahead of the one that is completed
    """
    line = invocation.kubectl
    words = _without_own_flags(before, line)
    if line.path and verbs.find_row(line).modes.usual != "local":
        name = programs.plugin_name(line, environment.variables)
        if name and read_only.reason(environment):
            return [], DEFAULT  # a plugin's candidates are from a program of its own
        ahead = len(line.path) - len(verbs.plugin_words(line))  # of a plugin's name
        words, name = words[ahead:], name[ahead:]
        at_terminal = environment._replace(streams=environment.streams._replace(stderr=_UnreadTerminal()))
        reached = [target for target in _targets(invocation, at_terminal, "read") if not target.problem]
        for target in reached[:_MOST_ASKED]:
            # A plugin takes its context behind its name.
            context = ["--context", target.context] if name else [f"--context={target.context}"]
            context = context if target.context else []
            asked = ["__complete", *words[: len(name)], *context, *words[len(name) :], word]
            candidates, directive = _parse_candidates(_ask_kubectl(asked, environment, target))
            if candidates:
                return candidates, directive
    return _parse_candidates(_ask_kubectl(["__complete", *words, word], environment))


def _ask_kubectl(words: Sequence[str], environment: Environment, target: Target | None = None) -> list[str]:
    """Return the lines that the user's kubectl prints for these arguments. target: the cluster that it asks, if any"""
    kubectl = programs.with_kubectl(environment).kubectl
    variables = kubectl_process.without_servers(environment.variables)
    variables = kubectl_process.lean_variables(kubectl, variables, starts_programs=True)
    content = json.dumps(target.kubeconfig.content).encode() if target and not target.context else None
    (result,) = event_loop.collect_results([Command("", (kubectl, *words), variables, content)], 1, _PATIENCE)
    return result.stdout.decode("utf-8", "replace").splitlines()


def _parse_candidates(lines: Sequence[str]) -> Candidates:
    """Parse cobra's answer: the candidates, then the line `:N`."""
    if not lines or not lines[-1].startswith(":"):
        return [], DEFAULT
    return list(lines[:-1]), int(lines[-1][1:])
