"""`kubectl_complete-mc`: what kubectl's shell completion asks for words behind `kubectl mc`.

kubectl runs it with the words so far, the last one being completed, and reads a candidate a line
(`value<TAB>description`), then `:N`, cobra's ShellCompDirective (k8s.io/kubectl/pkg/cmd/plugin/plugin_completion.go).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from io import StringIO

from kubectl_mc import messages
from kubectl_mc.access import approvals
from kubectl_mc.access.cluster_access import reach_clusters
from kubectl_mc.access.logins import hub_target
from kubectl_mc.changes import record
from kubectl_mc.command_line import grammar, help_texts, verbs
from kubectl_mc.command_line.grammar import CommandLine
from kubectl_mc.command_line.invocation import REFUSED, Invocation, parse_invocation
from kubectl_mc.command_line.options import OWN_FLAGS
from kubectl_mc.command_line.own_commands import COMMANDS, SECTIONS
from kubectl_mc.fleet import mapping
from kubectl_mc.fleet.choice import choose
from kubectl_mc.messages import UserError
from kubectl_mc.processes import event_loop, kubectl_process, programs
from kubectl_mc.processes.environment import Environment
from kubectl_mc.processes.event_loop import Command
from kubectl_mc.processes.standard_streams import Streams
from kubectl_mc.processes.targets import Target

DEFAULT, NO_FILES, KEEP_ORDER = 0, 4, 32  # ShellCompDirectiveDefault, …NoFileComp, …KeepOrder

PATIENCE = 3.0  # seconds that a cluster has: somebody waits at the keyboard
TRIED = 3  # clusters that are asked, one after another, until one has candidates

Candidates = tuple[list[str], int]  # candidates, directive


def run() -> None:
    """Print the candidates for this process's arguments."""
    candidates, directive = complete(sys.argv[1:], os.environ)
    sys.stdout.write("".join(f"{candidate}\n" for candidate in candidates) + f":{directive}\n")


def complete(words: Sequence[str], variables: Mapping[str, str]) -> Candidates:
    """(candidates, directive) for the last of the words. Whatever goes wrong, there are just no candidates."""
    before, word = list(words[:-1]), words[-1] if words else ""
    try:
        return _complete(before, word, Environment(variables, Streams(StringIO(), StringIO(), StringIO())))
    except UserError:
        return [], NO_FILES


def _complete(before: list[str], word: str, environment: Environment) -> Candidates:
    if "--" in before:
        return _kubectls(parse_invocation(before), word, environment)
    flag, equals, begun = word.partition("=")
    if equals and flag[2:] in OWN_FLAGS:
        return _values(flag[2:], begun, before, environment)
    if before and before[-1][2:] in OWN_FLAGS and OWN_FLAGS[before[-1][2:]]:
        return _values(before[-1][2:], word, before[:-1], environment)
    if grammar.parse_line(before, OWN_FLAGS).path == ("help",):
        before.remove("help")
    invocation = parse_invocation(before)
    line = invocation.kubectl
    if line.path and line.path[0] in COMMANDS:
        return _of_ours(invocation, word, environment)
    candidates, directive = _kubectls(invocation, word, environment)
    if word.startswith("-"):
        refused = [f"--{name}" for name in REFUSED]
        theirs = [each for each in candidates if each.partition("\t")[0].rstrip("=") not in refused]
        return [*theirs, *_begun(_flags(line), word)], directive
    if not line.path and not _awaits_value(line):
        candidates += _begun([f"{name}\t{text}" for name, text in help_texts.SUMMARIES.items()], word)
    return candidates, directive


def _begun(candidates: Iterable[str], word: str) -> list[str]:
    return [each for each in candidates if each.startswith(word)]


def _awaits_value(line: CommandLine) -> bool:
    """Is the last word a flag whose value is to follow?"""
    name, value = line.tokens[-1].flags[-1] if line.tokens and line.tokens[-1].flags else ("", "")
    return value is None and grammar.flag_table(line.verb).takes_value.get(name, False)


def _flags(line: CommandLine) -> list[str]:
    """Our flags that this command of kubectl's, or any, makes use of."""
    verb = verbs.find_row(line)
    if verb.mode == "local":
        return []
    may_change = not line.path or verb.changes
    described = help_texts.flag_descriptions(name for name in help_texts.SECTIONS if may_change or name != "changes")
    if line.path and not verb.by_time:
        described.pop("by-time")
    top = {} if line.path else {"version": "of kubectl mc"}
    return [f"--{name}\t{text}" for name, text in {**described, **top}.items()]


def _of_ours(invocation: Invocation, word: str, environment: Environment) -> Candidates:
    """What may follow in a command of ours: its flags, its sub-commands, clusters, runs."""
    line = invocation.kubectl
    if word.startswith("-"):
        described = help_texts.flag_descriptions(SECTIONS[line.path[0]])
        own = [each.rpartition(",")[2].rstrip("=") for each in COMMANDS[line.verb].split()]
        flags = [*(f"--{name}" for name in (*own, "help")), *(f"--{name}\t{text}" for name, text in described.items())]
        return _begun(flags, word), NO_FILES
    words = grammar.operands(line)
    if _awaits_value(line):
        return [], NO_FILES
    if line.verb in ("resume", "undo", "audit show"):
        runs = [] if words else record.read_runs(record.record_path(environment.home))
        shown = [f"{run.id}\t{messages.visible(str(run.start.get('what') or ''))}" for run in reversed(runs)]
        return _begun(shown, word), (NO_FILES | KEEP_ORDER if runs else NO_FILES)
    names = [] if words else [path.partition(" ")[2] for path in COMMANDS if path.startswith(f"{line.verb} ")]
    if line.path == ("trust", "approve"):
        names = [target.cluster for target in _targets(invocation, environment)]
    elif line.path == ("trust", "revoke"):
        names = _approved(invocation, environment)
    return [name for name in _begun(names, word) if name not in words], NO_FILES


def _approved(invocation: Invocation, environment: Environment) -> list[str]:
    hub = invocation.options.hub_context or mapping.read_mapping(environment.kube_directory).hub_context or ""
    recorded = approvals.read_approvals(approvals.approvals_path(environment.home))
    return [where.profile.partition("/")[2] for where in sorted(recorded) if where.hub == hub]


def _values(flag: str, begun: str, before: Sequence[str], environment: Environment) -> Candidates:
    """What may stand behind a flag of ours: clusters, contexts, a file."""
    if flag == "clusterprofile-provider-file":
        return [], DEFAULT
    chosen, comma, word = begun.rpartition(",")
    names: list[str] = []
    if flag in ("clusters", "exclude", "canary"):
        names = [target.cluster for target in _targets(_without_selection(before), environment)]
    elif flag in ("hub-context", "contexts"):
        names = _ask(["config", "get-contexts", "-o", "name"], environment)
    return [f"{chosen}{comma}{name}" for name in _begun(names, word) if name not in chosen.split(",")], NO_FILES


def _without_selection(words: Sequence[str]) -> Invocation:
    invocation = parse_invocation(words)
    return invocation._replace(options=invocation.options._replace(clusters=(), exclude=()))


def _targets(invocation: Invocation, environment: Environment) -> list[Target]:
    try:
        options = invocation.options._replace(cluster_timeout=PATIENCE)
        environment = programs.with_kubectl(environment.for_invocation(invocation)._replace(options=options))
        return reach_clusters(choose(environment, partial(hub_target, None)), invocation.kubectl)
    except UserError:
        return []


def _kubectls(invocation: Invocation, word: str, environment: Environment) -> Candidates:
    """kubectl's own candidates, from the first of the chosen clusters that has some; verbs need no cluster."""
    line = invocation.kubectl
    tokens = line.tokens
    if line.path and verbs.find_row(line).mode != "local":
        # Ahead of the verb, kubectl would take a --context for one of a plugin's; a plugin takes it behind its name.
        first = next(place for place, token in enumerate(tokens) if not token.flags)
        verb = first + max(len(programs.plugin(line, environment.variables)), 1)
        for target in _targets(invocation, environment)[:TRIED]:
            words = [
                *grammar.join_tokens(tokens[:verb]),
                "--context",
                target.context,
                *grammar.join_tokens(tokens[verb:]),
                word,
            ]
            candidates, directive = _directed(_ask(["__complete", *words], environment))
            if candidates:
                return candidates, directive
    return _directed(_ask(["__complete", *grammar.join_tokens(tokens), word], environment))


def _ask(words: Sequence[str], environment: Environment) -> list[str]:
    """The lines that the user's kubectl prints for these words."""
    kubectl = programs.with_kubectl(environment).kubectl
    lean = kubectl_process.lean_variables(kubectl, environment.variables, starts_programs=True)
    (result,) = event_loop.collect_results([Command("", (kubectl, *words), lean)], 1, PATIENCE)
    return result.stdout.decode("utf-8", "replace").splitlines()


def _directed(lines: Sequence[str]) -> Candidates:
    """cobra's answer: candidates, then the line `:N`."""
    if not lines or not lines[-1].startswith(":"):
        return [], DEFAULT
    return list(lines[:-1]), int(lines[-1][1:])
